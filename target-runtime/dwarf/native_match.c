// SPDX-License-Identifier: GPL-3.0-or-later
// The native entry of a variable; see native_match.h. A body is known by the calls that it was
// inlined through, a variable by its body, name and line. What is called so twice (a body that the
// guest's compiler has copied) is told apart by the place, or not at all.
#include "target-runtime/dwarf/native_match.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/location_private.h"
#include "target-runtime/dwarf/names.h"

enum {
	CANDIDATES_MAX = 64,
	ENTRIES_MAX = 1 << 16, // of one function that are looked at
};

/** A native entry that may be the variable. */
struct candidate {
	struct op_die die;
	bool is_here; // all blocks around it hold the place
};
struct search {
	struct op_debug_info *native;
	Dwarf_Addr address;
	const char *name;
	uint32_t line;    // 0: any
	Dwarf_Die *chain; // the guest's bodies, outermost first; the first one is matched
	struct op_debug_info *guest;
	size_t depth; // of chain, less one
	struct candidate found[CANDIDATES_MAX];
	size_t count;
	unsigned seen;
};

// The unqualified name; "" when there is none.
static const char *name_of(const struct op_debug_info *info, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name = dwarf_attr_integrate(die, DW_AT_name, &attribute)
				   ? op_debug_string(info, &attribute)
				   : NULL;
	return name ?: "";
}

static uint32_t number_of(Dwarf_Die *die, unsigned attribute)
{
	uint32_t number = 0;
	return op_die_number(die, attribute, &number) ? number : 0;
}

static bool same_function(const struct search *search, Dwarf_Die *guest, Dwarf_Die *native)
{
	return !strcmp(name_of(search->guest, guest), name_of(search->native, native)) &&
	       number_of(guest, DW_AT_decl_line) == number_of(native, DW_AT_decl_line);
}

static bool same_call(const struct search *search, Dwarf_Die *guest, Dwarf_Die *native)
{
	return same_function(search, guest, native) &&
	       number_of(guest, DW_AT_call_line) == number_of(native, DW_AT_call_line) &&
	       number_of(guest, DW_AT_call_column) == number_of(native, DW_AT_call_column);
}

// Looking through a function ------------------------------------------------------------------

static bool is_variable(const struct search *search, Dwarf_Die *die)
{
	int tag = dwarf_tag(die);
	return (tag == DW_TAG_formal_parameter || tag == DW_TAG_variable) &&
	       !strcmp(name_of(search->native, die), search->name) &&
	       (!search->line || number_of(die, DW_AT_decl_line) == search->line);
}

static struct op_error *too_much(const char *what)
{
	return op_error_create(OP_ERROR_LIMIT,
			       "the native debug information of the function has too many %s",
			       what);
}

// @param[in] depth of the guest's bodies that are around. @param[in] left levels of entries.
static struct op_error *look_through(struct search *search, Dwarf_Die *die, size_t depth,
				     bool is_here, unsigned left)
{
	struct op_error *err = NULL;
	Dwarf_Die child;
	for (int more = left ? dwarf_child(die, &child) : 1; !err && more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		if (search->seen++ == ENTRIES_MAX)
			return too_much("entries");
		int tag = dwarf_tag(&child);
		if (depth == search->depth && is_variable(search, &child)) {
			if (search->count == CANDIDATES_MAX)
				return too_much("variables of one name");
			search->found[search->count++] =
				(struct candidate){op_die_of(&child), is_here};
			continue;
		}
		bool is_call = tag == DW_TAG_inlined_subroutine;
		if (is_call ? depth == search->depth ||
				      !same_call(search, &search->chain[depth + 1], &child)
			    : tag != DW_TAG_lexical_block && tag != DW_TAG_try_block &&
				      tag != DW_TAG_catch_block)
			continue;
		bool is_around = dwarf_haspc(&child, search->address) > 0;
		err = look_through(search, &child, depth + is_call, is_here && is_around, left - 1);
	}
	return err;
}

// The function whose machine code holds the place, in the unit that the guest's is a translation
// of: the ranges that Wasmtime gives to units have holes.
static struct op_error *native_function(const struct op_native_question *question, bool *ret_found,
					Dwarf_Die *ret)
{
	const struct op_debug_unit *guest, *units;
	struct op_die function = {0};
	size_t count = 0;
	*ret_found = false;
	struct op_error *err = op_debug_unit_at(question->guest, question->guest_pc, &guest);
	if (!err && guest)
		err = op_debug_units(question->native, &units, &count);
	for (size_t i = 0; !err && !function.offset && i < count; i++)
		if (!strcmp(units[i].name, guest->name) &&
		    !strcmp(units[i].directory, guest->directory))
			err = op_debug_function_in_unit(question->native, i, question->native_pc,
							&function);
	*ret_found = !err && function.offset && op_debug_die(question->native, function, ret);
	return err;
}

// Choosing ------------------------------------------------------------------------------------

static struct op_error *refuse(struct op_debug_location *ret, const char *format, ...)
	_printf_(2, 3);
static struct op_error *refuse(struct op_debug_location *ret, const char *format, ...)
{
	va_list args;
	op_location_deinit(ret);
	va_start(args, format);
	int size = vasprintf(&ret->problem, format, args);
	va_end(args);
	if (size >= 0)
		return NULL;
	ret->problem = NULL;
	return op_error_no_memory();
}

