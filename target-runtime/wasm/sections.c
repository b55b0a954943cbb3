// SPDX-License-Identifier: GPL-3.0-or-later
// Walks the sections of a module. What comes before the code is read whole; of the bodies only
// their place and their locals' declarations; of data and element segments nothing. Where bytes are
// fetched when they are needed, those of custom, data and element sections are not.
//
// Source: WebAssembly core specification 3.0, binary format, "Modules".
#include <inttypes.h>
#include <string.h>

#include "target-runtime/wasm/immediates.h"
#include "target-runtime/wasm/module_private.h"
#include "target-runtime/wasm/types.h"

enum { HEADER_SIZE = 8, LEB_SIZE_MAX = 5 };

struct op_error *op_wasm_name_read(struct op_reader *r, struct op_wasm_name *ret)
{
	uint32_t size;
	const uint8_t *data;
	struct op_error *error = op_reader_uleb32(r, &size);
	if (!error)
		error = op_reader_bytes(r, size, &data);
	if (!error)
		*ret = (struct op_wasm_name){.data = (const char *)data, .size = size};
	return error;
}

static struct op_error *function_item(struct op_wasm_module *module, struct op_reader *r)
{
	uint32_t type;
	struct op_error *error = op_reader_uleb32(r, &type);
	if (!error && !op_array_push(&module->functions, type))
		return op_error_no_memory();
	return error;
}

static struct op_error *table_type_item(struct op_wasm_module *module, struct op_reader *r)
{
	struct op_wasm_table table;
	struct op_error *error = op_wasm_table_type_read(r, &table);
	if (!error && !op_array_push(&module->tables, table))
		return op_error_no_memory();
	return error;
}

static struct op_error *table_item(struct op_wasm_module *module, struct op_reader *r)
{
	// 0x40 0x00 in front of the type announces an expression for the elements after it.
	struct op_reader start = *r;
	uint8_t mark, zero;
	struct op_error *error = op_reader_u8(r, &mark);
	if (error)
		return error;
	if (mark != 0x40) {
		*r = start;
		return table_type_item(module, r);
	}
	error = op_reader_u8(r, &zero);
	if (!error && zero)
		return op_reader_fail(&start, "a table has a form that outpost does not know");
	if (!error)
		error = table_type_item(module, r);
	return error ?: op_wasm_expression_skip(r);
}

static struct op_error *memory_item(struct op_wasm_module *module, struct op_reader *r)
{
	struct op_wasm_limits memory;
	struct op_error *error = op_wasm_memory_type_read(r, &memory);
	if (!error && !op_array_push(&module->memories, memory))
		return op_error_no_memory();
	return error;
}

static struct op_error *global_type_item(struct op_wasm_module *module, struct op_reader *r)
{
	struct op_wasm_global global = {.has_constant = false};
	struct op_error *error = op_wasm_global_type_read(r, &global);
	if (!error && !op_array_push(&module->globals, global))
		return op_error_no_memory();
	return error;
}

// Whether an expression is a number and nothing else.
static bool read_constant(struct op_reader r, uint64_t *ret)
{
	enum { I32_CONST = 0x41, I64_CONST = 0x42, END = 0x0b };
	uint8_t opcode = 0, end = 0;
	int64_t value = 0;
	struct op_error *error = op_reader_u8(&r, &opcode);
	if (!error)
		error = op_reader_sleb64(&r, &value);
	if (!error)
		error = op_reader_u8(&r, &end);
	bool good = !error && end == END && (opcode == I32_CONST || opcode == I64_CONST);
	op_error_destroy(error);
	*ret = opcode == I32_CONST ? (uint32_t)value : (uint64_t)value;
	return good;
}

static struct op_error *global_item(struct op_wasm_module *module, struct op_reader *r)
{
	struct op_error *error = global_type_item(module, r);
	if (error)
		return error;
	struct op_wasm_global *global = &module->globals.data[module->globals.count - 1];
	global->has_constant = read_constant(*r, &global->constant);
	return op_wasm_expression_skip(r);
}

static struct op_error *tag_item(struct op_wasm_module *module, struct op_reader *r)
{
	uint8_t attribute;
	uint32_t type;
	struct op_error *error = op_reader_u8(r, &attribute);
	if (!error && attribute)
		return op_reader_fail(r, "a tag with attribute 0x%02x is not an exception",
				      attribute);
	if (!error)
		error = op_reader_uleb32(r, &type);
	if (!error && !op_array_push(&module->tags, type))
		return op_error_no_memory();
	return error;
}

// By enum op_wasm_external, which has the numbers of the binary format: the type of an import,
// added to its index space.
static struct op_error *(*const import_types[OP_WASM_EXTERNAL_COUNT])(struct op_wasm_module *,
								      struct op_reader *) = {
	[OP_WASM_EXTERNAL_FUNC] = function_item, [OP_WASM_EXTERNAL_TABLE] = table_type_item,
	[OP_WASM_EXTERNAL_MEMORY] = memory_item, [OP_WASM_EXTERNAL_GLOBAL] = global_type_item,
	[OP_WASM_EXTERNAL_TAG] = tag_item,
};

