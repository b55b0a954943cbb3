// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the settings in .wasmtime.engine up to the last one that matters. postcard: unsigned
// numbers are LEB128, sequences and strings a count and the items, options and enums the number of
// the variant, structs just their fields.
#include "target-runtime/tunables.h"

#include <inttypes.h>

#include "base/compiler.h"
#include "target-runtime/engine.h"

const char *op_collector_name(enum op_collector collector)
{
	static const char *const names[] = {
		[OP_COLLECTOR_UNKNOWN] = "unknown",
		[OP_COLLECTOR_DRC] = "drc",
		[OP_COLLECTOR_NULL] = "null",
		[OP_COLLECTOR_COPYING] = "copying",
	};
	return (unsigned)collector < OP_ARRAY_SIZE(names) ? names[collector] : "unknown";
}

static struct op_error *bool_read(struct op_reader *r, bool *ret)
{
	uint8_t byte = 0;
	struct op_error *err = op_reader_u8(r, &byte);
	if (!err && byte > 1)
		return op_reader_fail(r, "%u is neither yes nor no", byte);
	if (!err)
		*ret = byte;
	return err;
}

static struct op_error *string_skip(struct op_reader *r)
{
	uint32_t size;
	struct op_error *err = op_reader_uleb32(r, &size);
	return err ? err : op_reader_skip(r, size);
}

// crates/wasmtime/src/engine/serialization.rs: FlagValue.
enum flag_kind { FLAG_ENUM, FLAG_NUM, FLAG_BOOL };

static struct op_error *flags_skip(struct op_reader *r)
{
	uint32_t count;
	struct op_error *err = op_reader_uleb32(r, &count);
	// A name's length, a kind and a value are one byte each at least.
	if (!err && count > op_reader_left(r) / 3)
		return op_reader_fail(r, "%" PRIu32 " compiler flags do not fit", count);
	for (uint32_t i = 0; !err && i < count; i++) {
		uint32_t kind;
		err = string_skip(r);
		if (!err)
			err = op_reader_uleb32(r, &kind);
		if (!err && kind > FLAG_BOOL)
			return op_reader_fail(r, "%" PRIu32 " is no kind of compiler flag", kind);
		if (!err)
			err = kind == FLAG_ENUM ? string_skip(r) : op_reader_skip(r, 1);
	}
	return err;
}

static struct op_error *collector_read(struct op_reader *r, enum op_collector *ret)
{
	// By the number of the variant.
	static const enum op_collector collectors[] = {OP_COLLECTOR_DRC, OP_COLLECTOR_NULL,
						       OP_COLLECTOR_COPYING};
	bool some = false;
	uint32_t variant = 0;
	struct op_error *err = bool_read(r, &some);
	*ret = OP_COLLECTOR_UNKNOWN;
	if (err || !some)
		return err;
	err = op_reader_uleb32(r, &variant);
	if (!err && variant < OP_ARRAY_SIZE(collectors))
		*ret = collectors[variant];
	return err;
}

static struct op_error *settings_read(struct op_reader *r, const struct op_layout *layout,
				      struct op_tunables *ret)
{
	uint64_t reservation_for_growth;
	bool ignored;
	struct op_error *err = collector_read(r, &ret->collector);
	if (!err)
		err = op_reader_uleb64(r, &ret->memory_reservation);
	if (!err)
		err = op_reader_uleb64(r, &ret->memory_guard_size);
	if (!err)
		err = op_reader_uleb64(r, &reservation_for_growth);
	const struct {
		bool *field;
		bool exists;
	} bools[] = {
		{&ignored, true}, // debug_native
		{&ret->debug_guest, layout->tunables_debug_guest},
		{&ignored, layout->tunables_debug_symbols},
		{&ignored, true}, // parse_wasm_debuginfo
		{&ret->consume_fuel, true},
	};
	for (size_t i = 0; !err && i < OP_ARRAY_SIZE(bools); i++) {
		if (bools[i].exists)
			err = bool_read(r, bools[i].field);
	}
	// OperatorCostStrategy: 0 is followed by a table that a build of Wasmtime may have chosen;
	// its size is that of the instruction set.
	uint32_t cost = 1;
	if (!err && layout->tunables_operator_cost)
		err = op_reader_uleb32(r, &cost);
	if (!err && cost != 1)
		return op_reader_fail(r, "the costs of instructions are the embedder's own: what "
					 "follows is not read");
	bool *const after[] = {
		&ret->epoch_interruption,
		&ret->memory_may_move,
		&ignored, // guard_before_linear_memory
		&ret->table_lazy_init,
	};
	for (size_t i = 0; !err && i < OP_ARRAY_SIZE(after); i++)
		err = bool_read(r, after[i]);
	return err;
}

struct op_error *op_tunables_parse(const struct op_bytes *section, const struct op_layout *layout,
				   struct op_tunables *ret)
{
	struct op_engine engine;
	*ret = (struct op_tunables){0};
	struct op_error *err = op_engine_parse(section, &engine);
	if (err)
		return err;
	struct op_reader r = op_reader(section);
	err = op_reader_skip(&r, 2 + engine.version_size);
	if (!err)
		err = string_skip(&r); // target triple
	if (!err)
		err = flags_skip(&r); // shared
	if (!err)
		err = flags_skip(&r); // of the instruction set
	return err ? err : settings_read(&r, layout, ret);
}
