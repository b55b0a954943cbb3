// SPDX-License-Identifier: GPL-3.0-or-later
// The double of the session; see fake_session.h.
#include "tests/unit/fake_session.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake fake;

struct op_session {
	struct op_session_options options;
	enum op_session_state state;
	int64_t selected_thread;
	bool suspended_selected;
	uint32_t level;
	struct op_frame *frames;
	struct op_stack stack;
	struct op_breakpoint breakpoints[8];
	char specs[8][64];
	const struct op_breakpoint *list[8];
	size_t breakpoint_count;
	uint32_t next_number;
	uint32_t history;
	struct op_function_info matches[8];
};

static const struct op_frame template_frame = {
	.kind = OP_FRAME_WASM,
	.function = "fib",
	.function_index = 1,
	.module = "app",
	.has_pc = true,
	.pc = 0x1a3,
	.host_pc = {0x7f0000001000},
	.fp = {0x7ffe0000},
	.vmctx = {0x55550000},
	.local_count = 2,
	.param_count = 1,
};

static const struct op_function_info functions[] = {
	{0, 0, "fd_read", "(i32, i32, i32, i32) -> (i32)", true, 0, 0, 0},
	{0, 1, "fib", "(i32) -> (i32)", false, 0x1a3, 0x1b0, 64},
	{0, 2, "_start", "() -> ()", false, 0x1b4, 0x1c0, 32},
	{0, 3, "app::main", "() -> ()", false, 0x1c4, 0x1d0, 32},
};

/** fib's instructions: the offset and the text of each. */
static const struct {
	uint32_t pc;
	const char *text;
} code[] = {
	{0x1a3, "local.get 0"},  {0x1a5, "i32.const 2"}, {0x1a7, "i32.lt_s"},
	{0x1a8, "if"},           {0x1aa, "return"},      {0x1ab, "end"},
	{0x1ac, "call 1 <fib>"}, {0x1ae, "drop"},        {0x1af, "end"},
};

static struct op_error *need_stopped(const struct op_session *session)
{
	return session->state == OP_SESSION_STOPPED
		       ? NULL
		       : op_error_create(OP_ERROR_STATE, "not stopped");
}

const char *op_version(void)
{
	return "0.0.0-fake";
}

struct op_error *op_session_create(const struct op_session_options *options,
				   struct op_session **ret)
{
	fake = (struct fake){.next_event = {.kind = OP_EVENT_STOPPED,
					    .reason = OP_REASON_STEP,
					    .thread = FAKE_PID}};
	memcpy(fake.memory + 0x400, "hello\0world\0\xff\xff\x80\x3f", 16);
	struct op_session *session = calloc(1, sizeof(*session));
	session->options = *options;
	session->next_number = 1;
	*ret = session;
	return NULL;
}

void op_session_destroy(struct op_session *session)
{
	if (session)
		free(session->frames);
	free(session);
}

enum op_session_state op_session_state(const struct op_session *session)
{
	return session->state;
}

int64_t op_session_process_id(const struct op_session *session)
{
	return session->state == OP_SESSION_EMPTY ? 0 : FAKE_PID;
}

struct op_error *op_session_look(struct op_session *session, int64_t pid)
{
	if (pid != FAKE_PID)
		return op_error_create(OP_ERROR_NO_SUCH_PROCESS, "there is no process %" PRId64,
				       pid);
	session->state = OP_SESSION_LOOKING;
	return NULL;
}

struct op_error *op_session_stop_looked(struct op_session *session)
{
	session->state = OP_SESSION_STOPPED;
	session->selected_thread = FAKE_PID;
	session->suspended_selected = false;
	session->level = 0;
	fake.attached++;
	return NULL;
}

struct op_error *op_session_attach(struct op_session *session, int64_t pid, bool allow_empty)
{
	struct op_error *err = op_session_look(session, pid);
	return err ? err : op_session_stop_looked(session);
}

struct op_error *op_session_open_artifact(struct op_session *session, const char *path)
{
	if (strcmp(path, "app.cwasm") != 0)
		return op_error_create(OP_ERROR_IO, "cannot open %s", path);
	session->state = OP_SESSION_LOOKING;
	return NULL;
}

