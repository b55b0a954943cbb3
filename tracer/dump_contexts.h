// SPDX-License-Identifier: GPL-3.0-or-later
// What a Wasm core dump knows, put into an address space as Wasmtime keeps it: images with the
// modules' bytes, VMContexts, memories, globals. Who reads processes reads it without knowing.
#ifndef OP_TRACER_DUMP_CONTEXTS_H
#define OP_TRACER_DUMP_CONTEXTS_H

#include "tracer/dump_modules.h"
#include "tracer/dump_space.h"

/** @param[out] ret_images base of each module's image, to be freed. */
struct op_error *op_dump_put_images(struct op_dump_space *space,
				    const struct op_dump_modules *modules, uint64_t **ret_images);
/** @param[out] ret_contexts vmctx of each instance, to be freed. */
struct op_error *op_dump_put_contexts(struct op_dump_space *space,
				      const struct op_dump_modules *modules,
				      uint64_t **ret_contexts);

#endif
