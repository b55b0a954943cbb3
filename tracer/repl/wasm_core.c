// SPDX-License-Identifier: GPL-3.0-or-later
// outpost core FILE.wasm: a Wasm core dump, shown. There is neither a process nor code in one, so
// there is no conversation about it.
#include "tracer/repl/wasm_core.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/input_file.h"
#include "target-runtime/wasm_core_dump.h"

static void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

bool op_is_wasm_core(const char *path)
{
	char start[8];
	_cleanup_(close_fdp) int fd = op_input_file_open(path);
	return fd >= 0 && read(fd, start, sizeof(start)) == sizeof(start) &&
	       op_is_wasm_file(start, sizeof(start));
}

static void text_of_value(struct op_text *text, const struct op_dumped_value *value)
{
	float single;
	double number;
	uint32_t low = (uint32_t)value->bits;
	if (value->missing) {
		op_text_append(text, "<missing>");
		return;
	}
	op_text_printf(text, "%s:", op_value_type_name(value->type));
	switch (value->type) {
	case OP_VALUE_I32:
		op_text_printf(text, "%" PRId32, (int32_t)low);
		return;
	case OP_VALUE_F32:
		memcpy(&single, &low, sizeof(single));
		op_text_printf(text, "%.9g", (double)single);
		return;
	case OP_VALUE_F64:
		memcpy(&number, &value->bits, sizeof(number));
		op_text_printf(text, "%.17g", number);
		return;
	default:
		op_text_printf(text, "%" PRId64, (int64_t)value->bits);
		return;
	}
}

static void text_of_values(struct op_text *text, const char *what,
			   const struct op_dumped_value *values, uint32_t count)
{
	if (!count)
		return;
	op_text_printf(text, "  %s", what);
	for (uint32_t i = 0; i < count; i++) {
		op_text_append_char(text, ' ');
		text_of_value(text, &values[i]);
	}
}

static void escape(struct op_text *text, const struct op_wasm_name *name)
{
	op_text_append_escaped(text, name->data, name->size);
}

static const struct op_wasm_name *module_of(const struct op_wasm_core_dump *dump, uint32_t instance)
{
	size_t count;
	const struct op_dumped_instance *instances = op_wasm_core_dump_instances(dump, &count);
	return &op_wasm_core_dump_modules(dump, &count)[instances[instance].module];
}

static void show_text_threads(struct op_output *out, const struct op_wasm_core_dump *dump)
{
	size_t count;
	const struct op_dumped_thread *threads = op_wasm_core_dump_threads(dump, &count);
	for (size_t i = 0; i < count; i++) {
		_cleanup_text_ struct op_text name = OP_TEXT_INIT;
		escape(&name, &threads[i].name);
		op_output_printf(out, "Thread %zu \"%s\"\n", i, name.data ? name.data : "");
		for (uint32_t j = 0; j < threads[i].frame_count; j++) {
			const struct op_dumped_frame *frame = &threads[i].frames[j];
			_cleanup_text_ struct op_text text = OP_TEXT_INIT;
			escape(&text, module_of(dump, frame->instance));
			op_text_printf(&text, "!function[%" PRIu32 "] + 0x%" PRIx32,
				       frame->function, frame->offset);
			text_of_values(&text, "locals", frame->locals, frame->local_count);
			text_of_values(&text, "stack", frame->operands, frame->operand_count);
			op_output_printf(out, "#%" PRIu32 "  instance %" PRIu32 "  %s\n", j,
					 frame->instance, text.data ? text.data : "");
			op_output_drain(out);
		}
	}
}

static void text_of_indices(struct op_text *text, const char *what, const uint32_t *indices,
			    uint32_t count)
{
	if (count)
		op_text_printf(text, "  %s", what);
	for (uint32_t i = 0; i < count; i++)
		op_text_printf(text, " %" PRIu32, indices[i]);
}

static void text_of_global(struct op_text *text, const struct op_dumped_global *global)
{
	static const enum op_value_type types[] = {OP_VALUE_V128, OP_VALUE_F64, OP_VALUE_F32,
						   OP_VALUE_I64, OP_VALUE_I32};
	struct op_dumped_value value = {.bits = op_load_u64_unchecked(global->bytes)};
	if (global->type.code == OP_WASM_TYPE_REF) {
		op_text_append(text, "a reference: not in the dump");
	} else if (global->type.code == OP_WASM_TYPE_V128) {
		op_text_printf(text, "v128:0x%016" PRIx64 "%016" PRIx64,
			       op_load_u64_unchecked(global->bytes + 8), value.bits);
	} else {
		value.type = types[global->type.code - OP_WASM_TYPE_V128];
		text_of_value(text, &value);
	}
}

