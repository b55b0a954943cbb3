// SPDX-License-Identifier: GPL-3.0-or-later
// The arguments and results of a host call as text: WASI's by the table in wasi_preview1.c, others
// by their Wasm types. Everything behind a pointer is the guest's own and may be anything.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "target-runtime/vmctx.h"
#include "tracer/call_record.h"

enum {
	PREVIEW_BYTES = 32, // of a buffer, as strace does
	PATH_BYTES = 256,
	ITEMS_MAX = 8, // of an array
	IOVEC_SIZE = 8,
	SUBSCRIPTION_SIZE = 48,
	FILESTAT_TYPE = 16,
	FILESTAT_BYTES = 32,
	FILESTAT_SIZE = 64,
	FDSTAT_FLAGS = 2,
	FDSTAT_SIZE = 24,
	PRESTAT_SIZE = 8,
};

// The memory that pointers mean: the one that the module exports by the name "memory", as WASI
// wants it, else its first. Where the instance keeps its definition.
static struct op_host_addr find_definition(const struct op_call_record *record)
{
	uint32_t count, index = 0;
	const struct op_wasm_export *exports = op_wasm_module_exports(record->wasm, &count);
	for (uint32_t i = 0; i < count; i++)
		if (exports[i].kind == OP_WASM_EXTERNAL_MEMORY &&
		    exports[i].name.size == strlen("memory") &&
		    !memcmp(exports[i].name.data, "memory", exports[i].name.size))
			index = exports[i].index;
	op_wasm_module_memories(record->wasm, &count);
	if (index >= count)
		return op_host_addr(0);
	struct op_vmctx_offsets offsets = op_vmctx_offsets(record->layout, record->wasm);
	uint32_t imported = op_wasm_module_imported(record->wasm, OP_WASM_EXTERNAL_MEMORY);
	uint64_t place =
		index < imported
			? offsets.imported_memories + (uint64_t)index * OP_VM_IMPORT_SIZE
			: offsets.memories + (uint64_t)(index - imported) * OP_VM_POINTER_SIZE;
	return op_host_addr_add(record->vmctx, place);
}

// It is looked at once at the call and once at the return: it may have grown meanwhile.
static struct op_error *read_memory(struct op_session *session, struct op_call_record *record)
{
	uint8_t bytes[OP_VM_DEFINITION_SIZE];
	struct op_error *err = NULL;
	record->memory = (struct op_memory_state){0};
	if (!record->memory_definition.value) {
		struct op_host_addr place = find_definition(record);
		if (!place.value)
			return NULL;
		err = op_process_read(session->process, place, bytes, OP_VM_POINTER_SIZE);
		if (!err)
			record->memory_definition = op_host_addr(op_load_u64_unchecked(bytes));
	}
	if (!err)
		err = op_process_read(session->process, record->memory_definition, bytes,
				      sizeof(bytes));
	if (!err) {
		record->memory.base = op_host_addr(op_load_u64_unchecked(bytes));
		record->memory.size = op_load_u64_unchecked(bytes + OP_VM_DEFINITION_LENGTH);
	}
	// Then what is behind pointers cannot be shown.
	if (err && err->code == OP_ERROR_UNREADABLE) {
		op_error_destroy(err);
		err = NULL;
	}
	return err;
}

static bool read_guest(struct op_session *session, const struct op_memory_state *memory,
		       uint64_t offset, void *buffer, size_t size)
{
	if (offset > memory->size || size > memory->size - offset)
		return false;
	_cleanup_error_ struct op_error *err = op_process_read(
		session->process, op_host_addr_add(memory->base, offset), buffer, size);
	return !err;
}

static bool read_guest_u32(struct op_session *session, const struct op_memory_state *memory,
			   uint64_t offset, uint32_t *ret)
{
	uint8_t bytes[sizeof(uint32_t)];
	if (!read_guest(session, memory, offset, bytes, sizeof(bytes)))
		return false;
	*ret = op_load_u32_unchecked(bytes);
	return true;
}

static void quote(struct op_text *text, const uint8_t *bytes, size_t size, bool cut)
{
	static const struct {
		char plain;
		const char *shown;
	} escapes[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}};
	op_text_append_char(text, '"');
	size_t plain = 0;
	for (size_t i = 0; i <= size; i++) {
		const char *shown = NULL;
		for (size_t k = 0; i < size && k < OP_ARRAY_SIZE(escapes); k++)
			if (escapes[k].plain == (char)bytes[i])
				shown = escapes[k].shown;
		if (i < size && !shown)
			continue;
		op_text_append_escaped(text, (const char *)bytes + plain, i - plain);
		if (shown)
			op_text_append(text, shown);
		plain = i + 1;
	}
	op_text_append(text, cut ? "\"..." : "\"");
}

