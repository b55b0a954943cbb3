// SPDX-License-Identifier: GPL-3.0-or-later
// The bounded reader. Knows no format.
#include "base/reader.h"

#include <inttypes.h>
#include <stdlib.h>

struct op_reader op_reader(const struct op_bytes *bytes)
{
	return (struct op_reader){
		.start = bytes->data,
		.pos = bytes->data,
		.end = bytes->data ? bytes->data + bytes->size : NULL,
		.what = bytes->what ?: "input",
	};
}

struct op_error *op_reader_fail(const struct op_reader *r, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct op_error *err = op_error_createv(OP_ERROR_FORMAT, format, args);
	va_end(args);
	return op_error_at(err, "%s, offset 0x%zx", r->what, op_reader_offset(r));
}

static struct op_error *need(const struct op_reader *r, size_t size)
{
	if (op_reader_left(r) >= size)
		return NULL;
	return op_reader_fail(r, "ends %zu bytes early", size - op_reader_left(r));
}

struct op_error *op_reader_u8(struct op_reader *r, uint8_t *ret)
{
	struct op_error *err = need(r, 1);
	if (err)
		return err;
	*ret = *r->pos++;
	return NULL;
}

struct op_error *op_reader_u16(struct op_reader *r, uint16_t *ret)
{
	struct op_error *err = need(r, 2);
	if (err)
		return err;
	*ret = (uint16_t)(r->pos[0] | r->pos[1] << 8);
	r->pos += 2;
	return NULL;
}

struct op_error *op_reader_u32(struct op_reader *r, uint32_t *ret)
{
	struct op_error *err = need(r, 4);
	if (err)
		return err;
	*ret = op_load_u32_unchecked(r->pos);
	r->pos += 4;
	return NULL;
}

struct op_error *op_reader_u64(struct op_reader *r, uint64_t *ret)
{
	struct op_error *err = need(r, 8);
	if (err)
		return err;
	*ret = op_load_u64_unchecked(r->pos);
	r->pos += 8;
	return NULL;
}

// The rules of the core specification, binary format, "Integers": at most ceil(bits / 7) bytes; the
// unused bits of the last byte are zero, or copies of the sign.
static struct op_error *uleb(struct op_reader *r, unsigned bits, uint64_t *ret)
{
	uint64_t value = 0;
	const uint8_t *p = r->pos;
	for (unsigned shift = 0; shift < bits; shift += 7) {
		if (p == r->end)
			return op_reader_fail(r, "ends inside a LEB128 number");
		uint8_t byte = *p++;
		uint64_t low = byte & 0x7f;
		if (bits - shift < 7 && low >> (bits - shift))
			return op_reader_fail(r, "a LEB128 number exceeds %u bits", bits);
		value |= low << shift;
		if (!(byte & 0x80)) {
			r->pos = p;
			*ret = value;
			return NULL;
		}
	}
	return op_reader_fail(r, "a LEB128 number is too long for %u bits", bits);
}

static struct op_error *sleb(struct op_reader *r, unsigned bits, int64_t *ret)
{
	uint64_t value = 0;
	const uint8_t *p = r->pos;
	for (unsigned shift = 0; shift < bits; shift += 7) {
		if (p == r->end)
			return op_reader_fail(r, "ends inside a LEB128 number");
		uint8_t byte = *p++;
		uint64_t low = byte & 0x7f;
		if (bits - shift < 7) {
			unsigned used = bits - shift;
			uint8_t rest = (uint8_t)(low >> (used - 1));
			if (rest != 0 && rest != 0x7f >> (used - 1))
				return op_reader_fail(r, "a LEB128 number exceeds %u bits", bits);
		}
		value |= low << shift;
		if (!(byte & 0x80)) {
			unsigned filled = shift + 7;
			if (filled < 64 && byte & 0x40)
				value |= UINT64_MAX << filled;
			r->pos = p;
			*ret = (int64_t)value;
			return NULL;
		}
	}
	return op_reader_fail(r, "a LEB128 number is too long for %u bits", bits);
}

struct op_error *op_reader_uleb32(struct op_reader *r, uint32_t *ret)
{
	uint64_t value;
	struct op_error *err = uleb(r, 32, &value);
	if (!err)
		*ret = (uint32_t)value;
	return err;
}

struct op_error *op_reader_uleb64(struct op_reader *r, uint64_t *ret)
{
	return uleb(r, 64, ret);
}

struct op_error *op_reader_sleb32(struct op_reader *r, int32_t *ret)
{
	int64_t value;
	struct op_error *err = sleb(r, 32, &value);
	if (!err)
		*ret = (int32_t)value;
	return err;
}

struct op_error *op_reader_sleb33(struct op_reader *r, int64_t *ret)
{
	return sleb(r, 33, ret);
}

struct op_error *op_reader_sleb64(struct op_reader *r, int64_t *ret)
{
	return sleb(r, 64, ret);
}

struct op_error *op_reader_bytes(struct op_reader *r, size_t size, const uint8_t **ret)
{
	struct op_error *err = need(r, size);
	if (err)
		return err;
	*ret = r->pos;
	r->pos += size;
	return NULL;
}

struct op_error *op_reader_skip(struct op_reader *r, size_t size)
{
	const uint8_t *skipped;
	return op_reader_bytes(r, size, &skipped);
}

struct op_error *op_reader_seek(struct op_reader *r, size_t offset)
{
	size_t size = (size_t)(r->end - r->start);
	if (offset > size)
		return op_reader_fail(r, "refers to offset 0x%zx, beyond its %zu bytes", offset,
				      size);
	r->pos = r->start + offset;
	return NULL;
}

struct op_error *op_reader_sub(struct op_reader *r, size_t size, struct op_reader *ret)
{
	struct op_error *err = need(r, size);
	if (err)
		return err;
	*ret = *r;
	ret->end = r->pos + size;
	r->pos += size;
	return NULL;
}
