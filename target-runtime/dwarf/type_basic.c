// SPDX-License-Identifier: GPL-3.0-or-later
// The types that C and Rust have without a declaration, for wasm32: long and pointers have 32 bits,
// long double 128. C's are recognised with their words in any order.
#include <string.h>

#include "base/compiler.h"
#include "target-runtime/dwarf/type.h"

#define BASIC(NAME, KIND, SIZE, UNSIGNED, LANGUAGE)                                                \
	{                                                                                          \
		.kind = (KIND), .language = (LANGUAGE), .name = (NAME), .size = (SIZE),            \
		.has_size = (SIZE) != 0, .is_unsigned = (UNSIGNED), .completed = true              \
	}
#define C(NAME, KIND, SIZE, UNSIGNED)    BASIC(NAME, KIND, SIZE, UNSIGNED, OP_LANGUAGE_C)
#define RUST(NAME, KIND, SIZE, UNSIGNED) BASIC(NAME, KIND, SIZE, UNSIGNED, OP_LANGUAGE_RUST)

static const struct op_type basic_types[] = {
	C("void", OP_TYPE_VOID, 0, false),
	C("bool", OP_TYPE_BOOL, 1, true),
	C("_Bool", OP_TYPE_BOOL, 1, true),
	C("char", OP_TYPE_CHAR, 1, false),
	C("signed char", OP_TYPE_CHAR, 1, false),
	C("unsigned char", OP_TYPE_CHAR, 1, true),
	C("char8_t", OP_TYPE_CHAR, 1, true),
	C("char16_t", OP_TYPE_CHAR, 2, true),
	C("char32_t", OP_TYPE_CHAR, 4, true),
	C("wchar_t", OP_TYPE_CHAR, 4, false),
	C("short", OP_TYPE_INTEGER, 2, false),
	C("unsigned short", OP_TYPE_INTEGER, 2, true),
	C("int", OP_TYPE_INTEGER, 4, false),
	C("unsigned int", OP_TYPE_INTEGER, 4, true),
	C("long", OP_TYPE_INTEGER, 4, false),
	C("unsigned long", OP_TYPE_INTEGER, 4, true),
	C("long long", OP_TYPE_INTEGER, 8, false),
	C("unsigned long long", OP_TYPE_INTEGER, 8, true),
	C("__int128", OP_TYPE_INTEGER, 16, false),
	C("unsigned __int128", OP_TYPE_INTEGER, 16, true),
	C("float", OP_TYPE_FLOAT, 4, false),
	C("double", OP_TYPE_FLOAT, 8, false),
	C("long double", OP_TYPE_FLOAT, 16, false),
	C("int8_t", OP_TYPE_CHAR, 1, false),
	C("uint8_t", OP_TYPE_CHAR, 1, true),
	C("int16_t", OP_TYPE_INTEGER, 2, false),
	C("uint16_t", OP_TYPE_INTEGER, 2, true),
	C("int32_t", OP_TYPE_INTEGER, 4, false),
	C("uint32_t", OP_TYPE_INTEGER, 4, true),
	C("int64_t", OP_TYPE_INTEGER, 8, false),
	C("uint64_t", OP_TYPE_INTEGER, 8, true),
	C("size_t", OP_TYPE_INTEGER, 4, true),
	C("ssize_t", OP_TYPE_INTEGER, 4, false),
	C("ptrdiff_t", OP_TYPE_INTEGER, 4, false),
	C("intptr_t", OP_TYPE_INTEGER, 4, false),
	C("uintptr_t", OP_TYPE_INTEGER, 4, true),
	RUST("i8", OP_TYPE_INTEGER, 1, false),
	RUST("u8", OP_TYPE_INTEGER, 1, true),
	RUST("i16", OP_TYPE_INTEGER, 2, false),
	RUST("u16", OP_TYPE_INTEGER, 2, true),
	RUST("i32", OP_TYPE_INTEGER, 4, false),
	RUST("u32", OP_TYPE_INTEGER, 4, true),
	RUST("i64", OP_TYPE_INTEGER, 8, false),
	RUST("u64", OP_TYPE_INTEGER, 8, true),
	RUST("i128", OP_TYPE_INTEGER, 16, false),
	RUST("u128", OP_TYPE_INTEGER, 16, true),
	RUST("isize", OP_TYPE_INTEGER, 4, false),
	RUST("usize", OP_TYPE_INTEGER, 4, true),
	RUST("f32", OP_TYPE_FLOAT, 4, false),
	RUST("f64", OP_TYPE_FLOAT, 8, false),
};

