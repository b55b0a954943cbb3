// SPDX-License-Identifier: GPL-3.0-or-later
// info modules and info functions
#include "tracer/report/module.h"
#include "tracer/repl/repl.h"

enum { INTERRUPT_EVERY = 1024 };

static struct op_error *modules_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, "info modules");
	const struct op_module *modules;
	size_t count;
	if (!err)
		err = op_session_modules(repl->session, &modules, &count);
	if (err)
		return err;
	struct op_json *json = &repl->out.writer;
	if (repl->out.json)
		op_json_begin_array(json, "modules");
	else if (!count)
		op_output_printf(&repl->out, "No modules are loaded.\n");
	for (size_t i = 0; i < count; i++) {
		if (!repl->out.json) {
			op_module_row(&repl->out, &modules[i]);
			continue;
		}
		op_json_begin_object(json, NULL);
		op_module_members(json, &modules[i]);
		op_json_end_object(json);
	}
	if (repl->out.json)
		op_json_end_array(json);
	return NULL;
}

static struct op_error *show_functions(struct op_repl *repl, const struct op_module *module,
				       const char *pattern, size_t *total)
{
	const struct op_function_info *functions;
	size_t count;
	struct op_error *err =
		op_session_functions(repl->session, module->id, pattern, &functions, &count);
	*total += err ? 0 : count;
	if (!err && count && !repl->out.json) {
		op_output_styled(&repl->out, OP_STYLE_NAME, "%s", module->name);
		op_output_printf(&repl->out, ":\n");
	}
	for (size_t i = 0; !err && i < count; i++) {
		if (i % INTERRUPT_EVERY == INTERRUPT_EVERY - 1)
			err = op_repl_check_interrupt(repl);
		if (repl->out.json)
			op_function_json(&repl->out.writer, NULL, &functions[i], module->name);
		else
			op_function_row(&repl->out, &functions[i]);
		op_output_drain(&repl->out);
	}
	return err;
}

static struct op_error *functions_run(struct op_repl *repl, const struct op_call *call)
{
	const char *pattern = *call->rest ? call->rest : NULL;
	const struct op_module *modules;
	size_t count;
	struct op_error *err = op_session_modules(repl->session, &modules, &count);
	if (err)
		return err;
	if (repl->out.json)
		op_json_begin_array(&repl->out.writer, "functions");
	size_t total = 0;
	for (size_t i = 0; !err && i < count; i++)
		err = show_functions(repl, &modules[i], pattern, &total);
	if (!err && repl->out.json)
		op_json_end_array(&repl->out.writer);
	if (err || repl->out.json || total || !pattern)
		return err;
	op_output_printf(&repl->out, "No function has a name like that");
	op_repl_end_unmatched(repl, pattern);
	return NULL;
}

const struct op_command op_info_modules = {
	.name = "modules",
	.group = OP_GROUP_CODE,
	.args = "",
	.help = "List the guest's modules, the Wasmtime version that compiled each, and whether it "
		"was compiled for debugging.",
	.flags = OP_COMMAND_NEEDS_TARGET,
	.run = modules_run,
};

const struct op_command op_info_functions = {
	.name = "functions",
	.aliases = OP_ALIASES("fu"),
	.group = OP_GROUP_CODE,
	.args = "[PATTERN]",
	.help = "List functions with index, offsets, name and type; PATTERN is a shell pattern of "
		"names.",
	.flags = OP_COMMAND_NEEDS_TARGET,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = functions_run,
};
