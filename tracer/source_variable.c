// SPDX-License-Identifier: GPL-3.0-or-later
// Variables of the guest's language in a frame: their locations evaluated, their pieces put
// together. Decoding locations is target-runtime/dwarf's; parts of values are source_value.c's.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/source_bits.h"
#include "tracer/source_locate.h"
#include "tracer/source_steps.h"
#include "tracer/source_value.h"

enum { PIECED_SIZE_MAX = 64 << 10 };

struct place {
	struct op_session *session;
	const struct op_frame *frame; // NULL: globals only
	bool *recovered;              // becomes true: through the shadow stack
};

// Appends "available at 0x10-0x20" to the sentence, where something is known.
static struct op_error *optimised_out(struct op_source_value *value,
				      const struct op_debug_location *location)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append(&text, "optimised out");
	for (size_t i = 0; i < location->range_count && i < 4; i++)
		op_text_printf(&text, "%s0x%" PRIx32 "-0x%" PRIx32,
			       i ? ", " : " here; available at ", location->ranges[i].low_pc,
			       location->ranges[i].high_pc);
	if (location->range_count > 4)
		op_text_append(&text, ", ...");
	if (text.failed)
		return op_error_no_memory();
	return op_source_value_set_missing(value, "%s", text.data);
}

// A Wasm value --------------------------------------------------------------------------------

static struct op_error *wasm_value(const struct place *place, const struct op_location_piece *piece,
				   struct op_value *ret)
{
	struct op_session_source source;
	struct op_operand operand;
	op_session_source_init(&source, place->session, place->frame);
	struct op_expression_source *leaf = &source.source;
	struct op_error *err;
	if (!place->frame && piece->kind != OP_LOCATION_WASM_GLOBAL)
		return op_error_create(OP_ERROR_STATE, "it is in a frame, and none is selected");
	if (piece->kind == OP_LOCATION_WASM_LOCAL)
		err = leaf->local(leaf->context, piece->index, &operand);
	else if (piece->kind == OP_LOCATION_WASM_GLOBAL)
		err = leaf->global(leaf->context, piece->index, &operand);
	else
		err = leaf->operand(leaf->context, piece->index, &operand);
	if (!err)
		*ret = operand.result.value;
	return err;
}

static const char *wasm_kind(enum op_location_kind kind)
{
	return kind == OP_LOCATION_WASM_LOCAL    ? "local"
	       : kind == OP_LOCATION_WASM_GLOBAL ? "global"
						 : "operand";
}

// The bytes of one piece ----------------------------------------------------------------------

/** Bytes of a piece, as many as are known. */
struct piece_bytes {
	uint8_t *data;
	size_t size;
	char *reason; // NULL: all are there
};

static void piece_bytes_deinit(struct piece_bytes *bytes)
{
	free(bytes->data);
	free(bytes->reason);
}

static struct op_error *take_bytes(const void *data, size_t size, struct piece_bytes *ret)
{
	ret->data = malloc(size ? size : 1);
	if (!ret->data)
		return op_error_no_memory();
	memcpy(ret->data, data, size);
	ret->size = size;
	return NULL;
}

static struct op_error *take_reason(struct op_error *err, struct piece_bytes *ret)
{
	if (!err || op_source_is_fatal(err))
		return err;
	ret->reason = strdup(err->message);
	op_error_destroy(err);
	return ret->reason ? NULL : op_error_no_memory();
}

static struct op_error *wasm_bytes(const struct place *place, const struct op_location_piece *piece,
				   struct piece_bytes *ret)
{
	struct op_value value;
	struct op_error *err = wasm_value(place, piece, &value);
	if (!err && value.state != OP_VALUE_PRESENT)
		err = op_error_create(
			OP_ERROR_NOT_FOUND, "it is in Wasm %s %" PRIu32 ", which is %s",
			wasm_kind(piece->kind), piece->index, op_value_state_message(value.state));
	if (err)
		return take_reason(err, ret);
	return take_bytes(value.bytes, op_value_type_size(value.type), ret);
}

static struct op_error *memory_bytes(const struct place *place,
				     const struct op_location_piece *piece, size_t size,
				     struct piece_bytes *ret)
{
	uint64_t address;
	uint8_t *bytes = malloc(size ? size : 1);
	if (!bytes)
		return op_error_no_memory();
	struct op_error *err = op_source_steps_recover(place->session, place->frame, piece,
						       place->recovered, &address);
	if (!err)
		err = op_session_read_memory(place->session, place->frame, 0, address, bytes, size);
	if (err) {
		free(bytes);
		return take_reason(err, ret);
	}
	ret->data = bytes;
	ret->size = size;
	return NULL;
}

