// SPDX-License-Identifier: GPL-3.0-or-later
// Values as print shows them; see printed.h.
#include "tracer/repl/printed.h"

#include "tracer/report/number.h"

struct op_error *op_printed_evaluate(struct op_repl *repl, const char *command, const char *format,
				     const char *expression, bool keep, struct op_printed *ret)
{
	struct op_examine_format parsed;
	struct op_error *err = op_argument_format(format, OP_NUMBER_FORMATS "r", &parsed);
	if (err)
		return err;
	if (parsed.count)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" takes no count; \"x\" does",
				       command);
	if (!*expression)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" needs an expression", command);
	*ret = (struct op_printed){0};
	err = keep ? op_repl_evaluate(repl, expression, &ret->result)
		   : op_repl_evaluate_once(repl, expression, &ret->result);
	if (err)
		return err;
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	ret->format = (struct op_value_format){.letter = parsed.letter,
					       .lane = parsed.unit,
					       .is_unsigned = ret->result.is_unsigned};
	if (ret->result.guest_value) {
		struct op_source_limits source = op_repl_source_limits(repl, parsed.letter);
		source.plain |= parsed.raw;
		return op_session_source_node(repl->session, frame, &ret->result, &source,
					      &ret->source);
	}
	struct op_expand_limits limits = op_repl_expand_limits(repl, OP_EXPAND_FULL);
	return op_session_expand(repl->session, frame, &ret->result, &limits, &ret->node);
}

// Strings and containers are shown as what they mean: that a reference led there does not matter.
static bool is_meaning(const struct op_source_node *node)
{
	return node->summary || node->kind == OP_SOURCE_NODE_STRING ||
	       node->kind == OP_SOURCE_NODE_MAP;
}

void op_printed_text(struct op_repl *repl, struct op_text *text, const struct op_printed *printed)
{
	struct op_source_style style = {.pretty = repl->settings.print_pretty, .typed = true};
	if (!printed->source) {
		op_node_text(text, printed->node, &printed->format);
		return;
	}
	struct op_source_node node = *printed->source;
	node.is_reference &= !is_meaning(&node);
	op_source_value_text(text, &node, &style);
}

static void place_json(struct op_json *json, const struct op_result *result)
{
	op_json_begin_object(json, "place");
	if (result->has_place) {
		op_json_uint(json, "memory", result->guest_memory);
		op_json_uint(json, "address", result->guest_offset);
	} else {
		op_json_hex(json, "host_address", result->place_address.value);
	}
	op_json_uint(json, "size", result->width);
	op_json_end_object(json);
}

void op_printed_json(struct op_repl *repl, struct op_json *json, const struct op_printed *printed)
{
	const struct op_result *result = &printed->result;
	if (!printed->source || result->value.state == OP_VALUE_PRESENT)
		op_typed_value_json(json, &result->value, result->is_unsigned);
	if (result->history)
		op_json_uint(json, "history", result->history);
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_printed_text(repl, &text, printed);
	op_json_string(json, "text", text.data);
	if (printed->source)
		op_source_value_json(json, "source", printed->source);
	else
		op_node_json(json, "object", printed->node);
	if (result->has_place || result->place_address.value)
		place_json(json, result);
}
