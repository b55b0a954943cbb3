// SPDX-License-Identifier: GPL-3.0-or-later
// Which Wasmtime compiled an image: the start of .wasmtime.engine.
// Format: crates/wasmtime/src/engine/serialization.rs.
#ifndef OP_TARGET_RUNTIME_ENGINE_H
#define OP_TARGET_RUNTIME_ENGINE_H

#include <stddef.h>

#include "base/error.h"
#include "base/reader.h"

/** Bytes that hold everything that is read here, whatever the section says. */
enum { OP_ENGINE_HEAD_SIZE = 2 + 255 };

struct op_engine {
	/** as written: not NUL-terminated, not escaped; borrowed from the section */
	const char *version;
	size_t version_size;
	/** 0 when the version does not start with a number (an embedder may set any string) */
	unsigned major;
};

/** @param[in] section the section, or at least its first OP_ENGINE_HEAD_SIZE bytes. */
struct op_error *op_engine_parse(const struct op_bytes *section, struct op_engine *ret);

#endif
