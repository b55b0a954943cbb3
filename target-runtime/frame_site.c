// SPDX-License-Identifier: GPL-3.0-or-later
// From a machine frame's pc to what the frame table and the address map say about it. Reads no
// stack. Rules: docs/wasmtime.md ("lookup rules"); crates/environ/src/frame_table.rs,
// crates/cranelift/src/translate/func_environ.rs of Wasmtime.
#include "target-runtime/frame_site.h"

#include <inttypes.h>

// Slots with one Wasm pc: one for each inlined copy. More than this are not looked at.
enum { SAME_PC_MAX = 4096 };

struct op_error *op_frame_site_init(struct op_frame_site *site,
				    const struct op_stack_context *context,
				    const struct op_machine_frame *frame)
{
	const struct op_image *image = op_image_set_by_id(context->images, frame->image);
	if (!image)
		return op_error_create(OP_ERROR_STATE,
				       "the code of the frame at 0x%" PRIx64 " is no longer loaded",
				       frame->pc.value);
	*site = (struct op_frame_site){
		.image = image,
		.info = op_artifact_info(image->artifact),
		.function = frame->function,
		.offset = (uint32_t)(frame->pc.value - image->text.value),
		.is_return = frame->pc_is_return_address,
		.dismantled = frame->state != OP_FRAME_ESTABLISHED,
	};
	const struct op_layout *layout = site->info->layout;
	site->pcs_are_component_relative =
		layout && layout->pcs_are_component_relative && site->info->is_component;
	site->call_point_is_next = layout && layout->call_point_is_next;
	// A broken table leaves what can be known without it.
	_cleanup_error_ struct op_error *no_table =
		op_artifact_frame_table(image->artifact, &site->table);
	if (no_table)
		site->table = NULL;
	_cleanup_error_ struct op_error *no_map =
		op_artifact_address_map(image->artifact, &site->map);
	if (no_map)
		site->map = NULL;
	_cleanup_error_ struct op_error *no_bias =
		op_artifact_module_bias(image->artifact, frame->function->module, &site->bias);
	site->has_bias = !no_bias;
	return NULL;
}

bool op_frame_site_module_pc(const struct op_frame_site *site, uint32_t table_pc, uint32_t *ret)
{
	if (site->pcs_are_component_relative && (!site->has_bias || table_pc < site->bias))
		return false;
	*ret = site->pcs_are_component_relative ? table_pc - site->bias : table_pc;
	return true;
}

static const struct op_wasm_module *module_of(const struct op_frame_site *site, uint32_t module)
{
	const struct op_wasm_module *ret;
	_cleanup_error_ struct op_error *err =
		op_artifact_module(site->image->artifact, module, &ret);
	return err ? NULL : ret;
}

bool op_frame_site_body(const struct op_frame_site *site, uint32_t module, uint32_t full_index,
			struct op_wasm_body *ret)
{
	const struct op_wasm_module *wasm = module_of(site, module);
	return wasm && op_wasm_module_function_body(wasm, full_index, ret);
}

bool op_frame_site_full_index(const struct op_frame_site *site,
			      const struct op_point_frame *outermost, uint32_t module,
			      uint32_t defined, uint32_t *ret)
{
	const struct op_wasm_module *wasm = module_of(site, module);
	if (wasm) {
		*ret = op_wasm_module_imported(wasm, OP_WASM_EXTERNAL_FUNC) + defined;
		return true;
	}
	// Without bytecode: the outermost body is the machine function, whose full index its symbol
	// tells.
	struct op_frame_descriptor descriptor;
	_cleanup_error_ struct op_error *err =
		op_frame_table_descriptor(site->table, outermost->descriptor, &descriptor);
	if (err || descriptor.module != module || site->function->module != module ||
	    site->function->index < descriptor.function)
		return false;
	*ret = site->function->index - descriptor.function + defined;
	return true;
}

// Positions

struct position_search {
	uint32_t until;
	bool found;
	uint32_t position;
	uint32_t limit;
};

static bool last_position(void *context, const struct op_address_map_entry *entry)
{
	struct position_search *search = context;
	// One later than wanted is taken only when there was none before it: the prologue has no
	// position of its own.
	if (entry->text_offset >= search->limit ||
	    (entry->text_offset > search->until && search->found))
		return false;
	if (entry->has_position) {
		search->found = true;
		search->position = entry->position;
	}
	return true;
}

// The position of the instruction at the site's pc, in the table's numbering. Inlined code has no
// positions (seen in the maps of 49; test_scenarios.py, test_two_frames): what was last
// begun is then the call that was inlined, in another body.
static bool map_position(const struct op_frame_site *site, bool inlined, uint32_t *ret)
{
	if (!site->map || (!site->pcs_are_component_relative && !site->has_bias))
		return false;
	uint32_t inside = site->is_return ? site->offset - 1 : site->offset, position;
	if (!op_address_map_lookup(site->map, inside, &position)) {
		if (inlined)
			return false;
		// Moves and spills have no position: they belong to what was last begun.
		struct position_search search = {.until = inside,
						 .limit = site->function->text_offset +
							  site->function->size};
		_cleanup_error_ struct op_error *err = op_address_map_each(
			site->map, site->function->text_offset, last_position, &search);
		if (err || !search.found)
			return false;
		position = search.position;
	}
	if (!site->pcs_are_component_relative) {
		if (position < site->bias)
			return false;
		position -= site->bias;
	}
	*ret = position;
	return true;
}

