// SPDX-License-Identifier: GPL-3.0-or-later
// The three kinds of address, as three types, so that they cannot be mixed. Public (installed with
// outpost.h).
#ifndef OP_BASE_ADDR_H
#define OP_BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

/** An address in the target process's own address space. */
struct op_host_addr {
	uint64_t value;
};

/** A place in the original bytes of a core module: what `wasm-objdump -d` prints at the left. */
struct op_wasm_pc {
	uint32_t
		module; /**< static module index inside its artifact (0 unless it is a component) */
	uint32_t offset; /**< bytes from the module's first byte */
};

/** A place in a guest's linear memory. */
struct op_guest_addr {
	struct op_host_addr vmctx; /**< the instance */
	uint32_t memory;           /**< memory index in that instance's index space */
	uint64_t offset;           /**< bytes from the start of the linear memory */
};

static inline struct op_host_addr op_host_addr(uint64_t value)
{
	return (struct op_host_addr){value};
}

static inline struct op_host_addr op_host_addr_add(struct op_host_addr addr, uint64_t bytes)
{
	return (struct op_host_addr){addr.value + bytes};
}

#endif
