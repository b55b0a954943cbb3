// SPDX-License-Identifier: GPL-3.0-or-later
// Which store a frame runs in, for the line that tells of a stop. Finding all stores is a search of
// the process's memory, too slow for every stop. With guest-debug each store has its own copy of
// the code (crates/wasmtime/src/runtime/code.rs, since 42), so until code comes or goes the stores
// are those that were found last. Without it only "there is no other" is believed until then: that
// can leave a number out, but never makes a wrong one.
#include "target-runtime/instance.h"
#include "tracer/state.h"

static struct op_error *search(struct op_session *session)
{
	const struct op_store_info *stores;
	size_t count;
	session->store_addresses.count = 0;
	struct op_error *err = op_session_stores(session, &stores, &count);
	for (size_t i = 0; !err && i < count; i++)
		if (!op_array_push(&session->store_addresses, stores[i].address))
			err = op_error_no_memory();
	return err;
}

static bool find(const struct op_session *session, struct op_host_addr store, uint32_t *ret)
{
	for (size_t i = 0; i < session->store_addresses.count; i++) {
		if (session->store_addresses.data[i].value != store.value)
			continue;
		*ret = (uint32_t)i;
		return true;
	}
	return false;
}

static struct op_error *name(struct op_session *session, const struct op_frame *frame,
			     bool *ret_several, uint32_t *ret)
{
	struct op_memory memory = op_session_memory(session);
	struct op_host_addr store;
	struct op_error *err = op_instance_store(&memory, frame->vmctx, &store);
	if (err)
		return err;
	bool known = find(session, store, ret);
	if (!known || (frame->no_values && session->store_addresses.count > 1)) {
		err = search(session);
		known = !err && find(session, store, ret);
	}
	*ret_several = known && session->store_addresses.count > 1;
	return err;
}

struct op_error *op_session_frame_store(struct op_session *session, const struct op_frame *frame,
					bool *ret_several, uint32_t *ret)
{
	*ret_several = false;
	*ret = 0;
	if (!frame->vmctx.value)
		return NULL;
	struct op_error *err = name(session, frame, ret_several, ret);
	if (err && err->code != OP_ERROR_PROCESS_GONE && err->code != OP_ERROR_NO_MEMORY &&
	    err->code != OP_ERROR_INTERRUPTED) {
		// A store that cannot be told has no name in a line that is about something else.
		op_error_destroy(err);
		return NULL;
	}
	return err;
}
