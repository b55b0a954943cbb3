// SPDX-License-Identifier: GPL-3.0-or-later
// Events that were waited for; see catch.h. Knows no session.
#include "tracer/report/catch.h"

#include <inttypes.h>

static void call_text(struct op_output *out, const struct op_event *event)
{
	bool failed = event->caught == OP_CATCH_HOST_ERROR;
	op_output_printf(out, "%s %s", failed ? "error of the host in" : "call of",
			 event->call && event->call->text ? event->call->text : "?");
}

static void grow_text(struct op_output *out, const struct op_event *event)
{
	op_output_printf(out, "memory.grow of memory %" PRIu32 " by %" PRIu64 " pages",
			 event->memory, event->delta);
	if (event->pages != UINT64_MAX)
		op_output_printf(out, ", it has %" PRIu64, event->pages);
}

void op_catch_text(struct op_output *out, const struct op_event *event, const char *exception)
{
	switch (event->caught) {
	case OP_CATCH_TRAP:
		op_output_printf(out, "trap: %s",
				 event->trap[0] ? event->trap : "its kind is not known");
		if (!event->trap[0] && event->trap_unknown)
			op_output_printf(out, ": %s", event->trap_unknown);
		break;
	case OP_CATCH_THROW:
	case OP_CATCH_UNCAUGHT:
		op_output_printf(out, "%s%s%s",
				 event->caught == OP_CATCH_THROW ? "throw" : "uncaught exception",
				 exception ? ": " : "", exception ? exception : "");
		break;
	case OP_CATCH_HOST:
	case OP_CATCH_HOST_ERROR:
		call_text(out, event);
		break;
	case OP_CATCH_MEMORY_GROW:
		grow_text(out, event);
		break;
	case OP_CATCH_LOAD:
	case OP_CATCH_INSTANTIATE:
		op_output_printf(out, "%s %s",
				 event->caught == OP_CATCH_LOAD ? "load of module"
								: "instantiation of module",
				 event->module ? event->module : "?");
		break;
	case OP_CATCH_SIGNAL:
		op_output_printf(out, "signal %s", event->signal_name);
		break;
	case OP_CATCH_FORK:
		op_output_printf(out, "forked process %" PRId64, event->child);
		break;
	case OP_CATCH_THREAD:
		op_output_printf(out, "new thread %" PRId64, event->thread);
		break;
	case OP_CATCH_EXIT:
		if (event->killed)
			op_output_printf(out, "killed by signal %s", event->signal_name);
		else
			op_output_printf(out, "exit with status %d", event->exit_status);
		break;
	case OP_CATCH_EPOCH:
		op_output_printf(out, "epoch deadline");
		break;
	case OP_CATCH_NONE:
	case OP_CATCH_EXEC:
	case OP_CATCH_COUNT:
		op_output_printf(out, "%s", op_catch_kind_name(event->caught));
		break;
	}
}

void op_host_call_json(struct op_json *json, const struct op_host_call *call)
{
	op_json_string(json, "module", call->module);
	op_json_string(json, "name", call->name);
	op_json_begin_array(json, "arguments");
	for (size_t i = 0; i < call->argument_count; i++) {
		op_json_begin_object(json, NULL);
		op_json_string(json, "name", call->arguments[i].name);
		op_json_string(json, "text", call->arguments[i].text);
		op_json_end_object(json);
	}
	op_json_end_array(json);
	op_json_string(json, "text", call->text);
	if (!call->returned && !call->failed)
		return;
	op_json_string(json, "result", call->result);
	op_json_bool(json, "failed", call->failed);
	op_json_bool(json, "error", call->is_error);
	op_json_uint(json, "nanoseconds", call->nanoseconds);
}

void op_catch_json(struct op_json *json, const struct op_event *event, const char *exception)
{
	op_json_string(json, "catch", op_catch_kind_name(event->caught));
	if (event->call && event->caught == OP_CATCH_HOST) {
		op_json_begin_object(json, "call");
		op_host_call_json(json, event->call);
		op_json_end_object(json);
	}
	switch (event->caught) {
	case OP_CATCH_THROW:
	case OP_CATCH_UNCAUGHT:
		if (exception)
			op_json_raw(json, "exception", exception);
		break;
	case OP_CATCH_HOST_ERROR:
		op_json_string(json, "host_call", event->call->name);
		break;
	case OP_CATCH_MEMORY_GROW:
		op_json_uint(json, "memory", event->memory);
		op_json_uint(json, "delta", event->delta);
		if (event->pages != UINT64_MAX)
			op_json_uint(json, "pages", event->pages);
		break;
	case OP_CATCH_LOAD:
	case OP_CATCH_INSTANTIATE:
		op_json_string(json, "module", event->module);
		break;
	case OP_CATCH_FORK:
		op_json_int(json, "child", event->child);
		break;
	case OP_CATCH_EXIT:
		if (event->killed)
			op_json_string(json, "signal", event->signal_name);
		else
			op_json_int(json, "status", event->exit_status);
		break;
	default:
		break;
	}
}

void op_host_call_line(struct op_output *out, int64_t thread, const struct op_host_call *call)
{
	op_output_styled(out, OP_STYLE_DIM, "[%" PRId64 "]", thread);
	op_output_printf(out, " %s", call->text ? call->text : "?");
	if (call->failed)
		op_output_printf(out, " = ?%s", call->is_error ? " (error of the host)" : "");
	else if (call->result)
		op_output_printf(out, " = %s", call->result);
	op_output_printf(out, " <%" PRIu64 ".%06" PRIu64 ">\n", call->nanoseconds / 1000000000U,
			 call->nanoseconds / 1000U % 1000000U);
}