static struct op_error *computed_bytes(const struct place *place,
				       const struct op_location_piece *piece,
				       struct piece_bytes *ret)
{
	uint64_t bits;
	uint8_t bytes[8];
	struct op_error *err = op_source_steps_recover(place->session, place->frame, piece,
						       place->recovered, &bits);
	if (err)
		return take_reason(err, ret);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(bits >> 8 * i);
	return take_bytes(bytes, sizeof(bytes), ret);
}

static struct op_error *piece_bytes(const struct place *place,
				    const struct op_location_piece *piece, size_t size,
				    struct piece_bytes *ret)
{
	switch (piece->kind) {
	case OP_LOCATION_MEMORY:
		return memory_bytes(place, piece, size, ret);
	case OP_LOCATION_VALUE:
		return computed_bytes(place, piece, ret);
	case OP_LOCATION_WASM_LOCAL:
	case OP_LOCATION_WASM_GLOBAL:
	case OP_LOCATION_WASM_OPERAND:
		return wasm_bytes(place, piece, ret);
	case OP_LOCATION_BYTES:
		return take_bytes(piece->bytes, piece->byte_count, ret);
	case OP_LOCATION_NONE:
	case OP_LOCATION_HOST_REGISTER:
	case OP_LOCATION_UNKNOWN_OP:
		break;
	}
	ret->reason = strdup("optimised out");
	return ret->reason ? NULL : op_error_no_memory();
}

// Whole variables -----------------------------------------------------------------------------

static struct op_error *in_memory(const struct place *place, const struct op_location_piece *piece,
				  struct op_source_value *value)
{
	uint64_t address;
	struct op_error *err = op_source_steps_recover(place->session, place->frame, piece,
						       place->recovered, &address);
	if (err)
		return op_source_value_set_error(value, err);
	value->place = OP_SOURCE_VALUE_MEMORY;
	value->address = address;
	return NULL;
}

// One piece that is not in memory, and is the whole variable.
static struct op_error *whole(const struct place *place, const struct op_location_piece *piece,
			      uint64_t size, struct op_source_value *value)
{
	_cleanup_(piece_bytes_deinit) struct piece_bytes bytes = {0};
	struct op_error *err = piece_bytes(place, piece, (size_t)size, &bytes);
	if (err)
		return err;
	if (bytes.reason)
		return op_source_value_set_missing(value, "%s", bytes.reason);
	if (bytes.size < size)
		return op_source_value_set_missing(value,
						   "only %zu of its %" PRIu64
						   " bytes are described by the debug information",
						   bytes.size, size);
	value->is_wasm = piece->kind == OP_LOCATION_WASM_LOCAL ||
			 piece->kind == OP_LOCATION_WASM_GLOBAL ||
			 piece->kind == OP_LOCATION_WASM_OPERAND;
	value->wasm_kind = piece->kind;
	value->wasm_index = piece->index;
	value->bytes = op_take(bytes.data);
	value->size = (size_t)size;
	value->place = OP_SOURCE_VALUE_BYTES;
	return NULL;
}

static void put_bits(struct op_source_value *value, uint64_t at,
		     const struct op_location_piece *piece, const struct piece_bytes *bytes)
{
	for (uint64_t i = 0; i < piece->bit_size; i++) {
		uint64_t from = piece->bit_offset + i, to = at + i;
		if (from / 8 >= bytes->size || to / 8 >= value->size)
			return;
		unsigned bit = bytes->data[from / 8] >> from % 8 & 1;
		value->bytes[to / 8] |= (uint8_t)(bit << to % 8);
		value->known[to / 8] = 1;
	}
}

static struct op_error *put_piece(const struct place *place, const struct op_location_piece *piece,
				  uint64_t at, struct op_source_value *value)
{
	_cleanup_(piece_bytes_deinit) struct piece_bytes bytes = {0};
	uint64_t size = (piece->bit_offset + piece->bit_size + 7) / 8;
	if (size > PIECED_SIZE_MAX)
		return NULL;
	struct op_error *err = piece_bytes(place, piece, (size_t)size, &bytes);
	if (!err && !bytes.reason)
		put_bits(value, at, piece, &bytes);
	return err;
}

static struct op_error *pieced(const struct place *place, const struct op_debug_location *location,
			       uint64_t size, struct op_source_value *value)
{
	if (size > PIECED_SIZE_MAX)
		return op_source_value_set_missing(
			value, "its pieces make up %" PRIu64 " bytes: that is not believed", size);
	value->bytes = calloc(1, size ? (size_t)size : 1);
	value->known = calloc(1, size ? (size_t)size : 1);
	if (!value->bytes || !value->known)
		return op_error_no_memory();
	value->size = (size_t)size;
	value->place = OP_SOURCE_VALUE_BYTES;
	uint64_t at = 0;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < location->piece_count && at < size * 8; i++) {
		err = put_piece(place, &location->pieces[i], at, value);
		at += location->pieces[i].bit_size;
	}
	if (err || memchr(value->known, 1, value->size))
		return err;
	return op_source_value_set_missing(value, "optimised out");
}

