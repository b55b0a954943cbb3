// SPDX-License-Identifier: GPL-3.0-or-later
// Names of functions, locals, globals, memories and tables: from the name section, and where it is
// silent from imports and exports. Nothing is read before the first question. A name section that
// is malformed counts as far as it can be read.
//
// Source: WebAssembly core specification 3.0, appendix "Custom Sections", and the
// extended-name-section proposal.
#include <inttypes.h>
#include <string.h>

#include "target-runtime/wasm/module_private.h"

/** By index: a place in the module or another number that is never 0; 0: none. */
struct index_map {
	uint32_t *data;
	uint32_t count;
};

struct local_name {
	uint32_t local;
	uint32_t offset;
};

struct op_wasm_names {
	bool loaded;
	struct op_wasm_name module;
	// Where the name's size is; its bytes follow.
	struct index_map functions, globals, memories, tables;
	struct index_map local_maps; /**< by function: where the names of its locals are */
	struct index_map imports;    /**< by function: 1 + index of its import */
	struct index_map exports;    /**< by function: 1 + index of its first export */
	char **import_names; /**< by function: "module.name", composed when it is first asked for */
	// The names of the locals of the function that was asked about last, ascending by local.
	uint32_t function; /**< UINT32_MAX: none yet */
	struct OP_ARRAY(struct local_name) locals;
};

struct op_wasm_names *op_wasm_names_create(void)
{
	struct op_wasm_names *names = calloc(1, sizeof(*names));
	if (names)
		names->function = UINT32_MAX;
	return names;
}

void op_wasm_names_destroy(struct op_wasm_names *names)
{
	if (!names)
		return;
	for (uint32_t i = 0; names->import_names && i < names->imports.count; i++)
		free(names->import_names[i]);
	free(names->import_names);
	free(names->functions.data);
	free(names->globals.data);
	free(names->memories.data);
	free(names->tables.data);
	free(names->local_maps.data);
	free(names->imports.data);
	free(names->exports.data);
	free(names->locals.data);
	free(names);
}

static void index_map_set(struct index_map *map, uint32_t index, uint32_t value)
{
	if (index < map->count && !map->data[index])
		map->data[index] = value;
}

static uint32_t index_map_get(const struct index_map *map, uint32_t index)
{
	return index < map->count ? map->data[index] : 0;
}

static bool index_map_create(struct index_map *map, size_t count)
{
	map->data = calloc(count ?: 1, sizeof(*map->data));
	map->count = map->data ? (uint32_t)count : 0;
	return map->data;
}

static struct op_error *name_map_read(struct op_wasm_names *names, struct op_reader *r,
				      struct index_map *map)
{
	uint32_t count, index;
	struct op_error *error = op_reader_uleb32(r, &count);
	for (uint32_t i = 0; !error && i < count; i++) {
		struct op_wasm_name name;
		error = op_reader_uleb32(r, &index);
		size_t offset = op_reader_offset(r);
		if (!error)
			error = op_wasm_name_read(r, &name);
		if (!error)
			index_map_set(map, index, (uint32_t)offset);
	}
	return error;
}

static struct op_error *local_maps_read(struct op_wasm_names *names, struct op_reader *r,
					struct index_map *map)
{
	uint32_t count, function;
	struct op_error *error = op_reader_uleb32(r, &count);
	for (uint32_t i = 0; !error && i < count; i++) {
		error = op_reader_uleb32(r, &function);
		size_t offset = op_reader_offset(r);
		// Read the names to get past them; a map with a name that cannot be read is not
		// kept.
		if (!error)
			error = name_map_read(names, r, &(struct index_map){0});
		if (!error)
			index_map_set(map, function, (uint32_t)offset);
	}
	return error;
}

static struct op_error *module_name_read(struct op_wasm_names *names, struct op_reader *r,
					 struct index_map *map)
{
	return op_wasm_name_read(r, &names->module);
}

