// SPDX-License-Identifier: GPL-3.0-or-later
// Types of the guest's language, one struct for all languages.
#ifndef OP_TARGET_RUNTIME_DWARF_TYPE_H
#define OP_TARGET_RUNTIME_DWARF_TYPE_H

#include "base/text.h"
#include "target-runtime/dwarf/debug_info.h"

enum op_type_kind {
	OP_TYPE_VOID,
	OP_TYPE_BOOL,
	OP_TYPE_CHAR, /**< size 1: a byte's character; 2, 4: a UTF-16 or UTF-32 unit */
	OP_TYPE_INTEGER,
	OP_TYPE_FLOAT,
	OP_TYPE_ENUM,
	OP_TYPE_POINTER,
	OP_TYPE_REFERENCE, /**< & and && */
	OP_TYPE_MEMBER_POINTER,
	OP_TYPE_ARRAY,
	OP_TYPE_STRUCT, /**< struct, class; Rust structs, tuples, and enums (variants) */
	OP_TYPE_UNION,
	OP_TYPE_FUNCTION,
	OP_TYPE_TYPEDEF,
	OP_TYPE_QUALIFIED, /**< const, volatile, restrict, atomic, and what else only wraps */
	OP_TYPE_UNKNOWN,   /**< what outpost cannot read; problem says why */
};

struct op_type;
struct op_type_member {
	const char *name; /**< NULL: anonymous */
	const struct op_type *type;
	uint64_t offset; /**< bytes; of a virtual base: bytes below the object's vtable pointer
			    where its distance from the object's start is */
	bool is_base;    /**< a base class */
	bool is_virtual_base;
	bool is_static;
	bool is_artificial; /**< _vptr$A */
	struct op_die die;
	bool is_bit_field;
	uint64_t bit_offset; /**< from the struct's first byte, counted from the least significant
				bit */
	uint32_t bit_size;
};
struct op_type_enumerator {
	const char *name;
	int64_t value; /**< unsigned types: the bits */
};
/** A variant of a Rust enum. */
struct op_type_variant {
	bool is_default;       /**< taken when no other fits (niche encodings) */
	uint64_t discriminant; /**< the bits, as wide as the discriminant's type */
	struct op_type_member member;
};
struct op_type_parameter {
	const char *name; /**< of a template parameter; NULL: none */
	const struct op_type *type;
	bool has_value; /**< a template's value parameter */
	int64_t value;
};

/** Borrowed from the information; stays. Members and the like are filled by op_type_complete(). */
struct op_type {
	enum op_type_kind kind;
	enum op_debug_language language;
	struct op_die die;   /**< 0: made by outpost */
	const char *name;    /**< qualified ("ns::Shape", "unsigned int", "Option<u32>"); NULL:
				anonymous or derived. Raw */
	size_t scope_size;   /**< ENUM of C++: of the name so many bytes, "ns::" say, stand in front
				of an enumerator's as well; 0: none */
	const char *keyword; /**< "struct", "class", "union", "enum", "const", "volatile", ...;
				NULL */
	uint64_t size;       /**< bytes */
	bool has_size;
	bool is_declaration;          /**< only declared here, and defined nowhere else */
	bool is_unsigned;             /**< INTEGER, CHAR, ENUM */
	bool is_rvalue;               /**< REFERENCE: && */
	bool is_tuple;                /**< Rust */
	const struct op_type *target; /**< POINTER, REFERENCE, ARRAY (element), TYPEDEF, QUALIFIED,
					 ENUM (underlying), FUNCTION (result): NULL is void */
	bool has_count;               /**< ARRAY: false: not known */
	uint64_t count; /**< ARRAY: elements of the first dimension (the element type is the
			   array of the others) */
	struct op_die count_variable; /**< ARRAY without count: the variable that holds it (C's
					 arrays of variable length); 0: none */
	uint32_t memory;              /**< POINTER: linear memory that it points into */
	const char *problem;          /**< UNKNOWN */

	bool completed;                       /**< the rest is filled */
	const struct op_type_member *members; /**< STRUCT, UNION: bases first. FUNCTION: parameters
						 (type and name) */
	size_t member_count;
	const struct op_type_enumerator *enumerators;
	size_t enumerator_count;
	const struct op_type_member *discriminant; /**< of a STRUCT with variants; NULL: a single
						      variant without one */
	const struct op_type_variant *variants;
	size_t variant_count;
	const struct op_type_parameter *parameters; /**< of a template */
	size_t parameter_count;
	bool is_variadic; /**< FUNCTION */
	void *internal;
};

/** The type of an entry; @p die 0: void. A declaration gives the definition elsewhere when there is
 * one of the same qualified name; for what a pointer or a reference points to, it is looked for by
 * op_type_complete() only (until then has_size is false). Cycles are fine: types are shared. */
struct op_error *op_debug_type(struct op_debug_info *info, struct op_die die,
			       const struct op_type **ret);
/** Fill in members, enumerators, variants and parameters; of what a typedef, a qualified type or an
 * array is made of, too. */
struct op_error *op_type_complete(struct op_debug_info *info, const struct op_type *type);
/**
 * The variant that has a discriminant.
 * @param[in] type completed; it has variants. One without a discriminant has a single one.
 * @param[in] bits of the discriminant, @p size bytes, at most 8.
 * @return NULL: none has it.
 */
const struct op_type_variant *op_type_variant_of(const struct op_type *type, uint64_t bits,
						 uint64_t size);
/** "Some"; of an async function's state, whose variant has a number, the type's: "Suspend0". */
const char *op_type_variant_name(const struct op_type_variant *variant);
/** Without typedefs and qualifiers; at most 64 of them, then UNKNOWN. */
const struct op_type *op_type_strip(const struct op_type *type);

/** Derived types, made once and shared. @p language as the target's. */
struct op_error *op_type_pointer_to(struct op_debug_info *info, const struct op_type *target,
				    const struct op_type **ret);
struct op_error *op_type_const_of(struct op_debug_info *info, const struct op_type *target,
				  const struct op_type **ret);
struct op_error *op_type_array_of(struct op_debug_info *info, const struct op_type *element,
				  uint64_t count, const struct op_type **ret);
/** "int", "unsigned char", "double", "long long", "char", "bool", "i32", "u8", "f64", ... by C's
 * and Rust's names, without DWARF (also where the module has none: @p info may be NULL, then
 * static); NULL when there is no such type. */
const struct op_type *op_type_basic(const char *name, size_t size);

/**
 * Append a type as its language writes it: "int", "struct node *", "char [8]", "int (*)(int, char
 * *)", "const ns::Shape &", "&str", "*mut u32".
 * @param[in] name a declarator inside it ("x" gives "int x[3]"); NULL: none. Escapes what it takes
 * from the module.
 */
void op_type_print(const struct op_type *type, const char *name, struct op_text *text);
/** Append its definition, as ptype shows it: members with types, bases, enumerators, variants;
 * several lines without a newline at the end. */
struct op_error *op_type_print_definition(struct op_debug_info *info, const struct op_type *type,
					  struct op_text *text);
/** The same with the offset and the size of each member in front of its line, in bytes, and the
 * holes between them; what has no members is the same. As gdb's ptype/o. */
struct op_error *op_type_print_layout(struct op_debug_info *info, const struct op_type *type,
				      struct op_text *text);

#endif
