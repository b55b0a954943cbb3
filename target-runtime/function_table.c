// SPDX-License-Identifier: GPL-3.0-or-later
// The functions of one image's text.
#include "target-runtime/function_table.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// More static modules than any component has; a larger number is a symbol that only looks like
// Wasmtime's.
enum { MODULES_MAX = 65536 };

/**
 * The forms of symbol names. In a pattern # stands for a decimal number, the first of which is a
 * module.
 */
static const struct {
	const char *pattern;
	enum op_function_kind kind;
	bool whole; // nothing may follow, except "::NAME" when named
	bool named; // the name is what follows the pattern
} symbol_forms[] = {
	{"wasm[#]::function[#]", OP_FUNCTION_WASM, true, true},
	{"wasm[#]::array_to_wasm_trampoline[#]", OP_FUNCTION_ENTRY_TRAMPOLINE, true, false},
	{"module_start[#]::", OP_FUNCTION_MODULE_START, false, false},
	{"signatures[", OP_FUNCTION_EXIT_TRAMPOLINE, false, false},
	{"component-trampolines[", OP_FUNCTION_EXIT_TRAMPOLINE, false, false},
	{"resource_drop_trampoline", OP_FUNCTION_EXIT_TRAMPOLINE, true, false},
	{"wasmtime_builtin_", OP_FUNCTION_BUILTIN, false, true},
	{"wasmtime_patchable_builtin_breakpoint", OP_FUNCTION_BREAKPOINT, true, false},
};

/** A decimal number of at most 32 bits; what follows it, or NULL. */
static const char *match_number(const char *text, uint32_t *ret)
{
	uint64_t value = 0;
	const char *digit = text;
	for (; *digit >= '0' && *digit <= '9' && value <= UINT32_MAX; digit++)
		value = value * 10 + (uint64_t)(*digit - '0');
	if (digit == text || value > UINT32_MAX)
		return NULL;
	*ret = (uint32_t)value;
	return digit;
}

/** Match @p text with @p pattern; what follows it, or NULL. */
static const char *match_pattern(const char *text, const char *pattern, uint32_t numbers[2])
{
	for (unsigned number = 0; *pattern; pattern++) {
		if (*pattern == '#') {
			text = match_number(text, &numbers[number++]);
			if (!text)
				return NULL;
		} else if (*text++ != *pattern) {
			return NULL;
		}
	}
	return text;
}

static void classify(const char *symbol, struct op_function *function)
{
	static const char separator[] = "::";
	function->kind = OP_FUNCTION_OTHER;
	function->name = symbol;
	for (size_t i = 0; i < OP_ARRAY_SIZE(symbol_forms); i++) {
		uint32_t numbers[2] = {0, 0};
		const char *rest = match_pattern(symbol, symbol_forms[i].pattern, numbers);
		if (!rest || numbers[0] >= MODULES_MAX)
			continue;
		bool named = symbol_forms[i].named;
		if (symbol_forms[i].whole && *rest) {
			if (!named || strncmp(rest, separator, strlen(separator)) != 0)
				continue;
			rest += strlen(separator);
		}
		function->kind = symbol_forms[i].kind;
		function->module = numbers[0];
		function->index = numbers[1];
		if (named)
			function->name = *rest ? rest : NULL;
		return;
	}
}

void op_function_table_deinit(struct op_function_table *table)
{
	free(table->functions);
	free(table->by_index);
	*table = (struct op_function_table){0};
}

static int compare_text_offset(const void *a, const void *b)
{
	const struct op_function *first = a, *second = b;
	return (first->text_offset > second->text_offset) -
	       (first->text_offset < second->text_offset);
}

static int compare_key(const struct op_function *a, enum op_function_kind kind, uint32_t module,
		       uint32_t index)
{
	if (a->kind != kind)
		return a->kind < kind ? -1 : 1;
	if (a->module != module)
		return a->module < module ? -1 : 1;
	return (a->index > index) - (a->index < index);
}

static int compare_index(const void *a, const void *b, void *context)
{
	const struct op_function *functions = context;
	const struct op_function *second = &functions[*(const uint32_t *)b];
	return compare_key(&functions[*(const uint32_t *)a], second->kind, second->module,
			   second->index);
}

static bool has_index(const struct op_function *function)
{
	return function->kind == OP_FUNCTION_WASM || function->kind == OP_FUNCTION_ENTRY_TRAMPOLINE;
}

static struct op_error *build_index(struct op_function_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		table->by_index_count += has_index(&table->functions[i]);
	if (table->by_index_count == 0)
		return NULL;
	table->by_index = calloc(table->by_index_count, sizeof(*table->by_index));
	if (!table->by_index)
		return op_error_no_memory();
	size_t filled = 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct op_function *function = &table->functions[i];
		if (!has_index(function))
			continue;
		table->by_index[filled++] = (uint32_t)i;
		if (function->module >= table->module_count)
			table->module_count = function->module + 1;
	}
	qsort_r(table->by_index, filled, sizeof(*table->by_index), compare_index, table->functions);
	return NULL;
}

