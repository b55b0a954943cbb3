// SPDX-License-Identifier: GPL-3.0-or-later
// The printer for std::deque as libc++ has it: a map, which is a row of pointers to blocks that
// have so many elements each; the first is somewhere in the first block. See source_pretty_cxx.h.
#include <inttypes.h>

#include "tracer/source_pretty_cxx.h"

uint64_t op_cxx_deque_block(uint64_t element_size)
{
	// libc++, deque: __deque_block_size. Its constant is not in the debug information.
	return element_size && element_size < 256 ? 4096 / element_size : 16;
}

struct deque {
	struct op_pretty *p;
	uint64_t map, map_end, start, count;
	const struct op_type *block;   // a pointer to one
	const struct op_type *element; // whose size is known
	uint64_t at;                   // index of the element that is shown next
	uint64_t held, held_address;   // the block that was asked for last, + 1; 0: none
};

static uint64_t per_block(const struct deque *deque)
{
	return op_cxx_deque_block(op_type_strip(deque->element)->size);
}

static struct op_error *read_deque(struct op_pretty *p, struct deque *ret, bool *ret_known)
{
	bool has_map, has_end = false, has_start = false, has_count = false;
	ret->element = op_cxx_argument(p->type, 0);
	struct op_error *err =
		op_pretty_number(p->x, p->value, "__map_.__begin_", &ret->map, &has_map);
	if (!err)
		err = op_pretty_number(p->x, p->value, "__map_.__end_", &ret->map_end, &has_end);
	if (!err)
		err = op_pretty_number(p->x, p->value, "__start_", &ret->start, &has_start);
	if (!err)
		err = op_pretty_number_of(p->x, p->value, PATHS("__size_", "__size_.__value_"),
					  &ret->count, &has_count);
	if (!err)
		err = op_pretty_target_type(p->x, p->value, "__map_.__begin_", &ret->block);
	const struct op_type *block = op_type_strip(ret->block);
	const struct op_type *element = op_type_strip(ret->element);
	*ret_known = has_map && has_end && has_start && has_count && block &&
		     block->kind == OP_TYPE_POINTER && block->size && element &&
		     element->has_size && element->size;
	return err;
}

static struct op_error *find_block(struct deque *deque, uint64_t number, uint64_t *ret)
{
	if (number + 1 != deque->held) {
		struct op_source_value pointer =
			op_pretty_at(deque->p, deque->block,
				     deque->map + number * op_type_strip(deque->block)->size);
		bool found;
		struct op_error *err =
			op_pretty_number(deque->p->x, &pointer, "", &deque->held_address, &found);
		if (err)
			return err;
		deque->held = found ? number + 1 : 0;
		if (!found || !deque->held_address)
			return op_error_create(OP_ERROR_UNREADABLE,
					       "its block %" PRIu64 " at 0x%" PRIx64 " %s", number,
					       pointer.address,
					       found ? "is a null pointer" : "cannot be read");
	}
	*ret = deque->held_address;
	return NULL;
}

static struct op_error *next_element(void *context, struct op_source_node *nodes, bool *ret_ended)
{
	struct deque *deque = context;
	uint64_t place = deque->start + deque->at++, block = 0, size = per_block(deque);
	*ret_ended = false;
	struct op_error *err = find_block(deque, place / size, &block);
	if (err)
		return err;
	struct op_source_value part =
		op_pretty_at(deque->p, deque->element,
			     block + place % size * op_type_strip(deque->element)->size);
	return op_render_part(deque->p->x, NULL, &part, nodes);
}

struct op_error *op_pretty_deque(struct op_pretty *p)
{
	struct deque deque = {.p = p};
	bool known;
	uint64_t room, end;
	struct op_error *err = read_deque(p, &deque, &known);
	if (err || !known)
		return err ?: op_cxx_unknown_form(p);
	uint64_t width = op_type_strip(deque.block)->size;
	if (deque.map > deque.map_end || (deque.map_end - deque.map) % width)
		return op_pretty_refuse(p,
					"a deque whose blocks are listed from 0x%" PRIx64
					" to 0x%" PRIx64 " makes no sense",
					deque.map, deque.map_end);
	if (__builtin_mul_overflow((deque.map_end - deque.map) / width, per_block(&deque), &room))
		room = UINT64_MAX;
	if (__builtin_add_overflow(deque.start, deque.count, &end) || end > room)
		return op_pretty_refuse(p,
					"a deque of length %" PRIu64 " from place %" PRIu64
					" on, with room for %" PRIu64 ", makes no sense",
					deque.count, deque.start, room);
	return op_pretty_elements(p, "std::deque", deque.count, false, next_element, &deque);
}
