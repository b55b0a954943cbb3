// SPDX-License-Identifier: GPL-3.0-or-later
// Activations on one stack: which records of guest code calling out are real. Stale records of
// calls that returned lie in the unused parts of host frames; only agreement with the store tells
// them from live ones. Knows no values and no Wasm pcs.
#include "target-runtime/activation.h"

#include <string.h>

enum {
	WORD = 8,
	SCAN_BYTES_MAX = 1 << 20,   // how far above a known place an activation is looked for
	EXIT_FRAME_MAX = 16 * 1024, // a trampoline's frame: 16 bytes for each of at most 1,000
				    // parameters or results
	ENTRY_SPILLS_MAX = 4096,    // around an entry frame: where the store's address may be kept
	CHECK_STEPS_MAX = 400 * 1000, // frames followed per walk to check records
	SCANS_PER_CANCEL_CHECK = 4096,
};

// EntryStoreContext, in words below the one that points to the store. The order is the Rust
// compiler's choice, the same in every release from 36 to 50 that was looked at; a match is
// verified word by word, so another order is not found rather than misread. Source:
// crates/wasmtime/src/runtime/func.rs.
struct saved_layout {
	bool has_trap_handler;
	int exit_pc, exit_fp, entry_fp, entry_sp, trap_handler;
};
static const struct saved_layout saved_layouts[] = {
	{.has_trap_handler = true,
	 .exit_pc = 5,
	 .exit_fp = 4,
	 .entry_fp = 3,
	 .entry_sp = 2,
	 .trap_handler = 1},                                                    // v38+
	{.has_trap_handler = false, .exit_pc = 3, .exit_fp = 2, .entry_fp = 1}, // v36, v37
};

void op_unwinder_init_range(struct op_unwinder *unwinder, const struct op_stack_context *context,
			    uint64_t start, uint64_t end)
{
	memset(unwinder, 0, sizeof(*unwinder));
	unwinder->context = context;
	unwinder->stack_start = start;
	unwinder->stack_end = end;
	unwinder->steps_left = CHECK_STEPS_MAX;
	op_code_places_init(&unwinder->places, context);
	op_stack_window_init(&unwinder->scan, &context->memory, start, end);
	op_stack_window_init(&unwinder->chain, &context->memory, start, end);
}

bool op_unwinder_init(struct op_unwinder *unwinder, const struct op_stack_context *context,
		      uint64_t sp)
{
	size_t at;
	if (!op_stack_region(context->regions, context->region_count, op_host_addr(sp), &at))
		return false;
	const struct op_region *region = &context->regions[at];
	// A stack that ran over stands in its guard page; its frames are in the pages above.
	if (!region->writable && at + 1 < context->region_count &&
	    region[1].start.value == region->end.value)
		region++;
	if (!region->readable || !region->writable)
		return false;
	op_unwinder_init_range(unwinder, context, region->start.value, region->end.value);
	return true;
}

void op_unwinder_deinit(struct op_unwinder *unwinder)
{
	op_stack_window_deinit(&unwinder->scan);
	op_stack_window_deinit(&unwinder->chain);
	op_code_places_deinit(&unwinder->places);
}

struct op_error *op_unwinder_take_failure(struct op_unwinder *unwinder)
{
	if (unwinder->scan.failure)
		return op_take(unwinder->scan.failure);
	return unwinder->chain.failure ? op_take(unwinder->chain.failure)
				       : op_take(unwinder->places.failure);
}

// The caller of a frame, by the rules of its state. False when it cannot be read.
static bool read_caller(struct op_unwinder *unwinder, const struct op_chain_frame *frame,
			struct op_chain_frame *ret)
{
	const struct op_arch *arch = unwinder->context->arch;
	uint64_t fp = frame->fp, pc, pc_place = frame->sp;
	if (frame->state != OP_FRAME_NOT_PUSHED) {
		uint64_t record = frame->state == OP_FRAME_ESTABLISHED ? frame->fp : frame->sp;
		if (!op_stack_window_read(&unwinder->chain, record, &fp))
			return false;
		pc_place = record + arch->return_offset;
	}
	if (!op_stack_window_read(&unwinder->chain, pc_place, &pc))
		return false;
	*ret = (struct op_chain_frame){.pc = arch->strip_return_address(pc),
				       .fp = fp,
				       .sp = pc_place + WORD,
				       .is_return = true,
				       .state = OP_FRAME_ESTABLISHED};
	return true;
}

// Frame pointers grow strictly and stay on the stack: that alone makes every chain finite.
static bool plausible_caller(const struct op_unwinder *unwinder,
			     const struct op_chain_frame *caller)
{
	return caller->fp % WORD == 0 && caller->fp >= caller->sp &&
	       caller->fp < unwinder->stack_end;
}