// By subsection id. The others name labels, types, fields, tags and segments.
static const struct {
	struct op_error *(*read)(struct op_wasm_names *names, struct op_reader *r,
				 struct index_map *map);
	size_t map;
} subsections[] = {
	[0] = {module_name_read, 0},
	[1] = {name_map_read, offsetof(struct op_wasm_names, functions)},
	[2] = {local_maps_read, offsetof(struct op_wasm_names, local_maps)},
	[5] = {name_map_read, offsetof(struct op_wasm_names, tables)},
	[6] = {name_map_read, offsetof(struct op_wasm_names, memories)},
	[7] = {name_map_read, offsetof(struct op_wasm_names, globals)},
};

static struct op_error *name_section_read(struct op_wasm_names *names, struct op_reader *r)
{
	while (op_reader_left(r)) {
		uint8_t id;
		uint32_t size;
		struct op_reader bytes;
		struct op_error *error = op_reader_u8(r, &id);
		if (!error)
			error = op_reader_uleb32(r, &size);
		if (!error)
			error = op_reader_sub(r, size, &bytes);
		if (error)
			return error;
		if (id >= OP_ARRAY_SIZE(subsections) || !subsections[id].read)
			continue;
		// One that is malformed does not spoil those after it.
		op_error_destroy(subsections[id].read(
			names, &bytes, (struct index_map *)((char *)names + subsections[id].map)));
	}
	return NULL;
}

static bool is_name_section(const struct op_wasm_custom *custom)
{
	return custom->name.size == strlen("name") &&
	       memcmp(custom->name.data, "name", custom->name.size) == 0;
}

// Short of memory, or where the section cannot be fetched, there are no names, and the next
// question tries again.
static bool names_load(const struct op_wasm_module *module)
{
	struct op_wasm_names *names = module->names;
	if (names->loaded)
		return true;
	struct {
		struct index_map *map;
		size_t count;
	} maps[] = {
		{&names->functions, module->functions.count},
		{&names->local_maps, module->functions.count},
		{&names->globals, module->globals.count},
		{&names->memories, module->memories.count},
		{&names->tables, module->tables.count},
		{&names->imports, module->imported[OP_WASM_EXTERNAL_FUNC]},
		{&names->exports, module->functions.count},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(maps); i++) {
		if (!maps[i].map->data && !index_map_create(maps[i].map, maps[i].count))
			return false;
	}
	if (!names->import_names)
		names->import_names =
			calloc(names->imports.count + (size_t)1, sizeof(*names->import_names));
	if (!names->import_names)
		return false;
	for (size_t i = 0; i < module->imports.count; i++) {
		if (module->imports.data[i].kind == OP_WASM_EXTERNAL_FUNC)
			index_map_set(&names->imports, module->imports.data[i].index,
				      (uint32_t)i + 1);
	}
	for (size_t i = 0; i < module->exports.count; i++) {
		if (module->exports.data[i].kind == OP_WASM_EXTERNAL_FUNC)
			index_map_set(&names->exports, module->exports.data[i].index,
				      (uint32_t)i + 1);
	}
	for (size_t i = 0; i < module->customs.count; i++) {
		const struct op_wasm_custom *custom = &module->customs.data[i];
		if (!is_name_section(custom))
			continue;
		struct op_error *error = op_wasm_module_need(module, &custom->bytes);
		if (error) {
			op_error_destroy(error);
			return false;
		}
		// Offsets are to count from the module's start.
		struct op_reader r = op_reader(&module->bytes);
		r.pos = custom->bytes.data;
		r.end = custom->bytes.data + custom->bytes.size;
		op_error_destroy(name_section_read(names, &r));
	}
	names->loaded = true;
	return true;
}

static struct op_wasm_name name_at(const struct op_wasm_module *module, uint32_t offset)
{
	struct op_wasm_name name = {0};
	if (!offset)
		return name;
	struct op_reader r = op_reader(&module->bytes);
	struct op_error *error = op_reader_seek(&r, offset);
	if (!error)
		error = op_wasm_name_read(&r, &name);
	op_error_destroy(error);
	return name;
}

struct op_wasm_name op_wasm_module_name(const struct op_wasm_module *module)
{
	return names_load(module) ? module->names->module : (struct op_wasm_name){0};
}

