// SPDX-License-Identifier: GPL-3.0-or-later
// The double of the source level behind tracer/outpost.h; part of fake_session.h's program: with
// fake.has_source, /src/app.c of 30 lines ("line 1", ...) whose lines 3 to 9 are fib, which stands
// at line 5 (0x1a3 to 0x1ac). Settings are kept.
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_session.h"

enum { LINES = 30, FIRST_LINE = 3, LAST_LINE = 9, FRAME_LINE = 5, RULES = 4 };

static const char missing[] = "module app has no debug information (its own bytes have none)";
static const char file[] = "/src/app.c";
static struct op_source_line lines[LINES];
static char texts[LINES][16];
static const struct op_source_range range = {.module = "app",
					     .function = "fib",
					     .pc = 0x1a3,
					     .end_pc = 0x1ac,
					     .file = file,
					     .line = FRAME_LINE,
					     .column = 2,
					     .is_statement = true};

struct op_error *op_session_frame_source(struct op_session *session, const struct op_frame *frame,
					 struct op_frame_source *ret)
{
	bool known = fake.has_source && frame->level == 0;
	*ret = (struct op_frame_source){.missing = known ? NULL : missing};
	if (known)
		*ret = (struct op_frame_source){.function = "fib",
						.language = "c",
						.file = file,
						.short_file = "app.c",
						.line = FRAME_LINE};
	return NULL;
}

struct op_error *op_session_source_frames(struct op_session *session, const struct op_frame *frame,
					  uint32_t *ret)
{
	*ret = 1;
	return NULL;
}

void op_session_set_inlined_frames(struct op_session *session, bool shown)
{
	ck_assert(!shown);
}

struct op_error *op_session_source_lines(struct op_session *session, const char *name,
					 uint32_t first, uint32_t count, const char **ret_path,
					 const struct op_source_line **ret, size_t *ret_count)
{
	ck_assert_str_eq(name, file);
	for (uint32_t i = 0; i < LINES; i++) {
		snprintf(texts[i], sizeof(texts[i]), "line %u", i + 1);
		lines[i] = (struct op_source_line){i + 1, texts[i],
						   i + 1 >= FIRST_LINE && i + 1 <= LAST_LINE};
	}
	size_t left = first <= LINES ? LINES - first + 1 : 0;
	*ret_path = "/here/app.c";
	*ret = &lines[left ? first - 1 : 0];
	*ret_count = count < left ? count : left;
	return NULL;
}

struct op_error *op_session_source_position(struct op_session *session,
					    const struct op_frame *frame, const char *spec,
					    const char *default_file,
					    struct op_source_position *ret)
{
	const char *colon = strrchr(spec, ':');
	*ret = (struct op_source_position){.module = "app", .file = file};
	if (!fake.has_source)
		return op_error_create(OP_ERROR_UNSUPPORTED, "%s", missing);
	ret->line = (uint32_t)atoi(colon ? colon + 1 : spec);
	if (!strcmp(spec, "fib")) {
		ret->line = FIRST_LINE;
		ret->has_pc = true;
		ret->pc = range.pc;
	}
	if (!colon && !ret->has_pc && (!default_file || strcmp(default_file, file) != 0))
		return op_error_create(OP_ERROR_SYNTAX, "line %s of which file?", spec);
	return ret->line ? NULL
			 : op_error_create(OP_ERROR_NOT_FOUND, "nothing is called \"%s\"", spec);
}

struct op_error *op_session_source_ranges(struct op_session *session, const char *name,
					  uint32_t line, const struct op_source_range **ret,
					  size_t *ret_count)
{
	*ret = &range;
	*ret_count = line == FRAME_LINE;
	return NULL;
}

struct op_error *op_session_source_range_at(struct op_session *session, uint32_t module_id,
					    uint32_t pc, bool *ret_found,
					    struct op_source_range *ret)
{
	*ret_found = fake.has_source && pc >= range.pc && pc < range.end_pc;
	*ret = range;
	return NULL;
}

struct op_error *op_session_source_files(struct op_session *session, const char *pattern,
					 const struct op_source_file **ret, size_t *ret_count)
{
	static const struct op_source_file files[] = {{.module = "app", .file = file},
						      {.module = "app", .file = "/src/app.h"}};
	*ret = files;
	*ret_count = !fake.has_source ? 0 : pattern ? 1 : 2;
	return NULL;
}

struct op_error *op_session_source_fetch(struct op_session *session, uint32_t module_id)
{
	return NULL;
}

