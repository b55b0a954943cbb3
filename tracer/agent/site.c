// SPDX-License-Identifier: GPL-3.0-or-later
// From the users of a patch slot to the groups of its stub. Knows breakpoints, compiles nothing.
#include "tracer/agent/site.h"

#include <inttypes.h>

#include "tracer/agent/agent.h"
#include "tracer/breakpoint_entry.h"
#include "tracer/trace.h"

// One user's part of the plan.
struct plan {
	struct op_session *session;
	struct op_patch *patch;
	uint32_t index;
	struct op_breakpoint_entry *entry;
	const struct op_module_entry *module;
	uint32_t function, pc;
	struct op_site *site;
};

static struct op_stub_step *add_step(struct op_site *site, enum op_stub_step_kind kind)
{
	struct op_stub_group *group = &site->groups[site->group_count];
	struct op_stub_step *step = &site->steps[site->group_count][group->count++];
	group->steps = site->steps[site->group_count];
	*step = (struct op_stub_step){.kind = kind};
	return step;
}

static void end_group(struct op_site *site, uint32_t user)
{
	site->users[site->group_count++] = user;
}

// An expression of the entry's, as it is here; NULL: it was not parsed for this place.
static const struct op_expression *find(const struct plan *plan,
					const struct op_condition *condition)
{
	return plan->module ? op_condition_expression(condition, plan->module->info.id,
						      plan->function, plan->pc)
			    : NULL;
}

static struct op_error *not_parsed(void)
{
	return op_error_create(OP_ERROR_UNSUPPORTED, "the expression means nothing at that place");
}

static struct op_error *plan_condition(const struct plan *plan)
{
	if (!plan->entry->condition.text)
		return NULL;
	const struct op_expression *expression = find(plan, &plan->entry->condition);
	if (!expression)
		return not_parsed();
	add_step(plan->site, OP_STUB_TRUE)->expression = expression;
	return NULL;
}

static struct op_error *plan_ignore(const struct plan *plan)
{
	struct op_breakpoint_entry *entry = plan->entry;
	if (!entry->info.ignore_left)
		return NULL;
	if (!entry->ignore_cell) {
		uint64_t cell;
		struct op_error *err = op_agent_cell(plan->session, plan->patch, &cell);
		if (!err)
			err = op_process_write(plan->session->process, op_host_addr(cell),
					       &entry->info.ignore_left,
					       sizeof(entry->info.ignore_left));
		if (err)
			return err;
		entry->ignore_cell = cell;
	}
	add_step(plan->site, OP_STUB_IGNORE)->cell = entry->ignore_cell;
	return NULL;
}

static struct op_error *plan_stop(const struct plan *plan)
{
	if (!plan->entry->condition.text && !plan->entry->info.ignore_left)
		return NULL;
	struct op_error *err = plan_condition(plan);
	if (!err)
		err = plan_ignore(plan);
	if (!err)
		add_step(plan->site, OP_STUB_TRAP)->tag = plan->entry->info.number;
	return err;
}

// A private copy runs on one thread at a time, and has its own cells: no need to lock.
static struct op_error *plan_count(const struct plan *plan)
{
	uint64_t *cell = &plan->patch->cells[plan->index];
	struct op_error *err = plan_condition(plan);
	if (!err && !*cell)
		err = op_agent_cell(plan->session, plan->patch, cell);
	if (!err)
		add_step(plan->site, OP_STUB_COUNT)->cell = *cell;
	return err;
}

// The ring does not tell a value's type: it is one at all places of a log point.
static struct op_error *take_log_type(struct op_log *log, size_t index, enum op_value_type type)
{
	if (log->type_known[index] && log->types[index] != type)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "a value that it shows has another type at another place");
	log->type_known[index] = true;
	log->types[index] = type;
	return NULL;
}

