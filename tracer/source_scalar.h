// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers, characters, enumerators and strings of the guest's language as text, from their bytes
// and types alone. Knows no session.
#ifndef OP_TRACER_SOURCE_SCALAR_H
#define OP_TRACER_SOURCE_SCALAR_H

#include "base/text.h"
#include "target-runtime/dwarf/type.h"

/** Letters that scalars can be asked for in, beside 0. */
#define OP_SCALAR_FORMATS "xduotacfzs"

/**
 * Append a number: 42, 97 'a', true, ADD, A | B, (enum color) 7, 1.5, 0x400.
 * @param[in] type completed if it is an ENUM; a typedef tells C's wide characters from numbers.
 * @param[in] size of the type, at most 16.
 * @param[in] format a letter, 0: by its type.
 * @return false when there is no text for such a type or size; nothing is appended.
 */
bool op_scalar_text(struct op_text *text, const struct op_type *type, const uint8_t *bytes,
		    size_t size, char format);

/** Characters in a row. */
struct op_scalar_string {
	const uint8_t *bytes;
	size_t count;       /**< units */
	unsigned unit_size; /**< 1, 2 or 4 */
	const char *prefix; /**< "", "L", "u", "U" */
	size_t repeats;     /**< equal units in a row, from so many on they are counted; 0: never */
	bool cut;           /**< there would be more */
};
/** Append "hello", "aaa", 'b' <repeats 20 times>, "..."... : quoted and escaped as C does. */
void op_scalar_string_text(struct op_text *text, const struct op_scalar_string *string);

/**
 * Whether elements of this type, typedefs and all, are characters of a string.
 * @param[out] ret_prefix of its literals; may be NULL.
 */
bool op_scalar_is_character(const struct op_type *type, const char **ret_prefix);

#endif
