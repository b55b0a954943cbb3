// SPDX-License-Identifier: GPL-3.0-or-later
// The language and the variables of guest_fixture.h, laid out as a compiler for wasm32 does it.
#include "tests/unit/guest_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/stub_harness.h"

struct node guest_pool[GUEST_POOL];
struct node *guest_node;
unsigned long long guest_total;
int guest_depth;
long long guest_wide;
float guest_ratio;
double guest_weight;
short guest_upper;

enum { FRAME = 4, NODE = FRAME + 4, TOTAL = 16, POOL = 24, NODE_SIZE = 72 };
_Static_assert(POOL + GUEST_POOL * NODE_SIZE <= STATE_MEMORY_SIZE, "the pool fits");

// Types ---------------------------------------------------------------------------------------

static const struct op_type int_type = {
	.kind = OP_TYPE_INTEGER, .name = "int", .size = 4, .has_size = true};
static const struct op_type unsigned_type = {.kind = OP_TYPE_INTEGER,
					     .name = "unsigned int",
					     .size = 4,
					     .has_size = true,
					     .is_unsigned = true};
static const struct op_type short_type = {
	.kind = OP_TYPE_INTEGER, .name = "short", .size = 2, .has_size = true};
static const struct op_type long_type = {
	.kind = OP_TYPE_INTEGER, .name = "long long", .size = 8, .has_size = true};
static const struct op_type total_type = {.kind = OP_TYPE_INTEGER,
					  .name = "unsigned long long",
					  .size = 8,
					  .has_size = true,
					  .is_unsigned = true};
static const struct op_type char_type = {
	.kind = OP_TYPE_CHAR, .name = "char", .size = 1, .has_size = true};
static const struct op_type byte_type = {.kind = OP_TYPE_CHAR,
					 .name = "unsigned char",
					 .size = 1,
					 .has_size = true,
					 .is_unsigned = true};
static const struct op_type float_type = {
	.kind = OP_TYPE_FLOAT, .name = "float", .size = 4, .has_size = true};
static const struct op_type double_type = {
	.kind = OP_TYPE_FLOAT, .name = "double", .size = 8, .has_size = true};
static const struct op_type kind_type = {.kind = OP_TYPE_ENUM,
					 .name = "kind",
					 .keyword = "enum",
					 .size = 4,
					 .has_size = true,
					 .is_unsigned = true,
					 .completed = true};
static const struct op_type node_type;
static const struct op_type node_pointer = {
	.kind = OP_TYPE_POINTER, .size = 4, .has_size = true, .target = &node_type};
static const struct op_type name_type = {.kind = OP_TYPE_ARRAY,
					 .size = 8,
					 .has_size = true,
					 .target = &char_type,
					 .has_count = true,
					 .count = 8};
static const struct op_type row_type = {.kind = OP_TYPE_ARRAY,
					.size = 12,
					.has_size = true,
					.target = &int_type,
					.has_count = true,
					.count = 3};
static const struct op_type grid_type = {.kind = OP_TYPE_ARRAY,
					 .size = 24,
					 .has_size = true,
					 .target = &row_type,
					 .has_count = true,
					 .count = 2};
static const struct op_type pool_type = {.kind = OP_TYPE_ARRAY,
					 .size = (uint64_t)GUEST_POOL * NODE_SIZE,
					 .has_size = true,
					 .target = &node_type,
					 .has_count = true,
					 .count = GUEST_POOL};
// As a typedef of a qualified type, so that both are looked through.
static const struct op_type const_node = {
	.kind = OP_TYPE_QUALIFIED, .keyword = "const", .target = &node_pointer};
static const struct op_type node_typedef = {
	.kind = OP_TYPE_TYPEDEF, .name = "node_ref", .target = &const_node};

enum {
	AT_KIND = 0,
	AT_VALUE = 4,
	AT_LEFT = 8,
	AT_BITS = 12,
	AT_SMALL = 14,
	AT_NAME = 16,
	AT_WEIGHT = 24,
	AT_BIG = 32,
	AT_RATIO = 40,
	AT_BYTE = 44,
	AT_GRID = 48
};
static const struct op_type_member node_members[] = {
	{.name = "kind", .type = &kind_type, .offset = AT_KIND},
	{.name = "value", .type = &int_type, .offset = AT_VALUE},
	{.name = "left", .type = &node_pointer, .offset = AT_LEFT},
	{.name = "flag",
	 .type = &unsigned_type,
	 .is_bit_field = true,
	 .bit_offset = AT_BITS * 8,
	 .bit_size = 3},
	{.name = "other",
	 .type = &int_type,
	 .is_bit_field = true,
	 .bit_offset = AT_BITS * 8 + 3,
	 .bit_size = 5},
	{.name = "name", .type = &name_type, .offset = AT_NAME},
	{.name = "weight", .type = &double_type, .offset = AT_WEIGHT},
	{.name = "small", .type = &short_type, .offset = AT_SMALL},
	{.name = "byte", .type = &byte_type, .offset = AT_BYTE},
	{.name = "big", .type = &long_type, .offset = AT_BIG},
	{.name = "ratio", .type = &float_type, .offset = AT_RATIO},
	{.name = "grid", .type = &grid_type, .offset = AT_GRID},
};
static const struct op_type node_type = {.kind = OP_TYPE_STRUCT,
					 .name = "node",
					 .keyword = "struct",
					 .size = NODE_SIZE,
					 .has_size = true,
					 .completed = true,
					 .members = node_members,
					 .member_count = OP_ARRAY_SIZE(node_members)};

