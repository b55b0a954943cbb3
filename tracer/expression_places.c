// SPDX-License-Identifier: GPL-3.0-or-later
// What of the guest an expression names: locals, operands, globals, tables, linear memory, fields
// and elements of objects. Knows no operators.
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "target-runtime/global.h"
#include "target-runtime/instance.h"
#include "target-runtime/table.h"
#include "tracer/expression.h"
#include "tracer/items.h"
#include "tracer/objects.h"

static struct op_error *need_frame(const struct op_parser *p)
{
	return p->frame ? NULL
			: op_error_create(OP_ERROR_STATE,
					  "\"%s\" needs a guest frame, and none is selected",
					  p->text);
}

// A reference is good at this stop and in its own store only.
static void mark_reference(struct op_parser *p, struct op_host_addr store,
			   struct op_operand *operand)
{
	if (op_value_is_gc_reference(&operand->result.value)) {
		operand->result.stop = op_state_stop(p->session);
		operand->result.store = store;
	}
}

static struct op_operand frame_operand(struct op_parser *p, const struct op_value *value)
{
	struct op_operand operand = op_operand_value(value);
	struct op_host_addr store = {0};
	if (op_value_is_gc_reference(value) && p->frame->vmctx.value) {
		struct op_memory memory = op_session_memory(p->session);
		op_error_destroy(op_instance_store(&memory, p->frame->vmctx, &store));
	}
	mark_reference(p, store, &operand);
	return operand;
}

static struct op_host_addr store_address(const struct op_store_set *set, uint32_t number)
{
	size_t count;
	const struct op_store *stores = op_store_set_stores(set, &count);
	return number < count ? stores[number].address : op_host_addr(0);
}

// What stands in a global, a table or an object.
static struct op_operand cell_operand(struct op_parser *p, const struct op_cell *cell,
				      enum op_source_kind source, struct op_host_addr store)
{
	struct op_value value = op_object_shown_value(cell);
	struct op_operand operand = op_operand_value(&value);
	mark_reference(p, store, &operand);
	operand.result.source = source;
	operand.result.width = cell->size;
	if (!op_cell_is_number(cell))
		operand.read_only = "only numbers can be written: a reference has to be known to "
				    "Wasmtime's garbage collector or type checks";
	else if (!cell->is_mutable)
		operand.read_only =
			"it is immutable: the compiled code may have used its value already";
	else if (value.state == OP_VALUE_PRESENT)
		operand.result.place_address = cell->value.address;
	return operand;
}

// Locals and operands -------------------------------------------------------------------------

static struct op_error *local_by_index(struct op_parser *p, uint64_t index, struct op_operand *ret)
{
	struct op_error *err = need_frame(p);
	if (err)
		return err;
	if (index >= p->frame->local_count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "%s has no local %" PRIu64 " (it has %" PRIu32 ")",
				       p->frame->function, index, p->frame->local_count);
	// Through the list, which knows the arguments of code that records nothing too.
	const struct op_variable *locals;
	size_t count;
	err = op_session_locals(p->session, p->frame, &locals, &count);
	if (!err)
		*ret = frame_operand(p, &locals[index].value);
	return err;
}

static struct op_error *operand_by_index(struct op_parser *p, uint64_t index,
					 struct op_operand *ret)
{
	struct op_error *err = need_frame(p);
	if (err)
		return err;
	const struct op_variable *operands;
	size_t count;
	enum op_value_state reason;
	err = op_session_operands(p->session, p->frame, &operands, &count, &reason);
	if (err)
		return err;
	if (reason != OP_VALUE_PRESENT)
		return op_error_create(OP_ERROR_NOT_FOUND, "the operand stack of %s is %s",
				       p->frame->function, op_value_state_message(reason));
	if (index >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the operand stack has no value %" PRIu64
				       " (it has %zu; $stack0 is the bottom)",
				       index, count);
	*ret = frame_operand(p, &operands[index].value);
	return NULL;
}

