// SPDX-License-Identifier: GPL-3.0-or-later
// x: look at linear memory.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/report/dump.h"
#include "tracer/report/number.h"
#include "tracer/repl/repl.h"

#define FORMATS OP_NUMBER_FORMATS "si"
enum { CHUNK = 64 * 1024, STRING_MAX = 64 * 1024 };

/** Put together what was typed and what was used last; *ret is what to do. */
static struct op_error *parse(struct op_repl *repl, const struct op_call *call,
			      struct op_examine_state *ret)
{
	struct op_examine_format format;
	struct op_error *err = op_argument_format(call->format, FORMATS, &format);
	if (err)
		return err;
	*ret = repl->examine;
	if (!ret->letter)
		ret->letter = 'x';
	if (format.letter)
		ret->letter = format.letter;
	if (format.unit)
		ret->unit = format.unit;
	else if (format.letter == 'c')
		ret->unit = 1;
	else if (!ret->unit || format.letter == 'a')
		ret->unit = 4;
	if (ret->letter == 'f' && ret->unit < 4)
		ret->unit = 4;
	ret->count = format.count ? format.count : 1;
	if (!*call->rest || call->repeated) {
		if (!ret->valid)
			return op_error_create(OP_ERROR_SYNTAX,
					       "\"x\" needs an address: x/16xw 0x400");
		return NULL;
	}
	ret->memory = 0;
	const char *expression = op_argument_memory(call->rest, &ret->memory);
	unsigned float_size;
	err = op_repl_address_of_floats(repl, expression, &ret->next, &float_size);
	if (err)
		return err;
	if (ret->letter == 'f' && !format.unit && (float_size == 4 || float_size == 8))
		ret->unit = float_size;
	ret->valid = true;
	return NULL;
}

static struct op_error *examine_numbers(struct op_repl *repl, const struct op_frame *frame,
					struct op_examine_state *state)
{
	uint8_t *buffer _cleanup_free_ = malloc(CHUNK);
	if (!buffer)
		return op_error_no_memory();
	if (state->count > UINT64_MAX / 8 || state->count * state->unit > UINT64_MAX - state->next)
		return op_error_create(OP_ERROR_LIMIT,
				       "%" PRIu64 " items from 0x%" PRIx64
				       " on are more than there can be",
				       state->count, state->next);
	uint64_t left = state->count * state->unit;
	struct op_error *err = NULL;
	struct op_json *json = &repl->out.writer;
	if (repl->out.json) {
		op_json_uint(json, "address", state->next);
		op_json_begin_array(json, "values");
	}
	while (!err && left) {
		// A whole number of rows, so that rows do not break at chunks.
		size_t size = left < CHUNK ? (size_t)left : CHUNK;
		err = op_repl_check_interrupt(repl);
		if (!err)
			err = op_session_read_memory(repl->session, frame, state->memory,
						     state->next, buffer, size);
		if (err)
			break;
		struct op_dump dump = {.memory = state->memory,
				       .address = state->next,
				       .data = buffer,
				       .size = size,
				       .letter = state->letter,
				       .unit = state->unit};
		if (repl->out.json)
			op_dump_json_values(json, &dump);
		else
			op_dump_text(&repl->out, &dump);
		op_output_drain(&repl->out);
		left -= size;
		state->next += size;
	}
	if (!err && repl->out.json)
		op_json_end_array(json);
	return err;
}

/** Read up to the NUL or the limit; byte by byte at the end of the memory. */
static struct op_error *read_string(struct op_repl *repl, const struct op_frame *frame,
				    const struct op_examine_state *state, size_t limit,
				    struct op_text *text, bool *ret_ended)
{
	char piece[256];
	struct op_error *err = NULL;
	size_t step = sizeof(piece);
	*ret_ended = false;
	while (!err && !*ret_ended && text->size < limit) {
		size_t size = limit - text->size < step ? limit - text->size : step;
		err = op_session_read_memory(repl->session, frame, state->memory,
					     state->next + text->size, piece, size);
		if (err && err->code == OP_ERROR_UNREADABLE && size > 1) {
			op_error_destroy(op_take(err));
			step = 1;
			continue;
		}
		if (err)
			break;
		size_t length = strnlen(piece, size);
		op_text_append_n(text, piece, length);
		*ret_ended = length < size;
		if (text->failed)
			err = op_error_no_memory();
	}
	return err;
}

/** What would end the string, or begin an escape, in front of which a \\ is put. */
static void append_quoted(struct op_text *text, const char *bytes, size_t size)
{
	op_text_append(text, "\"");
	while (size) {
		size_t plain = 0;
		while (plain < size && bytes[plain] != '"' && bytes[plain] != '\\')
			plain++;
		op_text_append_escaped(text, bytes, plain);
		if (plain < size)
			op_text_printf(text, "\\%c", bytes[plain++]);
		bytes += plain;
		size -= plain;
	}
	op_text_append(text, "\"");
}

