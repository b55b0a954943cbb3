// SPDX-License-Identifier: GPL-3.0-or-later
// The list of a process's mappings as every platform hands it out: freeing and finding.
// Must not know how a platform comes by the list.
#include "platform/platform.h"

#include <stdlib.h>

void op_mappings_deinit(struct op_mappings *mappings)
{
	for (size_t i = 0; i < mappings->count; i++)
		free(mappings->data[i].path);
	free(mappings->data);
	*mappings = (struct op_mappings){0};
}

const struct op_mapping *op_mappings_find(const struct op_mappings *mappings,
					  struct op_host_addr addr)
{
	size_t low = 0, high = mappings->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct op_mapping *mapping = &mappings->data[middle];

		if (addr.value < mapping->start.value)
			high = middle;
		else if (addr.value >= mapping->end.value)
			low = middle + 1;
		else
			return mapping;
	}
	return NULL;
}

bool op_mapping_is_own(const struct op_mapping *mapping, unsigned protection)
{
	return mapping->anonymous && !mapping->shared && mapping->protection == protection;
}