static bool is_located(const struct op_debug_location *location)
{
	return !location->problem && location->piece_count;
}

// Of several candidates those at the place come first; a second one of the same rank that has a
// location makes the answer uncertain.
static struct op_error *choose(const struct search *search, struct op_die function, uint32_t pc,
			       struct op_debug_location *ret)
{
	struct op_error *err = NULL;
	*ret = (struct op_debug_location){0};
	for (unsigned pass = 0; !err && pass < 2 && !is_located(ret) && !ret->problem; pass++)
		for (size_t i = 0; !err && i < search->count; i++) {
			struct op_debug_location location;
			if (search->found[i].is_here != (pass == 0))
				continue;
			err = op_debug_locate(search->native, search->found[i].die, function, pc,
					      &location);
			if (err)
				break;
			if (is_located(ret) && is_located(&location)) {
				op_location_deinit(&location);
				return refuse(ret, "the native debug information has several "
						   "variables of this name and line here");
			}
			if (is_located(ret)) {
				op_location_deinit(&location);
				continue;
			}
			op_location_deinit(ret);
			*ret = location;
		}
	if (err)
		op_location_deinit(ret);
	return err;
}

// Pieces do not say whether they are values or addresses (see expression.c): the guest's location
// must have the same, and values.
static bool pieces_agree(const struct op_debug_location *guest,
			 const struct op_debug_location *native)
{
	if (guest->problem || guest->piece_count != native->piece_count)
		return false;
	for (size_t i = 0; i < native->piece_count; i++)
		if (guest->pieces[i].bit_size != native->pieces[i].bit_size ||
		    guest->pieces[i].kind == OP_LOCATION_MEMORY)
			return false;
	return true;
}

static struct op_error *check_pieces(const struct op_native_question *question,
				     struct op_debug_location *ret)
{
	if (!is_located(ret) || !ret->pieces[0].bit_size)
		return NULL;
	struct op_debug_location guest;
	struct op_error *err =
		op_debug_locate(question->guest, question->variable->die,
				question->variable->function, question->guest_pc, &guest);
	if (err)
		return err;
	bool agree = pieces_agree(&guest, ret);
	op_location_deinit(&guest);
	return agree ? NULL
		     : refuse(ret, "the native debug information has it in pieces, and the guest's "
				   "does not say that they are values");
}

// Asking --------------------------------------------------------------------------------------

// The bodies of the guest around the variable, outermost first.
static struct op_error *make_chain(const struct op_native_question *question, Dwarf_Die **ret,
				   size_t *ret_count)
{
	_cleanup_free_ struct op_debug_function *bodies = NULL;
	size_t count = 0, first = 0;
	*ret = NULL;
	*ret_count = 0;
	struct op_error *err =
		op_debug_functions_at(question->guest, question->guest_pc, &bodies, &count);
	if (err)
		return err;
	while (first < count && bodies[first].die.offset != question->variable->function.offset)
		first++;
	if (first == count)
		return NULL;
	*ret = calloc(count - first, sizeof(**ret));
	if (!*ret)
		return op_error_no_memory();
	for (size_t i = count; i-- > first; ++*ret_count)
		if (!op_debug_die(question->guest, bodies[i].die, &(*ret)[*ret_count]))
			break;
	if (*ret_count != count - first)
		*ret_count = 0;
	return NULL;
}

static struct op_error *locate(const struct op_native_question *question, struct search *search,
			       struct op_debug_location *ret)
{
	Dwarf_Die function;
	bool found;
	struct op_error *err = native_function(question, &found, &function);
	if (err)
		return err;
	if (!found)
		return refuse(ret, "the native debug information says nothing of this code");
	if (!same_function(search, &search->chain[0], &function))
		return refuse(ret, "this code is that of another function in the native debug "
				   "information");
	err = look_through(search, &function, 0, true, OP_DWARF_DEPTH_MAX);
	if (!err && !search->count)
		return refuse(ret, "the native debug information does not have it");
	if (!err)
		err = choose(search, op_die_of(&function), question->native_pc, ret);
	return err ?: check_pieces(question, ret);
}

struct op_error *op_native_locate(const struct op_native_question *question,
				  struct op_debug_location *ret)
{
	_cleanup_free_ Dwarf_Die *chain = NULL;
	size_t count;
	*ret = (struct op_debug_location){0};
	struct op_error *err = make_chain(question, &chain, &count);
	if (err)
		return err;
	if (!count)
		return refuse(ret, "it is not of the code at this place");
	struct search search = {
		.native = question->native,
		.guest = question->guest,
		.address = op_debug_address(question->native, question->native_pc),
		.name = question->variable->name,
		.line = question->variable->line,
		.chain = chain,
		.depth = count - 1,
	};
	err = locate(question, &search, ret);
	if (err)
		op_location_deinit(ret);
	return err;
}

struct op_error *op_native_locate_context(const struct op_native_question *question,
					  struct op_debug_location *ret)
{
	Dwarf_Die function;
	bool found;
	*ret = (struct op_debug_location){0};
	struct op_error *err = native_function(question, &found, &function);
	if (err || !found)
		return err;
	struct search search = {
		.native = question->native,
		.address = op_debug_address(question->native, question->native_pc),
		.name = "__vmctx",
	};
	err = look_through(&search, &function, 0, true, OP_DWARF_DEPTH_MAX);
	return err ?: choose(&search, op_die_of(&function), question->native_pc, ret);
}
