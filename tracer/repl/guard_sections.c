// SPDX-License-Identifier: GPL-3.0-or-later
#include "tracer/repl/guard_sections.h"

#include <inttypes.h>
#include <string.h>

#include "tracer/repl/fatal.h"
#include "tracer/repl/host_stretch.h"
#include "tracer/report/disassembly.h"
#include "tracer/report/thread.h"

enum {
	INSTRUCTIONS_AROUND = 8,
	BYTES_AROUND = 64,
	BYTES_IN_ROW = 16,
	THREADS_MAX = 256,
	FRAMES_OF_THREAD = 16,
	HOST_FRAMES_OF_STRETCH = 12,
};

/** What only means that a part of the report is missing: said in its place. */
static struct op_error *say_missing(struct op_repl *repl, struct op_json *json, const char *key,
				    struct op_error *error)
{
	if (!error || op_error_is_fatal(error))
		return error;
	if (json)
		op_json_string(json, key, error->message);
	else
		op_output_printf(&repl->out, "(%s)\n", error->message);
	op_error_destroy(error);
	return NULL;
}

struct op_error *op_guard_registers(struct op_repl *repl, struct op_json *json,
				    const struct op_event *event)
{
	enum { IN_ROW = 3 };
	const struct op_register_info *registers;
	size_t count = 0;
	struct op_error *err =
		op_session_registers(repl->session, event->thread, &registers, &count);
	if (err)
		return say_missing(repl, json, "registers_missing", err);
	if (json)
		op_json_begin_object(json, "registers");
	for (size_t i = 0; i < count; i++) {
		if (json) {
			op_json_hex(json, registers[i].name, registers[i].value);
			continue;
		}
		bool last = i % IN_ROW == IN_ROW - 1 || i + 1 == count;
		op_output_printf(&repl->out, "%-8s 0x%016" PRIx64 "%s", registers[i].name,
				 registers[i].value, last ? "\n" : "   ");
	}
	if (json)
		op_json_end_object(json);
	return NULL;
}

// Instructions --------------------------------------------------------------------------------

static void show_lines(struct op_repl *repl, struct op_json *json,
		       const struct op_disassembly_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (json)
			op_disassembly_line_json(json, &lines[i]);
		else
			op_disassembly_line_text(&repl->out, &lines[i], 0);
	}
}

/** The line of the place: the current one; in machine code behind a call, the one before it. */
static size_t find_place(const struct op_disassembly_line *lines, size_t count,
			 const struct op_frame *frame)
{
	size_t ret = 0;
	for (size_t i = 0; i < count; i++) {
		if (lines[i].current)
			return i;
		if (lines[i].native && lines[i].host_pc.value <= frame->host_pc.value)
			ret = i;
	}
	return ret;
}

static struct op_error *guest_code(struct op_repl *repl, struct op_json *json,
				   const struct op_frame *frame,
				   enum op_disassembly_flavour flavour)
{
	const struct op_disassembly_line *lines;
	size_t count = 0;
	struct op_error *err =
		op_session_disassemble(repl->session, frame->module_id, frame->function_index,
				       flavour, frame, &lines, &count);
	if (err) {
		// In JSON an array: that the bytes are not recorded stands with the module.
		if (json && !op_error_is_fatal(err)) {
			op_error_destroy(err);
			return NULL;
		}
		return say_missing(repl, json, NULL, err);
	}
	size_t place = find_place(lines, count, frame);
	size_t first = place > INSTRUCTIONS_AROUND ? place - INSTRUCTIONS_AROUND : 0;
	size_t end = count - place > INSTRUCTIONS_AROUND ? place + INSTRUCTIONS_AROUND + 1 : count;
	show_lines(repl, json, lines + first, end - first);
	return NULL;
}

/** The program counter, by its role: the last of the names that end so on all machines. */
static uint64_t program_counter(const struct op_register_info *registers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(registers[i].name, "rip") || !strcmp(registers[i].name, "pc"))
			return registers[i].value;
	return 0;
}

static struct op_error *host_code(struct op_repl *repl, struct op_json *json, int64_t thread)
{
	const struct op_register_info *registers;
	const struct op_disassembly_line *lines;
	size_t count;
	struct op_error *err = op_session_registers(repl->session, thread, &registers, &count);
	if (!err)
		err = op_session_host_code(repl->session,
					   op_host_addr(program_counter(registers, count)),
					   INSTRUCTIONS_AROUND, &lines, &count);
	if (!err)
		show_lines(repl, json, lines, count);
	if (err && json && !op_error_is_fatal(err)) {
		op_error_destroy(err);
		return NULL;
	}
	return say_missing(repl, json, NULL, err);
}

