// SPDX-License-Identifier: GPL-3.0-or-later
// Finding source files. Paths come from the module, so that they may name anything: what is found
// is read as local_file.h reads.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "target-runtime/dwarf/source_path.h"
#include "tracer/source.h"
#include "tracer/source_text.h"

// Which file --------------------------------------------------------------------------------

struct matches {
	struct op_source_file_ref first;
	size_t count;
	struct op_text names;
};

// Files of one module. An exact match is the only one.
static struct op_error *match_module(struct op_session *session, struct op_module_entry *module,
				     const char *name, struct matches *matches)
{
	struct op_debug_info *info;
	const char *const *paths = NULL;
	size_t count = 0;
	struct op_error *err = op_source_info(session, module, &info);
	if (!err && info)
		err = op_debug_files_named(info, name, &paths, &count);
	for (size_t i = 0; !err && i < count; i++) {
		bool exact = !strcmp(paths[i], name);
		// The same module loaded twice, or a library in several modules.
		bool same = matches->count && !strcmp(paths[i], matches->first.path);
		if (exact)
			matches->count = 0;
		if (!same || exact) {
			op_text_append(&matches->names, matches->count ? ", " : "");
			op_text_append_escaped(&matches->names, paths[i], strlen(paths[i]));
			if (!matches->count++)
				matches->first =
					(struct op_source_file_ref){module, info, paths[i]};
		}
		if (exact)
			break;
	}
	return err;
}

static struct op_error *match_all(struct op_session *session, const struct op_module_entry *module,
				  const char *name, struct matches *matches)
{
	struct op_error *err = NULL;
	op_text_clear(&matches->names);
	for (size_t i = 0; !err && i < session->modules.count; i++) {
		if (module && module != session->modules.data[i])
			continue;
		err = match_module(session, session->modules.data[i], name, matches);
		if (!err && matches->count == 1 && !strcmp(matches->first.path, name))
			break;
	}
	return err;
}

static struct op_error *say_unknown(struct op_session *session, const char *name)
{
	for (size_t i = 0; i < session->modules.count; i++)
		if (!op_source_missing(session->modules.data[i]))
			return op_error_create(OP_ERROR_NOT_FOUND,
					       "no source file is called \"%s\"; \"info sources\" "
					       "lists them",
					       name);
	return op_error_create(OP_ERROR_UNSUPPORTED, "%s",
			       session->modules.count
				       ? op_source_missing(session->modules.data[0])
				       : "there is no module whose source files are known");
}

struct op_error *op_source_file_find(struct op_session *session, struct op_module_entry *module,
				     const char *name, struct op_source_file_ref *ret)
{
	struct matches matches = {.names = OP_TEXT_INIT};
	_cleanup_text_ struct op_text original = OP_TEXT_INIT;
	struct op_error *err = match_all(session, module, name, &matches);
	// As it is shown, that is, by the rules for paths that moved.
	if (!err && !matches.count &&
	    op_source_path_unsubstitute(&session->source_settings, name, &original))
		err = original.failed ? op_error_no_memory()
				      : match_all(session, module, original.data, &matches);
	if (!err && !matches.count)
		err = say_unknown(session, name);
	else if (!err && matches.count > 1)
		err = op_error_create(OP_ERROR_NOT_FOUND, "\"%s\" fits several source files: %s",
				      name, matches.names.data ?: "");
	*ret = matches.first;
	op_text_deinit(&matches.names);
	return err;
}

// Where it is -------------------------------------------------------------------------------

struct locating {
	struct op_session *session;
	const struct op_source_file_ref *file;
	struct op_text *looked;
	char *found;
	char *unsure; // the first that cannot be looked at
};

static struct op_error *keep_path(const char *path, char **ret)
{
	*ret = strdup(path);
	return *ret ? NULL : op_error_no_memory();
}

static struct op_error *try_path(struct locating *locating, const char *path)
{
	struct stat st;
	errno = 0;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		return keep_path(path, &locating->found);
	if (errno && errno != ENOENT && errno != ENOTDIR && !locating->unsure)
		return keep_path(path, &locating->unsure);
	if (locating->looked) {
		if (locating->looked->size)
			op_text_append(locating->looked, ", ");
		op_text_append_escaped(locating->looked, path, strlen(path));
	}
	return NULL;
}

static struct op_error *try_joined(struct locating *locating, const char *folder, size_t size,
				   const char *rest, bool is_target)
{
	_cleanup_text_ struct op_text path = OP_TEXT_INIT;
	_cleanup_free_ char *resolved = NULL;
	op_text_append_n(&path, folder, size);
	if (size && path.data && path.data[size - 1] != '/')
		op_text_append_char(&path, '/');
	op_text_append(&path, rest);
	if (path.failed)
		return op_error_no_memory();
	if (!is_target || !locating->session->process)
		return try_path(locating, path.data);
	struct op_error *err =
		op_process_resolve_path(locating->session->process, path.data, &resolved);
	if (!err)
		return try_path(locating, resolved);
	bool is_serious = err->code == OP_ERROR_NO_MEMORY;
	if (is_serious)
		return err;
	op_error_destroy(err);
	return NULL;
}

// Beside the module's file, as the path is and by its last part.
static struct op_error *try_beside(struct locating *locating, const char *path)
{
	const struct op_module_entry *module = locating->file->module;
	const char *own = op_source_own_file(module), *base = op_source_path_base(path);
	if (!own)
		return NULL;
	size_t size = (size_t)(op_source_path_base(own) - own);
	struct op_error *err = NULL;
	if (*path != '/')
		err = try_joined(locating, own, size, path, true);
	if (!err && !locating->found && base != path)
		err = try_joined(locating, own, size, base, true);
	return err;
}

// In a folder of the search path: the whole path, and with ever less of its beginning.
static struct op_error *try_folder(struct locating *locating, const char *folder, const char *path)
{
	struct op_error *err = NULL;
	path += strspn(path, "/");
	while (!err && !locating->found && *path) {
		err = try_joined(locating, folder, strlen(folder), path, false);
		path += strcspn(path, "/");
		path += strspn(path, "/");
	}
	return err;
}

struct op_error *op_source_file_locate(struct op_session *session,
				       const struct op_source_file_ref *file, char **ret,
				       bool *ret_fetched, struct op_text *looked)
{
	const struct op_source_settings *settings = &session->source_settings;
	struct locating locating = {.session = session, .file = file, .looked = looked};
	_cleanup_text_ struct op_text path = OP_TEXT_INIT;
	*ret = NULL;
	*ret_fetched = false;
	op_source_path_substitute(settings, file->path, &path);
	if (path.failed)
		return op_error_no_memory();
	struct op_error *err = try_path(&locating, path.data);
	if (!err && !locating.found)
		err = try_beside(&locating, path.data);
	for (size_t i = 0; !err && !locating.found && i < settings->folders.count; i++)
		err = try_folder(&locating, settings->folders.data[i], path.data);
	if (!err && !locating.found) {
		err = op_source_find_by_debuginfod(session, file->module, file->path,
						   &locating.found);
		*ret_fetched = locating.found;
	}
	// Whoever opens it says why it cannot be.
	if (!err && !locating.found)
		locating.found = op_take(locating.unsure);
	free(locating.unsure);
	*ret = locating.found;
	return err;
}
