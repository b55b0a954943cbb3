// SPDX-License-Identifier: GPL-3.0-or-later
// Debug information and sources from debuginfod servers, by a build id. libdebuginfod is loaded
// when it is first asked: it brings a whole HTTP client, which nobody needs who never asks.
#ifndef OP_TRACER_DEBUGINFOD_H
#define OP_TRACER_DEBUGINFOD_H

#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/error.h"

/**
 * A file of the servers in DEBUGINFOD_URLS; waits for the network, until @p cancel is set.
 * @param[in] source the path of a source file, as the debug information has it; NULL: the debug
 * information itself.
 * @param[out] ret path of the file in the cache; free() it.
 * @return OP_ERROR_UNSUPPORTED without libdebuginfod or servers, OP_ERROR_NOT_FOUND.
 */
struct op_error *op_debuginfod_find(const uint8_t *build_id, size_t size, const char *source,
				    const struct op_cancel *cancel, char **ret);

#endif
