// SPDX-License-Identifier: GPL-3.0-or-later
// Where a variable is: its attributes, the list entry for the pc, the expression, the frame base in
// the place of DW_OP_fbreg. What is wrong with one variable is that variable's problem.
#include "target-runtime/dwarf/location.h"

#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/location_private.h"
#include "target-runtime/dwarf/names.h"

// What pieces point to.
struct storage {
	struct op_location_step *steps;
	uint8_t *bytes;
};

void op_location_deinit(struct op_debug_location *location)
{
	struct storage *storage = location->internal;
	if (storage) {
		free(storage->steps);
		free(storage->bytes);
	}
	free(storage);
	free(location->pieces);
	free(location->ranges);
	free(location->problem);
	*location = (struct op_debug_location){0};
}

// Only these are the question's failure; every other is an answer.
static bool is_failure(const struct op_error *err)
{
	return err && (err->code == OP_ERROR_NO_MEMORY || err->code == OP_ERROR_INTERRUPTED);
}

// The error becomes the location's problem.
static struct op_error *take_problem(struct op_error *err, struct op_debug_location *ret)
{
	if (!err || is_failure(err))
		return err;
	ret->problem = strdup(err->message);
	op_error_destroy(err);
	return ret->problem ? NULL : op_error_no_memory();
}

// From a program to a location ---------------------------------------------------------------

// Bytes of all pieces, copied side by side.
static struct op_error *copy_bytes(const struct op_location_program *program,
				   struct op_debug_location *ret)
{
	struct storage *storage = ret->internal;
	size_t size = 0;
	for (size_t i = 0; i < program->pieces.count; i++)
		size += program->pieces.data[i].piece.byte_count;
	if (!size)
		return NULL;
	uint8_t *to = storage->bytes = malloc(size);
	if (!to)
		return op_error_no_memory();
	for (size_t i = 0; i < program->pieces.count; i++) {
		const struct op_location_program_piece *from = &program->pieces.data[i];
		size_t count = from->piece.byte_count;
		if (!count)
			continue;
		memcpy(to, from->piece.bytes ?: from->constant, count);
		ret->pieces[i].bytes = to;
		to += count;
	}
	return NULL;
}

static struct op_error *take_program(struct op_location_program *program,
				     struct op_debug_location *ret)
{
	size_t count = program->pieces.count;
	struct storage *storage = ret->internal = calloc(1, sizeof(*storage));
	ret->pieces = calloc(count ?: 1, sizeof(*ret->pieces));
	if (!storage || !ret->pieces)
		return op_error_no_memory();
	ret->piece_count = count;
	storage->steps = op_take(program->steps.data);
	for (size_t i = 0; i < count; i++) {
		ret->pieces[i] = program->pieces.data[i].piece;
		// There are none at all where no piece has one.
		if (storage->steps)
			ret->pieces[i].steps = storage->steps + program->pieces.data[i].first_step;
	}
	return copy_bytes(program, ret);
}

struct op_error *op_location_make(const struct op_location_piece *pieces, size_t count,
				  struct op_debug_location *ret)
{
	_cleanup_(op_location_program_deinit) struct op_location_program program = {.context =
											    NULL};
	*ret = (struct op_debug_location){0};
	for (size_t i = 0; i < count; i++) {
		struct op_location_program_piece item = {.piece = pieces[i],
							 .first_step = program.steps.count};
		for (size_t k = 0; k < pieces[i].step_count; k++)
			if (!op_array_push(&program.steps, pieces[i].steps[k]))
				return op_error_no_memory();
		if (!op_array_push(&program.pieces, item))
			return op_error_no_memory();
	}
	struct op_error *err = take_program(&program, ret);
	if (err)
		op_location_deinit(ret);
	return err;
}

// Attributes ---------------------------------------------------------------------------------

// The expression of a location attribute at a pc. A block is one itself, all else is a list.
static struct op_error *find_expression(const struct op_location_unit *unit,
					Dwarf_Attribute *attribute, uint32_t pc,
					struct op_location_found *ret)
{
	Dwarf_Block block;
	Dwarf_Word offset;
	*ret = (struct op_location_found){0};
	if (dwarf_formblock(attribute, &block) == 0) {
		ret->found = true;
		ret->expression = (struct op_bytes){block.data, block.length, "expression"};
		return NULL;
	}
	if (dwarf_formudata(attribute, &offset) != 0)
		return op_error_create(OP_ERROR_FORMAT, "the list of its places cannot be read: %s",
				       dwarf_errmsg(-1));
	if (attribute->form == DW_FORM_loclistx) {
		uint64_t index = offset;
		struct op_error *err = op_location_list_offset(unit, index, &offset);
		if (err)
			return err;
	}
	return op_location_list_find(unit, offset, pc, ret);
}

