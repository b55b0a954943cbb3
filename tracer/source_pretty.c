// SPDX-License-Identifier: GPL-3.0-or-later
// Which printer knows a type, and what all printers need; see source_pretty.h.
#include "tracer/source_pretty.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

enum {
	PART_DEPTH_MAX = 12,
	/** Members that are looked at for one part: a type may say that it has itself inside. */
	PART_MEMBERS_MAX = 1 << 14,
};

// The table -----------------------------------------------------------------------------------

bool op_pretty_std_name(const char *name, struct op_text *text)
{
	static const char prefix[] = "std::";
	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return false;
	op_text_append(text, prefix);
	name += sizeof(prefix) - 1;
	if (name[0] == '_' && name[1] == '_') {
		size_t size = strcspn(name, ":<");
		bool is_version =
			size && name[size] == ':' && name[size - 1] >= '0' && name[size - 1] <= '9';
		name += is_version ? size + 2 : 0;
	}
	op_text_append(text, name);
	return text->data != NULL;
}

// "std::vector<int>::iterator" is a type inside of one that is known, and is not known itself.
static bool is_inside_another(const char *name)
{
	size_t depth = 0;
	for (; *name; name++) {
		if (*name == '<')
			depth++;
		else if (*name == '>' && depth && !--depth && name[1] == ':')
			return true;
	}
	return false;
}

// A name up to its parameters' bracket: in "Guard<Mutex<u8>>" there is no Mutex that a "*" of a
// pattern may lead to. NULL: no memory.
static const char *without_parameters(const char *name, struct op_text *text)
{
	size_t size = strcspn(name, "<");
	op_text_append_n(text, name, size + (name[size] != '\0'));
	return text->failed ? NULL : text->data;
}

static bool fits(const char *pattern, const char *name, const char *without)
{
	return fnmatch(pattern, op_ends_with(pattern, "<*") ? without : name, 0) == 0;
}

bool op_pretty_name_fits(const char *pattern, const char *name)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	const char *without = without_parameters(name, &text);
	return without && fits(pattern, name, without);
}

static op_pretty_fn find_in(const struct op_pretty_row *rows, const char *name)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	const char *without = without_parameters(name, &text);
	for (; without && rows->pattern; rows++) {
		if (fits(rows->pattern, name, without))
			return is_inside_another(name) ? NULL : rows->render;
	}
	return NULL;
}

static op_pretty_fn find(const struct op_type *type)
{
	if (!type->name || type->is_declaration)
		return NULL;
	if (type->language == OP_LANGUAGE_RUST)
		return find_in(op_pretty_rust, type->name);
	if (type->language != OP_LANGUAGE_CPLUSPLUS || type->kind != OP_TYPE_STRUCT)
		return NULL;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	return op_pretty_std_name(type->name, &text) ? find_in(op_pretty_cxx, text.data) : NULL;
}

struct op_error *op_pretty_render(struct op_render *x, const struct op_source_value *value,
				  const struct op_type *type, struct op_source_node *node,
				  bool *ret_done)
{
	*ret_done = false;
	op_pretty_fn render = find(type);
	if (!render)
		return NULL;
	struct op_pretty p = {.x = x, .value = value, .type = type, .node = node};
	struct op_error *err = render(&p);
	if (err && !op_source_is_fatal(err))
		p.done = false;
	err = op_render_problem(x, err, node);
	*ret_done = p.done;
	if (!p.done) {
		// What is missing explains it better than what the printer made of the rest.
		if (value->known && !op_source_value_is_known(value, 0, value->size))
			node->problem = "it is optimised out in part";
		node->children = NULL;
		node->child_count = 0;
		node->summary = node->text = NULL;
		node->is_tuple = node->is_rust = node->cut = false;
	}
	return err;
}

struct op_error *op_pretty_refuse(struct op_pretty *p, const char *format, ...)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	va_list args;
	va_start(args, format);
	op_text_vprintf(&text, format, args);
	va_end(args);
	p->done = false;
	return op_render_keep(p->x, &text, &p->node->problem);
}

// Parts ---------------------------------------------------------------------------------------

/** A part that is looked for. */
struct search {
	const char *name;
	size_t size;
	size_t left; // members that are still looked at
};

static bool has_name(const struct op_type_member *member, const struct search *search)
{
	return member->name && !member->is_static && strlen(member->name) == search->size &&
	       !memcmp(member->name, search->name, search->size);
}

