// SPDX-License-Identifier: GPL-3.0-or-later
// The state machine of a line program. Every byte comes through the bounded reader; each row costs
// the program at least a byte, so a program cannot ask for more memory than is in proportion to it.
#include "target-runtime/dwarf/line_program.h"

#include <dwarf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/dwarf_private.h"

enum {
	ENTRIES_MAX = 1 << 20, // directories, or files, of one program
	FORMATS_MAX = 32,      // parts of an entry
	NAME_MAX_SIZE = 4096,  // of a name in another section, which many entries may refer to
};

void op_line_head_deinit(struct op_line_head *head)
{
	free(head->directories.data);
	free(head->files.data);
}

// A string in the bytes that are read: up to its NUL.
static struct op_error *read_string(struct op_reader *r, const char **ret)
{
	const uint8_t *end = memchr(r->pos, 0, op_reader_left(r));
	if (!end)
		return op_reader_fail(r, "a name has no end");
	*ret = (const char *)r->pos;
	return op_reader_skip(r, (size_t)(end - r->pos) + 1);
}

// Files and directories, DWARF 2 to 4 ---------------------------------------------------------

static struct op_error *too_many(const struct op_reader *r)
{
	return op_reader_fail(r, "there are more than %d files or directories", ENTRIES_MAX);
}

static struct op_error *read_file_entry(struct op_reader *r, const char *name,
					struct op_line_head *head)
{
	struct op_line_file file = {.name = name};
	uint64_t time, size;
	struct op_error *err = op_reader_uleb64(r, &file.directory);
	if (!err)
		err = op_reader_uleb64(r, &time);
	if (!err)
		err = op_reader_uleb64(r, &size);
	if (!err && head->files.count >= ENTRIES_MAX)
		err = too_many(r);
	if (!err && !op_array_push(&head->files, file))
		err = op_error_no_memory();
	return err;
}

static struct op_error *read_old_lists(struct op_reader *r, struct op_line_head *head)
{
	const char *name;
	struct op_error *err;
	while (!(err = read_string(r, &name)) && *name) {
		if (head->directories.count >= ENTRIES_MAX)
			return too_many(r);
		if (!op_array_push(&head->directories, name))
			return op_error_no_memory();
	}
	while (!err && !(err = read_string(r, &name)) && *name)
		err = read_file_entry(r, name, head);
	return err;
}

// Files and directories, DWARF 5 --------------------------------------------------------------

struct entry_format {
	uint64_t content, form;
};

// A part of an entry: what its form does not have is left alone.
struct entry_part {
	const char *text;
	uint64_t number;
	const uint8_t *sum;
};

static struct op_error *read_number_form(struct op_reader *r, uint64_t form, uint64_t *ret)
{
	uint8_t u8 = 0;
	uint16_t u16 = 0;
	uint32_t u32 = 0;
	struct op_error *err;
	switch (form) {
	case DW_FORM_data1:
		err = op_reader_u8(r, &u8);
		*ret = u8;
		return err;
	case DW_FORM_data2:
		err = op_reader_u16(r, &u16);
		*ret = u16;
		return err;
	case DW_FORM_data4:
		err = op_reader_u32(r, &u32);
		*ret = u32;
		return err;
	case DW_FORM_data8:
		return op_reader_u64(r, ret);
	case DW_FORM_udata:
		return op_reader_uleb64(r, ret);
	default:
		return op_reader_fail(
			r, "a file is described in form 0x%" PRIx64 ", which is not known", form);
	}
}

static struct op_error *read_form(struct op_reader *r, const struct op_debug_source *source,
				  uint64_t form, struct entry_part *ret)
{
	uint32_t offset = 0;
	uint64_t size = 0;
	struct op_error *err = NULL;
	switch (form) {
	case DW_FORM_string:
		return read_string(r, &ret->text);
	case DW_FORM_strp:
	case DW_FORM_line_strp:
		err = op_reader_u32(r, &offset);
		ret->text = op_debug_text(source,
					  form == DW_FORM_strp ? OP_DEBUG_STR : OP_DEBUG_LINE_STR,
					  offset, NAME_MAX_SIZE);
		return err;
	case DW_FORM_data16:
		return op_reader_bytes(r, 16, &ret->sum);
	case DW_FORM_block:
		err = op_reader_uleb64(r, &size);
		if (!err && size > op_reader_left(r))
			err = op_reader_fail(r, "a block does not fit the head");
		return err ? err : op_reader_skip(r, (size_t)size);
	default:
		return read_number_form(r, form, &ret->number);
	}
}