struct op_error *op_session_source_summary(struct op_session *session, uint32_t module_id,
					   bool has_pc, uint32_t pc, struct op_source_summary *ret)
{
	*ret = (struct op_source_summary){.module = "app",
					  .missing = fake.has_source ? NULL : missing};
	if (!fake.has_source || !has_pc)
		return NULL;
	ret->file = file;
	ret->unit = "app.c";
	ret->directory = "/src";
	ret->producer = "";
	ret->language = "c";
	ret->version = 5;
	return NULL;
}

// Values --------------------------------------------------------------------------------------

// The program's variables are those of its Wasm frames: of the guest's language it has none.
static struct op_error *no_values(void)
{
	return op_error_create(OP_ERROR_UNSUPPORTED, "%s", missing);
}

const char *op_source_node_kind_name(enum op_source_node_kind kind)
{
	return "scalar";
}

struct op_error *op_session_source_variables(struct op_session *session,
					     const struct op_frame *frame,
					     enum op_source_variables which,
					     const struct op_source_limits *limits,
					     const struct op_source_node **ret, size_t *ret_count,
					     const char **ret_missing)
{
	*ret = NULL;
	*ret_count = 0;
	*ret_missing = missing;
	return NULL;
}

struct op_error *op_session_source_node(struct op_session *session, const struct op_frame *frame,
					const struct op_result *result,
					const struct op_source_limits *limits,
					const struct op_source_node **ret)
{
	return no_values();
}

struct op_error *op_session_source_type(struct op_session *session, const struct op_frame *frame,
					const char *expression, enum op_source_type_form form,
					const char **ret)
{
	return no_values();
}

struct op_error *op_session_source_names(struct op_session *session, enum op_source_listing which,
					 const char *pattern, const struct op_source_name **ret,
					 size_t *ret_count)
{
	return no_values();
}

// Settings ------------------------------------------------------------------------------------

static const char *folders[RULES];
static char kept[RULES][64], rules[RULES][2][64], module_path[64];
static size_t folder_count, rule_count;

void op_session_set_debuginfod(struct op_session *session, bool enabled)
{
	fake.debuginfod = enabled;
}

struct op_error *op_session_add_source_folder(struct op_session *session, const char *folder)
{
	if (!folder) {
		folder_count = 0;
		return NULL;
	}
	ck_assert_uint_lt(folder_count, RULES);
	snprintf(kept[folder_count], sizeof(kept[0]), "%s", folder);
	folders[folder_count] = kept[folder_count];
	folder_count++;
	return NULL;
}

const char *const *op_session_source_folders(const struct op_session *session, size_t *ret_count)
{
	*ret_count = folder_count;
	return folders;
}

struct op_error *op_session_substitute_path(struct op_session *session, const char *from,
					    const char *to)
{
	if (!to) {
		rule_count = 0;
		return NULL;
	}
	ck_assert_uint_lt(rule_count, RULES);
	snprintf(rules[rule_count][0], sizeof(rules[0][0]), "%s", from);
	snprintf(rules[rule_count][1], sizeof(rules[0][1]), "%s", to);
	rule_count++;
	return NULL;
}

bool op_session_path_rule(const struct op_session *session, size_t index, const char **ret_from,
			  const char **ret_to)
{
	if (index >= rule_count)
		return false;
	*ret_from = rules[index][0];
	*ret_to = rules[index][1];
	return true;
}

struct op_error *op_session_set_module_path(struct op_session *session, const char *path)
{
	snprintf(module_path, sizeof(module_path), "%s", path ? path : "");
	return NULL;
}

const char *op_session_module_path(const struct op_session *session)
{
	return *module_path ? module_path : NULL;
}

struct op_error *op_session_source_scope(struct op_session *session, uint32_t module_id,
					 uint32_t pc, const struct op_scope_variable **ret,
					 size_t *ret_count)
{
	static const struct op_scope_variable n = {.name = "n",
						   .declaration = "int n",
						   .kind = "parameter",
						   .function = "fib",
						   .file = file,
						   .line = FIRST_LINE};
	if (!fake.has_source)
		return op_error_create(OP_ERROR_UNSUPPORTED, missing);
	*ret = &n;
	*ret_count = 1;
	return NULL;
}

struct op_error *op_session_complete_function(struct op_session *session, const char *prefix,
					      const char *const **ret, size_t *ret_count)
{
	static const char *const names[] = {"fib", "ns::fibre"};
	*ret = names;
	*ret_count = fake.has_source ? OP_ARRAY_SIZE(names) : 0;
	return NULL;
}
