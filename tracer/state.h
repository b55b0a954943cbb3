// SPDX-License-Identifier: GPL-3.0-or-later
// The guest's stores and instances at one stop, for the files of tracer/. Found when first asked
// for.
#ifndef OP_TRACER_STATE_H
#define OP_TRACER_STATE_H

#include "target-runtime/store_set.h"
#include "tracer/session.h"

/** The session's own; see state.c. */
struct op_guest_state;

/** An instance and the set that it is in; both hold until the target runs. */
struct op_scope {
	const struct op_store_set *set;
	const struct op_instance *instance;
	uint32_t number;
};

/**
 * Everything that was found is out of date.
 * @param[in] ran the target ran: the selection goes too, and references grow stale.
 */
void op_state_forget(struct op_session *session, bool ran);
void op_state_destroy(struct op_session *session);
/** Commands mean the frame's instance again. */
void op_state_unselect(struct op_session *session);
bool op_state_has_selection(const struct op_session *session);
/** Counts the stops; never 0. */
uint64_t op_state_stop(const struct op_session *session);

struct op_error *op_state_set(struct op_session *session, const struct op_store_set **ret);
/** The scope as outpost.h describes it. */
struct op_error *op_state_scope(struct op_session *session, const struct op_frame *frame,
				struct op_scope *ret);
/** The same, with its parsed module. */
struct op_error *op_state_module_scope(struct op_session *session, const struct op_frame *frame,
				       struct op_scope *ret,
				       const struct op_wasm_module **ret_module);
/** The instance of a frame of the walked stack that records none, whatever is selected;
 * OP_ERROR_NOT_FOUND unless it is certain. */
struct op_error *op_state_frame_instance(struct op_session *session, const struct op_frame *frame,
					 struct op_scope *ret);
/** The number of an instance of the set; UINT32_MAX for NULL. */
uint32_t op_state_number(const struct op_store_set *set, const struct op_instance *instance);
/** The number of the store with this VMStoreContext; UINT32_MAX when it is not there any more. */
uint32_t op_state_store_number(const struct op_store_set *set, struct op_host_addr store);

/** How the module of an instance is called in sentences. */
const char *op_state_module_name(struct op_session *session, const struct op_instance *instance);

#endif
