// SPDX-License-Identifier: GPL-3.0-or-later
// Names of types, fields and tags; see type_names.h. Knows nothing of Wasmtime.
//
// Source: the extended-name-section proposal of WebAssembly: subsections 4 (types), 10 (fields, an
// indirect map) and 11 (tags).
#include "target-runtime/wasm/type_names.h"

#include <string.h>

#include "target-runtime/wasm/module_private.h"

enum { SUBSECTION_TYPES = 4, SUBSECTION_FIELDS = 10, SUBSECTION_TAGS = 11 };

/** Move @p r to the contents of the subsection; false when there is none. */
static bool find_subsection(const struct op_wasm_module *module, uint8_t wanted,
			    struct op_reader *ret)
{
	for (size_t i = 0; i < module->customs.count; i++) {
		const struct op_wasm_custom *custom = &module->customs.data[i];
		if (custom->name.size != strlen("name") ||
		    memcmp(custom->name.data, "name", custom->name.size) != 0)
			continue;
		struct op_reader r = op_reader(&custom->bytes);
		struct op_error *error = NULL;
		while (!error && op_reader_left(&r)) {
			uint8_t id;
			uint32_t size;
			error = op_reader_u8(&r, &id);
			if (!error)
				error = op_reader_uleb32(&r, &size);
			if (!error)
				error = op_reader_sub(&r, size, ret);
			if (!error && id == wanted)
				return true;
		}
		op_error_destroy(error);
	}
	return false;
}

/** The name of @p wanted in the name map at @p r, which moves past the map when it is not there. */
static struct op_error *name_in_map(struct op_reader *r, uint32_t wanted, struct op_wasm_name *ret)
{
	uint32_t count;
	struct op_error *error = op_reader_uleb32(r, &count);
	for (uint32_t i = 0; !error && i < count; i++) {
		uint32_t index;
		struct op_wasm_name name;
		error = op_reader_uleb32(r, &index);
		if (!error)
			error = op_wasm_name_read(r, &name);
		if (!error && index == wanted && !ret->data)
			*ret = name;
	}
	return error;
}

/** A map that breaks off is good for the names before that place. */
static struct op_wasm_name simple_name(const struct op_wasm_module *module, uint8_t subsection,
				       uint32_t index)
{
	struct op_wasm_name name = {0};
	struct op_reader r;
	if (find_subsection(module, subsection, &r))
		op_error_destroy(name_in_map(&r, index, &name));
	return name;
}

struct op_wasm_name op_wasm_module_type_name(const struct op_wasm_module *module, uint32_t type)
{
	return simple_name(module, SUBSECTION_TYPES, type);
}

struct op_wasm_name op_wasm_module_tag_name(const struct op_wasm_module *module, uint32_t tag)
{
	return simple_name(module, SUBSECTION_TAGS, tag);
}

struct op_wasm_name op_wasm_module_field_name(const struct op_wasm_module *module, uint32_t type,
					      uint32_t field)
{
	struct op_wasm_name name = {0};
	struct op_reader r;
	if (!find_subsection(module, SUBSECTION_FIELDS, &r))
		return name;
	uint32_t count;
	struct op_error *error = op_reader_uleb32(&r, &count);
	for (uint32_t i = 0; !error && !name.data && i < count; i++) {
		uint32_t index;
		struct op_wasm_name skipped = {0};
		error = op_reader_uleb32(&r, &index);
		if (!error)
			error = name_in_map(&r, field, index == type ? &name : &skipped);
	}
	op_error_destroy(error);
	return name;
}
