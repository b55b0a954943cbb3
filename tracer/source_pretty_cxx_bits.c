// SPDX-License-Identifier: GPL-3.0-or-later
// Printers for what the C++ standard library has whose elements are bits; see source_pretty_cxx.h.
// Both kinds keep them in words, the first in the lowest bit: in a guest's memory, which is
// little-endian, that is a row of bytes with the same order in each.
#include <inttypes.h>
#include <string.h>

#include "tracer/source_pretty_cxx.h"

enum {
	BLOCK_SIZE = 256,
	/** Bits of one value that are looked at for equal ones; so many of them are as much work as
	 * showing a value. */
	SCAN_MAX = 1 << 20,
	SCAN_WORK = 2048,
};

/** Bits in a row. */
struct bits {
	struct op_pretty *p;
	uint64_t count;
	const uint8_t *bytes; // all of them; NULL: they are in memory
	uint64_t address;
	uint8_t block[BLOCK_SIZE]; // of those in memory: held bytes from first on
	uint64_t first, held;
	uint64_t left; // bits that are still looked at for equal ones
};

static struct op_error *bit_at(struct bits *bits, uint64_t index, bool *ret)
{
	uint64_t at = index / 8;
	if (bits->bytes) {
		*ret = bits->bytes[at] >> index % 8 & 1;
		return NULL;
	}
	if (at < bits->first || at - bits->first >= bits->held) {
		uint64_t size = (bits->count + 7) / 8 - at;
		bits->first = at;
		bits->held = size < BLOCK_SIZE ? size : BLOCK_SIZE;
		struct op_error *err = op_session_read_memory(
			bits->p->x->session, bits->p->x->frame, bits->p->value->memory,
			bits->address + at, bits->block, (size_t)bits->held);
		if (err)
			return err;
	}
	*ret = bits->block[at - bits->first] >> index % 8 & 1;
	return NULL;
}

// The bit at an index, and how many from there on are the same. What cannot be read ends them.
static struct op_error *run_at(struct bits *bits, uint64_t index, bool *ret, uint64_t *ret_run)
{
	size_t *left = &bits->p->x->nodes_left;
	struct op_error *err = bit_at(bits, index, ret);
	*ret_run = 1;
	for (; !err && bits->left && *left && index + *ret_run < bits->count; ++*ret_run) {
		bool bit;
		struct op_error *end = bit_at(bits, index + *ret_run, &bit);
		if (end && op_source_is_fatal(end))
			return end;
		op_error_destroy(end);
		if (end || bit != *ret)
			break;
		*left -= --bits->left % SCAN_WORK == 0;
	}
	return err;
}

static struct op_error *show(struct bits *bits)
{
	struct op_render *x = bits->p->x;
	struct op_source_node *node = bits->p->node, *children;
	uint64_t shown = bits->count < x->limits.elements ? bits->count : x->limits.elements;
	struct op_error *err = op_render_children(x, node, shown, &children);
	uint64_t index = 0;
	size_t used = 0, weight = 0;
	bits->left = SCAN_MAX;
	while (!err && used < node->child_count && index < bits->count && weight < shown) {
		bool bit;
		uint64_t run;
		err = run_at(bits, index, &bit, &run);
		if (err)
			break;
		bool is_run = run > x->limits.repeats;
		children[used++] = (struct op_source_node){.type = "bool",
							   .text = bit ? "true" : "false",
							   .repeats = is_run ? run : 0};
		index += is_run ? run : 1;
		weight += is_run ? x->limits.repeats : 1;
	}
	x->nodes_left += node->child_count - used;
	node->child_count = used;
	node->kind = OP_SOURCE_NODE_ARRAY;
	node->length = bits->count;
	node->cut = index < bits->count;
	bits->p->done = true;
	return op_render_problem(x, err, node);
}

struct op_error *op_pretty_vector_bool(struct op_pretty *p)
{
	struct bits bits = {.p = p};
	uint64_t words, room;
	bool has_begin, has_count = false, has_words = false;
	const struct op_type *word = NULL;
	struct op_error *err =
		op_pretty_number(p->x, p->value, "__begin_", &bits.address, &has_begin);
	if (!err)
		err = op_pretty_number(p->x, p->value, "__size_", &bits.count, &has_count);
	if (!err)
		err = op_pretty_number_of(p->x, p->value, PATHS("__cap_", "__cap_alloc_.__value_"),
					  &words, &has_words);
	if (!err)
		err = op_pretty_target_type(p->x, p->value, "__begin_", &word);
	word = op_type_strip(word);
	if (err || !has_begin || !has_count || !has_words || !word || !word->size)
		return err ?: op_cxx_unknown_form(p);
	if (__builtin_mul_overflow(words, word->size * 8, &room) || bits.count > room)
		return op_pretty_refuse(
			p, "a vector of %" PRIu64 " bits in %" PRIu64 " words makes no sense",
			bits.count, words);
	err = show(&bits);
	return err
		       ?: op_render_format(p->x, &p->node->summary,
					   "std::vector<bool> of length %" PRIu64, bits.count);
}

struct op_error *op_pretty_bitset(struct op_pretty *p)
{
	_cleanup_source_value_ struct op_source_value words = {0};
	struct bits bits = {.p = p};
	int64_t count = 0;
	bool found = false;
	struct op_error *err = NULL;
	if (!op_cxx_number_argument(p->type, 0, &count) || count < 0)
		return op_cxx_unknown_form(p);
	bits.count = (uint64_t)count;
	if (count)
		err = op_pretty_part(p->x, p->value, "__first_", &words, &found);
	const struct op_type *type = op_type_strip(words.type);
	if (err || (count && (!found || !type || !type->has_size)))
		return err ?: op_cxx_unknown_form(p);
	if (count && (bits.count - 1) / 8 >= type->size)
		return op_pretty_refuse(p, "%" PRIu64 " bits in %" PRIu64 " bytes make no sense",
					bits.count, type->size);
	if (words.place == OP_SOURCE_VALUE_BYTES) {
		if (!op_source_value_is_known(&words, 0, words.size))
			return op_pretty_refuse(p, "it is optimised out in part");
		bits.bytes = words.bytes;
	}
	bits.address = words.address;
	err = show(&bits);
	return err
		       ?: op_render_format(p->x, &p->node->summary,
					   "std::bitset of length %" PRIu64, bits.count);
}
