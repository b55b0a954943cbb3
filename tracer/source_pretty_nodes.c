// SPDX-License-Identifier: GPL-3.0-or-later
// Printers for the containers of the C++ standard library whose elements are linked nodes, as
// libc++ has them: lists, trees, hash tables; see source_pretty.h.
#include <inttypes.h>
#include <string.h>

#include "tracer/source_pretty_cxx.h"

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

// The containers know their nodes by their base class only; the whole type is named like that of
// the container inside, `__tree<T, ...>` and `__tree_node<T, void *>`.
static struct op_error *find_node_type(struct op_pretty *p, const struct op_type *container,
				       const char *node_name, const struct op_type **ret)
{
	const char *argument;
	size_t size = container && container->name
			      ? op_cxx_first_argument(container->name, &argument)
			      : 0;
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
		err = op_pretty_number_of(p->x, p->value,
					  PATHS("__size_", "__size_alloc_.__value_"), &count,
					  &has_count);
	if (err)
		return err;
	if (!walk.node_type || !has_first || !has_count)
		return unknown_form(p, &walk);
	walk.end = end.address;
	return show(&walk, "std::list", count, false, list_step);
}

/** A chain of nodes that nobody has counted. */
struct chain {
	uint64_t most;  // so many are followed
	uint64_t count; // of different nodes, as far as they were
	bool ended;     // there are no more
	uint64_t again; // the node that the last one leads back to; 0: none
};

// The first node that both ways come to, of which one is as far ahead as the ring is long.
static struct op_error *find_ring_start(const struct walk *walk, uint64_t first, uint64_t length,
					struct chain *ret)
{
	struct walk ahead = *walk, behind = *walk;
	struct op_error *err = NULL;
	ahead.node = behind.node = first;
	for (uint64_t i = 0; !err && i < length; i++)
		err = list_step(&ahead);
	ret->count = length;
	for (; !err && ahead.node != behind.node && ret->count < ret->most; ret->count++)
		err = list_step(&ahead) ?: list_step(&behind);
	ret->again = behind.node;
	return err;
}

// How many nodes there are. A ring is told by Brent's algorithm: a mark that is moved on ever more
// seldom is met again.
static struct op_error *follow(struct walk walk, struct chain *ret)
{
	uint64_t first = walk.node, mark = 0, behind_mark = 0, until_moved = 1;
	struct op_error *err = NULL;
	while (!err && walk.node && ret->count < ret->most) {
		if (walk.node == mark)
			return find_ring_start(&walk, first, behind_mark, ret);
		if (behind_mark == until_moved || !mark) {
			mark = walk.node;
			until_moved *= 2;
			behind_mark = 0;
		}
		if (op_cancelled(&walk.p->x->session->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		err = list_step(&walk);
		behind_mark++;
		ret->count += !err;
	}
	ret->ended = !err && !walk.node;
	return err;
}

// @param[in] broken why it could not be followed; NULL: it could. Taken.
static struct op_error *show_chain(struct walk *walk, const struct chain *chain,
				   struct op_error *broken)
{
	struct op_source_node *node = walk->p->node;
	struct op_render *x = walk->p->x;
	bool counted = !broken && (chain->ended || chain->again);
	struct op_error *err = NULL;
	if (!counted)
		node->summary = "std::forward_list";
	if (!counted && !broken && chain->most)
		err = op_render_format(x, &node->summary,
				       "std::forward_list with more than %" PRIu64 " elements",
				       chain->most);
	// Of more than were counted there is one that is not shown.
	uint64_t count = chain->count + (!counted && !broken);
	if (!err)
		err = show(walk, counted ? "std::forward_list" : NULL, count, false, list_step);
	node->cut = node->cut || broken;
	if (!err && chain->again && !broken)
		err = op_render_format(x, &node->problem,
				       "its last node leads back to that at 0x%" PRIx64,
				       chain->again);
	if (!err)
		return op_render_problem(x, broken, node);
	op_error_destroy(broken);
	return err;
}

struct op_error *op_pretty_forward_list(struct op_pretty *p)
{
	struct walk walk = {.p = p};
	struct chain chain = {.most = p->x->limits.elements};
	bool has_first = false;
	struct op_error *err = find_node_type(p, p->type, "__forward_list_node", &walk.node_type);
	if (!err)
		err = op_pretty_number_of(
			p->x, p->value,
			PATHS("__before_begin_.__next_", "__before_begin_.__value_.__next_"),
			&walk.node, &has_first);
	if (err || !walk.node_type || !has_first)
		return err ?: unknown_form(p, &walk);
	if (chain.most > p->x->nodes_left)
		chain.most = p->x->nodes_left;
	// Where nothing of it will be shown nothing is followed.
	if (p->x->depth >= p->x->limits.depth)
		chain.most = 0;
	err = follow(walk, &chain);
	return err && op_source_is_fatal(err) ? err : show_chain(&walk, &chain, err);
}

static struct op_error *tree(struct op_pretty *p, bool pairs)
{
	struct walk walk = {.p = p};
	const char *name;
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
	err = op_cxx_label(p, &name);
	return err ?: show(&walk, name, count, pairs, tree_step);
}

struct op_error *op_pretty_map(struct op_pretty *p)
{
	return tree(p, true);
}

struct op_error *op_pretty_set(struct op_pretty *p)
{
	return tree(p, false);
}

static struct op_error *hash_table(struct op_pretty *p, bool pairs)
{
	struct walk walk = {.p = p};
	const char *name;
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
	err = op_cxx_label(p, &name);
	return err ?: show(&walk, name, count, pairs, list_step);
}

struct op_error *op_pretty_unordered_map(struct op_pretty *p)
{
	return hash_table(p, true);
}

struct op_error *op_pretty_unordered_set(struct op_pretty *p)
{
	return hash_table(p, false);
}