struct op_error *op_guard_instructions(struct op_repl *repl, struct op_json *json,
				       const struct op_event *event)
{
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	struct op_error *err = NULL;
	if (json)
		op_json_begin_object(json, "instructions");
	if (frame) {
		if (json)
			op_json_begin_array(json, "wasm");
		else
			op_output_printf(&repl->out, "%s in %s:\n", frame->function, frame->module);
		err = guest_code(repl, json, frame, OP_DISASSEMBLE_WASM);
		if (json)
			op_json_end_array(json);
		else
			op_output_printf(&repl->out, "Its machine code:\n");
	}
	if (!err && json)
		op_json_begin_array(json, "native");
	if (!err)
		err = frame ? guest_code(repl, json, frame, OP_DISASSEMBLE_NATIVE)
			    : host_code(repl, json, event->thread);
	if (err || !json)
		return err;
	op_json_end_array(json);
	op_json_end_object(json);
	return NULL;
}

// Memory --------------------------------------------------------------------------------------

/** The linear memory whose reservation an address lies in; *ret_found false: in none. */
static struct op_error *find_memory(struct op_repl *repl, const struct op_frame *frame,
				    uint64_t address, bool *ret_found, struct op_memory_report *ret)
{
	// What a 32-bit memory's offsets reach, with the guard behind: Wasmtime takes a fault there
	// for the guest's even when less was reserved.
	static const uint64_t reach = UINT64_C(8) << 30;
	const struct op_memory_report *memories;
	size_t count;
	*ret_found = false;
	if (!frame)
		return NULL;
	struct op_error *err = op_session_memory_reports(repl->session, frame, &memories, &count);
	if (err && op_error_is_fatal(err))
		return err;
	for (size_t i = 0; !err && i < count; i++) {
		uint64_t base = memories[i].base.value;
		if (memories[i].problem || address < base || address - base >= reach ||
		    (*ret_found && base < ret->base.value))
			continue;
		*ret = memories[i];
		*ret_found = true;
	}
	op_error_destroy(err);
	return NULL;
}

