// SPDX-License-Identifier: GPL-3.0-or-later
// DWARF expressions as steps: DWARF 5, 2.5 and 7.7.1; DW_OP_WASM_location from "DWARF for
// WebAssembly". The height of the stack is known at each step, for there are no branches: what
// takes more than there is never leaves this file.
//
// LLVM ends the location of a variable that *is* a Wasm local with DW_OP_stack_value; without it,
// the local holds its address (DwarfExpression::addWasmLocation, TI_LOCAL_INDIRECT).
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/location_private.h"

enum {
	STEPS_MAX = 4096,
	PIECES_MAX = 1024,
	STACK_MAX = 64,
	WASM_LOCAL = 0,
	WASM_GLOBAL = 1,
	WASM_OPERAND = 2,
	WASM_GLOBAL_U32 = 3,
	OP_WASM_LOCATION = 0xed,
};

void op_location_program_deinit(struct op_location_program *program)
{
	free(program->steps.data);
	free(program->pieces.data);
	*program = (struct op_location_program){0};
}

// What has been read of the piece that is being decoded.
struct decoder {
	struct op_location_program *program;
	struct op_reader r;
	size_t first; // step of the piece
	bool any;     // an operation
	bool is_value;
	const uint8_t *bytes; // DW_OP_implicit_value
	size_t byte_count;
	bool is_bytes;
	bool is_base; // of a frame: no pieces
};

// Steps --------------------------------------------------------------------------------------

// What a step takes from the stack and leaves there.
static void effect(const struct op_location_step *step, size_t *ret_takes, size_t *ret_leaves)
{
	*ret_leaves = 1;
	switch (step->op) {
	case OP_LOCATION_CONSTANT:
	case OP_LOCATION_LOCAL:
	case OP_LOCATION_GLOBAL:
	case OP_LOCATION_OPERAND:
	case OP_LOCATION_REGISTER:
	case OP_LOCATION_FRAME_ADDRESS:
		*ret_takes = 0;
		break;
	case OP_LOCATION_LOAD:
	case OP_LOCATION_NEGATE:
	case OP_LOCATION_NOT:
	case OP_LOCATION_ABSOLUTE:
	case OP_LOCATION_CONVERT:
		*ret_takes = 1;
		break;
	case OP_LOCATION_DUPLICATE:
		*ret_takes = (size_t)step->value + 1;
		*ret_leaves = *ret_takes + 1;
		break;
	case OP_LOCATION_DROP:
		*ret_takes = 1;
		*ret_leaves = 0;
		break;
	case OP_LOCATION_SWAP:
		*ret_takes = *ret_leaves = 2;
		break;
	case OP_LOCATION_ROTATE:
		*ret_takes = *ret_leaves = 3;
		break;
	default:
		*ret_takes = 2;
	}
}

static struct op_error *add(struct decoder *d, enum op_location_op op, int64_t value,
			    bool is_signed)
{
	struct op_location_program *program = d->program;
	struct op_location_step step = {.op = op, .value = value, .is_signed = is_signed};
	size_t takes, leaves;
	effect(&step, &takes, &leaves);
	if (takes > program->depth)
		return op_reader_fail(&d->r, "it takes more values than there are");
	program->depth = program->depth - takes + leaves;
	if (program->depth > STACK_MAX || program->steps.count >= STEPS_MAX)
		return op_reader_fail(&d->r, "it is too long");
	return op_array_push(&program->steps, step) ? NULL : op_error_no_memory();
}

static struct op_error *push(struct decoder *d, uint64_t value)
{
	return add(d, OP_LOCATION_CONSTANT, (int64_t)value, false);
}

// Operands -----------------------------------------------------------------------------------

enum operand {
	OPERAND_NONE,
	OPERAND_U8,
	OPERAND_S8,
	OPERAND_U16,
	OPERAND_S16,
	OPERAND_U32,
	OPERAND_S32,
	OPERAND_64,
	OPERAND_ULEB,
	OPERAND_SLEB,
	OPERAND_ADDRESS,
	OPERAND_ADDRESS_INDEX,
	OPERAND_ADDRESS_SIZE, // none: the size of an address
};

