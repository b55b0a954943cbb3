// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of printing types, shared by declarators (type_print.c) and definitions
// (type_definition.c).
#ifndef OP_TARGET_RUNTIME_DWARF_TYPE_PRINT_H
#define OP_TARGET_RUNTIME_DWARF_TYPE_PRINT_H

#include "target-runtime/dwarf/type.h"

/** One text that is being written. */
struct op_type_printer {
	struct op_text *text;
	size_t start; /**< of what was written, in the text */
	unsigned depth;
	/** Writes the body of a structure or an enumeration in the place of its name, NULL: names
	 * do. */
	void (*body)(struct op_type_printer *printer, const struct op_type *type);
	unsigned indent; /**< of the lines of bodies */
	bool layout;     /**< members are written with where they are, and what they take */
	uint64_t origin; /**< bytes, of the body that is being written in the outermost one */
	struct op_error *error;
};

/** A type around a name, which may be NULL. */
void op_type_print_with(struct op_type_printer *printer, const struct op_type *type,
			const char *name);
/** Anonymous or not, as it is named: "struct node", "ns::Shape", "enum {...}". */
void op_type_print_own(struct op_type_printer *printer, const struct op_type *type);
/** Complete a type before its members are looked at; an error ends what is written. */
void op_type_print_complete(struct op_type_printer *printer, const struct op_type *type);
/** Enough has been written: types of hostile modules can go on for ever. */
bool op_type_print_full(const struct op_type_printer *printer);
/** A name from the module, with what could harm a terminal escaped. */
void op_type_print_name(struct op_type_printer *printer, const char *name);

#endif
