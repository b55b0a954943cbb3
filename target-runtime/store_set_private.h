// SPDX-License-Identifier: GPL-3.0-or-later
// What store_set.c hands to those that read the parts of instances.
#ifndef OP_TARGET_RUNTIME_STORE_SET_PRIVATE_H
#define OP_TARGET_RUNTIME_STORE_SET_PRIVATE_H

#include "target-runtime/store_set.h"

struct op_store_set {
	struct op_stack_context context;
	struct op_store *stores;
	size_t store_count;
	struct op_instance *instances;
	size_t instance_count;
	struct op_component *components;
	size_t component_count;
	uint32_t *by_vmctx; /**< indices of instances, ascending by vmctx */
	struct op_store_settings {
		bool known;
		struct op_tunables tunables;
	} * settings; /**< one for each store: what its modules were compiled with */
	struct op_type_numbers
		*types; /**< filled when asked for; the set is const for its users all the same */
};

#endif