static void show_text_state(struct op_output *out, const struct op_wasm_core_dump *dump)
{
	size_t count;
	const struct op_dumped_instance *instances = op_wasm_core_dump_instances(dump, &count);
	for (size_t i = 0; i < count; i++) {
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		escape(&text, module_of(dump, (uint32_t)i));
		text_of_indices(&text, "memories", instances[i].memories,
				instances[i].memory_count);
		text_of_indices(&text, "globals", instances[i].globals, instances[i].global_count);
		op_output_printf(out, "Instance %zu  %s\n", i, text.data ? text.data : "");
	}
	const struct op_wasm_limits *memories = op_wasm_core_dump_memories(dump, &count);
	for (size_t i = 0; i < count; i++)
		op_output_printf(out, "Memory %zu  %" PRIu64 " bytes%s%s\n", i,
				 op_wasm_core_dump_memory_size(dump, (uint32_t)i),
				 memories[i].is_64 ? ", 64-bit" : "",
				 memories[i].shared ? ", shared" : "");
	const struct op_dumped_global *globals = op_wasm_core_dump_globals(dump, &count);
	for (size_t i = 0; i < count; i++) {
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		text_of_global(&text, &globals[i]);
		op_output_printf(out, "Global %zu  %s%s\n", i,
				 globals[i].is_mutable ? "mutable " : "", text.data);
	}
}

static void json_name(struct op_json *json, const char *key, const struct op_wasm_name *name)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	escape(&text, name);
	op_json_string(json, key, text.data ? text.data : "");
}

static void json_values(struct op_json *json, const char *key, const struct op_dumped_value *values,
			uint32_t count)
{
	op_json_begin_array(json, key);
	for (uint32_t i = 0; i < count; i++) {
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		text_of_value(&text, &values[i]);
		op_json_string(json, NULL, text.data ? text.data : "");
	}
	op_json_end_array(json);
}

static void json_threads(struct op_json *json, const struct op_wasm_core_dump *dump)
{
	size_t count;
	const struct op_dumped_thread *threads = op_wasm_core_dump_threads(dump, &count);
	op_json_begin_array(json, "threads");
	for (size_t i = 0; i < count; i++) {
		op_json_begin_object(json, NULL);
		json_name(json, "name", &threads[i].name);
		op_json_begin_array(json, "frames");
		for (uint32_t j = 0; j < threads[i].frame_count; j++) {
			const struct op_dumped_frame *frame = &threads[i].frames[j];
			op_json_begin_object(json, NULL);
			op_json_uint(json, "instance", frame->instance);
			op_json_uint(json, "function", frame->function);
			op_json_uint(json, "offset", frame->offset);
			json_values(json, "locals", frame->locals, frame->local_count);
			json_values(json, "stack", frame->operands, frame->operand_count);
			op_json_end_object(json);
		}
		op_json_end_array(json);
		op_json_end_object(json);
	}
	op_json_end_array(json);
}

static void json_indices(struct op_json *json, const char *key, const uint32_t *indices,
			 uint32_t count)
{
	op_json_begin_array(json, key);
	for (uint32_t i = 0; i < count; i++)
		op_json_uint(json, NULL, indices[i]);
	op_json_end_array(json);
}

static void json_state(struct op_json *json, const struct op_wasm_core_dump *dump)
{
	size_t count;
	const struct op_dumped_instance *instances = op_wasm_core_dump_instances(dump, &count);
	op_json_begin_array(json, "instances");
	for (size_t i = 0; i < count; i++) {
		op_json_begin_object(json, NULL);
		json_name(json, "module", module_of(dump, (uint32_t)i));
		json_indices(json, "memories", instances[i].memories, instances[i].memory_count);
		json_indices(json, "globals", instances[i].globals, instances[i].global_count);
		op_json_end_object(json);
	}
	op_json_end_array(json);
	op_json_begin_array(json, "memories");
	op_wasm_core_dump_memories(dump, &count);
	for (size_t i = 0; i < count; i++)
		op_json_uint(json, NULL, op_wasm_core_dump_memory_size(dump, (uint32_t)i));
	op_json_end_array(json);
	op_json_begin_array(json, "globals");
	const struct op_dumped_global *globals = op_wasm_core_dump_globals(dump, &count);
	for (size_t i = 0; i < count; i++) {
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		text_of_global(&text, &globals[i]);
		op_json_string(json, NULL, text.data ? text.data : "");
	}
	op_json_end_array(json);
}

static void show(struct op_output *out, const struct op_wasm_core_dump *dump, const char *path)
{
	struct op_wasm_name name = op_wasm_core_dump_name(dump);
	if (out->json) {
		op_json_string(&out->writer, "file", path);
		json_name(&out->writer, "program", &name);
		json_threads(&out->writer, dump);
		json_state(&out->writer, dump);
		return;
	}
	_cleanup_text_ struct op_text program = OP_TEXT_INIT;
	escape(&program, &name);
	op_output_printf(out, "Wasm core dump of %s.\n", program.size ? program.data : "a program");
	show_text_threads(out, dump);
	show_text_state(out, dump);
}

struct op_error *op_wasm_core_show(struct op_output *out, const char *path)
{
	struct stat status;
	_cleanup_(close_fdp) int fd = op_input_file_open(path);
	if (fd < 0 || fstat(fd, &status))
		return op_error_system(OP_ERROR_IO, errno, "cannot open %s", path);
	// Private: what is written to the file later may change it, never its size under our hands.
	size_t size = (size_t)status.st_size;
	void *data = mmap(NULL, size ? size : 1, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return op_error_system(OP_ERROR_IO, errno, "cannot read %s", path);
	const struct op_bytes bytes = {data, size, path};
	struct op_wasm_core_dump *dump = NULL;
	struct op_error *err = op_wasm_core_dump_create(&bytes, &dump);
	if (!err)
		show(out, dump, path);
	op_wasm_core_dump_destroy(dump);
	munmap(data, size);
	return err;
}
