// SPDX-License-Identifier: GPL-3.0-or-later
// Expressions: parsed once to a typed tree, evaluated by an interpreter, compiled by tracer/agent.
// Knows no process: what leaves of a tree mean is asked of an op_expression_source. Values of the
// guest's language become the same nodes: their types end with the parser.
#ifndef OP_TRACER_EXPRESSION_TREE_H
#define OP_TRACER_EXPRESSION_TREE_H

#include "tracer/operand.h"

enum op_expression_kind {
	OP_EXPRESSION_CONSTANT, /**< constant */
	OP_EXPRESSION_LOCAL,    /**< index */
	OP_EXPRESSION_OPERAND,  /**< index, 0 is the bottom of the operand stack */
	OP_EXPRESSION_GLOBAL,   /**< index */
	OP_EXPRESSION_TABLE,    /**< index; first, end: element or range */
	OP_EXPRESSION_MEMORY,   /**< index, access; first is the address */
	OP_EXPRESSION_PC,
	OP_EXPRESSION_FIELD,   /**< of the object that base refers to; name or index */
	OP_EXPRESSION_ELEMENT, /**< of the array that base refers to; first, end */
	OP_EXPRESSION_OBJECT,  /**< *base: the object itself */
	OP_EXPRESSION_UNARY,   /**< unary ('-', '+', '!', '~') of first */
	OP_EXPRESSION_BINARY,  /**< binary of first and end */
	OP_EXPRESSION_CONVERT, /**< first, to access's type */
	OP_EXPRESSION_CHOICE, /**< base ? first : end; sides of numbers are converted to one type */
};

/** One node. Owned by its op_expression; children precede their parents in it. */
struct op_expression_node {
	enum op_expression_kind kind;
	struct op_expression_type type; /**< where the scope tells it before anything runs */
	struct op_operand constant;     /**< history values too: they are copied in */
	uint32_t index;
	const struct op_access_type *access; /**< static table */
	char unary;
	enum op_operator binary;
	/**
	 * FIELD, as typed: "a.b" is the field "a.b" or else the field "b" of the object that the
	 * field "a" refers to; owned by the op_expression. NULL: index
	 */
	const char *name;
	const struct op_expression_node *base, *first, *end; /**< end NULL: one element */
	bool end_inclusive;
	bool of_location; /**< LOCAL, GLOBAL, OPERAND: not typed, a variable's location needs it */
};

struct op_type;
struct op_guest_variable;
enum op_term_kind {
	OP_TERM_VALUE,    /**< node: the value, a scalar */
	OP_TERM_MEMORY,   /**< node: the address in linear memory `memory` */
	OP_TERM_VARIABLE, /**< in a variable that is not in memory, offset bytes from its start */
	OP_TERM_BYTES,    /**< bytes: of a string, a constant, an earlier value */
	OP_TERM_MISSING,  /**< variable: its location says why it cannot be had */
	OP_TERM_TYPE,     /**< a type's name: no value */
	OP_TERM_FUNCTION, /**< a function's name */
};
/** What an expression, or a part of it, stands for. Everything is borrowed from the expression. */
struct op_term {
	enum op_term_kind kind;
	const struct op_type *type; /**< of the guest's language; NULL: a value of Wasm's */
	const struct op_expression_node *node;
	uint32_t memory;
	const struct op_guest_variable *variable;
	uint64_t offset; /**< VARIABLE, BYTES */
	const uint8_t *bytes;
	size_t byte_count;
	bool is_bit_field;
	uint64_t bit_offset; /**< from the place's first byte */
	uint32_t bit_size;
	const struct op_type *reference; /**< MEMORY: it was found through one, of this type */
	bool is_text;                    /**< BYTES of a string that was typed, NUL included */
};

/** A parsed expression. */
struct op_expression {
	char *text; /**< as typed, for the sentences of errors */
	/** Its value, where that is a scalar; else NULL, which only
	 * op_expression_parse_term() leaves. */
	const struct op_expression_node *root;
	struct op_term term;
	struct op_expression_tree *nodes;
};

/**
 * What names mean at the place where an expression is to be evaluated, known without running
 * anything. Callbacks return false for what is not there (then the parser's error lists nothing
 * else); a NULL callback knows nothing.
 */
