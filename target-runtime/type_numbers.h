// SPDX-License-Identifier: GPL-3.0-or-later
// From Wasmtime's number of a type (VMSharedTypeIndex, as in the header of a GC object) to a type
// of a module's type section, through the type_ids of an instance. Remembers what was asked: a list
// of a thousand objects asks for a few types.
#ifndef OP_TARGET_RUNTIME_TYPE_NUMBERS_H
#define OP_TARGET_RUNTIME_TYPE_NUMBERS_H

#include "target-runtime/store_set.h"

struct op_type_numbers;
struct op_type_numbers *op_type_numbers_create(void);
void op_type_numbers_destroy(struct op_type_numbers *numbers);

/**
 * @param[out] ret_index in the type section of the instance's module.
 * @param[out] ret_found false: the module has no such type, or its types cannot be told apart.
 */
struct op_error *op_type_numbers_find(struct op_type_numbers *numbers,
				      const struct op_memory *memory,
				      const struct op_instance *instance, uint32_t type_id,
				      uint32_t *ret_index, bool *ret_found);

#endif