static struct op_error *plan_log(const struct plan *plan)
{
	struct op_log *log = &plan->entry->log;
	const struct op_expression **values = plan->site->values[plan->index];
	struct op_error *err = plan_condition(plan);
	uint64_t ring = 0;
	unsigned size_log2 = 0;
	for (size_t i = 0; !err && i < log->value_count; i++) {
		if (op_log_format_is_text(&log->format, i)) {
			err = op_error_create(OP_ERROR_UNSUPPORTED,
					      "the text that its %%s shows is read by outpost");
			break;
		}
		values[i] = find(plan, &log->values[i]);
		if (!values[i] || !values[i]->root->type.known)
			err = not_parsed();
		else
			err = take_log_type(log, i, values[i]->root->type.type);
	}
	if (!err)
		err = op_log_ring(plan->session, plan->patch, &ring, &size_log2);
	if (err)
		return err;
	struct op_stub_step *step = add_step(plan->site, OP_STUB_LOG);
	step->cell = ring;
	step->size_log2 = size_log2;
	step->values = values;
	step->value_count = (unsigned)log->value_count;
	step->log = plan->entry->info.number;
	return NULL;
}

static struct op_error *plan_trace(const struct plan *plan)
{
	uint64_t ring;
	unsigned size_log2;
	struct op_error *err =
		op_trace_ring(plan->session, plan->entry->info.number, plan->entry->trace_length,
			      plan->patch, &ring, &size_log2);
	if (err)
		return err;
	struct op_stub_step *step = add_step(plan->site, OP_STUB_TRACE);
	step->cell = ring;
	step->size_log2 = size_log2;
	return NULL;
}

static struct op_error *plan_watch(const struct plan *plan)
{
	struct op_software_watch *watch = plan->entry->watch;
	struct op_error *err = op_software_watch_cells(plan->session, plan->patch, watch);
	if (err)
		return err;
	if (watch->local)
		add_step(plan->site, OP_STUB_FRAME)->cell = watch->frame_cell;
	struct op_stub_step *step = add_step(plan->site, OP_STUB_CHANGED);
	step->cell = watch->cell;
	step->expression = watch->expression;
	add_step(plan->site, OP_STUB_TRAP)->tag = plan->entry->info.number;
	return NULL;
}

static struct op_error *(*const planners[])(const struct plan *plan) = {
	[OP_ACTION_STOP] = plan_stop,   [OP_ACTION_COUNT] = plan_count, [OP_ACTION_LOG] = plan_log,
	[OP_ACTION_TRACE] = plan_trace, [OP_ACTION_WATCH] = plan_watch,
};

void op_site_tell_outside(struct op_session *session, const struct op_patch *patch, uint32_t index,
			  const struct op_error *why)
{
	struct op_breakpoint_entry *entry =
		op_breakpoint_set_entry(session, patch->breakpoints[index]);
	if (!entry || entry->told_outside)
		return;
	entry->told_outside = true;
	op_session_notice(session, OP_NOTICE_INFO,
			  "%" PRIu32 " (%s) stops the program at each arrival, for a moment: %s",
			  entry->info.number, entry->spec, why->message);
}

void op_site_tell_raw(struct op_session *session, const struct op_patch *patch)
{
	_cleanup_error_ struct op_error *why = op_error_create(
		OP_ERROR_UNSUPPORTED, "the module was compiled without guest-debug");
	for (uint32_t i = 0; why && i < patch->breakpoint_count; i++) {
		const struct op_breakpoint_entry *entry =
			op_breakpoint_set_entry(session, patch->breakpoints[i]);
		if (entry && !entry->catchpoint && !entry->watch &&
		    (entry->condition.text || !op_site_stops(entry->info.action)))
			op_site_tell_outside(session, patch, i, why);
	}
}

// What one user wants; a group is only there when it wants something of a stub.
static struct op_error *plan_user(const struct plan *plan, bool *ret_inside)
{
	struct op_site *site = plan->site;
	struct op_error *err = planners[plan->entry->info.action](plan);
	*ret_inside = !err && site->groups[site->group_count].count;
	if (*ret_inside)
		end_group(site, plan->index);
	else
		site->groups[site->group_count].count = 0;
	if (err && err->code == OP_ERROR_UNSUPPORTED) {
		op_site_tell_outside(plan->session, plan->patch, plan->index, err);
		op_error_destroy(err);
		err = NULL;
	}
	return err;
}

