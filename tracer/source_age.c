// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a source file is still the one that was compiled: by its sum, which debug information of
// DWARF 5 may have; else it is no newer than the module.
#include <nettle/md5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "target-runtime/dwarf/line_table.h"
#include "tracer/source.h"
#include "tracer/source_text.h"

/** What clocks of file systems may differ by, and a checkout takes that writes both. */
enum { NEWER_SECONDS = 2 };

static bool has_sum(const struct op_bytes *bytes, const uint8_t *sum)
{
	uint8_t digest[MD5_DIGEST_SIZE];
	struct md5_ctx md5;
	md5_init(&md5);
	md5_update(&md5, bytes->size, bytes->data);
	md5_digest(&md5, sizeof(digest), digest);
	return memcmp(digest, sum, sizeof(digest)) == 0;
}

// Where that is not known, it is not newer.
static struct op_error *is_newer(struct op_session *session, const struct op_module_entry *module,
				 const struct timespec *time, bool *ret)
{
	_cleanup_free_ char *resolved = NULL;
	const char *path = op_source_own_file(module);
	struct stat st;
	*ret = false;
	if (!path)
		return NULL;
	struct op_error *err = session->process
				       ? op_process_resolve_path(session->process, path, &resolved)
				       : NULL;
	if (err && err->code == OP_ERROR_NO_MEMORY)
		return err;
	if (!err && stat(resolved ?: path, &st) == 0)
		*ret = time->tv_sec - st.st_mtim.tv_sec > NEWER_SECONDS;
	op_error_destroy(err);
	return NULL;
}

static bool is_told(const struct op_source_answers *answers, const char *path)
{
	for (size_t i = 0; i < answers->changed.count; i++)
		if (strcmp(answers->changed.data[i], path) == 0)
			return true;
	return false;
}

static struct op_error *tell(struct op_session *session, const struct op_source_file_ref *file,
			     const char *path, bool newer)
{
	struct op_source_answers *answers = &session->source_answers;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	char *kept = strdup(path);
	if (!kept || !op_array_push(&answers->changed, kept)) {
		free(kept);
		return op_error_no_memory();
	}
	op_text_append_escaped(&text, path, strlen(path));
	op_session_notice(
		session, OP_NOTICE_WARNING,
		"source file %s is %s %s: its lines may not be those that run", text.data ?: "",
		newer ? "newer than" : "not the one that was compiled for", file->module->name);
	return NULL;
}

struct op_error *op_source_file_check(struct op_session *session,
				      const struct op_source_file_ref *file,
				      const struct op_source_copy *copy)
{
	const uint8_t *sum;
	bool newer = false;
	if (is_told(&session->source_answers, copy->path))
		return NULL;
	struct op_error *err = op_debug_file_sum(file->info, file->path, &sum);
	if (!err && !sum)
		err = is_newer(session, file->module, &copy->time, &newer);
	if (err || (sum ? has_sum(copy->bytes, sum) : !newer))
		return err;
	return tell(session, file, copy->path, newer);
}
