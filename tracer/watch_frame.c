// SPDX-License-Identifier: GPL-3.0-or-later
// Frames of watched variables; see watch_frame.h.
#include "tracer/watch_frame.h"

#include "tracer/patch.h"

struct op_error *op_watch_frame_find(struct op_session *session, const struct op_frame *frame,
				     struct op_watch_frame *ret)
{
	uint64_t record[2];
	*ret = (struct op_watch_frame){.module_id = frame->module_id,
				       .function = frame->function_index,
				       .fp = frame->fp.value};
	struct op_error *err = op_process_read(session->process, frame->fp, record, sizeof(record));
	if (err)
		return err;
	ret->caller_fp = record[0];
	ret->return_address = op_process_arch(session->process)->strip_return_address(record[1]);
	return NULL;
}

struct op_error *op_watch_frame_place_return(struct op_session *session, uint32_t number,
					     const struct op_watch_frame *frame)
{
	const struct op_image *image =
		op_image_set_find(session->images, op_host_addr(frame->return_address));
	struct op_patch *patch;
	if (!image)
		return NULL;
	struct op_error *err = op_patch_want(session, frame->return_address, OP_PATCH_RAW, &patch);
	if (err)
		return err;
	patch->image = image->id;
	patch->artifact = image->artifact;
	return op_patch_add_breakpoint(patch, number, OP_USE_STOP);
}

struct op_error *op_watch_frame_has_left(struct op_session *session,
					 const struct op_watch_frame *frame, op_thread_id thread,
					 bool *ret)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	*ret = !err && registers.value[arch->fp] == frame->caller_fp &&
	       registers.value[arch->sp] > frame->fp;
	return err;
}
