// SPDX-License-Identifier: GPL-3.0-or-later
// The place that a watched expression names: where it is now, how to follow it, how its bytes are a
// value, and which hardware slots cover it. Knows no watchpoint and sets nothing.
#ifndef OP_TRACER_WATCH_PLACE_H
#define OP_TRACER_WATCH_PLACE_H

#include "tracer/session.h"
#include "tracer/source_value.h"

struct op_watch_place {
	struct op_host_addr addr; /**< now */
	unsigned size;            /**< bytes: 1 to 16 */
	enum op_value_type type;
	bool is_unsigned;
	bool system_calls; /**< the host may let the operating system write there */
	/** Of memory that moves when it grows: the word that holds its base, and the base now; else
	 * 0. */
	struct op_host_addr base_word, base;
	struct op_host_addr vmctx; /**< of the instance that it was found through */
	struct op_host_addr store; /**< VMStoreContext */
	bool shared;               /**< threads of other stores may access it too */
	/** Of the guest's language: how the bytes are shown. Borrows what the module has until
	 * op_guest_values_forget(); type NULL: Wasm's. */
	struct op_source_value shape;
	bool in_frame; /**< memory of the frame that it was found in: gone when that returns */
};

/**
 * @return OP_ERROR_UNSUPPORTED when the expression is no place that hardware can watch, with the
 * reason; the evaluation's own errors.
 */
struct op_error *op_watch_place_find(struct op_session *session, const struct op_frame *frame,
				     const char *expression, struct op_watch_place *ret);
/**
 * Where it is now: memory that grew may have moved.
 * @param[out] ret_there false when its instance is gone. Fails only when the process is gone.
 */
struct op_error *op_watch_place_follow(struct op_session *session, struct op_watch_place *place,
				       bool *ret_there);
/** Whether the value is the same; a bit-field's neighbours do not count. */
bool op_watch_place_is_same(const struct op_watch_place *place, const uint8_t before[16],
			    const uint8_t now[16]);
/** The bytes as a value of the guest's language; *ret stays empty when it has none. */
struct op_error *op_watch_place_guest_value(const struct op_watch_place *place,
					    const uint8_t bytes[16], struct op_source_value *ret);
struct op_value op_watch_place_value(const struct op_watch_place *place, const uint8_t bytes[16]);

/**
 * The slots that cover a range.
 * @param[in] loose the fewest slots, which may cover neighbours as well; else exactly the range.
 * @param[out] ret room for OP_WATCH_COVER_MAX; addresses and sizes only.
 */
unsigned op_watch_cover(struct op_host_addr addr, unsigned size, bool loose,
			struct op_watch_slot *ret);
enum { OP_WATCH_COVER_MAX = 16 };

#endif
