// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz where variables are. The input: a byte of flags, an offset of two bytes, and then one
// section that is an expression, .debug_loc, .debug_loclists, or .debug_addr.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "target-runtime/dwarf/location_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	HEADER = 3,
	WIDE = 1,
	OLD = 2,
	ON_STACK = 4,
	NATIVE = 8,
	STEPS_MAX = 1 << 16,
	PIECES_MAX = 1 << 12
};

static void discard(struct op_error *err)
{
	op_error_destroy(err);
}

// Pieces have steps of their program's, and neither are without end.
static void check(const struct op_location_program *program)
{
	if (program->steps.count > STEPS_MAX || program->pieces.count > PIECES_MAX)
		abort();
	for (size_t i = 0; i < program->pieces.count; i++) {
		const struct op_location_program_piece *item = &program->pieces.data[i];
		if (item->first_step + item->piece.step_count > program->steps.count)
			abort();
	}
}

static void use_expression(const struct op_location_unit *unit, const struct op_bytes *bytes,
			   size_t depth)
{
	struct op_location_program program = {.unit = *unit};
	discard(op_location_decode(&program, bytes, depth));
	check(&program);
	op_location_program_deinit(&program);
	struct op_location_program base = {.unit = *unit};
	discard(op_location_decode_base(&base, bytes));
	op_location_program_deinit(&base);
}

static void use_lists(const struct op_location_unit *unit, uint64_t offset)
{
	uint64_t address;
	discard(op_location_list_offset(unit, offset, &address));
	discard(op_location_address(unit, offset, &address));
	for (uint32_t pc = 0x100; pc < 0x200; pc += 0x55) {
		struct op_location_found found;
		discard(op_location_list_find(unit, offset, pc, &found));
		if (found.found && found.here.low_pc &&
		    (pc < found.here.low_pc || pc >= found.here.high_pc))
			abort();
		if (found.found)
			use_expression(unit, &found.expression, 0);
		op_location_found_deinit(&found);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < HEADER)
		return 0;
	struct op_bytes section = {data + HEADER, size - HEADER, "section"};
	struct op_debug_info info = {.source = {.code_start = 0x80, .code_end = 0x10000}};
	info.source.is_native = data[0] & NATIVE;
	info.source.sections[OP_DEBUG_LOC] = section;
	info.source.sections[OP_DEBUG_LOCLISTS] = section;
	info.source.sections[OP_DEBUG_ADDR] = section;
	bool wide = data[0] & WIDE;
	struct op_location_unit unit = {
		.info = &info,
		.version = data[0] & OLD ? 4 : 5,
		.address_size = wide ? 8 : 4,
		.offset_size = wide ? 8 : 4,
	};
	use_expression(&unit, &section, data[0] & ON_STACK ? 1 : 0);
	use_lists(&unit, (uint64_t)data[1] | (uint64_t)data[2] << 8);
	return 0;
}