// A list: the parts of an entry, then the entries. @p is_files false: the list of directories.
static struct op_error *read_list(struct op_reader *r, const struct op_debug_source *source,
				  bool is_files, struct op_line_head *head)
{
	struct entry_format formats[FORMATS_MAX];
	uint8_t format_count;
	struct op_error *err = op_reader_u8(r, &format_count);
	if (!err && format_count > FORMATS_MAX)
		return op_reader_fail(r, "files are described by %u parts", format_count);
	for (unsigned i = 0; !err && i < format_count; i++) {
		err = op_reader_uleb64(r, &formats[i].content);
		if (!err)
			err = op_reader_uleb64(r, &formats[i].form);
	}
	uint64_t count = 0;
	if (!err)
		err = op_reader_uleb64(r, &count);
	// Each entry has a part, and each part a byte.
	if (!err && (count > op_reader_left(r) || (count && !format_count)))
		return op_reader_fail(r, "%" PRIu64 " files or directories do not fit the head",
				      count);
	if (!err && count > ENTRIES_MAX)
		return too_many(r);
	for (uint64_t i = 0; !err && i < count; i++) {
		struct op_line_file file = {0};
		for (unsigned k = 0; !err && k < format_count; k++) {
			struct entry_part part = {0};
			err = read_form(r, source, formats[k].form, &part);
			if (formats[k].content == DW_LNCT_path)
				file.name = part.text;
			else if (formats[k].content == DW_LNCT_directory_index)
				file.directory = part.number;
			else if (formats[k].content == DW_LNCT_MD5)
				file.sum = part.sum;
		}
		if (!err && !(is_files ? op_array_push(&head->files, file)
				       : op_array_push(&head->directories, file.name)))
			err = op_error_no_memory();
	}
	return err;
}

// The head ------------------------------------------------------------------------------------

static struct op_error *read_parameters(struct op_reader *r, struct op_line_head *head)
{
	uint8_t statement = 0, base = 0, operations;
	struct op_error *err = op_reader_u8(r, &head->minimum_length);
	if (!err && head->version >= 4)
		err = op_reader_u8(r, &operations);
	if (!err)
		err = op_reader_u8(r, &statement);
	if (!err)
		err = op_reader_u8(r, &base);
	if (!err)
		err = op_reader_u8(r, &head->line_range);
	if (!err)
		err = op_reader_u8(r, &head->opcode_base);
	if (!err && (!head->line_range || !head->opcode_base))
		return op_reader_fail(r, "its head has a 0 where none can be");
	head->is_statement = statement;
	head->line_base = (int8_t)base;
	return err ? err : op_reader_bytes(r, head->opcode_base - 1u, &head->opcode_lengths);
}

struct op_error *op_line_head_read(const struct op_debug_source *source, uint64_t offset,
				   uint64_t end, struct op_line_head *ret)
{
	struct op_reader all = op_reader(&source->sections[OP_DEBUG_LINE]), r = all, lists;
	uint32_t length = 0, head_length = 0;
	uint8_t skipped;
	ret->directories.count = ret->files.count = 0;
	if (offset > end || end > op_reader_left(&all))
		return op_reader_fail(
			&r, "its line program at 0x%" PRIx64 " is outside .debug_line", offset);
	struct op_error *err = op_reader_seek(&all, (size_t)offset);
	if (!err)
		err = op_reader_u32(&all, &length);
	if (!err && (op_reader_offset(&all) > end || length > end - op_reader_offset(&all)))
		return op_reader_fail(&all, "a line program of %" PRIu32 " bytes does not fit",
				      length);
	if (!err)
		err = op_reader_sub(&all, length, &r);
	if (!err)
		err = op_reader_u16(&r, &ret->version);
	if (!err && (ret->version < 2 || ret->version > 5))
		return op_reader_fail(&r, "line programs of version %u are not known",
				      ret->version);
	if (!err && ret->version == 5)
		err = op_reader_u8(&r, &skipped); // size of addresses: set_address says it, too
	if (!err && ret->version == 5)
		err = op_reader_u8(&r, &skipped); // of segment selectors
	if (!err)
		err = op_reader_u32(&r, &head_length);
	if (!err && head_length > op_reader_left(&r))
		return op_reader_fail(&r, "its head of %" PRIu32 " bytes does not fit",
				      head_length);
	if (!err)
		err = op_reader_sub(&r, head_length, &lists);
	if (err)
		return err;
	ret->program = r;
	err = read_parameters(&lists, ret);
	if (!err && ret->version < 5)
		return read_old_lists(&lists, ret);
	if (!err)
		err = read_list(&lists, source, false, ret);
	return err ? err : read_list(&lists, source, true, ret);
}

