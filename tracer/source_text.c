// SPDX-License-Identifier: GPL-3.0-or-later
// The lines of a source file. The one that was shown last is kept: listings go on in it.
#include "tracer/source_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "tracer/local_file.h"
#include "tracer/source.h"

enum {
	FILE_SIZE_MAX = 64 << 20,
	LINE_SIZE_MAX = 4000, // bytes of a line that are shown
	MISSING_SECONDS = 2,  // steps come by the hundred: a file is not looked for at each
};

struct op_source_text {
	char *asked; // how it was asked for
	struct op_source_file_ref file;
	char *path;           // where it is here
	struct timespec time; // when it was written
	char *missing;        // the sentence, when it is not here; then no path
	time_t looked;        // when that was found
	char *shown;          // the same, escaped
	struct op_bytes bytes;
	struct OP_ARRAY(size_t) starts;               // of lines
	bool *has_code;                               // by line; NULL: not asked for yet
	struct OP_ARRAY(struct op_source_line) lines; // the answer, texts are owned
};

static void forget_lines(struct op_source_text *text)
{
	for (size_t i = 0; i < text->lines.count; i++)
		free((char *)text->lines.data[i].text);
	text->lines.count = 0;
}

void op_source_text_destroy(struct op_source_text *text)
{
	if (!text)
		return;
	forget_lines(text);
	free(text->lines.data);
	free(text->starts.data);
	free(text->has_code);
	op_local_file_free(&text->bytes);
	free(text->asked);
	free(text->missing);
	free(text->path);
	free(text->shown);
	free(text);
}

void op_source_text_forget(struct op_session *session)
{
	op_source_text_destroy(op_take(session->source_text));
}

static void text_destroyp(struct op_source_text **text)
{
	op_source_text_destroy(*text);
}

static struct op_error *find_lines(struct op_source_text *text)
{
	const char *data = (const char *)text->bytes.data;
	for (size_t at = 0; at < text->bytes.size;) {
		if (!op_array_push(&text->starts, at))
			return op_error_no_memory();
		const char *end = memchr(data + at, '\n', text->bytes.size - at);
		at = end ? (size_t)(end - data) + 1 : text->bytes.size;
	}
	return NULL;
}

static time_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static struct op_error *keep_missing(struct op_source_text *ret, const char *looked)
{
	const char *name = ret->file.path;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append(&text, "source file ");
	op_text_append_escaped(&text, name, strlen(name));
	op_text_printf(&text,
		       " is not here; looked for: %s; \"directory FOLDER\" adds a folder, \"set "
		       "substitute-path FROM TO\" says where files have gone",
		       looked);
	ret->looked = now();
	return op_text_steal(&text, &ret->missing);
}

static bool time_of(const char *path, struct timespec *ret)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return false;
	*ret = st.st_mtim;
	return true;
}

static struct op_error *open_text(struct op_session *session, const char *asked,
				  const struct op_source_file_ref *file,
				  struct op_source_text **ret)
{
	_cleanup_(text_destroyp) struct op_source_text *text = calloc(1, sizeof(*text));
	_cleanup_text_ struct op_text looked = OP_TEXT_INIT, shown = OP_TEXT_INIT;
	if (!text)
		return op_error_no_memory();
	bool fetched;
	struct op_error *err = op_source_file_locate(session, file, &text->path, &fetched, &looked);
	text->file = *file;
	text->asked = strdup(asked);
	if (!err && !text->asked)
		err = op_error_no_memory();
	if (!err && !text->path)
		err = keep_missing(text, looked.data ?: "");
	if (!err && text->path) {
		time_of(text->path, &text->time);
		op_text_append_escaped(&shown, text->path, strlen(text->path));
		err = op_text_steal(&shown, &text->shown);
		if (!err)
			err = op_local_file_read(text->path, FILE_SIZE_MAX, &text->bytes);
		const struct op_source_copy copy = {text->path, &text->bytes, text->time};
		if (!err && !fetched)
			err = op_source_file_check(session, file, &copy);
		if (!err)
			err = find_lines(text);
	}
	if (!err)
		*ret = op_take(text);
	return err;
}

