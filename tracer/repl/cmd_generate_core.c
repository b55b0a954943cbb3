// SPDX-License-Identifier: GPL-3.0-or-later
// generate-core-file, generate-wasm-core: write the target, or its guest, into a file.
#include <inttypes.h>
#include <stdio.h>

#include "tracer/repl/repl.h"
#include "tracer/report/written_core.h"

static struct op_error *generate_core_run(struct op_repl *repl, const struct op_call *call)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	char name[64];
	struct op_written_core written;
	struct op_error *err = op_sandbox_refuse("write files");
	if (!err)
		err = op_argument_words(call->rest, &words);
	if (err)
		return err;
	if (words[0] && words[1])
		return op_error_create(OP_ERROR_SYNTAX, "one file at a time: %s", words[1]);
	snprintf(name, sizeof(name), "core.%" PRId64, op_session_process_id(repl->session));
	const char *path = words[0] ? words[0] : name;
	err = op_session_write_core(repl->session, path, NULL, &written);
	if (err)
		return err;
	if (repl->out.json)
		op_written_core_json(&repl->out.writer, path, &written);
	else
		op_written_core_text(&repl->out, path, &written);
	return NULL;
}

const struct op_command op_cmd_generate_core_file = {
	.name = "generate-core-file",
	.aliases = OP_ALIASES("gcore"),
	.group = OP_GROUP_PROCESS,
	.args = "[FILE]",
	.help = "Write a core file of the program, to look at it later.\nWithout FILE it is "
		"core.PID. \"outpost core FILE\" opens it, on another machine too, and gdb does. "
		"Reservations are not written, and pages that were never used are holes in the "
		"file.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_FILES,
	.run = generate_core_run,
};

static void wasm_core_text(struct op_output *out, const char *path,
			   const struct op_written_wasm_core *core)
{
	op_output_printf(
		out,
		"Saved Wasm core dump %s: threads %zu, frames %zu, instances %zu, memories "
		"%zu (%" PRIu64 " bytes that are not zero), globals %zu.\n",
		path, core->threads, core->frames, core->instances, core->memories, core->stored,
		core->globals);
	if (core->unknown_values)
		op_output_printf(out, "%zu locals and operands are missing: not known.\n",
				 core->unknown_values);
	if (core->unknown_offsets)
		op_output_printf(out, "%zu frames have no place in their function: not known.\n",
				 core->unknown_offsets);
	if (core->null_references)
		op_output_printf(out,
				 "%zu globals are references, which the format cannot hold: "
				 "null.\n",
				 core->null_references);
	if (core->unknown_instances)
		op_output_printf(out,
				 "%zu instances are without memories and globals: their modules' "
				 "bytes are not known.\n",
				 core->unknown_instances);
}

static void wasm_core_json(struct op_json *json, const char *path,
			   const struct op_written_wasm_core *core)
{
	op_json_string(json, "path", path);
	op_json_uint(json, "size", core->size);
	op_json_uint(json, "stored", core->stored);
	op_json_uint(json, "threads", core->threads);
	op_json_uint(json, "frames", core->frames);
	op_json_uint(json, "modules", core->modules);
	op_json_uint(json, "instances", core->instances);
	op_json_uint(json, "memories", core->memories);
	op_json_uint(json, "globals", core->globals);
	op_json_uint(json, "unknown_values", core->unknown_values);
	op_json_uint(json, "unknown_offsets", core->unknown_offsets);
	op_json_uint(json, "null_references", core->null_references);
	op_json_uint(json, "unknown_instances", core->unknown_instances);
}

static struct op_error *generate_wasm_core_run(struct op_repl *repl, const struct op_call *call)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_written_wasm_core written;
	struct op_error *err = op_sandbox_refuse("write files");
	if (!err)
		err = op_argument_words(call->rest, &words);
	if (err)
		return err;
	if (!words[0] || words[1])
		return op_error_create(OP_ERROR_SYNTAX, "generate-wasm-core needs one file");
	err = op_session_write_wasm_core(repl->session, words[0], &written);
	if (err)
		return err;
	if (repl->out.json)
		wasm_core_json(&repl->out.writer, words[0], &written);
	else
		wasm_core_text(&repl->out, words[0], &written);
	return NULL;
}

const struct op_command op_cmd_generate_wasm_core = {
	.name = "generate-wasm-core",
	.group = OP_GROUP_PROCESS,
	.args = "FILE",
	.help = "Write a Wasm core dump: the guest alone, without its host.\nStacks with locals "
		"and "
		"operands, instances, memories and globals, in the format of "
		"WebAssembly/tool-conventions, as wasmtime -D coredump=FILE does for traps. "
		"\"outpost "
		"core FILE\" shows it. It can be made of a core file too.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_FILES,
	.run = generate_wasm_core_run,
};