const struct op_line_file *op_line_head_file(const struct op_line_head *head, uint64_t number)
{
	uint64_t index = head->version < 5 ? number - 1 : number;
	return index < head->files.count ? &head->files.data[index] : NULL;
}

const char *op_line_head_directory(const struct op_line_head *head, const struct op_line_file *file)
{
	uint64_t index = head->version < 5 ? file->directory - 1 : file->directory;
	return index < head->directories.count ? head->directories.data[index] : NULL;
}

// The state machine ---------------------------------------------------------------------------

struct machine {
	const struct op_debug_source *source;
	struct op_line_head *head;
	struct op_line_rows *rows;
	uint64_t address, file, line, column;
	bool is_statement, prologue_end;
	bool open;      // the last row waits for its end
	bool dead;      // the sequence is one of code that the linker dropped
	bool ascending; // rows so far
};

static void begin_sequence(struct machine *m)
{
	m->address = m->column = 0;
	m->file = m->line = 1;
	m->is_statement = m->head->is_statement;
	m->prologue_end = m->open = m->dead = false;
}

// The address as a pc. Linkers write 0, or all ones (less one), for code that they dropped; at 0 is
// the number of functions, no code.
static bool pc_of(const struct machine *m, uint32_t *ret)
{
	uint64_t end = m->source->code_end - m->source->code_start;
	if (!m->address || m->address > end)
		return false;
	*ret = (uint32_t)m->address + m->source->code_start;
	return true;
}

// The last row ends here. One without code goes, and leaves its marks to the next of its line.
static void close_row(struct machine *m, uint32_t pc, struct op_line_row *next)
{
	struct op_line_row *last = &m->rows->data[m->rows->count - 1];
	m->open = false;
	if (pc > last->pc) {
		last->end_pc = pc;
		return;
	}
	if (pc == last->pc && next && next->file == last->file && next->line == last->line)
		next->is_statement |= last->is_statement;
	if (pc == last->pc && next)
		next->prologue_end |= last->prologue_end;
	m->rows->count--;
}

static struct op_error *emit(struct machine *m, bool is_end)
{
	uint32_t pc = 0;
	struct op_error *err = NULL;
	if (!m->dead && !pc_of(m, &pc))
		m->dead = true;
	if (m->dead) {
		// Where its last row would have ended is not known.
		m->rows->count -= m->open;
		m->open = false;
	} else {
		struct op_line_row row = {
			.pc = pc,
			.end_pc = pc,
			.file = m->file > UINT32_MAX ? UINT32_MAX : (uint32_t)m->file,
			.line = m->line > UINT32_MAX ? 0 : (uint32_t)m->line,
			.column = m->column > UINT16_MAX ? 0 : (uint16_t)m->column,
			.is_statement = m->is_statement,
			.prologue_end = m->prologue_end,
		};
		if (m->open)
			close_row(m, pc, is_end ? NULL : &row);
		if (!is_end && m->rows->count && m->rows->data[m->rows->count - 1].end_pc > pc)
			m->ascending = false;
		if (!is_end && !op_array_push(m->rows, row))
			err = op_error_no_memory();
		m->open = !is_end && !err;
	}
	m->prologue_end = false;
	if (is_end)
		begin_sequence(m);
	return err;
}

static struct op_error *read_address(struct op_reader *r, uint64_t *ret)
{
	uint32_t narrow = 0;
	struct op_error *err;
	if (op_reader_left(r) == 8)
		return op_reader_u64(r, ret);
	if (op_reader_left(r) != 4)
		return op_reader_fail(r, "an address of %zu bytes is not known", op_reader_left(r));
	err = op_reader_u32(r, &narrow);
	*ret = narrow;
	return err;
}

