// SPDX-License-Identifier: GPL-3.0-or-later
// The chain of shadow frames from the innermost frame outwards; see shadow_frames.h.
#include "tracer/shadow_frames.h"

#include <inttypes.h>
#include <stdlib.h>

#include "target-runtime/global.h"
#include "target-runtime/wasm/shadow_stack.h"
#include "tracer/frame_registers.h"
#include "tracer/shadow_code.h"
#include "tracer/shadow_private.h"
#include "tracer/state.h"

// Out of memory while adding to a table must not exit: uthash leaves hh.tbl NULL in the element
// that could not be added.
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct known_function {
	uint32_t index;
	struct op_shadow_frame frame;
	UT_hash_handle hh;
};
struct op_shadow_functions {
	uint32_t stack_pointer; // global
	struct known_function *table;
};

uint32_t op_shadow_pointer(const struct op_module_entry *module)
{
	return module->shadow->stack_pointer;
}

struct op_error *op_shadow_refuse(const char *format, ...)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	va_list args;
	va_start(args, format);
	op_text_vprintf(&text, format, args);
	va_end(args);
	return op_error_create(OP_ERROR_NOT_FOUND,
			       "not recorded: the shadow stack cannot be "
			       "followed: %s",
			       text.data ?: "memory is short");
}

// Functions -----------------------------------------------------------------------------------

static void known_destroy(struct known_function *known)
{
	op_shadow_frame_deinit(&known->frame);
	free(known);
}

static void known_destroyp(struct known_function **known)
{
	if (*known)
		known_destroy(*known);
}

void op_shadow_functions_destroy(struct op_shadow_functions *functions)
{
	if (!functions)
		return;
	struct known_function *known, *next;
	HASH_ITER(hh, functions->table, known, next)
	{
		HASH_DEL(functions->table, known);
		known_destroy(known);
	}
	free(functions);
}

static struct op_error *functions_of(struct op_module_entry *module,
				     struct op_shadow_functions **ret)
{
	*ret = module->shadow;
	if (module->shadow)
		return NULL;
	if (!module->wasm) {
		_cleanup_text_ struct op_text unfit = OP_TEXT_INIT;
		op_module_unfit_text(module, &unfit);
		return op_shadow_refuse(
			"the original bytes of module %s are not known%s (set module-path FILE)",
			module->name, unfit.data ?: "");
	}
	uint32_t stack_pointer;
	struct op_error *err = op_shadow_stack_pointer(module->wasm, &stack_pointer);
	if (err && err->code == OP_ERROR_NOT_FOUND) {
		_cleanup_error_ struct op_error *reason = err;
		return op_shadow_refuse("%s", reason->message);
	}
	if (err)
		return err;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return op_error_no_memory();
	(*ret)->stack_pointer = stack_pointer;
	module->shadow = *ret;
	return NULL;
}

struct op_error *op_shadow_function(struct op_module_entry *module, uint32_t index,
				    const struct op_shadow_frame **ret)
{
	struct op_shadow_functions *functions = module->shadow;
	struct known_function *found;
	HASH_FIND(hh, functions->table, &index, sizeof(index), found);
	if (found) {
		*ret = &found->frame;
		return NULL;
	}
	_cleanup_(known_destroyp) struct known_function *known = calloc(1, sizeof(*known));
	if (!known)
		return op_error_no_memory();
	known->index = index;
	struct op_error *err =
		op_shadow_frame_read(module->wasm, index, functions->stack_pointer, &known->frame);
	if (err)
		return err;
	HASH_ADD(hh, functions->table, index, sizeof(known->index), known);
	if (!known->hh.tbl)
		return op_error_no_memory();
	*ret = &op_take(known)->frame;
	return NULL;
}

// The stack -----------------------------------------------------------------------------------

// Whether the thread stands where the pc says: a caller is in its call, which nothing is moved
// across.
static struct op_error *check_place(struct op_session *session,
				    const struct op_module_entry *module,
				    const struct op_frame *frame,
				    const struct op_shadow_frame *shadow, uint64_t depth)
{
	const struct op_machine_frame *machine = op_frame_machine(session, frame);
	if (machine && machine->pc_is_return_address)
		return NULL;
	const struct op_image *image =
		machine ? op_image_set_by_id(session->images, machine->image) : NULL;
	bool agrees = false;
	struct op_error *err = NULL;
	if (image && shadow->writes.count)
		err = op_shadow_code_agrees(module, machine->function,
					    (uint32_t)(frame->host_pc.value - image->text.value),
					    shadow, depth, &agrees);
	else
		agrees = image != NULL;
	if (!err && !agrees)
		err = op_shadow_refuse(
			"frame %" PRIu32
			" (%s) stands where the compiler moved instructions across a change "
			"of the stack pointer",
			frame->level, frame->function);
	return err;
}