// Points

static bool in_function(const struct op_frame_site *site, uint32_t text_offset)
{
	return text_offset >= site->function->text_offset &&
	       text_offset - site->function->text_offset < site->function->size;
}

static bool load_frames(const struct op_frame_site *site, const struct op_point *point,
			struct op_site_frames *ret)
{
	_cleanup_error_ struct op_error *err = op_frame_table_point_frames(
		site->table, point, ret->frames, OP_POINT_FRAMES_MAX, &ret->count);
	if (err)
		ret->count = 0;
	return !err && ret->count > 0;
}

// The point that is exactly here.
static bool exact_point(const struct op_frame_site *site, struct op_point *ret)
{
	if (site->is_return)
		return op_frame_table_find_exact(site->table, site->offset, OP_POINT_POST, ret);
	// A thread anywhere in a slot, or right behind it, has not begun the instruction that the
	// slot announces.
	size_t after = op_frame_table_text_slot_lower_bound(site->table, site->offset + 1);
	if (after > 0) {
		struct op_slot slot = op_frame_table_text_slot(site->table, after - 1);
		if (slot.text_offset + slot.size >= site->offset &&
		    in_function(site, slot.text_offset))
			return op_frame_table_find_exact(site->table, slot.text_offset + slot.size,
							 OP_POINT_POST, ret);
	}
	return op_frame_table_find_exact(site->table, site->offset, OP_POINT_PRE, ret);
}

// The frames at the slot before the instruction at pc: the last such slot at or below the site,
// else any of this function.
static bool frames_before(const struct op_frame_site *site, uint32_t pc, struct op_site_frames *ret)
{
	size_t count = op_frame_table_slot_count(site->table),
	       begin = op_frame_table_slot_lower_bound(site->table, pc);
	bool found = false;
	struct op_slot best = {0};
	for (size_t i = begin; i < count && i - begin < SAME_PC_MAX; i++) {
		struct op_slot slot = op_frame_table_slot(site->table, i);
		if (slot.pc != pc)
			break;
		if (!in_function(site, slot.text_offset))
			continue;
		bool below = slot.text_offset <= site->offset,
		     best_below = best.text_offset <= site->offset;
		if (!found || (below && (!best_below || slot.text_offset > best.text_offset)))
			best = slot;
		found = true;
	}
	struct op_point point;
	return found &&
	       op_frame_table_find_exact(site->table, best.text_offset + best.size, OP_POINT_POST,
					 &point) &&
	       load_frames(site, &point, ret) && ret->frames[ret->count - 1].pc == pc;
}

// Any point of the function, for its descriptor: the nearest one below, else the first one above.
static bool nearest_frames(const struct op_frame_site *site, struct op_site_frames *ret)
{
	struct op_point point;
	if (op_frame_table_find_before(site->table, site->offset, OP_POINT_PRE, &point) &&
	    in_function(site, point.text_offset - 1))
		return load_frames(site, &point, ret);
	size_t next = op_frame_table_find_before(site->table, site->offset, OP_POINT_PRE, &point)
			      ? point.index + 1
			      : 0;
	if (next >= op_frame_table_point_count(site->table))
		return false;
	point = op_frame_table_point(site->table, next);
	return in_function(site, point.text_offset - 1) && load_frames(site, &point, ret);
}

// The first slot of the function in text order: what lies before it is prologue.
static bool first_slot(const struct op_frame_site *site, struct op_slot *ret)
{
	size_t index =
		op_frame_table_text_slot_lower_bound(site->table, site->function->text_offset);
	if (index >= op_frame_table_slot_count(site->table))
		return false;
	*ret = op_frame_table_text_slot(site->table, index);
	return in_function(site, ret->text_offset);
}

// Where the innermost body's first instruction is, in the table's numbering.
static bool code_start(const struct op_frame_site *site, const struct op_site_frames *frames,
		       uint32_t *ret)
{
	struct op_frame_descriptor descriptor;
	_cleanup_error_ struct op_error *err = op_frame_table_descriptor(
		site->table, frames->frames[frames->count - 1].descriptor, &descriptor);
	uint32_t index;
	struct op_wasm_body body;
	if (!err && !site->pcs_are_component_relative &&
	    op_frame_site_full_index(site, &frames->frames[0], descriptor.module,
				     descriptor.function, &index) &&
	    op_frame_site_body(site, descriptor.module, index, &body)) {
		*ret = body.code_start;
		return true;
	}
	struct op_slot slot;
	if (frames->count != 1 || !first_slot(site, &slot))
		return false;
	*ret = slot.pc;
	return true;
}

static void set_pc(struct op_site_frames *ret, uint32_t pc)
{
	ret->has_pc = true;
	ret->pc = pc;
}

