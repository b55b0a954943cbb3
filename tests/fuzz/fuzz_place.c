// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz what a person types behind break and count: places, patterns and conditions. `save
// breakpoints` writes such lines into files, and `source` reads those of others.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/breakpoint_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// What the parser says it has found is there.
static void check(const struct op_breakpoint_entry *entry)
{
	unsigned forms = (unsigned)entry->by_line + entry->by_offset + entry->by_index +
			 (entry->function != NULL);
	if (forms != 1 || (entry->qualifier != NULL) != (entry->qualified != NULL) ||
	    (entry->condition.text && !*entry->condition.text))
		abort();
}

static struct op_breakpoint_entry *create(void)
{
	struct op_breakpoint_entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		abort();
	return entry;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct op_breakpoint_entry *place = create(), *pattern = create();
	struct op_error *err = op_breakpoint_parse(text, place);
	if (!err)
		check(place);
	op_error_destroy(err);
	op_error_destroy(op_breakpoint_parse_pattern(text, pattern));
	op_breakpoint_entry_destroy(place);
	op_breakpoint_entry_destroy(pattern);
	free(text);
	return 0;
}
