// SPDX-License-Identifier: GPL-3.0-or-later
// Disassembled functions; see listing.h.
#include "tracer/repl/listing.h"

#include <inttypes.h>

#include "tracer/report/disassembly.h"

enum { INTERRUPT_EVERY = 1024 };

struct op_error *op_listing_choose(struct op_repl *repl, const char *spec,
				   struct op_named_function *function,
				   struct op_listing_range *range)
{
	if (*spec) {
		struct op_error *err = op_repl_find_function(repl, spec, function);
		if (!err)
			range->pc = function->pc;
		return err;
	}
	const struct op_frame *frame;
	struct op_error *err = op_session_selected_frame(repl->session, &frame);
	if (err)
		return err;
	range->pc = frame->pc;
	range->centred = frame->has_pc;
	return op_repl_frame_function(repl, function);
}

/** The lines to show: [*ret_first, *ret_end). */
static void choose_lines(const struct op_disassembly_line *lines, size_t count,
			 const struct op_listing_range *range, size_t *ret_first, size_t *ret_end)
{
	*ret_first = 0;
	*ret_end = count;
	if (range->whole)
		return;
	size_t at = 0;
	while (at < count && (lines[at].native || lines[at].pc < range->pc))
		at++;
	size_t before = range->centred ? range->count / 2 : 0;
	*ret_first = at > before ? at - before : 0;
	*ret_end = count - *ret_first > range->count ? *ret_first + range->count : count;
}

struct op_error *op_listing_report(struct op_repl *repl, const struct op_named_function *function,
				   enum op_disassembly_flavour flavour,
				   const struct op_listing_range *range, uint32_t *ret_next)
{
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	const struct op_disassembly_line *lines;
	size_t count, first, end;
	struct op_error *err =
		op_session_disassemble(repl->session, function->module_id, function->index, flavour,
				       frame, &lines, &count);
	if (err)
		return err;
	choose_lines(lines, count, range, &first, &end);
	struct op_json *json = &repl->out.writer;
	if (repl->out.json) {
		op_json_string(json, "module", function->module);
		op_json_string(json, "function", function->name);
		op_json_uint(json, "function_index", function->index);
		op_json_begin_array(json, "instructions");
	} else {
		op_output_styled(&repl->out, OP_STYLE_FUNCTION, "%s", function->name);
		op_output_printf(&repl->out, " in %s:\n", function->module);
	}
	for (size_t i = first; i < end; i++) {
		if (i % INTERRUPT_EVERY == INTERRUPT_EVERY - 1)
			err = op_repl_check_interrupt(repl);
		if (err)
			return err;
		if (repl->out.json)
			op_disassembly_line_json(json, &lines[i]);
		else
			op_disassembly_line_text(&repl->out, &lines[i], function->pc);
		op_output_drain(&repl->out);
	}
	if (repl->out.json)
		op_json_end_array(json);
	if (ret_next)
		*ret_next = end < count ? lines[end].pc : UINT32_MAX;
	return NULL;
}