struct question {
	struct op_debug_info *info;
	struct op_die function;
};

// The entry with the function's frame base: an inlined body has that of the function around it.
static struct op_error *frame_function(struct op_debug_info *info, struct op_die die,
				       bool *ret_found, Dwarf_Die *ret)
{
	*ret_found = op_debug_die(info, die, ret);
	if (!*ret_found || dwarf_tag(ret) == DW_TAG_subprogram)
		return NULL;
	struct op_name_ref ref;
	struct op_name_unit *unit;
	bool exact;
	*ret_found = false;
	struct op_error *err = op_names_find(info, die.offset, &exact, &ref);
	if (err || !info->names || ref.unit >= info->names->unit_count)
		return err;
	err = op_names_unit(info, ref.unit, &unit);
	// Bodies do not nest: the last one that began before is the one around.
	for (size_t i = err ? 0 : ref.item; i-- > 0 && !*ret_found;) {
		const struct op_named *item = &unit->items.data[i];
		if (item->tag == DW_TAG_subprogram && (item->flags & OP_ENTRY_HAS_CODE))
			*ret_found = op_debug_die(info, (struct op_die){item->offset}, ret);
	}
	return err;
}

static struct op_error *no_frame_base(void)
{
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "it depends on a frame base, which its function does not have here");
}

static struct op_error *add_frame_base(struct op_location_program *program)
{
	const struct question *question = program->context;
	Dwarf_Die die;
	Dwarf_Attribute attribute;
	bool found;
	struct op_error *err = frame_function(question->info, question->function, &found, &die);
	if (err)
		return err;
	if (!found || !dwarf_attr_integrate(&die, DW_AT_frame_base, &attribute))
		return no_frame_base();
	_cleanup_(op_location_found_deinit) struct op_location_found base = {0};
	err = find_expression(&program->unit, &attribute, program->pc, &base);
	if (!err && !base.found)
		err = no_frame_base();
	return err ?: op_location_decode_base(program, &base.expression);
}

// The answer for one attribute that holds expressions.
static struct op_error *locate(struct question *question, Dwarf_Attribute *attribute,
			       Dwarf_Die *die, uint32_t pc, struct op_debug_location *ret)
{
	_cleanup_(op_location_found_deinit) struct op_location_found found = {0};
	_cleanup_(op_location_program_deinit) struct op_location_program program = {
		.frame_base = question->function.offset ? add_frame_base : NULL,
		.context = question,
		.pc = pc,
	};
	struct op_error *err = op_location_unit_of(question->info, die, &program.unit);
	if (!err)
		err = find_expression(&program.unit, attribute, pc, &found);
	if (!err && found.found)
		err = op_location_decode(&program, &found.expression, 0);
	if (err)
		return err;
	if (!found.found) {
		ret->range_count = found.ranges.count;
		ret->ranges = op_take(found.ranges.data);
		return NULL;
	}
	ret->here = found.here;
	return take_program(&program, ret);
}

// Constants ----------------------------------------------------------------------------------

static struct op_error *constant_bytes(const void *data, size_t size, struct op_debug_location *ret)
{
	struct op_location_program_piece item = {
		.piece = {.kind = OP_LOCATION_BYTES, .bytes = data, .byte_count = size}};
	_cleanup_(op_location_program_deinit) struct op_location_program program = {0};
	if (!op_array_push(&program.pieces, item))
		return op_error_no_memory();
	return take_program(&program, ret);
}

// DW_AT_const_value: bytes, a string, or a number in as many bytes as any type needs. Numbers of
// the forms DW_FORM_data* have no sign, compilers write negative ones as DW_FORM_sdata.
static struct op_error *constant(const struct op_debug_info *info, Dwarf_Attribute *attribute,
				 struct op_debug_location *ret)
{
	Dwarf_Block block;
	Dwarf_Word word;
	Dwarf_Sword value;
	uint64_t number[2] = {0};
	const char *string;
	unsigned form = dwarf_whatform(attribute);
	if (dwarf_formblock(attribute, &block) == 0)
		return constant_bytes(block.data, block.length, ret);
	switch (form) {
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_udata:
		if (dwarf_formudata(attribute, &word) == 0) {
			number[0] = word;
			return constant_bytes(number, sizeof(number), ret);
		}
		break;
	case DW_FORM_sdata:
	case DW_FORM_implicit_const:
		if (dwarf_formsdata(attribute, &value) == 0) {
			number[0] = (uint64_t)value;
			number[1] = value < 0 ? UINT64_MAX : 0;
			return constant_bytes(number, sizeof(number), ret);
		}
		break;
	default:
		string = op_debug_string(info, attribute);
		if (string)
			return constant_bytes(string, strlen(string) + 1, ret);
		break;
	}
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "its constant value has form 0x%02x, which outpost does not know",
			       form);
}

