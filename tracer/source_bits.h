// SPDX-License-Identifier: GPL-3.0-or-later
// Little-endian numbers out of bytes that have been read. Whoever calls has checked the sizes.
#ifndef OP_TRACER_SOURCE_BITS_H
#define OP_TRACER_SOURCE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** @param[in] size 0 to 8. */
static inline uint64_t op_bits_load(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

/** @param[in] bits of the number, 1 to 64. */
static inline uint64_t op_bits_sign_extend(uint64_t value, unsigned bits)
{
	uint64_t sign = (uint64_t)1 << (bits - 1);
	return bits < 64 ? ((value & (2 * sign - 1)) ^ sign) - sign : value;
}

/** @param[in] size of the field in bits, 1 to 64; @p offset from the first byte's least significant
 * bit. */
static inline uint64_t op_bits_extract(const uint8_t *bytes, uint64_t offset, unsigned size,
				       bool is_signed)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < size; i++) {
		uint64_t bit = offset + i;
		value |= (uint64_t)(bytes[bit / 8] >> bit % 8 & 1) << i;
	}
	return is_signed ? op_bits_sign_extend(value, size) : value;
}

#endif
