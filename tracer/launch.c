// SPDX-License-Identifier: GPL-3.0-or-later
// Starting a program and running it to the first instruction of its guest.
//
// New code is noticed by stopping at the system calls that make memory executable. A seccomp filter
// in the child would cost less, but it cannot be taken back, and its calls fail with ENOSYS when no
// tracer is there any more (man 2 seccomp, SECCOMP_RET_TRACE): a detach, or the debugger's death,
// would hurt the target.
#include <stdlib.h>

#include "tracer/breakpoint.h"
#include "tracer/patch.h"
#include "tracer/run.h"

// The first native instruction of a function that has no slots: the stop there is one that a person
// sees, so nothing is displaced.
static struct op_error *arm_native_start(struct op_session *session, const struct op_image *image,
					 const struct op_function *native)
{
	struct op_patch *patch;
	struct op_error *err = op_patch_want(session, image->text.value + native->text_offset,
					     OP_PATCH_RAW, &patch);
	if (err)
		return err;
	patch->image = image->id;
	return op_patch_add_purpose(session->patches, patch, OP_PATCH_ENTRY);
}

static struct op_error *arm_function(struct op_session *session, const struct op_image *image,
				     uint32_t module, uint32_t index)
{
	const struct op_function *native;
	const struct op_frame_table *table;
	struct op_error *err = op_artifact_find_function(image->artifact, module, index, &native);
	if (!err)
		err = op_artifact_frame_table(image->artifact, &table);
	if (err || !native)
		return err;
	if (!table || !op_frame_table_slot_count(table))
		return arm_native_start(session, image, native);
	// The function's first slot in the order of its code is that of its first instruction.
	size_t i = op_frame_table_text_slot_lower_bound(table, native->text_offset);
	if (i >= op_frame_table_slot_count(table))
		return NULL;
	struct op_slot slot = op_frame_table_text_slot(table, i);
	if (slot.text_offset >= native->text_offset + native->size)
		return NULL;
	struct op_patch *patch;
	err = op_patch_want_slot(session, image, &slot, &patch);
	return err ?: op_patch_add_purpose(session->patches, patch, OP_PATCH_ENTRY);
}

static struct op_error *arm_image(struct op_session *session, const struct op_image *image)
{
	const struct op_function *functions;
	size_t count;
	struct op_error *err = op_artifact_functions(image->artifact, &functions, &count);
	for (size_t i = 0; !err && i < count; i++)
		if (functions[i].kind == OP_FUNCTION_ENTRY_TRAMPOLINE)
			err = arm_function(session, image, functions[i].module, functions[i].index);
	uint32_t modules;
	if (!err)
		err = op_artifact_module_count(image->artifact, &modules);
	for (uint32_t m = 0; !err && m < modules; m++) {
		const struct op_wasm_module *wasm;
		uint32_t start;
		err = op_artifact_module(image->artifact, m, &wasm);
		if (!err && wasm && op_wasm_module_start_function(wasm, &start))
			err = arm_function(session, image, m, start);
	}
	return err;
}

struct op_error *op_run_arm_entries(struct op_session *session)
{
	size_t count;
	const struct op_image *const *images = op_image_set_images(session->images, &count);
	for (size_t i = 0; i < count; i++) {
		struct op_error *err = arm_image(session, images[i]);
		if (err)
			return err;
	}
	return NULL;
}

// Children that the program starts are let go, and a wrapper as `env` becomes the program.
static bool is_on_its_way(const struct op_event *event)
{
	bool other_program = event->kind == OP_EVENT_STOPPED && event->reason == OP_REASON_EXEC &&
			     !event->caught;
	return event->kind == OP_EVENT_NONE || event->kind == OP_EVENT_FORKED || other_program;
}

struct op_error *op_session_launch(struct op_session *session, const char *const *argv,
				   struct op_event *ret)
{
	*ret = (struct op_event){.kind = OP_EVENT_NONE};
	struct op_error *err = op_session_adopt_launched(session, argv);
	if (err)
		return err;
	bool has_children = false;
	session->reaching_entry = true;
	err = op_session_run(session, OP_RUN_GO, 0);
	while (!err && is_on_its_way(ret)) {
		has_children |= ret->kind == OP_EVENT_FORKED;
		if (ret->kind == OP_EVENT_STOPPED)
			err = op_session_run(session, OP_RUN_GO, 0);
		if (!err)
			err = op_session_wait(session, -1, ret);
	}
	session->reaching_entry = false;
	if (!err && ret->kind == OP_EVENT_EXITED && has_children)
		op_session_notice(session, OP_NOTICE_INFO,
				  "the program had no guest itself; children of its own are not "
				  "followed: start Wasmtime itself, with `exec` in a script");
	return err;
}