static struct op_error *local_by_name(struct op_parser *p, const char *name, size_t size,
				      struct op_operand *ret, bool *ret_found)
{
	if (!p->frame || p->frame->kind != OP_FRAME_WASM)
		return NULL;
	const struct op_variable *locals;
	size_t count;
	struct op_error *err = op_session_locals(p->session, p->frame, &locals, &count);
	for (size_t i = 0; !err && i < count && !*ret_found; i++) {
		if (locals[i].name && strlen(locals[i].name) == size &&
		    !memcmp(locals[i].name, name, size)) {
			*ret = frame_operand(p, &locals[i].value);
			*ret_found = true;
		}
	}
	return err;
}

// Globals and tables --------------------------------------------------------------------------

static struct op_error *global_by_index(struct op_parser *p, const struct op_scope *scope,
					uint32_t index, struct op_operand *ret)
{
	struct op_cell cell;
	struct op_error *err = op_instance_global(scope->set, scope->instance, index, &cell);
	if (!err)
		*ret = cell_operand(p, &cell, OP_SOURCE_GLOBAL,
				    store_address(scope->set, scope->instance->store));
	return err;
}

// "global3", "global.NAME": the global's index.
static struct op_error *find_item(struct op_parser *p, enum op_wasm_external kind, const char *name,
				  size_t size, struct op_scope *scope, uint32_t *ret,
				  bool *ret_found)
{
	const struct op_wasm_module *module;
	struct op_error *err = op_state_module_scope(p->session, p->frame, scope, &module);
	if (err)
		return err;
	uint32_t count;
	if (kind == OP_WASM_EXTERNAL_GLOBAL)
		op_wasm_module_globals(module, &count);
	else
		op_wasm_module_tables(module, &count);
	*ret_found = op_item_find(module, kind, count, name, size, ret) && *ret < count;
	return NULL;
}

// Up to the bracket or the end; an end of UINT64_MAX stands for one element.
static struct op_error *subscript(struct op_parser *p, uint64_t *ret_first, uint64_t *ret_end,
				  bool *ret_range)
{
	uint64_t bounds[2];
	bool inclusive = false;
	*ret_range = false;
	for (size_t i = 0; i < 2; i++) {
		struct op_operand operand;
		struct op_error *err = op_parser_expression(p, &operand);
		if (!err)
			err = op_operand_need_number(p->text, &operand);
		if (err)
			return err;
		if (operand.is_float || (!operand.result.is_unsigned && operand.integer < 0))
			return op_error_create(
				OP_ERROR_SYNTAX,
				"\"%s\": an index is an integer that is not negative", p->text);
		bounds[i] = (uint64_t)operand.integer;
		if (i == 0 && !op_parser_accept(p, ".."))
			break;
		*ret_range = true;
		if (i == 0)
			inclusive = op_parser_accept(p, "=");
	}
	if (!op_parser_accept(p, "]"))
		return op_parser_syntax(p, "]");
	*ret_first = bounds[0];
	*ret_end = *ret_range ? bounds[1] : bounds[0];
	if ((inclusive || !*ret_range) && *ret_end < UINT64_MAX)
		++*ret_end;
	if (*ret_end < *ret_first)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\": the range ends before it begins",
				       p->text);
	return NULL;
}