// "hello\n", or where it is when it cannot be read.
static void guest_string(struct op_session *session, const struct op_memory_state *memory,
			 uint64_t offset, uint64_t size, size_t most, struct op_text *text)
{
	uint8_t bytes[PATH_BYTES];
	size_t shown = size < most ? (size_t)size : most;
	if (offset <= memory->size && size <= memory->size - offset &&
	    read_guest(session, memory, offset, bytes, shown))
		quote(text, bytes, shown, shown < size);
	else
		op_text_printf(text, "0x%" PRIx64, offset);
}

// [{"hello\n", 6}, {0x400, 64}]: @p filled bytes of them are data, the rest only places.
static void buffers(struct op_session *session, const struct op_memory_state *memory,
		    uint64_t array, uint64_t count, uint64_t filled, struct op_text *text)
{
	uint8_t items[ITEMS_MAX][IOVEC_SIZE];
	size_t shown = count < ITEMS_MAX ? (size_t)count : ITEMS_MAX;
	if (!read_guest(session, memory, array, items, shown * IOVEC_SIZE)) {
		op_text_printf(text, "0x%" PRIx64, array);
		return;
	}
	op_text_append_char(text, '[');
	for (size_t i = 0; i < shown; i++) {
		uint32_t place = op_load_u32_unchecked(items[i]);
		uint32_t size = op_load_u32_unchecked(items[i] + sizeof(place));
		op_text_append(text, i ? ", {" : "{");
		uint64_t data = filled < size ? filled : size;
		filled -= data;
		if (data || !size)
			guest_string(session, memory, place, data, PREVIEW_BYTES, text);
		else
			op_text_printf(text, "0x%" PRIx32, place);
		op_text_printf(text, ", %" PRIu32 "}", size);
	}
	op_text_append(text, count > shown ? ", ...]" : "]");
}

static void flags(op_wasi_words words, uint64_t value, struct op_text *text)
{
	const char *separator = "";
	if (!value)
		op_text_append_char(text, '0');
	for (unsigned bit = 0; words[bit] && value; bit++) {
		if (!(value >> bit & 1))
			continue;
		op_text_printf(text, "%s%s", separator, words[bit]);
		separator = "|";
		value &= ~(1ULL << bit);
	}
	if (value)
		op_text_printf(text, "%s0x%" PRIx64, separator, value);
}

static void choice(op_wasi_words words, uint64_t value, struct op_text *text)
{
	uint64_t known = 0;
	while (words[known] && known < value)
		known++;
	if (words[known] && known == value)
		op_text_append(text, words[known]);
	else
		op_text_printf(text, "%" PRIu64, value);
}

// typenames.witx, $subscription: userdata u64, tag u8 at 8; a clock's id u32 at 16, timeout u64 at
// 24, flags u16 at 40 (bit 0: absolute); a file's descriptor u32 at 16.
static void subscriptions(struct op_session *session, const struct op_memory_state *memory,
			  uint64_t array, uint64_t count, struct op_text *text)
{
	op_text_append_char(text, '[');
	for (uint64_t i = 0; i < count && i < ITEMS_MAX; i++) {
		uint8_t item[SUBSCRIPTION_SIZE];
		op_text_append(text, i ? ", " : "");
		if (!read_guest(session, memory, array + i * sizeof(item), item, sizeof(item))) {
			op_text_printf(text, "0x%" PRIx64, array + i * sizeof(item));
			break;
		}
		uint32_t which = op_load_u32_unchecked(item + 16);
		if (item[8] == 0)
			op_text_printf(text, "{%s %" PRIu64 " ns%s}",
				       which == 0 ? "realtime" : "monotonic",
				       op_load_u64_unchecked(item + 24),
				       item[40] & 1 ? " absolute" : "");
		else
			op_text_printf(text, "{%s %" PRIu32 "}",
				       item[8] == 1 ? "fd_read" : "fd_write", which);
	}
	op_text_append(text, count > ITEMS_MAX ? ", ...]" : "]");
}

static uint64_t bits(const struct op_call_record *record, size_t index)
{
	return index < record->value_count ? op_value_bits(&record->values[index]) : 0;
}

static int64_t as_signed(const struct op_value *value)
{
	uint64_t number = op_value_bits(value);
	return value->type == OP_VALUE_I32 ? (int32_t)(uint32_t)number : (int64_t)number;
}

// By its Wasm type.
static void plain_value(const struct op_value *value, struct op_text *text)
{
	uint64_t number = op_value_bits(value);
	float single;
	double real;
	if (value->state != OP_VALUE_PRESENT) {
		op_text_printf(text, "<%s>", op_value_state_message(value->state));
		return;
	}
	switch (value->type) {
	case OP_VALUE_I32:
	case OP_VALUE_I64:
		op_text_printf(text, "%" PRId64, as_signed(value));
		break;
	case OP_VALUE_F32:
		memcpy(&single, value->bytes, sizeof(single));
		op_text_printf(text, "%.9g", (double)single);
		break;
	case OP_VALUE_F64:
		memcpy(&real, value->bytes, sizeof(real));
		op_text_printf(text, "%.17g", real);
		break;
	default:
		op_text_printf(text, "%s 0x%" PRIx64, op_value_type_name(value->type), number);
		break;
	}
}

