// SPDX-License-Identifier: GPL-3.0-or-later
// Printers for the containers of the C++ standard library whose elements are linked nodes, as
// libc++ has them: lists, trees, hash tables; see source_pretty.h.
#include <inttypes.h>
#include <string.h>

#include "tracer/source_pretty.h"

enum {
	/** A red-black tree of 2^64 nodes is no taller. */
	TREE_HEIGHT_MAX = 130,
};

struct walk;
typedef struct op_error *(*step_fn)(struct walk *walk);

/** Goes from node to node. */
struct walk {
	struct op_pretty *p;
	const struct op_type *node_type; // the struct with __value_
	uint64_t node;                   // 0: there is none
	uint64_t end;                    // the node that is none
	step_fn step;
	bool pairs, started;
};

// The types of nodes --------------------------------------------------------------------------

// The first argument of a template's name, as it is written.
static size_t first_argument(const char *name, const char **ret)
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

// The containers know their nodes by their base class only; the whole type is named like that of
// the container inside, `__tree<T, ...>` and `__tree_node<T, void *>`.
static struct op_error *find_node_type(struct op_pretty *p, const struct op_type *container,
				       const char *node_name, const struct op_type **ret)
{
	const char *argument;
	size_t size = container && container->name ? first_argument(container->name, &argument) : 0;
	const char *base = size ? strchr(container->name, '<') : NULL;
	*ret = NULL;
	if (!base)
		return NULL;
	while (base > container->name && base[-1] != ':')
		base--;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append_n(&text, container->name, (size_t)(base - container->name));
	op_text_printf(&text, "%s<%.*s, void *>", node_name, (int)size, argument);
	if (text.failed)
		return op_error_no_memory();
	bool found;
	struct op_die die;
	struct op_error *err =
		op_debug_type_named(p->value->info, NULL, 0, text.data, text.size, &found, &die);
	if (err || !found)
		return err;
	err = op_debug_type(p->value->info, die, ret);
	return err ?: op_type_complete(p->value->info, *ret);
}

static struct op_error *link_of(struct walk *walk, uint64_t node, const char *name, uint64_t *ret)
{
	struct op_source_value value = op_pretty_at(walk->p, walk->node_type, node);
	bool found;
	struct op_error *err = op_pretty_number(walk->p->x, &value, name, ret, &found);
	if (!err && !found)
		err = op_error_create(OP_ERROR_UNREADABLE,
				      "its node at 0x%" PRIx64 " has no %s that can be read", node,
				      name);
	return err;
}

// Steps ---------------------------------------------------------------------------------------

static struct op_error *list_step(struct walk *walk)
{
	return link_of(walk, walk->node, "__next_", &walk->node);
}

static struct op_error *too_tall(void)
{
	return op_error_create(OP_ERROR_FORMAT, "its nodes are tangled: they are no tree");
}

// The next node in order: the leftmost one on the right, else the first ancestor that this is left
// of.
static struct op_error *tree_step(struct walk *walk)
{
	uint64_t right, left, parent, node = walk->node;
	struct op_error *err = link_of(walk, node, "__right_", &right);
	if (err)
		return err;
	if (right) {
		node = right;
		for (unsigned i = 0; i < TREE_HEIGHT_MAX; i++) {
			err = link_of(walk, node, "__left_", &left);
			if (err || !left) {
				walk->node = node;
				return err;
			}
			node = left;
		}
		return too_tall();
	}
	for (unsigned i = 0; i < TREE_HEIGHT_MAX; i++) {
		err = link_of(walk, node, "__parent_", &parent);
		if (!err)
			err = link_of(walk, parent, "__left_", &left);
		if (err || left == node) {
			walk->node = parent;
			return err;
		}
		node = parent;
	}
	return too_tall();
}

// Showing -------------------------------------------------------------------------------------

static struct op_error *show_value(struct walk *walk, const char *path, struct op_source_node *node)
{
	struct op_source_value whole = op_pretty_at(walk->p, walk->node_type, walk->node),
			       part = {0};
	bool found;
	struct op_error *err = op_pretty_part(walk->p->x, &whole, path, &part, &found);
	if (!err && !found)
		err = op_error_create(OP_ERROR_FORMAT, "its nodes have no %s", path);
	return op_render_part(walk->p->x, err, &part, node);
}

// Maps of older libc++ wrap the pair.
static struct op_error *pair_path(struct walk *walk, const char **ret_first,
				  const char **ret_second)
{
	struct op_source_value whole = op_pretty_at(walk->p, walk->node_type, walk->node),
			       part = {0};
	bool found;
	struct op_error *err = op_pretty_part(walk->p->x, &whole, "__value_.first", &part, &found);
	op_source_value_deinit(&part);
	*ret_first = found ? "__value_.first" : "__value_.__cc_.first";
	*ret_second = found ? "__value_.second" : "__value_.__cc_.second";
	return err;
}

