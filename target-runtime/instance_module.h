// SPDX-License-Identifier: GPL-3.0-or-later
// Which module an instance belongs to: collects what in memory ties instances to images, and says
// nothing where that is not enough.
#ifndef OP_TARGET_RUNTIME_INSTANCE_MODULE_H
#define OP_TARGET_RUNTIME_INSTANCE_MODULE_H

#include "target-runtime/instance_candidate.h"

/** What was found out about one candidate. */
struct op_identity {
	enum op_instance_kind kind;
	enum op_module_reason reason;
	const struct op_image *image; /**< borrowed from the set of images; NULL: not known */
	uint32_t module;
	const struct op_wasm_module *wasm; /**< borrowed from the artifact */
};

/** @param[out] ret one for each candidate, in their order; free() it. */
struct op_error *op_candidates_identify(const struct op_stack_context *context,
					const struct op_candidates *candidates,
					struct op_identity **ret);

#endif