// Where the slot is, in the words of expressions.
static struct op_error *find_place(struct op_session *session, const struct op_image *image,
				   const struct op_patch *patch, struct op_site *site,
				   struct plan *plan)
{
	struct op_error *err =
		op_slot_scope_at(image->artifact, patch->text_offset + patch->size, &site->slot);
	if (err && err->code == OP_ERROR_NOT_FOUND) {
		op_error_destroy(err);
		return NULL;
	}
	if (err)
		return err;
	site->has_scope = true;
	site->of_slot = op_slot_scope_machine(&site->slot);
	plan->module =
		op_module_by_artifact(session, image->artifact, site->slot.descriptor.module);
	plan->pc = site->slot.pc;
	if (plan->module)
		plan->function =
			site->slot.descriptor.function + plan->module->info.imported_functions;
	return NULL;
}

static bool needs_place(const struct op_breakpoint_entry *entry)
{
	return entry->condition.text || entry->log.value_count || entry->watch;
}

// Globals and memories of a watch that is not of one frame are those of an instance, wherever the
// slot is; all else is as the slot sees it.
static struct op_error *find_global(void *context, uint32_t index, struct op_machine_place *ret)
{
	struct op_site *site = context;
	const struct op_watched_place *place = op_software_watch_find_place(site->session, index);
	if (!place)
		return site->of_slot.global(site->of_slot.context, index, ret);
	*ret = (struct op_machine_place){
		.base = OP_BASE_ABSOLUTE, .address = place->address, .offset_count = 1};
	return NULL;
}

static struct op_error *find_memory(void *context, uint32_t index, struct op_machine_place *ret)
{
	struct op_site *site = context;
	const struct op_watched_place *place = op_software_watch_find_place(site->session, index);
	if (!place)
		return site->of_slot.memory(site->of_slot.context, index, ret);
	*ret = (struct op_machine_place){
		.base = OP_BASE_ABSOLUTE, .address = place->address, .offset_count = 1};
	return NULL;
}

static struct op_error *find_slot_local(void *context, uint32_t index, struct op_machine_place *ret)
{
	struct op_site *site = context;
	return site->of_slot.local(site->of_slot.context, index, ret);
}

static struct op_error *find_operand(void *context, uint32_t index, struct op_machine_place *ret)
{
	struct op_site *site = context;
	return site->of_slot.operand(site->of_slot.context, index, ret);
}

static struct op_error *find_pc(void *context, uint32_t *ret)
{
	struct op_site *site = context;
	return site->of_slot.pc(site->of_slot.context, ret);
}

struct op_error *op_site_plan(struct op_session *session, const struct op_image *image,
			      struct op_patch *patch, uint32_t outside, struct op_site *ret)
{
	struct plan plan = {.session = session, .patch = patch, .site = ret};
	ret->session = session;
	ret->scope = (struct op_machine_scope){.context = ret,
					       .local = find_slot_local,
					       .operand = find_operand,
					       .global = find_global,
					       .memory = find_memory,
					       .pc = find_pc};
	// Those of a step and of a launch look at every arrival.
	bool any = patch->purposes != 0, served_outside = false;
	patch->inside = 0;
	// What stops comes last: the groups behind a trap that was meant do not run.
	for (int stops = 0; stops < 2; stops++) {
		for (uint32_t i = 0; i < patch->breakpoint_count; i++) {
			struct op_breakpoint_entry *entry =
				op_breakpoint_set_entry(session, patch->breakpoints[i]);
			if (!entry || !entry->info.enabled ||
			    op_site_stops(entry->info.action) != stops)
				continue;
			bool inside = false;
			plan.index = i;
			plan.entry = entry;
			struct op_error *err = NULL;
			if (needs_place(entry) && !ret->has_scope)
				err = find_place(session, image, patch, ret, &plan);
			if (!err && i < OP_SITE_USERS_MAX && !(outside >> i & 1))
				err = plan_user(&plan, &inside);
			if (err)
				return err;
			if (inside)
				patch->inside |= (uint32_t)1 << i;
			else
				any = served_outside = true;
		}
	}
	bool outer = patch->step_frame && !served_outside;
	if ((ret->group_count || outer) && any) {
		if (outer)
			add_step(ret, OP_STUB_OUTER)->cell = patch->step_frame;
		add_step(ret, OP_STUB_TRAP)->tag = OP_SITE_TAG_ANY;
		end_group(ret, OP_SITE_USERS_MAX);
	}
	return NULL;
}

void op_site_deinit(struct op_site *site)
{
	if (site->has_scope)
		op_slot_scope_deinit(&site->slot);
}
