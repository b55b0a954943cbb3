// SPDX-License-Identifier: GPL-3.0-or-later
// Expressions that are shown at every stop.
#ifndef OP_TRACER_REPL_DISPLAYS_H
#define OP_TRACER_REPL_DISPLAYS_H

#include <stdint.h>

#include "base/array.h"
#include "base/error.h"

struct op_repl;
struct op_display {
	uint32_t number;
	char *format, *expression;
};
/** Zero-initialised there are none. */
struct op_display_list {
	struct OP_ARRAY(struct op_display) items;
	uint32_t last; /**< number */
};
void op_display_list_deinit(struct op_display_list *list);
/** Show all of them, as far as their names mean something in the selected frame. */
struct op_error *op_displays_show(struct op_repl *repl);
/** Show those of a list of numbers no more; all of them when it is empty. */
struct op_error *op_displays_delete(struct op_repl *repl, const char *text);

#endif