// In the value itself, then in what belongs to it without a name of its own.
static struct op_error *find_part(struct op_render *x, const struct op_source_value *value,
				  struct search *search, unsigned depth,
				  struct op_source_value *ret, bool *ret_found)
{
	const struct op_type *type = op_type_strip(value->type);
	*ret_found = false;
	if (!type || (type->kind != OP_TYPE_STRUCT && type->kind != OP_TYPE_UNION) ||
	    depth > PART_DEPTH_MAX)
		return NULL;
	struct op_error *err = op_type_complete(value->info, type);
	if (!err && type->member_count > search->left)
		err = op_error_create(OP_ERROR_LIMIT, "a type in it has too many members");
	search->left -= err ? 0 : type->member_count;
	for (size_t i = 0; !err && i < type->member_count; i++) {
		if (!has_name(&type->members[i], search))
			continue;
		*ret_found = true;
		return op_source_value_member(x->session, x->frame, value, &type->members[i], ret);
	}
	for (size_t i = 0; !err && !*ret_found && i < type->member_count; i++) {
		const struct op_type_member *member = &type->members[i];
		if (!member->is_base && member->name)
			continue;
		_cleanup_source_value_ struct op_source_value part = {0};
		err = op_source_value_member(x->session, x->frame, value, member, &part);
		if (!err)
			err = find_part(x, &part, search, depth + 1, ret, ret_found);
	}
	return err;
}

struct op_error *op_pretty_part(struct op_render *x, const struct op_source_value *value,
				const char *path, struct op_source_value *ret, bool *ret_found)
{
	_cleanup_source_value_ struct op_source_value at = {0};
	struct op_error *err = op_source_value_copy(value, &at);
	*ret_found = false;
	while (!err && *path) {
		size_t size = strcspn(path, ".");
		struct search search = {path, size, PART_MEMBERS_MAX};
		struct op_source_value next = {0};
		bool found;
		err = find_part(x, &at, &search, 0, &next, &found);
		if (err || !found)
			return err;
		op_source_value_deinit(&at);
		at = next;
		if (!path[size])
			break;
		path += size + 1;
	}
	if (err)
		return err;
	*ret = at;
	at = (struct op_source_value){0};
	*ret_found = true;
	return NULL;
}

struct op_error *op_pretty_number(struct op_render *x, const struct op_source_value *value,
				  const char *path, uint64_t *ret, bool *ret_found)
{
	_cleanup_source_value_ struct op_source_value part = {0};
	struct op_operand operand;
	struct op_error *err = op_pretty_part(x, value, path, &part, ret_found);
	if (err || !*ret_found)
		return err;
	err = op_source_value_operand(x->session, x->frame, &part, &operand);
	*ret_found = !err;
	if (err && op_source_is_fatal(err))
		return err;
	op_error_destroy(err);
	if (*ret_found)
		*ret = (uint64_t)operand.integer;
	return NULL;
}

struct op_error *op_pretty_number_of(struct op_render *x, const struct op_source_value *value,
				     const char *const *paths, uint64_t *ret, bool *ret_found)
{
	struct op_error *err = NULL;
	*ret_found = false;
	for (; !err && !*ret_found && *paths; paths++)
		err = op_pretty_number(x, value, *paths, ret, ret_found);
	return err;
}

struct op_error *op_pretty_target_type(struct op_render *x, const struct op_source_value *value,
				       const char *path, const struct op_type **ret)
{
	_cleanup_source_value_ struct op_source_value part = {0};
	bool found;
	*ret = NULL;
	struct op_error *err = op_pretty_part(x, value, path, &part, &found);
	if (err || !found)
		return err;
	const struct op_type *type = op_type_strip(part.type);
	if (type && type->kind == OP_TYPE_POINTER)
		*ret = type->target;
	return NULL;
}

// Values elsewhere ----------------------------------------------------------------------------

struct op_source_value op_pretty_at(const struct op_pretty *p, const struct op_type *type,
				    uint64_t address)
{
	return (struct op_source_value){.info = p->value->info,
					.type = type,
					.place = OP_SOURCE_VALUE_MEMORY,
					.memory = p->value->memory,
					.address = address,
					.recovered = p->value->recovered,
					.native = p->value->native};
}

