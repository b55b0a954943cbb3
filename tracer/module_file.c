// SPDX-License-Identifier: GPL-3.0-or-later
// The file a module was compiled from, as the target's command line names it. Trusts a file only
// when its contents fit: with the original bytes that the image carries, else with the positions
// that the address map records for each function.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "tracer/local_file.h"
#include "tracer/session.h"

// A module of more than this is no module that Wasmtime compiles.
enum { FILE_SIZE_MAX = 1 << 30, COMPARE_SIZE = 128 * 1024 };

static bool ends_like_module(const char *path)
{
	static const char *const endings[] = {".wasm", ".wat", ".cwasm"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(endings); i++)
		if (op_ends_with(path, endings[i]))
			return true;
	return false;
}

// The argument may name no file. One that is there and is not read must not be missing without a
// word.
static void tell_unread(struct op_session *session, const char *path, const char *why)
{
	_cleanup_text_ struct op_text shown = OP_TEXT_INIT;
	op_text_append_escaped(&shown, path, strlen(path));
	op_session_notice(session, OP_NOTICE_WARNING,
			  "%s, which may hold a module's original bytes, cannot be read: %s",
			  shown.data ?: "a file", why);
}

// Opens a regular file of the target's; -1 when there is none to be had.
static int open_target_file(struct op_session *session, const char *path, const char *resolved,
			    uint64_t *ret_size)
{
	// A FIFO or a device named on the command line must not stop outpost.
	int fd = open(resolved, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ENXIO)
		tell_unread(session, path, strerror(errno));
	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size <= FILE_SIZE_MAX) {
		*ret_size = (uint64_t)st.st_size;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

struct position_check {
	uint32_t start, end; // of the function's body
	uint32_t text_end;
	bool fits;
};

static bool check_position(void *context, const struct op_address_map_entry *entry)
{
	struct position_check *check = context;
	if (entry->text_offset >= check->text_end)
		return false;
	if (entry->has_position &&
	    (entry->position < check->start || entry->position >= check->end))
		check->fits = false;
	return check->fits;
}

struct op_error *op_module_code_fits(struct op_module_entry *module,
				     const struct op_wasm_module *wasm, bool *ret)
{
	*ret = false;
	const struct op_address_map *map;
	const struct op_function *functions;
	size_t count, checked = 0;
	struct op_error *err = op_artifact_address_map(module->artifact, &map);
	if (!err)
		err = op_artifact_functions(module->artifact, &functions, &count);
	if (err || !map)
		return err;
	for (size_t i = 0; i < count; i++) {
		if (functions[i].kind != OP_FUNCTION_WASM ||
		    functions[i].module != module->info.index)
			continue;
		struct op_wasm_body body;
		if (!op_wasm_module_function_body(wasm, functions[i].index, &body))
			return NULL;
		struct position_check check = {body.start, body.end,
					       functions[i].text_offset + functions[i].size, true};
		err = op_address_map_each(map, functions[i].text_offset, check_position, &check);
		if (err || !check.fits)
			return err;
		checked++;
	}
	uint32_t defined = op_wasm_module_function_count(wasm) -
			   op_wasm_module_imported(wasm, OP_WASM_EXTERNAL_FUNC);
	*ret = checked == defined && checked;
	return NULL;
}

// Whether a file has the bytes that the image carries. Neither is kept: there may be hundreds of
// megabytes of debug information among them.
static struct op_error *compare_file(struct op_module_entry *module, int fd, uint64_t size,
				     bool *ret)
{
	_cleanup_free_ uint8_t *chunks = malloc(2 * COMPARE_SIZE);
	if (!chunks)
		return op_error_no_memory();
	*ret = false;
	for (uint64_t at = 0; at < size;) {
		size_t now = size - at < COMPARE_SIZE ? (size_t)(size - at) : COMPARE_SIZE;
		ssize_t n = pread(fd, chunks, now, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		struct op_error *err =
			op_artifact_bytecode_read(module->artifact, module->info.index, (size_t)at,
						  chunks + COMPARE_SIZE, (size_t)n);
		if (err || memcmp(chunks, chunks + COMPARE_SIZE, (size_t)n) != 0)
			return err;
		at += (uint64_t)n;
	}
	*ret = true;
	return NULL;
}

// What a look into a file says of a module.
enum fit {
	FIT_UNKNOWN, // it is no core module, or not to be had
	FIT_ANOTHER, // it is another module's
	FIT_SAME,
};

// Take the original bytes from a file when they fit the code.
static struct op_error *take_file(struct op_session *session, struct op_module_entry *module,
				  const char *path, const char *resolved, enum fit *ret)
{
	_cleanup_file_ struct op_bytes bytes = {0};
	struct op_wasm_module *wasm = NULL;
	struct op_error *err = op_local_file_read(resolved, FILE_SIZE_MAX, &bytes);
	if (err && err->code == OP_ERROR_IO)
		tell_unread(session, path, err->message);
	if (!err)
		err = op_wasm_module_create(&bytes, &wasm);
	if (err) {
		// Text format, or no module at all.
		bool none = err->code != OP_ERROR_NO_MEMORY;
		if (none)
			op_error_destroy(err);
		return none ? NULL : err;
	}
	bool fits;
	const struct op_address_map *map = NULL;
	err = op_module_code_fits(module, wasm, &fits);
	op_wasm_module_destroy(wasm);
	if (!err)
		err = op_artifact_address_map(module->artifact, &map);
	// Code without an address map cannot be compared.
	*ret = fits ? FIT_SAME : map ? FIT_ANOTHER : FIT_UNKNOWN;
	if (!err && fits)
		err = op_artifact_set_bytecode(module->artifact, module->info.index, &bytes);
	return err;
}

static struct op_error *try_file(struct op_session *session, struct op_module_entry *module,
				 const char *path, enum fit *ret)
{
	*ret = FIT_UNKNOWN;
	_cleanup_free_ char *resolved = NULL;
	size_t recorded;
	uint64_t size;
	struct op_error *err =
		op_artifact_bytecode_size(module->artifact, module->info.index, &recorded);
	if (err)
		return err;
	err = op_process_resolve_path(session->process, path, &resolved);
	if (err) {
		op_error_destroy(err);
		return NULL;
	}
	int fd = open_target_file(session, path, resolved, &size);
	if (fd < 0)
		return NULL;
	bool same = false;
	if (recorded == size)
		err = compare_file(module, fd, size, &same);
	if (same)
		*ret = FIT_SAME;
	close(fd);
	return err || recorded ? err : take_file(session, module, path, resolved, ret);
}

// The path in an argument: "--preload name=lib.wasm" gives "lib.wasm".
static const char *argument_path(const char *argument)
{
	const char *equals = strrchr(argument, '=');
	return equals ? equals + 1 : argument;
}

static struct op_error *note_unfit(struct op_module_entry *module, const char *path)
{
	free(module->unfit);
	module->unfit = strdup(path);
	return module->unfit ? NULL : op_error_no_memory();
}

void op_module_unfit_text(const struct op_module_entry *module, struct op_text *text)
{
	if (!module->unfit)
		return;
	op_text_append(text, ", and ");
	op_text_append_escaped(text, module->unfit, strlen(module->unfit));
	op_text_append(text, " is another module or another build of it: its code differs");
}

struct op_error *op_module_find_file(struct op_session *session, struct op_module_entry *module)
{
	size_t size, candidates = 0;
	const char *command = op_process_command_line(session->process, &size);
	const char *chosen = NULL;
	for (size_t at = 0; at < size; at += strlen(command + at) + 1) {
		const char *path = argument_path(command + at);
		if (!ends_like_module(path))
			continue;
		enum fit fit;
		struct op_error *err = try_file(session, module, path, &fit);
		if (!err && fit == FIT_ANOTHER)
			err = note_unfit(module, path);
		if (err)
			return err;
		candidates++;
		chosen = path;
		if (fit == FIT_SAME)
			break;
		// The only module file of a program with one module gives the name, even where its
		// contents cannot be compared (.wat, .cwasm).
		if (candidates > 1 || session->modules.count || fit == FIT_ANOTHER)
			chosen = NULL;
	}
	if (!chosen)
		return NULL;
	module->file = strdup(chosen);
	return module->file ? NULL : op_error_no_memory();
}
