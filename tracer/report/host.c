// SPDX-License-Identifier: GPL-3.0-or-later
#include "tracer/report/host.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

enum { NAME_MAX_SHOWN = 120 };

// Without what is in angle brackets deeper than @p depth. Those that a name begins with say whose
// method it is: they count for one less.
static void shorten(const char *name, int depth, struct op_text *ret)
{
	int limit = depth + (*name == '<'), open = 0;
	for (const char *c = name; *c; c++) {
		bool closes = *c == '>' && open && c[-1] != '-';
		if (closes && open == limit + 1)
			op_text_append(ret, "..");
		open -= closes;
		if (open <= limit)
			op_text_append_char(ret, *c);
		open += *c == '<';
	}
}

static void name_text(struct op_output *out, const char *name)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_text_append(&text, name);
	for (int depth = 2; depth >= 0 && text.size > NAME_MAX_SHOWN; depth--) {
		op_text_deinit(&text);
		text = (struct op_text)OP_TEXT_INIT;
		shorten(name, depth, &text);
	}
	op_output_styled(out, OP_STYLE_FUNCTION, "%s", text.data ?: name);
}

void op_host_frame_text(struct op_output *out, const struct op_host_frame *frame)
{
	op_output_printf(out, "        ");
	op_output_styled(out, OP_STYLE_ADDRESS, "0x%016" PRIx64, frame->pc.value);
	op_output_printf(out, " in ");
	if (frame->function)
		name_text(out, frame->function);
	else
		op_output_printf(out, "??");
	if (frame->function && frame->offset && !frame->file)
		op_output_printf(out, "+%" PRIu64, frame->offset);
	if (frame->file)
		op_output_printf(out, " at %s:%" PRIu32, frame->file, frame->line);
	if (frame->inlined)
		op_output_printf(out, " (inlined)");
	else if (*frame->object && frame->function)
		op_output_printf(out, " (%s)", frame->object);
	else if (*frame->object)
		op_output_printf(out, " (%s+0x%" PRIx64 ")", frame->object, frame->file_offset);
	op_output_printf(out, "\n");
}

void op_host_frame_json(struct op_json *json, const struct op_host_frame *frame)
{
	op_json_begin_object(json, NULL);
	op_json_hex(json, "pc", frame->pc.value);
	op_json_string(json, "object", *frame->object ? frame->object : NULL);
	if (*frame->object)
		op_json_uint(json, "object_offset", frame->file_offset);
	op_json_string(json, "function", frame->function);
	if (frame->function)
		op_json_uint(json, "offset", frame->offset);
	if (frame->file) {
		op_json_string(json, "file", frame->file);
		op_json_uint(json, "line", frame->line);
	}
	op_json_bool(json, "inlined", frame->inlined);
	op_json_end_object(json);
}
