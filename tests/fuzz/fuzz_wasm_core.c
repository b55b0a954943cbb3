// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz Wasm core dumps: whatever is taken for one can be asked for all that is in it.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "target-runtime/wasm_core_dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_stacks(const struct op_wasm_core_dump *dump)
{
	size_t threads, instances, modules;
	const struct op_dumped_thread *thread = op_wasm_core_dump_threads(dump, &threads);
	const struct op_dumped_instance *instance = op_wasm_core_dump_instances(dump, &instances);

	op_wasm_core_dump_modules(dump, &modules);
	for (size_t i = 0; i < threads; i++)
		for (uint32_t j = 0; j < thread[i].frame_count; j++)
			if (thread[i].frames[j].instance >= instances ||
			    instance[thread[i].frames[j].instance].module >= modules)
				abort();
}

static void use_memories(const struct op_wasm_core_dump *dump)
{
	uint8_t buffer[64];
	size_t count;

	op_wasm_core_dump_memories(dump, &count);
	for (uint32_t i = 0; i < count && i < 16; i++) {
		uint64_t bytes = op_wasm_core_dump_memory_size(dump, i);
		struct op_error *err =
			op_wasm_core_dump_read(dump, i, bytes / 2, buffer, sizeof(buffer));
		if (!err != (bytes - bytes / 2 >= sizeof(buffer)))
			abort();
		op_error_destroy(err);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct op_bytes bytes = {data, size, "a core dump"};
	struct op_wasm_core_dump *dump;
	struct op_error *err = op_wasm_core_dump_create(&bytes, &dump);

	if (err) {
		op_error_destroy(err);
		return 0;
	}
	use_stacks(dump);
	use_memories(dump);
	op_wasm_core_dump_destroy(dump);
	return 0;
}