// What a linker leaves out keeps its description, with -1 for its address
// (lld/wasm/InputFiles.cpp, ObjFile::calcNewValue).
static struct op_error *check_address(const struct op_location_unit *unit, uint64_t address)
{
	uint64_t tombstone = unit->address_size == 4 ? UINT32_MAX : UINT64_MAX;
	if (address != tombstone)
		return NULL;
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "optimised out: the linker has left it out of the program");
}

static struct op_error *read_operand(struct decoder *d, enum operand operand, int64_t *ret)
{
	struct op_reader *r = &d->r;
	const struct op_location_unit *unit = &d->program->unit;
	uint8_t u8 = 0;
	uint16_t u16 = 0;
	uint32_t u32 = 0;
	uint64_t u64 = 0;
	struct op_error *err = NULL;
	*ret = 0;
	switch (operand) {
	case OPERAND_NONE:
		return NULL;
	case OPERAND_ADDRESS_SIZE:
		*ret = unit->address_size;
		return NULL;
	case OPERAND_U8:
	case OPERAND_S8:
		err = op_reader_u8(r, &u8);
		*ret = operand == OPERAND_S8 ? (int8_t)u8 : u8;
		return err;
	case OPERAND_U16:
	case OPERAND_S16:
		err = op_reader_u16(r, &u16);
		*ret = operand == OPERAND_S16 ? (int16_t)u16 : u16;
		return err;
	case OPERAND_U32:
	case OPERAND_S32:
		err = op_reader_u32(r, &u32);
		*ret = operand == OPERAND_S32 ? (int32_t)u32 : (int64_t)u32;
		return err;
	case OPERAND_SLEB:
		return op_reader_sleb64(r, ret);
	case OPERAND_ADDRESS:
		err = unit->address_size == 4 ? op_reader_u32(r, &u32) : op_reader_u64(r, &u64);
		u64 += u32;
		if (!err)
			err = check_address(unit, u64);
		break;
	case OPERAND_64:
		err = op_reader_u64(r, &u64);
		break;
	case OPERAND_ULEB:
		err = op_reader_uleb64(r, &u64);
		break;
	case OPERAND_ADDRESS_INDEX:
		err = op_reader_uleb64(r, &u64);
		if (!err)
			err = op_location_address(unit, u64, &u64);
		if (!err)
			err = check_address(unit, u64);
		break;
	}
	*ret = (int64_t)u64;
	return err;
}