static struct op_error *table_element(struct op_parser *p, const struct op_scope *scope,
				      uint32_t index, struct op_operand *ret)
{
	struct op_table_state table;
	uint64_t first, end;
	bool range;
	if (!op_parser_accept(p, "["))
		return op_parser_syntax(p, "[INDEX] or [FIRST..END]");
	struct op_error *err = subscript(p, &first, &end, &range);
	if (!err)
		err = op_instance_table(scope->set, scope->instance, index, &table);
	if (err)
		return err;
	if (end > table.size || (!range && first >= table.size))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "table %" PRIu32 " has no element %" PRIu64
				       " (it has %" PRIu64 ")",
				       index, end - 1, table.size);
	struct op_operand operand = {
		.result = {.value = {.type = op_value_type_of(table.module, &table.type)}}};
	if (!range) {
		struct op_table_element element;
		err = op_table_elements(scope->set, &table, first, 1, &element);
		if (err)
			return err;
		operand = cell_operand(p, &element.cell, OP_SOURCE_TABLE,
				       store_address(scope->set, scope->instance->store));
		operand.read_only =
			"the elements of a table are references, and only numbers can be written";
		operand.result.range = element.lazy ? OP_RANGE_TABLE_ELEMENT : OP_RANGE_NONE;
	} else {
		operand.result.range = OP_RANGE_TABLE;
	}
	operand.result.source = OP_SOURCE_TABLE;
	operand.result.table = index;
	operand.result.range_first = first;
	operand.result.range_count = end - first;
	*ret = operand;
	return NULL;
}

// Linear memory -------------------------------------------------------------------------------

// The rest of $mem[ADDR:TYPE], after the bracket.
static struct op_error *memory_access(struct op_parser *p, uint32_t memory, struct op_operand *ret)
{
	static const struct op_access_type word = {"i32", OP_VALUE_I32, 4, false};
	struct op_operand address;
	struct op_error *err = op_parser_expression(p, &address);
	if (!err)
		err = op_operand_need_number(p->text, &address);
	if (!err && address.is_float)
		err = op_error_create(OP_ERROR_SYNTAX, "\"%s\": an address must be an integer",
				      p->text);
	if (err)
		return err;
	const struct op_access_type *type = &word;
	if (op_parser_accept(p, ":") && !(type = op_parser_accept_type(p)))
		return op_parser_syntax(p, "a type (i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 v128)");
	if (!op_parser_accept(p, "]"))
		return op_parser_syntax(p, "]");
	// A negative i32 is an address above 2 GiB.
	uint64_t offset = address.result.value.type == OP_VALUE_I32 ? (uint32_t)address.integer
								    : (uint64_t)address.integer;
	struct op_value value = {.type = type->type};
	err = op_session_read_memory(p->session, p->frame, memory, offset, value.bytes,
				     type->width);
	if (err)
		return err;
	if (!type->is_unsigned && type->width < 4) {
		unsigned shift = 32 - 8 * type->width;
		op_operand_store_bits(
			&value,
			(uint64_t)(int64_t)((int32_t)((uint32_t)op_value_bits(&value) << shift) >>
					    shift));
	}
	*ret = op_operand_value(&value);
	if (type->is_unsigned) {
		ret->result.is_unsigned = true;
		ret->integer = (int64_t)op_value_bits(&value);
	}
	ret->result.has_place = true;
	ret->result.source = OP_SOURCE_MEMORY;
	ret->result.guest_memory = memory;
	ret->result.guest_offset = offset;
	ret->result.width = type->width;
	return NULL;
}

// Names ---------------------------------------------------------------------------------------

// Names may hold dots, but not the two of a range.
static size_t name_size(const char *at)
{
	size_t size = 0;
	while (isalnum((unsigned char)at[size]) || at[size] == '_' ||
	       (at[size] == '.' && at[size + 1] != '.') || (at[size] & 0x80))
		size++;
	return size;
}

// "a.b.c" -> "a.b" -> "a" -> 0: a dot can belong to the name or begin a field.
static size_t shorter(const char *name, size_t size)
{
	while (size && name[--size] != '.')
		;
	return size;
}

// "local12" with prefix "local": the number behind it.
static bool numbered(const char *name, size_t size, const char *prefix, uint64_t *ret)
{
	size_t skip = strlen(prefix);
	if (size <= skip || strncmp(name, prefix, skip))
		return false;
	uint64_t value = 0;
	for (size_t i = skip; i < size; i++) {
		if (!isdigit((unsigned char)name[i]) || value > UINT32_MAX)
			return false;
		value = value * 10 + (uint64_t)(name[i] - '0');
	}
	*ret = value;
	return true;
}

static bool is_word(const char *name, size_t size, const char *word)
{
	return size == strlen(word) && !strncmp(name, word, size);
}