struct op_error *op_session_launch(struct op_session *session, const char *const *argv,
				   struct op_event *ret)
{
	fake.launched++;
	*ret = (struct op_event){
		.kind = OP_EVENT_STOPPED, .reason = OP_REASON_ENTRY, .thread = FAKE_PID};
	return op_session_stop_looked(session);
}

struct op_error *op_session_detach(struct op_session *session)
{
	session->state = OP_SESSION_EMPTY;
	fake.is_core = false;
	fake.detached++;
	return NULL;
}

struct op_error *op_session_detach_keep_modules(struct op_session *session)
{
	return op_session_detach(session);
}

struct op_error *op_session_kill(struct op_session *session)
{
	session->state = OP_SESSION_EMPTY;
	fake.killed++;
	return NULL;
}

struct op_error *op_session_threads(struct op_session *session,
				    const struct op_thread_summary **ret, size_t *ret_count)
{
	static struct op_thread_summary threads[2];
	threads[0] = (struct op_thread_summary){
		.id = FAKE_PID, .name = "guest", .in_guest = true, .frame = template_frame};
	threads[0].selected = session->selected_thread == FAKE_PID;
	threads[1] = (struct op_thread_summary){.id = FAKE_OTHER_THREAD, .name = "tokio"};
	threads[1].selected = session->selected_thread == FAKE_OTHER_THREAD;
	*ret = threads;
	*ret_count = 2;
	return need_stopped(session);
}

struct op_error *op_session_suspended_count(struct op_session *session, size_t *ret)
{
	*ret = 1;
	return need_stopped(session);
}

static void build_stack(struct op_session *session)
{
	size_t fibs = fake.depth ? fake.depth : 2;
	size_t count = fibs + 2;
	free(session->frames);
	session->frames = calloc(count, sizeof(*session->frames));
	for (size_t i = 0; i < fibs; i++) {
		struct op_frame *frame = &session->frames[i];
		*frame = template_frame;
		frame->level = (uint32_t)i;
		frame->pc = i ? 0x1ac : 0x1a3;
		frame->fp.value += i * 64;
		frame->no_values = fake.no_values;
		if (fake.no_values)
			frame->local_count = frame->param_count = 0;
		frame->in_flight = !i && fake.in_flight;
	}
	session->frames[fibs] = (struct op_frame){.level = (uint32_t)fibs,
						  .kind = OP_FRAME_HOST,
						  .function = "fd_read",
						  .module_id = UINT32_MAX};
	struct op_frame *last = &session->frames[fibs + 1];
	*last = template_frame;
	last->level = (uint32_t)fibs;
	last->function = "_start";
	last->function_index = 2;
	last->pc = 0x1b6;
	last->param_count = 0;
	last->activation = 1;
	session->stack = (struct op_stack){.thread = FAKE_PID,
					   .thread_name = "guest",
					   .frames = session->frames,
					   .count = count};
}

struct op_error *op_session_thread_stack(struct op_session *session, int64_t thread, size_t limit,
					 const struct op_stack **ret)
{
	struct op_error *err = need_stopped(session);
	if (err)
		return err;
	if (thread != FAKE_PID)
		return op_error_create(OP_ERROR_STATE, "thread %" PRId64 " has no guest frames",
				       thread);
	build_stack(session);
	*ret = &session->stack;
	return NULL;
}

struct op_error *op_session_suspended_stack(struct op_session *session, size_t index, size_t limit,
					    const struct op_stack **ret)
{
	struct op_error *err = op_session_thread_stack(session, FAKE_PID, limit, ret);
	session->stack.thread = 0;
	session->stack.store.value = 0xabc0;
	session->stack.incomplete = "the fiber's frames end in unreadable memory";
	return err;
}

int64_t op_session_selected_thread(const struct op_session *session)
{
	return session->suspended_selected ? 0 : session->selected_thread;
}

struct op_error *op_session_select_thread(struct op_session *session, int64_t thread)
{
	if (thread != FAKE_PID && thread != FAKE_OTHER_THREAD)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no thread %" PRId64, thread);
	session->selected_thread = thread;
	session->suspended_selected = false;
	session->level = 0;
	return NULL;
}

struct op_error *op_session_select_suspended(struct op_session *session, size_t index)
{
	if (index)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no suspended guest %zu",
				       index);
	session->suspended_selected = true;
	session->level = 0;
	return NULL;
}

