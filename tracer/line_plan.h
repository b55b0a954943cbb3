// SPDX-License-Identifier: GPL-3.0-or-later
// Where a source line leads: from an instruction along the control flow up to the statements that
// begin another line. What is found is kept, so that a loop is planned once. Knows no stack and no
// patch.
#ifndef OP_TRACER_LINE_PLAN_H
#define OP_TRACER_LINE_PLAN_H

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/line_table.h"
#include "target-runtime/wasm/module.h"

/** Functions and plans. */
struct op_line_cache;
struct op_error *op_line_cache_create(struct op_line_cache **ret);
void op_line_cache_destroy(struct op_line_cache *cache);
void op_line_cache_clear(struct op_line_cache *cache);
/** The module goes, or its information: nothing of its functions is in use. */
void op_line_cache_forget(struct op_line_cache *cache, const void *owner);
/** Clear it when it has become large: before a run, while nothing of it is in use. */
void op_line_cache_prune(struct op_line_cache *cache);

/** A function with what is known of its lines. Owned by the cache until that is cleared. */
struct op_line_function;
/**
 * @param[in] owner tells modules of the same cache apart, together with @p function.
 * @param[in] info its module's; NULL: the function has no lines.
 */
struct op_error *op_line_function_get(struct op_line_cache *cache, const void *owner,
				      const struct op_wasm_module *wasm, struct op_debug_info *info,
				      uint32_t function, struct op_line_function **ret);
/** NULL: its module has no debug information. */
struct op_debug_info *op_line_function_info(const struct op_line_function *function);
/** Whether any of its code belongs to a line. */
bool op_line_function_has_lines(const struct op_line_function *function);
/** Behind its prologue, for who steps into it; its first instruction when it has no lines. */
struct op_error *op_line_function_entry(struct op_line_function *function, uint32_t *ret_pc);
uint32_t op_line_function_start(const struct op_line_function *function);
/** Whether a statement begins at exactly @p pc. */
bool op_line_function_is_start(const struct op_line_function *function, uint32_t pc);
/** How many inlined bodies that hold @p pc do not hold @p before. */
struct op_error *op_line_function_new_bodies(struct op_line_function *function, uint32_t before,
					     uint32_t pc, uint32_t *ret);
/** How many inlined bodies are around @p pc. */
struct op_error *op_line_function_inlined(struct op_line_function *function, uint32_t pc,
					  uint32_t *ret);

enum op_line_kind {
	OP_LINE_INTO,  /**< into what the line calls */
	OP_LINE_OVER,  /**< of the body and those around it */
	OP_LINE_UNTIL, /**< ... and only behind the line */
	OP_LINE_OUT,   /**< out of an inlined body: to the first instruction that is none of its */
};

/** Where one begins. */
struct op_line_position {
	uint32_t pc;
	/** Of the inlined bodies around pc so many, from the inside out, are not entered yet: the
	 * line is that of their call. OUT: ... are left with the one around them. */
	uint32_t hidden;
};

/** An instruction at which a step by lines ends. */
struct op_line_stop {
	uint32_t pc;
	uint32_t hidden; /**< as in struct op_line_position */
};

struct op_line_plan {
	const struct op_line_stop *stops; /**< ascending by pc */
	size_t stop_count;
	const uint32_t *callees; /**< INTO: full indices of the functions that are called, imported
				    ones not */
	size_t callee_count;
	/** INTO: calls whose callee is only known at run time (through tables, of imports) */
	const uint32_t *dynamic;
	size_t dynamic_count;
	bool leaves;  /**< the function may return */
	bool unwinds; /**< an exception may go to another frame's handler */
};
/** Borrowed from the cache until that is cleared. */
struct op_error *op_line_plan_get(struct op_line_cache *cache, struct op_line_function *function,
				  enum op_line_kind kind, const struct op_line_position *position,
				  const struct op_line_plan **ret);
/** NULL: the step does not end there. */
const struct op_line_stop *op_line_plan_stop(const struct op_line_plan *plan, uint32_t pc);
bool op_line_plan_is_dynamic(const struct op_line_plan *plan, uint32_t pc);

#endif