static struct op_error *history_value(struct op_parser *p, uint64_t number, struct op_operand *ret)
{
	if (!number || number > p->session->history.count)
		return op_error_create(OP_ERROR_NOT_FOUND, "the value history has no $%" PRIu64,
				       number);
	const struct op_result *kept = &p->session->history.data[number - 1];
	*ret = op_operand_value(&kept->value);
	ret->result = *kept;
	if (kept->is_unsigned)
		ret->integer = (int64_t)op_value_bits(&kept->value);
	// A remembered value is no place any more.
	ret->result.has_place = false;
	ret->result.source = OP_SOURCE_NONE;
	ret->result.place_address = op_host_addr(0);
	return NULL;
}

static struct op_error *pc_value(struct op_parser *p, struct op_operand *ret)
{
	struct op_error *err = need_frame(p);
	if (err)
		return err;
	if (!p->frame->has_pc)
		return op_error_create(OP_ERROR_NOT_FOUND, "the frame's pc is not known");
	*ret = op_operand_integer(p->frame->pc, OP_VALUE_I32, true);
	return NULL;
}

static struct op_error *global_value(struct op_parser *p, uint64_t index, struct op_operand *ret)
{
	struct op_scope scope;
	struct op_error *err = op_state_scope(p->session, p->frame, &scope);
	if (!err && index > UINT32_MAX)
		err = op_error_create(OP_ERROR_NOT_FOUND, "there is no global %" PRIu64, index);
	return err ?: global_by_index(p, &scope, (uint32_t)index, ret);
}

static struct op_error *table_value(struct op_parser *p, uint64_t index, struct op_operand *ret)
{
	struct op_scope scope;
	struct op_error *err = op_state_scope(p->session, p->frame, &scope);
	if (!err && index > UINT32_MAX)
		err = op_error_create(OP_ERROR_NOT_FOUND, "there is no table %" PRIu64, index);
	return err ?: table_element(p, &scope, (uint32_t)index, ret);
}

static struct op_error *memory_value(struct op_parser *p, uint64_t index, struct op_operand *ret)
{
	if (!op_parser_accept(p, "["))
		return op_parser_syntax(p, "[ADDRESS:TYPE]");
	return memory_access(p, (uint32_t)index, ret);
}

// Names with a number behind them.
static const struct {
	const char *prefix;
	struct op_error *(*value)(struct op_parser *p, uint64_t number, struct op_operand *ret);
} numbered_names[] = {
	{"", history_value},      {"local", local_by_index}, {"stack", operand_by_index},
	{"global", global_value}, {"table", table_value},    {"mem", memory_value},
};

// global.NAME and table.NAME.
static struct op_error *item_by_name(struct op_parser *p, const char *name, size_t size,
				     struct op_operand *ret, bool *ret_found)
{
	static const struct {
		const char *prefix;
		enum op_wasm_external kind;
		struct op_error *(*value)(struct op_parser *p, const struct op_scope *scope,
					  uint32_t index, struct op_operand *ret);
	} kinds[] = {{"global.", OP_WASM_EXTERNAL_GLOBAL, global_by_index},
		     {"table.", OP_WASM_EXTERNAL_TABLE, table_element}};
	for (size_t i = 0; i < OP_ARRAY_SIZE(kinds); i++) {
		size_t skip = strlen(kinds[i].prefix);
		if (size <= skip || strncmp(name, kinds[i].prefix, skip))
			continue;
		struct op_scope scope;
		uint32_t index;
		struct op_error *err = find_item(p, kinds[i].kind, name + skip, size - skip, &scope,
						 &index, ret_found);
		if (err || !*ret_found)
			return err;
		p->at = name + size;
		return kinds[i].value(p, &scope, index, ret);
	}
	return NULL;
}