enum op_chain_result
op_chain_follow(struct op_unwinder *unwinder, const struct op_chain_frame *first,
		bool (*visit)(void *context, const struct op_chain_frame *frame),
		void *visit_context, struct op_chain_end *ret)
{
	struct op_chain_frame frame = *first;
	*ret = (struct op_chain_end){0};
	frame.place = op_code_places_find(&unwinder->places, frame.pc, frame.is_return);
	if (frame.place.role == OP_CODE_NONE)
		return OP_CHAIN_BROKEN;
	for (;;) {
		struct op_chain_frame caller = {0};
		bool has_caller = read_caller(unwinder, &frame, &caller);
		if (has_caller)
			caller.place = op_code_places_find(&unwinder->places, caller.pc, true);
		bool caller_is_host = has_caller && caller.place.role == OP_CODE_NONE;
		// Without symbols an entry is known by its caller alone.
		if (frame.place.role == OP_CODE_EXIT &&
		    frame.place.function->kind == OP_FUNCTION_OTHER && caller_is_host)
			frame.place.role = OP_CODE_ENTRY;
		if (frame.place.role == OP_CODE_STARTUP && caller_is_host)
			frame.place.role = OP_CODE_ENTRY;
		ret->last = frame;
		if (!visit(visit_context, &frame))
			return OP_CHAIN_STOPPED;
		if (frame.place.role == OP_CODE_ENTRY)
			return OP_CHAIN_ENTRY;
		if (!has_caller || caller_is_host || !plausible_caller(unwinder, &caller)) {
			ret->broken_pc = caller.pc;
			return OP_CHAIN_BROKEN;
		}
		frame = caller;
	}
}

static struct op_exit_state *known_store(struct op_unwinder *unwinder, uint64_t store)
{
	for (size_t i = 0; i < unwinder->store_count; i++) {
		if (unwinder->stores[i].store == store)
			return &unwinder->stores[i];
	}
	return NULL;
}

void op_unwinder_learn_state(struct op_unwinder *unwinder, const struct op_exit_state *state)
{
	struct op_exit_state *known = known_store(unwinder, state->store);
	if (known)
		*known = *state;
	else if (unwinder->store_count < OP_ACTIVATION_STORES_MAX)
		unwinder->stores[unwinder->store_count++] = *state;
}

static bool on_stack(const struct op_unwinder *unwinder, uint64_t addr)
{
	return addr >= unwinder->stack_start && addr < unwinder->stack_end;
}

// A VMStoreContext lives on the heap, or in memory the embedder gave: writable, aligned, not on
// this stack.
static bool may_be_store(const struct op_unwinder *unwinder, uint64_t addr)
{
	const struct op_stack_context *context = unwinder->context;
	size_t at;
	return addr && addr % WORD == 0 && !on_stack(unwinder, addr) &&
	       op_stack_region(context->regions, context->region_count, op_host_addr(addr), &at) &&
	       context->regions[at].readable && context->regions[at].writable;
}

// The store at addr when it says that its newest activation was entered through the frame at
// entry_fp.
static bool live_state(struct op_unwinder *unwinder, const struct op_layout *layout, uint64_t addr,
		       uint64_t entry_fp, struct op_exit_state *ret)
{
	if (!may_be_store(unwinder, addr))
		return false;
	struct op_store_state state;
	_cleanup_error_ struct op_error *err =
		op_store_read(&unwinder->context->memory, layout, op_host_addr(addr), &state);
	if (err || state.entry_fp.value != entry_fp)
		return false;
	*ret = (struct op_exit_state){
		.store = addr,
		.exit_pc = state.exit_pc.value,
		.exit_fp = state.exit_fp.value,
		.entry_fp = entry_fp,
		.exit_fp_is_caller = layout->store_exit_fp_is_caller,
	};
	return true;
}

// The store behind an entry frame. From v38 on the trampoline keeps its address at [entry_sp + 8];
// else it is spilled nearby or in the host frame above. Which word it is is settled by the store
// itself: it must name this very frame.
static bool resolve_store(struct op_unwinder *unwinder, const struct op_chain_end *end,
			  struct op_exit_state *ret)
{
	const struct op_layout *layout = op_artifact_info(end->last.place.image->artifact)->layout;
	if (!layout)
		return false;
	uint64_t sp = end->last.sp, fp = end->last.fp, word, tried = 0;
	if (op_stack_window_read(&unwinder->chain, sp + WORD, &word) &&
	    live_state(unwinder, layout, word, fp, ret))
		return true;
	for (uint64_t addr = sp;
	     addr < fp + ENTRY_SPILLS_MAX && op_stack_window_read(&unwinder->chain, addr, &word);
	     addr += WORD) {
		if (word == tried)
			continue;
		tried = word;
		if (live_state(unwinder, layout, word, fp, ret))
			return true;
	}
	return false;
}