struct op_error *op_session_selected_stack(struct op_session *session, size_t limit,
					   const struct op_stack **ret)
{
	if (session->suspended_selected)
		return op_session_suspended_stack(session, 0, limit, ret);
	return op_session_thread_stack(session, session->selected_thread, limit, ret);
}

uint32_t op_session_selected_level(const struct op_session *session)
{
	return session->level;
}

struct op_error *op_session_select_level(struct op_session *session, uint32_t level)
{
	if (level > (fake.depth ? fake.depth : 2))
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no frame %" PRIu32, level);
	session->level = level;
	return NULL;
}

struct op_error *op_session_selected_frame(struct op_session *session, const struct op_frame **ret)
{
	const struct op_stack *stack = NULL;
	struct op_error *err = op_session_selected_stack(session, 0, &stack);
	if (err)
		return err;
	// The host stretch has the level of the frame behind it.
	size_t index = session->level;
	if (stack->frames[index].kind == OP_FRAME_HOST)
		index++;
	*ret = &stack->frames[index];
	return NULL;
}

static struct op_value i32_value(uint32_t number)
{
	return (struct op_value){
		.type = OP_VALUE_I32,
		.bytes = {number & 255, number >> 8 & 255, number >> 16 & 255, number >> 24}};
}

struct op_error *op_session_locals(struct op_session *session, const struct op_frame *frame,
				   const struct op_variable **ret, size_t *ret_count)
{
	static struct op_variable locals[2];
	locals[0] =
		(struct op_variable){.index = 0, .name = "n", .value = i32_value(7 + frame->level)};
	locals[1] = (struct op_variable){.index = 1,
					 .value = {.type = OP_VALUE_I64,
						   .state = OP_VALUE_UNREADABLE,
						   .address = {0x7ffe0010}}};
	*ret = locals;
	*ret_count = frame->no_values ? 0 : 2;
	return NULL;
}

struct op_error *op_session_operands(struct op_session *session, const struct op_frame *frame,
				     const struct op_variable **ret, size_t *ret_count,
				     enum op_value_state *ret_reason)
{
	static struct op_variable operands[1];
	operands[0] = (struct op_variable){.index = 0, .value = i32_value(42)};
	*ret = operands;
	*ret_reason = frame->no_values   ? OP_VALUE_NOT_RECORDED
		      : frame->in_flight ? OP_VALUE_IN_FLIGHT
					 : OP_VALUE_PRESENT;
	*ret_count = *ret_reason == OP_VALUE_PRESENT;
	return NULL;
}

struct op_error *op_session_modules(struct op_session *session, const struct op_module **ret,
				    size_t *ret_count)
{
	static const struct op_host_addr copies[] = {{0x7f0000000000}};
	static const struct op_module module = {
		.name = "app",
		.version = "49",
		.layout_known = true,
		.has_guest_debug = true,
		.has_slots = true,
		.has_bytecode = true,
		.has_address_map = true,
		.function_count = 4,
		.imported_functions = 1,
		.text_size = 4096,
		.path = "",
		.copies = copies,
		.copy_count = 1,
	};
	*ret = &module;
	*ret_count = session->state != OP_SESSION_EMPTY;
	return NULL;
}

struct op_error *op_session_functions(struct op_session *session, uint32_t module_id,
				      const char *pattern, const struct op_function_info **ret,
				      size_t *ret_count)
{
	size_t count = 0;
	for (size_t i = 0; i < OP_ARRAY_SIZE(functions); i++) {
		if (!pattern || fnmatch(pattern, functions[i].name, 0) == 0)
			session->matches[count++] = functions[i];
	}
	*ret = session->matches;
	*ret_count = count;
	return NULL;
}

struct op_error *op_session_disassemble(struct op_session *session, uint32_t module_id,
					uint32_t function, enum op_disassembly_flavour flavour,
					const struct op_frame *frame,
					const struct op_disassembly_line **ret, size_t *ret_count)
{
	static struct op_disassembly_line lines[OP_ARRAY_SIZE(code) + 1];
	size_t count = 0;
	for (size_t i = 0; i < OP_ARRAY_SIZE(code) && flavour != OP_DISASSEMBLE_NATIVE; i++) {
		lines[count++] = (struct op_disassembly_line){
			.pc = code[i].pc,
			.size = 1,
			.text = code[i].text,
			.current = frame && frame->function_index == function &&
				   frame->pc == code[i].pc};
	}
	if (flavour != OP_DISASSEMBLE_WASM)
		lines[count++] = (struct op_disassembly_line){
			.native = true, .host_pc = {0x7f0000001000}, .size = 1, .text = "ret"};
	*ret = lines;
	*ret_count = count;
	return NULL;
}

