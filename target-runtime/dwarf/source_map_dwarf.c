// SPDX-License-Identifier: GPL-3.0-or-later
// A source map written as DWARF 4 (sections 6.2 and 7.5): a unit that has nothing but its line
// program.
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/dwarf_private.h"
#include "target-runtime/dwarf/source_map.h"

enum {
	LINE_BASE = -5, // of special opcodes, of which none is written
	LINE_RANGE = 14,
	OPCODE_BASE = 13,
	ADDRESS_SIZE = 4,
	SECTIONS_MAX = INT32_MAX,
};

/** The sections, one behind the other as they are finished. */
struct writer {
	struct op_text bytes;
	const struct op_source_map *map;
	uint32_t code_start;
	size_t starts[OP_DEBUG_SECTION_COUNT], ends[OP_DEBUG_SECTION_COUNT];
	size_t next_row;
};

static void put_u8(struct writer *w, unsigned value)
{
	op_text_append_n(&w->bytes, (const char[]){(char)value}, 1);
}

static void put_u16(struct writer *w, unsigned value)
{
	put_u8(w, value & 0xff);
	put_u8(w, value >> 8);
}

static void put_u32(struct writer *w, uint32_t value)
{
	put_u16(w, value & 0xffff);
	put_u16(w, value >> 16);
}

