// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz what `trace-calls` and `catch host` show of a call: the function, its arguments, and a
// linear memory that may hold anything. First comes the function's name, up to a NUL; then the
// values; then the memory, at whose beginning Wasmtime would keep where it is and how long.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "platform/operations.h"
#include "tracer/call_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BASE = 0x10000, VALUES = 10, NAME_SIZE = 32 };

static const uint8_t *memory;
static size_t memory_size;

static struct op_error *read_some(struct op_process *process, struct op_host_addr addr,
				  void *buffer, size_t size, size_t *ret_done)
{
	uint64_t offset = addr.value - BASE;
	*ret_done = offset >= memory_size         ? 0
		    : size < memory_size - offset ? size
						  : memory_size - (size_t)offset;
	if (*ret_done)
		memcpy(buffer, memory + offset, *ret_done);
	return NULL;
}

static struct op_error *unreadable(struct op_process *process, struct op_host_addr addr)
{
	return op_error_create(OP_ERROR_UNREADABLE, "there is nothing");
}

static const struct op_process_operations operations = {
	.what = "an input",
	.read_some = read_some,
	.unreadable = unreadable,
};

// Whatever the guest has put there, what is shown goes to a terminal.
static void check(const char *text)
{
	for (const char *c = text; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
}

static void render(struct op_session *session, struct op_call_record *record)
{
	struct op_value result = {.type = OP_VALUE_I32};
	uint64_t filled = 0;
	struct op_error *err = op_call_render_arguments(session, record, false, 0);
	if (!err)
		check(record->call.text);
	if (!err)
		err = op_call_filled(session, record, &filled);
	if (!err)
		err = op_call_render_arguments(session, record, true, filled);
	if (!err)
		err = op_call_render_result(session, record, &result);
	if (!err) {
		check(record->call.text);
		check(record->call.result);
	}
	op_error_destroy(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct op_process process = {.operations = &operations};
	struct op_session session = {.process = &process};
	static const struct op_wasm_type_def type;
	struct op_call_record record = {.type = &type, .memory_definition = {BASE}};
	char name[NAME_SIZE] = "";
	size_t name_size = strnlen((const char *)data, size < NAME_SIZE - 1 ? size : NAME_SIZE - 1);
	memcpy(name, data, name_size);
	size_t used = name_size < size ? name_size + 1 : size;
	record.call.name = "call";
	record.wasi = op_wasi_function(name);
	for (; record.value_count < VALUES && size - used >= 8; used += 8) {
		bool wide = record.value_count % 2;
		record.values[record.value_count] =
			(struct op_value){.type = wide ? OP_VALUE_I64 : OP_VALUE_I32};
		memcpy(record.values[record.value_count++].bytes, data + used, wide ? 8 : 4);
	}
	memory = data + used;
	memory_size = size - used;
	render(&session, &record);
	op_call_record_clear(&record);
	return 0;
}
