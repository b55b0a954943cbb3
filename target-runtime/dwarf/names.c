// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>

#include "target-runtime/dwarf/dwarf_private.h"
#include "target-runtime/dwarf/functions.h"

void op_debug_names_destroy(struct op_debug_names *names)
{
	free(names);
}
