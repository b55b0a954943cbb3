// SPDX-License-Identifier: GPL-3.0-or-later
// Printers for the C++ standard library as clang's libc++ lays it out; see source_pretty.h. Members
// are found by their names in libc++'s headers, of which older ones are tried too.
#include <inttypes.h>
#include <string.h>

#include "tracer/source_pretty_cxx.h"

// Types ---------------------------------------------------------------------------------------

struct op_error *op_cxx_unknown_form(struct op_pretty *p)
{
	return op_pretty_refuse(p, "this is not how outpost knows libc++ to lay it out");
}

bool op_cxx_number_argument(const struct op_type *type, size_t index, int64_t *ret)
{
	if (index >= type->parameter_count || !type->parameters[index].has_value)
		return false;
	*ret = type->parameters[index].value;
	return true;
}

size_t op_cxx_first_argument(const char *name, const char **ret)
{
	size_t depth = 0;
	const char *begin = strchr(name, '<');
	if (!begin)
		return 0;
	*ret = ++begin;
	for (const char *pos = begin; *pos; pos++) {
		if (*pos == '<' || *pos == '(')
			depth++;
		else if (depth && (*pos == '>' || *pos == ')'))
			depth--;
		else if (!depth && (*pos == ',' || *pos == '>'))
			return (size_t)(pos - begin);
	}
	return 0;
}

struct op_error *op_cxx_label(struct op_pretty *p, const char **ret)
{
	_cleanup_text_ struct op_text name = OP_TEXT_INIT, label = OP_TEXT_INIT;
	if (op_pretty_std_name(p->type->name, &name))
		op_text_append_escaped(&label, name.data, strcspn(name.data, "<"));
	return op_render_keep(p->x, &label, ret);
}

// Strings -------------------------------------------------------------------------------------

// libc++'s string: either characters elsewhere, or a few of them in the object itself.
static struct op_error *string_representation(struct op_pretty *p, struct op_source_value *ret,
					      bool *ret_found)
{
	struct op_error *err = op_pretty_part(p->x, p->value, "__rep_", ret, ret_found);
	if (!err && !*ret_found)
		err = op_pretty_part(p->x, p->value, "__r_.__value_", ret, ret_found);
	return err;
}

static struct op_error *long_string(struct op_pretty *p, const struct op_source_value *rep,
				    const struct op_type *character)
{
	uint64_t data, size, capacity;
	bool has_data, has_size, has_capacity;
	struct op_error *err = op_pretty_number(p->x, rep, "__l.__data_", &data, &has_data);
	if (!err)
		err = op_pretty_number(p->x, rep, "__l.__size_", &size, &has_size);
	if (!err)
		err = op_pretty_number(p->x, rep, "__l.__cap_", &capacity, &has_capacity);
	if (err)
		return err;
	if (!has_data || !has_size || !has_capacity)
		return op_cxx_unknown_form(p);
	// The lowest bit says "long", and the capacity is kept without it: halved.
	if (size >= capacity * 2)
		return op_pretty_refuse(p,
					"a string of %" PRIu64 " characters does not fit its "
					"capacity",
					size);
	return op_pretty_sequence(p, data, character, size);
}

static struct op_error *short_string(struct op_pretty *p, const struct op_source_value *rep,
				     const struct op_type *character)
{
	_cleanup_source_value_ struct op_source_value data = {0};
	uint64_t size;
	bool has_size, has_data;
	struct op_error *err = op_pretty_number(p->x, rep, "__s.__size_", &size, &has_size);
	if (!err)
		err = op_pretty_part(p->x, rep, "__s.__data_", &data, &has_data);
	if (err)
		return err;
	if (!has_size || !has_data)
		return op_cxx_unknown_form(p);
	const struct op_type *type = op_type_strip(data.type);
	if (type->kind != OP_TYPE_ARRAY || !type->has_count || size > type->count)
		return op_pretty_refuse(p,
					"a string of %" PRIu64 " characters does not fit into "
					"the object",
					size);
	err = op_source_value_read(p->x->session, p->x->frame, &data);
	if (err)
		return err;
	if (!op_source_value_is_known(&data, 0, data.size))
		return op_pretty_refuse(p, "its characters are optimised out");
	size_t shown = size < p->x->limits.elements ? (size_t)size : p->x->limits.elements;
	p->done = true;
	p->node->length = size;
	return op_render_string(p->x, character, data.bytes, shown, shown < size, NULL, p->node);
}

static struct op_error *string(struct op_pretty *p)
{
	_cleanup_source_value_ struct op_source_value rep = {0};
	uint64_t is_long;
	bool found;
	const struct op_type *character = op_cxx_argument(p->type, 0);
	struct op_error *err = string_representation(p, &rep, &found);
	if (!err && found)
		err = op_pretty_number(p->x, &rep, "__s.__is_long_", &is_long, &found);
	if (err)
		return err;
	if (!found || !character)
		return op_cxx_unknown_form(p);
	return is_long ? long_string(p, &rep, character) : short_string(p, &rep, character);
}

