// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz the address map: first byte chooses the encoding, the rest is the section.
#include <stddef.h>
#include <stdint.h>

#include "target-runtime/address_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool look_up(void *context, const struct op_address_map_entry *entry)
{
	unsigned *left = context;
	return entry->text_offset != UINT32_MAX && --*left > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct op_bytes section = {.data = data + 1, .size = size - 1, .what = "map"};
	struct op_address_map *map;
	struct op_error *error = op_address_map_create(&section, data[0] % 2, &map);
	if (error) {
		op_error_destroy(error);
		return 0;
	}
	for (unsigned shift = 0; shift < 32; shift++) {
		uint32_t position;
		unsigned left = 1000;
		op_address_map_lookup(map, UINT32_MAX >> shift, &position);
		op_error_destroy(op_address_map_each(map, UINT32_MAX >> shift, look_up, &left));
	}
	op_address_map_destroy(map);
	return 0;
}