// A line for a terminal: escaped, but tabs stay.
static struct op_error *show_line(const struct op_source_text *text, size_t index, char **ret)
{
	const char *line = (const char *)text->bytes.data + text->starts.data[index];
	size_t end =
		index + 1 < text->starts.count ? text->starts.data[index + 1] : text->bytes.size;
	size_t size = end - text->starts.data[index];
	while (size && (line[size - 1] == '\n' || line[size - 1] == '\r'))
		size--;
	bool cut = size > LINE_SIZE_MAX;
	if (cut) {
		// Not inside a character.
		for (size = LINE_SIZE_MAX; size && (line[size] & 0xc0) == 0x80; size--)
			;
	}
	_cleanup_text_ struct op_text shown = OP_TEXT_INIT;
	while (size) {
		const char *tab = memchr(line, '\t', size);
		size_t part = tab ? (size_t)(tab - line) : size;
		op_text_append_escaped(&shown, line, part);
		if (tab)
			op_text_append_char(&shown, '\t');
		line += part + (tab != NULL);
		size -= part + (tab != NULL);
	}
	if (cut)
		op_text_append(&shown, "...");
	return op_text_steal(&shown, ret);
}

// Which lines have code, of the whole file: who steps through it asks for one line after the other.
static struct op_error *find_code(struct op_source_text *text)
{
	if (text->has_code)
		return NULL;
	text->has_code = calloc(text->starts.count + 1, sizeof(*text->has_code));
	if (!text->has_code)
		return op_error_no_memory();
	struct op_error *err = op_debug_lines_with_code(
		text->file.info, text->file.path, 1, (uint32_t)text->starts.count, text->has_code);
	if (err) {
		free(text->has_code);
		text->has_code = NULL;
	}
	return err;
}

static struct op_error *add_lines(struct op_source_text *text, uint32_t first, uint32_t count)
{
	struct op_error *err = find_code(text);
	for (uint32_t number = first; !err && number < first + count; number++) {
		char *line;
		err = show_line(text, number - 1, &line);
		if (err)
			return err;
		if (!op_array_push(
			    &text->lines,
			    ((struct op_source_line){number, line, text->has_code[number - 1]}))) {
			free(line);
			return op_error_no_memory();
		}
	}
	return err;
}

// Whether the file that was shown last is the one, and is as it was.
static bool is_shown(const struct op_source_text *text, const char *name)
{
	struct timespec time;
	if (!text || strcmp(text->asked, name) != 0)
		return false;
	if (text->missing)
		return now() - text->looked < MISSING_SECONDS;
	return time_of(text->path, &time) && time.tv_sec == text->time.tv_sec &&
	       time.tv_nsec == text->time.tv_nsec;
}

struct op_error *op_session_source_lines(struct op_session *session, const char *name,
					 uint32_t first, uint32_t count, const char **ret_path,
					 const struct op_source_line **ret, size_t *ret_count)
{
	struct op_source_file_ref file;
	struct op_source_text *text = session->source_text;
	struct op_error *err = NULL;
	if (!is_shown(text, name)) {
		err = op_source_file_find(session, NULL, name, &file);
		if (!err)
			err = open_text(session, name, &file, &text);
		if (err)
			return err;
		op_source_text_forget(session);
		session->source_text = text;
	}
	if (text->missing)
		return op_error_create(OP_ERROR_NOT_FOUND, "%s", text->missing);
	forget_lines(text);
	if (!first)
		first = 1;
	size_t left = first <= text->starts.count ? text->starts.count - first + 1 : 0;
	if (left)
		err = add_lines(text, first, count < left ? count : (uint32_t)left);
	*ret_path = text->shown;
	*ret = text->lines.data;
	*ret_count = text->lines.count;
	return err;
}