static void wasi_argument(struct op_session *session, const struct op_call_record *record,
			  const struct op_memory_state *memory,
			  const struct op_wasi_parameter *parameter, size_t index, uint64_t filled,
			  struct op_text *text)
{
	uint64_t value = bits(record, index), size = bits(record, index + 1);
	switch (parameter->kind) {
	case OP_WASI_SIGNED:
		op_text_printf(text, "%" PRId64, as_signed(&record->values[index]));
		break;
	case OP_WASI_HEX:
		op_text_printf(text, "0x%" PRIx64, value);
		break;
	case OP_WASI_ENUM:
		choice(parameter->words, value, text);
		break;
	case OP_WASI_FLAGS:
		flags(parameter->words, value, text);
		break;
	case OP_WASI_STRING:
		guest_string(session, memory, value, size, PATH_BYTES, text);
		break;
	case OP_WASI_DATA:
		buffers(session, memory, value, size, UINT64_MAX, text);
		break;
	case OP_WASI_BUFFERS:
		buffers(session, memory, value, size, filled, text);
		break;
	case OP_WASI_BUFFER:
		op_text_append_char(text, '{');
		if (filled)
			guest_string(session, memory, value, filled < size ? filled : size,
				     PREVIEW_BYTES, text);
		else
			op_text_printf(text, "0x%" PRIx64, value);
		op_text_printf(text, ", %" PRIu64 "}", size);
		break;
	case OP_WASI_SUBSCRIPTIONS:
		subscriptions(session, memory, value, bits(record, index + 2), text);
		break;
	default:
		op_text_printf(text, "%" PRIu64, value);
		break;
	}
}

static struct op_error *keep(struct op_call_record *record, struct op_text *text, const char **ret)
{
	char *copy;
	struct op_error *err = op_text_steal(text, &copy);
	if (err)
		return err;
	if (!op_array_push(&record->texts, copy)) {
		free(copy);
		return op_error_no_memory();
	}
	*ret = copy;
	return NULL;
}

static struct op_error *add_argument(struct op_call_record *record, const char *name,
				     struct op_text *text)
{
	struct op_host_argument argument = {.name = name};
	struct op_error *err = keep(record, text, &argument.text);
	if (!err && !op_array_push(&record->arguments, argument))
		err = op_error_no_memory();
	return err;
}

static bool is_shown(enum op_wasi_kind kind)
{
	return kind != OP_WASI_END && kind < OP_WASI_HIDDEN;
}

static bool is_filled_by_host(enum op_wasi_kind kind)
{
	return kind == OP_WASI_BUFFERS || kind == OP_WASI_BUFFER;
}

static bool has_filled(const struct op_call_record *record)
{
	bool found = false;
	for (size_t i = 0; record->wasi && i < OP_WASI_PARAMETERS_MAX; i++)
		found |= is_filled_by_host(record->wasi->parameters[i].kind);
	return found;
}

// At the call all arguments; at the return those that the host has filled, once more.
static struct op_error *wasi_arguments(struct op_session *session, struct op_call_record *record,
				       bool returned, uint64_t filled)
{
	struct op_error *err = returned ? NULL : read_memory(session, record);
	size_t index = 0, shown = 0;
	for (size_t i = 0; !err && i < OP_WASI_PARAMETERS_MAX; i++) {
		const struct op_wasi_parameter *parameter = &record->wasi->parameters[i];
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		bool wanted = is_shown(parameter->kind);
		if (wanted && (!returned || is_filled_by_host(parameter->kind))) {
			wasi_argument(session, record, &record->memory, parameter, index, filled,
				      &text);
			if (returned)
				err = keep(record, &text, &record->arguments.data[shown].text);
			else
				err = add_argument(record, parameter->name, &text);
		}
		shown += wanted;
		index += op_wasi_width(parameter->kind);
	}
	return err;
}

static struct op_error *plain_arguments(struct op_call_record *record)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < record->value_count; i++) {
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		plain_value(&record->values[i], &text);
		err = add_argument(record, NULL, &text);
	}
	return err;
}

