// SPDX-License-Identifier: GPL-3.0-or-later
// Values of the guest's language: a type and where its bytes are, or why they are not to be had.
#ifndef OP_TRACER_SOURCE_VALUE_H
#define OP_TRACER_SOURCE_VALUE_H

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/location.h"
#include "target-runtime/dwarf/type.h"
#include "tracer/operand.h"
#include "tracer/source.h"

enum op_source_value_place {
	OP_SOURCE_VALUE_MISSING, /**< reason says why */
	OP_SOURCE_VALUE_MEMORY,  /**< at address in linear memory `memory`: not read yet */
	OP_SOURCE_VALUE_BYTES,   /**< it was read, or computed: bytes */
};

/** One value. Owns bytes, known and reason; borrows the rest. */
struct op_source_value {
	struct op_debug_info *info; /**< NULL: no module's (a basic type) */
	const struct op_type *type; /**< NULL: none */
	enum op_source_value_place place;
	uint32_t memory;
	uint64_t address;
	uint8_t *bytes; /**< as many as the type's size */
	uint8_t *known; /**< one flag for each byte: pieces may be optimised out; NULL: all known */
	size_t size;
	bool has_address; /**< BYTES: they were read from address in linear memory `memory` */
	bool is_bit_field;
	uint64_t bit_offset; /**< from the byte at address, or bytes[0] */
	uint32_t bit_size;
	bool recovered; /**< read through the shadow stack of optimised code (shadow_frames.h) */
	bool native;    /**< by the image's native debug information (source_native.h) */
	bool is_wasm;   /**< it is Wasm local, global or operand wasm_index as a whole: not
			   assignable */
	enum op_location_kind wasm_kind; /**< WASM_LOCAL, WASM_GLOBAL, WASM_OPERAND */
	uint32_t wasm_index;
	char *reason;
};
void op_source_value_deinit(struct op_source_value *value);
#define _cleanup_source_value_ _cleanup_(op_source_value_deinit)
struct op_error *op_source_value_copy(const struct op_source_value *value,
				      struct op_source_value *ret);

/** It cannot be had: why. Its bytes go. */
struct op_error *op_source_value_set_missing(struct op_source_value *value, const char *format, ...)
	_printf_(2, 3);
/** The same with an error's sentence; one that ends everything (op_source_is_fatal()) is returned.
 * Takes @p err, NULL is fine. */
struct op_error *op_source_value_set_error(struct op_source_value *value, struct op_error *err);
/** The target is gone, memory is short, or a person interrupted: no reason why one value is not to
 * be had. */
bool op_source_is_fatal(const struct op_error *err);
/** Whether these are bytes that were read, and none of them is optimised out. */
bool op_source_value_is_known(const struct op_source_value *value, size_t offset, size_t size);

/** A variable in a frame of the stopped target; what cannot be had is MISSING, no error.
 * @param[in] frame NULL: globals only. */
struct op_error *op_source_value_of(struct op_session *session, const struct op_frame *frame,
				    struct op_debug_info *info,
				    const struct op_debug_variable *variable,
				    struct op_source_value *ret);
/** An array of a length that a variable of the frame holds (C's arrays of variable length) gets the
 * type with that length; others stay as they are. */
struct op_error *op_source_value_measure(struct op_session *session, const struct op_frame *frame,
					 struct op_source_value *value);
/** A part of a struct or union, an element of an array (or of what a pointer points to), what a
 * pointer or reference points to. */
struct op_error *op_source_value_member(struct op_session *session, const struct op_frame *frame,
					const struct op_source_value *value,
					const struct op_type_member *member,
					struct op_source_value *ret);
struct op_error *op_source_value_element(struct op_session *session, const struct op_frame *frame,
					 const struct op_source_value *value, uint64_t index,
					 struct op_source_value *ret);
struct op_error *op_source_value_target(struct op_session *session, const struct op_frame *frame,
					const struct op_source_value *value,
					struct op_source_value *ret);
/** Its bytes, read when they are in memory: MEMORY becomes BYTES, or MISSING. */
struct op_error *op_source_value_read(struct op_session *session, const struct op_frame *frame,
				      struct op_source_value *value);
/** A number, character, boolean, enumerator or pointer as an operand; OP_ERROR_UNSUPPORTED for what
 * is none, OP_ERROR_UNREADABLE with the reason for what is missing. */
struct op_error *op_source_value_operand(struct op_session *session, const struct op_frame *frame,
					 const struct op_source_value *value,
					 struct op_operand *ret);

#endif