static void bytes_text(struct op_repl *repl, uint64_t first, const uint8_t *bytes, size_t size)
{
	for (size_t at = 0; at < size; at += BYTES_IN_ROW) {
		op_output_printf(&repl->out, "  0x%08" PRIx64 " ", first + at);
		for (size_t i = at; i < at + BYTES_IN_ROW; i++) {
			if (i < size)
				op_output_printf(&repl->out, " %02x", bytes[i]);
			else
				op_output_printf(&repl->out, "   ");
		}
		op_output_printf(&repl->out, "  ");
		for (size_t i = at; i < at + BYTES_IN_ROW && i < size; i++)
			op_output_printf(&repl->out, "%c",
					 bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.');
		op_output_printf(&repl->out, "\n");
	}
}

static void bytes_json(struct op_json *json, uint64_t first, const uint8_t *bytes, size_t size)
{
	char text[2 * 2 * BYTES_AROUND + 1] = "";
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	op_json_hex(json, "bytes_at", first);
	op_json_string(json, "bytes", text);
}

/** The bytes around an address that can be read: those before it, and those from it on. */
static struct op_error *show_bytes(struct op_repl *repl, struct op_json *json, uint64_t address,
				   uint64_t base)
{
	uint8_t bytes[2 * BYTES_AROUND];
	size_t done = 0, before = address < BYTES_AROUND ? address : BYTES_AROUND;
	uint64_t first = address - before;
	struct op_error *err = op_session_read_host(repl->session, op_host_addr(first), bytes,
						    before + BYTES_AROUND, &done);
	if (!err && !done) {
		first = address;
		err = op_session_read_host(repl->session, op_host_addr(first), bytes, BYTES_AROUND,
					   &done);
	}
	if (err || !done)
		return err;
	if (json)
		bytes_json(json, first - base, bytes, done);
	else
		bytes_text(repl, first - base, bytes, done);
	return NULL;
}

static struct op_error *guest_fault(struct op_repl *repl, struct op_json *json, uint64_t address,
				    const struct op_memory_report *memory)
{
	uint64_t offset = address - memory->base.value;
	bool outside = offset >= memory->size;
	if (json) {
		op_json_uint(json, "memory", memory->index);
		op_json_hex(json, "offset", offset);
		op_json_uint(json, "memory_size", memory->size);
	} else {
		op_output_printf(&repl->out,
				 "0x%" PRIx64 " is offset 0x%" PRIx64 " of memory %" PRIu32
				 ", %s its %" PRIu64 " bytes.\n",
				 address, offset, memory->index, outside ? "beyond" : "inside",
				 memory->size);
		if (outside && memory->size)
			op_output_printf(&repl->out, "Its last bytes:\n");
	}
	if (!memory->size)
		return NULL;
	uint64_t near = outside ? memory->size : offset;
	return show_bytes(repl, json, memory->base.value + near, memory->base.value);
}

static struct op_error *fault(struct op_repl *repl, struct op_json *json,
			      const struct op_event *event)
{
	struct op_memory_report memory = {0};
	bool in_guest;
	uint64_t address = event->fault_address.value;
	struct op_error *err =
		find_memory(repl, op_repl_frame_or_null(repl), address, &in_guest, &memory);
	if (err)
		return err;
	if (json)
		op_json_hex(json, "address", address);
	if (in_guest)
		return guest_fault(repl, json, address, &memory);
	if (!json)
		op_output_printf(&repl->out, "0x%" PRIx64 " lies in no memory of the guest's.\n",
				 address);
	return show_bytes(repl, json, address, 0);
}

struct op_error *op_guard_fault(struct op_repl *repl, struct op_json *json,
				const struct op_event *event)
{
	if (json && !event->has_fault_address) {
		op_json_null(json, "fault");
		return NULL;
	}
	if (json)
		op_json_begin_object(json, "fault");
	else if (!event->has_fault_address)
		op_output_printf(&repl->out, "No instruction has faulted.\n");
	struct op_error *err = event->has_fault_address ? fault(repl, json, event) : NULL;
	if (!err && json)
		op_json_end_object(json);
	return err;
}

// Stacks --------------------------------------------------------------------------------------

static struct op_error *show_stretch(struct op_repl *repl, struct op_json *json,
				     const struct op_stack *stack, size_t at)
{
	struct op_host_stretch_view view;
	struct op_error *err = op_session_host_stretch(repl->session, stack, at, &view.places,
						       &view.count, &view.incomplete);
	if (err && op_error_is_fatal(err))
		return err;
	if (err) {
		op_error_destroy(err);
		return NULL;
	}
	if (view.count > HOST_FRAMES_OF_STRETCH)
		view.count = HOST_FRAMES_OF_STRETCH;
	return op_repl_show_host_entry(
		repl, json, at < stack->count ? stack->frames[at].function : NULL, &view);
}

static struct op_error *show_frame(struct op_repl *repl, struct op_json *json,
				   const struct op_frame *frame)
{
	struct op_frame_view view = {.frame = frame};
	struct op_error *err = op_repl_fetch_source(repl, frame, &view);
	if (err)
		return err;
	if (json)
		op_frame_json(json, NULL, &view);
	else
		op_frame_text(&repl->out, &view);
	return NULL;
}

static struct op_error *show_frames(struct op_repl *repl, struct op_json *json,
				    const struct op_stack *stack)
{
	struct op_error *err = NULL;
	// A stack that was walked whole before has more than were asked for.
	for (size_t i = 0; !err && i < stack->count && i < FRAMES_OF_THREAD; i++)
		err = stack->frames[i].kind == OP_FRAME_HOST
			      ? show_stretch(repl, json, stack, i)
			      : show_frame(repl, json, &stack->frames[i]);
	if (!err && !stack->incomplete && stack->count < FRAMES_OF_THREAD)
		err = show_stretch(repl, json, stack, stack->count);
	return err;
}

/** @p error (taken): why the stack could not be walked. */
static struct op_error *show_stack(struct op_repl *repl, struct op_json *json,
				   const struct op_stack *stack, struct op_error *error)
{
	const char *why = error ? error->message : stack->incomplete;
	if (json)
		op_json_begin_array(json, "frames");
	struct op_error *err = error ? NULL : show_frames(repl, json, stack);
	if (json)
		op_json_end_array(json);
	if (json && why)
		op_json_string(json, "incomplete", why);
	else if (why)
		op_incomplete_text(&repl->out, why);
	op_error_destroy(error);
	return err;
}

static struct op_error *show_thread(struct op_repl *repl, struct op_json *json, int64_t thread,
				    const char *name)
{
	const struct op_stack *stack = NULL;
	struct op_error *walk =
		op_session_thread_stack(repl->session, thread, FRAMES_OF_THREAD, &stack);
	if (walk && op_error_is_fatal(walk))
		return walk;
	struct op_stack head = {.thread = thread};
	snprintf(head.thread_name, sizeof(head.thread_name), "%s", name);
	if (json) {
		op_json_begin_object(json, NULL);
		op_json_int(json, "tid", thread);
		op_json_string(json, "name", name);
	} else {
		op_stack_headline(&repl->out, &head, 0);
	}
	struct op_error *err = show_stack(repl, json, stack, walk);
	if (json)
		op_json_end_object(json);
	return err;
}

static struct op_error *show_suspended(struct op_repl *repl, struct op_json *json, size_t index)
{
	const struct op_stack *stack = NULL;
	struct op_error *walk =
		op_session_suspended_stack(repl->session, index, FRAMES_OF_THREAD, &stack);
	if (walk)
		return json ? (op_error_is_fatal(walk) ? walk : (op_error_destroy(walk), NULL))
			    : say_missing(repl, NULL, NULL, walk);
	if (json) {
		op_json_begin_object(json, NULL);
		op_json_hex(json, "store", stack->store.value);
	} else {
		op_stack_headline(&repl->out, stack, index);
	}
	struct op_error *err = show_stack(repl, json, stack, NULL);
	if (json)
		op_json_end_object(json);
	return err;
}

static struct op_error *show_all_suspended(struct op_repl *repl, struct op_json *json)
{
	size_t count = 0;
	struct op_error *err = op_session_suspended_count(repl->session, &count);
	if (json)
		op_json_begin_array(json, "suspended");
	for (size_t i = 0; !err && i < count && i < THREADS_MAX; i++)
		err = show_suspended(repl, json, i);
	if (json)
		op_json_end_array(json);
	return err;
}

struct op_error *op_guard_stacks(struct op_repl *repl, struct op_json *json,
				 const struct op_event *event)
{
	const struct op_thread_summary *threads;
	size_t count;
	struct {
		int64_t id;
		char name[sizeof(threads->name)];
	} copies[THREADS_MAX];
	(void)event;
	struct op_error *err = op_session_threads(repl->session, &threads, &count);
	if (err)
		return say_missing(repl, json, "threads_missing", err);
	size_t all = count;
	if (count > THREADS_MAX)
		count = THREADS_MAX;
	// Walking stacks may move the summaries.
	for (size_t i = 0; i < count; i++) {
		copies[i].id = threads[i].id;
		memcpy(copies[i].name, threads[i].name, sizeof(copies[i].name));
	}
	if (json)
		op_json_begin_array(json, "threads");
	for (size_t i = 0; !err && i < count; i++)
		err = show_thread(repl, json, copies[i].id, copies[i].name);
	if (json)
		op_json_end_array(json);
	else if (all > count)
		op_output_printf(&repl->out, "(%zu more threads)\n", all - count);
	return err ?: show_all_suspended(repl, json);
}

// Files ---------------------------------------------------------------------------------------

static struct op_error *module_build_ids(struct op_repl *repl, struct op_json *json)
{
	const struct op_module *modules;
	size_t count;
	struct op_error *err = op_session_modules(repl->session, &modules, &count);
	if (json)
		op_json_begin_array(json, "module_build_ids");
	for (size_t i = 0; !err && i < count; i++) {
		const char *id;
		err = op_session_module_build_id(repl->session, modules[i].id, &id);
		if (err || !id)
			continue;
		if (json) {
			op_json_begin_object(json, NULL);
			op_json_string(json, "module", modules[i].name);
			op_json_string(json, "build_id", id);
			op_json_end_object(json);
		} else {
			op_output_printf(&repl->out, "module %s  build id %s\n", modules[i].name,
					 id);
		}
	}
	if (json)
		op_json_end_array(json);
	return err;
}

struct op_error *op_guard_files(struct op_repl *repl, struct op_json *json,
				const struct op_event *event)
{
	const struct op_host_file *files;
	size_t count = 0;
	(void)event;
	struct op_error *err = module_build_ids(repl, json);
	if (!err)
		err = op_session_host_files(repl->session, &files, &count);
	if (json)
		op_json_begin_array(json, "host_files");
	for (size_t i = 0; !err && i < count; i++) {
		if (!json) {
			op_output_printf(&repl->out, "0x%016" PRIx64 "  %s  build id %s\n",
					 files[i].start.value, files[i].path,
					 files[i].build_id ?: "none");
			continue;
		}
		op_json_begin_object(json, NULL);
		op_json_string(json, "path", files[i].path);
		op_json_hex(json, "start", files[i].start.value);
		op_json_string(json, "build_id", files[i].build_id);
		op_json_end_object(json);
	}
	if (json)
		op_json_end_array(json);
	return err;
}
