// SPDX-License-Identifier: GPL-3.0-or-later
// Printers for the containers of Rust's standard library whose elements are in nodes: B-trees,
// linked lists; see source_pretty.h. Members are found by their names
// (library/alloc/src/collections/btree/node.rs, map.rs, set.rs; linked_list.rs). The nodes are the
// guest's memory: a tree is walked by its height, which goes down with each step, so that no cycle
// holds anybody up.
#include <inttypes.h>
#include <string.h>

#include "tracer/source_pretty_rust.h"

enum {
	/** With six children at least to each inner node, 2^64 elements need no more. */
	TREE_HEIGHT_MAX = 26,
	/** Types around a pointer, and beside it: Option, its variants, NonNull, ... */
	WRAPPERS_MAX = 32,
};

// What stands in an Option at a path; *ret_found false: nothing, or there is no such Option.
static struct op_error *some(struct op_render *x, const struct op_source_value *value,
			     const char *path, struct op_source_value *ret, bool *ret_found)
{
	_cleanup_source_value_ struct op_source_value option = {0}, fields = {0};
	const struct op_type_variant *variant;
	struct op_error *err = op_pretty_part(x, value, path, &option, ret_found);
	const struct op_type *type = !err && *ret_found ? op_type_strip(option.type) : NULL;
	*ret_found = false;
	if (!type || type->kind != OP_TYPE_STRUCT)
		return err;
	err = op_type_complete(option.info, type);
	if (err || !type->variant_count)
		return err;
	err = op_render_choose_variant(x, &option, type, &variant);
	if (err || !variant->member.name || strcmp(variant->member.name, "Some") != 0)
		return err;
	err = op_source_value_member(x->session, x->frame, &option, &variant->member, &fields);
	return err ?: op_pretty_part(x, &fields, "__0", ret, ret_found);
}

// What the first pointer in a type points to, through whatever is around it; *ret is left alone
// when there is none among as many types as are looked at.
static struct op_error *find_pointer(struct op_debug_info *info, const struct op_type *type,
				     unsigned *left, const struct op_type **ret)
{
	type = op_type_strip(type);
	if (!*left)
		return NULL;
	--*left;
	if (type->kind == OP_TYPE_POINTER)
		*ret = type->target;
	if (type->kind != OP_TYPE_STRUCT && type->kind != OP_TYPE_UNION)
		return NULL;
	struct op_error *err = op_type_complete(info, type);
	for (size_t i = 0; !err && !*ret && *left && i < type->member_count; i++)
		err = find_pointer(info, type->members[i].type, left, ret);
	for (size_t i = 0; !err && !*ret && *left && i < type->variant_count; i++)
		err = find_pointer(info, type->variants[i].member.type, left, ret);
	return err;
}

static struct op_error *pointed_to(struct op_debug_info *info, const struct op_type *type,
				   const struct op_type **ret)
{
	unsigned left = WRAPPERS_MAX;
	*ret = NULL;
	return find_pointer(info, type, &left, ret);
}

static const struct op_type_member *member_named(const struct op_type *type, const char *name)
{
	for (size_t i = 0; i < type->member_count; i++) {
		if (type->members[i].name && strcmp(type->members[i].name, name) == 0)
			return &type->members[i];
	}
	return NULL;
}

// B-trees -------------------------------------------------------------------------------------

/** A node, and which of its elements is next. */
struct level {
	uint64_t node, height;
	uint64_t index, length;
};
/** The way from the root of a tree to where a walk is. */
struct btree {
	struct op_pretty *p;
	const struct op_type *leaf;  // LeafNode: what every node begins with
	const struct op_type *inner; // InternalNode: with edges to further ones
	uint64_t capacity;           // of a node
	uint64_t count;
	bool pairs;
	struct level path[TREE_HEIGHT_MAX + 1];
	unsigned depth;
};

static struct op_error *malformed(uint64_t node, const char *what)
{
	return op_error_create(OP_ERROR_FORMAT, "its node at 0x%" PRIx64 " %s", node, what);
}

// The value in what is around those that need not be there: MaybeUninit and ManuallyDrop, and since
// Rust 1.94 MaybeDangling in that.
static struct op_error *initialised(struct op_render *x, const struct op_source_value *value,
				    struct op_source_value *ret, bool *ret_found)
{
	static const char dangling[] = "core::mem::maybe_dangling::MaybeDangling<";
	_cleanup_source_value_ struct op_source_value part = {0};
	struct op_error *err = op_pretty_part(x, value, "value.value", &part, ret_found);
	if (err || !*ret_found)
		return err;
	const struct op_type *type = op_type_strip(part.type);
	if (type && type->name && !strncmp(type->name, dangling, sizeof(dangling) - 1))
		return op_pretty_part(x, &part, "__0", ret, ret_found);
	return op_source_value_copy(&part, ret);
}

