// SPDX-License-Identifier: GPL-3.0-or-later
// Frames and their variables; see frame.h. Knows no session.
#include "tracer/report/frame.h"

#include <inttypes.h>
#include <string.h>

#include "tracer/report/source_value.h"
#include "tracer/report/value.h"

static const struct op_value_format natural;

static void variable_name(struct op_output *out, const struct op_variable *variable)
{
	// What has no name is shown the way an expression asks for it.
	if (variable->name)
		op_output_styled(out, OP_STYLE_NAME, "%s", variable->name);
	else
		op_output_styled(out, OP_STYLE_NAME, "$local%" PRIu32, variable->index);
}

// Whether anything in the guest's language is known of the frame.
static bool has_body(const struct op_frame_view *view)
{
	return view->source.body || view->source.file;
}

/** "(n=7, m=8)", of Wasm's parameters */
static void parameters_text(struct op_output *out, const struct op_frame_view *view)
{
	const struct op_frame *frame = view->frame;
	size_t count = frame->param_count;
	bool unknown = frame->no_values && !frame->has_arguments;
	if (!view->locals.wanted || view->locals.reason || unknown || count > view->locals.count) {
		op_output_printf(out, "%s", count == 0 && !unknown ? "()" : "(...)");
		return;
	}
	op_output_printf(out, "(");
	for (size_t i = 0; i < count; i++) {
		const struct op_variable *variable = &view->locals.data[i];
		if (i)
			op_output_printf(out, ", ");
		variable_name(out, variable);
		op_output_printf(out, "=");
		if (variable->value.state == OP_VALUE_PRESENT)
			op_value_text(&out->text, &variable->value, &natural);
		else
			op_output_printf(out, "<%s>", op_value_state_name(variable->value.state));
	}
	op_output_printf(out, ")");
}

// The beginning of a reason; info args has it whole.
static int short_length(const char *problem)
{
	const char *more = strstr(problem, ", which");
	size_t first = strcspn(problem, ";:");
	return (int)(more && (size_t)(more - problem) < first ? (size_t)(more - problem) : first);
}

// What fits into a frame's line: as gdb, aggregates are only hinted at.
static void argument_value(struct op_output *out, const struct op_source_node *node)
{
	switch (node->kind) {
	case OP_SOURCE_NODE_SCALAR:
	case OP_SOURCE_NODE_POINTER:
	case OP_SOURCE_NODE_STRING:
		op_output_printf(out, "%s", node->text ?: "...");
		break;
	case OP_SOURCE_NODE_STRUCT:
	case OP_SOURCE_NODE_ARRAY:
	case OP_SOURCE_NODE_MAP:
		op_output_printf(out, "...");
		break;
	case OP_SOURCE_NODE_MISSING:
		op_output_printf(out, "<%.*s>", node->problem ? short_length(node->problem) : 9,
				 node->problem ?: "not known");
		break;
	}
}

static void arguments_text(struct op_output *out, const struct op_frame_view *view)
{
	if (!view->arguments.wanted) {
		// Wasm's parameters are those of the function that this body was inlined into.
		if (view->frame->source_inlined)
			op_output_printf(out, "(...)");
		else
			parameters_text(out, view);
		return;
	}
	op_output_printf(out, "(");
	for (size_t i = 0; i < view->arguments.count; i++) {
		const struct op_source_node *node = &view->arguments.data[i];
		op_output_printf(out, "%s", i ? ", " : "");
		op_output_styled(out, OP_STYLE_NAME, "%s", node->name ?: "?");
		op_output_printf(out, "=");
		argument_value(out, node);
	}
	op_output_printf(out, ")");
}

static void place_text(struct op_output *out, const struct op_frame_view *view)
{
	const struct op_frame *frame = view->frame;
	if (view->source.file) {
		op_output_printf(out, " at ");
		op_output_styled(out, OP_STYLE_NAME, "%s",
				 view->source.short_file ?: view->source.file);
		op_output_printf(out, ":%" PRIu32, view->source.line);
	} else if (frame->has_pc) {
		op_output_printf(out, " at %s!", frame->module);
		op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx32, frame->pc);
	} else if (frame->function_offset) {
		op_output_printf(out, " at %s!<function+0x%" PRIx32 ">", frame->module,
				 frame->function_offset);
	} else {
		op_output_printf(out, " at %s!<offset not known>", frame->module);
	}
}

static bool is_known(const struct op_source_arguments_view *arguments)
{
	for (size_t i = 0; arguments->wanted && i < arguments->count; i++)
		if (arguments->data[i].kind != OP_SOURCE_NODE_MISSING)
			return true;
	return false;
}

// Whether the pc says more than the line. What is around an inlined body is at a call that no
// instruction makes.
static bool needs_address(const struct op_frame_view *view)
{
	return view->source.file && view->frame->has_pc && !view->source.exact &&
	       !view->frame->source_depth;
}

void op_frame_line(struct op_output *out, const struct op_frame_view *view)
{
	const struct op_frame *frame = view->frame;
	if (frame->kind == OP_FRAME_HOST) {
		op_output_styled(out, OP_STYLE_DIM, "[host: %s]", frame->function);
		return;
	}
	if (needs_address(view)) {
		op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx32, frame->pc);
		op_output_printf(out, " in ");
	}
	op_output_styled(out, OP_STYLE_FUNCTION, "%s", view->source.function ?: frame->function);
	op_output_printf(out, " ");
	arguments_text(out, view);
	place_text(out, view);
	if (frame->inlined || frame->source_inlined)
		op_output_printf(out, " (inlined)");
	if (frame->in_flight)
		op_output_styled(out, OP_STYLE_DIM,
				 " [inside this instruction: its operands are being changed]");
	if (!frame->no_values || is_known(&view->arguments))
		return;
	if (frame->dumped)
		op_output_styled(out, OP_STYLE_DIM, " [no values in the Wasm core dump]");
	else
		op_output_styled(out, OP_STYLE_DIM, " [%s: compiled without guest-debug]",
				 frame->has_arguments ? "parameters only" : "no values");
}