// Asking -------------------------------------------------------------------------------------

// A class's static member is declared there and defined outside, perhaps in another unit.
static struct op_error *find_definition(struct op_debug_info *info, Dwarf_Die *declaration,
					bool *ret_found, Dwarf_Die *ret)
{
	struct op_die die = op_die_of(declaration);
	struct op_name_ref ref;
	struct op_name_unit *unit;
	*ret_found = false;
	struct op_error *err = op_names_find(info, die.offset, ret_found, &ref);
	if (err || !*ret_found)
		return err;
	err = op_names_unit(info, ref.unit, &unit);
	*ret_found = false;
	for (size_t i = ref.item; !err && !*ret_found && i < unit->items.count; i++)
		if (unit->items.data[i].origin == die.offset)
			*ret_found = op_debug_die(info, (struct op_die){unit->items.data[i].offset},
						  ret);
	if (err || *ret_found)
		return err;
	const char *name;
	struct op_debug_variable variable;
	err = op_names_qualified(info, ref, &name);
	if (!err && *name)
		err = op_debug_variable_named(info, NULL, 0, name, strlen(name), ret_found,
					      &variable);
	if (!err && *ret_found)
		*ret_found =
			variable.die.offset != die.offset && op_debug_die(info, variable.die, ret);
	return err;
}

static bool has_value(Dwarf_Die *die)
{
	return dwarf_hasattr_integrate(die, DW_AT_location) ||
	       dwarf_hasattr_integrate(die, DW_AT_const_value);
}

static struct op_error *locate_variable(struct question *question, Dwarf_Die *die, uint32_t pc,
					struct op_debug_location *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Die definition;
	bool found;
	if (!has_value(die) && dwarf_hasattr(die, DW_AT_declaration)) {
		struct op_error *err = find_definition(question->info, die, &found, &definition);
		if (err)
			return err;
		if (found)
			*die = definition;
	}
	if (dwarf_attr_integrate(die, DW_AT_location, &attribute))
		return locate(question, &attribute, die, pc, ret);
	if (dwarf_attr_integrate(die, DW_AT_const_value, &attribute))
		return constant(question->info, &attribute, ret);
	return NULL;
}

struct op_error *op_debug_locate(struct op_debug_info *info, struct op_die variable,
				 struct op_die function, uint32_t pc, struct op_debug_location *ret)
{
	struct question question = {.info = info, .function = function};
	struct op_error *err;
	Dwarf_Die die;
	*ret = (struct op_debug_location){0};
	if (op_debug_die(info, variable, &die))
		err = locate_variable(&question, &die, pc, ret);
	else
		err = op_error_create(OP_ERROR_FORMAT,
				      "its entry in the debug information cannot be read");
	err = take_problem(err, ret);
	if (err)
		op_location_deinit(ret);
	return err;
}

static struct op_error *frame_base(struct question *question, uint32_t pc,
				   struct op_debug_location *ret)
{
	struct op_location_program program _cleanup_(op_location_program_deinit) = {
		.context = question,
		.pc = pc,
	};
	struct op_location_program_piece item = {.piece = {.kind = OP_LOCATION_VALUE}};
	Dwarf_Die die;
	if (!op_debug_die(question->info, question->function, &die))
		return no_frame_base();
	struct op_error *err = op_location_unit_of(question->info, &die, &program.unit);
	if (!err)
		err = add_frame_base(&program);
	if (err)
		return err;
	item.piece.step_count = program.steps.count;
	if (!op_array_push(&program.pieces, item))
		return op_error_no_memory();
	return take_program(&program, ret);
}

struct op_error *op_debug_frame_base(struct op_debug_info *info, struct op_die function,
				     uint32_t pc, struct op_debug_location *ret)
{
	struct question question = {.info = info, .function = function};
	*ret = (struct op_debug_location){0};
	struct op_error *err = take_problem(frame_base(&question, pc, ret), ret);
	if (err)
		op_location_deinit(ret);
	return err;
}