void op_unwinder_learn_store(struct op_unwinder *unwinder, const struct op_chain_end *end)
{
	struct op_exit_state state;
	if (!resolve_store(unwinder, end, &state) || known_store(unwinder, state.store))
		return;
	// The guest is running in this activation: the exit it shows is one that has returned.
	state.exit_pc = state.exit_fp = 0;
	op_unwinder_learn_state(unwinder, &state);
}

static bool is_guest_return(struct op_unwinder *unwinder, uint64_t pc)
{
	struct op_code_place place = op_code_places_find(&unwinder->places, pc, true);
	return (place.role == OP_CODE_GUEST || place.role == OP_CODE_STARTUP) && place.after_call;
}

static bool match_layout(struct op_unwinder *unwinder, const struct saved_layout *layout,
			 uint64_t addr, struct op_exit_state *ret)
{
	struct op_stack_window *window = &unwinder->scan;
	uint64_t words[6] = {0};
	// The word next to the pointer decides in nearly every case.
	for (int i = 1; i <= layout->exit_pc; i++) {
		if (!op_stack_window_read(window, addr - (uint64_t)i * WORD, &words[i]))
			return false;
		if (i != 1 || !layout->has_trap_handler)
			continue;
		struct op_code_place handler =
			op_code_places_find(&unwinder->places, words[1], false);
		if (handler.role != OP_CODE_ENTRY && handler.role != OP_CODE_STARTUP)
			return false;
	}
	uint64_t exit_pc = words[layout->exit_pc], exit_fp = words[layout->exit_fp],
		 entry_fp = words[layout->entry_fp];
	if (!on_stack(unwinder, exit_fp) || !on_stack(unwinder, entry_fp) || exit_fp > entry_fp ||
	    exit_fp % WORD != 0 || entry_fp % WORD != 0 || !is_guest_return(unwinder, exit_pc))
		return false;
	uint64_t record_pc, store;
	if (layout->has_trap_handler) {
		uint64_t entry_sp = words[layout->entry_sp];
		if (entry_sp > entry_fp || entry_sp <= exit_fp ||
		    !op_stack_window_read(&unwinder->chain,
					  exit_fp + unwinder->context->arch->return_offset,
					  &record_pc) ||
		    unwinder->context->arch->strip_return_address(record_pc) != exit_pc)
			return false;
	}
	if (!op_stack_window_read(window, addr, &store) || !may_be_store(unwinder, store))
		return false;
	*ret = (struct op_exit_state){
		.store = store,
		.exit_pc = exit_pc,
		.exit_fp = exit_fp,
		.entry_fp = entry_fp,
		.exit_fp_is_caller = !layout->has_trap_handler,
		.context = addr,
	};
	return true;
}

bool op_saved_state_match(struct op_unwinder *unwinder, uint64_t addr, struct op_exit_state *ret)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(saved_layouts); i++) {
		if (match_layout(unwinder, &saved_layouts[i], addr, ret))
			return true;
	}
	return false;
}

static bool cancelled(const struct op_unwinder *unwinder, uint64_t addr)
{
	return addr / WORD % SCANS_PER_CANCEL_CHECK == 0 && op_cancelled(unwinder->context->cancel);
}

bool op_saved_state_find(struct op_unwinder *unwinder, uint64_t from, struct op_exit_state *ret)
{
	// The words below: a text address stands right beside the pointer to the store or (v36)
	// three words from it.
	uint64_t first = 0, second = 0, third = 0, word;
	for (uint64_t addr = from; op_stack_window_read(&unwinder->scan, addr, &word);
	     addr += WORD) {
		if (cancelled(unwinder, addr))
			return false;
		bool text_near =
			(first >= unwinder->places.text_low &&
			 first <= unwinder->places.text_high) ||
			(third >= unwinder->places.text_low && third <= unwinder->places.text_high);
		// A suspended guest's state was saved above its own entry frame.
		if (text_near && addr >= from + 3 * WORD &&
		    op_saved_state_match(unwinder, addr, ret) && ret->entry_fp < addr &&
		    ret->exit_fp >= from)
			return true;
		third = second;
		second = first;
		first = word;
	}
	return false;
}

static bool state_has_record(const struct op_exit_state *state, uint64_t address, uint64_t pc,
			     uint64_t fp)
{
	return state->exit_pc == pc && state->exit_fp == (state->exit_fp_is_caller ? fp : address);
}

static bool count_step(void *context, const struct op_chain_frame *frame)
{
	struct op_unwinder *unwinder = context;
	if (unwinder->steps_left == 0)
		return false;
	unwinder->steps_left--;
	return true;
}