static struct op_error *check_function(const struct op_module_entry *module,
				       const struct op_frame *frame)
{
	uint32_t function;
	if (!frame->has_pc)
		return op_shadow_refuse("the pc of frame %" PRIu32 " (%s) is not known",
					frame->level, frame->function);
	if (!op_wasm_module_function_at(module->wasm, frame->pc, &function) ||
	    function != frame->function_index)
		return op_shadow_refuse("frame %" PRIu32 " (%s) is in a function that was inlined "
					"when it was compiled",
					frame->level, frame->function);
	return NULL;
}

/** How far the frame's function has moved the stack pointer. */
static struct op_error *depth_of(struct op_session *session, struct op_module_entry *module,
				 const struct op_frame *frame, const struct op_shadow_frame **ret,
				 uint64_t *ret_depth)
{
	struct op_error *err = check_function(module, frame);
	if (!err)
		err = op_shadow_function(module, frame->function_index, ret);
	if (err)
		return err;
	if ((*ret)->problem)
		return op_shadow_refuse("frame %" PRIu32 " (%s): %s", frame->level, frame->function,
					(*ret)->problem);
	*ret_depth = op_shadow_frame_depth(*ret, frame->pc);
	return check_place(session, module, frame, *ret, *ret_depth);
}

bool op_shadow_pointer_is_exported(const struct op_module_entry *module)
{
	const struct op_wasm_module *wasm = module->wasm;
	uint32_t global = module->shadow->stack_pointer;
	uint32_t count;
	const struct op_wasm_export *exports = op_wasm_module_exports(wasm, &count);
	for (uint32_t i = 0; i < count; i++)
		if (exports[i].kind == OP_WASM_EXTERNAL_GLOBAL && exports[i].index == global)
			return true;
	return false;
}

// One frame further in than the wanted one: what it has taken. Several frames of the guest's
// language are one of Wasm: their outermost counts.
static struct op_error *pass_frame(struct op_session *session, struct op_module_entry *module,
				   const struct op_frame *frame, uint64_t *taken)
{
	const struct op_shadow_frame *shadow;
	uint64_t depth;
	if (frame->kind != OP_FRAME_WASM || frame->source_inlined)
		return NULL;
	if (frame->module_id != module->info.id)
		return op_shadow_pointer_is_exported(module)
			       ? op_shadow_refuse("module %s, which frame %" PRIu32
						  " (%s) is in, can move the stack pointer too",
						  frame->module, frame->level, frame->function)
			       : NULL;
	struct op_error *err = depth_of(session, module, frame, &shadow, &depth);
	if (!err)
		*taken += depth;
	return err;
}

static bool same_frame(const struct op_frame *a, const struct op_frame *b)
{
	// In front of its prologue a function still has its caller's frame pointer.
	return a->kind == OP_FRAME_WASM && a->fp.value == b->fp.value &&
	       a->host_pc.value == b->host_pc.value;
}

/** What the frames further in than @p frame have taken; keeps it for the next question. */
static struct op_error *taken_inside(struct op_session *session, struct op_module_entry *module,
				     const struct op_frame *frame, uint64_t *ret)
{
	const struct op_stack_store *stack = &session->stack;
	struct op_shadow_chain *known = &session->shadow_chain;
	bool fits = known->stop == op_state_stop(session) && known->thread == stack->thread &&
		    known->suspended == stack->suspended && known->module == module->info.id &&
		    known->count < stack->frames.count && stack->valid &&
		    stack->frames.data[known->count].fp.value == known->fp.value;
	size_t i = fits ? known->count : 0;
	uint64_t taken = fits ? known->taken : 0;
	// A frame further in than the one that was asked for last.
	for (size_t k = 0; fits && k < i; k++)
		if (same_frame(&stack->frames.data[k], frame))
			i = taken = 0;
	struct op_error *err = NULL;
	for (; !err && i < stack->frames.count; i++) {
		if (same_frame(&stack->frames.data[i], frame))
			break;
		err = pass_frame(session, module, &stack->frames.data[i], &taken);
	}
	if (err)
		return err;
	if (i >= stack->frames.count)
		return op_shadow_refuse("frame %" PRIu32 " is not of the stack that is selected",
					frame->level);
	*known = (struct op_shadow_chain){.stop = op_state_stop(session),
					  .thread = stack->thread,
					  .suspended = stack->suspended,
					  .module = module->info.id,
					  .count = i,
					  .fp = frame->fp,
					  .taken = taken};
	*ret = taken;
	return NULL;
}

