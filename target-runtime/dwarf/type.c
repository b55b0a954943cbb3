// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>

#include "target-runtime/dwarf/dwarf_private.h"
#include "target-runtime/dwarf/type.h"

void op_debug_type_set_destroy(struct op_debug_type_set *types)
{
	free(types);
}
