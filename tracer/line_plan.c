// SPDX-License-Identifier: GPL-3.0-or-later
// From an instruction along the control flow to the statements of other lines. See line_plan.h.
//
// What a line is depends on who looks: to a body, all that was inlined into it at one place is the
// line of that call. A step compares lines as the innermost body sees them that holds both its
// beginning and the statement it came to.
#include "tracer/line_plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "tracer/line_private.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

enum { FUNCTIONS_MAX = 512, PLANS_MAX = 8192 };

struct function_key {
	const void *owner;
	uint32_t function;
};
struct function_node {
	struct function_key key;
	struct op_line_function *function;
	UT_hash_handle hh;
};
struct plan_key {
	const struct op_line_function *function;
	uint32_t pc, hidden, kind;
};
struct plan_node {
	struct plan_key key;
	const void *owner;        // of the function
	struct op_line_plan plan; // owns its arrays
	UT_hash_handle hh;
};

struct op_line_cache {
	struct function_node *functions;
	struct plan_node *plans;
};

struct op_error *op_line_cache_create(struct op_line_cache **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? NULL : op_error_no_memory();
}

static void plan_node_destroy(struct plan_node *node)
{
	if (!node)
		return;
	free((void *)node->plan.stops);
	free((void *)node->plan.callees);
	free((void *)node->plan.dynamic);
	free(node);
}

static void plan_node_destroyp(struct plan_node **node)
{
	plan_node_destroy(*node);
}

void op_line_cache_clear(struct op_line_cache *cache)
{
	struct plan_node *plan, *next_plan;
	HASH_ITER(hh, cache->plans, plan, next_plan)
	{
		HASH_DEL(cache->plans, plan);
		plan_node_destroy(plan);
	}
	struct function_node *node, *next;
	HASH_ITER(hh, cache->functions, node, next)
	{
		HASH_DEL(cache->functions, node);
		op_line_function_destroy(node->function);
		free(node);
	}
}

void op_line_cache_forget(struct op_line_cache *cache, const void *owner)
{
	struct plan_node *plan, *next_plan;
	HASH_ITER(hh, cache->plans, plan, next_plan)
	{
		if (plan->owner != owner)
			continue;
		HASH_DEL(cache->plans, plan);
		plan_node_destroy(plan);
	}
	struct function_node *node, *next;
	HASH_ITER(hh, cache->functions, node, next)
	{
		if (node->key.owner != owner)
			continue;
		HASH_DEL(cache->functions, node);
		op_line_function_destroy(node->function);
		free(node);
	}
}

void op_line_cache_destroy(struct op_line_cache *cache)
{
	if (!cache)
		return;
	op_line_cache_clear(cache);
	free(cache);
}

struct op_error *op_line_function_get(struct op_line_cache *cache, const void *owner,
				      const struct op_wasm_module *wasm, struct op_debug_info *info,
				      uint32_t function, struct op_line_function **ret)
{
	struct function_key key;
	memset(&key, 0, sizeof(key));
	key.owner = owner;
	key.function = function;
	struct function_node *node;
	HASH_FIND(hh, cache->functions, &key, sizeof(key), node);
	if (node) {
		*ret = node->function;
		return NULL;
	}
	node = calloc(1, sizeof(*node));
	if (!node)
		return op_error_no_memory();
	node->key = key;
	struct op_error *err = op_line_function_create(wasm, info, function, &node->function);
	if (err) {
		free(node);
		return err;
	}
	node->function->owner = owner;
	bool failed = false;
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (failed = true)
	HASH_ADD(hh, cache->functions, key, sizeof(node->key), node);
	if (failed) {
		op_line_function_destroy(node->function);
		free(node);
		return op_error_no_memory();
	}
	*ret = node->function;
	return NULL;
}

// The search ----------------------------------------------------------------------------------

struct search {
	struct op_line_function *function;
	enum op_line_kind kind;
	uint32_t floor; // UNTIL: what is before it does not count
	// The body that the step is of, those around it, and its line.
	const struct op_debug_function *bodies; // innermost first
	size_t body_count;
	struct op_line_of at;
	bool *seen;
	struct OP_ARRAY(size_t) open;
	struct OP_ARRAY(struct op_line_stop) stops;
	struct OP_ARRAY(uint32_t) callees;
	struct OP_ARRAY(uint32_t) dynamic;
	bool leaves, unwinds;
};

static void search_deinit(struct search *search)
{
	free(search->seen);
	free(search->open.data);
	free(search->stops.data);
	free(search->callees.data);
	free(search->dynamic.data);
}

static struct op_line_of call_of(const struct op_debug_function *body)
{
	return (struct op_line_of){body->call_file, body->call_line};
}