static struct op_wasm_name import_name(const struct op_wasm_module *module, uint32_t function)
{
	struct op_wasm_names *names = module->names;
	uint32_t number = index_map_get(&names->imports, function);
	if (!number)
		return (struct op_wasm_name){0};
	const struct op_wasm_import *import = &module->imports.data[number - 1];
	size_t size = import->module.size + 1 + import->name.size;
	char **composed = &names->import_names[function];
	if (!*composed) {
		*composed = malloc(size);
		if (!*composed)
			return import->name;
		memcpy(*composed, import->module.data, import->module.size);
		(*composed)[import->module.size] = '.';
		memcpy(*composed + import->module.size + 1, import->name.data, import->name.size);
	}
	return (struct op_wasm_name){.data = *composed, .size = size};
}

struct op_wasm_name op_wasm_module_function_name(const struct op_wasm_module *module,
						 uint32_t index)
{
	if (!names_load(module))
		return (struct op_wasm_name){0};
	struct op_wasm_name name = name_at(module, index_map_get(&module->names->functions, index));
	if (!name.data)
		name = import_name(module, index);
	if (!name.data) {
		uint32_t number = index_map_get(&module->names->exports, index);
		if (number)
			name = module->exports.data[number - 1].name;
	}
	return name;
}

struct op_wasm_name op_wasm_module_global_name(const struct op_wasm_module *module, uint32_t index)
{
	return names_load(module) ? name_at(module, index_map_get(&module->names->globals, index))
				  : (struct op_wasm_name){0};
}

struct op_wasm_name op_wasm_module_memory_name(const struct op_wasm_module *module, uint32_t index)
{
	return names_load(module) ? name_at(module, index_map_get(&module->names->memories, index))
				  : (struct op_wasm_name){0};
}

struct op_wasm_name op_wasm_module_table_name(const struct op_wasm_module *module, uint32_t index)
{
	return names_load(module) ? name_at(module, index_map_get(&module->names->tables, index))
				  : (struct op_wasm_name){0};
}

static int local_name_compare(const void *a, const void *b)
{
	const struct local_name *left = a, *right = b;
	// Ties by place: of two names for the same local the first counts.
	if (left->local == right->local)
		return (left->offset > right->offset) - (left->offset < right->offset);
	return (left->local > right->local) - (left->local < right->local);
}

static bool local_names_load(const struct op_wasm_module *module, uint32_t function)
{
	struct op_wasm_names *names = module->names;
	if (names->function == function)
		return true;
	uint32_t start = index_map_get(&names->local_maps, function);
	if (!start)
		return false;
	names->function = UINT32_MAX;
	names->locals.count = 0;
	struct op_reader r = op_reader(&module->bytes);
	uint32_t count;
	bool sorted = true;
	_cleanup_error_ struct op_error *error = op_reader_seek(&r, start);
	if (!error)
		error = op_reader_uleb32(&r, &count);
	for (uint32_t i = 0; !error && i < count; i++) {
		struct local_name local;
		struct op_wasm_name name;
		error = op_reader_uleb32(&r, &local.local);
		local.offset = (uint32_t)op_reader_offset(&r);
		if (!error)
			error = op_wasm_name_read(&r, &name);
		if (error || !op_array_push(&names->locals, local))
			return false;
		sorted = sorted && (i == 0 || names->locals.data[i - 1].local < local.local);
	}
	if (error)
		return false;
	if (!sorted)
		qsort(names->locals.data, names->locals.count, sizeof(*names->locals.data),
		      local_name_compare);
	names->function = function;
	return true;
}

struct op_wasm_name op_wasm_module_local_name(const struct op_wasm_module *module,
					      uint32_t function, uint32_t local)
{
	if (!names_load(module) || !local_names_load(module, function))
		return (struct op_wasm_name){0};
	const struct op_wasm_names *names = module->names;
	size_t low = 0, high = names->locals.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (names->locals.data[middle].local < local)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == names->locals.count || names->locals.data[low].local != local)
		return (struct op_wasm_name){0};
	return name_at(module, names->locals.data[low].offset);
}
