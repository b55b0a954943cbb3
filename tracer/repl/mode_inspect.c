// SPDX-License-Identifier: GPL-3.0-or-later
// outpost inspect: what is in an artifact, or in the artifacts of a running process or a core file;
// nothing is stopped.
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "tracer/report/module.h"
#include "tracer/repl/mode.h"

/** A number is a process unless there is a file of that name. */
static struct op_error *open_target(struct op_repl *repl, const struct op_options *options,
				    int64_t *ret_pid)
{
	struct stat file;
	const char *target = options->arguments[0];
	*ret_pid = stat(target, &file) == 0 ? 0 : op_mode_pid(target);
	if (!*ret_pid && op_session_is_core_file(target)) {
		struct op_core_open_options places = {
			.size = sizeof(places),
			.program = options->program,
			.sysroot = options->sysroot,
		};
		struct op_event event;
		struct op_error *err = op_session_open_core(repl->session, target, &places, &event);
		return err || !event.wasm_dump
			       ? err
			       : op_error_create(OP_ERROR_UNSUPPORTED,
						 "%s is a Wasm core dump, in which is nothing of "
						 "what Wasmtime compiled: \"outpost core\" shows "
						 "what is in it",
						 target);
	}
	if (!*ret_pid)
		return op_session_open_artifact(repl->session, target);
	struct op_error *err = op_session_look(repl->session, *ret_pid);
	return err ? err : op_mode_need_modules(repl, *ret_pid);
}

static struct op_error *show_functions(struct op_repl *repl, struct op_json *json,
				       const struct op_module *module)
{
	const struct op_function_info *functions;
	size_t count;
	struct op_error *err =
		op_session_functions(repl->session, module->id, NULL, &functions, &count);
	if (err)
		return err;
	if (json)
		op_json_begin_array(json, "function_list");
	for (size_t i = 0; i < count; i++) {
		if (json)
			op_function_json(json, NULL, &functions[i], module->name);
		else
			op_function_row(&repl->out, &functions[i]);
		op_output_drain(&repl->out);
	}
	if (json)
		op_json_end_array(json);
	return NULL;
}

static struct op_error *show_text(struct op_repl *repl, const struct op_options *options,
				  const struct op_module *modules, size_t count)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < count; i++) {
		op_output_printf(&repl->out, "%s", i ? "\n" : "");
		op_module_paragraph(&repl->out, &modules[i]);
		if (options->functions)
			err = show_functions(repl, NULL, &modules[i]);
	}
	op_output_flush(&repl->out);
	return err;
}

static struct op_error *show_json(struct op_repl *repl, const struct op_options *options,
				  int64_t pid, const struct op_module *modules, size_t count)
{
	struct op_error *err = NULL;
	struct op_json *json = op_output_begin_line(&repl->out);
	if (pid)
		op_json_int(json, "pid", pid);
	else
		op_json_string(json, "file", options->arguments[0]);
	op_json_begin_array(json, "modules");
	for (size_t i = 0; !err && i < count; i++) {
		op_json_begin_object(json, NULL);
		op_module_members(json, &modules[i]);
		if (options->functions)
			err = show_functions(repl, json, &modules[i]);
		op_json_end_object(json);
	}
	op_json_end_array(json);
	if (!err)
		op_output_end_line(&repl->out);
	return err;
}

static int inspect_mode(const struct op_options *options)
{
	struct op_repl repl;
	int status = OP_EXIT_FAILED;
	if (op_mode_open(&repl, options)) {
		int64_t pid;
		const struct op_module *modules;
		size_t count;
		struct op_error *err = open_target(&repl, options, &pid);
		if (!err)
			err = op_session_modules(repl.session, &modules, &count);
		if (!err && options->json)
			err = show_json(&repl, options, pid, modules, count);
		else if (!err)
			err = show_text(&repl, options, modules, count);
		if (err)
			status = op_mode_fail(&repl, "inspect", err);
		else
			status =
				op_mode_run_startup(&repl, options) ? OP_EXIT_DONE : OP_EXIT_FAILED;
	}
	return op_mode_close(&repl, status);
}

const struct op_mode op_mode_inspect = {
	.name = "inspect",
	.args = "FILE.cwasm|PID|CORE",
	.help = "show what is in an artifact: modules, functions, what was recorded",
	.arguments_min = 1,
	.arguments_max = 1,
	.only_looks = true,
	.run = inspect_mode,
};
