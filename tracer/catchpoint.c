// SPDX-License-Identifier: GPL-3.0-or-later
// Kinds of catchpoints, where each has to be patched, and what has happened at a patch; see
// catchpoint.h. Stops without a patch are catch_stop.c's.
#include "tracer/catchpoint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/atomic_trap.h"
#include "tracer/call_record.h"
#include "tracer/catch_state.h"
#include "tracer/trampolines.h"
#include "tracer/trap_kinds.h"

struct op_catchpoint {
	enum op_catch_kind kind;
	struct OP_ARRAY(char *) words; /**< kinds of traps, patterns of calls, names of signals */
};

/** What may stand behind a kind's name. */
enum arguments { NO_ARGUMENTS, ONE_TEXT, WORDS };

static const struct {
	const char *name;
	enum arguments arguments;
} kinds[] = {
	[OP_CATCH_TRAP] = {"trap", ONE_TEXT},
	[OP_CATCH_THROW] = {"throw", NO_ARGUMENTS},
	[OP_CATCH_UNCAUGHT] = {"uncaught", NO_ARGUMENTS},
	[OP_CATCH_HOST] = {"host", WORDS},
	[OP_CATCH_HOST_ERROR] = {"host-error", WORDS},
	[OP_CATCH_EPOCH] = {"epoch", NO_ARGUMENTS},
	[OP_CATCH_MEMORY_GROW] = {"memory.grow", NO_ARGUMENTS},
	[OP_CATCH_LOAD] = {"load", NO_ARGUMENTS},
	[OP_CATCH_INSTANTIATE] = {"instantiate", NO_ARGUMENTS},
	[OP_CATCH_SIGNAL] = {"signal", WORDS},
	[OP_CATCH_FORK] = {"fork", NO_ARGUMENTS},
	[OP_CATCH_EXEC] = {"exec", NO_ARGUMENTS},
	[OP_CATCH_THREAD] = {"thread", NO_ARGUMENTS},
	[OP_CATCH_EXIT] = {"exit", NO_ARGUMENTS},
};

const char *op_catch_kind_name(enum op_catch_kind kind)
{
	return (unsigned)kind < OP_ARRAY_SIZE(kinds) ? kinds[kind].name : NULL;
}

// Parsing -------------------------------------------------------------------------------------

void op_catchpoint_destroy(struct op_catchpoint *catchpoint)
{
	if (!catchpoint)
		return;
	for (size_t i = 0; i < catchpoint->words.count; i++)
		free(catchpoint->words.data[i]);
	free(catchpoint->words.data);
	free(catchpoint);
}

static void catchpoint_destroyp(struct op_catchpoint **catchpoint)
{
	op_catchpoint_destroy(*catchpoint);
}

static struct op_error *add_word(struct op_catchpoint *catchpoint, const char *text, size_t size)
{
	char *word = strndup(text, size);
	if (!word)
		return op_error_no_memory();
	if (op_array_push(&catchpoint->words, word))
		return NULL;
	free(word);
	return op_error_no_memory();
}

static struct op_error *unknown_kind(const char *spec, size_t size)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	for (size_t i = OP_CATCH_TRAP; i < OP_ARRAY_SIZE(kinds); i++)
		op_text_printf(&text, "%s%s", i > OP_CATCH_TRAP ? ", " : "", kinds[i].name);
	if (!size)
		return op_error_create(OP_ERROR_SYNTAX, "catch what? Say one of: %s", text.data);
	return op_error_create(OP_ERROR_SYNTAX,
			       "there is no event \"%.*s\" to catch; there are: %s", (int)size,
			       spec, text.data);
}

static struct op_error *parse_words(struct op_catchpoint *catchpoint, const char *rest)
{
	struct op_error *err = NULL;
	while (!err && *rest) {
		size_t size = strcspn(rest, " \t");
		err = add_word(catchpoint, rest, size);
		rest += size;
		rest += strspn(rest, " \t");
	}
	return err;
}