// One of the elements of an array in a node.
static struct op_error *node_part(struct btree *tree, const struct op_type *type, uint64_t node,
				  const char *array, uint64_t index, struct op_source_value *ret)
{
	struct op_render *x = tree->p->x;
	_cleanup_source_value_ struct op_source_value all = {0}, one = {0};
	struct op_source_value whole = op_pretty_at(tree->p, type, node);
	bool found;
	struct op_error *err = op_pretty_part(x, &whole, array, &all, &found);
	if (!err && found)
		err = op_source_value_element(x->session, x->frame, &all, index, &one);
	if (!err && found)
		err = initialised(x, &one, ret, &found);
	return err ?: found ? NULL : malformed(node, "is not as outpost knows it");
}

static struct op_error *edge(struct btree *tree, const struct level *level, uint64_t *ret)
{
	_cleanup_source_value_ struct op_source_value pointer = {0};
	static const char *const paths[] = {"pointer", "pointer.pointer", "ptr.pointer", NULL};
	bool found = false;
	struct op_error *err =
		node_part(tree, tree->inner, level->node, "edges", level->index, &pointer);
	if (!err)
		err = op_pretty_number_of(tree->p->x, &pointer, paths, ret, &found);
	return err ?: found ? NULL : malformed(level->node, "has an edge that cannot be read");
}

// A node knows which edge of which other leads to it: what contradicts that is no tree.
static struct op_error *check_parent(struct btree *tree, const struct op_source_value *node,
				     const struct level *parent)
{
	struct op_render *x = tree->p->x;
	_cleanup_source_value_ struct op_source_value link = {0}, wrapped = {0}, index = {0};
	uint64_t address = 0, at = 0;
	bool found, has_index;
	struct op_error *err = some(x, node, "parent", &link, &found);
	if (!err && found)
		err = op_pretty_number(x, &link, "pointer", &address, &found);
	if (!err && parent)
		err = op_pretty_part(x, node, "parent_idx", &wrapped, &has_index);
	if (!err && parent && has_index)
		err = initialised(x, &wrapped, &index, &has_index);
	if (!err && parent && has_index)
		err = op_pretty_number(x, &index, "", &at, &has_index);
	bool fits = parent ? found && has_index && address == parent->node && at == parent->index
			   : !found;
	return err ?: fits ? NULL : malformed(node->address, "does not belong to where it is");
}

static struct op_error *enter_node(struct btree *tree, uint64_t node, uint64_t height)
{
	struct op_source_value whole = op_pretty_at(tree->p, tree->leaf, node);
	struct level *level = &tree->path[tree->depth];
	bool found = false;
	*level = (struct level){.node = node, .height = height};
	struct op_error *err = op_pretty_number(tree->p->x, &whole, "len", &level->length, &found);
	if (!err && !found)
		return malformed(node, "is not in memory");
	if (!err && (level->length > tree->capacity || (height && !level->length)))
		return malformed(node, "has a number of elements that no node has");
	if (!err)
		err = check_parent(tree, &whole, tree->depth ? level - 1 : NULL);
	tree->depth += !err;
	return err;
}

// To the first element below a node, which is in a leaf.
static struct op_error *descend(struct btree *tree, uint64_t node, uint64_t height)
{
	struct op_error *err = enter_node(tree, node, height);
	while (!err && height--) {
		err = edge(tree, &tree->path[tree->depth - 1], &node);
		if (!err)
			err = enter_node(tree, node, height);
	}
	return err;
}

static struct op_error *show_part(struct btree *tree, const struct level *level, const char *array,
				  struct op_source_node *node)
{
	struct op_source_value part = {0};
	struct op_error *err = node_part(tree, tree->leaf, level->node, array, level->index, &part);
	return op_render_part(tree->p->x, err, &part, node);
}

// Below an inner node's element and the one behind it are those in between.
static struct op_error *next_in_tree(void *context, struct op_source_node *nodes, bool *ret_ended)
{
	struct btree *tree = context;
	struct level *level = &tree->path[tree->depth - 1];
	struct op_error *err = NULL;
	uint64_t node;
	if (level->height) {
		err = edge(tree, level, &node);
		if (!err)
			err = descend(tree, node, level->height - 1);
		if (err)
			return err;
	}
	while (tree->depth &&
	       tree->path[tree->depth - 1].index == tree->path[tree->depth - 1].length)
		tree->depth--;
	*ret_ended = !tree->depth;
	if (!tree->depth)
		return NULL;
	level = &tree->path[tree->depth - 1];
	err = show_part(tree, level, "keys", &nodes[0]);
	if (!err && tree->pairs)
		err = show_part(tree, level, "vals", &nodes[1]);
	level->index++;
	return err;
}

