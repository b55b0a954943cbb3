// SPDX-License-Identifier: GPL-3.0-or-later
// The output and its two faces; see output.h. Knows no session.
#include "tracer/report/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { DRAIN_AT = 64 * 1024 };

/** Select Graphic Rendition (ECMA-48, 8.3.117). */
static const char *const style_codes[] = {
	[OP_STYLE_PLAIN] = "",         [OP_STYLE_FUNCTION] = "\033[33m",
	[OP_STYLE_NAME] = "\033[36m",  [OP_STYLE_ADDRESS] = "\033[34m",
	[OP_STYLE_DIM] = "\033[2m",    [OP_STYLE_EVENT] = "\033[1m",
	[OP_STYLE_ERROR] = "\033[31m",
};

void op_output_init(struct op_output *out, FILE *stream, FILE *errors)
{
	*out = (struct op_output){.stream = stream, .errors = errors};
	op_json_init(&out->writer, &out->result);
}

void op_output_deinit(struct op_output *out)
{
	op_output_flush(out);
	op_text_deinit(&out->text);
	op_text_deinit(&out->result);
	op_text_deinit(&out->line);
}

void op_output_printf(struct op_output *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	op_text_vprintf(&out->text, format, args);
	va_end(args);
}

void op_output_style(struct op_output *out, enum op_style style)
{
	if (out->color)
		op_text_append(&out->text, style_codes[style]);
}

void op_output_style_end(struct op_output *out)
{
	if (out->color)
		op_text_append(&out->text, "\033[m");
}

void op_output_styled(struct op_output *out, enum op_style style, const char *format, ...)
{
	op_output_style(out, style);
	va_list args;
	va_start(args, format);
	op_text_vprintf(&out->text, format, args);
	va_end(args);
	op_output_style_end(out);
}

/** Said once, and not of a reader that has seen enough. */
static void break_off(struct op_output *out, int problem)
{
	if (!out->broken && problem != EPIPE)
		fprintf(out->errors,
			"error: the output cannot be written, some of it is missing: %s\n",
			strerror(problem));
	out->broken = true;
}

static void flush_stream(struct op_output *out)
{
	if (fflush(out->stream) != 0)
		break_off(out, errno);
}

// stdio forgets what it was about to write when a signal comes, ^C while a terminal stands still.
static void write_file(struct op_output *out, int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t put = write(fd, bytes, size);
		if (put >= 0) {
			bytes += put;
			size -= (size_t)put;
		} else if (errno != EINTR || (out->ending && out->ending())) {
			break_off(out, errno);
			return;
		}
	}
}

static void write_bytes(struct op_output *out, const char *bytes, size_t size)
{
	int fd = fileno(out->stream);
	if (fd >= 0)
		write_file(out, fd, bytes, size);
	else if (fwrite(bytes, 1, size, out->stream) != size)
		break_off(out, errno);
}

/** Write whole rows up to the end of a page, ask, go on. */
static void write_pages(struct op_output *out)
{
	const char *pos = out->text.data;
	const char *end = pos + out->text.size;
	while (pos < end && !out->discard) {
		const char *newline = memchr(pos, '\n', (size_t)(end - pos));
		const char *next = newline ? newline + 1 : end;
		if (out->row == out->page_rows) {
			fflush(out->stream);
			out->row = 0;
			out->discard = !out->page(out->page_context);
			continue;
		}
		write_bytes(out, pos, (size_t)(next - pos));
		out->row += newline != NULL;
		pos = next;
	}
}

// Reports escape what they show. Here nothing that a report has forgotten gets to a terminal: and
// what a person typed, or read from a file of commands, is shown by many.
static void make_harmless(struct op_output *out)
{
	struct op_text shown = OP_TEXT_INIT;
	op_text_append_shown(&shown, out->text.data, out->text.size, out->color);
	out->text.failed = out->text.failed || shown.failed;
	op_text_deinit(&out->text);
	out->text = shown;
}

static void write_text(struct op_output *out)
{
	if (out->text.size && !out->discard) {
		make_harmless(out);
		if (out->page_rows)
			write_pages(out);
		else
			write_bytes(out, out->text.data, out->text.size);
	}
	op_text_clear(&out->text);
}

void op_output_drain(struct op_output *out)
{
	if (out->text.size >= DRAIN_AT)
		write_text(out);
}

void op_output_flush(struct op_output *out)
{
	if (out->text.failed) {
		fputs("error: not enough memory to show everything\n", out->errors);
		out->text.failed = false;
	}
	write_text(out);
	flush_stream(out);
}

// A sentence on the error stream.
static void write_message(struct op_output *out, const char *message)
{
	struct op_text shown _cleanup_text_ = OP_TEXT_INIT;
	op_text_append_shown(&shown, message, strlen(message), false);
	fprintf(out->errors, "%s\n", shown.data ?: "");
	fflush(out->errors);
}

void op_output_error(struct op_output *out, const char *message)
{
	op_output_flush(out);
	if (out->json)
		return;
	const char *on = out->color ? style_codes[OP_STYLE_ERROR] : "";
	fprintf(out->errors, "%serror:%s ", on, out->color ? "\033[m" : "");
	write_message(out, message);
}

void op_output_notice(struct op_output *out, bool warning, const char *message)
{
	if (out->json) {
		struct op_json *json = op_output_begin_line(out);
		op_json_string(json, "event", "notice");
		op_json_string(json, "level", warning ? "warning" : "info");
		op_json_string(json, "message", message);
		op_output_end_line(out);
		return;
	}
	op_output_flush(out);
	fputs(warning ? "warning: " : "", out->errors);
	write_message(out, message);
}

void op_output_begin_command(struct op_output *out, struct op_output_command *ret_outer)
{
	*ret_outer = (struct op_output_command){.result = out->result, .writer = out->writer};
	out->result = (struct op_text)OP_TEXT_INIT;
	out->row = 0;
	out->discard = false;
	op_json_init(&out->writer, &out->result);
}

void op_output_end_command(struct op_output *out, struct op_output_command *outer,
			   const char *command, const struct op_error *error)
{
	if (out->json) {
		struct op_json *json = op_output_begin_line(out);
		bool failed = error || out->result.failed;
		op_json_string(json, "command", command);
		op_json_bool(json, "ok", !failed);
		op_json_begin_object(json, failed ? "error" : "result");
		if (error) {
			op_json_string(json, "code", op_error_code_name(error->code));
			op_json_string(json, "message", error->message);
		} else if (failed) {
			op_json_string(json, "code", op_error_code_name(OP_ERROR_NO_MEMORY));
			op_json_string(json, "message", "not enough memory for the result");
		} else if (out->result.size) {
			op_text_append_n(json->text, out->result.data, out->result.size);
		}
		op_json_end_object(json);
		op_output_end_line(out);
	} else {
		op_output_flush(out);
	}
	op_text_deinit(&out->result);
	out->result = outer->result;
	out->writer = outer->writer;
}

struct op_json *op_output_begin_line(struct op_output *out)
{
	op_text_clear(&out->line);
	op_json_init(&out->line_writer, &out->line);
	op_json_begin_object(&out->line_writer, NULL);
	return &out->line_writer;
}

void op_output_end_line(struct op_output *out)
{
	op_json_end_object(&out->line_writer);
	op_text_append_char(&out->line, '\n');
	if (out->line.failed)
		break_off(out, ENOMEM); // half a document must not be read as a whole one
	else
		write_bytes(out, out->line.data, out->line.size);
	op_text_clear(&out->line);
	flush_stream(out);
}