static struct op_error *begin(struct search *search, const struct op_line_position *position)
{
	struct op_line_row *row = op_line_function_row(search->function, position->pc);
	if (!row)
		return NULL;
	struct op_error *err = op_line_row_bodies(search->function, row);
	if (err)
		return err;
	size_t hidden = position->hidden < row->body_count ? position->hidden : 0;
	search->at = hidden ? call_of(&row->bodies[hidden - 1]) : row->at;
	search->bodies = row->bodies ? row->bodies + hidden : NULL;
	search->body_count = row->body_count - hidden;
	search->floor = row->end_pc;
	return NULL;
}

// Out of a body: any instruction that is not in it.
static struct op_error *judge_out(struct search *search, struct op_line_row *row, bool *ret,
				  uint32_t *ret_hidden)
{
	struct op_error *err = op_line_row_bodies(search->function, row);
	if (err)
		return err;
	size_t common = op_line_common_bodies(search->bodies, search->body_count, row->bodies,
					      row->body_count);
	*ret = common < search->body_count;
	*ret_hidden = common ? (uint32_t)(row->body_count - common) : 0;
	return NULL;
}

// Does the step end at the statement that begins at @p row?
static struct op_error *judge(struct search *search, struct op_line_row *row, bool *ret,
			      uint32_t *ret_hidden)
{
	*ret = false;
	*ret_hidden = 0;
	if (search->kind == OP_LINE_UNTIL && row->first < search->floor)
		return NULL;
	struct op_error *err = op_line_row_bodies(search->function, row);
	if (err)
		return err;
	size_t common = op_line_common_bodies(search->bodies, search->body_count, row->bodies,
					      row->body_count);
	struct op_line_of from = search->at, to = row->at;
	if (common && common < search->body_count)
		from = call_of(&search->bodies[search->body_count - 1 - common]);
	bool deeper = common && common < row->body_count;
	if (deeper)
		to = call_of(&row->bodies[row->body_count - 1 - common]);
	*ret = !op_line_same(&from, &to) && to.line;
	if (*ret) {
		*ret_hidden = deeper ? (uint32_t)(row->body_count - common) : 0;
	} else if (deeper && search->kind == OP_LINE_INTO) {
		*ret = true;
		*ret_hidden = (uint32_t)(row->body_count - common - 1);
	}
	return NULL;
}

static struct op_error *come_to(struct search *search, uint32_t pc)
{
	size_t index;
	if (!op_wasm_flow_find(search->function->flow, pc, &index) || search->seen[index])
		return NULL;
	struct op_line_row *row = op_line_function_row(search->function, pc);
	bool stop = false;
	uint32_t hidden = 0;
	struct op_error *err = NULL;
	if (row && search->kind == OP_LINE_OUT)
		err = judge_out(search, row, &stop, &hidden);
	else if (row && row->is_statement && row->first == pc)
		err = judge(search, row, &stop, &hidden);
	if (err)
		return err;
	search->seen[index] = true;
	bool kept = stop ? op_array_push(&search->stops, ((struct op_line_stop){pc, hidden}))
			 : op_array_push(&search->open, index);
	return kept ? NULL : op_error_no_memory();
}

static bool note_callee(struct search *search, uint32_t callee)
{
	for (size_t i = 0; i < search->callees.count; i++)
		if (search->callees.data[i] == callee)
			return true;
	return op_array_push(&search->callees, callee);
}

static struct op_error *note_call(struct search *search,
				  const struct op_wasm_instruction *instruction)
{
	const struct op_wasm_module *wasm = search->function->wasm;
	uint32_t tags;
	op_wasm_module_tags(wasm, &tags);
	search->unwinds |= tags != 0;
	if (search->kind != OP_LINE_INTO)
		return NULL;
	bool direct =
		instruction->control == OP_WASM_CALL || instruction->control == OP_WASM_RETURN_CALL;
	bool known = direct &&
		     instruction->immediate >= op_wasm_module_imported(wasm, OP_WASM_EXTERNAL_FUNC);
	bool kept = known ? note_callee(search, instruction->immediate)
			  : op_array_push(&search->dynamic, instruction->offset);
	return kept ? NULL : op_error_no_memory();
}

static struct op_error *come_to_all(struct search *search, const uint32_t *pcs, size_t count)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < count; i++)
		err = come_to(search, pcs[i]);
	return err;
}

