// SPDX-License-Identifier: GPL-3.0-or-later
// The settings an image was compiled with, as far as they say how its data is kept: the part of
// .wasmtime.engine behind the version string. Knows no image.
// Formats: crates/wasmtime/src/engine/serialization.rs (Metadata), crates/environ/src/tunables.rs;
// the encoding is postcard's.
#ifndef OP_TARGET_RUNTIME_TUNABLES_H
#define OP_TARGET_RUNTIME_TUNABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/reader.h"
#include "target-runtime/layout/layout.h"

enum op_collector {
	OP_COLLECTOR_UNKNOWN,
	OP_COLLECTOR_DRC,     /**< deferred reference counting */
	OP_COLLECTOR_NULL,    /**< never frees */
	OP_COLLECTOR_COPYING, /**< v45+; objects move at every allocation: a reference holds until
				 the guest runs */
};
/** "drc", "null", "copying", "unknown". Static. */
const char *op_collector_name(enum op_collector collector);

struct op_tunables {
	enum op_collector collector; /**< UNKNOWN: compiled without garbage collection */
	uint64_t memory_reservation; /**< bytes of address space that a memory is given at first */
	uint64_t memory_guard_size;
	bool debug_guest, consume_fuel, epoch_interruption, memory_may_move;
	bool table_lazy_init; /**< pointers in tables of funcrefs carry a tag */
};

/** @param[in] section all of .wasmtime.engine. @param[in] layout of the version it names. */
struct op_error *op_tunables_parse(const struct op_bytes *section, const struct op_layout *layout,
				   struct op_tunables *ret);

#endif