struct op_error *op_session_instruction(struct op_session *session, uint32_t module_id, uint32_t pc,
					const char **ret_text, uint32_t *ret_size)
{
	for (size_t i = 0; i + 1 < OP_ARRAY_SIZE(code); i++) {
		if (code[i].pc == pc) {
			*ret_text = code[i].text;
			*ret_size = code[i + 1].pc - pc;
			return NULL;
		}
	}
	return op_error_create(OP_ERROR_NOT_FOUND, "no instruction starts at 0x%" PRIx32, pc);
}

struct op_error *op_session_memories(struct op_session *session, const struct op_frame *frame,
				     const struct op_memory_info **ret, size_t *ret_count)
{
	static const struct op_memory_info memory = {
		.name = "memory", .base = {0x7e0000000000}, .size = FAKE_MEMORY};
	*ret = &memory;
	*ret_count = 1;
	return NULL;
}

struct op_error *op_session_read_memory(struct op_session *session, const struct op_frame *frame,
					uint32_t memory, uint64_t offset, void *buffer, size_t size)
{
	if (memory || offset > FAKE_MEMORY || size > FAKE_MEMORY - offset)
		return op_error_create(OP_ERROR_UNREADABLE,
				       "0x%" PRIx64 " lies outside of memory %" PRIu32, offset,
				       memory);
	memcpy(buffer, fake.memory + offset, size);
	return NULL;
}

struct op_error *op_session_write_memory(struct op_session *session, const struct op_frame *frame,
					 uint32_t memory, uint64_t offset, const void *buffer,
					 size_t size)
{
	if (memory || offset > FAKE_MEMORY || size > FAKE_MEMORY - offset)
		return op_error_create(OP_ERROR_UNREADABLE,
				       "0x%" PRIx64 " lies outside of memory %" PRIu32, offset,
				       memory);
	memcpy(fake.memory + offset, buffer, size);
	return NULL;
}

/** Knows numbers, n, $big (a v128) and $half (an f64). */
struct op_error *op_session_evaluate(struct op_session *session, const struct op_frame *frame,
				     const char *expression, struct op_result *ret)
{
	char *end;
	unsigned long number = strtoul(expression, &end, 0);
	*ret = (struct op_result){.history = ++session->history};
	if (strcmp(expression, "n") == 0)
		ret->value = i32_value(7);
	else if (strcmp(expression, "$big") == 0)
		ret->value = (struct op_value){
			.type = OP_VALUE_V128,
			.bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
	else if (strcmp(expression, "$half") == 0)
		ret->value = (struct op_value){.type = OP_VALUE_F64,
					       .bytes = {0, 0, 0, 0, 0, 0, 0xe0, 0x3f}};
	else if (end != expression && !*end)
		ret->value = i32_value((uint32_t)number);
	else
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" is no expression", expression);
	return NULL;
}

struct op_error *op_session_assign(struct op_session *session, const struct op_frame *frame,
				   const char *place, const char *expression)
{
	snprintf(fake.assigned, sizeof(fake.assigned), "%s=%s", place, expression);
	return NULL;
}

const char *op_catch_kind_name(enum op_catch_kind kind)
{
	return kind == OP_CATCH_TRAP ? "trap" : NULL;
}

const char *op_trap_kind_word(size_t index)
{
	return index ? NULL : "unreachable";
}

struct op_error *op_session_catch(struct op_session *session, const char *spec, bool temporary,
				  const struct op_breakpoint **ret)
{
	return op_error_create(OP_ERROR_UNSUPPORTED, "the double catches nothing");
}

struct op_error *op_session_trace_calls(struct op_session *session, bool enabled,
					const char *const *patterns, size_t count)
{
	return op_error_create(OP_ERROR_UNSUPPORTED, "the double traces nothing");
}

const char *op_breakpoint_spec_condition(const char *spec)
{
	return strstr(spec, "if ");
}