// Says that it is derived from itself, three times.
static const struct op_type tangled_type;
static const struct op_type_member tangled_members[] = {
	{.type = &tangled_type, .is_base = true},
	{.type = &tangled_type, .is_base = true},
	{.type = &tangled_type, .is_base = true},
};
static const struct op_type tangled_type = {.kind = OP_TYPE_STRUCT,
					    .name = "tangled",
					    .keyword = "struct",
					    .size = 4,
					    .has_size = true,
					    .completed = true,
					    .members = tangled_members,
					    .member_count = OP_ARRAY_SIZE(tangled_members)};

static const struct op_type *const named_types[] = {
	&int_type,     &unsigned_type, &short_type,   &long_type,   &total_type,
	&char_type,    &byte_type,     &float_type,   &double_type, &kind_type,
	&node_typedef, &node_type,     &tangled_type,
};

static struct op_error *find_type(void *context, const char *name, size_t size,
				  const struct op_type **ret)
{
	static const char *const keywords[] = {"struct ", "enum "};
	for (size_t i = 0; i < OP_ARRAY_SIZE(keywords); i++) {
		size_t skip = strlen(keywords[i]);
		if (size > skip && !memcmp(name, keywords[i], skip)) {
			name += skip;
			size -= skip;
		}
	}
	*ret = NULL;
	for (size_t i = 0; i < OP_ARRAY_SIZE(named_types); i++)
		if (strlen(named_types[i]->name) == size &&
		    !memcmp(named_types[i]->name, name, size))
			*ret = named_types[i];
	return NULL;
}

static struct op_error *complete(void *context, const struct op_type *type)
{
	return NULL;
}

// Derived types live as long as the process.
static struct op_error *derive(const struct op_type *type, const struct op_type **ret)
{
	static struct op_type made[256];
	static size_t count;
	for (size_t i = 0; i < count; i++)
		if (made[i].kind == type->kind && made[i].target == type->target &&
		    made[i].count == type->count) {
			*ret = &made[i];
			return NULL;
		}
	ck_assert_uint_lt(count, OP_ARRAY_SIZE(made));
	made[count] = *type;
	*ret = &made[count++];
	return NULL;
}

static struct op_error *pointer_to(void *context, const struct op_type *target,
				   const struct op_type **ret)
{
	return derive(
		&(struct op_type){
			.kind = OP_TYPE_POINTER, .size = 4, .has_size = true, .target = target},
		ret);
}

static struct op_error *const_of(void *context, const struct op_type *target,
				 const struct op_type **ret)
{
	return derive(
		&(struct op_type){.kind = OP_TYPE_QUALIFIED, .keyword = "const", .target = target},
		ret);
}

static struct op_error *array_of(void *context, const struct op_type *element, uint64_t count,
				 const struct op_type **ret)
{
	return derive(&(struct op_type){.kind = OP_TYPE_ARRAY,
					.size = op_type_strip(element)->size * count,
					.has_size = true,
					.target = element,
					.has_count = true,
					.count = count},
		      ret);
}

// Variables -----------------------------------------------------------------------------------

static const struct op_location_step node_steps[] = {{.op = OP_LOCATION_LOCAL},
						     {.op = OP_LOCATION_CONSTANT, .value = 4},
						     {.op = OP_LOCATION_ADD}};
static const struct op_location_step total_steps[] = {{.op = OP_LOCATION_CONSTANT, .value = TOTAL}};
static const struct op_location_step pool_steps[] = {{.op = OP_LOCATION_CONSTANT, .value = POOL}};
static const uint8_t constants[3][4] = {{ADD}, {MUL}, {NUM}};