static struct op_error *import_item(struct op_wasm_module *module, struct op_reader *r)
{
	struct op_wasm_import import;
	struct op_error *error = op_wasm_name_read(r, &import.module);
	if (!error)
		error = op_wasm_name_read(r, &import.name);
	if (error)
		return error;
	struct op_reader start = *r;
	uint8_t kind;
	error = op_reader_u8(r, &kind);
	if (error)
		return error;
	if (kind >= OP_WASM_EXTERNAL_COUNT)
		return op_reader_fail(&start, "0x%02x is not a kind of import that outpost knows",
				      kind);
	import.kind = kind;
	import.index = module->imported[kind]++;
	error = import_types[kind](module, r);
	if (!error && !op_array_push(&module->imports, import))
		return op_error_no_memory();
	return error;
}

static size_t external_count(const struct op_wasm_module *module, enum op_wasm_external kind)
{
	const size_t counts[OP_WASM_EXTERNAL_COUNT] = {
		[OP_WASM_EXTERNAL_FUNC] = module->functions.count,
		[OP_WASM_EXTERNAL_TABLE] = module->tables.count,
		[OP_WASM_EXTERNAL_MEMORY] = module->memories.count,
		[OP_WASM_EXTERNAL_GLOBAL] = module->globals.count,
		[OP_WASM_EXTERNAL_TAG] = module->tags.count,
	};
	return counts[kind];
}

static struct op_error *export_item(struct op_wasm_module *module, struct op_reader *r)
{
	struct op_wasm_export export;
	struct op_error *error = op_wasm_name_read(r, &export.name);
	if (error)
		return error;
	struct op_reader start = *r;
	uint8_t kind;
	error = op_reader_u8(r, &kind);
	if (!error)
		error = op_reader_uleb32(r, &export.index);
	if (error)
		return error;
	if (kind >= OP_WASM_EXTERNAL_COUNT)
		return op_reader_fail(&start, "0x%02x is not a kind of export that outpost knows",
				      kind);
	export.kind = kind;
	if (export.index >= external_count(module, export.kind))
		return op_reader_fail(&start,
				      "an export names number %" PRIu32 ", which does not exist",
				      export.index);
	return op_array_push(&module->exports, export) ? NULL : op_error_no_memory();
}

static struct op_error *code_item(struct op_wasm_module *module, struct op_reader *r)
{
	uint32_t size;
	struct op_reader body;
	struct op_error *error = op_reader_uleb32(r, &size);
	if (!error)
		error = op_reader_sub(r, size, &body);
	if (error)
		return error;
	struct op_wasm_body place = {.start = (uint32_t)op_reader_offset(&body),
				     .end = (uint32_t)op_reader_offset(r)};
	error = op_wasm_locals_skip(&body);
	if (error)
		return error;
	place.code_start = (uint32_t)op_reader_offset(&body);
	return op_array_push(&module->bodies, place) ? NULL : op_error_no_memory();
}

static struct op_error *start_section(struct op_wasm_module *module, struct op_reader *r)
{
	struct op_error *error = op_reader_uleb32(r, &module->start);
	if (!error && module->start >= module->functions.count)
		return op_reader_fail(r, "the start function %" PRIu32 " does not exist",
				      module->start);
	module->has_start = !error;
	return error;
}

static struct op_error *skip_section(struct op_wasm_module *module, struct op_reader *r)
{
	return op_reader_skip(r, op_reader_left(r));
}

struct section {
	const char *name;
	unsigned rank; /**< sections come in ascending rank, each at most once */
	/** Sections that are a count and so many items. */
	struct op_error *(*item)(struct op_wasm_module *module, struct op_reader *r);
	/** The others. */
	struct op_error *(*whole)(struct op_wasm_module *module, struct op_reader *r);
};

enum { SECTION_CUSTOM = 0, SECTION_TYPE = 1, SECTION_CODE = 10 };

// By section id. The order is that of the specification, "Modules", where id and order differ for
// tags and data counts.
static const struct section sections[] = {
	[SECTION_TYPE] = {.name = "types", .rank = 1, .item = op_wasm_type_section_item},
	[2] = {.name = "imports", .rank = 2, .item = import_item},
	[3] = {.name = "functions", .rank = 3, .item = function_item},
	[4] = {.name = "tables", .rank = 4, .item = table_item},
	[5] = {.name = "memories", .rank = 5, .item = memory_item},
	[13] = {.name = "tags", .rank = 6, .item = tag_item},
	[6] = {.name = "globals", .rank = 7, .item = global_item},
	[7] = {.name = "exports", .rank = 8, .item = export_item},
	[8] = {.name = "start", .rank = 9, .whole = start_section},
	[9] = {.name = "elements", .rank = 10, .whole = skip_section},
	[12] = {.name = "data count", .rank = 11, .whole = skip_section},
	[SECTION_CODE] = {.name = "code", .rank = 12, .item = code_item},
	[11] = {.name = "data", .rank = 13, .whole = skip_section},
};

