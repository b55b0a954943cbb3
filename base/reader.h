// SPDX-License-Identifier: GPL-3.0-or-later
// The one bounded reader: every byte that comes from outside goes through it. Little-endian,
// unaligned. Knows no format.
#ifndef OP_BASE_READER_H
#define OP_BASE_READER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/** A run of bytes that somebody else owns. */
struct op_bytes {
	const uint8_t *data;
	size_t size;
	const char *what; /**< what they are, for error messages (".wasmtime.frames"); static or as
			     long-lived as data */
};

struct op_reader {
	const uint8_t *start;
	const uint8_t *pos;
	const uint8_t *end;
	const char *what;
};

struct op_reader op_reader(const struct op_bytes *bytes);
/** Bytes that have not been read yet. Compare every count with this before memory is taken for it.
 */
static inline size_t op_reader_left(const struct op_reader *r)
{
	return (size_t)(r->end - r->pos);
}
/** Bytes from the start to the next byte. */
static inline size_t op_reader_offset(const struct op_reader *r)
{
	return (size_t)(r->pos - r->start);
}
/** An OP_ERROR_FORMAT that names what is read and the offset of the next byte. */
struct op_error *op_reader_fail(const struct op_reader *r, const char *format, ...) _printf_(2, 3);

struct op_error *op_reader_u8(struct op_reader *r, uint8_t *ret);
struct op_error *op_reader_u16(struct op_reader *r, uint16_t *ret);
struct op_error *op_reader_u32(struct op_reader *r, uint32_t *ret);
struct op_error *op_reader_u64(struct op_reader *r, uint64_t *ret);
/** LEB128 as the Wasm specification bounds it: at most ceil(bits / 7) bytes, no bits beyond the
 * type. */
struct op_error *op_reader_uleb32(struct op_reader *r, uint32_t *ret);
struct op_error *op_reader_uleb64(struct op_reader *r, uint64_t *ret);
struct op_error *op_reader_sleb32(struct op_reader *r, int32_t *ret);
struct op_error *op_reader_sleb33(struct op_reader *r, int64_t *ret);
struct op_error *op_reader_sleb64(struct op_reader *r, int64_t *ret);
/** The next @p size bytes, borrowed; the reader moves past them. */
struct op_error *op_reader_bytes(struct op_reader *r, size_t size, const uint8_t **ret);
struct op_error *op_reader_skip(struct op_reader *r, size_t size);
/** Move to @p offset bytes from the start. */
struct op_error *op_reader_seek(struct op_reader *r, size_t offset);
/** A reader over the next @p size bytes (offsets still count from the parent's start); this one
 * moves past them. */
struct op_error *op_reader_sub(struct op_reader *r, size_t size, struct op_reader *ret);

/** An unaligned little-endian number at a place whose bounds the caller has already checked. */
static inline uint32_t op_load_u32_unchecked(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t op_load_u64_unchecked(const uint8_t *p)
{
	return op_load_u32_unchecked(p) | (uint64_t)op_load_u32_unchecked(p + 4) << 32;
}

#endif
