// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz debug information: the input is a module. Everything is asked that a session asks: units,
// files, lines and their places, bodies, variables, types, locations; and what must hold whatever
// the sections say is checked.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/kept_dwarf.h"
#include "target-runtime/dwarf/line_table.h"
#include "target-runtime/dwarf/location.h"
#include "target-runtime/dwarf/returns.h"
#include "target-runtime/dwarf/type.h"
#include "target-runtime/stack.h"
#include "target-runtime/wasm/module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LOOKS_MAX = 64, SIZE_MAX_OF_INPUT = 1 << 20 };

static unsigned warnings;

static void warn(void *context, const char *text)
{
	(void)context;
	// What goes to a terminal is escaped.
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ')
			abort();
	warnings++;
}

static bool good(struct op_error *err)
{
	bool is_good = !err;
	op_error_destroy(err);
	return is_good;
}

static void use_lines(struct op_debug_info *info)
{
	struct op_debug_line *lines = NULL;
	size_t count = 0;
	if (!good(op_debug_lines_between(info, 0, UINT32_MAX, &lines, &count)))
		return;
	for (size_t i = 0; i < count; i++) {
		if (lines[i].pc >= lines[i].end_pc || (i && lines[i - 1].end_pc > lines[i].pc))
			abort();
		struct op_debug_line same;
		bool found;
		if (i < LOOKS_MAX && good(op_debug_line_at(info, lines[i].pc, &found, &same)) &&
		    found && (same.pc > lines[i].pc || same.end_pc <= lines[i].pc))
			abort();
	}
	free(lines);
}

static void use_file(struct op_debug_info *info, const char *file)
{
	uint8_t copy[16];
	const uint8_t *sum;
	if (good(op_debug_file_sum(info, file, &sum)) && sum &&
	    memcmp(memcpy(copy, sum, sizeof(copy)), sum, sizeof(copy)) != 0)
		abort();
	bool flags[LOOKS_MAX] = {false};
	good(op_debug_lines_with_code(info, file, 1, LOOKS_MAX, flags));
	for (uint32_t line = 1; line < LOOKS_MAX; line += 7) {
		struct op_debug_line *places = NULL;
		size_t count;
		uint32_t taken;
		if (good(op_debug_line_places(info, file, line, &taken, &places, &count)) &&
		    (taken < line || !count))
			abort();
		free(places);
		places = NULL;
		good(op_debug_line_rows(info, file, line, &places, &count));
		free(places);
	}
}

static void use_files(struct op_debug_info *info)
{
	const char *const *files;
	size_t count;
	if (!good(op_debug_files(info, &files, &count)))
		return;
	for (size_t i = 0; i < count && i < 4; i++)
		use_file(info, files[i]);
}

static void use_type(struct op_debug_info *info, struct op_die die)
{
	const struct op_type *type;
	struct op_text text = OP_TEXT_INIT;
	if (!die.offset || !good(op_debug_type(info, die, &type)))
		return;
	op_type_print(type, "x", &text);
	good(op_type_print_definition(info, type, &text));
	good(op_type_print_layout(info, type, &text));
	good(op_type_complete(info, type));
	op_type_strip(type);
	op_text_deinit(&text);
}

static void use_variable(struct op_debug_info *info, const struct op_debug_variable *variable,
			 uint32_t pc)
{
	struct op_debug_location location;
	use_type(info, variable->type);
	if (good(op_debug_locate(info, variable->die, variable->function, pc, &location)))
		op_location_deinit(&location);
}

// What is returned directly is in the result.
static void use_return(struct op_debug_info *info, const struct op_debug_function *function,
		       const struct op_wasm_module *module)
{
	struct op_debug_return what;
	uint32_t index;
	if (!op_wasm_module_function_at(module, function->low_pc, &index))
		return;
	const struct op_wasm_type_def *type = op_wasm_module_function_type(module, index);
	if (!type || !good(op_debug_return(info, function, module, type, &what)) ||
	    what.way != OP_RETURN_DIRECT)
		return;
	if (type->result_count != 1 ||
	    op_type_strip(what.type)->size >
		    op_value_type_size(op_value_type_of(module, &type->results[0])))
		abort();
}

static void use_function(struct op_debug_info *info, const struct op_debug_function *function)
{
	struct op_debug_variable *variables = NULL;
	size_t count = 0;
	uint32_t pc;
	good(op_debug_function_body(info, function, &pc));
	if (!good(op_debug_variables_at(info, function, function->low_pc, &variables, &count)))
		return;
	for (size_t i = 0; i < count && i < LOOKS_MAX; i++)
		use_variable(info, &variables[i], function->low_pc);
	free(variables);
}

static void use_functions(struct op_debug_info *info, const struct op_wasm_module *module)
{
	struct op_debug_function *functions = NULL, *around = NULL;
	size_t count = 0, depth;
	if (!good(op_debug_functions_named(info, "*", true, &functions, &count)))
		return;
	for (size_t i = 0; i < count && i < LOOKS_MAX; i++) {
		use_function(info, &functions[i]);
		use_return(info, &functions[i], module);
		if (good(op_debug_functions_at(info, functions[i].low_pc, &around, &depth)))
			free(around);
	}
	free(functions);
}

static void use_names(struct op_debug_info *info)
{
	struct op_debug_variable *globals = NULL;
	struct op_debug_type_name *types = NULL;
	size_t count = 0;
	if (good(op_debug_globals(info, NULL, &globals, &count))) {
		for (size_t i = 0; i < count && i < LOOKS_MAX; i++)
			use_variable(info, &globals[i], 0);
		free(globals);
	}
	if (good(op_debug_types(info, NULL, &types, &count))) {
		for (size_t i = 0; i < count && i < LOOKS_MAX; i++)
			use_type(info, types[i].die);
		free(types);
	}
}

static void use(const struct op_debug_source *source, const struct op_wasm_module *module)
{
	struct op_debug_info *info;
	const struct op_debug_unit *units;
	size_t count;
	warnings = 0;
	if (!good(op_debug_info_create(source, warn, NULL, NULL, &info)))
		return;
	if (good(op_debug_units(info, &units, &count))) {
		use_lines(info);
		use_files(info);
		use_functions(info, module);
		use_names(info);
		// Each unit is told of for what it lacks, not for each question.
		unsigned before = warnings;
		use_lines(info);
		use_files(info);
		use_functions(info, module);
		if (warnings != before)
			abort();
	}
	op_debug_info_destroy(info);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct op_bytes bytes = {.data = data, .size = size, .what = "module"};
	struct op_wasm_module *module;
	struct op_debug_source source;
	if (size > SIZE_MAX_OF_INPUT || !good(op_wasm_module_create(&bytes, &module)))
		return 0;
	op_debug_source_of_module(module, &source);
	use(&source, module);
	// What Wasmtime keeps is searched for in bytes of any kind.
	struct op_debug_source kept;
	if (good(op_kept_dwarf_find(&source.sections[OP_DEBUG_STR], &bytes, &kept)))
		use(&kept, module);
	op_wasm_module_destroy(module);
	return 0;
}