static struct op_error *parse(const char *spec, struct op_catchpoint *catchpoint)
{
	size_t size = strcspn(spec, " \t");
	for (size_t i = OP_CATCH_TRAP; i < OP_ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i].name) == size && !strncmp(kinds[i].name, spec, size))
			catchpoint->kind = i;
	if (!catchpoint->kind)
		return unknown_kind(spec, size);
	const char *rest = spec + size + strspn(spec + size, " \t");
	if (!*rest)
		return NULL;
	switch (kinds[catchpoint->kind].arguments) {
	case NO_ARGUMENTS:
		return op_error_create(OP_ERROR_SYNTAX, "\"catch %s\" takes no arguments",
				       kinds[catchpoint->kind].name);
	case ONE_TEXT:
		if (!op_trap_kind_exists(rest))
			return op_error_create(OP_ERROR_SYNTAX,
					       "there is no kind of trap \"%s\"; \"help catch\" "
					       "lists them",
					       rest);
		return add_word(catchpoint, rest, strlen(rest));
	case WORDS:
		break;
	}
	return parse_words(catchpoint, rest);
}

struct op_error *op_catchpoint_create(const char *spec, struct op_catchpoint **ret)
{
	_cleanup_(catchpoint_destroyp) struct op_catchpoint *catchpoint =
		calloc(1, sizeof(*catchpoint));
	if (!catchpoint)
		return op_error_no_memory();
	struct op_error *err = parse(spec, catchpoint);
	if (err)
		return err;
	*ret = op_take(catchpoint);
	return NULL;
}

enum op_catch_kind op_catchpoint_kind(const struct op_catchpoint *catchpoint)
{
	return catchpoint->kind;
}

// Placing -------------------------------------------------------------------------------------

// Where a kind shows itself in trampolines. No builtin: those that lead to the host; "*": all other
// builtins than the ones that are there for unwinding.
static const struct {
	enum op_catch_kind kind;
	const char *builtin;
	enum op_trampoline_place place;
} sites[] = {
	{OP_CATCH_TRAP, "trap", OP_TRAMPOLINE_ENTRY},
	{OP_CATCH_TRAP, "*", OP_TRAMPOLINE_FAILURE},
	{OP_CATCH_THROW, "throw_ref", OP_TRAMPOLINE_ENTRY},
	{OP_CATCH_UNCAUGHT, "throw_ref", OP_TRAMPOLINE_ENTRY},
	{OP_CATCH_HOST, NULL, OP_TRAMPOLINE_ENTRY},
	{OP_CATCH_HOST_ERROR, NULL, OP_TRAMPOLINE_FAILURE},
	{OP_CATCH_EPOCH, "new_epoch", OP_TRAMPOLINE_ENTRY},
	{OP_CATCH_MEMORY_GROW, "memory_grow", OP_TRAMPOLINE_ENTRY},
};

static bool is_site(const struct op_function *function, const char *builtin)
{
	static const char *const unwinding[] = {"trap", "raise", "throw_ref"};
	if (!builtin)
		return function->kind == OP_FUNCTION_EXIT_TRAMPOLINE;
	if (function->kind != OP_FUNCTION_BUILTIN || !function->name)
		return false;
	if (strcmp(builtin, "*") != 0)
		return !strcmp(function->name, builtin);
	for (size_t i = 0; i < OP_ARRAY_SIZE(unwinding); i++)
		if (!strcmp(function->name, unwinding[i]))
			return false;
	return true;
}

static struct op_error *place_trampolines(struct op_session *session,
					  const struct op_catchpoint *catchpoint,
					  const struct op_image *image, uint32_t number)
{
	const struct op_trampoline_table *table;
	struct op_error *err = op_trampolines_of(session, image, &table);
	for (size_t s = 0; !err && s < OP_ARRAY_SIZE(sites); s++) {
		for (size_t i = 0;
		     sites[s].kind == catchpoint->kind && !err && i < table->items.count; i++) {
			struct op_patch *patch = NULL;
			if (is_site(table->items.data[i].function, sites[s].builtin))
				err = op_trampoline_patch(session, image, &table->items.data[i],
							  sites[s].place, &patch);
			if (!err && patch)
				err = op_patch_add_breakpoint(patch, number, OP_USE_STOP);
		}
	}
	return err;
}