void op_source_line_text(struct op_output *out, const struct op_frame_view *view)
{
	if (!view->source.file)
		return;
	if (needs_address(view)) {
		op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx32, view->frame->pc);
		op_output_printf(out, "\t");
	}
	op_output_printf(out, "%" PRIu32 "\t", view->source.line);
	if (view->text)
		op_output_printf(out, "%s\n", view->text);
	else
		op_output_printf(out, "in %s\n", view->source.short_file ?: view->source.file);
}

void op_frame_text(struct op_output *out, const struct op_frame_view *view)
{
	if (view->frame->kind == OP_FRAME_HOST)
		op_output_printf(out, "    ");
	else
		op_output_printf(out, "#%-2" PRIu32 " ", view->frame->level);
	op_frame_line(out, view);
	op_output_printf(out, "\n");
}

void op_incomplete_text(struct op_output *out, const char *why)
{
	op_output_printf(out, "(the stack ends here early: %s)\n", why);
}

/** With what it leads to when that is known. */
static void shown_value(struct op_output *out, const struct op_variables_view *view, size_t index)
{
	if (view->details && view->details[index])
		op_text_append(&out->text, view->details[index]);
	else
		op_value_text(&out->text, &view->data[index].value, &natural);
}

void op_locals_text(struct op_output *out, const struct op_variables_view *locals,
		    const char *indent)
{
	if (locals->reason) {
		op_output_printf(out, "%s<%s>\n", indent, locals->message);
		return;
	}
	if (!locals->count)
		op_output_printf(out, "%sNo locals.\n", indent);
	for (size_t i = 0; i < locals->count; i++) {
		op_output_printf(out, "%s", indent);
		variable_name(out, &locals->data[i]);
		op_output_printf(out, " = ");
		shown_value(out, locals, i);
		op_output_printf(out, "\n");
		op_output_drain(out);
	}
}

void op_operands_text(struct op_output *out, const struct op_variables_view *operands)
{
	if (operands->reason) {
		op_output_printf(out, "<%s>\n", operands->message);
		return;
	}
	if (!operands->count)
		op_output_printf(out, "The operand stack is empty.\n");
	for (size_t i = operands->count; i-- > 0;) {
		const struct op_variable *operand = &operands->data[i];
		op_output_styled(out, OP_STYLE_NAME, "$stack%" PRIu32, operand->index);
		op_output_printf(out, " = (%s) ", op_value_type_name(operand->value.type));
		shown_value(out, operands, i);
		op_output_printf(out, "\n");
		op_output_drain(out);
	}
}

void op_variables_json(struct op_json *json, const char *key,
		       const struct op_variables_view *variables)
{
	if (variables->reason) {
		op_missing_json(json, key, variables->reason, variables->message);
		return;
	}
	op_json_begin_array(json, key);
	for (size_t i = 0; i < variables->count; i++) {
		const struct op_variable *variable = &variables->data[i];
		op_json_begin_object(json, NULL);
		op_json_uint(json, "index", variable->index);
		op_json_string(json, "name", variable->name);
		op_typed_value_json(json, &variable->value, false);
		if (variables->details && variables->details[i])
			op_json_raw(json, "object", variables->details[i]);
		op_json_end_object(json);
	}
	op_json_end_array(json);
}

static void source_json(struct op_json *json, const struct op_frame_source *source)
{
	op_json_string(json, "language", source->language);
	op_json_string(json, "file", source->file);
	if (!source->file)
		return;
	op_json_uint(json, "line", source->line);
	op_json_uint(json, "column", source->column);
	op_json_bool(json, "line_begins", source->exact);
}

void op_frame_json(struct op_json *json, const char *key, const struct op_frame_view *view)
{
	const struct op_frame *frame = view->frame;
	op_json_begin_object(json, key);
	if (frame->kind == OP_FRAME_HOST) {
		op_json_string(json, "kind", "host");
		op_json_string(json, "function", frame->function);
		op_json_end_object(json);
		return;
	}
	op_json_uint(json, "level", frame->level);
	op_json_string(json, "kind", "wasm");
	op_json_string(json, "function", view->source.function ?: frame->function);
	if (view->source.function && strcmp(view->source.function, frame->function) != 0)
		op_json_string(json, "wasm_function", frame->function);
	op_json_uint(json, "function_index", frame->function_index);
	op_json_string(json, "module", frame->module);
	if (frame->has_pc)
		op_json_uint(json, "pc", frame->pc);
	else
		op_json_null(json, "pc");
	if (frame->function_offset)
		op_json_uint(json, "function_offset", frame->function_offset);
	op_json_hex(json, "host_pc", frame->host_pc.value);
	op_json_bool(json, "inlined", frame->inlined || frame->source_inlined);
	if (has_body(view))
		source_json(json, &view->source);
	if (frame->in_flight)
		op_json_bool(json, "in_flight", true);
	if (view->arguments.wanted)
		op_source_variables_json(json, "arguments", view->arguments.data,
					 view->arguments.count);
	if (view->locals.wanted)
		op_variables_json(json, "locals", &view->locals);
	if (view->operands.wanted)
		op_variables_json(json, "stack", &view->operands);
	op_json_end_object(json);
}
