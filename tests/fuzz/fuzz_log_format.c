// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz the formats of log points, which end in printf(): every conversion gets a value of every
// type.
#include <stdint.h>
#include <stdlib.h>

#include "tracer/log_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE_MAX_SIZE = 1 << 20 };

static void apply(const struct op_log_format *format, enum op_value_type type, uint64_t bits)
{
	struct op_log_value values[OP_LOG_CONVERSIONS_MAX];
	struct op_text text = OP_TEXT_INIT;
	for (size_t i = 0; i < OP_LOG_CONVERSIONS_MAX; i++)
		values[i] = (struct op_log_value){
			.type = type, .bits = bits, .text = "text", .failed = bits == i};
	op_log_format_apply(format, values, &text);
	if (text.size > LINE_MAX_SIZE)
		abort();
	op_text_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct op_log_format format = {0};
	struct op_error *err = op_log_format_parse((const char *)data, size, &format);
	if (!err) {
		if (op_log_format_values(&format) > OP_LOG_CONVERSIONS_MAX)
			abort();
		apply(&format, OP_VALUE_I32, 3);
		apply(&format, OP_VALUE_I64, UINT64_MAX);
		apply(&format, OP_VALUE_F32, 0x7f7fffff);
		apply(&format, OP_VALUE_F64, 0x7fefffffffffffff);
	}
	op_error_destroy(err);
	op_log_format_deinit(&format);
	return 0;
}
