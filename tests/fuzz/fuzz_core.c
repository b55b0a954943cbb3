// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz the opening of a core file, packed or not, and everything that is asked of one. Its corpus
// is made by make_core_corpus.c.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/platform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LOOKS_MAX = 256 };

static void read_around(struct op_process *process, uint64_t addr)
{
	uint8_t buffer[5000];
	size_t done;

	op_error_destroy(
		op_process_read_some(process, op_host_addr(addr), buffer, sizeof(buffer), &done));
	if (done > sizeof(buffer))
		abort();
	// What cannot be read has a reason.
	if (done < sizeof(buffer)) {
		struct op_error *err = op_process_unreadable(process, op_host_addr(addr + done));
		if (!err || !err->message[0])
			abort();
		op_error_destroy(err);
	}
}

static void use_threads(struct op_process *process)
{
	size_t count;
	const struct op_thread_info *threads = op_process_threads(process, &count);

	for (size_t i = 0; i < count && i < LOOKS_MAX; i++) {
		struct op_registers registers;
		uint8_t vector[16];

		if (i && threads[i].id < threads[i - 1].id)
			abort();
		op_error_destroy(op_process_registers(process, threads[i].id, &registers));
		op_error_destroy(op_process_vector_register(process, threads[i].id, 15, vector));
	}
}

static void use_mappings(struct op_process *process)
{
	struct op_mappings mappings;
	struct op_error *err = op_process_mappings(process, &mappings);

	if (err) {
		op_error_destroy(err);
		return;
	}
	for (size_t i = 0; i < mappings.count && i < LOOKS_MAX; i++) {
		const struct op_mapping *mapping = &mappings.data[i];

		// In order, without overlaps, whatever the headers say.
		if (mapping->start.value >= mapping->end.value ||
		    (i && mapping->start.value < mapping[-1].end.value))
			abort();
		read_around(process, mapping->start.value);
		read_around(process, mapping->end.value - 1);
	}
	op_mappings_deinit(&mappings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct op_core_options options = {.sysroot = "/nonexistent"};
	struct op_process *process;
	char path[64];
	int fd = memfd_create("core", MFD_CLOEXEC);

	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct op_error *err = write(fd, data, size) == (ssize_t)size
				       ? op_process_open_core(path, &options, &process)
				       : op_error_no_memory();
	close(fd);
	if (err) {
		op_error_destroy(err);
		return 0;
	}
	use_threads(process);
	use_mappings(process);
	read_around(process, 0);
	read_around(process, UINT64_MAX - 3);
	const struct op_core_info *info = op_process_core_info(process);
	for (size_t i = 0; i < info->remark_count; i++)
		if (!info->remarks[i][0])
			abort();
	op_process_destroy(process);
	return 0;
}
