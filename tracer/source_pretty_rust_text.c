// SPDX-License-Identifier: GPL-3.0-or-later
// Printers for the strings of Rust's standard library: its own, the system's, C's; see
// source_pretty.h. On Wasm the system's strings are vectors of bytes as well
// (library/std/src/sys/os_str/bytes.rs).
#include <inttypes.h>
#include <string.h>

#include "tracer/source_pretty_rust.h"

const struct op_type *op_rust_byte_type(void)
{
	static const struct op_type byte = {.kind = OP_TYPE_CHAR,
					    .language = OP_LANGUAGE_RUST,
					    .name = "u8",
					    .size = 1,
					    .has_size = true,
					    .is_unsigned = true,
					    .completed = true};
	return &byte;
}

/** What has no size and is a string. */
struct text_type {
	const char *name;
	uint64_t behind;
};
static const struct text_type text_types[] = {
	{"str", 0},
	{"std::ffi::os_str::OsStr", 0},
	{"std::path::Path", 0},
	// With its NUL; it has moved from std to core.
	{"core::ffi::c_str::CStr", 1},
	{"std::ffi::c_str::CStr", 1},
};

const char *op_rust_pointed_to(const char *pointer)
{
	static const char *const starts[] = {"&mut ", "&", "*const ", "*mut "};
	for (size_t i = 0; i < OP_ARRAY_SIZE(starts); i++) {
		if (!strncmp(pointer, starts[i], strlen(starts[i])))
			return pointer + strlen(starts[i]);
	}
	const char *bracket = strchr(pointer, '<');
	return bracket ? bracket + 1 : "";
}

bool op_rust_points_to_text(const char *pointer, uint64_t *ret_behind)
{
	const char *target = op_rust_pointed_to(pointer);
	for (size_t i = 0; i < OP_ARRAY_SIZE(text_types); i++) {
		size_t size = strlen(text_types[i].name);
		if (strncmp(target, text_types[i].name, size) != 0 || !strchr(">,", target[size]))
			continue;
		*ret_behind = text_types[i].behind;
		return true;
	}
	return false;
}

static struct op_error *text_at(struct op_pretty *p, uint64_t address, uint64_t size)
{
	const struct op_type *byte = op_rust_byte_type();
	bool fits;
	struct op_error *err = op_pretty_fits(p, address, byte, size, &fits);
	if (err)
		return err;
	if (!fits)
		return op_pretty_refuse(p,
					"its %" PRIu64 " bytes at 0x%" PRIx64 " are not in memory",
					size, address);
	p->done = true;
	return op_render_characters(p->x, byte, p->value->memory, address, size, p->node);
}

struct op_error *op_rust_fat_pointer(struct op_render *x, const struct op_source_value *value,
				     uint64_t *ret_data, uint64_t *ret_length, bool *ret_known)
{
	bool has_data, has_length = false;
	struct op_error *err = op_pretty_number(x, value, "data_ptr", ret_data, &has_data);
	if (!err)
		err = op_pretty_number(x, value, "length", ret_length, &has_length);
	*ret_known = has_data && has_length;
	return err;
}

static struct op_error *pointed_text(struct op_pretty *p, const struct op_source_value *pointer,
				     uint64_t behind)
{
	uint64_t data, length;
	bool known;
	struct op_error *err = op_rust_fat_pointer(p->x, pointer, &data, &length, &known);
	if (err || !known || length < behind)
		return err ?: op_rust_unknown_form(p);
	return text_at(p, data, length - behind);
}

struct op_error *op_pretty_str(struct op_pretty *p)
{
	uint64_t behind = 0;
	op_rust_points_to_text(p->type->name, &behind);
	return pointed_text(p, p->value, behind);
}

// Box<[u8]>, with its NUL.
struct op_error *op_pretty_c_string(struct op_pretty *p)
{
	_cleanup_source_value_ struct op_source_value inner = {0};
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, "inner", &inner, &found);
	return err || !found ? err ?: op_rust_unknown_form(p) : pointed_text(p, &inner, 1);
}

// A vector of bytes; OsString and PathBuf have it further inside.
struct op_error *op_pretty_string(struct op_pretty *p)
{
	static const char *const paths[] = {"vec", "inner.inner", "inner.inner.inner"};
	struct op_rust_vector raw = {0};
	struct op_error *err = NULL;
	for (size_t i = 0; i < OP_ARRAY_SIZE(paths) && !err && !raw.known; i++) {
		_cleanup_source_value_ struct op_source_value vector = {0};
		bool found;
		err = op_pretty_part(p->x, p->value, paths[i], &vector, &found);
		if (!err && found)
			err = op_rust_read_vector(p, &vector, &raw);
	}
	if (err || !raw.known)
		return err ?: op_rust_unknown_form(p);
	if (raw.length > raw.capacity)
		return op_pretty_refuse(
			p, "a length of %" PRIu64 " with room for %" PRIu64 " makes no sense",
			raw.length, raw.capacity);
	return text_at(p, raw.data, raw.length);
}
