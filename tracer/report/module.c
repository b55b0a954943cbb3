// SPDX-License-Identifier: GPL-3.0-or-later
// Modules and functions; see module.h. Knows no session.
#include "tracer/report/module.h"

#include <inttypes.h>

/** What the compiler recorded: one row a kind, both faces and `inspect` show them in this order. */
static const struct {
	const char *key, *text;
	size_t offset;
} records[] = {
	{"frame_table", "frame table", offsetof(struct op_module, has_guest_debug)},
	{"slots", "breakpoint slots", offsetof(struct op_module, has_slots)},
	{"bytecode", "bytecode", offsetof(struct op_module, has_bytecode)},
	{"address_map", "address map", offsetof(struct op_module, has_address_map)},
	{"symbols", "symbols", offsetof(struct op_module, has_symbols)},
	{"dwarf", "DWARF", offsetof(struct op_module, has_dwarf)},
};

static bool record(const struct op_module *module, size_t offset)
{
	return *(const bool *)((const char *)module + offset);
}

static bool backtrace_possible(const struct op_module *module)
{
	return module->has_address_map || module->has_guest_debug;
}
static bool values_possible(const struct op_module *module)
{
	return module->has_guest_debug;
}
static bool breakpoints_possible(const struct op_module *module)
{
	return module->has_slots || module->has_symbols || module->has_address_map;
}
static bool stepping_possible(const struct op_module *module)
{
	return module->has_slots;
}
static bool disassembly_possible(const struct op_module *module)
{
	return module->has_bytecode || module->has_file_bytes;
}

/** What can be done with a module, and the sentence for when it cannot. */
static const struct {
	const char *key, *text, *otherwise;
	bool (*possible)(const struct op_module *module);
} abilities[] = {
	{"backtrace", "backtraces with offsets", "no address map was recorded", backtrace_possible},
	{"values", "values of locals and operands", "not compiled for guest-debug",
	 values_possible},
	{"breakpoints", "breakpoints", "neither slots, symbols nor an address map were recorded",
	 breakpoints_possible},
	{"stepping", "stepping by Wasm instructions", "no breakpoint slots", stepping_possible},
	{"disassembly", "Wasm disassembly",
	 "the bytecode is neither in the artifact nor in a file that fits", disassembly_possible},
};

static const char *kind_name(const struct op_module *module)
{
	return module->is_component ? "component's module" : "module";
}

void op_module_row(struct op_output *out, const struct op_module *module)
{
	op_output_printf(out, "%-4" PRIu32 " ", module->id);
	op_output_styled(out, OP_STYLE_NAME, "%-20s", module->name);
	if (module->version[0])
		op_output_printf(out,
				 " Wasmtime %-8s %6" PRIu32 " functions %10" PRIu64 " bytes  %s",
				 module->version, module->function_count, module->text_size,
				 module->has_guest_debug ? "guest-debug" : "no guest-debug");
	else
		op_output_printf(out, " of a Wasm core dump  %6" PRIu32 " functions  %s",
				 module->function_count,
				 module->made_up ? "its own bytes are not known"
						 : "its bytes are known");
	if (module->path[0])
		op_output_printf(out, "  %s", module->path);
	op_output_printf(out, "\n");
}

static void copies_text(struct op_output *out, const struct op_module *module)
{
	if (!module->copy_count)
		return;
	op_output_printf(out, "  in memory    ");
	for (size_t i = 0; i < module->copy_count; i++) {
		op_output_printf(out, "%s", i ? ", " : "");
		op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx64, module->copies[i].value);
	}
	op_output_printf(out, "\n");
}

