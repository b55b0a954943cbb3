// SPDX-License-Identifier: GPL-3.0-or-later
// Functions with the types of their parameters, as a person types them and as a demangler writes
// them: "f(const char *)" is "ns::f(char const*)".
#include <string.h>

#include "base/text.h"
#include "target-runtime/dwarf/demangle.h"
#include "target-runtime/dwarf/names.h"

// Up to what stands behind a type's own name: '*', '&', a comma, the bracket around it.
static size_t own_name_size(const char *text, size_t size)
{
	size_t open = 0, i = 0;
	for (; i < size; i++) {
		if (strchr("<([{", text[i]) && (open || text[i] == '<'))
			open++;
		else if (strchr(">)]}", text[i]) && open)
			open--;
		else if (!open && strchr("*&,()", text[i]))
			break;
	}
	while (i && text[i - 1] == ' ')
		i--;
	return i;
}

// A space parts two words, and is nothing elsewhere.
static void append_plain(struct op_text *text, const char *from, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		bool needless = from[i] == ' ' &&
				(!text->size || !op_name_is_word(text->data[text->size - 1]) ||
				 i + 1 == size || !op_name_is_word(from[i + 1]));
		if (!needless)
			op_text_append_char(text, from[i]);
	}
}

// "const" stands behind the type's own name.
static void append_normal(struct op_text *text, const char *from, size_t size)
{
	static const char qualifier[] = "const ";
	for (size_t i = 0; i < size;) {
		bool begins = i && (from[i - 1] == '(' || from[i - 1] == ',');
		size_t skip = begins ? strspn(from + i, " ") : 0;
		if (skip > size - i)
			skip = size - i;
		i += skip;
		if (begins && size - i >= sizeof(qualifier) - 1 &&
		    !memcmp(from + i, qualifier, sizeof(qualifier) - 1)) {
			i += sizeof(qualifier) - 1;
			size_t own = own_name_size(from + i, size - i);
			append_plain(text, from + i, own);
			op_text_append(text, own && op_name_is_word(from[i + own - 1]) ? " const"
										       : "const");
			i += own;
			// What follows is no word: a space in front of it is none.
			while (i < size && from[i] == ' ')
				i++;
			continue;
		}
		size_t next = i + strcspn(from + i, "(,");
		next = next < size ? next + 1 : size;
		append_plain(text, from + i, next - i);
		i = next;
	}
}

bool op_signature_fits(const char *whole, const char *typed)
{
	static const char behind[] = " const";
	_cleanup_text_ struct op_text a = OP_TEXT_INIT, b = OP_TEXT_INIT;
	bool absolute = typed[0] == ':' && typed[1] == ':';
	size_t size = strlen(whole), wanted = strlen(typed);
	// Of a method that changes nothing the last word may be left out.
	if (size >= sizeof(behind) && wanted && typed[wanted - 1] == ')' &&
	    !strcmp(whole + size - (sizeof(behind) - 1), behind))
		size -= sizeof(behind) - 1;
	append_normal(&a, whole, size);
	append_normal(&b, typed + 2 * absolute, wanted - 2 * absolute);
	if (a.failed || b.failed || !b.size || a.size < b.size ||
	    strcmp(a.data + a.size - b.size, b.data) != 0)
		return false;
	if (a.size == b.size)
		return true;
	// In front of a template's instance stands the type that it returns.
	const char *before = a.data + a.size - b.size;
	return before[-1] == ' ' ||
	       (!absolute && a.size >= b.size + 2 && before[-1] == ':' && before[-2] == ':');
}