// @p size bytes of @p name as a whole; *ret_found false when that means nothing.
static struct op_error *named_value(struct op_parser *p, const char *name, size_t size,
				    struct op_operand *ret, bool *ret_found)
{
	uint64_t number = 0;
	p->at = name + size;
	*ret_found = true;
	for (size_t i = 0; i < OP_ARRAY_SIZE(numbered_names); i++)
		if (numbered(name, size, numbered_names[i].prefix, &number))
			return numbered_names[i].value(p, number, ret);
	if (is_word(name, size, "mem"))
		return memory_value(p, 0, ret);
	if (is_word(name, size, "pc"))
		return pc_value(p, ret);
	*ret_found = false;
	struct op_error *err = local_by_name(p, name, size, ret, ret_found);
	if (!err && !*ret_found)
		err = item_by_name(p, name, size, ret, ret_found);
	return err;
}

static struct op_error *no_such_name(const struct op_parser *p, const char *name, size_t size)
{
	static const char *const prefixes[] = {"global.", "table."};
	for (size_t i = 0; i < OP_ARRAY_SIZE(prefixes); i++) {
		size_t skip = strlen(prefixes[i]);
		if (size > skip && !strncmp(name, prefixes[i], skip))
			return op_error_create(
				OP_ERROR_NOT_FOUND, "the instance has no %.*s named \"%.*s\"",
				(int)skip - 1, prefixes[i], (int)(size - skip), name + skip);
	}
	struct op_error *err = need_frame(p);
	return err
		       ?: op_error_create(OP_ERROR_NOT_FOUND, "%s has no local named \"%.*s\"",
					  p->frame->function, (int)size, name);
}

// $global."odd name"
static struct op_error *quoted_item(struct op_parser *p, const char *name, size_t prefix,
				    struct op_operand *ret)
{
	const char *quote = strchr(name + prefix + 1, '"');
	if (!quote)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\": the closing quote is missing",
				       p->text);
	const char *inside = name + prefix + 1;
	size_t size = (size_t)(quote - inside);
	bool global = !strncmp(name, "global.", prefix);
	struct op_scope scope;
	uint32_t index;
	bool found;
	struct op_error *err =
		find_item(p, global ? OP_WASM_EXTERNAL_GLOBAL : OP_WASM_EXTERNAL_TABLE, inside,
			  size, &scope, &index, &found);
	if (!err && !found)
		err = op_error_create(OP_ERROR_NOT_FOUND, "the instance has no %s named \"%.*s\"",
				      global ? "global" : "table", (int)size, inside);
	if (err)
		return err;
	p->at = quote + 1;
	return global ? global_by_index(p, &scope, index, ret)
		      : table_element(p, &scope, index, ret);
}

struct op_error *op_parser_dollar(struct op_parser *p, struct op_operand *ret)
{
	const char *name = p->at;
	size_t size = name_size(name);
	if (!size)
		return op_parser_syntax(p, "a name after $");
	if (name[size] == '"' && (is_word(name, size, "global.") || is_word(name, size, "table.")))
		return quoted_item(p, name, size, ret);
	for (size_t part = size; part; part = shorter(name, part)) {
		bool found;
		struct op_error *err = named_value(p, name, part, ret, &found);
		if (err || found)
			return err;
	}
	return no_such_name(p, name, size);
}

struct op_error *op_parser_name(struct op_parser *p, struct op_operand *ret)
{
	const char *name = p->at;
	size_t size = name_size(name);
	if (!size)
		return op_parser_syntax(p, "a value");
	for (size_t part = size; part; part = shorter(name, part)) {
		bool found = false;
		p->at = name + part;
		struct op_error *err = local_by_name(p, name, part, ret, &found);
		if (err || found)
			return err;
	}
	struct op_error *err = need_frame(p);
	return err
		       ?: op_error_create(OP_ERROR_NOT_FOUND, "%s has no local named \"%.*s\"",
					  p->frame->function, (int)size, name);
}

// Fields and elements -------------------------------------------------------------------------

