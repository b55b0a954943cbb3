// SPDX-License-Identifier: GPL-3.0-or-later
// Demangling by libiberty, within limits: names are the module's, and a few bytes can say, by
// references to themselves, a name that fills the memory.
#include "target-runtime/dwarf/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <string.h>

#include "base/text.h"

enum {
	MANGLED_SIZE_MAX = 1 << 16,
	NAME_SIZE_MAX = 1 << 16,
};

struct output {
	struct op_text text;
	jmp_buf too_long; // the demanglers cannot be told to stop; the callback ones keep no memory
};

static void take(const char *part, size_t size, void *context)
{
	struct output *output = context;
	if (output->text.size + size > NAME_SIZE_MAX || output->text.failed)
		longjmp(output->too_long, 1);
	op_text_append_n(&output->text, part, size);
}

static int run(const char *name, bool parameters, struct output *output)
{
	if (setjmp(output->too_long))
		return 0;
	// Rust's legacy names are C++ names with a hash at their end: they come first.
	if (rust_demangle_callback(name, 0, take, output))
		return 1;
	op_text_clear(&output->text);
	int options = DMGL_ANSI | (parameters ? DMGL_PARAMS | DMGL_RET_DROP : 0);
	return cplus_demangle_v3_callback(name, options, take, output);
}

char *op_demangle(const char *name, bool parameters)
{
	bool mangled = strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0;
	if (!mangled || strnlen(name, MANGLED_SIZE_MAX) == MANGLED_SIZE_MAX)
		return NULL;
	struct output output = {.text = OP_TEXT_INIT};
	char *result = NULL;
	if (run(name, parameters, &output) && output.text.size)
		op_error_destroy(op_text_steal(&output.text, &result));
	op_text_deinit(&output.text);
	return result;
}
