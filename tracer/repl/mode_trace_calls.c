// SPDX-License-Identifier: GPL-3.0-or-later
// outpost trace-calls: what strace is for system calls, for the calls of a guest to its host.
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "tracer/report/catch.h"
#include "tracer/report/event.h"
#include "tracer/repl/arguments.h"
#include "tracer/repl/interrupt.h"
#include "tracer/repl/mode.h"
#include "tracer/repl/private_file.h"

/** Calls of one function. */
struct counter {
	char *name; /**< owned */
	uint64_t calls, errors, nanoseconds;
};

struct tracing {
	struct op_repl *repl;
	struct op_output *out; /**< where the lines go */
	bool counting;
	uint64_t limit, done; /**< calls; limit 0: none */
	struct OP_ARRAY(struct counter) counters;
	uint64_t nanoseconds;
};

static void counters_deinit(struct tracing *tracing)
{
	for (size_t i = 0; i < tracing->counters.count; i++)
		free(tracing->counters.data[i].name);
	free(tracing->counters.data);
}

static struct op_error *count_call(struct tracing *tracing, const struct op_host_call *call)
{
	const char *name = call->name ? call->name : "?";
	struct counter *counter = NULL;
	for (size_t i = 0; i < tracing->counters.count && !counter; i++)
		if (!strcmp(tracing->counters.data[i].name, name))
			counter = &tracing->counters.data[i];
	if (!counter) {
		struct counter fresh = {.name = strdup(name)};
		if (!fresh.name || !op_array_push(&tracing->counters, fresh)) {
			free(fresh.name);
			return op_error_no_memory();
		}
		counter = &tracing->counters.data[tracing->counters.count - 1];
	}
	counter->calls++;
	counter->errors += call->is_error;
	counter->nanoseconds += call->nanoseconds;
	tracing->nanoseconds += call->nanoseconds;
	return NULL;
}

static struct op_error *report(struct tracing *tracing, const struct op_event *event)
{
	if (event->kind == OP_EVENT_HOST_CALL) {
		tracing->done++;
		if (tracing->counting)
			return count_call(tracing, event->call);
	}
	struct op_event_view view = {.event = event, .pid = tracing->repl->pid};
	if (event->kind != OP_EVENT_NONE && event->kind != OP_EVENT_STOPPED)
		op_event_report(tracing->out, &view);
	return NULL;
}

static int by_time(const void *a, const void *b)
{
	const struct counter *left = a, *right = b;
	if (left->nanoseconds != right->nanoseconds)
		return left->nanoseconds < right->nanoseconds ? 1 : -1;
	return strcmp(left->name, right->name);
}

static void table_text(const struct tracing *tracing)
{
	struct op_output *out = tracing->out;
	op_output_printf(out, "%6s %11s %11s %9s %9s %s\n", "% time", "seconds", "usecs/call",
			 "calls", "errors", "host call");
	uint64_t errors = 0;
	for (size_t i = 0; i < tracing->counters.count; i++) {
		const struct counter *counter = &tracing->counters.data[i];
		double total = tracing->nanoseconds ? (double)tracing->nanoseconds : 1;
		op_output_printf(out, "%6.2f %11.6f %11" PRIu64 " %9" PRIu64 " ",
				 100 * (double)counter->nanoseconds / total,
				 (double)counter->nanoseconds / 1e9,
				 counter->nanoseconds / 1000 / counter->calls, counter->calls);
		if (counter->errors)
			op_output_printf(out, "%9" PRIu64 " %s\n", counter->errors, counter->name);
		else
			op_output_printf(out, "%9s %s\n", "", counter->name);
		errors += counter->errors;
	}
	op_output_printf(out, "%6.2f %11.6f %11" PRIu64 " %9" PRIu64 " %9" PRIu64 " total\n", 100.0,
			 (double)tracing->nanoseconds / 1e9,
			 tracing->done ? tracing->nanoseconds / 1000 / tracing->done : 0,
			 tracing->done, errors);
}

static void table_json(const struct tracing *tracing)
{
	struct op_json *json = op_output_begin_line(tracing->out);
	op_json_string(json, "event", "host-call-counts");
	op_json_begin_array(json, "calls");
	for (size_t i = 0; i < tracing->counters.count; i++) {
		const struct counter *counter = &tracing->counters.data[i];
		op_json_begin_object(json, NULL);
		op_json_string(json, "name", counter->name);
		op_json_uint(json, "calls", counter->calls);
		op_json_uint(json, "errors", counter->errors);
		op_json_uint(json, "nanoseconds", counter->nanoseconds);
		op_json_end_object(json);
	}
	op_json_end_array(json);
	op_output_end_line(tracing->out);
}