// The stack pointer ---------------------------------------------------------------------------

// Guests that wait on fibers of the same store have frames on the same shadow stack, perhaps.
static struct op_error *check_alone(struct op_session *session, const struct op_scope *scope)
{
	size_t count, stores;
	struct op_error *err = op_session_suspended_count(session, &count);
	if (err)
		return err;
	const struct op_store *store =
		&op_store_set_stores(scope->set, &stores)[scope->instance->store];
	for (size_t i = 0; i < count; i++) {
		bool own = !session->stack.thread && session->stack.suspended == i;
		if (!own && session->suspended[i].store.value == store->address.value)
			return op_shadow_refuse("another guest waits in the same store");
	}
	return NULL;
}

static struct op_error *stack_pointer_now(struct op_session *session,
					  const struct op_module_entry *module,
					  const struct op_frame *frame, uint64_t *ret)
{
	struct op_scope scope, shown;
	struct op_cell cell;
	struct op_error *err = op_state_frame_instance(session, frame, &scope);
	if (err && err->code == OP_ERROR_NOT_FOUND) {
		_cleanup_error_ struct op_error *reason = err;
		return op_shadow_refuse("%s", reason->message);
	}
	// Memory is read in the instance that commands mean.
	if (!err)
		err = op_state_scope(session, frame, &shown);
	if (!err && shown.instance != scope.instance)
		err = op_shadow_refuse("another instance is selected");
	if (!err)
		err = check_alone(session, &scope);
	if (!err)
		err = op_instance_global(scope.set, scope.instance, module->shadow->stack_pointer,
					 &cell);
	if (err)
		return err;
	if (cell.value.state != OP_VALUE_PRESENT)
		return op_shadow_refuse("the stack pointer is %s",
					op_value_state_message(cell.value.state));
	*ret = op_value_bits(&cell.value);
	return NULL;
}

/** The stack pointer at the frame's entry, from what the frames further in have taken. */
static struct op_error *entry_from_inside(struct op_session *session,
					  struct op_module_entry *module,
					  const struct op_frame *frame, uint64_t now, uint64_t *ret)
{
	const struct op_shadow_frame *shadow;
	uint64_t depth = 0, taken = 0;
	struct op_error *err = taken_inside(session, module, frame, &taken);
	if (!err)
		err = depth_of(session, module, frame, &shadow, &depth);
	*ret = now + taken + depth;
	return err;
}

/** The same from either side. Where a frame in between does not hold to the pattern, those further
 * out are known from outside. */
static struct op_error *entry_of(struct op_session *session, struct op_module_entry *module,
				 const struct op_frame *frame, uint64_t *ret)
{
	uint64_t now = 0;
	struct op_error *err = stack_pointer_now(session, module, frame, &now);
	if (err)
		return err;
	err = entry_from_inside(session, module, frame, now, ret);
	if (!err || err->code != OP_ERROR_NOT_FOUND)
		return err;
	bool found = false;
	struct op_error *other = op_shadow_entry_from_outside(session, module, frame, &found, ret);
	// What is on the stack lies above the stack pointer.
	if (!other && (!found || *ret < now))
		return err;
	op_error_destroy(err);
	return other;
}

struct op_error *op_shadow_frame_address(struct op_session *session, const struct op_frame *frame,
					 uint32_t local, uint64_t *ret)
{
	struct op_module_entry *module = op_module_by_id(session, frame->module_id);
	struct op_shadow_functions *functions;
	const struct op_shadow_frame *shadow;
	uint64_t entry = 0, depth = 0;
	if (!module)
		return op_shadow_refuse("the frame's module is not known");
	struct op_error *err = functions_of(module, &functions);
	if (!err)
		err = check_function(module, frame);
	if (!err)
		err = op_shadow_function(module, frame->function_index, &shadow);
	if (err)
		return err;
	if (!op_shadow_frame_local(shadow, local, frame->pc, &depth))
		return op_shadow_refuse(
			"Wasm local %" PRIu32
			" of %s does not hold an address in its frame throughout, or not yet",
			local, frame->function);
	err = entry_of(session, module, frame, &entry);
	uint32_t count;
	const struct op_wasm_global *globals = op_wasm_module_globals(module->wasm, &count);
	bool is_64 = globals[functions->stack_pointer].type.code == OP_WASM_TYPE_I64;
	*ret = is_64 ? entry - depth : (uint32_t)(entry - depth);
	return err;
}
