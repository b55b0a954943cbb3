// SPDX-License-Identifier: GPL-3.0-or-later
// Can this VMContext belong to that module? Counts, pointers and sizes in it must be as the module
// says. A "no" is proof, a "yes" is none.
#ifndef OP_TARGET_RUNTIME_INSTANCE_SHAPE_H
#define OP_TARGET_RUNTIME_INSTANCE_SHAPE_H

#include "target-runtime/stack.h"
#include "target-runtime/wasm/module.h"

struct op_error *op_instance_shape_fits(const struct op_stack_context *context,
					const struct op_layout *layout,
					const struct op_wasm_module *module,
					struct op_host_addr vmctx, bool *ret);

#endif