struct op_error *op_call_render_arguments(struct op_session *session, struct op_call_record *record,
					  bool returned, uint64_t count)
{
	struct op_error *err = NULL;
	if (returned && !has_filled(record))
		return NULL;
	if (record->wasi)
		err = wasi_arguments(session, record, returned, count);
	else if (!returned)
		err = plain_arguments(record);
	if (err)
		return err;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_printf(&text, "%s(", record->call.name ?: "?");
	for (size_t i = 0; i < record->arguments.count; i++)
		op_text_printf(&text, "%s%s", i ? ", " : "", record->arguments.data[i].text);
	// The values of a call whose type is not known are not known either.
	op_text_append(&text, record->type ? ")" : "...)");
	record->call.arguments = record->arguments.data;
	record->call.argument_count = record->arguments.count;
	return keep(record, &text, &record->call.text);
}

struct op_error *op_call_filled(struct op_session *session, struct op_call_record *record,
				uint64_t *ret)
{
	*ret = 0;
	if (!record->wasi || record->call.is_error)
		return NULL;
	struct op_error *err = read_memory(session, record);
	size_t index = 0;
	for (size_t i = 0; !err && i < OP_WASI_PARAMETERS_MAX; i++) {
		const struct op_wasi_parameter *parameter = &record->wasi->parameters[i];
		uint32_t count;
		if (parameter->kind == OP_WASI_OUT_COUNT) {
			if (read_guest_u32(session, &record->memory, bits(record, index), &count))
				*ret = count;
			return NULL;
		}
		index += op_wasi_width(parameter->kind);
	}
	*ret = UINT64_MAX;
	return err;
}

// What the host has stored at one pointer. Nothing is said of what cannot be read.
static void out_value(struct op_session *session, const struct op_memory_state *memory,
		      const struct op_wasi_parameter *parameter, uint64_t place,
		      struct op_text *text)
{
	static const uint8_t sizes[] = {
		[OP_WASI_OUT_COUNT] = 4,
		[OP_WASI_OUT_U32] = 4,
		[OP_WASI_OUT_U64] = 8,
		[OP_WASI_OUT_FLAGS] = 2,
		[OP_WASI_OUT_FILESTAT] = FILESTAT_SIZE,
		[OP_WASI_OUT_FDSTAT] = FDSTAT_SIZE,
		[OP_WASI_OUT_PRESTAT] = PRESTAT_SIZE,
	};
	uint8_t bytes[FILESTAT_SIZE] = {0};
	if (!read_guest(session, memory, place, bytes, sizes[parameter->kind]))
		return;
	if (text->size)
		op_text_append(text, ", ");
	switch (parameter->kind) {
	case OP_WASI_OUT_COUNT:
		// One byte, two bytes.
		op_text_printf(text, "%" PRIu32 " %.*s", op_load_u32_unchecked(bytes),
			       (int)(strlen(parameter->name) - (op_load_u32_unchecked(bytes) == 1)),
			       parameter->name);
		break;
	case OP_WASI_OUT_FLAGS:
		op_text_printf(text, "%s ", parameter->name);
		flags(parameter->words, op_load_u32_unchecked(bytes) & UINT16_MAX, text);
		break;
	case OP_WASI_OUT_FILESTAT:
		choice(parameter->words, bytes[FILESTAT_TYPE], text);
		op_text_printf(text, ", %" PRIu64 " bytes",
			       op_load_u64_unchecked(bytes + FILESTAT_BYTES));
		break;
	case OP_WASI_OUT_FDSTAT:
		choice(parameter->words, bytes[0], text);
		op_text_printf(text, ", flags 0x%x",
			       bytes[FDSTAT_FLAGS] | bytes[FDSTAT_FLAGS + 1] << 8);
		break;
	case OP_WASI_OUT_PRESTAT:
		op_text_printf(text, "directory, name of %" PRIu32 " bytes",
			       op_load_u32_unchecked(bytes + 4));
		break;
	default:
		op_text_printf(text, "%s %" PRIu64, parameter->name, op_load_u64_unchecked(bytes));
		break;
	}
}

struct op_error *op_call_render_result(struct op_session *session, struct op_call_record *record,
				       const struct op_value *value)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	if (!record->wasi) {
		plain_value(value, &text);
		return keep(record, &text, &record->call.result);
	}
	uint32_t number = (uint32_t)op_value_bits(value);
	op_text_printf(&text, "%" PRIu32, number);
	if (number && op_wasi_errno(number))
		op_text_printf(&text, " %s", op_wasi_errno(number));
	_cleanup_text_ struct op_text more = OP_TEXT_INIT;
	size_t index = 0;
	for (size_t i = 0; !number && i < OP_WASI_PARAMETERS_MAX; i++) {
		const struct op_wasi_parameter *parameter = &record->wasi->parameters[i];
		if (parameter->kind >= OP_WASI_OUT_COUNT)
			out_value(session, &record->memory, parameter, bits(record, index), &more);
		index += op_wasi_width(parameter->kind);
	}
	if (more.size)
		op_text_printf(&text, " (%s)", more.data);
	return more.failed ? op_error_no_memory() : keep(record, &text, &record->call.result);
}