static void show_table(struct tracing *tracing)
{
	if (tracing->counters.count)
		qsort(tracing->counters.data, tracing->counters.count,
		      sizeof(*tracing->counters.data), by_time);
	if (tracing->out->json)
		table_json(tracing);
	else
		table_text(tracing);
}

/** Until the end of the target, enough calls, Ctrl-C, or a reader that is gone. */
static struct op_error *follow(struct tracing *tracing)
{
	struct op_session *session = tracing->repl->session;
	struct op_error *err = op_session_run(session, OP_RUN_GO, 0);
	bool more = true;
	while (!err && more) {
		struct op_event event = {0};
		err = op_session_wait(session, -1, &event);
		if (!err)
			err = report(tracing, &event);
		more = event.kind != OP_EVENT_EXITED &&
		       (event.kind != OP_EVENT_STOPPED || event.reason == OP_REASON_EXEC) &&
		       (!tracing->limit || tracing->done < tracing->limit) &&
		       !tracing->out->broken && !op_interrupt_ending();
		if (!err && more && event.kind == OP_EVENT_STOPPED)
			err = op_session_run(session, OP_RUN_GO, 0);
	}
	return err;
}

static struct op_error *begin(struct op_repl *repl, const struct op_options *options)
{
	struct op_event event = {0};
	if (!options->has_command)
		return op_session_attach(repl->session, op_mode_pid(options->arguments[0]), false);
	struct op_error *err =
		op_session_launch(repl->session, (const char *const *)options->arguments, &event);
	if (!err && event.kind == OP_EVENT_EXITED)
		err = op_error_create(OP_ERROR_PROCESS_GONE,
				      "the program ended before it came to a guest");
	return err;
}

static struct op_error *trace(struct tracing *tracing, const struct op_options *options)
{
	struct op_repl *repl = tracing->repl;
	const char **patterns _cleanup_free_ =
		calloc(options->command_count + 1, sizeof(*patterns));
	if (!patterns)
		return op_error_no_memory();
	for (size_t i = 0; i < options->command_count; i++)
		patterns[i] = options->commands[i].text;
	struct op_error *err = begin(repl, options);
	repl->pid = op_session_process_id(repl->session);
	if (!err)
		err = op_session_trace_calls(repl->session, true, patterns, options->command_count);
	if (!err)
		err = follow(tracing);
	struct op_error *leave_err = op_mode_leave(repl);
	if (err)
		op_error_destroy(leave_err);
	else
		err = leave_err;
	return err;
}

static struct op_error *open_file(const char *path, FILE **ret)
{
	int fd;
	struct op_error *err = op_private_file_open(path, true, &fd);
	*ret = err ? NULL : fdopen(fd, "w");
	if (!err && !*ret) {
		err = op_error_system(OP_ERROR_IO, errno, "cannot write the calls to %s", path);
		close(fd);
	}
	return err;
}

static int trace_calls_mode(const struct op_options *options)
{
	struct op_repl repl;
	struct op_output out;
	FILE *file = NULL;
	uint64_t limit = 0;
	int status = OP_EXIT_FAILED;
	if (!op_mode_open(&repl, options))
		return op_mode_close(&repl, status);
	struct op_error *err = NULL;
	if (options->call_limit)
		err = op_argument_number(options->call_limit, "a count of calls", &limit);
	if (!err && options->output)
		err = open_file(options->output, &file);
	// A program that was started here has the standard output for itself, as under strace.
	op_output_init(&out, file ? file : options->has_command ? stderr : stdout, stderr);
	out.json = options->json;
	out.color = !file && repl.out.color;
	out.ending = repl.out.ending;
	struct tracing tracing = {
		.repl = &repl, .out = &out, .counting = options->counting, .limit = limit};
	if (!err)
		err = trace(&tracing, options);
	if (!err && options->counting)
		show_table(&tracing);
	op_output_flush(&out);
	if (!err && file && (fflush(file) || out.broken))
		err = op_error_create(OP_ERROR_IO, "not all calls could be written to %s",
				      options->output);
	if (err)
		status = op_mode_fail(&repl, "trace-calls", err);
	else
		status = out.broken ? OP_EXIT_FAILED : OP_EXIT_DONE;
	counters_deinit(&tracing);
	op_output_deinit(&out);
	if (file)
		fclose(file);
	return op_mode_close(&repl, status);
}

const struct op_mode op_mode_trace_calls = {
	.name = "trace-calls",
	.args = "PID | -- COMMAND...",
	.help = "show each call of the guest to its host, like strace",
	.arguments_min = 1,
	.arguments_max = -1U,
	.run = trace_calls_mode,
};
