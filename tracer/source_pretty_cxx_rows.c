// SPDX-License-Identifier: GPL-3.0-or-later
// Printers for what the C++ standard library has whose elements lie in memory one after the other;
// see source_pretty_cxx.h.
#include <inttypes.h>

#include "tracer/source_pretty_cxx.h"

// A pointer and a length ----------------------------------------------------------------------

static struct op_error *pointer_and_size(struct op_pretty *p, const char *const *pointers,
					 const char *what)
{
	uint64_t data, size;
	bool has_data, has_size;
	const struct op_type *element = NULL;
	struct op_error *err = op_pretty_number_of(p->x, p->value, pointers, &data, &has_data);
	for (; !err && !element && *pointers; pointers++)
		err = op_pretty_target_type(p->x, p->value, *pointers, &element);
	if (!err)
		err = op_pretty_number_of(p->x, p->value, PATHS("__size_", "__size"), &size,
					  &has_size);
	if (err)
		return err;
	if (!has_size && p->type->parameter_count > 1 && p->type->parameters[1].has_value) {
		size = (uint64_t)p->type->parameters[1].value;
		has_size = true;
	}
	if (!has_data || !has_size || !element)
		return op_cxx_unknown_form(p);
	err = op_pretty_sequence(p, data, element, size);
	if (!err && p->done && what)
		err = op_render_format(p->x, &p->node->summary, "%s of length %" PRIu64, what,
				       size);
	return err;
}

struct op_error *op_pretty_string_view(struct op_pretty *p)
{
	return pointer_and_size(p, PATHS("__data_", "__data"), NULL);
}

struct op_error *op_pretty_span(struct op_pretty *p)
{
	return pointer_and_size(p, PATHS("__data_"), "std::span");
}

struct op_error *op_pretty_initializer_list(struct op_pretty *p)
{
	return pointer_and_size(p, PATHS("__begin_"), "std::initializer_list");
}

// A pointer to the first and one behind the last ----------------------------------------------

/** Elements in a row. */
struct row {
	uint64_t begin, end, count;
	const struct op_type *element;
	uint64_t size; // of one
	bool known;    // else this is no such row
};

static struct op_error *read_row(struct op_pretty *p, const struct op_source_value *value,
				 struct row *ret)
{
	bool has_begin, has_end = false;
	*ret = (struct row){0};
	struct op_error *err = op_pretty_number(p->x, value, "__begin_", &ret->begin, &has_begin);
	if (!err)
		err = op_pretty_number(p->x, value, "__end_", &ret->end, &has_end);
	if (!err)
		err = op_pretty_target_type(p->x, value, "__begin_", &ret->element);
	const struct op_type *stripped = op_type_strip(ret->element);
	if (err || !has_begin || !has_end || !stripped || !stripped->size)
		return err;
	ret->known = true;
	ret->size = stripped->size;
	ret->count = (ret->end - ret->begin) / ret->size;
	return NULL;
}

static bool is_row(const struct row *row)
{
	return row->begin <= row->end && (row->end - row->begin) % row->size == 0;
}

struct op_error *op_pretty_vector(struct op_pretty *p)
{
	struct row row;
	uint64_t capacity = 0;
	bool has_capacity = false;
	struct op_error *err = read_row(p, p->value, &row);
	if (!err)
		err = op_pretty_number_of(p->x, p->value,
					  PATHS("__cap_", "__end_cap_.__value_", "__end_cap_"),
					  &capacity, &has_capacity);
	if (err || !row.known || !has_capacity)
		return err ?: op_cxx_unknown_form(p);
	if (!is_row(&row) || row.end > capacity)
		return op_pretty_refuse(p,
					"a vector from 0x%" PRIx64 " to 0x%" PRIx64
					" with room up to 0x%" PRIx64 " makes no sense",
					row.begin, row.end, capacity);
	err = op_pretty_sequence(p, row.begin, row.element, row.count);
	if (!err && p->done)
		err = op_render_format(p->x, &p->node->summary,
				       "std::vector of length %" PRIu64 ", capacity %" PRIu64,
				       row.count, (capacity - row.begin) / row.size);
	return err;
}

struct op_error *op_pretty_valarray(struct op_pretty *p)
{
	struct row row;
	struct op_error *err = read_row(p, p->value, &row);
	if (err || !row.known)
		return err ?: op_cxx_unknown_form(p);
	if (!is_row(&row))
		return op_pretty_refuse(
			p, "a valarray from 0x%" PRIx64 " to 0x%" PRIx64 " makes no sense",
			row.begin, row.end);
	err = op_pretty_sequence(p, row.begin, row.element, row.count);
	if (!err && p->done)
		err = op_render_format(p->x, &p->node->summary, "std::valarray of length %" PRIu64,
				       row.count);
	return err;
}

// A row of keys and one of values -------------------------------------------------------------

struct flat_map {
	struct op_pretty *p;
	struct row rows[2];
	uint64_t at;
};

static struct op_error *next_pair(void *context, struct op_source_node *nodes, bool *ret_ended)
{
	struct flat_map *map = context;
	struct op_error *err = NULL;
	*ret_ended = false;
	for (size_t i = 0; !err && i < OP_ARRAY_SIZE(map->rows); i++) {
		const struct row *row = &map->rows[i];
		struct op_source_value part =
			op_pretty_at(map->p, row->element, row->begin + map->at * row->size);
		err = op_render_part(map->p->x, NULL, &part, &nodes[i]);
	}
	map->at++;
	return err;
}

struct op_error *op_pretty_flat_map(struct op_pretty *p)
{
	static const char *const paths[] = {"__containers_.keys", "__containers_.values"};
	struct flat_map map = {.p = p};
	const char *label;
	bool fits = true;
	struct op_error *err = op_cxx_label(p, &label);
	for (size_t i = 0; !err && i < OP_ARRAY_SIZE(paths); i++) {
		_cleanup_source_value_ struct op_source_value part = {0};
		struct row *row = &map.rows[i];
		bool found;
		err = op_pretty_part(p->x, p->value, paths[i], &part, &found);
		if (!err && found)
			err = read_row(p, &part, row);
		// Its containers need not be vectors.
		if (!err && (!row->known || !is_row(row)))
			return op_cxx_unknown_form(p);
		if (!err && fits)
			err = op_pretty_fits(p, row->begin, row->element, row->count, &fits);
	}
	if (err)
		return err;
	if (!fits || map.rows[0].count != map.rows[1].count)
		return op_pretty_refuse(p,
					"%" PRIu64 " keys at 0x%" PRIx64 " and %" PRIu64
					" values at 0x%" PRIx64 " make no sense",
					map.rows[0].count, map.rows[0].begin, map.rows[1].count,
					map.rows[1].begin);
	return op_pretty_elements(p, label, map.rows[0].count, true, next_pair, &map);
}

// An array ------------------------------------------------------------------------------------

struct op_error *op_pretty_array(struct op_pretty *p)
{
	_cleanup_source_value_ struct op_source_value elements = {0};
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, "__elems_", &elements, &found);
	if (err)
		return err;
	const struct op_type *type = op_type_strip(elements.type);
	if (!found || !type || type->kind != OP_TYPE_ARRAY)
		return op_cxx_unknown_form(p);
	p->done = true;
	return op_render_array(p->x, &elements, type, p->node);
}