// The types of nodes: an inner one is only named by what points back to it.
static struct op_error *find_node_types(struct btree *tree, const struct op_source_value *root)
{
	struct op_debug_info *info = tree->p->value->info;
	_cleanup_source_value_ struct op_source_value node = {0};
	bool found;
	struct op_error *err = op_pretty_part(tree->p->x, root, "node", &node, &found);
	if (!err && found)
		err = pointed_to(info, node.type, &tree->leaf);
	tree->leaf = err ? NULL : op_type_strip(tree->leaf);
	if (!tree->leaf)
		return err;
	err = op_type_complete(info, tree->leaf);
	const struct op_type_member *parent = member_named(tree->leaf, "parent");
	const struct op_type_member *keys = member_named(tree->leaf, "keys");
	const struct op_type *array = keys ? op_type_strip(keys->type) : NULL;
	if (!err && parent)
		err = pointed_to(info, parent->type, &tree->inner);
	if (array && array->kind == OP_TYPE_ARRAY && array->has_count)
		tree->capacity = array->count;
	return err;
}

static struct op_error *open_tree(struct btree *tree, const struct op_source_value *root)
{
	static const char *const pointers[] = {"node.pointer", "node.ptr.pointer",
					       "node.ptr.pointer.pointer", NULL};
	struct op_pretty *p = tree->p;
	uint64_t node, height;
	bool has_node = false, has_height = false;
	struct op_error *err = find_node_types(tree, root);
	if (!err)
		err = op_pretty_number_of(p->x, root, pointers, &node, &has_node);
	if (!err)
		err = op_pretty_number(p->x, root, "height", &height, &has_height);
	if (err || !has_node || !has_height || !tree->inner || !tree->capacity)
		return err ?: op_rust_unknown_form(p);
	if (height > TREE_HEIGHT_MAX)
		return op_pretty_refuse(p, "a tree of %" PRIu64 " levels makes no sense", height);
	return descend(tree, node, height);
}

static struct op_error *show_tree(struct op_pretty *p, const struct op_source_value *map,
				  const char *name, bool pairs)
{
	struct btree tree = {.p = p, .pairs = pairs};
	_cleanup_source_value_ struct op_source_value root = {0};
	bool has_root = false, found;
	struct op_error *err = op_pretty_number(p->x, map, "length", &tree.count, &found);
	if (err || !found)
		return err ?: op_rust_unknown_form(p);
	if (tree.count)
		err = some(p->x, map, "root", &root, &has_root);
	if (!err && tree.count && !has_root)
		return op_pretty_refuse(
			p, "a tree of %" PRIu64 " elements without nodes makes no sense",
			tree.count);
	if (!err && has_root)
		err = open_tree(&tree, &root);
	if (err || (has_root && !tree.depth))
		return err;
	return op_pretty_elements(p, name, tree.count, pairs, next_in_tree, &tree);
}

struct op_error *op_pretty_btree_map(struct op_pretty *p)
{
	return show_tree(p, p->value, "BTreeMap", true);
}

struct op_error *op_pretty_btree_set(struct op_pretty *p)
{
	_cleanup_source_value_ struct op_source_value map = {0};
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, "map", &map, &found);
	return err || !found ? err ?: op_rust_unknown_form(p)
			     : show_tree(p, &map, "BTreeSet", false);
}

// Linked lists --------------------------------------------------------------------------------

struct list {
	struct op_pretty *p;
	const struct op_type *node;
	uint64_t at, before; // nodes; 0: there is none
};

// Where the link at a path of a value leads to; 0: nowhere.
static struct op_error *read_link(struct list *list, const struct op_source_value *value,
				  const char *path, uint64_t *ret)
{
	_cleanup_source_value_ struct op_source_value link = {0};
	bool found;
	*ret = 0;
	struct op_error *err = some(list->p->x, value, path, &link, &found);
	if (err || !found)
		return err;
	if (!list->node)
		err = pointed_to(link.info, link.type, &list->node);
	return err ?: op_pretty_number(list->p->x, &link, "pointer", ret, &found);
}

// Each node knows the one before it: what contradicts that is no list.
static struct op_error *next_in_list(void *context, struct op_source_node *nodes, bool *ret_ended)
{
	struct list *list = context;
	struct op_source_value node = op_pretty_at(list->p, list->node, list->at), part = {0};
	uint64_t before;
	bool found;
	*ret_ended = !list->at;
	if (!list->at)
		return NULL;
	struct op_error *err = read_link(list, &node, "prev", &before);
	if (!err && before != list->before)
		err = malformed(list->at, "does not belong to where it is");
	if (!err)
		err = op_pretty_part(list->p->x, &node, "element", &part, &found);
	if (!err && !found)
		err = malformed(list->at, "is not as outpost knows it");
	if (err)
		return err;
	err = op_render_part(list->p->x, NULL, &part, nodes);
	list->before = list->at;
	return err ?: read_link(list, &node, "next", &list->at);
}

struct op_error *op_pretty_linked_list(struct op_pretty *p)
{
	struct list list = {.p = p};
	uint64_t count;
	bool found;
	struct op_error *err = op_pretty_number(p->x, p->value, "len", &count, &found);
	if (!err && found)
		err = read_link(&list, p->value, "head", &list.at);
	if (err || !found || (count && !list.node))
		return err ?: op_rust_unknown_form(p);
	return op_pretty_elements(p, "LinkedList", count, false, next_in_list, &list);
}
