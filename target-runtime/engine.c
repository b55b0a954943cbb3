// SPDX-License-Identifier: GPL-3.0-or-later
// The version string of an image. The settings behind it are not decoded: their order changes with
// nearly every release, and what matters of them shows in which sections there are.
#include "target-runtime/engine.h"

// crates/wasmtime/src/engine/serialization.rs: VERSION.
enum { ENGINE_HEADER_VERSION = 0, MAJOR_MAX = 9999 };

static unsigned major_version(const char *text, size_t size)
{
	unsigned major = 0;
	size_t digits = 0;
	while (digits < size && text[digits] >= '0' && text[digits] <= '9' && major <= MAJOR_MAX)
		major = major * 10 + (unsigned)(text[digits++] - '0');
	// "49" or "36.0.9": a number with anything else behind it is an embedder's own string.
	if (major > MAJOR_MAX || (digits < size && text[digits] != '.'))
		return 0;
	return major;
}

struct op_error *op_engine_parse(const struct op_bytes *section, struct op_engine *ret)
{
	struct op_reader r = op_reader(section);
	uint8_t header, size;
	const uint8_t *text;
	struct op_error *err = op_reader_u8(&r, &header);
	if (!err && header != ENGINE_HEADER_VERSION)
		err = op_reader_fail(&r, "unknown header version %u", header);
	if (!err)
		err = op_reader_u8(&r, &size);
	if (!err)
		err = op_reader_bytes(&r, size, &text);
	if (err)
		return err;
	*ret = (struct op_engine){
		.version = (const char *)text,
		.version_size = size,
		.major = major_version((const char *)text, size),
	};
	return NULL;
}
