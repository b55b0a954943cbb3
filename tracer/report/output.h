// SPDX-License-Identifier: GPL-3.0-or-later
// Where reports go: one output with two faces, text for a person and JSON Lines for a program. A
// report writes whichever
// face is on; a command's JSON result becomes one document when the command has ended. Knows no
// session.
#ifndef OP_TRACER_REPORT_OUTPUT_H
#define OP_TRACER_REPORT_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/text.h"
#include "tracer/report/json.h"

/** What a piece of text is, for colours. */
enum op_style {
	OP_STYLE_PLAIN,
	OP_STYLE_FUNCTION,
	OP_STYLE_NAME,
	OP_STYLE_ADDRESS,
	OP_STYLE_DIM,
	OP_STYLE_EVENT,
	OP_STYLE_ERROR,
};

/** Asked after each page of text; false: the person has seen enough. */
typedef bool (*op_page_fn)(void *context);
/** Asked when a signal came while the stream took nothing; other than 0: outpost is to end. */
typedef int (*op_ending_fn)(void);

struct op_output {
	bool json;
	bool color;
	FILE *stream; /**< borrowed */
	FILE *errors; /**< borrowed */
	/** the stream cannot be written any more: the reader is gone, or the disk is full */
	bool broken;
	op_ending_fn ending; /**< NULL: never */

	struct op_text text;   /**< text face: what is not written yet */
	struct op_text result; /**< JSON face: the members of the running command's result */
	struct op_json writer; /**< over result */
	struct op_text line;   /**< JSON face: a document outside of a command's result */
	struct op_json line_writer;

	unsigned page_rows; /**< 0: no pages */
	op_page_fn page;
	void *page_context;
	unsigned row;
	bool discard; /**< the rest of this command's text is not wanted */
};

void op_output_init(struct op_output *out, FILE *stream, FILE *errors);
void op_output_deinit(struct op_output *out);

// Text ----------------------------------------------------------------------------------------
// -------------------

void op_output_printf(struct op_output *out, const char *format, ...) _printf_(2, 3);
void op_output_styled(struct op_output *out, enum op_style style, const char *format, ...)
	_printf_(3, 4);
/** Switch a style on until op_output_style_end(). */
void op_output_style(struct op_output *out, enum op_style style);
void op_output_style_end(struct op_output *out);
/**
 * Write what has been gathered once it is much: called in loops, so that a long listing does not
 * pile up.
 */
void op_output_drain(struct op_output *out);
/** Write everything now. */
void op_output_flush(struct op_output *out);
/**
 * "error: sentence" on the error stream (text face only; JSON has it in the command's document).
 */
void op_output_error(struct op_output *out, const char *message);
/** A remark of the session's on the error stream; JSON: a "notice" event. */
void op_output_notice(struct op_output *out, bool warning, const char *message);

// JSON ----------------------------------------------------------------------------------------
// -------------------

/**
 * The result of the command around the one that is about to run; kept by the caller for
 * op_output_end_command().
 */
struct op_output_command {
	struct op_text result;
	struct op_json writer;
};
/** Begin a command's result. Commands nest (source, thread apply). */
void op_output_begin_command(struct op_output *out, struct op_output_command *ret_outer);
/**
 * End it. JSON: writes {"command":…,"ok":…,"result" or "error":…}. Text: writes out what has been
 * gathered.
 * @param[in] error NULL for success; borrowed. In text the caller shows it.
 */
void op_output_end_command(struct op_output *out, struct op_output_command *outer,
			   const char *command, const struct op_error *error);

/**
 * Begin a document of its own, as an object; the caller fills it and ends it with
 * op_output_end_line().
 */
struct op_json *op_output_begin_line(struct op_output *out);
void op_output_end_line(struct op_output *out);

#endif