struct op_expression_scope {
	void *context;
	/** A name of a local -> its index. Names are not NUL-terminated. */
	bool (*local_by_name)(void *context, const char *name, size_t size, uint32_t *ret);
	/** Type of a local; known false when it cannot be told. False: there is no such local. */
	bool (*local_type)(void *context, uint32_t index, struct op_expression_type *ret);
	bool (*operand_type)(void *context, uint32_t index, struct op_expression_type *ret);
	bool (*global_by_name)(void *context, const char *name, size_t size, uint32_t *ret);
	bool (*global_type)(void *context, uint32_t index, struct op_expression_type *ret);
	bool (*table_by_name)(void *context, const char *name, size_t size, uint32_t *ret);
	/** $N; false: the history has no such value. */
	bool (*history)(void *context, uint64_t number, struct op_operand *ret);
	uint64_t history_count; /**< $ is the last, $$ the one before it, $$N so many before */
	/** $NAME that is nothing else -> the number that the history has it under. */
	bool (*convenience)(void *context, const char *name, size_t size, uint64_t *ret);
	const char *
		function; /**< for the sentence "FUNCTION has no local named ..."; NULL: no frame */
	bool counts_known; /**< then $argN is refused from param_count on, and the sentences of
			      errors say how many there are */
	uint32_t local_count, param_count;
	bool operands_known;
	uint32_t operand_count;
	const struct op_expression_guest *guest; /**< the guest's language; NULL: not known */
	const char *no_guest; /**< why it is not known, where there is more to say; borrowed */
};

/** An expression is no taller and no larger than this: nobody's recursion over it needs a check. */
enum { OP_EXPRESSION_HEIGHT_MAX = 256, OP_EXPRESSION_NODES_MAX = 4096 };

/**
 * Parse. Syntax as op_session_evaluate() says. @return OP_ERROR_SYNTAX, OP_ERROR_NOT_FOUND for a
 * name that the scope does not know, OP_ERROR_STATE for one that needs a frame where there is none,
 * OP_ERROR_UNSUPPORTED for an operator on values whose known type it does not take, OP_ERROR_LIMIT.
 */
struct op_error *op_expression_parse(const char *text, const struct op_expression_scope *scope,
				     struct op_expression **ret);
/** The same of what need not be a number: a struct, an array, what is optimised out.
 * @param[in] types a type's name is fine too. */
struct op_error *op_expression_parse_term(const char *text, const struct op_expression_scope *scope,
					  bool types, struct op_expression **ret);
/** Refuse what is an expression nowhere, whatever its names mean: OP_ERROR_SYNTAX, OP_ERROR_LIMIT.
 */
struct op_error *op_expression_check(const char *text);
void op_expression_destroy(struct op_expression *expression);
/** Every node, which @p visit may give another index. */
void op_expression_each(struct op_expression *expression,
			void (*visit)(void *context, struct op_expression_node *node),
			void *context);
static inline void op_expression_destroyp(struct op_expression **expression)
{
	op_expression_destroy(*expression);
}

/** Where the interpreter reads leaves from: a frame of a stopped target, or a test's own state. A
 * NULL callback: OP_ERROR_UNSUPPORTED. */
struct op_expression_source {
	void *context;
	struct op_error *(*local)(void *context, uint32_t index, struct op_operand *ret);
	/** Of a location, see op_expression_node; NULL: as local. */
	struct op_error *(*location_local)(void *context, uint32_t index, struct op_operand *ret);
	struct op_error *(*operand)(void *context, uint32_t index, struct op_operand *ret);
	struct op_error *(*global)(void *context, uint32_t index, struct op_operand *ret);
	/** Read exactly @p size bytes of linear memory @p index, OP_ERROR_UNREADABLE out of bounds.
	 */
	struct op_error *(*memory)(void *context, uint32_t index, uint64_t offset, void *buffer,
				   size_t size);
	struct op_error *(*pc)(void *context, uint32_t *ret);
	/** Elements first to end - 1; @p range false: the one element first, as a value. */
	struct op_error *(*table)(void *context, uint32_t index, uint64_t first, uint64_t end,
				  bool range, struct op_operand *ret);
	/** Of GC objects. name NULL: index. */
	struct op_error *(*field)(void *context, const char *text, const struct op_operand *base,
				  const char *name, uint32_t index, struct op_operand *ret);
	struct op_error *(*element)(void *context, const char *text, const struct op_operand *base,
				    uint64_t first, uint64_t end, bool range,
				    struct op_operand *ret);
	struct op_error *(*object)(void *context, const char *text, const struct op_operand *base,
				   struct op_operand *ret);
};

/** Evaluate: the reference for what compiled code does. && and || evaluate their right side only
 * when it decides, ?: the side that was chosen. */
struct op_error *op_expression_evaluate(const struct op_expression *expression,
					const struct op_expression_source *source,
					struct op_operand *ret);

/** The type of a binary operator's result from its sides' types: C's rules, as
 * op_operand_apply() keeps them. known false when a side's is not known or is no number. */
struct op_expression_type op_expression_binary_type(enum op_operator what,
						    struct op_expression_type a,
						    struct op_expression_type b);
/** The same of '-', '+', '!', '~'. */
struct op_expression_type op_expression_unary_type(char what, struct op_expression_type a);

#endif