static const struct variable {
	const char *name;
	const struct op_type *type;
	struct op_location_piece piece;
	enum op_debug_variable_kind kind;
} variables[] = {
	{"guest_node",
	 &node_typedef,
	 {OP_LOCATION_MEMORY, .steps = node_steps, .step_count = 3},
	 0},
	{"guest_total",
	 &total_type,
	 {OP_LOCATION_MEMORY, .steps = total_steps, .step_count = 1},
	 0},
	{"guest_pool", &pool_type, {OP_LOCATION_MEMORY, .steps = pool_steps, .step_count = 1}, 0},
	{"guest_depth", &int_type, {OP_LOCATION_WASM_LOCAL, .index = 4}, 0},
	{"guest_wide", &long_type, {OP_LOCATION_WASM_LOCAL, .index = 5}, 0},
	{"guest_ratio", &float_type, {OP_LOCATION_WASM_LOCAL, .index = 6}, 0},
	{"guest_weight", &double_type, {OP_LOCATION_WASM_LOCAL, .index = 7}, 0},
	{"guest_upper",
	 &short_type,
	 {OP_LOCATION_WASM_LOCAL, .bit_size = 16, .bit_offset = 16, .index = 4},
	 0},
	{"ADD", &kind_type, {OP_LOCATION_BYTES, .bytes = constants[0], .byte_count = 4}, 0},
	{"MUL", &kind_type, {OP_LOCATION_BYTES, .bytes = constants[1], .byte_count = 4}, 0},
	{"NUM", &kind_type, {OP_LOCATION_BYTES, .bytes = constants[2], .byte_count = 4}, 0},
	{"gone", &int_type, {.kind = OP_LOCATION_NONE}, 0},
};

static struct op_error *find_name(void *context, const char *file, const char *name, size_t size,
				  bool *ret_found, struct op_guest_name *ret)
{
	*ret_found = false;
	for (size_t i = 0; !file && i < OP_ARRAY_SIZE(variables); i++) {
		const struct variable *variable = &variables[i];
		if (strlen(variable->name) != size || memcmp(variable->name, name, size))
			continue;
		*ret_found = true;
		*ret = (struct op_guest_name){.kind = OP_GUEST_VARIABLE,
					      .debug = {.name = variable->name},
					      .type = variable->type};
		if (variable->piece.kind == OP_LOCATION_NONE)
			return NULL;
		ret->location.pieces = malloc(sizeof(variable->piece));
		ck_assert_ptr_nonnull(ret->location.pieces);
		ret->location.pieces[0] = variable->piece;
		ret->location.piece_count = 1;
	}
	return NULL;
}

static bool local_type(void *context, uint32_t index, struct op_expression_type *ret)
{
	*ret = (struct op_expression_type){.known = true, .type = state_type(index)};
	return index < STATE_LOCALS;
}

static bool local_by_name(void *context, const char *name, size_t size, uint32_t *ret)
{
	// One that a variable hides, and one that none does.
	static const char *const names[] = {"base", "guest_total"};
	for (uint32_t i = 0; i < OP_ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == size && !memcmp(names[i], name, size)) {
			*ret = i;
			return true;
		}
	return false;
}

void guest_scope_init(struct op_expression_scope *scope, struct op_expression_guest *guest,
		      enum op_debug_language language)
{
	*guest = (struct op_expression_guest){.language = language,
					      .name = find_name,
					      .type = find_type,
					      .complete = complete,
					      .pointer_to = pointer_to,
					      .const_of = const_of,
					      .array_of = array_of};
	*scope = (struct op_expression_scope){.local_by_name = local_by_name,
					      .local_type = local_type,
					      .function = "f",
					      .counts_known = true,
					      .local_count = STATE_LOCALS,
					      .param_count = STATE_LOCALS,
					      .guest = guest};
}

// Values --------------------------------------------------------------------------------------

static void put(size_t at, const void *bytes, size_t size)
{
	memcpy(&state->bytes[0][at], bytes, size);
}

static uint32_t address_of(const struct node *node)
{
	return node ? (uint32_t)(POOL + (node - guest_pool) * NODE_SIZE) : 0;
}

static void put_node(const struct node *node)
{
	size_t at = address_of(node);
	uint32_t kind = node->kind, left = address_of(node->left);
	uint8_t bits = (uint8_t)(node->flag | (unsigned)node->other << 3);
	put(at + AT_KIND, &kind, 4);
	put(at + AT_VALUE, &node->value, 4);
	put(at + AT_LEFT, &left, 4);
	put(at + AT_BITS, &bits, 1);
	put(at + AT_SMALL, &node->small, 2);
	put(at + AT_NAME, node->name, 8);
	put(at + AT_WEIGHT, &node->weight, 8);
	put(at + AT_BIG, &node->big, 8);
	put(at + AT_RATIO, &node->ratio, 4);
	put(at + AT_BYTE, &node->byte, 1);
	put(at + AT_GRID, node->grid, sizeof(node->grid));
}

static void put_local(uint32_t index, const void *bytes, size_t size)
{
	memcpy(state_place(OP_EXPRESSION_LOCAL, index), bytes, size);
}

void guest_store(void)
{
	uint32_t node = address_of(guest_node), frame = FRAME;
	for (size_t i = 0; i < GUEST_POOL; i++)
		put_node(&guest_pool[i]);
	put(NODE, &node, 4);
	put(TOTAL, &guest_total, 8);
	put_local(0, &frame, 4);
	put_local(4, &guest_depth, 4);
	put_local(5, &guest_wide, 8);
	put_local(6, &guest_ratio, 4);
	put_local(7, &guest_weight, 8);
	guest_upper = (short)(guest_depth >> 16);
}
