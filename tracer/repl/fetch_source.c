// SPDX-License-Identifier: GPL-3.0-or-later
// What the guest's debug information says of a frame, out of the session, into the views that
// reports show. Part of repl.h.
#include <stdlib.h>
#include <string.h>

#include "tracer/repl/fatal.h"
#include "tracer/repl/repl.h"

// A problem of debug information, or of a file on this machine, leaves the frame as it is without.
static struct op_error *forgive(struct op_error *err)
{
	if (!err || op_error_is_fatal(err))
		return err;
	op_error_destroy(err);
	return NULL;
}

struct op_error *op_repl_fetch_source(struct op_repl *repl, const struct op_frame *frame,
				      struct op_frame_view *view)
{
	if (frame->kind != OP_FRAME_WASM)
		return NULL;
	struct op_frame_source source;
	struct op_error *err = forgive(op_session_frame_source(repl->session, frame, &source));
	if (!err)
		view->source = source;
	return err;
}

struct op_error *op_repl_fetch_arguments(struct op_repl *repl, const struct op_frame *frame,
					 struct op_frame_view *view)
{
	if (!view->source.body)
		return NULL;
	// Of aggregates nothing is shown in a line.
	struct op_source_limits limits = {.depth = 1, .elements = repl->settings.print_elements};
	const char *missing;
	struct op_source_arguments_view *arguments = &view->arguments;
	struct op_error *err =
		op_session_source_variables(repl->session, frame, OP_SOURCE_ARGUMENTS, &limits,
					    &arguments->data, &arguments->count, &missing);
	arguments->wanted = !err && !missing;
	return forgive(err);
}

/**
 * A file that is here and cannot be read is no file that is elsewhere, which "list" tells when it
 * is asked. Told once, not at each stop.
 */
static void tell_unread(struct op_repl *repl, const char *message)
{
	if (repl->unread_source && strcmp(repl->unread_source, message) == 0)
		return;
	free(repl->unread_source);
	repl->unread_source = strdup(message);
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&text, "the source is not shown: %s", message);
	op_output_notice(&repl->out, true, text.data ?: message);
}

struct op_error *op_repl_fetch_text(struct op_repl *repl, struct op_frame_view *view)
{
	if (!view->source.file || !view->source.line)
		return NULL;
	const char *path;
	const struct op_source_line *lines;
	size_t count = 0;
	struct op_error *err = op_session_source_lines(repl->session, view->source.file,
						       view->source.line, 1, &path, &lines, &count);
	if (!err && count)
		view->text = lines[0].text;
	if (err && err->code == OP_ERROR_IO)
		tell_unread(repl, err->message);
	return forgive(err);
}