struct op_error *op_function_table_from_symbols(const struct op_elf_header *header,
						const struct op_bytes *symbols,
						const struct op_bytes *names, uint64_t text_size,
						struct op_function_table *ret)
{
	_cleanup_function_table_ struct op_function_table table = {0};
	size_t symbol_count = symbols->size / OP_ELF_SYMBOL_SIZE;
	if (symbol_count == 0) {
		*ret = table;
		return NULL;
	}
	table.functions = calloc(symbol_count, sizeof(*table.functions));
	if (!table.functions)
		return op_error_no_memory();
	for (size_t i = 0; i < symbol_count; i++) {
		struct op_elf_symbol symbol =
			op_elf_symbol_parse(header, symbols->data + i * OP_ELF_SYMBOL_SIZE);
		if (symbol.type != STT_FUNC || symbol.size == 0 || symbol.value >= text_size ||
		    symbol.size > text_size - symbol.value ||
		    symbol.value + symbol.size > UINT32_MAX || symbol.name >= names->size)
			continue;
		struct op_function *function = &table.functions[table.count++];
		function->text_offset = (uint32_t)symbol.value;
		function->size = (uint32_t)symbol.size;
		classify((const char *)names->data + symbol.name, function);
	}
	qsort(table.functions, table.count, sizeof(*table.functions), compare_text_offset);
	struct op_error *err = build_index(&table);
	if (err)
		return err;
	*ret = table;
	table = (struct op_function_table){0};
	return NULL;
}

static struct op_function *function_at(const struct op_function_table *table, uint64_t text_offset)
{
	size_t low = 0, high = table->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (table->functions[middle].text_offset <= text_offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	struct op_function *function = &table->functions[low - 1];
	return text_offset - function->text_offset < function->size ? function : NULL;
}

/** Whose code is at program point @p index? The outermost frame's: inlined bodies come after it. */
static struct op_error *
identify_point(struct op_function_table *table, const struct op_frame_table *frames, size_t index,
	       struct op_error *(*imported)(void *context, uint32_t module, uint32_t *ret),
	       void *context)
{
	struct op_point point = op_frame_table_point(frames, index);
	// A Post point is at the end of an instruction, which may be the last one of its function.
	uint64_t inside =
		point.text_offset - (point.position == OP_POINT_POST && point.text_offset > 0);
	struct op_function *function = function_at(table, inside);
	if (!function || function->kind == OP_FUNCTION_WASM)
		return NULL;
	struct op_point_frame stack[OP_POINT_FRAMES_MAX];
	size_t count;
	struct op_frame_descriptor descriptor;
	struct op_error *err =
		op_frame_table_point_frames(frames, &point, stack, OP_POINT_FRAMES_MAX, &count);
	if (!err)
		err = op_frame_table_descriptor(frames, stack[0].descriptor, &descriptor);
	uint32_t imports = 0;
	if (!err)
		err = imported(context, descriptor.module, &imports);
	if (err && err->code == OP_ERROR_NOT_FOUND) {
		op_error_destroy(err);
		return NULL;
	}
	if (err)
		return err;
	if (descriptor.module >= MODULES_MAX || descriptor.function > UINT32_MAX - imports)
		return op_error_create(OP_ERROR_FORMAT,
				       "the frame table names function %" PRIu32
				       " of module %" PRIu32,
				       descriptor.function, descriptor.module);
	function->kind = OP_FUNCTION_WASM;
	function->module = descriptor.module;
	function->index = descriptor.function + imports;
	return NULL;
}

struct op_error *op_function_table_from_ranges(
	const struct op_code_range *ranges, size_t range_count, const struct op_frame_table *frames,
	struct op_error *(*imported)(void *context, uint32_t module, uint32_t *ret), void *context,
	struct op_function_table *ret)
{
	_cleanup_function_table_ struct op_function_table table = {0};
	table.functions = calloc(range_count ? range_count : 1, sizeof(*table.functions));
	if (!table.functions)
		return op_error_no_memory();
	for (size_t i = 0; i < range_count; i++) {
		if (ranges[i].text_offset + ranges[i].size > UINT32_MAX)
			continue;
		table.functions[table.count++] = (struct op_function){
			.kind = OP_FUNCTION_OTHER,
			.text_offset = (uint32_t)ranges[i].text_offset,
			.size = (uint32_t)ranges[i].size,
		};
	}
	qsort(table.functions, table.count, sizeof(*table.functions), compare_text_offset);
	size_t points = frames ? op_frame_table_point_count(frames) : 0;
	for (size_t i = 0; i < points; i++) {
		struct op_error *err = identify_point(&table, frames, i, imported, context);
		if (err)
			return err;
	}
	struct op_error *err = build_index(&table);
	if (err)
		return err;
	*ret = table;
	table = (struct op_function_table){0};
	return NULL;
}

const struct op_function *op_function_table_at(const struct op_function_table *table,
					       uint64_t text_offset)
{
	return function_at(table, text_offset);
}

/** Position in by_index of the first function whose key is not below the given one. */
static size_t index_lower_bound(const struct op_function_table *table, enum op_function_kind kind,
				uint32_t module, uint32_t index)
{
	size_t low = 0, high = table->by_index_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_key(&table->functions[table->by_index[middle]], kind, module, index) <
		    0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct op_function *op_function_table_find(const struct op_function_table *table,
						 enum op_function_kind kind, uint32_t module,
						 uint32_t index)
{
	size_t at = index_lower_bound(table, kind, module, index);
	if (at == table->by_index_count)
		return NULL;
	const struct op_function *function = &table->functions[table->by_index[at]];
	return compare_key(function, kind, module, index) == 0 ? function : NULL;
}

const struct op_function *op_function_table_find_builtin(const struct op_function_table *table,
							 const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct op_function *function = &table->functions[i];
		if (function->kind == OP_FUNCTION_BUILTIN && function->name &&
		    strcmp(function->name, name) == 0)
			return function;
	}
	return NULL;
}

const struct op_function *op_function_table_first_defined(const struct op_function_table *table,
							  uint32_t module)
{
	size_t at = index_lower_bound(table, OP_FUNCTION_WASM, module, 0);
	if (at == table->by_index_count)
		return NULL;
	const struct op_function *function = &table->functions[table->by_index[at]];
	return function->kind == OP_FUNCTION_WASM && function->module == module ? function : NULL;
}