// Is there an activation of a store not met so far behind this record? Learns the store.
static void learn_behind(struct op_unwinder *unwinder, uint64_t address, uint64_t pc, uint64_t fp)
{
	for (size_t i = 0; i < unwinder->store_count; i++) {
		// The frames of a known live activation lead to its entry; no need to follow them
		// once more.
		const struct op_exit_state *known = &unwinder->stores[i];
		if (known->exit_fp && fp >= known->exit_fp && fp <= known->entry_fp)
			return;
	}
	struct op_chain_frame first = {.pc = pc,
				       .fp = fp,
				       .sp = address + 2 * WORD,
				       .is_return = true,
				       .state = OP_FRAME_ESTABLISHED};
	struct op_chain_end end;
	struct op_exit_state state;
	if (op_chain_follow(unwinder, &first, count_step, unwinder, &end) == OP_CHAIN_ENTRY &&
	    resolve_store(unwinder, &end, &state) && !known_store(unwinder, state.store))
		op_unwinder_learn_state(unwinder, &state);
}

// The exit record at addr, if the words there are one and a store vouches for it.
static bool match_record(struct op_unwinder *unwinder, uint64_t address, uint64_t fp, uint64_t pc,
			 struct op_exit_record *ret)
{
	if (fp <= address || fp >= unwinder->stack_end || fp % WORD != 0 ||
	    !is_guest_return(unwinder, pc))
		return false;
	for (int attempt = 0; attempt < 2; attempt++) {
		for (size_t i = 0; i < unwinder->store_count; i++) {
			if (!state_has_record(&unwinder->stores[i], address, pc, fp))
				continue;
			*ret = (struct op_exit_record){.address = address,
						       .pc = pc,
						       .fp = fp,
						       .state = unwinder->stores[i]};
			return true;
		}
		if (attempt == 0)
			learn_behind(unwinder, address, pc, fp);
	}
	return false;
}

bool op_activation_find(struct op_unwinder *unwinder, uint64_t from, bool suspended,
			struct op_exit_record *ret)
{
	const struct op_arch *arch = unwinder->context->arch;
	struct op_stack_window *window = &unwinder->scan;
	from = (from + WORD - 1) & ~(uint64_t)(WORD - 1);
	if (suspended) {
		struct op_exit_state state;
		if (!op_saved_state_find(unwinder, from, &state))
			return false;
		op_unwinder_learn_state(unwinder, &state);
	}
	uint64_t word, above;
	for (uint64_t addr = from; suspended || addr - from < SCAN_BYTES_MAX; addr += WORD) {
		if (!op_stack_window_read(window, addr, &word) || cancelled(unwinder, addr))
			return false;
		struct op_exit_state saved;
		// The host saved what the store said before it entered the guest: that is the next
		// outer activation's.
		if (!suspended && known_store(unwinder, word) &&
		    op_saved_state_match(unwinder, addr, &saved) && saved.exit_fp > addr)
			op_unwinder_learn_state(unwinder, &saved);
		if (!op_stack_window_read(window, addr + arch->return_offset, &above))
			return false;
		above = arch->strip_return_address(above);
		if (above < unwinder->places.text_low || above > unwinder->places.text_high)
			continue;
		if (match_record(unwinder, addr, word, above, ret))
			return true;
	}
	return false;
}

bool op_exit_frame_find(struct op_unwinder *unwinder, uint64_t low,
			const struct op_exit_record *record, struct op_chain_frame *ret)
{
	uint64_t top = record->address, floor = top > EXIT_FRAME_MAX && top - EXIT_FRAME_MAX > low
							? top - EXIT_FRAME_MAX
							: low;
	struct op_code_place target;
	bool is_direct = op_code_call_target(&unwinder->places, record->pc, &target);
	bool found = false;
	// The return address of the trampoline's call lies right below its frame. The frame's
	// unused parts may hold that of an earlier call through another, smaller trampoline:
	// builtins are called directly and nothing else is, and the lowest one is the frame's own.
	for (uint64_t addr = top - WORD; addr >= floor && addr < top; addr -= WORD) {
		uint64_t pc, size;
		if (!op_stack_window_read(&unwinder->chain, addr, &pc))
			break;
		pc = unwinder->context->arch->strip_return_address(pc);
		struct op_code_place place = op_code_places_find(&unwinder->places, pc, true);
		if (place.role != OP_CODE_EXIT || !place.after_call)
			continue;
		if (is_direct ? place.function != target.function
			      : place.function->kind == OP_FUNCTION_BUILTIN)
			continue;
		if (op_code_frame_size(unwinder->context, &place, &size) &&
		    size != top - (addr + WORD))
			continue;
		*ret = (struct op_chain_frame){.pc = pc,
					       .fp = top,
					       .sp = addr + WORD,
					       .is_return = true,
					       .state = OP_FRAME_ESTABLISHED,
					       .place = place};
		found = true;
	}
	return found;
}