static struct op_error *object_of(struct op_parser *p, const struct op_operand *operand,
				  const struct op_store_set **ret_set, struct op_gc_object *ret)
{
	const struct op_value *value = &operand->result.value;
	if (operand->result.range != OP_RANGE_NONE)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"%s\": a range has no fields and no elements of its own",
				       p->text);
	if (value->state != OP_VALUE_PRESENT)
		return op_error_create(OP_ERROR_NOT_FOUND, "\"%s\": a value in it is %s", p->text,
				       op_value_state_message(value->state));
	if (!op_value_is_gc_reference(value))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "\"%s\": a value of type %s has no fields and no elements",
				       p->text, op_value_type_name(value->type));
	struct op_error *err = op_object_of(p->session, p->frame, &operand->result, ret_set, ret);
	if (!err && ret->kind == OP_GC_NULL)
		err = op_error_create(OP_ERROR_NOT_FOUND, "\"%s\": the reference is null", p->text);
	if (!err && ret->kind == OP_GC_BAD)
		err = op_error_create(OP_ERROR_FORMAT,
				      "\"%s\": the reference leads to no object: %s", p->text,
				      ret->problem ?: "its header makes no sense");
	return err;
}

static struct op_error *load_field(struct op_parser *p, const struct op_store_set *set,
				   const struct op_gc_object *object, uint32_t index,
				   struct op_operand *ret)
{
	struct op_cell cell;
	struct op_error *err = op_gc_object_field(set, object, index, &cell);
	if (!err)
		*ret = cell_operand(p, &cell, OP_SOURCE_FIELD, store_address(set, object->store));
	return err;
}

static struct op_error *field(struct op_parser *p, struct op_operand *ret)
{
	const struct op_store_set *set;
	struct op_gc_object object;
	const char *name = p->at;
	size_t size = name_size(name);
	if (!size)
		return op_parser_syntax(p, "a field");
	struct op_error *err = object_of(p, ret, &set, &object);
	if (err)
		return err;
	uint32_t index = 0;
	struct op_error *first_error _cleanup_error_ = NULL;
	for (size_t part = size; part; part = shorter(name, part)) {
		p->at = name + part;
		err = op_object_field_index(&object, name, part, &index);
		if (!err)
			return load_field(p, set, &object, index, ret);
		op_error_destroy(op_take(first_error));
		first_error = err;
	}
	return op_take(first_error);
}

static struct op_error *element(struct op_parser *p, struct op_operand *ret)
{
	const struct op_store_set *set;
	struct op_gc_object object;
	uint64_t first, end;
	bool range;
	struct op_operand array = *ret;
	struct op_error *err = subscript(p, &first, &end, &range);
	if (!err)
		err = object_of(p, &array, &set, &object);
	if (err)
		return err;
	if (object.kind != OP_GC_ARRAY)
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"\"%s\": only arrays have elements; .field0 is the first field of a struct",
			p->text);
	if (end > object.field_count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the array has no element %" PRIu64 " (it has %" PRIu32 ")",
				       end - 1, object.field_count);
	if (!range)
		return load_field(p, set, &object, (uint32_t)first, ret);
	array.result.range = OP_RANGE_ARRAY;
	array.result.range_first = first;
	array.result.range_count = end - first;
	array.result.place_address = op_host_addr(0);
	array.read_only = "only one element at a time can be set";
	*ret = array;
	return NULL;
}

struct op_error *op_parser_postfix(struct op_parser *p, struct op_operand *ret)
{
	struct op_error *err = NULL;
	while (!err) {
		if (*p->at == '.' && p->at[1] != '.') {
			p->at++;
			err = field(p, ret);
		} else if (*p->at == '[') {
			p->at++;
			err = element(p, ret);
		} else {
			return NULL;
		}
	}
	return err;
}

struct op_error *op_parser_dereference(struct op_parser *p, struct op_operand *ret)
{
	const struct op_store_set *set;
	struct op_gc_object object;
	if (ret->result.value.type == OP_VALUE_FUNCREF &&
	    ret->result.value.state == OP_VALUE_PRESENT)
		return NULL;
	return object_of(p, ret, &set, &object);
}
