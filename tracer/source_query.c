// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of the source level as a whole: the source files of all modules, and where the
// information of a module, or of a place in it, is from.
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/source.h"
#include "tracer/source_text.h"

void op_source_answers_deinit(struct op_source_answers *answers)
{
	op_string_pool_deinit(&answers->position);
	op_string_pool_deinit(&answers->range_texts);
	op_string_pool_deinit(&answers->range_at);
	op_string_pool_deinit(&answers->file_texts);
	op_string_pool_deinit(&answers->summary);
	op_string_pool_deinit(&answers->completion_texts);
	free(answers->completions.data);
	op_string_pool_deinit(&answers->scope_texts);
	free(answers->scope.data);
	for (size_t i = 0; i < answers->changed.count; i++)
		free(answers->changed.data[i]);
	free(answers->changed.data);
	free(answers->ranges.data);
	free(answers->files.data);
	*answers = (struct op_source_answers){0};
}

struct op_error *op_source_keep(struct op_string_pool *pool, const char *text, const char **ret)
{
	_cleanup_text_ struct op_text escaped = OP_TEXT_INIT;
	op_text_append_escaped(&escaped, text, strlen(text));
	return op_string_pool_take(pool, &escaped, ret);
}

struct op_error *op_source_keep_path(const struct op_source_settings *settings,
				     struct op_string_pool *pool, const char *path,
				     const char **ret)
{
	_cleanup_text_ struct op_text shown = OP_TEXT_INIT;
	op_source_path_substitute(settings, path, &shown);
	return shown.failed ? op_error_no_memory() : op_source_keep(pool, shown.data ?: "", ret);
}

// Files ---------------------------------------------------------------------------------------

static struct op_error *add_files(struct op_session *session, struct op_module_entry *module,
				  const char *pattern)
{
	struct op_source_answers *answers = &session->source_answers;
	struct op_debug_info *info;
	const char *const *paths = NULL;
	size_t count = 0;
	struct op_error *err = op_source_info(session, module, &info);
	if (!err && info)
		err = op_debug_files(info, &paths, &count);
	for (size_t i = 0; !err && i < count; i++) {
		struct op_source_file file = {.module_id = module->info.id, .module = module->name};
		err = op_source_keep_path(&session->source_settings, &answers->file_texts, paths[i],
					  &file.file);
		if (err || (pattern && fnmatch(pattern, file.file, 0)))
			continue;
		if (!op_array_push(&answers->files, file))
			err = op_error_no_memory();
	}
	return err;
}

struct op_error *op_session_source_files(struct op_session *session, const char *pattern,
					 const struct op_source_file **ret, size_t *ret_count)
{
	struct op_source_answers *answers = &session->source_answers;
	struct op_error *err = NULL;
	op_string_pool_clear(&answers->file_texts);
	answers->files.count = 0;
	for (size_t i = 0; !err && i < session->modules.count; i++)
		err = add_files(session, session->modules.data[i], pattern);
	*ret = answers->files.data;
	*ret_count = answers->files.count;
	return err;
}

// What is known of a place --------------------------------------------------------------------

static struct op_error *summarise_unit(struct op_string_pool *pool,
				       const struct op_debug_unit *unit,
				       struct op_source_summary *ret)
{
	struct op_error *err = op_source_keep(pool, unit->name, &ret->unit);
	if (!err)
		err = op_source_keep(pool, unit->directory, &ret->directory);
	if (!err)
		err = op_source_keep(pool, unit->producer, &ret->producer);
	ret->language = op_debug_language_name(unit->language);
	ret->version = unit->version;
	return err;
}

static struct op_error *summarise_file(struct op_session *session, struct op_module_entry *module,
				       struct op_debug_info *info, const char *path,
				       struct op_source_summary *ret)
{
	struct op_string_pool *pool = &session->source_answers.summary;
	struct op_source_file_ref file = {module, info, path};
	_cleanup_free_ char *local = NULL;
	bool fetched;
	struct op_error *err =
		op_source_keep_path(&session->source_settings, pool, path, &ret->file);
	if (!err)
		err = op_source_file_locate(session, &file, &local, &fetched, NULL);
	return err || !local ? err : op_source_keep(pool, local, &ret->path);
}

struct op_error *op_session_source_summary(struct op_session *session, uint32_t module_id,
					   bool has_pc, uint32_t pc, struct op_source_summary *ret)
{
	struct op_string_pool *pool = &session->source_answers.summary;
	struct op_module_entry *module = op_module_by_id(session, module_id);
	const struct op_debug_unit *unit = NULL;
	struct op_debug_info *info;
	struct op_debug_line line;
	bool has_line = false;
	if (!module)
		return op_error_create(OP_ERROR_NOT_FOUND, "the module is not loaded any more");
	op_string_pool_clear(pool);
	*ret = (struct op_source_summary){.module_id = module_id, .module = module->name};
	struct op_error *err = op_source_info(session, module, &info);
	if (err)
		return err;
	ret->missing = op_source_missing(module);
	if (op_source_origin(module))
		err = op_source_keep(pool, op_source_origin(module), &ret->origin);
	if (err || !info || !has_pc)
		return err;
	err = op_debug_unit_at(info, pc, &unit);
	if (!err && unit)
		err = summarise_unit(pool, unit, ret);
	if (!err)
		err = op_debug_line_at(info, pc, &has_line, &line);
	if (!err && has_line && *line.file)
		err = summarise_file(session, module, info, line.file, ret);
	return err;
}