// A position in the declarations of locals is the stack check at the function's entry: the body has
// not begun.
static void check_prologue(const struct op_frame_site *site, struct op_site_frames *ret)
{
	uint32_t start;
	if (!ret->has_pc || ret->count == 0 || !code_start(site, ret, &start) || ret->pc >= start)
		return;
	ret->state = OP_SITE_PROLOGUE;
	ret->has_next = false;
	set_pc(ret, start);
}

// Whether the slot of the instruction that a point names comes right behind the point: it is then
// the one after a call. The point of a trap is in a cold block, behind its instruction's slot.
static bool goes_on(const struct op_frame_site *site, const struct op_point *point,
		    const struct op_point_frame *innermost)
{
	if (point->index + 1 >= op_frame_table_point_count(site->table))
		return false;
	struct op_point next = op_frame_table_point(site->table, point->index + 1);
	size_t after = op_frame_table_text_slot_lower_bound(site->table, next.text_offset);
	struct op_site_frames frames;
	if (!after || !in_function(site, next.text_offset - 1) ||
	    !load_frames(site, &next, &frames))
		return false;
	struct op_slot slot = op_frame_table_text_slot(site->table, after - 1);
	const struct op_point_frame *last = &frames.frames[frames.count - 1];
	return slot.text_offset + slot.size == next.text_offset && last->pc == innermost->pc &&
	       last->descriptor == innermost->descriptor;
}

// At the return address of a call that has a program point.
static void resolve_call_point(const struct op_frame_site *site, const struct op_point *at,
			       struct op_site_frames *ret)
{
	uint32_t point_pc = ret->frames[ret->count - 1].pc, position = point_pc;
	bool inlined = ret->count > 1;
	bool has_position = map_position(site, inlined, &position);
	ret->state = OP_SITE_EXACT;
	ret->outer_hold = true;
	if (!site->call_point_is_next) {
		set_pc(ret, point_pc);
		return;
	}
	if (has_position && position < point_pc) {
		set_pc(ret, position);
		ret->has_next = true;
		ret->next_pc = point_pc;
		return;
	}
	if (!has_position && (!inlined || goes_on(site, at, &ret->frames[ret->count - 1]))) {
		// Only what comes after is known; the caller finds the call in the bytecode.
		ret->has_next = true;
		ret->next_pc = point_pc;
		return;
	}
	// The trapping operator's own point, with an empty shape (the call of `raise`): its
	// operands are those before it.
	set_pc(ret, point_pc);
	struct op_site_frames before;
	if (frames_before(site, point_pc, &before)) {
		for (size_t i = 0; i < before.count; i++)
			ret->frames[i] = before.frames[i];
		ret->count = before.count;
	} else {
		ret->state = OP_SITE_INSIDE;
	}
}

// No point is here: inside an instruction, or in a call that has none (most builtins, calls in
// try_table).
static void resolve_between(const struct op_frame_site *site, struct op_site_frames *ret)
{
	uint32_t position;
	bool inlined = nearest_frames(site, ret) && ret->count > 1;
	bool has_position = map_position(site, inlined, &position);
	ret->state = OP_SITE_INSIDE;
	if (inlined && !has_position) {
		// Whatever was passed last, in the order of the text.
		ret->state = site->is_return ? OP_SITE_EXACT : OP_SITE_INSIDE;
		ret->outer_hold = true;
		set_pc(ret, ret->frames[ret->count - 1].pc);
		return;
	}
	if (has_position && frames_before(site, position, ret)) {
		// A call out of an instruction changes no recorded operand before it returns.
		ret->state = site->is_return ? OP_SITE_EXACT : OP_SITE_INSIDE;
		ret->outer_hold = true;
		set_pc(ret, position);
		return;
	}
	bool has_frames = nearest_frames(site, ret);
	if (has_position)
		set_pc(ret, position);
	else if (has_frames)
		set_pc(ret, ret->frames[ret->count - 1].pc);
}

struct op_error *op_frame_site_resolve(const struct op_frame_site *site, struct op_site_frames *ret)
{
	ret->count = 0;
	ret->outer_hold = ret->has_pc = ret->has_next = false;
	ret->state = OP_SITE_INSIDE;
	if (!site->table) {
		uint32_t position;
		if (map_position(site, false, &position))
			set_pc(ret, position);
		return NULL;
	}
	struct op_slot first;
	bool has_first = first_slot(site, &first);
	if (!site->is_return && has_first && site->offset < first.text_offset) {
		nearest_frames(site, ret);
		ret->state = OP_SITE_PROLOGUE;
		set_pc(ret, first.pc);
		return NULL;
	}
	struct op_point point;
	if (!site->dismantled && exact_point(site, &point) && load_frames(site, &point, ret)) {
		if (site->is_return) {
			resolve_call_point(site, &point, ret);
		} else {
			ret->state = OP_SITE_EXACT;
			ret->outer_hold = true;
			set_pc(ret, ret->frames[ret->count - 1].pc);
		}
	} else {
		resolve_between(site, ret);
	}
	check_prologue(site, ret);
	if (site->dismantled && ret->state != OP_SITE_PROLOGUE)
		ret->state = OP_SITE_EPILOGUE;
	return NULL;
}