struct op_error *op_session_break(struct op_session *session, const char *spec, bool temporary,
				  bool allow_pending, const struct op_breakpoint **ret)
{
	static const struct op_location location = {
		.module = "app", .function = "fib", .function_index = 1, .pc = 0x1a3, .places = 1};
	bool known = strcmp(spec, "fib") == 0 || strcmp(spec, "app!*0x1a3") == 0;
	if (!known && !allow_pending)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no function \"%s\"; near: fib",
				       spec);
	if (session->breakpoint_count == OP_ARRAY_SIZE(session->breakpoints))
		return op_error_create(OP_ERROR_LIMIT, "the double has no more breakpoints");
	size_t slot = session->breakpoint_count++;
	snprintf(session->specs[slot], sizeof(session->specs[slot]), "%s", spec);
	session->breakpoints[slot] = (struct op_breakpoint){
		.number = session->next_number++,
		.spec = session->specs[slot],
		.enabled = true,
		.temporary = temporary,
		.pending = !known,
		.locations = &location,
		.location_count = known,
	};
	*ret = &session->breakpoints[slot];
	return NULL;
}

static struct op_breakpoint *find_breakpoint(struct op_session *session, uint32_t number)
{
	for (size_t i = 0; i < session->breakpoint_count; i++) {
		if (session->breakpoints[i].number == number)
			return &session->breakpoints[i];
	}
	return NULL;
}

struct op_error *op_session_breakpoint_delete(struct op_session *session, uint32_t number)
{
	struct op_breakpoint *breakpoint = find_breakpoint(session, number);
	if (!breakpoint)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no breakpoint %" PRIu32,
				       number);
	size_t slot = (size_t)(breakpoint - session->breakpoints);
	session->breakpoint_count--;
	memmove(breakpoint, breakpoint + 1,
		(session->breakpoint_count - slot) * sizeof(*breakpoint));
	return NULL;
}

struct op_error *op_session_breakpoint_enable(struct op_session *session, uint32_t number,
					      bool enabled)
{
	struct op_breakpoint *breakpoint = find_breakpoint(session, number);
	if (!breakpoint)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no breakpoint %" PRIu32,
				       number);
	breakpoint->enabled = enabled;
	return NULL;
}

struct op_error *op_session_count(struct op_session *session, enum op_count_scope scope,
				  const char *spec, const struct op_breakpoint **ret)
{
	struct op_error *err = op_session_break(session, scope == OP_COUNT_PLACE ? spec : "fib",
						false, false, ret);
	if (!err)
		session->breakpoints[session->breakpoint_count - 1].action = OP_ACTION_COUNT;
	return err;
}

struct op_error *op_session_log(struct op_session *session, const char *spec,
				const struct op_breakpoint **ret)
{
	struct op_error *err = op_session_break(session, "fib", false, false, ret);
	if (!err) {
		struct op_breakpoint *set = &session->breakpoints[session->breakpoint_count - 1];
		set->action = OP_ACTION_LOG;
		set->format = "\"n=%d\" n";
	}
	return err;
}

struct op_error *op_session_format(struct op_session *session, const struct op_frame *frame,
				   const char *text, const char **ret)
{
	if (strcmp(text, "\"n is %d\", n") != 0)
		return op_error_create(OP_ERROR_SYNTAX, "a format in double quotes is missing");
	*ret = "n is 7";
	return NULL;
}

struct op_error *op_session_watch_software(struct op_session *session, const struct op_frame *frame,
					   const char *spec, const char *pattern,
					   const struct op_breakpoint **ret)
{
	struct op_error *err = op_session_break(session, "fib", false, false, ret);
	if (!err) {
		struct op_breakpoint *set = &session->breakpoints[session->breakpoint_count - 1];
		set->action = OP_ACTION_WATCH;
		set->kind = OP_BREAKPOINT_WATCH;
	}
	return err;
}

struct op_error *op_session_trace(struct op_session *session, const char *pattern, uint64_t length,
				  const struct op_breakpoint **ret)
{
	struct op_error *err = op_session_break(session, "fib", false, false, ret);
	if (!err)
		session->breakpoints[session->breakpoint_count - 1].action = OP_ACTION_TRACE;
	return err;
}