// One value, or none --------------------------------------------------------------------------

static struct op_error *optional(struct op_pretty *p)
{
	struct op_source_value content = {0};
	uint64_t engaged;
	bool found;
	struct op_error *err = op_pretty_number(p->x, p->value, "__engaged_", &engaged, &found);
	if (err)
		return err;
	if (!found || engaged > 1)
		return op_cxx_unknown_form(p);
	p->node->kind = OP_SOURCE_NODE_STRUCT;
	p->node->summary = engaged ? "std::optional" : "std::optional without a value";
	p->done = true;
	if (!engaged)
		return NULL;
	err = op_pretty_part(p->x, p->value, "__val_", &content, &found);
	if (err || !found)
		return err ?: op_cxx_unknown_form(p);
	return op_pretty_only_child(p, NULL, &content);
}

static struct op_error *unique_pointer(struct op_pretty *p)
{
	struct op_source_value pointer = {0};
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, "__ptr_.__value_", &pointer, &found);
	if (!err && !found)
		err = op_pretty_part(p->x, p->value, "__ptr_", &pointer, &found);
	if (err || !found)
		return err ?: op_cxx_unknown_form(p);
	p->node->summary = "std::unique_ptr";
	return op_pretty_only_child(p, "get()", &pointer);
}

static struct op_error *owners_text(struct op_pretty *p, const struct op_source_value *control,
				    const char *name)
{
	uint64_t shared, weak;
	bool has_shared, has_weak;
	struct op_error *err =
		op_pretty_number(p->x, control, "__shared_owners_", &shared, &has_shared);
	if (!err)
		err = op_pretty_number(p->x, control, "__shared_weak_owners_", &weak, &has_weak);
	// A libc++ that was compiled without debug information: the counts are not described.
	if (!has_shared || !has_weak) {
		p->node->summary = name;
		return err;
	}
	// Both count from -1 (libc++, __memory/shared_count.h); all shared owners are one weak one.
	return op_render_format(p->x, &p->node->summary,
				"%s (use count %" PRId32 ", weak count %" PRId32 ")", name,
				(int32_t)shared + 1, (int32_t)weak + ((int32_t)shared < 0));
}

static struct op_error *counted_pointer(struct op_pretty *p, const char *name)
{
	_cleanup_source_value_ struct op_source_value pointer = {0};
	_cleanup_source_value_ struct op_source_value control = {0};
	_cleanup_source_value_ struct op_source_value owners = {0};
	uint64_t address;
	bool has_pointer, has_control;
	struct op_error *err = op_pretty_part(p->x, p->value, "__ptr_", &pointer, &has_pointer);
	if (!err)
		err = op_pretty_number(p->x, p->value, "__cntrl_", &address, &has_control);
	if (err)
		return err;
	if (!has_pointer || !has_control)
		return op_cxx_unknown_form(p);
	if (address) {
		err = op_pretty_part(p->x, p->value, "__cntrl_", &control, &has_control);
		if (!err)
			err = op_source_value_target(p->x->session, p->x->frame, &control, &owners);
		if (!err)
			err = owners_text(p, &owners, name);
	} else {
		err = op_render_format(p->x, &p->node->summary, "%s (empty)", name);
	}
	if (err || !p->node->summary)
		return err;
	struct op_source_value child = pointer;
	pointer = (struct op_source_value){0};
	return op_pretty_only_child(p, "get()", &child);
}

static struct op_error *shared_pointer(struct op_pretty *p)
{
	return counted_pointer(p, "std::shared_ptr");
}

static struct op_error *weak_pointer(struct op_pretty *p)
{
	return counted_pointer(p, "std::weak_ptr");
}

static struct op_error *atomic(struct op_pretty *p)
{
	_cleanup_source_value_ struct op_source_value content = {0};
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, "__a_.__a_value", &content, &found);
	if (err || !found)
		return err ?: op_cxx_unknown_form(p);
	p->done = true;
	return op_render_value(p->x, &content, p->node);
}

// Several values ------------------------------------------------------------------------------

// The fields of a tuple are base classes of its only member, one for each.
static struct op_error *tuple_fields(struct op_pretty *p, const struct op_source_value *base,
				     const struct op_type *type)
{
	struct op_source_node *children;
	struct op_error *err = op_render_children(p->x, p->node, type->member_count, &children);
	for (size_t i = 0; !err && i < p->node->child_count; i++) {
		struct op_source_value leaf = {0}, field = {0};
		bool found = false;
		err = op_source_value_member(p->x->session, p->x->frame, base, &type->members[i],
					     &leaf);
		if (!err)
			err = op_pretty_part(p->x, &leaf, "__value_", &field, &found);
		// An empty class is a base of its leaf rather than a member.
		err = op_render_part(p->x, err, found ? &field : &leaf, &children[i]);
		if (found)
			op_source_value_deinit(&leaf);
	}
	return err;
}