// Operations that are one step with their operand as its value.
static const struct {
	uint8_t op;
	enum operand operand;
	enum op_location_op step;
} simple_operations[] = {
	{DW_OP_addr, OPERAND_ADDRESS, OP_LOCATION_CONSTANT},
	{DW_OP_addrx, OPERAND_ADDRESS_INDEX, OP_LOCATION_CONSTANT},
	{DW_OP_constx, OPERAND_ADDRESS_INDEX, OP_LOCATION_CONSTANT},
	{DW_OP_GNU_addr_index, OPERAND_ADDRESS_INDEX, OP_LOCATION_CONSTANT},
	{DW_OP_GNU_const_index, OPERAND_ADDRESS_INDEX, OP_LOCATION_CONSTANT},
	{DW_OP_const1u, OPERAND_U8, OP_LOCATION_CONSTANT},
	{DW_OP_const1s, OPERAND_S8, OP_LOCATION_CONSTANT},
	{DW_OP_const2u, OPERAND_U16, OP_LOCATION_CONSTANT},
	{DW_OP_const2s, OPERAND_S16, OP_LOCATION_CONSTANT},
	{DW_OP_const4u, OPERAND_U32, OP_LOCATION_CONSTANT},
	{DW_OP_const4s, OPERAND_S32, OP_LOCATION_CONSTANT},
	{DW_OP_const8u, OPERAND_64, OP_LOCATION_CONSTANT},
	{DW_OP_const8s, OPERAND_64, OP_LOCATION_CONSTANT},
	{DW_OP_constu, OPERAND_ULEB, OP_LOCATION_CONSTANT},
	{DW_OP_consts, OPERAND_SLEB, OP_LOCATION_CONSTANT},
	{DW_OP_dup, OPERAND_NONE, OP_LOCATION_DUPLICATE},
	{DW_OP_pick, OPERAND_U8, OP_LOCATION_DUPLICATE},
	{DW_OP_drop, OPERAND_NONE, OP_LOCATION_DROP},
	{DW_OP_swap, OPERAND_NONE, OP_LOCATION_SWAP},
	{DW_OP_rot, OPERAND_NONE, OP_LOCATION_ROTATE},
	{DW_OP_deref, OPERAND_ADDRESS_SIZE, OP_LOCATION_LOAD},
	{DW_OP_abs, OPERAND_NONE, OP_LOCATION_ABSOLUTE},
	{DW_OP_neg, OPERAND_NONE, OP_LOCATION_NEGATE},
	{DW_OP_not, OPERAND_NONE, OP_LOCATION_NOT},
	{DW_OP_and, OPERAND_NONE, OP_LOCATION_AND},
	{DW_OP_div, OPERAND_NONE, OP_LOCATION_DIV},
	{DW_OP_minus, OPERAND_NONE, OP_LOCATION_SUB},
	{DW_OP_mod, OPERAND_NONE, OP_LOCATION_MOD},
	{DW_OP_mul, OPERAND_NONE, OP_LOCATION_MUL},
	{DW_OP_or, OPERAND_NONE, OP_LOCATION_OR},
	{DW_OP_plus, OPERAND_NONE, OP_LOCATION_ADD},
	{DW_OP_shl, OPERAND_NONE, OP_LOCATION_SHL},
	{DW_OP_shr, OPERAND_NONE, OP_LOCATION_SHR},
	{DW_OP_shra, OPERAND_NONE, OP_LOCATION_SAR},
	{DW_OP_xor, OPERAND_NONE, OP_LOCATION_XOR},
	{DW_OP_eq, OPERAND_NONE, OP_LOCATION_EQ},
	{DW_OP_ne, OPERAND_NONE, OP_LOCATION_NE},
	{DW_OP_lt, OPERAND_NONE, OP_LOCATION_LT},
	{DW_OP_gt, OPERAND_NONE, OP_LOCATION_GT},
	{DW_OP_le, OPERAND_NONE, OP_LOCATION_LE},
	{DW_OP_ge, OPERAND_NONE, OP_LOCATION_GE},
};

// Operations that say nothing of a Wasm program, or that outpost does not follow.
static const struct {
	uint8_t low, high;
	const char *why;
} refused_operations[] = {
	{DW_OP_reg0, DW_OP_reg31, "it is in a register, which Wasm does not have"},
	{DW_OP_breg0, DW_OP_breg31, "it depends on a register, which Wasm does not have"},
	{DW_OP_regx, DW_OP_regx, "it is in a register, which Wasm does not have"},
	{DW_OP_bregx, DW_OP_bregx, "it depends on a register, which Wasm does not have"},
	{DW_OP_regval_type, DW_OP_regval_type,
	 "it depends on a register, which Wasm does not have"},
	{DW_OP_GNU_regval_type, DW_OP_GNU_regval_type,
	 "it depends on a register, which Wasm does not have"},
	{DW_OP_call_frame_cfa, DW_OP_call_frame_cfa,
	 "it depends on the canonical frame address, which Wasm does not have"},
	{DW_OP_bra, DW_OP_bra, "the expression that says where it is branches"},
	{DW_OP_skip, DW_OP_skip, "the expression that says where it is branches"},
	{DW_OP_call2, DW_OP_call_ref, "the expression that says where it is calls another"},
	{DW_OP_xderef, DW_OP_xderef_size, "it is in another address space"},
	{DW_OP_xderef_type, DW_OP_xderef_type, "it is in another address space"},
	{DW_OP_push_object_address, DW_OP_push_object_address,
	 "it depends on an object that is not known here"},
	{DW_OP_form_tls_address, DW_OP_form_tls_address,
	 "it is thread-local in a way that Wasm does not have"},
	{DW_OP_GNU_push_tls_address, DW_OP_GNU_push_tls_address,
	 "it is thread-local in a way that Wasm does not have"},
	{DW_OP_implicit_pointer, DW_OP_implicit_pointer,
	 "the pointer was optimised out; what it points to was not"},
	{DW_OP_GNU_implicit_pointer, DW_OP_GNU_implicit_pointer,
	 "the pointer was optimised out; what it points to was not"},
	{DW_OP_GNU_parameter_ref, DW_OP_GNU_parameter_ref,
	 "it depends on a caller's argument that was not recorded"},
};