struct op_error *op_pretty_fits(struct op_pretty *p, uint64_t address, const struct op_type *type,
				uint64_t count, bool *ret)
{
	const struct op_type *stripped = op_type_strip(type);
	uint64_t size, end;
	uint8_t last;
	*ret = false;
	if (!stripped || !stripped->has_size ||
	    __builtin_mul_overflow(count, stripped->size, &size) ||
	    __builtin_add_overflow(address, size, &end))
		return NULL;
	if (!size) {
		*ret = true;
		return NULL;
	}
	struct op_error *err = op_session_read_memory(p->x->session, p->x->frame, p->value->memory,
						      end - 1, &last, 1);
	if (err && op_source_is_fatal(err))
		return err;
	*ret = !err;
	op_error_destroy(err);
	return NULL;
}

struct op_error *op_pretty_sequence(struct op_pretty *p, uint64_t address,
				    const struct op_type *element, uint64_t count)
{
	bool fits;
	const struct op_type *array;
	struct op_error *err = op_pretty_fits(p, address, element, count, &fits);
	if (err)
		return err;
	if (!fits)
		return op_pretty_refuse(
			p, "its %" PRIu64 " elements at 0x%" PRIx64 " are not in memory", count,
			address);
	err = op_type_array_of(p->value->info, element, count, &array);
	if (err)
		return err;
	struct op_source_value value = op_pretty_at(p, array, address);
	p->done = true;
	return op_render_array(p->x, &value, array, p->node);
}

// Walks ---------------------------------------------------------------------------------------

static struct op_error *show_elements(struct op_pretty *p, uint64_t count, size_t width,
				      op_pretty_next_fn next, void *walk)
{
	struct op_render *x = p->x;
	struct op_source_node *node = p->node, *children;
	uint64_t shown = count < x->limits.elements ? count : x->limits.elements;
	struct op_error *err = op_render_children(x, node, shown * width, &children);
	size_t used = 0;
	for (; !err && used + width <= node->child_count; used += width) {
		bool ended = false;
		err = next(walk, &children[used], &ended);
		if (!err && ended)
			err = op_error_create(OP_ERROR_FORMAT,
					      "it ends after %zu of its %" PRIu64 " elements",
					      used / width, count);
		if (err)
			break;
	}
	x->nodes_left += node->child_count - used;
	node->child_count = used;
	node->cut = used / width < count;
	return op_render_problem(x, err, node);
}

struct op_error *op_pretty_elements(struct op_pretty *p, const char *name, uint64_t count,
				    bool pairs, op_pretty_next_fn next, void *walk)
{
	struct op_error *err = NULL;
	p->done = true;
	p->node->kind = pairs ? OP_SOURCE_NODE_MAP : OP_SOURCE_NODE_ARRAY;
	p->node->is_rust = p->type->language == OP_LANGUAGE_RUST;
	p->node->length = count;
	if (name)
		err = op_render_format(p->x, &p->node->summary, "%s with %" PRIu64 " element%s",
				       name, count, count == 1 ? "" : "s");
	if (err || !count || !op_render_enter(p->x, p->value, p->node))
		return err;
	err = show_elements(p, count, pairs ? 2 : 1, next, walk);
	op_render_leave(p->x);
	return err;
}

// The one child of a node, entered; *ret NULL: it is too deep.
static struct op_error *only_child(struct op_pretty *p, bool *ret_entered,
				   struct op_source_node **ret)
{
	*ret = NULL;
	p->done = true;
	p->node->kind = OP_SOURCE_NODE_STRUCT;
	p->node->length = 1;
	*ret_entered = op_render_enter(p->x, p->value, p->node);
	return *ret_entered ? op_render_children(p->x, p->node, 1, ret) : NULL;
}

struct op_error *op_pretty_only_child(struct op_pretty *p, const char *name,
				      struct op_source_value *part)
{
	struct op_source_node *child;
	bool entered;
	struct op_error *err = only_child(p, &entered, &child);
	if (!err && child) {
		child->name = name;
		err = op_render_value(p->x, part, child);
	}
	if (entered)
		op_render_leave(p->x);
	op_source_value_deinit(part);
	return err;
}

struct op_error *op_pretty_only_text(struct op_pretty *p, const struct op_type *character,
				     uint64_t address, uint64_t count)
{
	struct op_source_node *child;
	bool entered;
	struct op_error *err = only_child(p, &entered, &child);
	if (!err && child) {
		child->type = "str";
		err = op_render_characters(p->x, character, p->value->memory, address, count,
					   child);
	}
	if (entered)
		op_render_leave(p->x);
	return err;
}
