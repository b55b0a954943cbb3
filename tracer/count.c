// SPDX-License-Identifier: GPL-3.0-or-later
// Counters' results. A count lives in a cell of the target while its patch does; what outpost saw
// itself, and what cells held whose code is gone, is kept here.
#include "tracer/count.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "tracer/place.h"

struct count_key {
	const struct op_artifact *artifact;
	uint64_t text_offset;
	uint32_t number, pc; // pc as in the artifact's tables
};

struct count_node {
	struct count_key key;
	uint64_t count;
	UT_hash_handle hh;
};

struct op_count_set {
	struct count_node *kept;
	struct OP_ARRAY(struct op_artifact *) artifacts; // of the kept counts: one reference each
	struct OP_ARRAY(struct op_count) rows;
};

struct op_error *op_count_set_create(struct op_count_set **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? NULL : op_error_no_memory();
}

void op_count_set_clear(struct op_count_set *set)
{
	struct count_node *node, *next;
	HASH_ITER(hh, set->kept, node, next)
	{
		HASH_DEL(set->kept, node);
		free(node);
	}
	for (size_t i = 0; i < set->artifacts.count; i++)
		op_artifact_unref(set->artifacts.data[i]);
	set->artifacts.count = 0;
}

void op_count_set_destroy(struct op_count_set *set)
{
	if (!set)
		return;
	op_count_set_clear(set);
	free(set->artifacts.data);
	free(set->rows.data);
	free(set);
}

void op_count_forget(struct op_session *session, uint32_t number)
{
	struct count_node *node, *next;
	HASH_ITER(hh, session->counts->kept, node, next)
	{
		if (node->key.number != number)
			continue;
		HASH_DEL(session->counts->kept, node);
		free(node);
	}
}

// Keeping -----------------------------------------------------------------------------------------

static struct op_error *hold(struct op_count_set *set, struct op_artifact *artifact)
{
	for (size_t i = 0; i < set->artifacts.count; i++)
		if (set->artifacts.data[i] == artifact)
			return NULL;
	if (!op_array_push(&set->artifacts, artifact))
		return op_error_no_memory();
	op_artifact_ref(artifact);
	return NULL;
}

static struct op_error *keep(struct op_session *session, const struct op_patch *patch,
			     uint32_t number, uint64_t count)
{
	struct op_count_set *set = session->counts;
	if (!patch->artifact || !count)
		return NULL;
	struct op_error *err = hold(set, patch->artifact);
	if (err)
		return err;
	struct count_key key = {patch->artifact, patch->text_offset, number, patch->pc};
	struct count_node *node;
	HASH_FIND(hh, set->kept, &key, sizeof(key), node);
	if (!node) {
		node = calloc(1, sizeof(*node));
		if (!node)
			return op_error_no_memory();
		node->key = key;
		bool failed = false;
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (failed = true)
		HASH_ADD(hh, set->kept, key, sizeof(key), node);
		if (failed) {
			free(node);
			return op_error_no_memory();
		}
	}
	node->count += count;
	return NULL;
}

struct op_error *op_count_arrived(struct op_session *session, const struct op_patch *patch,
				  uint32_t number)
{
	return keep(session, patch, number, 1);
}

struct op_error *op_count_retire(struct op_session *session, const struct op_patch *patch,
				 uint32_t index)
{
	uint64_t count = 0;
	struct op_error *err = op_process_read(session->process, op_host_addr(patch->cells[index]),
					       &count, sizeof(count));
	return err ?: keep(session, patch, patch->breakpoints[index], count);
}

// Collecting --------------------------------------------------------------------------------------

// One place of a counter: all its copies are one.
struct sample {
	struct op_artifact *artifact;
	uint64_t text_offset;
	uint32_t number, pc;
	uint64_t count;
};

struct samples {
	struct OP_ARRAY(struct sample) items;
	struct OP_ARRAY(struct op_read_request) reads;
};

static void samples_deinit(struct samples *samples)
{
	free(samples->items.data);
	free(samples->reads.data);
}

static struct op_error *add_patch(void *context, struct op_patch *patch, uint32_t index)
{
	struct samples *samples = context;
	struct sample sample = {patch->artifact, patch->text_offset, patch->breakpoints[index],
				patch->pc, 0};
	struct op_read_request read = {.size = sizeof(uint64_t)};
	if (patch->cells)
		read.addr = op_host_addr(patch->cells[index]);
	return op_array_push(&samples->items, sample) && op_array_push(&samples->reads, read)
		       ? NULL
		       : op_error_no_memory();
}

// The cells' contents, once the samples do not move any more.
static struct op_error *read_cells(struct op_session *session, struct samples *samples)
{
	size_t cells = 0;
	for (size_t i = 0; i < samples->reads.count; i++) {
		if (!samples->reads.data[i].addr.value)
			continue;
		samples->reads.data[cells] = samples->reads.data[i];
		samples->reads.data[cells++].buffer = &samples->items.data[i].count;
	}
	return op_process_read_many(session->process, samples->reads.data, cells);
}