// Pieces -------------------------------------------------------------------------------------

static void set_constant(struct op_location_program_piece *item, int64_t value)
{
	uint64_t sign = value < 0 ? UINT64_MAX : 0;
	memcpy(item->constant, &value, sizeof(value));
	memcpy(item->constant + sizeof(value), &sign, sizeof(sign));
	item->piece.kind = OP_LOCATION_BYTES;
	item->piece.byte_count = sizeof(item->constant);
}

// A value that is one Wasm value whole, or one number: in more bits than an address has.
static void simplify(struct op_location_program_piece *item, const struct op_location_step *step)
{
	item->piece.index = (uint32_t)step->value;
	switch (step->op) {
	case OP_LOCATION_LOCAL:
		item->piece.kind = OP_LOCATION_WASM_LOCAL;
		break;
	case OP_LOCATION_GLOBAL:
		item->piece.kind = OP_LOCATION_WASM_GLOBAL;
		break;
	case OP_LOCATION_OPERAND:
		item->piece.kind = OP_LOCATION_WASM_OPERAND;
		break;
	case OP_LOCATION_REGISTER:
		item->piece.kind = OP_LOCATION_HOST_REGISTER;
		break;
	case OP_LOCATION_CONSTANT:
		set_constant(item, step->value);
		break;
	default:
		break;
	}
}

static struct op_error *end_piece(struct decoder *d, uint64_t bit_size, uint64_t bit_offset)
{
	struct op_location_program *program = d->program;
	struct op_location_program_piece item = {
		.piece = {.kind = OP_LOCATION_NONE, .bit_size = bit_size, .bit_offset = bit_offset},
		.first_step = d->first,
	};
	if (program->pieces.count >= PIECES_MAX)
		return op_reader_fail(&d->r, "it has too many pieces");
	item.piece.step_count = program->steps.count - d->first;
	if (d->is_bytes) {
		item.piece.kind = OP_LOCATION_BYTES;
		item.piece.bytes = d->bytes;
		item.piece.byte_count = d->byte_count;
	} else if (d->any) {
		if (!program->depth)
			return op_reader_fail(&d->r, "it leaves no value");
		item.piece.kind = d->is_value ? OP_LOCATION_VALUE : OP_LOCATION_MEMORY;
		if (d->is_value && item.piece.step_count == 1)
			simplify(&item, &program->steps.data[d->first]);
	}
	if (!op_array_push(&program->pieces, item))
		return op_error_no_memory();
	d->first = program->steps.count;
	d->any = d->is_value = d->is_bytes = false;
	program->depth = 0;
	return NULL;
}

static struct op_error *decode_piece(struct decoder *d, uint8_t op)
{
	uint64_t size, offset = 0;
	struct op_error *err = op_reader_uleb64(&d->r, &size);
	if (!err && op == DW_OP_bit_piece)
		err = op_reader_uleb64(&d->r, &offset);
	if (err)
		return err;
	if (d->is_base)
		return op_reader_fail(&d->r, "a frame base in pieces");
	uint64_t unit = op == DW_OP_piece ? 8 : 1;
	if (!size || size > UINT32_MAX || offset > UINT32_MAX)
		return op_reader_fail(&d->r, "a piece of %" PRIu64 " units", size);
	return end_piece(d, size * unit, offset);
}

// Operations that are more than a step ---------------------------------------------------------

static struct op_error *decode_wasm(struct decoder *d)
{
	static const enum op_location_op steps[] = {
		[WASM_LOCAL] = OP_LOCATION_LOCAL,
		[WASM_GLOBAL] = OP_LOCATION_GLOBAL,
		[WASM_OPERAND] = OP_LOCATION_OPERAND,
		[WASM_GLOBAL_U32] = OP_LOCATION_GLOBAL,
	};
	uint8_t kind;
	uint32_t index = 0;
	struct op_error *err = op_reader_u8(&d->r, &kind);
	if (!err && kind >= OP_ARRAY_SIZE(steps))
		return op_reader_fail(&d->r, "DW_OP_WASM_location of kind %" PRIu8 " is not known",
				      kind);
	if (!err)
		err = kind == WASM_GLOBAL_U32 ? op_reader_u32(&d->r, &index)
					      : op_reader_uleb32(&d->r, &index);
	return err ?: add(d, steps[kind], index, false);
}

