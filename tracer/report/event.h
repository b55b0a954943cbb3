// SPDX-License-Identifier: GPL-3.0-or-later
// Events of the target as text and JSON. Knows no session.
#ifndef OP_TRACER_REPORT_EVENT_H
#define OP_TRACER_REPORT_EVENT_H

#include "tracer/report/frame.h"
#include "tracer/report/source_value.h"

/** An event and what is known around it. All borrowed. */
struct op_event_view {
	const struct op_event *event;
	int64_t pid;
	const struct op_frame_view
		*frame; /**< STOPPED: where; NULL when the thread has no guest frame */
	const char *
		/** text of the Wasm instruction that comes next; NULL when it is not known */
		instruction;
	/** a step by instructions: the next one is shown even where its source line is */
	bool by_instructions;
	/** a step that stayed in its frame: the line of the frame would tell nothing new */
	bool same_function;
	bool ended;     /**< the program has, since; there is no frame to be had any more */
	bool has_store; /**< there are several */
	uint32_t store; /**< number of the one that the frame runs in */
	bool temporary; /**< of a breakpoint or catchpoint: it was a temporary one */
	/** a thrown exception, for the face that is on; NULL: none, or not known */
	const char *exception;
	bool switched; /**< another thread than the one before */
	/** of a watchpoint: the values as the guest's language has them; NULL: as Wasm has them */
	const char *old_text, *new_text;
	/** event->returned as the guest's language has it; NULL: it is Wasm's */
	const struct op_source_node *returned;
	const char *returned_text; /**< the same as text */
};
void op_event_report(struct op_output *out, const struct op_event_view *view);

/** Text: "=> 0x1a3: local.get 0" */
void op_instruction_line(struct op_output *out, uint32_t pc, const char *text);

#endif
