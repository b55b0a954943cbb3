// SPDX-License-Identifier: GPL-3.0-or-later
// Guests that wait inside an async host call: on no thread, their fiber's stack keeps everything.
// Finds those stacks among the mappings without looking at more than a few words of each. Knows no
// values. Sources: crates/fiber/src/stackswitch/, crates/fiber/src/unix.rs,
// crates/wasmtime/src/runtime/fiber.rs.
#include <stdlib.h>

#include "base/array.h"
#include "base/reader.h"
#include "target-runtime/activation.h"

enum {
	WORD = 8,
	TOP_SP = 0x10,     // [top - 0x10]: the suspended stack pointer
	SWITCH_WORDS = 32, // the switch routine's saved registers and its return address
	SUSPENDED_MAX = 1 << 16,
};

// The kernel may merge a stack with writable pages above it, so that the region's end is not the
// stack's top: the sizes that Config::async_stack_size is set to in practice, 2 MiB being the
// default.
static const uint64_t stack_sizes[] = {2 << 20,  1 << 20,   4 << 20,  8 << 20,
				       16 << 20, 512 << 10, 256 << 10};

static bool is_below_guard(const struct op_region *guard, const struct op_region *region)
{
	return guard->end.value == region->start.value && !guard->readable && !guard->writable &&
	       !guard->executable;
}

// Is the stack that ends at top one that a fiber switch left? Its saved registers are followed by a
// return address into code.
static struct op_error *check_top(const struct op_stack_context *context, uint64_t start,
				  uint64_t top, uint64_t *ret_sp, bool *ret)
{
	const struct op_memory *memory = &context->memory;
	uint8_t words[SWITCH_WORDS * WORD];
	size_t done, at;
	*ret = false;
	struct op_error *err =
		memory->read_some(memory->context, op_host_addr(top - TOP_SP), words, WORD, &done);
	if (err || done < WORD)
		return err;
	uint64_t sp = op_load_u64_unchecked(words);
	if (sp % WORD != 0 || sp < start || sp >= top - sizeof(words))
		return NULL;
	err = memory->read_some(memory->context, op_host_addr(sp), words, sizeof(words), &done);
	if (err || done < sizeof(words))
		return err;
	for (size_t i = 0; i < SWITCH_WORDS && !*ret; i++) {
		uint64_t word = context->arch->strip_return_address(
			op_load_u64_unchecked(words + i * WORD));
		*ret = op_stack_region(context->regions, context->region_count, op_host_addr(word),
				       &at) &&
		       context->regions[at].executable;
	}
	*ret_sp = sp;
	return NULL;
}

static bool is_busy(const struct op_host_addr *busy, size_t count, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < count; i++) {
		if (busy[i].value >= start && busy[i].value < end)
			return true;
	}
	return false;
}

struct found {
	struct op_suspended *data;
	size_t count;
	size_t capacity;
};

static struct op_error *look_at_stack(const struct op_stack_context *context, uint64_t start,
				      uint64_t top, struct found *found, bool *ret_is_stack)
{
	uint64_t sp = 0;
	struct op_error *err = check_top(context, start, top, &sp, ret_is_stack);
	if (err || !*ret_is_stack)
		return err;
	struct op_unwinder unwinder;
	op_unwinder_init_range(&unwinder, context, start, top);
	struct op_exit_state state;
	if (op_saved_state_find(&unwinder, sp, &state)) {
		struct op_suspended suspended = {
			.store = op_host_addr(state.store),
			.stack_start = op_host_addr(start),
			.stack_end = op_host_addr(top),
			.sp = op_host_addr(sp),
			.entry_context = op_host_addr(state.context),
		};
		if (!op_array_push(found, suspended))
			err = op_error_no_memory();
	}
	struct op_error *failure = op_unwinder_take_failure(&unwinder);
	op_unwinder_deinit(&unwinder);
	if (err)
		op_error_destroy(failure);
	return err ? err : failure;
}

static struct op_error *look_at_region(const struct op_stack_context *context,
				       const struct op_region *region,
				       const struct op_host_addr *busy, size_t busy_count,
				       struct found *found)
{
	uint64_t start = region->start.value, end = region->end.value;
	size_t sizes = OP_ARRAY_SIZE(stack_sizes);
	// A region of such a size is one stack, used or not: a pool has a thousand of them, and one
	// look at each is enough.
	for (size_t i = 0; i < OP_ARRAY_SIZE(stack_sizes); i++) {
		if (end - start == stack_sizes[i])
			sizes = 0;
	}
	for (size_t i = 0; i <= sizes; i++) {
		uint64_t top = i == 0 ? end : start + stack_sizes[i - 1];
		if (top > end || top - start < 4096 || is_busy(busy, busy_count, start, top))
			continue;
		bool is_stack;
		struct op_error *err = look_at_stack(context, start, top, found, &is_stack);
		if (err || is_stack)
			return err;
	}
	return NULL;
}

struct op_error *op_suspended_find(const struct op_stack_context *context,
				   const struct op_host_addr *busy, size_t busy_count,
				   struct op_suspended **ret, size_t *ret_count)
{
	struct found found = {0};
	struct op_error *err = NULL;
	for (size_t i = 1; !err && i < context->region_count && found.count < SUSPENDED_MAX; i++) {
		const struct op_region *region = &context->regions[i];
		if (!region->anonymous || !region->readable || !region->writable ||
		    !is_below_guard(region - 1, region))
			continue;
		if (op_cancelled(context->cancel))
			err = op_error_create(OP_ERROR_INTERRUPTED,
					      "the search for suspended guests was interrupted");
		else
			err = look_at_region(context, region, busy, busy_count, &found);
	}
	if (err) {
		free(found.data);
		return err;
	}
	*ret = found.data;
	*ret_count = found.count;
	return NULL;
}