// Of a module's start code there are two: one for the host, which calls the other.
static bool begins_instance(const struct op_function *function)
{
	static const char suffix[] = "::Wasm";
	if (function->kind == OP_FUNCTION_ENTRY_TRAMPOLINE)
		return true;
	size_t size = function->name ? strlen(function->name) : 0;
	return function->kind == OP_FUNCTION_MODULE_START && size >= strlen(suffix) &&
	       !strcmp(function->name + size - strlen(suffix), suffix);
}

static struct op_error *place_starts(struct op_session *session, const struct op_image *image,
				     uint32_t number)
{
	const struct op_function *functions;
	size_t count;
	struct op_error *err = op_artifact_functions(image->artifact, &functions, &count);
	for (size_t i = 0; !err && i < count; i++) {
		if (!begins_instance(&functions[i]))
			continue;
		struct op_patch *patch;
		err = op_patch_want(session, image->text.value + functions[i].text_offset,
				    OP_PATCH_RAW, &patch);
		if (err)
			break;
		patch->image = image->id;
		err = op_patch_add_breakpoint(patch, number, OP_USE_STOP);
	}
	return err;
}

static bool has_sites(enum op_catch_kind kind)
{
	bool found = kind == OP_CATCH_INSTANTIATE;
	for (size_t i = 0; i < OP_ARRAY_SIZE(sites) && !found; i++)
		found = sites[i].kind == kind;
	return found;
}

struct op_error *op_catchpoint_place(struct op_session *session, struct op_catchpoint *catchpoint,
				     uint32_t number, bool *ret_waits)
{
	enum op_catch_kind kind = catchpoint->kind;
	*ret_waits = number && kind == OP_CATCH_LOAD;
	if (!number && kind == OP_CATCH_INSTANTIATE)
		op_catch_forget_instances(session);
	if (!number || !session->images)
		return NULL;
	size_t count;
	const struct op_image *const *images = op_image_set_images(session->images, &count);
	struct op_error *err = NULL;
	if (kind == OP_CATCH_LOAD)
		return op_catch_note_modules(session);
	if (kind == OP_CATCH_INSTANTIATE)
		err = op_catch_note_instances(session);
	if (!has_sites(kind))
		return err;
	// A module that is loaded and instantiated before the next stop must not be missed.
	*ret_waits = !count || kind == OP_CATCH_INSTANTIATE;
	for (size_t i = 0; !err && i < count; i++) {
		err = kind == OP_CATCH_INSTANTIATE
			      ? place_starts(session, images[i], number)
			      : place_trampolines(session, catchpoint, images[i], number);
		// A store that is made later maps the file anew.
		*ret_waits |=
			images[i]->file_backed && op_artifact_info(images[i]->artifact)->has_frames;
	}
	return err;
}

// What has happened ----------------------------------------------------------------------------

static bool word_matches(const struct op_catchpoint *catchpoint, const char *text)
{
	for (size_t i = 0; i < catchpoint->words.count; i++) {
		const char *word = catchpoint->words.data[i];
		if (catchpoint->kind == OP_CATCH_TRAP ? op_trap_is_of_kind(word, text)
						      : !strcmp(word, text))
			return true;
		// kill -l's way: USR1.
		if (catchpoint->kind == OP_CATCH_SIGNAL && !strncmp(text, "SIG", 3) &&
		    !strcmp(word, text + 3))
			return true;
	}
	return !catchpoint->words.count;
}

bool op_catchpoint_wants(const struct op_catchpoint *catchpoint, enum op_catch_kind kind,
			 const struct op_event *event)
{
	if (catchpoint->kind != kind)
		return false;
	if (kind == OP_CATCH_TRAP)
		return word_matches(catchpoint, event->trap);
	return kind != OP_CATCH_SIGNAL || word_matches(catchpoint, event->signal_name);
}

