// SPDX-License-Identifier: GPL-3.0-or-later
// Functions from .eh_frame. Runs no unwinding instructions: unwind_row.c does.
#include "target-runtime/eh_frame.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum {
	POINTER_PCREL_ABSOLUTE = 0x10, // DW_EH_PE_pcrel | DW_EH_PE_absptr
	LENGTH_IS_64_BIT = 0xfffffff0, // initial lengths from here on mean something else
};

struct ranges OP_ARRAY(struct op_code_range);

struct eh_frame {
	const struct op_elf_header *header;
	uint64_t section_offset, text_offset, text_size;
	struct ranges ranges;
	struct op_unwind_program common; // of the CIE
};

static struct op_error *read_u32(const struct eh_frame *frame, struct op_reader *r, uint32_t *ret)
{
	const uint8_t *bytes;
	struct op_error *err = op_reader_bytes(r, 4, &bytes);
	if (!err)
		*ret = op_elf_u32(frame->header, bytes);
	return err;
}

static struct op_error *read_u64(const struct eh_frame *frame, struct op_reader *r, uint64_t *ret)
{
	const uint8_t *bytes;
	struct op_error *err = op_reader_bytes(r, 8, &bytes);
	if (!err)
		*ret = op_elf_u64(frame->header, bytes);
	return err;
}

/** What is left of an entry: unwinding instructions. */
static struct op_error *take_rest(struct op_reader *r, struct op_bytes *ret)
{
	*ret = (struct op_bytes){.size = op_reader_left(r), .what = ".eh_frame"};
	return op_reader_bytes(r, ret->size, &ret->data);
}

/** A CIE after its id: refuse what Wasmtime does not write, as its FDEs could not be read. */
static struct op_error *read_cie(struct eh_frame *frame, struct op_reader *r)
{
	static const char augmentation[] = "zR";
	uint8_t version, register_byte, encoding;
	const uint8_t *string;
	uint64_t code_align, length;
	int64_t data_align;
	struct op_error *err = op_reader_u8(r, &version);
	if (!err)
		err = op_reader_bytes(r, sizeof(augmentation), &string);
	if (!err && (version != 1 || memcmp(string, augmentation, sizeof(augmentation)) != 0))
		return op_reader_fail(r, "unknown kind of unwind information");
	if (!err)
		err = op_reader_uleb64(r, &code_align);
	if (!err)
		err = op_reader_sleb64(r, &data_align);
	if (!err)
		err = op_reader_u8(r, &register_byte);
	if (!err)
		err = op_reader_uleb64(r, &length);
	if (!err)
		err = op_reader_u8(r, &encoding);
	if (err)
		return err;
	if (encoding != POINTER_PCREL_ABSOLUTE)
		return op_reader_fail(r, "unknown pointer encoding 0x%x", encoding);
	frame->common.code_align = code_align;
	frame->common.data_align = data_align;
	return take_rest(r, &frame->common.initial);
}

static struct op_error *read_fde(struct eh_frame *frame, struct op_reader *r)
{
	uint64_t place = frame->section_offset + op_reader_offset(r);
	uint64_t start, size, augmentation;
	struct op_error *err = read_u64(frame, r, &start);
	if (!err)
		err = read_u64(frame, r, &size);
	if (!err)
		err = op_reader_uleb64(r, &augmentation);
	if (!err && augmentation > op_reader_left(r))
		return op_reader_fail(r, "the augmentation of an entry does not fit it");
	if (!err)
		err = op_reader_skip(r, (size_t)augmentation);
	if (err)
		return err;
	// Relative to its own place, in the image as it lies in the file; wraps where it is
	// negative.
	uint64_t offset = place + start - frame->text_offset;
	if (size == 0 || offset >= frame->text_size || size > frame->text_size - offset)
		return NULL;
	struct op_code_range range = {.text_offset = offset, .size = size, .unwind = frame->common};
	err = take_rest(r, &range.unwind.own);
	if (err)
		return err;
	return op_array_push(&frame->ranges, range) ? NULL : op_error_no_memory();
}

static struct op_error *read_entries(struct eh_frame *frame, struct op_reader *r)
{
	while (op_reader_left(r) > 0) {
		uint32_t length, id;
		struct op_error *err = read_u32(frame, r, &length);
		if (err)
			return err;
		if (length == 0)
			return NULL;
		if (length >= LENGTH_IS_64_BIT)
			return op_reader_fail(r, "an entry has a 64-bit length");
		struct op_reader entry;
		err = op_reader_sub(r, length, &entry);
		if (!err)
			err = read_u32(frame, &entry, &id);
		if (!err)
			err = id == 0 ? read_cie(frame, &entry) : read_fde(frame, &entry);
		if (err)
			return err;
	}
	return NULL;
}

struct op_error *op_eh_frame_ranges(const struct op_elf_header *header,
				    const struct op_bytes *section, uint64_t section_offset,
				    uint64_t text_offset, uint64_t text_size,
				    struct op_code_range **ret, size_t *ret_count)
{
	struct eh_frame frame = {
		.header = header,
		.section_offset = section_offset,
		.text_offset = text_offset,
		.text_size = text_size,
	};
	struct op_reader r = op_reader(section);
	struct op_error *err = read_entries(&frame, &r);
	if (err) {
		free(frame.ranges.data);
		return err;
	}
	*ret = frame.ranges.data;
	*ret_count = frame.ranges.count;
	return NULL;
}