struct op_error *op_session_trace_entries(struct op_session *session, size_t limit,
					  const struct op_trace_entry **ret, size_t *ret_count)
{
	static const struct op_trace_entry entries[] = {
		{.module = "app", .function = "fib", .function_index = 1, .pc = 0x1a3}};
	*ret = entries;
	*ret_count = OP_ARRAY_SIZE(entries);
	return NULL;
}

const char *op_breakpoint_evaluation_name(enum op_breakpoint_evaluation evaluation)
{
	static const char *const names[] = {[OP_EVALUATION_NONE] = "none",
					    [OP_EVALUATION_INSIDE] = "inside",
					    [OP_EVALUATION_OUTSIDE] = "outside"};
	return names[evaluation];
}

const char *op_breakpoint_action_name(enum op_breakpoint_action action)
{
	static const char *const names[] = {[OP_ACTION_STOP] = "stop",
					    [OP_ACTION_COUNT] = "count",
					    [OP_ACTION_LOG] = "log",
					    [OP_ACTION_TRACE] = "trace",
					    [OP_ACTION_WATCH] = "watch"};
	return names[action];
}

struct op_error *op_session_counts(struct op_session *session, uint32_t number, bool by_instruction,
				   const char *pattern, const struct op_count **ret,
				   size_t *ret_count)
{
	static const struct op_count counts[] = {{.number = 1,
						  .module = "app",
						  .function = "fib",
						  .function_index = 1,
						  .pc = 0x1a3,
						  .count = 12,
						  .instructions = 240,
						  .covered = 9,
						  .counted = 10}};
	*ret = counts;
	*ret_count = OP_ARRAY_SIZE(counts);
	return NULL;
}

struct op_error *op_session_breakpoint_ignore(struct op_session *session, uint32_t number,
					      uint64_t count)
{
	struct op_breakpoint *breakpoint = find_breakpoint(session, number);
	if (!breakpoint)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no breakpoint %" PRIu32,
				       number);
	breakpoint->ignore_left = count;
	return NULL;
}

const struct op_breakpoint *const *op_session_breakpoints(struct op_session *session,
							  size_t *ret_count)
{
	for (size_t i = 0; i < session->breakpoint_count; i++)
		session->list[i] = &session->breakpoints[i];
	*ret_count = session->breakpoint_count;
	return session->list;
}

struct op_error *op_session_watch(struct op_session *session, const struct op_frame *frame,
				  const char *spec, enum op_breakpoint_kind kind,
				  const struct op_breakpoint **ret)
{
	struct op_error *err = op_session_break(session, "fib", false, false, ret);
	if (err)
		return err;
	struct op_breakpoint *watchpoint = &session->breakpoints[session->breakpoint_count - 1];
	snprintf(session->specs[session->breakpoint_count - 1], sizeof(session->specs[0]), "%s",
		 spec);
	watchpoint->kind = kind;
	watchpoint->location_count = 0;
	return NULL;
}

const char *op_breakpoint_kind_name(enum op_breakpoint_kind kind)
{
	static const char *const names[] = {"breakpoint", "watchpoint", "read-watchpoint",
					    "access-watchpoint"};
	return names[kind];
}

const char *op_stop_reason_name(enum op_stop_reason reason)
{
	static const char *const names[] = {
		"breakpoint",     "step",       "interrupted", "signal",   "trap",
		"guest-returned", "exec",       "entry",       "attached", "thread-ended",
		"catch",          "watchpoint", "core"};
	return names[reason];
}

struct op_error *op_session_run(struct op_session *session, enum op_run_kind kind, uint64_t count)
{
	fake.run_calls++;
	fake.last_run = kind;
	fake.last_count = count;
	session->state = OP_SESSION_RUNNING;
	return NULL;
}

struct op_error *op_session_wait(struct op_session *session, int timeout_ms, struct op_event *ret)
{
	*ret = fake.next_event;
	session->state = ret->kind == OP_EVENT_EXITED ? OP_SESSION_EXITED : OP_SESSION_STOPPED;
	return NULL;
}

void op_session_interrupt(struct op_session *session)
{
	fake.interrupted = true;
}

bool op_session_take_interrupt(struct op_session *session)
{
	bool interrupted = fake.interrupted;
	fake.interrupted = false;
	return interrupted;
}

struct op_error *op_session_carry(struct op_session *session, bool *ret_carried)
{
	fake.in_flight = false;
	*ret_carried = true;
	return NULL;
}
