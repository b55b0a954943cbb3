// SPDX-License-Identifier: GPL-3.0-or-later
// Strings and pointers as nodes; see source_render.h.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/source_bits.h"
#include "tracer/source_render.h"
#include "tracer/source_scalar.h"

enum {
	/** What is read of a string at a time. */
	STRING_CHUNK = 256,
	STRING_MAX = 1 << 20,
};

struct op_error *op_render_string(struct op_render *x, const struct op_type *string_type,
				  const uint8_t *bytes, size_t count, bool cut,
				  const uint64_t *address, struct op_source_node *node)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	struct op_scalar_string string = {.bytes = bytes,
					  .count = count,
					  .unit_size = (unsigned)op_type_strip(string_type)->size,
					  .prefix = "",
					  .repeats = x->limits.repeats,
					  .cut = cut};
	op_scalar_is_character(string_type, &string.prefix);
	if (string_type->language == OP_LANGUAGE_RUST)
		string.repeats = 0;
	if (address)
		op_text_printf(&text, "0x%" PRIx64 " ", *address);
	op_scalar_string_text(&text, &string);
	node->kind = OP_SOURCE_NODE_STRING;
	node->cut = cut;
	return op_render_keep(x, &text, &node->text);
}

// Characters in memory --------------------------------------------------------------------------

struct characters {
	uint8_t *bytes;
	size_t count; // units
	bool ended;   // by a zero, which is not counted
	bool cut;
	struct op_error *problem; // where memory ended
};

static void characters_deinit(struct characters *c)
{
	free(c->bytes);
	op_error_destroy(c->problem);
}

static size_t find_end(const struct characters *c, size_t from, size_t end, size_t unit)
{
	while (from < end && op_bits_load(c->bytes + from * unit, unit))
		from++;
	return from;
}

// As many bytes as memory has; the last ones one by one, to end where it ends.
static struct op_error *read_some(struct op_render *x, uint32_t memory, uint64_t address,
				  uint8_t *bytes, size_t unit, size_t *count)
{
	struct op_error *err =
		op_session_read_memory(x->session, x->frame, memory, address, bytes, *count * unit);
	if (!err || op_source_is_fatal(err))
		return err;
	size_t done = 0;
	for (; done < *count; done++) {
		struct op_error *one =
			op_session_read_memory(x->session, x->frame, memory, address + done * unit,
					       bytes + done * unit, unit);
		if (!one)
			continue;
		op_error_destroy(err);
		err = one;
		break;
	}
	*count = done;
	return err;
}

/** Read up to a zero, or to @p most units. */
static struct op_error *read_characters(struct op_render *x, uint32_t memory, uint64_t address,
					size_t unit, size_t most, bool stop, struct characters *ret)
{
	ret->bytes = malloc(most * unit + 1);
	if (!ret->bytes)
		return op_error_no_memory();
	while (!ret->ended && !ret->problem && ret->count < most) {
		size_t count = most - ret->count < STRING_CHUNK ? most - ret->count : STRING_CHUNK;
		struct op_error *err = read_some(x, memory, address + ret->count * unit,
						 ret->bytes + ret->count * unit, unit, &count);
		if (err && op_source_is_fatal(err))
			return err;
		ret->problem = err;
		size_t end = ret->count + count;
		ret->count = stop ? find_end(ret, ret->count, end, unit) : end;
		ret->ended = ret->count < end;
	}
	return NULL;
}

static size_t shown_most(const struct op_render *x, uint64_t count)
{
	uint64_t most = x->limits.elements < STRING_MAX ? x->limits.elements : STRING_MAX;
	return (size_t)(count < most ? count : most);
}

struct op_error *op_render_characters(struct op_render *x, const struct op_type *string_type,
				      uint32_t memory, uint64_t address, uint64_t count,
				      struct op_source_node *node)
{
	_cleanup_(characters_deinit) struct characters c = {0};
	size_t unit = (size_t)op_type_strip(string_type)->size;
	size_t most = shown_most(x, count);
	struct op_error *err = read_characters(x, memory, address, unit, most, false, &c);
	if (err)
		return err;
	node->length = count;
	err = op_render_string(x, string_type, c.bytes, c.count, most < count, NULL, node);
	return err ?: op_render_problem(x, op_take(c.problem), node);
}

static struct op_error *string_pointer(struct op_render *x, const struct op_type *string_type,
				       uint32_t memory, uint64_t address,
				       struct op_source_node *node)
{
	_cleanup_(characters_deinit) struct characters c = {0};
	size_t unit = (size_t)op_type_strip(string_type)->size;
	// One more than is shown, to know whether there is more.
	size_t most = shown_most(x, UINT64_MAX);
	struct op_error *err = read_characters(x, memory, address, unit, most + 1, true, &c);
	if (err)
		return err;
	bool cut = c.count > most;
	if (c.count || !c.problem)
		err = op_render_string(x, string_type, c.bytes, cut ? most : c.count, cut, &address,
				       node);
	return err ?: op_render_problem(x, cut ? NULL : op_take(c.problem), node);
}

// Pointers --------------------------------------------------------------------------------------

static struct op_error *plain_pointer(struct op_render *x, uint64_t address,
				      const struct op_type *target, struct op_source_node *node)
{
	const char *function = NULL;
	struct op_error *err = NULL;
	if (address && target && target->kind == OP_TYPE_FUNCTION)
		err = op_render_function_name(x, address, &function);
	err = op_render_problem(x, err, node);
	if (err)
		return err;
	return function ? op_render_format(x, &node->text, "0x%" PRIx64 " <%s>", address, function)
			: op_render_format(x, &node->text, "0x%" PRIx64, address);
}

struct op_error *op_render_pointer(struct op_render *x, const struct op_source_value *value,
				   const struct op_type *type, struct op_source_node *node)
{
	uint64_t address = op_bits_load(value->bytes, value->size);
	node->kind = OP_SOURCE_NODE_POINTER;
	if (x->limits.format && x->limits.format != 's' && x->limits.format != 'a') {
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		op_scalar_text(&text, type, value->bytes, value->size, x->limits.format);
		return op_render_keep(x, &text, &node->text);
	}
	struct op_error *err = plain_pointer(x, address, op_type_strip(type->target), node);
	bool to_text = type->language != OP_LANGUAGE_RUST && x->limits.format != 'a' &&
		       op_scalar_is_character(type->target, NULL);
	if (err || !address || !to_text)
		return err;
	return string_pointer(x, type->target, type->memory, address, node);
}