static struct op_error *show_pair(struct walk *walk, struct op_source_node *nodes)
{
	const char *first, *second;
	struct op_error *err = pair_path(walk, &first, &second);
	if (!err)
		err = show_value(walk, first, &nodes[0]);
	return err ?: show_value(walk, second, &nodes[1]);
}

// A step is made when its element is wanted: the last one's links need not be right.
static struct op_error *next_node(void *context, struct op_source_node *nodes, bool *ret_ended)
{
	struct walk *walk = context;
	struct op_error *err = walk->started ? walk->step(walk) : NULL;
	walk->started = true;
	if (err)
		return err;
	*ret_ended = !walk->node || walk->node == walk->end;
	if (*ret_ended)
		return NULL;
	return walk->pairs ? show_pair(walk, nodes) : show_value(walk, "__value_", nodes);
}

static struct op_error *show(struct walk *walk, const char *name, uint64_t count, bool pairs,
			     step_fn step)
{
	walk->pairs = pairs;
	walk->step = step;
	return op_pretty_elements(walk->p, name, count, pairs, next_node, walk);
}

static struct op_error *unknown_form(struct op_pretty *p, const struct walk *walk)
{
	return op_pretty_refuse(p, walk->node_type
					   ? "this is not how outpost knows libc++ to lay it out"
					   : "the debug information does not describe its nodes");
}

// The containers ------------------------------------------------------------------------------

struct op_error *op_pretty_list(struct op_pretty *p)
{
	struct walk walk = {.p = p};
	_cleanup_source_value_ struct op_source_value end = {0};
	uint64_t count = 0;
	bool has_end, has_first = false, has_count = false;
	struct op_error *err = find_node_type(p, p->type, "__list_node", &walk.node_type);
	if (!err)
		err = op_pretty_part(p->x, p->value, "__end_", &end, &has_end);
	if (!err && has_end)
		err = op_pretty_number(p->x, &end, "__next_", &walk.node, &has_first);
	if (!err)
		err = op_pretty_number(p->x, p->value, "__size_", &count, &has_count);
	if (err)
		return err;
	if (!walk.node_type || !has_first || !has_count)
		return unknown_form(p, &walk);
	walk.end = end.address;
	return show(&walk, "std::list", count, false, list_step);
}

static struct op_error *tree(struct op_pretty *p, const char *name, bool pairs)
{
	struct walk walk = {.p = p};
	_cleanup_source_value_ struct op_source_value inner = {0};
	uint64_t count;
	bool found, has_first = false, has_count = false;
	struct op_error *err = op_pretty_part(p->x, p->value, "__tree_", &inner, &found);
	if (!err && found)
		err = find_node_type(p, op_type_strip(inner.type), "__tree_node", &walk.node_type);
	if (!err && found)
		err = op_pretty_number(p->x, &inner, "__begin_node_", &walk.node, &has_first);
	if (!err && found)
		err = op_pretty_number(p->x, &inner, "__size_", &count, &has_count);
	if (!err && found && !has_count)
		err = op_pretty_number(p->x, &inner, "__pair3_.__value_", &count, &has_count);
	if (err)
		return err;
	if (!walk.node_type || !has_first || !has_count)
		return unknown_form(p, &walk);
	return show(&walk, name, count, pairs, tree_step);
}

struct op_error *op_pretty_map(struct op_pretty *p)
{
	return tree(p, "std::map", true);
}

struct op_error *op_pretty_set(struct op_pretty *p)
{
	return tree(p, "std::set", false);
}

static struct op_error *hash_table(struct op_pretty *p, const char *name, bool pairs)
{
	struct walk walk = {.p = p};
	_cleanup_source_value_ struct op_source_value inner = {0};
	static const char *const firsts[] = {"__first_node_.__next_", "__p1_.__value_.__next_",
					     NULL};
	static const char *const sizes[] = {"__size_", "__p2_.__value_", NULL};
	uint64_t count;
	bool found, has_first = false, has_count = false;
	struct op_error *err = op_pretty_part(p->x, p->value, "__table_", &inner, &found);
	if (!err && found)
		err = find_node_type(p, op_type_strip(inner.type), "__hash_node", &walk.node_type);
	if (!err && found)
		err = op_pretty_number_of(p->x, &inner, firsts, &walk.node, &has_first);
	if (!err && found)
		err = op_pretty_number_of(p->x, &inner, sizes, &count, &has_count);
	if (err)
		return err;
	if (!walk.node_type || !has_first || !has_count)
		return unknown_form(p, &walk);
	return show(&walk, name, count, pairs, list_step);
}

struct op_error *op_pretty_unordered_map(struct op_pretty *p)
{
	return hash_table(p, "std::unordered_map", true);
}

struct op_error *op_pretty_unordered_set(struct op_pretty *p)
{
	return hash_table(p, "std::unordered_set", false);
}