static struct op_error *examine_strings(struct op_repl *repl, const struct op_frame *frame,
					struct op_examine_state *state)
{
	unsigned elements = repl->settings.print_elements;
	size_t limit = elements && elements < STRING_MAX ? elements : STRING_MAX;
	struct op_json *json = &repl->out.writer;
	if (repl->out.json)
		op_json_begin_array(json, "strings");
	for (uint64_t i = 0; i < state->count; i++) {
		struct op_text raw _cleanup_text_ = OP_TEXT_INIT;
		struct op_text shown _cleanup_text_ = OP_TEXT_INIT;
		bool ended;
		struct op_error *err = op_repl_check_interrupt(repl);
		if (!err)
			err = read_string(repl, frame, state, limit, &raw, &ended);
		if (err)
			return err;
		const char *bytes = raw.data ? raw.data : "";
		if (repl->out.json)
			op_text_append_escaped(&shown, bytes, raw.size);
		else
			append_quoted(&shown, bytes, raw.size);
		const char *string = shown.data ? shown.data : "";
		if (repl->out.json) {
			op_json_begin_object(json, NULL);
			op_json_uint(json, "address", state->next);
			op_json_string(json, "value", string);
			op_json_bool(json, "cut", !ended);
			op_json_end_object(json);
		} else {
			op_dump_address(&repl->out, state->memory, state->next);
			op_output_printf(&repl->out, "\t%s%s\n", string, ended ? "" : "...");
		}
		op_output_drain(&repl->out);
		state->next += raw.size + ended;
	}
	if (repl->out.json)
		op_json_end_array(json);
	return NULL;
}

/** x/i: the address is an offset in the bytes of the frame's module, without one the instance's. */
static struct op_error *examine_instructions(struct op_repl *repl, const struct op_frame *frame,
					     struct op_examine_state *state)
{
	struct op_json *json = &repl->out.writer;
	uint32_t module = frame ? frame->module_id : UINT32_MAX;
	if (!frame) {
		const struct op_instance_info *scope;
		struct op_error *err = op_session_scope(repl->session, NULL, &scope);
		if (err)
			return err;
		module = scope->module_id;
	}
	if (repl->out.json)
		op_json_begin_array(json, "instructions");
	for (uint64_t i = 0; i < state->count; i++) {
		const char *text;
		uint32_t size;
		struct op_error *err = op_repl_check_interrupt(repl);
		if (!err && state->next > UINT32_MAX)
			err = op_error_create(OP_ERROR_NOT_FOUND,
					      "0x%" PRIx64 " is not an offset in a module",
					      state->next);
		if (!err)
			err = op_session_instruction(repl->session, module, (uint32_t)state->next,
						     &text, &size);
		if (err)
			return err;
		if (repl->out.json) {
			op_json_begin_object(json, NULL);
			op_json_uint(json, "pc", state->next);
			op_json_uint(json, "size", size);
			op_json_string(json, "text", text);
			op_json_end_object(json);
		} else {
			bool current = frame && frame->has_pc && frame->pc == state->next;
			op_output_printf(&repl->out, "%s ", current ? "=>" : "  ");
			op_output_styled(&repl->out, OP_STYLE_ADDRESS, "0x%" PRIx64, state->next);
			op_output_printf(&repl->out, ": %s\n", text);
		}
		op_output_drain(&repl->out);
		state->next += size;
	}
	if (repl->out.json)
		op_json_end_array(json);
	return NULL;
}

static struct op_error *x_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_examine_state state;
	struct op_error *err = parse(repl, call, &state);
	if (err)
		return err;
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	if (repl->out.json) {
		op_json_string(&repl->out.writer, "format", (const char[]){state.letter, '\0'});
		if (state.letter != 'i')
			op_json_uint(&repl->out.writer, "memory", state.memory);
		if (state.letter != 'i' && state.letter != 's')
			op_json_uint(&repl->out.writer, "size", state.unit);
	}
	if (state.letter == 'i')
		err = examine_instructions(repl, frame, &state);
	else if (state.letter == 's')
		err = examine_strings(repl, frame, &state);
	else
		err = examine_numbers(repl, frame, &state);
	if (!err)
		repl->examine = state;
	return err;
}

const struct op_command op_cmd_x = {
	.name = "x",
	.group = OP_GROUP_DATA,
	.args = "[/NFU] [memN:]ADDRESS",
	.help = "Look at linear memory: x/16xw 0x400 shows 16 words in hexadecimal. An empty line "
		"goes on behind them.\n"
		"N is a count; F a format: x d u o t a c f z, s for strings, i for Wasm "
		"instructions at an offset in the module;\n"
		"U a unit: b (1 byte), h (2), w (4), g (8). The address is an expression; memN: "
		"chooses another memory than 0.",
	.flags = OP_COMMAND_NEEDS_STOPPED | OP_COMMAND_REPEATS | OP_COMMAND_FORMAT,
	.complete = OP_COMPLETE_LOCALS,
	.run = x_run,
};
