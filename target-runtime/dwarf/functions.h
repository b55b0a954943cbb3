// SPDX-License-Identifier: GPL-3.0-or-later
// Functions, inlined bodies, and the names that can be seen at a place.
#ifndef OP_TARGET_RUNTIME_DWARF_FUNCTIONS_H
#define OP_TARGET_RUNTIME_DWARF_FUNCTIONS_H

#include "target-runtime/dwarf/debug_info.h"

/** A function's body, or one that was inlined into another. Strings are borrowed, raw, and stay. */
struct op_debug_function {
	struct op_die die;     /**< the one with code: a subprogram or an inlined_subroutine */
	const char *name;      /**< qualified, as a person writes it: "ns::Shape::area",
				  "app::eval::run", "main", "ns::max<int>"; without parameters */
	const char *signature; /**< name with parameter types: "ns::max<int>(int, int)"; the name
				  where nothing is known */
	const char *linkage;   /**< mangled; NULL when it has none */
	enum op_debug_language language;
	bool inlined;
	uint32_t low_pc, high_pc; /**< the hull of its ranges */
	const char *file;         /**< of its declaration; NULL: not known */
	uint32_t line;
	const char *call_file; /**< inlined: where the call stands in the body around; NULL: not
				  known */
	uint32_t call_line, call_column;
};

/**
 * The bodies around @p pc, innermost first; the last is the function itself. None: no unit knows
 * the code.
 * @param[out] ret heap array; free() it.
 */
struct op_error *op_debug_functions_at(struct op_debug_info *info, uint32_t pc,
				       struct op_debug_function **ret, size_t *ret_count);

/** The function of one unit (index in op_debug_units(), which has been called) whose code holds
 * @p pc, whatever the unit's own ranges say. @param[out] ret 0: none. */
struct op_error *op_debug_function_in_unit(struct op_debug_info *info, size_t unit, uint32_t pc,
					   struct op_die *ret);

/** The function whose body an entry is (a subprogram or an inlined_subroutine). @param[out] ret
 * borrowed; stays. */
struct op_error *op_debug_function(struct op_debug_info *info, struct op_die body,
				   const struct op_debug_function **ret);

/**
 * Functions by name: every body and every inlined body of each that fits. "f" fits f in any
 * namespace, class or module, "ns::f" what ends in it at a "::", "::f" only the global one;
 * template arguments may be left out (all instances) or given; "Type::f" fits methods, a linkage
 * name fits too. Several bodies of one function are several entries. Uses an index of names that is
 * built at the first call, unit by unit, from top-level entries (namespaces and types entered).
 * @param[in] pattern NULL or a shell pattern instead of the rules above when @p is_pattern.
 * @param[out] ret heap array; free() it; ascending by low_pc.
 */
struct op_error *op_debug_functions_named(struct op_debug_info *info, const char *name,
					  bool is_pattern, struct op_debug_function **ret,
					  size_t *ret_count);
/** The qualified names of all functions that have code, the same several times when there are
 * several; borrowed, raw, stay. @param[out] ret heap array; free() it. */
struct op_error *op_debug_function_names(struct op_debug_info *info, const char *const **ret,
					 size_t *ret_count);
/** Where a person wants a breakpoint in a body: behind its prologue (the row marked prologue_end,
 * else the second line's first row, else its first instruction). */
struct op_error *op_debug_function_body(struct op_debug_info *info,
					const struct op_debug_function *function, uint32_t *ret_pc);

enum op_debug_variable_kind {
	OP_DEBUG_PARAMETER,
	OP_DEBUG_LOCAL,
	OP_DEBUG_GLOBAL,   /**< static data, in a function or outside */
	OP_DEBUG_CONSTANT, /**< an enumerator, or a variable with DW_AT_const_value */
};
struct op_debug_variable {
	enum op_debug_variable_kind kind;
	struct op_die die;      /**< with DW_AT_location, or none */
	struct op_die type;     /**< 0: none */
	struct op_die function; /**< the body it belongs to (its frame base is the subprogram's); 0:
				   none */
	const char *name;       /**< GLOBAL: qualified. Borrowed, raw, stays */
	const char *file;       /**< of its declaration; NULL: not known */
	uint32_t line;
	unsigned depth;  /**< of blocks: 0 is the function's own */
	bool shadowed;   /**< a variable of an inner block has its name */
	bool artificial; /**< "this" and what compilers add */
};
/**
 * Variables of a body that can be seen at @p pc: parameters in order, then locals from the inside
 * out, without those of other inlined bodies.
 * @param[in] function one of op_debug_functions_at().
 * @param[out] ret heap array; free() it.
 */
struct op_error *op_debug_variables_at(struct op_debug_info *info,
				       const struct op_debug_function *function, uint32_t pc,
				       struct op_debug_variable **ret, size_t *ret_count);
/**
 * What a name means at @p pc (0: nowhere in particular): a local or parameter of the innermost body
 * that has it, else a value that a template around it was made with, else a static of the unit,
 * else a global of any unit, with the rules of op_debug_functions_named(); enumerators too,
 * and FUNCTION::NAME, which is static in a function.
 * *ret_found false: nothing.
 */
struct op_error *op_debug_variable_named(struct op_debug_info *info,
					 const struct op_debug_function *function, uint32_t pc,
					 const char *name, size_t size, bool *ret_found,
					 struct op_debug_variable *ret);
/** Global variables whose qualified name matches a shell pattern (NULL: all). @param[out] ret heap
 * array; free() it. */
struct op_error *op_debug_globals(struct op_debug_info *info, const char *pattern,
				  struct op_debug_variable **ret, size_t *ret_count);
/**
 * Types by name, with the rules of op_debug_functions_named(); "struct node", "enum color", and
 * "unsigned int" as C writes them; parameters of the templates that @p function is of. Of several
 * that which is declared closest around the function, then a complete one, then one of the unit at
 * @p pc.
 * @param[in] function a body; NULL: in none.
 * @param[out] ret 0: void, which a template parameter may be.
 */
struct op_error *op_debug_type_named(struct op_debug_info *info,
				     const struct op_debug_function *function, uint32_t pc,
				     const char *name, size_t size, bool *ret_found,
				     struct op_die *ret);
/** Named types that match a shell pattern (NULL: all), each name once. @param[out] ret heap array;
 * free() it. */
struct op_debug_type_name {
	struct op_die die;
	const char *name; /**< qualified; borrowed, raw, stays */
	const char *file;
	uint32_t line;
};
struct op_error *op_debug_types(struct op_debug_info *info, const char *pattern,
				struct op_debug_type_name **ret, size_t *ret_count);

#endif