static struct op_error *at_location(const struct place *place,
				    const struct op_debug_location *location,
				    struct op_source_value *value)
{
	const struct op_type *type = op_type_strip(value->type);
	const struct op_location_piece *first = location->pieces;
	if (location->problem)
		return op_source_value_set_missing(value, "%s", location->problem);
	if (!location->piece_count ||
	    (location->piece_count == 1 && first->kind == OP_LOCATION_NONE))
		return optimised_out(value, location);
	bool is_whole = location->piece_count == 1 && !first->bit_size;
	if (is_whole && first->kind == OP_LOCATION_MEMORY)
		return in_memory(place, first, value);
	if (!type || !type->has_size)
		return op_source_value_set_missing(value, "the size of its type is not known");
	if (is_whole)
		return whole(place, first, type->size, value);
	return pieced(place, location, type->size, value);
}

// Arrays of variable length -------------------------------------------------------------------

// The variable that an array's type names as its length, among those of the frame's body.
static struct op_error *find_count(struct op_session *session, const struct op_frame *frame,
				   struct op_die die, bool *ret_found,
				   struct op_debug_variable *ret)
{
	struct op_source_body body;
	_cleanup_free_ struct op_debug_variable *variables = NULL;
	size_t count = 0;
	*ret_found = false;
	struct op_error *err = op_source_body(session, frame, &body);
	if (!err && body.info && body.body)
		err = op_debug_variables_at(body.info, body.body, body.pc, &variables, &count);
	for (size_t i = 0; !err && !*ret_found && i < count; i++) {
		*ret_found = variables[i].die.offset == die.offset;
		*ret = variables[i];
	}
	return err;
}

struct op_error *op_source_value_measure(struct op_session *session, const struct op_frame *frame,
					 struct op_source_value *value)
{
	const struct op_type *type = op_type_strip(value->type);
	if (!type || type->kind != OP_TYPE_ARRAY || type->has_count || !frame || !value->info ||
	    !type->count_variable.offset)
		return NULL;
	struct op_debug_variable variable;
	struct op_operand length;
	bool found;
	_cleanup_source_value_ struct op_source_value count = {0};
	const struct op_type *count_type = NULL;
	struct op_error *err = find_count(session, frame, type->count_variable, &found, &variable);
	if (!err && found)
		err = op_debug_type(value->info, variable.type, &count_type);
	// Anything else might need to be measured itself.
	if (err || !count_type || op_type_strip(count_type)->kind != OP_TYPE_INTEGER)
		return err;
	err = op_source_value_of(session, frame, value->info, &variable, &count);
	if (!err)
		err = op_source_value_operand(session, frame, &count, &length);
	if (!err && length.integer < 0)
		err = op_error_create(OP_ERROR_FORMAT, "an array of %" PRId64 " elements",
				      length.integer);
	if (!err)
		err = op_type_array_of(value->info, type->target, (uint64_t)length.integer,
				       &value->type);
	return err;
}

// Variables -----------------------------------------------------------------------------------

// Where the frame's variables are looked up: at pc 0 without a frame.
static struct op_error *body_of(const struct place *place, struct op_debug_info *info,
				struct op_source_body *ret)
{
	*ret = (struct op_source_body){.info = info};
	struct op_error *err =
		place->frame ? op_source_body(place->session, place->frame, ret) : NULL;
	ret->info = info;
	return err;
}

// What was looked for natively in vain says why there, too.
static struct op_error *add_native_reason(struct op_source_value *value, const char *why)
{
	char *whole = NULL;
	if (!why || value->place != OP_SOURCE_VALUE_MISSING)
		return NULL;
	if (asprintf(&whole, "%s; native debug information: %s", value->reason ?: "", why) < 0)
		return op_error_no_memory();
	free(value->reason);
	value->reason = whole;
	return NULL;
}

struct op_error *op_source_value_of(struct op_session *session, const struct op_frame *frame,
				    struct op_debug_info *info,
				    const struct op_debug_variable *variable,
				    struct op_source_value *ret)
{
	_cleanup_source_value_ struct op_source_value value = {.info = info};
	struct place place = {session, frame, &value.recovered};
	_cleanup_(op_source_located_deinit) struct op_source_located located = {.native = false};
	struct op_source_body body;
	struct op_error *err = body_of(&place, info, &body);
	if (!err)
		err = op_debug_type(info, variable->type, &value.type);
	if (!err)
		err = op_source_value_measure(session, frame, &value);
	if (!err)
		err = op_source_locate_in_frame(
			session, frame, &body, variable,
			value.type && value.type->has_size ? value.type->size : 0, &located);
	value.native = located.native;
	if (!err)
		err = at_location(&place, &located.location, &value);
	err = op_source_value_set_error(&value, err);
	if (!err)
		err = add_native_reason(&value, located.not_natively);
	if (err)
		return err;
	*ret = value;
	value = (struct op_source_value){0};
	return NULL;
}
