// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz mangled names, and their comparison with what a person types, which stands behind the name's
// line. libiberty's demanglers do the work: what is looked for here is also what they do with more
// than they can take.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/demangle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = strndup((const char *)data, size);
	if (!name)
		return 0;
	char *typed = strchr(name, '\n');
	if (typed)
		*typed++ = '\0';
	free(op_demangle(name, false));
	char *plain = op_demangle(name, true);
	if (typed)
		op_signature_fits(plain ? plain : name, typed);
	free(plain);
	free(name);
	return 0;
}