/** A thread at a patch of a trampoline. */
struct arrival {
	struct op_session *session;
	const struct op_catchpoint *catchpoint;
	const struct op_patch *patch;
	const struct op_image *image;
	const struct op_function *function;
	enum op_trampoline_place place;
	op_thread_id thread;
	struct op_registers registers;
};

static uint64_t first_argument(const struct arrival *at)
{
	return at->registers.value[op_process_arch(at->session->process)->host_vmctx_argument];
}

static uint64_t second_argument(const struct arrival *at)
{
	return at->registers.value[op_process_arch(at->session->process)->host_second_argument];
}

static struct op_error *trap_reached(const struct arrival *at, struct op_event *event, bool *ret)
{
	const char *name = NULL;
	const struct op_layout *layout = op_artifact_info(at->image->artifact)->layout;
	struct op_error *err = NULL;
	event->trap_unknown = NULL;
	if (at->place != OP_TRAMPOLINE_FAILURE)
		name = layout ? op_layout_trap_name(layout, (uint8_t)second_argument(at)) : NULL;
	else if (op_atomic_trap_is(at->function->name))
		err = op_atomic_trap_name(at->session, at->thread, at->patch->address,
					  at->function->name, &name, &event->trap_unknown);
	else
		name = op_trap_of_builtin(at->function->name);
	event->reason = OP_REASON_TRAP;
	strncpy(event->trap, name ?: "", sizeof(event->trap) - 1);
	*ret = word_matches(at->catchpoint, event->trap);
	return err;
}

static struct op_error *throw_reached(const struct arrival *at, struct op_event *event, bool *ret)
{
	uint32_t exception = (uint32_t)second_argument(at);
	event->exception = (struct op_value){.type = OP_VALUE_EXNREF, .state = OP_VALUE_PRESENT};
	for (unsigned i = 0; i < sizeof(exception); i++)
		event->exception.bytes[i] = (uint8_t)(exception >> (8 * i));
	event->vmctx = op_host_addr(first_argument(at));
	*ret = true;
	struct op_memory memory = op_session_memory(at->session);
	op_memory_cache_drop(at->session->cache);
	struct op_error *err = op_instance_store(&memory, event->vmctx, &event->store);
	if (err || at->catchpoint->kind != OP_CATCH_UNCAUGHT)
		return err;
	bool caught = false;
	err = op_catch_is_caught(at->session, at->thread, exception, at->image, &caught);
	if (err && err->code != OP_ERROR_PROCESS_GONE && err->code != OP_ERROR_NO_MEMORY) {
		// Whoever waits for uncaught exceptions would rather see one too many.
		op_session_notice(at->session, OP_NOTICE_WARNING,
				  "it is not known whether this exception is caught: %s",
				  err->message);
		op_error_destroy(err);
		err = NULL;
	}
	*ret = !caught;
	return err;
}

static struct op_error *call_reached(const struct arrival *at, struct op_event *event, bool *ret)
{
	struct op_call_record *record;
	struct op_error *err = op_catch_new_record(at->session, &record);
	if (err)
		return err;
	const struct op_catchpoint *catchpoint = at->catchpoint;
	bool begins = at->place == OP_TRAMPOLINE_ENTRY;
	if (begins)
		err = op_call_record_read(at->session, at->thread, at->function, at->patch->address,
					  record);
	else
		err = op_call_record_read_failing(at->session, at->thread, at->function, record);
	*ret = !err &&
	       op_call_record_matches(record, (const char *const *)catchpoint->words.data,
				      catchpoint->words.count) &&
	       (begins || !op_call_record_is_exit(record));
	if (*ret && begins)
		err = op_call_record_arguments(at->session, record);
	event->call = &record->call;
	return err;
}