// What an instruction does, and what may run after it in the function.
static struct op_error *pass(struct search *search, size_t index)
{
	struct op_wasm_flow *flow = search->function->flow;
	const struct op_wasm_instruction *instruction = op_wasm_flow_instruction(flow, index);
	_cleanup_free_ uint32_t *targets = NULL, *catches = NULL;
	size_t count, catch_count = 0;
	bool leaves;
	struct op_error *err = op_wasm_flow_successors(flow, index, &targets, &count, &leaves);
	if (err)
		return err;
	search->leaves |= leaves;
	switch (instruction->control) {
	case OP_WASM_CALL:
	case OP_WASM_CALL_INDIRECT:
	case OP_WASM_RETURN_CALL:
	case OP_WASM_RETURN_CALL_INDIRECT:
		err = note_call(search, instruction);
		if (!err)
			err = op_wasm_flow_catch_targets(flow, index, &catches, &catch_count);
		break;
	case OP_WASM_THROW:
		search->unwinds = true;
		break;
	default:
		break;
	}
	if (!err)
		err = come_to_all(search, targets, count);
	return err ?: come_to_all(search, catches, catch_count);
}

static int compare_stops(const void *a, const void *b)
{
	const struct op_line_stop *x = a, *y = b;
	return (x->pc > y->pc) - (x->pc < y->pc);
}

static int compare_pcs(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static void hand_over(struct search *search, struct op_line_plan *ret)
{
	if (search->stops.count)
		qsort(search->stops.data, search->stops.count, sizeof(*search->stops.data),
		      compare_stops);
	if (search->dynamic.count)
		qsort(search->dynamic.data, search->dynamic.count, sizeof(*search->dynamic.data),
		      compare_pcs);
	*ret = (struct op_line_plan){
		.stops = op_take(search->stops.data),
		.stop_count = search->stops.count,
		.callees = op_take(search->callees.data),
		.callee_count = search->callees.count,
		.dynamic = op_take(search->dynamic.data),
		.dynamic_count = search->dynamic.count,
		.leaves = search->leaves,
		.unwinds = search->unwinds,
	};
}

static struct op_error *make_plan(struct op_line_function *function, enum op_line_kind kind,
				  const struct op_line_position *position, struct op_line_plan *ret)
{
	struct op_error *err = function->flow ? NULL
					      : op_wasm_flow_create(function->wasm, function->index,
								    &function->flow);
	if (err)
		return err;
	_cleanup_(search_deinit) struct search search = {.function = function, .kind = kind};
	size_t index;
	if (!op_wasm_flow_find(function->flow, position->pc, &index))
		return op_error_create(OP_ERROR_FORMAT,
				       "no instruction starts at 0x%" PRIx32
				       " of function %" PRIu32,
				       position->pc, function->index);
	search.seen = calloc(op_wasm_flow_count(function->flow), sizeof(*search.seen));
	if (!search.seen)
		return op_error_no_memory();
	err = begin(&search, position);
	if (!err)
		err = pass(&search, index);
	while (!err && search.open.count)
		err = pass(&search, search.open.data[--search.open.count]);
	if (!err)
		hand_over(&search, ret);
	return err;
}

struct op_error *op_line_plan_get(struct op_line_cache *cache, struct op_line_function *function,
				  enum op_line_kind kind, const struct op_line_position *position,
				  const struct op_line_plan **ret)
{
	struct plan_key key;
	memset(&key, 0, sizeof(key));
	key.function = function;
	key.pc = position->pc;
	key.hidden = position->hidden;
	key.kind = kind;
	struct plan_node *found;
	HASH_FIND(hh, cache->plans, &key, sizeof(key), found);
	if (found) {
		*ret = &found->plan;
		return NULL;
	}
	_cleanup_(plan_node_destroyp) struct plan_node *node = calloc(1, sizeof(*node));
	if (!node)
		return op_error_no_memory();
	node->key = key;
	node->owner = function->owner;
	struct op_error *err = make_plan(function, kind, position, &node->plan);
	if (err)
		return err;
	bool failed = false;
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (failed = true)
	HASH_ADD(hh, cache->plans, key, sizeof(node->key), node);
	if (failed)
		return op_error_no_memory();
	*ret = &node->plan;
	node = NULL;
	return NULL;
}

void op_line_cache_prune(struct op_line_cache *cache)
{
	if (HASH_COUNT(cache->functions) > FUNCTIONS_MAX || HASH_COUNT(cache->plans) > PLANS_MAX)
		op_line_cache_clear(cache);
}

const struct op_line_stop *op_line_plan_stop(const struct op_line_plan *plan, uint32_t pc)
{
	struct op_line_stop key = {.pc = pc};
	return plan->stop_count
		       ? bsearch(&key, plan->stops, plan->stop_count, sizeof(key), compare_stops)
		       : NULL;
}

bool op_line_plan_is_dynamic(const struct op_line_plan *plan, uint32_t pc)
{
	return plan->dynamic_count &&
	       bsearch(&pc, plan->dynamic, plan->dynamic_count, sizeof(pc), compare_pcs);
}