static struct op_error *run_extended(struct machine *m, struct op_reader *r)
{
	uint64_t size;
	uint8_t opcode;
	const char *name;
	struct op_reader operands;
	struct op_error *err = op_reader_uleb64(r, &size);
	if (!err && (!size || size > op_reader_left(r)))
		return op_reader_fail(r, "an instruction of %" PRIu64 " bytes does not fit", size);
	if (!err)
		err = op_reader_sub(r, (size_t)size, &operands);
	if (!err)
		err = op_reader_u8(&operands, &opcode);
	if (err)
		return err;
	switch (opcode) {
	case DW_LNE_end_sequence:
		return emit(m, true);
	case DW_LNE_set_address:
		err = read_address(&operands, &m->address);
		uint32_t pc;
		m->dead = !err && !pc_of(m, &pc);
		return err;
	case DW_LNE_define_file:
		err = read_string(&operands, &name);
		return err ? err : read_file_entry(&operands, name, m->head);
	default: // discriminators, and what vendors add: nothing for outpost
		return NULL;
	}
}

static struct op_error *skip_operands(struct machine *m, struct op_reader *r, uint8_t opcode)
{
	uint64_t operand;
	struct op_error *err = NULL;
	for (unsigned i = m->head->opcode_lengths[opcode - 1]; !err && i; i--)
		err = op_reader_uleb64(r, &operand);
	return err;
}

static struct op_error *run_standard(struct machine *m, struct op_reader *r, uint8_t opcode)
{
	uint64_t operand = 0;
	int64_t difference = 0;
	uint16_t fixed = 0;
	struct op_error *err = NULL;
	switch (opcode) {
	case DW_LNS_copy:
		return emit(m, false);
	case DW_LNS_advance_pc:
		err = op_reader_uleb64(r, &operand);
		m->address += operand * m->head->minimum_length;
		return err;
	case DW_LNS_advance_line:
		err = op_reader_sleb64(r, &difference);
		m->line += (uint64_t)difference;
		return err;
	case DW_LNS_set_file:
		return op_reader_uleb64(r, &m->file);
	case DW_LNS_set_column:
		return op_reader_uleb64(r, &m->column);
	case DW_LNS_negate_stmt:
		m->is_statement = !m->is_statement;
		return NULL;
	case DW_LNS_const_add_pc:
		m->address += (uint64_t)((255 - m->head->opcode_base) / m->head->line_range) *
			      m->head->minimum_length;
		return NULL;
	case DW_LNS_fixed_advance_pc:
		err = op_reader_u16(r, &fixed);
		m->address += fixed;
		return err;
	case DW_LNS_set_prologue_end:
		m->prologue_end = true;
		return NULL;
	default:
		return skip_operands(m, r, opcode);
	}
}

static struct op_error *run_special(struct machine *m, uint8_t opcode)
{
	unsigned adjusted = opcode - m->head->opcode_base;
	m->address += (uint64_t)(adjusted / m->head->line_range) * m->head->minimum_length;
	m->line += (uint64_t)(m->head->line_base + (int)(adjusted % m->head->line_range));
	return emit(m, false);
}

static int compare_rows(const void *a, const void *b)
{
	const struct op_line_row *x = a, *y = b;
	if (x->pc != y->pc)
		return x->pc < y->pc ? -1 : 1;
	return x->end_pc < y->end_pc ? -1 : x->end_pc > y->end_pc;
}

// Sequences need not be in the order of the code. Of rows that overlap, which no compiler makes,
// each ends where the next one begins.
static void put_in_order(struct op_line_rows *rows)
{
	qsort(rows->data, rows->count, sizeof(*rows->data), compare_rows);
	size_t kept = 0;
	for (size_t i = 0; i < rows->count; i++) {
		struct op_line_row row = rows->data[i];
		if (i + 1 < rows->count && row.end_pc > rows->data[i + 1].pc)
			row.end_pc = rows->data[i + 1].pc;
		if (row.end_pc > row.pc)
			rows->data[kept++] = row;
	}
	rows->count = kept;
}

struct op_error *op_line_program_run(const struct op_debug_source *source,
				     struct op_line_head *head, struct op_line_rows *ret)
{
	struct machine m = {.source = source, .head = head, .rows = ret, .ascending = true};
	struct op_reader *r = &head->program;
	struct op_error *err = NULL;
	ret->count = 0;
	begin_sequence(&m);
	while (!err && op_reader_left(r)) {
		uint8_t opcode = 0;
		err = op_reader_u8(r, &opcode);
		if (err)
			break;
		if (opcode >= head->opcode_base)
			err = run_special(&m, opcode);
		else if (!opcode)
			err = run_extended(&m, r);
		else
			err = run_standard(&m, r, opcode);
	}
	ret->count -= m.open;
	if (!m.ascending)
		put_in_order(ret);
	return err;
}