// The memory and its size are those of the instruction; what is asked for is the builtin's
// argument.
static struct op_error *grow_reached(const struct arrival *at, struct op_event *event, bool *ret)
{
	*ret = true;
	event->vmctx = op_host_addr(first_argument(at));
	event->delta = second_argument(at);
	event->pages = UINT64_MAX;
	const struct op_frame *frame;
	op_session_forget(at->session);
	struct op_error *err =
		op_stacks_arrived(at->session, at->thread, at->patch->address, &frame);
	if (err)
		return err;
	const struct op_virtual_frame *virtual = op_frame_virtual(frame);
	const struct op_wasm_module *wasm;
	struct op_wasm_instruction instruction;
	err = op_artifact_module(virtual->artifact, virtual->pc.module, &wasm);
	if (!err && wasm && virtual->has_pc)
		err = op_wasm_instruction_decode(wasm, virtual->pc.offset, &instruction);
	if (err || !wasm || !virtual->has_pc)
		return err;
	event->memory = instruction.immediate;
	uint32_t count;
	const struct op_wasm_limits *limits = op_wasm_module_memories(wasm, &count);
	bool imported = event->memory < op_wasm_module_imported(wasm, OP_WASM_EXTERNAL_MEMORY);
	// For a memory of another instance the argument is that instance.
	struct op_host_addr vmctx = imported ? virtual->vmctx : event->vmctx;
	struct op_memory memory = op_session_memory(at->session);
	struct op_memory_state state;
	if (event->memory >= count || !vmctx.value)
		return NULL;
	err = op_instance_memory(&memory, op_artifact_info(virtual->artifact)->layout, wasm, vmctx,
				 event->memory, &state);
	if (!err)
		event->pages = state.size >> limits[event->memory].page_size_log2;
	op_session_forget(at->session);
	return err;
}

static struct op_error *epoch_reached(const struct arrival *at, struct op_event *event, bool *ret)
{
	event->vmctx = op_host_addr(first_argument(at));
	*ret = true;
	return NULL;
}

static struct op_error *start_reached(const struct arrival *at, struct op_event *event, bool *ret)
{
	const struct op_arch *arch = op_process_arch(at->session->process);
	event->vmctx = op_host_addr(at->registers.value[arch->vmctx_argument]);
	const struct op_module_entry *module =
		op_module_by_artifact(at->session, at->image->artifact, at->function->module);
	event->module = module ? module->name : NULL;
	bool is_new;
	struct op_error *err = op_catch_see_instance(at->session, event->vmctx, &is_new);
	// Start code runs once for each instance, whatever was at that address before.
	*ret = is_new || at->function->kind == OP_FUNCTION_MODULE_START;
	return err;
}

typedef struct op_error *reached_fn(const struct arrival *at, struct op_event *event, bool *ret);
static reached_fn *const reached[OP_CATCH_COUNT] = {
	[OP_CATCH_TRAP] = trap_reached,        [OP_CATCH_THROW] = throw_reached,
	[OP_CATCH_UNCAUGHT] = throw_reached,   [OP_CATCH_HOST] = call_reached,
	[OP_CATCH_HOST_ERROR] = call_reached,  [OP_CATCH_EPOCH] = epoch_reached,
	[OP_CATCH_MEMORY_GROW] = grow_reached, [OP_CATCH_INSTANTIATE] = start_reached,
};

struct op_error *op_catchpoint_reached(struct op_session *session, struct op_catchpoint *catchpoint,
				       const struct op_patch *patch, op_thread_id thread,
				       struct op_event *event, bool *ret)
{
	struct arrival at = {
		.session = session,
		.catchpoint = catchpoint,
		.patch = patch,
		.image = op_image_set_by_id(session->images, patch->image),
		.thread = thread,
	};
	*ret = false;
	if (!at.image || !reached[catchpoint->kind])
		return NULL;
	const struct op_trampoline *trampoline;
	struct op_error *err = op_trampoline_at(session, patch, &trampoline, &at.place);
	if (!err && trampoline)
		at.function = trampoline->function;
	else if (!err)
		err = op_artifact_function_at(at.image->artifact,
					      patch->address - at.image->text.value, &at.function);
	if (!err)
		err = op_process_registers(session->process, thread, &at.registers);
	if (err || !at.function)
		return err;
	event->caught = catchpoint->kind;
	event->reason = OP_REASON_CATCH;
	return reached[catchpoint->kind](&at, event, ret);
}