static struct op_error *decode_frame_base(struct decoder *d)
{
	int64_t offset;
	struct op_error *err = op_reader_sleb64(&d->r, &offset);
	if (err)
		return err;
	if (!d->program->frame_base || d->is_base)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "it depends on a frame base, which its function does not "
				       "have");
	err = d->program->frame_base(d->program);
	if (!err && offset)
		err = push(d, (uint64_t)offset);
	return err || !offset ? err : add(d, OP_LOCATION_ADD, 0, false);
}

// The type of a typed operation, an entry of the unit: integers only. *ret_size 0: an address.
static struct op_error *read_type(struct decoder *d, uint64_t offset, uint64_t *ret_size,
				  bool *ret_signed)
{
	*ret_size = 0;
	*ret_signed = false;
	if (!offset)
		return NULL;
	Dwarf_Die die;
	Dwarf_Attribute attribute;
	Dwarf_Word size = 0, encoding = 0;
	uint64_t start = d->program->unit.start;
	bool known = offset <= UINT32_MAX &&
		     op_debug_die(d->program->unit.info, (struct op_die){start + offset}, &die) &&
		     dwarf_tag(&die) == DW_TAG_base_type &&
		     dwarf_attr(&die, DW_AT_byte_size, &attribute) &&
		     dwarf_formudata(&attribute, &size) == 0 &&
		     dwarf_attr(&die, DW_AT_encoding, &attribute) &&
		     dwarf_formudata(&attribute, &encoding) == 0;
	*ret_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	*ret_size = size;
	bool is_integer = *ret_signed || encoding == DW_ATE_unsigned ||
			  encoding == DW_ATE_unsigned_char || encoding == DW_ATE_boolean;
	if (!known || !is_integer || !size || size > 8)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "it is computed from values that are no integers");
	return NULL;
}

static struct op_error *decode_convert(struct decoder *d)
{
	uint64_t offset, size;
	bool is_signed;
	struct op_error *err = op_reader_uleb64(&d->r, &offset);
	if (!err)
		err = read_type(d, offset, &size, &is_signed);
	if (err)
		return err;
	return add(d, OP_LOCATION_CONVERT, (int64_t)(size ?: d->program->unit.address_size),
		   is_signed);
}

static struct op_error *decode_const_type(struct decoder *d)
{
	uint64_t offset, size, value = 0;
	bool is_signed;
	uint8_t count;
	const uint8_t *bytes;
	struct op_error *err = op_reader_uleb64(&d->r, &offset);
	if (!err)
		err = op_reader_u8(&d->r, &count);
	if (!err)
		err = op_reader_bytes(&d->r, count, &bytes);
	if (!err)
		err = read_type(d, offset, &size, &is_signed);
	if (err)
		return err;
	if (count > sizeof(value))
		return op_reader_fail(&d->r, "a constant of %" PRIu8 " bytes", count);
	memcpy(&value, bytes, count);
	err = push(d, value);
	return err ?: add(d, OP_LOCATION_CONVERT, count, is_signed);
}

static struct op_error *decode_load(struct decoder *d, bool is_typed)
{
	uint8_t count;
	uint64_t offset, size;
	bool is_signed = false;
	struct op_error *err = op_reader_u8(&d->r, &count);
	if (!err && is_typed)
		err = op_reader_uleb64(&d->r, &offset);
	if (!err && is_typed)
		err = read_type(d, offset, &size, &is_signed);
	if (!err && (!count || count > 8))
		return op_reader_fail(&d->r, "a load of %" PRIu8 " bytes", count);
	if (!err)
		err = add(d, OP_LOCATION_LOAD, count, false);
	return err || !is_signed ? err : add(d, OP_LOCATION_CONVERT, count, true);
}

