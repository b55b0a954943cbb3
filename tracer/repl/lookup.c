// SPDX-License-Identifier: GPL-3.0-or-later
// From what a person calls a function to the function. Part of repl.h.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tracer/repl/repl.h"

const struct op_module *op_repl_module(struct op_repl *repl, uint32_t id)
{
	const struct op_module *modules;
	size_t count;
	struct op_error *err _cleanup_error_ = op_session_modules(repl->session, &modules, &count);
	if (err)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (modules[i].id == id)
			return &modules[i];
	}
	return NULL;
}

void op_repl_end_unmatched(struct op_repl *repl, const char *pattern)
{
	if (strpbrk(pattern, "^$+|") || strstr(pattern, ".*"))
		op_output_printf(&repl->out,
				 ": patterns are those of the shell, where \"*\" stands for "
				 "anything");
	else if (*pattern && !strchr(pattern, '*'))
		op_output_printf(&repl->out, ": \"*%s*\" matches anywhere in names", pattern);
	op_output_printf(&repl->out, ".\n");
}

/** A function's name as a shell pattern that matches nothing else. */
static void quote_pattern(struct op_text *text, const char *name)
{
	for (; *name; name++) {
		if (strchr("*?[]\\", *name))
			op_text_append_char(text, '\\');
		op_text_append_char(text, *name);
	}
}

/** "function[N]" or "#N" */
static bool parse_index(const char *spec, uint32_t *ret)
{
	int end = 0;
	if ((sscanf(spec, "function[%" SCNu32 "]%n", ret, &end) == 1 && end && !spec[end]))
		return true;
	end = 0;
	return sscanf(spec, "#%" SCNu32 "%n", ret, &end) == 1 && end && !spec[end];
}

static void copy_function(const struct op_module *module, const struct op_function_info *info,
			  struct op_named_function *ret)
{
	*ret = (struct op_named_function){.module_id = module->id,
					  .index = info->index,
					  .pc = info->pc,
					  .end_pc = info->end_pc};
	snprintf(ret->name, sizeof(ret->name), "%s", info->name);
	snprintf(ret->module, sizeof(ret->module), "%s", module->name);
}

/** Functions of one module that @p name means; *ret is the first. */
static struct op_error *find_in_module(struct op_repl *repl, const struct op_module *module,
				       const char *name, struct op_named_function *ret,
				       size_t *ret_count)
{
	struct op_text pattern _cleanup_text_ = OP_TEXT_INIT;
	uint32_t index = 0;
	bool by_index = parse_index(name, &index);
	quote_pattern(&pattern, name);
	const struct op_function_info *functions;
	size_t count;
	*ret_count = 0;
	struct op_error *err = op_session_functions(
		repl->session, module->id, by_index ? NULL : pattern.data, &functions, &count);
	for (size_t i = 0; !err && i < count; i++) {
		if (by_index && functions[i].index != index)
			continue;
		if (!*ret_count)
			copy_function(module, &functions[i], ret);
		++*ret_count;
	}
	return err;
}

static struct op_error *ambiguous(const char *spec, const struct op_named_function *one)
{
	return op_error_create(OP_ERROR_SYNTAX,
			       "\"%s\" names several functions; name one as MODULE!function[N], "
			       "for example %s!function[%" PRIu32 "]",
			       spec, one->module, one->index);
}

struct op_error *op_repl_find_function(struct op_repl *repl, const char *spec,
				       struct op_named_function *ret)
{
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	uint32_t preferred = frame && frame->kind == OP_FRAME_WASM ? frame->module_id : UINT32_MAX;
	const struct op_module *modules;
	size_t count;
	struct op_error *err = op_session_modules(repl->session, &modules, &count);
	if (err)
		return err;
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		size_t prefix = strlen(modules[i].name);
		bool named = strncmp(spec, modules[i].name, prefix) == 0 && spec[prefix] == '!';
		struct op_named_function one;
		size_t matches;
		err = find_in_module(repl, &modules[i], named ? spec + prefix + 1 : spec, &one,
				     &matches);
		if (err)
			return err;
		if (!matches)
			continue;
		bool sure = named || modules[i].id == preferred;
		if (!found || sure)
			*ret = one;
		found = sure ? matches : found + matches;
		if (sure)
			break;
	}
	if (!found)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no function \"%s\"; \"info functions\" lists them",
				       spec);
	return found > 1 ? ambiguous(spec, ret) : NULL;
}

struct op_error *op_repl_frame_function(struct op_repl *repl, struct op_named_function *ret)
{
	const struct op_frame *frame;
	struct op_error *err = op_session_selected_frame(repl->session, &frame);
	if (err)
		return err;
	const struct op_module *module = op_repl_module(repl, frame->module_id);
	if (!module)
		return op_error_create(OP_ERROR_STATE, "the selected frame is not in guest code");
	struct op_text name _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&name, "#%" PRIu32, frame->function_index);
	size_t matches;
	err = find_in_module(repl, module, name.data ? name.data : "", ret, &matches);
	if (!err && !matches)
		err = op_error_create(OP_ERROR_NOT_FOUND, "module %s has no function %" PRIu32,
				      module->name, frame->function_index);
	return err;
}
