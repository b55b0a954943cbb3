// SPDX-License-Identifier: GPL-3.0-or-later
// Attributes of one entry, its origins' too.
#include <stdlib.h>

#include "target-runtime/dwarf/line_table_private.h"
#include "target-runtime/dwarf/names.h"

bool op_die_number(Dwarf_Die *die, unsigned name, uint32_t *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	if (!dwarf_attr_integrate(die, name, &attribute) || dwarf_formudata(&attribute, &value) ||
	    value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

// All files of a unit at once: entries name the same few again and again.
static struct op_error *load_files(struct op_debug_info *info, size_t unit)
{
	struct op_name_unit *names = &info->names->units[unit];
	struct op_debug_lines *lines;
	bool known = false;
	struct op_error *err = op_debug_lines(info, &lines);
	size_t number = err ? 0 : lines->of_unit[unit];
	struct op_debug_line_program *program = number ? &lines->programs.data[number - 1] : NULL;
	if (program)
		err = op_debug_line_head(info, program, &known);
	names->files.count = 0;
	// One more: numbers of DWARF 4 begin at 1.
	for (size_t i = 0; !err && known && i <= lines->head.files.count; i++) {
		const struct op_line_file *file = op_line_head_file(&lines->head, i);
		const char *path = "";
		if (file)
			err = op_debug_line_path(info, program, file, &path);
		if (!err && !op_array_push(&names->files, *path ? path : NULL))
			err = op_error_no_memory();
	}
	names->files_known = !err;
	return err;
}

struct op_error *op_die_file(struct op_debug_info *info, Dwarf_Die *die, unsigned name,
			     const char **ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;
	Dwarf_Die found_in;
	*ret = NULL;
	// The number counts in the unit that the attribute was found in.
	if (!dwarf_attr_integrate(die, name, &attribute) || dwarf_formudata(&attribute, &number) ||
	    !dwarf_cu_die(attribute.cu, &found_in, NULL, NULL, NULL, NULL, NULL, NULL))
		return NULL;
	const struct op_debug_unit *unit = op_debug_unit_of(info, op_die_of(&found_in));
	struct op_name_unit *names;
	if (!unit)
		return NULL;
	size_t index = (size_t)(unit - info->units.data);
	struct op_error *err = op_names_unit(info, index, &names);
	if (!err && !names->files_known)
		err = load_files(info, index);
	if (!err && number < names->files.count)
		*ret = names->files.data[number];
	return err;
}