static struct op_error *tuple(struct op_pretty *p)
{
	_cleanup_source_value_ struct op_source_value base = {0};
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, "__base_", &base, &found);
	const struct op_type *type = found ? op_type_strip(base.type) : NULL;
	if (!err && type)
		err = op_type_complete(p->value->info, type);
	if (err || !type)
		return err ?: op_cxx_unknown_form(p);
	p->done = true;
	p->node->kind = OP_SOURCE_NODE_STRUCT;
	p->node->is_tuple = true;
	p->node->summary = "std::tuple";
	p->node->length = type->member_count;
	if (!op_render_enter(p->x, p->value, p->node))
		return NULL;
	err = tuple_fields(p, &base, type);
	op_render_leave(p->x);
	return err;
}

// The alternatives of a variant are nested unions: the first, or a union of the others.
static struct op_error *alternative(struct op_pretty *p, uint64_t index,
				    struct op_source_value *ret, bool *ret_found)
{
	_cleanup_source_value_ struct op_source_value at = {0};
	struct op_error *err = op_pretty_part(p->x, p->value, "__impl_.__data", &at, ret_found);
	for (uint64_t i = 0; !err && *ret_found && i < index; i++) {
		struct op_source_value next = {0};
		err = op_pretty_part(p->x, &at, "__tail", &next, ret_found);
		op_source_value_deinit(&at);
		at = next;
	}
	if (err || !*ret_found)
		return err;
	return op_pretty_part(p->x, &at, "__head.__value", ret, ret_found);
}

static struct op_error *variant(struct op_pretty *p)
{
	struct op_source_value content = {0};
	uint64_t index;
	bool found;
	struct op_error *err = op_pretty_number(p->x, p->value, "__impl_.__index", &index, &found);
	if (err || !found)
		return err ?: op_cxx_unknown_form(p);
	p->node->kind = OP_SOURCE_NODE_STRUCT;
	if ((uint32_t)index == UINT32_MAX) {
		p->done = true;
		p->node->summary = "std::variant without a value";
		return NULL;
	}
	if (index >= 256)
		return op_pretty_refuse(p, "a variant's index %" PRIu64 " makes no sense", index);
	err = alternative(p, index, &content, &found);
	if (err || !found)
		return err ?: op_cxx_unknown_form(p);
	err = op_render_format(p->x, &p->node->summary, "std::variant [index %" PRIu64 "]", index);
	if (err) {
		op_source_value_deinit(&content);
		return err;
	}
	return op_pretty_only_child(p, NULL, &content);
}

const struct op_pretty_row op_pretty_cxx[] = {
	{"std::basic_string<*", string},
	{"std::basic_string_view<*", op_pretty_string_view},
	{"std::vector<bool,*", op_pretty_vector_bool},
	{"std::vector<*", op_pretty_vector},
	{"std::array<*", op_pretty_array},
	{"std::span<*", op_pretty_span},
	{"std::initializer_list<*", op_pretty_initializer_list},
	{"std::valarray<*", op_pretty_valarray},
	{"std::bitset<*", op_pretty_bitset},
	{"std::deque<*", op_pretty_deque},
	{"std::queue<*", op_pretty_adaptor},
	{"std::stack<*", op_pretty_adaptor},
	{"std::priority_queue<*", op_pretty_adaptor},
	{"std::list<*", op_pretty_list},
	{"std::forward_list<*", op_pretty_forward_list},
	{"std::map<*", op_pretty_map},
	{"std::multimap<*", op_pretty_map},
	{"std::set<*", op_pretty_set},
	{"std::multiset<*", op_pretty_set},
	{"std::unordered_map<*", op_pretty_unordered_map},
	{"std::unordered_multimap<*", op_pretty_unordered_map},
	{"std::unordered_set<*", op_pretty_unordered_set},
	{"std::unordered_multiset<*", op_pretty_unordered_set},
	{"std::flat_map<*", op_pretty_flat_map},
	{"std::flat_multimap<*", op_pretty_flat_map},
	{"std::flat_set<*", op_pretty_flat_set},
	{"std::flat_multiset<*", op_pretty_flat_set},
	{"std::optional<*", optional},
	{"std::expected<*", op_pretty_expected},
	{"std::unique_ptr<*", unique_pointer},
	{"std::shared_ptr<*", shared_pointer},
	{"std::weak_ptr<*", weak_pointer},
	{"std::reference_wrapper<*", op_pretty_reference_wrapper},
	{"std::function<*", op_pretty_function},
	{"std::any", op_pretty_any},
	{"std::atomic<*", atomic},
	{"std::atomic_flag", atomic},
	{"std::tuple<*", tuple},
	{"std::variant<*", variant},
	{"std::complex<*", op_pretty_complex},
	{"std::chrono::duration<*", op_pretty_duration},
	{"std::chrono::time_point<*", op_pretty_time_point},
	{"std::filesystem::path", op_pretty_path},
	{"std::__fs::filesystem::path", op_pretty_path},
	{0},
};
