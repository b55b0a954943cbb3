// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>

#include "target-runtime/dwarf/dwarf_private.h"
#include "target-runtime/dwarf/line_table.h"

void op_debug_lines_destroy(struct op_debug_lines *lines)
{
	free(lines);
}
