// SPDX-License-Identifier: GPL-3.0-or-later
// Many small writes into the target's code as few large ones. Knows bytes, not what they mean.
#ifndef OP_TRACER_CODE_WRITE_H
#define OP_TRACER_CODE_WRITE_H

#include "arch/arch.h"
#include "base/array.h"
#include "platform/platform.h"

struct op_code_write {
	uint64_t address;
	uint8_t size;
	uint8_t bytes[OP_SLOT_MAX];
	bool gone; /**< out: there is no such memory any more */
};
struct op_code_writes OP_ARRAY(struct op_code_write);

/**
 * Write them all; what lies between neighbours is written again as it is. The order of @p writes
 * changes. One that fails does not keep the others from being written; the first error is returned.
 * @param[in] running threads may execute this code meanwhile: each write is made on its own, its
 * first byte, which must be a trap or be taken for one, first. A store may end meanwhile, and take
 * its copy of the code with it: such a write is gone, which is no error.
 */
struct op_error *op_code_write(struct op_process *process, struct op_code_writes *writes,
			       bool running);

#endif
