// SPDX-License-Identifier: GPL-3.0-or-later
// The double of breakpoints' comforts and of runs to a place behind tracer/outpost.h; part of
// fake_session.h's program.
#include <inttypes.h>
#include <stdio.h>

#include "tests/unit/fake_session.h"

static struct op_error *find(struct op_session *session, uint32_t number,
			     struct op_breakpoint **ret)
{
	size_t count;
	const struct op_breakpoint *const *breakpoints = op_session_breakpoints(session, &count);
	for (size_t i = 0; i < count; i++) {
		if (breakpoints[i]->number != number)
			continue;
		*ret = (struct op_breakpoint *)breakpoints[i];
		return NULL;
	}
	return op_error_create(OP_ERROR_NOT_FOUND, "there is no breakpoint %" PRIu32, number);
}

struct op_error *op_session_breakpoint_condition(struct op_session *session, uint32_t number,
						 const char *condition)
{
	static char kept[64];
	struct op_breakpoint *breakpoint;
	struct op_error *err = find(session, number, &breakpoint);
	if (err)
		return err;
	snprintf(kept, sizeof(kept), "%s", condition ?: "");
	breakpoint->condition = condition ? kept : NULL;
	return NULL;
}

struct op_error *op_session_breakpoint_enable_for(struct op_session *session, uint32_t number,
						  uint64_t stops)
{
	struct op_breakpoint *breakpoint;
	struct op_error *err = find(session, number, &breakpoint);
	if (!err) {
		breakpoint->enabled = true;
		breakpoint->stops_left = stops;
	}
	return err;
}

struct op_error *op_session_breakpoint_make_temporary(struct op_session *session, uint32_t number)
{
	struct op_breakpoint *breakpoint;
	struct op_error *err = find(session, number, &breakpoint);
	if (!err)
		breakpoint->enabled = breakpoint->temporary = true;
	return err;
}

struct op_error *op_session_breakpoint_commands(struct op_session *session, uint32_t number,
						const char *const *lines, size_t count)
{
	static char kept[8][64];
	static const char *pointers[8];
	struct op_breakpoint *breakpoint;
	struct op_error *err = find(session, number, &breakpoint);
	if (err)
		return err;
	for (size_t i = 0; i < count && i < 8; i++) {
		snprintf(kept[i], sizeof(kept[i]), "%s", lines[i]);
		pointers[i] = kept[i];
	}
	breakpoint->commands = pointers;
	breakpoint->command_count = count < 8 ? count : 8;
	return NULL;
}

struct op_error *op_session_run_to(struct op_session *session, const char *place, bool any_frame)
{
	(void)place;
	(void)any_frame;
	return op_session_run(session, OP_RUN_UNTIL, 1);
}

void op_session_set_inside(struct op_session *session, bool inside)
{
	(void)session;
	(void)inside;
}

void op_session_set_step_mode(struct op_session *session, bool stop)
{
	(void)session;
	(void)stop;
}

struct op_error *op_session_breakpoints_at(struct op_session *session, const char *spec,
					   const uint32_t **ret, size_t *ret_count)
{
	(void)session;
	(void)ret;
	(void)ret_count;
	return op_error_create(OP_ERROR_NOT_FOUND, "there is no place %s", spec);
}

void op_session_set_scheduler_locking(struct op_session *session, enum op_scheduler_locking locking)
{
	(void)session;
	(void)locking;
}

struct op_error *op_session_frame_store(struct op_session *session, const struct op_frame *frame,
					bool *ret_several, uint32_t *ret)
{
	(void)session;
	(void)frame;
	*ret_several = false;
	*ret = 0;
	return NULL;
}

bool op_session_is_dying(struct op_session *session)
{
	(void)session;
	return false;
}

struct op_error *op_sandbox_refuse(const char *what)
{
	(void)what;
	return NULL;
}

bool op_session_has_died(const struct op_session *session)
{
	(void)session;
	return false;
}

struct op_error *op_session_blame_death(const struct op_session *session, struct op_error *err)
{
	(void)session;
	return err;
}
