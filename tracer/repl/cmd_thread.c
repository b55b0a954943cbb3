// SPDX-License-Identifier: GPL-3.0-or-later
// thread: select a thread or a suspended guest, or run a command for several.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "tracer/repl/repl.h"
#include "tracer/repl/suggest.h"

struct op_error *op_repl_report_stack(struct op_repl *repl)
{
	int64_t thread = op_session_selected_thread(repl->session);
	if (repl->out.json)
		op_json_int(&repl->out.writer, "thread", thread);
	else if (thread)
		op_output_printf(&repl->out, "[Thread %" PRId64 "]\n", thread);
	else
		op_output_printf(&repl->out, "[Suspended guest]\n");
	if (op_repl_frame_or_null(repl))
		return op_repl_report_selected(repl);
	if (repl->out.json) {
		op_json_null(&repl->out.writer, "frame");
		op_json_null(&repl->out.writer, "instruction");
	} else {
		op_output_printf(&repl->out, "It has no guest frame.\n");
	}
	return NULL;
}

struct thread_ids {
	int64_t *data;
	size_t count;
	size_t capacity;
};

static struct op_error *all_in_guest(struct op_repl *repl, struct thread_ids *ids)
{
	const struct op_thread_summary *threads;
	size_t count;
	struct op_error *err = op_session_threads(repl->session, &threads, &count);
	for (size_t i = 0; !err && i < count; i++) {
		if (threads[i].in_guest && !op_array_push(ids, threads[i].id))
			err = op_error_no_memory();
	}
	return err;
}

static struct op_error *run_for(struct op_repl *repl, int64_t thread, const char *line)
{
	struct op_error *err = op_session_select_thread(repl->session, thread);
	if (err)
		return err;
	if (!repl->out.json) {
		op_output_styled(&repl->out, OP_STYLE_EVENT, "Thread %" PRId64 ":", thread);
		op_output_printf(&repl->out, "\n");
	}
	err = op_repl_run_line(repl, line);
	if (!err)
		err = op_repl_check_interrupt(repl);
	return err;
}

/** thread apply all|ID... COMMAND */
static struct op_error *apply(struct op_repl *repl, const char *text)
{
	struct thread_ids ids = {0};
	struct op_error *err = NULL;
	const char *cursor = text;
	for (;;) {
		const char *before = cursor;
		char *word _cleanup_free_ = NULL;
		err = op_argument_word(&cursor, &word);
		uint64_t number;
		if (err || !word)
			break;
		// Fingers know it as "t a a bt".
		if ((strcmp(word, "all") == 0 || strcmp(word, "a") == 0) && !ids.count) {
			err = all_in_guest(repl, &ids);
			break;
		}
		struct op_error *no_number _cleanup_error_ =
			op_argument_number(word, "a thread's id", &number);
		if (no_number) {
			cursor = before;
			break;
		}
		if (!op_array_push(&ids, (int64_t)number)) {
			err = op_error_no_memory();
			break;
		}
	}
	const char *line = cursor + strspn(cursor, " \t");
	if (!err && (!*line || line == text))
		err = op_error_create(
			OP_ERROR_SYNTAX,
			"\"thread apply\" needs threads and a command: thread apply all backtrace");
	int64_t selected = op_session_selected_thread(repl->session);
	uint32_t level = op_session_selected_level(repl->session);
	for (size_t i = 0; !err && i < ids.count; i++)
		err = run_for(repl, ids.data[i], line);
	if (!err && selected && op_session_state(repl->session) == OP_SESSION_STOPPED) {
		err = op_session_select_thread(repl->session, selected);
		if (!err && level)
			err = op_session_select_level(repl->session, level);
	}
	if (!err && repl->out.json) {
		op_json_begin_array(&repl->out.writer, "threads");
		for (size_t i = 0; i < ids.count; i++)
			op_json_int(&repl->out.writer, NULL, ids.data[i]);
		op_json_end_array(&repl->out.writer);
	}
	free(ids.data);
	return err;
}

static struct op_error *thread_run(struct op_repl *repl, const struct op_call *call)
{
	if (!*call->rest)
		return op_repl_report_stack(repl);
	const char *rest =
		op_argument_option(call->rest, "apply") ?: op_argument_option(call->rest, "a");
	if (rest)
		return apply(repl, rest);
	uint64_t number;
	struct op_error *err;
	rest = op_argument_option(call->rest, "suspended");
	if (rest) {
		err = op_argument_number(rest, "a suspended guest's number", &number);
		if (!err)
			err = op_session_select_suspended(repl->session, (size_t)number);
	} else {
		err = op_suggest_for_argument("thread", call->rest);
		if (!err)
			err = op_argument_number(call->rest, "a thread's id", &number);
		if (!err)
			err = op_session_select_thread(repl->session, (int64_t)number);
	}
	op_list_state_forget(&repl->list);
	return err ? err : op_repl_report_stack(repl);
}

const struct op_command op_cmd_thread = {
	.name = "thread",
	.aliases = OP_ALIASES("t"),
	.group = OP_GROUP_STACK,
	.args = "[ID | suspended N | apply (all | ID...) COMMAND]",
	.help = "Select a thread by its id, or a suspended guest by its number; without one show "
		"which is selected.\n"
		"\"info threads\" and \"info suspended\" list them. apply runs a command for each "
		"thread; all means those with guest frames. Short: t a a COMMAND.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_THREADS,
	.run = thread_run,
};
