// SPDX-License-Identifier: GPL-3.0-or-later
// Frames and their variables as text and JSON. What is shown is handed in; knows no session.
#ifndef OP_TRACER_REPORT_FRAME_H
#define OP_TRACER_REPORT_FRAME_H

#include "tracer/outpost.h"
#include "tracer/report/output.h"

/** Variables that were asked for, and why there are none. All borrowed. */
struct op_variables_view {
	bool wanted; /**< false: nobody asked */
	const struct op_variable *data;
	size_t count;
	const char *
		/** NULL: data is what there is; else why nothing is known, as JSON names it */
		reason;
	const char *message; /**< ... and for a person */
	/**
	 * What references lead to, for the face that is on; NULL, also inside: nothing more is
	 * shown.
	 */
	const char *const *details;
};

/** A frame and what is to be shown of it. */
struct op_frame_view {
	const struct op_frame *frame;
	struct op_variables_view locals;
	struct op_variables_view operands;
	struct op_frame_source source;    /**< all NULL: nothing is known, or nobody asked */
	struct op_source_arguments_view { /**< of the body in the guest's language */
		bool wanted; /**< false: nobody asked, or nothing is known of the body */
		const struct op_source_node *data;
		size_t count;
	} arguments;
	const char *text; /**< of the source line, escaped; NULL: not to be had, or nobody asked */
};

/**
 * Text: "fib (n=7) at fib.c:12", or "0x1a3 in fib (n=7) at fib.c:12" where the line does not begin;
 * "fib (n=7) at app!0x1a3" where no line is known. Without number and newline.
 */
void op_frame_line(struct op_output *out, const struct op_frame_view *view);
/** Text: "#0  fib (n=7) at fib.c:12\n"; a folded host stretch: "    [host: fd_read]\n". */
void op_frame_text(struct op_output *out, const struct op_frame_view *view);
/** Text: "12\treturn n;\n", behind "0x1a3\t" where the line does not begin; "12\tin fib.c\n" when
 * its text is not to be had; nothing where no line is known. */
void op_source_line_text(struct op_output *out, const struct op_frame_view *view);
/** Text: the locals, one a line, behind @p indent. */
void op_locals_text(struct op_output *out, const struct op_variables_view *locals,
		    const char *indent);
/** Text: the operand stack, top first. */
void op_operands_text(struct op_output *out, const struct op_variables_view *operands);
/** Text: why a walk ended early. */
void op_incomplete_text(struct op_output *out, const char *why);

void op_frame_json(struct op_json *json, const char *key, const struct op_frame_view *view);
/** An array of variables, or {"reason":…,"message":…}. */
void op_variables_json(struct op_json *json, const char *key,
		       const struct op_variables_view *variables);

#endif
