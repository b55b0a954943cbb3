// SPDX-License-Identifier: GPL-3.0-or-later
// The interpreter of unwinding instructions; see unwind_row.h. There are no loops in them.
#include "target-runtime/unwind_row.h"

#include <dwarf.h>
#include <inttypes.h>

struct machine {
	const struct op_unwind_program *program;
	struct op_unwind_row row;
	uint64_t location, wanted;
	bool is_over; // the next row begins behind the wanted place
};

static struct op_error *set_saved(struct machine *machine, const struct op_reader *r,
				  uint64_t number, bool is_saved, int64_t factored)
{
	int64_t offset = 0;
	if (number >= OP_UNWIND_REGISTERS ||
	    __builtin_mul_overflow(factored, machine->program->data_align, &offset))
		return op_reader_fail(r, "register %" PRIu64 " of the unwind information", number);
	machine->row.registers[number].is_saved = is_saved;
	machine->row.registers[number].offset = offset;
	return NULL;
}

static struct op_error *advance(struct machine *machine, const struct op_reader *r, uint64_t delta)
{
	uint64_t step;
	if (__builtin_mul_overflow(delta, machine->program->code_align, &step) ||
	    __builtin_add_overflow(machine->location, step, &machine->location))
		return op_reader_fail(r, "unwind information goes beyond all code");
	machine->is_over = machine->location > machine->wanted;
	return NULL;
}

static struct op_error *advance_by(struct machine *machine, struct op_reader *r, uint8_t op)
{
	uint8_t u8 = 0;
	uint16_t u16 = 0;
	uint32_t u32 = 0;
	struct op_error *err = op == DW_CFA_advance_loc1   ? op_reader_u8(r, &u8)
			       : op == DW_CFA_advance_loc2 ? op_reader_u16(r, &u16)
							   : op_reader_u32(r, &u32);
	return err ?: advance(machine, r, (uint64_t)u8 + u16 + u32);
}

static struct op_error *define_frame(struct machine *machine, struct op_reader *r, uint8_t op)
{
	uint64_t number = machine->row.frame_register;
	uint64_t offset = (uint64_t)machine->row.frame_offset;
	struct op_error *err = NULL;
	if (op != DW_CFA_def_cfa_offset)
		err = op_reader_uleb64(r, &number);
	if (!err && op != DW_CFA_def_cfa_register)
		err = op_reader_uleb64(r, &offset);
	if (!err && (number >= OP_UNWIND_REGISTERS || offset > INT32_MAX))
		return op_reader_fail(r, "a frame at register %" PRIu64 " and %" PRIu64, number,
				      offset);
	machine->row.frame_register = (unsigned)number;
	machine->row.frame_offset = (int64_t)offset;
	return err;
}

static struct op_error *save_far(struct machine *machine, struct op_reader *r)
{
	uint64_t number, factored;
	struct op_error *err = op_reader_uleb64(r, &number);
	if (!err)
		err = op_reader_uleb64(r, &factored);
	if (!err && factored > INT32_MAX)
		return op_reader_fail(r, "a register is kept at %" PRIu64, factored);
	return err ?: set_saved(machine, r, number, true, (int64_t)factored);
}

static struct op_error *take(struct machine *machine, struct op_reader *r)
{
	uint8_t op;
	uint64_t value = 0;
	struct op_error *err = op_reader_u8(r, &op);
	if (err)
		return err;
	// The first two bits tell the short ones.
	switch (op & 0xc0) {
	case DW_CFA_advance_loc:
		return advance(machine, r, op & 0x3f);
	case DW_CFA_offset:
		err = op_reader_uleb64(r, &value);
		if (!err && value > INT32_MAX)
			return op_reader_fail(r, "a register is kept at %" PRIu64, value);
		return err ?: set_saved(machine, r, op & 0x3f, true, (int64_t)value);
	}
	switch (op) {
	case DW_CFA_nop:
		return NULL;
	case DW_CFA_advance_loc1:
	case DW_CFA_advance_loc2:
	case DW_CFA_advance_loc4:
		return advance_by(machine, r, op);
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_register:
	case DW_CFA_def_cfa_offset:
		return define_frame(machine, r, op);
	case DW_CFA_offset_extended:
		return save_far(machine, r);
	case DW_CFA_same_value:
		err = op_reader_uleb64(r, &value);
		return err ?: set_saved(machine, r, value, false, 0);
	default:
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "the unwind information has instruction 0x%02x, which "
				       "outpost does not know",
				       op);
	}
}

struct op_error *op_unwind_row_read(const struct op_unwind_program *program, uint64_t offset,
				    struct op_unwind_row *ret)
{
	struct machine machine = {.program = program, .wanted = offset};
	struct op_reader r = op_reader(&program->initial);
	struct op_error *err = NULL;
	while (!err && op_reader_left(&r))
		err = take(&machine, &r);
	r = op_reader(&program->own);
	while (!err && !machine.is_over && op_reader_left(&r)) {
		struct op_unwind_row before = machine.row;
		err = take(&machine, &r);
		if (machine.is_over)
			machine.row = before;
	}
	*ret = machine.row;
	return err;
}