static struct op_error *collect(struct op_session *session, uint32_t number,
				struct samples *samples)
{
	struct op_error *err = op_patch_set_each(session, number, add_patch, samples);
	if (!err)
		err = read_cells(session, samples);
	struct count_node *node, *next;
	HASH_ITER(hh, session->counts->kept, node, next)
	{
		struct sample sample = {(struct op_artifact *)node->key.artifact,
					node->key.text_offset, number, node->key.pc, node->count};
		if (!err && node->key.number == number && !op_array_push(&samples->items, sample))
			err = op_error_no_memory();
	}
	return err;
}

struct op_error *op_count_total(struct op_session *session, uint32_t number, uint64_t *ret)
{
	_cleanup_(samples_deinit) struct samples samples = {0};
	struct op_error *err = collect(session, number, &samples);
	*ret = 0;
	for (size_t i = 0; !err && i < samples.items.count; i++)
		*ret += samples.items.data[i].count;
	return err;
}

// Rows --------------------------------------------------------------------------------------------

// Where a sample's instruction is, in the words of a person.
static struct op_error *name_sample(struct op_session *session, const struct sample *sample,
				    struct op_count *ret, bool *ret_known)
{
	const struct op_function *owner;
	*ret_known = false;
	struct op_error *err =
		op_artifact_function_at(sample->artifact, sample->text_offset, &owner);
	if (err || !owner)
		return err;
	struct op_module_entry *module =
		op_module_by_artifact(session, sample->artifact, owner->module);
	// Its module was unloaded.
	if (!module)
		return NULL;
	uint32_t bias = 0;
	if (module->info.has_slots)
		err = op_place_table_bias(module, &bias);
	if (err)
		return err;
	*ret = (struct op_count){.number = sample->number,
				 .module_id = module->info.id,
				 .module = module->name,
				 .function_index = owner->index,
				 .pc = sample->pc - bias,
				 .count = sample->count};
	// An inlined body lies in another function's code.
	if (module->wasm)
		op_wasm_module_function_at(module->wasm, ret->pc, &ret->function_index);
	ret->function = op_module_function_name(module, ret->function_index);
	*ret_known = true;
	return NULL;
}

static int by_place(const void *a, const void *b)
{
	const struct op_count *x = a, *y = b;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->module_id != y->module_id)
		return x->module_id < y->module_id ? -1 : 1;
	if (x->function_index != y->function_index)
		return x->function_index < y->function_index ? -1 : 1;
	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

static int by_count(const void *a, const void *b)
{
	const struct op_count *x = a, *y = b;
	uint64_t x_weight = x->instructions ? x->instructions : x->count,
		 y_weight = y->instructions ? y->instructions : y->count;
	if (x_weight != y_weight)
		return x_weight > y_weight ? -1 : 1;
	return by_place(a, b);
}

static bool same_function(const struct op_count *a, const struct op_count *b)
{
	return a->number == b->number && a->module_id == b->module_id &&
	       a->function_index == b->function_index;
}

// Sorted by place: the copies of one instruction become one row.
static size_t merge_copies(struct op_count *rows, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (kept && !by_place(&rows[kept - 1], &rows[i]))
			rows[kept - 1].count += rows[i].count;
		else
			rows[kept++] = rows[i];
	}
	return kept;
}

static size_t merge_functions(struct op_count *rows, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t times = rows[i].count;
		if (!kept || !same_function(&rows[kept - 1], &rows[i])) {
			rows[kept] = rows[i];
			rows[kept].instructions = 0;
			rows[kept].covered = rows[kept].counted = 0;
			kept++;
		}
		struct op_count *function = &rows[kept - 1];
		function->instructions += times;
		function->counted++;
		function->covered += times != 0;
	}
	return kept;
}

struct op_error *op_session_counts(struct op_session *session, uint32_t number, bool by_instruction,
				   const char *pattern, const struct op_count **ret,
				   size_t *ret_count)
{
	struct op_count_set *set = session->counts;
	// What a process had counted when it ended is still there.
	struct op_error *err =
		session->state == OP_SESSION_EXITED ? NULL : op_session_need_stopped(session);
	size_t breakpoint_count;
	const struct op_breakpoint *const *breakpoints =
		op_session_breakpoints(session, &breakpoint_count);
	set->rows.count = 0;
	for (size_t b = 0; !err && b < breakpoint_count; b++) {
		_cleanup_(samples_deinit) struct samples samples = {0};
		if (breakpoints[b]->action != OP_ACTION_COUNT ||
		    (number && breakpoints[b]->number != number))
			continue;
		err = collect(session, breakpoints[b]->number, &samples);
		for (size_t i = 0; !err && i < samples.items.count; i++) {
			struct op_count row;
			bool known;
			err = name_sample(session, &samples.items.data[i], &row, &known);
			if (err || !known || (pattern && fnmatch(pattern, row.function, 0)))
				continue;
			if (!op_array_push(&set->rows, row))
				err = op_error_no_memory();
		}
	}
	if (err)
		return err;
	struct op_count *rows = set->rows.data;
	qsort(rows, set->rows.count, sizeof(*rows), by_place);
	set->rows.count = merge_copies(rows, set->rows.count);
	if (!by_instruction)
		set->rows.count = merge_functions(rows, set->rows.count);
	qsort(rows, set->rows.count, sizeof(*rows), by_count);
	*ret = rows;
	*ret_count = set->rows.count;
	return NULL;
}