static struct op_error *decode_implicit_value(struct decoder *d)
{
	uint64_t size;
	struct op_error *err = op_reader_uleb64(&d->r, &size);
	if (!err && size > op_reader_left(&d->r))
		return op_reader_fail(&d->r, "a value of %" PRIu64 " bytes does not fit", size);
	if (!err)
		err = op_reader_bytes(&d->r, (size_t)size, &d->bytes);
	d->byte_count = (size_t)size;
	d->is_bytes = true;
	return err;
}

// Native operations -----------------------------------------------------------------------------

static bool is_native(const struct decoder *d)
{
	const struct op_debug_info *info = d->program->unit.info;
	return info && info->source.is_native;
}

// "breg": what a register holds and a constant; "reg": the variable is the register.
static struct op_error *decode_register(struct decoder *d, uint8_t op, bool *ret_known)
{
	bool is_based = op == DW_OP_bregx || (op >= DW_OP_breg0 && op <= DW_OP_breg31);
	bool is_whole = op == DW_OP_regx || (op >= DW_OP_reg0 && op <= DW_OP_reg31);
	uint64_t number = is_based ? op - DW_OP_breg0 : op - DW_OP_reg0;
	int64_t offset = 0;
	struct op_error *err = NULL;
	*ret_known = is_native(d) && (is_based || is_whole || op == DW_OP_call_frame_cfa);
	if (!*ret_known)
		return NULL;
	if (op == DW_OP_call_frame_cfa)
		return add(d, OP_LOCATION_FRAME_ADDRESS, 0, false);
	if (op == DW_OP_regx || op == DW_OP_bregx)
		err = op_reader_uleb64(&d->r, &number);
	if (!err && is_based)
		err = op_reader_sleb64(&d->r, &offset);
	if (!err && number > UINT32_MAX)
		return op_reader_fail(&d->r, "register %" PRIu64 " is not known", number);
	if (!err)
		err = add(d, OP_LOCATION_REGISTER, (int64_t)number, false);
	d->is_value |= is_whole;
	if (!err && offset)
		err = push(d, (uint64_t)offset);
	return err || !offset ? err : add(d, OP_LOCATION_ADD, 0, false);
}

// "DW_OP_entry_value (DW_OP_WASM_location 0 L)": what a parameter was when the function began. It
// still is, where nothing writes it.
static struct op_error *decode_entry_value(struct decoder *d)
{
	uint64_t size;
	struct op_reader inner;
	uint8_t op = 0, kind = 0;
	uint32_t index = 0;
	struct op_error *err = op_reader_uleb64(&d->r, &size);
	if (!err && size > op_reader_left(&d->r))
		return op_reader_fail(&d->r, "an expression of %" PRIu64 " bytes does not fit",
				      size);
	if (!err)
		err = op_reader_sub(&d->r, (size_t)size, &inner);
	if (!err)
		err = op_reader_u8(&inner, &op);
	if (!err && op == OP_WASM_LOCATION)
		err = op_reader_u8(&inner, &kind);
	if (!err && op == OP_WASM_LOCATION && kind == WASM_LOCAL)
		err = op_reader_uleb32(&inner, &index);
	if (err)
		return err;
	const struct op_debug_source *source = &d->program->unit.info->source;
	if (op != OP_WASM_LOCATION || kind != WASM_LOCAL || !source->is_local_constant ||
	    !source->is_local_constant(source->context, d->program->pc, index))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "it depends on what a parameter was when the function "
				       "began, which was not recorded");
	return add(d, OP_LOCATION_LOCAL, index, false);
}

// One operation ------------------------------------------------------------------------------

static struct op_error *decode_other(struct decoder *d, uint8_t op)
{
	bool known;
	struct op_error *err = decode_register(d, op, &known);
	if (err || known)
		return err;
	for (size_t i = 0; i < OP_ARRAY_SIZE(refused_operations); i++)
		if (op >= refused_operations[i].low && op <= refused_operations[i].high)
			return op_error_create(OP_ERROR_UNSUPPORTED, "%s",
					       refused_operations[i].why);
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "the expression that says where it is has operation 0x%02x, which "
			       "outpost does not know",
			       op);
}