static const struct op_type *by_name(const char *name, size_t size)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(basic_types); i++)
		if (strlen(basic_types[i].name) == size &&
		    memcmp(basic_types[i].name, name, size) == 0)
			return &basic_types[i];
	return NULL;
}

// C's words -----------------------------------------------------------------------------------

enum word {
	WORD_SIGNED,
	WORD_UNSIGNED,
	WORD_SHORT,
	WORD_LONG,
	WORD_INT,
	WORD_CHAR,
	WORD_DOUBLE,
	WORD_INT128,
	WORD_COUNT,
};
static const char *const words[WORD_COUNT] = {
	[WORD_SIGNED] = "signed", [WORD_UNSIGNED] = "unsigned", [WORD_SHORT] = "short",
	[WORD_LONG] = "long",     [WORD_INT] = "int",           [WORD_CHAR] = "char",
	[WORD_DOUBLE] = "double", [WORD_INT128] = "__int128",
};

// How often each word is there; false: another word is.
static bool count_words(const char *name, size_t size, unsigned counts[WORD_COUNT])
{
	for (size_t at = 0; at < size;) {
		if (name[at] == ' ') {
			at++;
			continue;
		}
		size_t end = at;
		while (end < size && name[end] != ' ')
			end++;
		size_t word = 0;
		while (word < WORD_COUNT && (strlen(words[word]) != end - at ||
					     memcmp(words[word], name + at, end - at) != 0))
			word++;
		if (word == WORD_COUNT)
			return false;
		counts[word]++;
		at = end;
	}
	return true;
}

// The canonical name of the type that the words make; NULL: they make none.
static const char *canonical(const unsigned counts[WORD_COUNT])
{
	bool is_unsigned = counts[WORD_UNSIGNED];
	unsigned longs = counts[WORD_LONG];
	unsigned bases = counts[WORD_CHAR] + counts[WORD_DOUBLE] + counts[WORD_INT128] +
			 counts[WORD_SHORT] + (longs != 0);
	if (counts[WORD_SIGNED] + counts[WORD_UNSIGNED] > 1 || counts[WORD_INT] > 1 || longs > 2)
		return NULL;
	if (counts[WORD_DOUBLE] == 1 && longs <= 1 && bases == 1 + longs && !counts[WORD_INT] &&
	    !counts[WORD_SIGNED] && !is_unsigned)
		return longs ? "long double" : "double";
	if (bases > 1 || (counts[WORD_INT] && counts[WORD_CHAR] + counts[WORD_INT128]))
		return NULL;
	if (counts[WORD_CHAR])
		return is_unsigned ? "unsigned char" : counts[WORD_SIGNED] ? "signed char" : "char";
	if (counts[WORD_INT128])
		return is_unsigned ? "unsigned __int128" : "__int128";
	if (counts[WORD_SHORT])
		return is_unsigned ? "unsigned short" : "short";
	if (longs == 2)
		return is_unsigned ? "unsigned long long" : "long long";
	if (longs == 1)
		return is_unsigned ? "unsigned long" : "long";
	if (counts[WORD_INT] + counts[WORD_SIGNED] + counts[WORD_UNSIGNED])
		return is_unsigned ? "unsigned int" : "int";
	return NULL;
}

const struct op_type *op_type_basic(const char *name, size_t size)
{
	const struct op_type *type = by_name(name, size);
	unsigned counts[WORD_COUNT] = {0};
	if (type || !count_words(name, size, counts))
		return type;
	const char *found = canonical(counts);
	return found ? by_name(found, strlen(found)) : NULL;
}