static void put_uleb(struct writer *w, uint64_t value)
{
	do {
		put_u8(w, (value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value);
}

static void put_sleb(struct writer *w, int64_t value)
{
	bool more;
	do {
		unsigned bits = value & 0x7f;
		value >>= 7;
		more = value != (bits & 0x40 ? -1 : 0);
		put_u8(w, bits | (more ? 0x80 : 0));
	} while (more);
}

static void put_string(struct writer *w, const char *text)
{
	op_text_append_n(&w->bytes, text, strlen(text) + 1);
}

// A length that is known later.
static size_t begin_length(struct writer *w)
{
	put_u32(w, 0);
	return w->bytes.size;
}

static void end_length(struct writer *w, size_t start)
{
	if (w->bytes.failed)
		return;
	uint32_t size = (uint32_t)(w->bytes.size - start);
	for (size_t i = 0; i < 4; i++)
		w->bytes.data[start - 4 + i] = (char)(size >> 8 * i);
}

static void begin_section(struct writer *w, enum op_debug_section section)
{
	w->starts[section] = w->bytes.size;
}

static void end_section(struct writer *w, enum op_debug_section section)
{
	w->ends[section] = w->bytes.size;
}

// The unit ------------------------------------------------------------------------------------

static const struct {
	unsigned attribute, form;
} unit_attributes[] = {
	{DW_AT_producer, DW_FORM_string}, {DW_AT_language, DW_FORM_data2},
	{DW_AT_name, DW_FORM_string},     {DW_AT_low_pc, DW_FORM_addr},
	{DW_AT_high_pc, DW_FORM_data4},   {DW_AT_stmt_list, DW_FORM_sec_offset},
};

static void put_abbreviations(struct writer *w)
{
	begin_section(w, OP_DEBUG_ABBREV);
	put_uleb(w, 1);
	put_uleb(w, DW_TAG_compile_unit);
	put_u8(w, DW_CHILDREN_no);
	for (size_t i = 0; i < OP_ARRAY_SIZE(unit_attributes); i++) {
		put_uleb(w, unit_attributes[i].attribute);
		put_uleb(w, unit_attributes[i].form);
	}
	put_u16(w, 0);
	put_u8(w, 0);
	end_section(w, OP_DEBUG_ABBREV);
}

static void put_unit(struct writer *w, uint32_t code_size)
{
	// An address 0 is taken for that of dead code; there the number of functions stands.
	enum { LOW_PC = 1 };
	const struct op_source_map *map = w->map;
	begin_section(w, OP_DEBUG_INFO);
	size_t start = begin_length(w);
	put_u16(w, 4); // version
	put_u32(w, 0); // abbreviations
	put_u8(w, ADDRESS_SIZE);
	put_uleb(w, 1);
	put_string(w, "a source map");
	put_u16(w, OP_DWARF_LANGUAGE_ASSEMBLYSCRIPT);
	put_string(w, map->sources.count ? map->sources.data[map->sources.count - 1] : "");
	put_u32(w, LOW_PC);
	put_u32(w, code_size > LOW_PC ? code_size - LOW_PC : 0);
	put_u32(w, 0); // line program
	end_length(w, start);
	end_section(w, OP_DEBUG_INFO);
}

// The line program ----------------------------------------------------------------------------

static void put_line_header(struct writer *w)
{
	static const uint8_t operand_counts[OPCODE_BASE - 1] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
	size_t start = begin_length(w);
	put_u8(w, 1); // minimum_instruction_length
	put_u8(w, 1); // maximum_operations_per_instruction
	put_u8(w, 1); // default_is_stmt
	put_u8(w, (uint8_t)LINE_BASE);
	put_u8(w, LINE_RANGE);
	put_u8(w, OPCODE_BASE);
	op_text_append_n(&w->bytes, (const char *)operand_counts, sizeof(operand_counts));
	put_u8(w, 0); // folders
	for (size_t i = 0; i < w->map->sources.count; i++) {
		put_string(w, w->map->sources.data[i]);
		put_uleb(w, 0); // folder
		put_uleb(w, 0); // time
		put_uleb(w, 0); // length
	}
	put_u8(w, 0);
	end_length(w, start);
}

/** The registers of the line program that are written by difference. */
struct line_state {
	uint32_t pc, line;
	bool in_body; // something of this function has been mapped
};

static void put_row(struct writer *w, struct line_state *state, uint32_t pc,
		    const struct op_source_map_row *row)
{
	uint32_t line = row && row->source != UINT32_MAX ? row->line : 0;
	put_u8(w, DW_LNS_advance_pc);
	put_uleb(w, pc - state->pc);
	put_u8(w, DW_LNS_advance_line);
	put_sleb(w, (int64_t)line - state->line);
	if (line) {
		put_u8(w, DW_LNS_set_file);
		put_uleb(w, (uint64_t)row->source + 1);
		put_u8(w, DW_LNS_set_column);
		put_uleb(w, row->column);
	}
	// A map knows no prologues: what a function's code begins with is its first statement.
	if (line && !state->in_body)
		put_u8(w, DW_LNS_set_prologue_end);
	put_u8(w, DW_LNS_copy);
	state->in_body |= line != 0;
	state->pc = pc;
	state->line = line;
}

static void put_extended(struct writer *w, unsigned opcode, size_t operand_size)
{
	put_u8(w, 0);
	put_uleb(w, 1 + operand_size);
	put_u8(w, opcode);
}

// A function's rows. What was mapped before it goes on into its head, and does not belong to it.
static void put_function(struct writer *w, const struct op_wasm_body *body)
{
	const struct op_source_map *map = w->map;
	struct line_state state = {.pc = body->start, .line = 1};
	while (w->next_row < map->rows.count && map->rows.data[w->next_row].pc < body->start)
		w->next_row++;
	put_extended(w, DW_LNE_set_address, ADDRESS_SIZE);
	put_u32(w, body->start - w->code_start);
	put_row(w, &state, body->start, NULL);
	for (; w->next_row < map->rows.count; w->next_row++) {
		const struct op_source_map_row *row = &map->rows.data[w->next_row];
		if (row->pc >= body->end)
			break;
		put_row(w, &state, row->pc, row);
	}
	put_u8(w, DW_LNS_advance_pc);
	put_uleb(w, body->end - state.pc);
	put_extended(w, DW_LNE_end_sequence, 0);
}

static void put_lines(struct writer *w, const struct op_wasm_module *module)
{
	begin_section(w, OP_DEBUG_LINE);
	size_t start = begin_length(w);
	put_u16(w, 4); // version
	put_line_header(w);
	uint32_t count = op_wasm_module_function_count(module);
	for (uint32_t i = 0; i < count && !w->bytes.failed; i++) {
		struct op_wasm_body body;
		if (op_wasm_module_function_body(module, i, &body))
			put_function(w, &body);
	}
	end_length(w, start);
	end_section(w, OP_DEBUG_LINE);
}

struct op_error *op_source_map_sections(const struct op_source_map *map,
					const struct op_wasm_module *module,
					struct op_debug_source *ret, void **ret_bytes)
{
	struct writer w = {.bytes = OP_TEXT_INIT, .map = map};
	uint32_t code_end;
	op_wasm_module_code_section(module, &w.code_start, &code_end);
	put_abbreviations(&w);
	put_unit(&w, code_end - w.code_start);
	put_lines(&w, module);
	size_t size = w.bytes.size;
	char *data;
	struct op_error *err = op_text_steal(&w.bytes, &data);
	if (err)
		return err;
	if (size > SECTIONS_MAX) {
		free(data);
		return op_error_create(OP_ERROR_LIMIT, "the source map is too large");
	}
	*ret = (struct op_debug_source){.code_start = w.code_start, .code_end = code_end};
	for (size_t i = 0; i < OP_DEBUG_SECTION_COUNT; i++)
		if (w.ends[i] > w.starts[i])
			ret->sections[i] = (struct op_bytes){
				.data = (const uint8_t *)data + w.starts[i],
				.size = w.ends[i] - w.starts[i],
				.what = op_debug_section_name((enum op_debug_section)i),
			};
	*ret_bytes = data;
	return NULL;
}