void op_module_paragraph(struct op_output *out, const struct op_module *module)
{
	op_output_printf(out, "%s %" PRIu32 " ", kind_name(module), module->index);
	op_output_styled(out, OP_STYLE_NAME, "%s", module->name);
	op_output_printf(
		out, "\n  compiled by  Wasmtime %s%s\n", module->version,
		module->layout_known
			? ""
			: " (newer than outpost knows: read with the newest known layout)");
	if (module->path[0])
		op_output_printf(out, "  file         %s\n", module->path);
	copies_text(out, module);
	if (module->function_count)
		op_output_printf(out, "  functions    %" PRIu32 ", %" PRIu32 " of them imported\n",
				 module->function_count, module->imported_functions);
	else
		op_output_printf(out, "  functions    number not known\n");
	op_output_printf(out, "  native code  %" PRIu64 " bytes\n  recorded     ",
			 module->text_size);
	for (size_t i = 0; i < OP_ARRAY_SIZE(records); i++)
		op_output_printf(out, "%s%s: %s", i ? ", " : "", records[i].text,
				 record(module, records[i].offset) ? "yes" : "no");
	op_output_printf(out, "\n");
	for (size_t i = 0; i < OP_ARRAY_SIZE(abilities); i++) {
		bool possible = abilities[i].possible(module);
		op_output_printf(out, "  %-12s %s: %s%s%s\n", i ? "" : "possible",
				 abilities[i].text, possible ? "yes" : "no (",
				 possible ? "" : abilities[i].otherwise, possible ? "" : ")");
	}
}

void op_module_members(struct op_json *json, const struct op_module *module)
{
	op_json_uint(json, "id", module->id);
	op_json_string(json, "name", module->name);
	op_json_uint(json, "index", module->index);
	op_json_bool(json, "component", module->is_component);
	op_json_string(json, "version", module->version);
	op_json_bool(json, "layout_known", module->layout_known);
	op_json_uint(json, "functions", module->function_count);
	op_json_uint(json, "imported_functions", module->imported_functions);
	op_json_uint(json, "text_size", module->text_size);
	op_json_string(json, "path", module->path[0] ? module->path : NULL);
	op_json_begin_array(json, "copies");
	for (size_t i = 0; i < module->copy_count; i++)
		op_json_hex(json, NULL, module->copies[i].value);
	op_json_end_array(json);
	op_json_begin_object(json, "recorded");
	for (size_t i = 0; i < OP_ARRAY_SIZE(records); i++)
		op_json_bool(json, records[i].key, record(module, records[i].offset));
	op_json_end_object(json);
	op_json_begin_object(json, "possible");
	for (size_t i = 0; i < OP_ARRAY_SIZE(abilities); i++)
		op_json_bool(json, abilities[i].key, abilities[i].possible(module));
	op_json_end_object(json);
}

void op_function_row(struct op_output *out, const struct op_function_info *function)
{
	op_output_printf(out, "%6" PRIu32 "  ", function->index);
	if (function->imported)
		op_output_printf(out, "%-23s", "imported");
	else if (function->end_pc)
		op_output_styled(out, OP_STYLE_ADDRESS, "0x%08" PRIx32 "-0x%08" PRIx32 "  ",
				 function->pc, function->end_pc);
	else
		op_output_printf(out, "%-23s", "offset not known");
	op_output_styled(out, OP_STYLE_FUNCTION, "%s", function->name);
	if (function->type[0])
		op_output_printf(out, " %s", function->type);
	if (function->native_size)
		op_output_printf(out, ", %" PRIu32 " native bytes", function->native_size);
	op_output_printf(out, "\n");
}

void op_function_json(struct op_json *json, const char *key,
		      const struct op_function_info *function, const char *module)
{
	bool has_body = !function->imported && function->end_pc;
	op_json_begin_object(json, key);
	op_json_string(json, "module", module);
	op_json_uint(json, "index", function->index);
	op_json_string(json, "name", function->name);
	op_json_string(json, "type", function->type[0] ? function->type : NULL);
	op_json_bool(json, "imported", function->imported);
	if (has_body) {
		op_json_uint(json, "pc", function->pc);
		op_json_uint(json, "end_pc", function->end_pc);
	} else {
		op_json_null(json, "pc");
		op_json_null(json, "end_pc");
	}
	op_json_uint(json, "native_size", function->native_size);
	op_json_end_object(json);
}
