// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void op_must(struct op_error *err)
{
	if (!err)
		return;
	fprintf(stderr, "%s\n", err->message);
	abort();
}

void op_recorded_load(const char *name, struct op_recorded *ret)
{
	char path[4096];
	const char *source = getenv("srcdir");
	bool changed;

	snprintf(path, sizeof(path), "%s/tests/replay/images/%s.img", source ? source : ".", name);
	op_must(op_replay_read(path, &ret->replay));
	struct op_memory memory = op_replay_memory(&ret->replay);
	op_must(op_image_set_create(&memory, &ret->images));
	op_must(op_image_set_update(ret->images, ret->replay.regions, ret->replay.region_count,
				    &changed));
	size_t bytes = ret->replay.page_count * sizeof(*ret->pristine);
	ret->pristine = malloc(bytes);
	if (!ret->pristine)
		abort();
	memcpy(ret->pristine, ret->replay.pages, bytes);
	ret->context = (struct op_stack_context){
		.arch = &op_arch_x86_64,
		.memory = memory,
		.images = ret->images,
		.regions = ret->replay.regions,
		.region_count = ret->replay.region_count,
	};
}

bool op_recorded_is_writable(const struct op_recorded *recorded, uint64_t addr)
{
	for (size_t i = 0; i < recorded->replay.region_count; i++) {
		const struct op_region *region = &recorded->replay.regions[i];
		if (addr >= region->start.value && addr < region->end.value)
			return region->writable;
	}
	return false;
}