static struct op_error *decode_special(struct decoder *d, uint8_t op)
{
	int64_t value;
	struct op_error *err;
	switch (op) {
	case DW_OP_nop:
	case DW_OP_GNU_uninit:
		return NULL;
	case DW_OP_over:
		return add(d, OP_LOCATION_DUPLICATE, 1, false);
	case DW_OP_plus_uconst:
		err = read_operand(d, OPERAND_ULEB, &value);
		if (!err)
			err = push(d, (uint64_t)value);
		return err ?: add(d, OP_LOCATION_ADD, 0, false);
	case DW_OP_fbreg:
		return decode_frame_base(d);
	case OP_WASM_LOCATION:
		return decode_wasm(d);
	case DW_OP_stack_value:
		d->is_value = true;
		return NULL;
	case DW_OP_implicit_value:
		return decode_implicit_value(d);
	case DW_OP_deref_size:
		return decode_load(d, false);
	case DW_OP_deref_type:
	case DW_OP_GNU_deref_type:
		return decode_load(d, true);
	case DW_OP_convert:
	case DW_OP_GNU_convert:
	case DW_OP_reinterpret:
	case DW_OP_GNU_reinterpret:
		return decode_convert(d);
	case DW_OP_const_type:
	case DW_OP_GNU_const_type:
		return decode_const_type(d);
	case DW_OP_entry_value:
	case DW_OP_GNU_entry_value:
		return decode_entry_value(d);
	default:
		return decode_other(d, op);
	}
}

static struct op_error *decode_operation(struct decoder *d)
{
	uint8_t op;
	int64_t value;
	struct op_error *err = op_reader_u8(&d->r, &op);
	if (err)
		return err;
	if (op == DW_OP_piece || op == DW_OP_bit_piece)
		return decode_piece(d, op);
	if (d->is_value || d->is_bytes)
		return op_reader_fail(&d->r, "it goes on behind a value");
	d->any = true;
	if (op >= DW_OP_lit0 && op <= DW_OP_lit31)
		return push(d, (uint64_t)(op - DW_OP_lit0));
	for (size_t i = 0; i < OP_ARRAY_SIZE(simple_operations); i++)
		if (simple_operations[i].op == op) {
			err = read_operand(d, simple_operations[i].operand, &value);
			return err ?: add(d, simple_operations[i].step, value, false);
		}
	return decode_special(d, op);
}

struct op_error *op_location_decode(struct op_location_program *program,
				    const struct op_bytes *expression, size_t depth)
{
	struct decoder d = {
		.program = program, .r = op_reader(expression), .first = program->steps.count};
	program->depth = depth;
	struct op_error *err = NULL;
	size_t pieces = program->pieces.count;
	while (!err && op_reader_left(&d.r))
		err = decode_operation(&d);
	bool has_tail = program->pieces.count > pieces && (err || d.any);
	// Wasmtime adds the way from an address in linear memory to the host's behind the pieces of
	// a variable, whatever they are (crates/cranelift/src/debug/transform/expression.rs, as of
	// 49). It means nothing, and takes a value that is not there.
	if (has_tail && is_native(&d) && (!err || err->code != OP_ERROR_NO_MEMORY)) {
		op_error_destroy(err);
		program->steps.count = d.first;
		program->depth = 0;
		return NULL;
	}
	if (has_tail && !err)
		return op_reader_fail(&d.r, "something is behind its last piece");
	return err || !d.any ? err : end_piece(&d, 0, 0);
}

struct op_error *op_location_decode_base(struct op_location_program *program,
					 const struct op_bytes *expression)
{
	struct decoder d = {.program = program,
			    .r = op_reader(expression),
			    .first = program->steps.count,
			    .is_base = true};
	// What is below it on the stack is not its.
	size_t depth = program->depth;
	program->depth = 0;
	struct op_error *err = NULL;
	while (!err && op_reader_left(&d.r))
		err = decode_operation(&d);
	if (err)
		return err;
	if (d.is_bytes || program->depth != 1)
		return op_reader_fail(&d.r, "a frame base that is no address");
	program->depth += depth;
	return program->depth > STACK_MAX ? op_reader_fail(&d.r, "it is too long") : NULL;
}