static struct op_error *items_read(struct op_wasm_module *module, const struct section *section,
				   struct op_reader *r)
{
	struct op_reader start = *r;
	uint32_t count;
	struct op_error *error = op_reader_uleb32(r, &count);
	if (error)
		return error;
	if (count > OP_WASM_ITEMS_MAX)
		return op_error_create(OP_ERROR_LIMIT, "%s: more than %d %s", r->what,
				       OP_WASM_ITEMS_MAX, section->name);
	if (count > op_reader_left(r))
		return op_reader_fail(&start, "%" PRIu32 " %s do not fit their section", count,
				      section->name);
	for (uint32_t i = 0; !error && i < count; i++)
		error = section->item(module, r);
	return error;
}

static struct op_error *need(const struct op_wasm_module *module, const struct op_reader *r,
			     size_t size)
{
	return op_lazy_bytes_need(module->lazy, r->pos, size);
}

static struct op_error *section_read(struct op_wasm_module *module, const struct section *section,
				     struct op_reader *r)
{
	struct op_error *error =
		section->whole == skip_section ? NULL : need(module, r, op_reader_left(r));
	if (error)
		return error;
	if (section == &sections[SECTION_TYPE])
		error = op_wasm_type_section_begin(module, op_reader_left(r));
	if (section == &sections[SECTION_CODE]) {
		module->code_start = (uint32_t)op_reader_offset(r);
		module->code_end = module->code_start + (uint32_t)op_reader_left(r);
	}
	if (!error)
		error = section->item ? items_read(module, section, r) : section->whole(module, r);
	if (!error && op_reader_left(r))
		return op_reader_fail(r, "the section of %s has %zu bytes too many", section->name,
				      op_reader_left(r));
	return error;
}

// The specification: "errors in custom sections do not make a module malformed". One whose name
// cannot be read is left out.
static struct op_error *custom_add(struct op_wasm_module *module, struct op_reader *r)
{
	struct op_wasm_custom custom = {0};
	struct op_reader start = *r;
	uint32_t size;
	// What cannot be fetched is no defect of the section.
	struct op_error *unread = need(module, r, LEB_SIZE_MAX);
	if (unread)
		return unread;
	_cleanup_error_ struct op_error *error = op_reader_uleb32(&start, &size);
	if (error)
		return NULL;
	unread = need(module, &start, size);
	if (unread)
		return unread;
	error = op_wasm_name_read(r, &custom.name);
	if (error)
		return NULL;
	custom.bytes = (struct op_bytes){
		.data = r->pos, .size = op_reader_left(r), .what = module->bytes.what};
	return op_array_push(&module->customs, custom) ? NULL : op_error_no_memory();
}

static struct op_error *header_read(struct op_reader *r)
{
	static const uint8_t magic[4] = {0, 'a', 's', 'm'};
	struct op_reader start = *r;
	const uint8_t *bytes;
	uint16_t version, layer;
	struct op_error *error = op_reader_bytes(r, sizeof(magic), &bytes);
	if (error)
		return error;
	if (memcmp(bytes, magic, sizeof(magic)) != 0)
		return op_reader_fail(
			&start, "this is not a WebAssembly module: it does not start with \\0asm");
	error = op_reader_u16(r, &version);
	if (!error)
		error = op_reader_u16(r, &layer);
	if (error)
		return error;
	if (layer == 1)
		return op_reader_fail(&start, "this is a component, not a core module");
	if (version != 1 || layer != 0)
		return op_reader_fail(&start, "WebAssembly version %u is not known to outpost",
				      version | (unsigned)layer << 16);
	return NULL;
}

struct op_error *op_wasm_sections_read(struct op_wasm_module *module)
{
	struct op_reader r = op_reader(&module->bytes);
	struct op_error *error = need(module, &r, HEADER_SIZE);
	if (!error)
		error = header_read(&r);
	unsigned rank = 0;
	while (!error && op_reader_left(&r)) {
		struct op_reader start = r, bytes;
		uint8_t id;
		uint32_t size;
		error = need(module, &r, sizeof(id) + LEB_SIZE_MAX);
		if (!error)
			error = op_reader_u8(&r, &id);
		if (!error)
			error = op_reader_uleb32(&r, &size);
		if (error)
			return error;
		if (id == SECTION_CUSTOM && size > op_reader_left(&r))
			break;
		error = op_reader_sub(&r, size, &bytes);
		if (error)
			return error;
		if (id == SECTION_CUSTOM) {
			error = custom_add(module, &bytes);
			continue;
		}
		const struct section *section = id < OP_ARRAY_SIZE(sections) ? &sections[id] : NULL;
		if (!section || section->rank <= rank)
			return op_reader_fail(&start, "a section of kind %u does not belong here",
					      id);
		rank = section->rank;
		error = section_read(module, section, &bytes);
	}
	uint32_t imported = module->imported[OP_WASM_EXTERNAL_FUNC];
	if (!error && module->bodies.count != module->functions.count - imported)
		return op_reader_fail(&r, "%zu functions are declared but %zu have code",
				      module->functions.count - imported, module->bodies.count);
	return error;
}
