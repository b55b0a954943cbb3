// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz native debug information: the input is an image that was compiled with -D debug-info=y, and
// behind it, where the image has neither its bytecode nor its DWARF, the module. At places of the
// address map each variable of the guest's is looked for in the native information, as it is for a
// frame of optimised code.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/lazy_bytes.h"
#include "target-runtime/artifact.h"
#include "target-runtime/dwarf/kept_dwarf.h"
#include "target-runtime/dwarf/native_dwarf.h"
#include "target-runtime/dwarf/native_match.h"
#include "target-runtime/wasm/module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	SIZE_MAX_OF_INPUT = 1 << 20,
	PLACES_MAX = 12,
	VARIABLES_MAX = 12,
	PIECES_MAX = 1024,
	STEPS_MAX = 4096,
	PART = 61, // of a section that is fetched at once
};

static bool good(struct op_error *err)
{
	bool is_good = !err;
	op_error_destroy(err);
	return is_good;
}

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void warn(void *context, const char *text)
{
	(void)context;
	// What goes to a terminal is escaped.
	for (const char *c = text; *c; c++)
		require((unsigned char)*c >= ' ');
}

// The image -----------------------------------------------------------------------------------

static struct op_error *read_some(void *context, struct op_host_addr addr, void *buffer,
				  size_t size, size_t *ret_done)
{
	const struct op_bytes *input = context;
	*ret_done = 0;
	if (addr.value >= input->size)
		return NULL;
	size_t left = input->size - (size_t)addr.value;
	*ret_done = size < left ? size : left;
	memcpy(buffer, input->data + addr.value, *ret_done);
	return NULL;
}

// The bytes of a section are the same however they are fetched, relocations that reach from one
// part into the next among them.
static void check_fetching(const struct op_debug_source *source, const struct op_bytes *section)
{
	uint8_t *parts = malloc(section->size);
	bool all = parts != NULL;
	for (size_t at = 0; all && at < section->size; at += PART) {
		size_t size = section->size - at < PART ? section->size - at : PART;
		all = good(op_lazy_bytes_copy(source->lazy, section->data + at, parts + at, size));
	}
	if (all && good(op_lazy_bytes_need(source->lazy, section->data, section->size)))
		require(!memcmp(parts, section->data, section->size));
	free(parts);
}

static struct op_debug_info *native_info(struct op_native_dwarf *native, size_t image_size)
{
	const struct op_debug_source *source = op_native_dwarf_source(native);
	struct op_debug_info *info = NULL;
	require(source->is_native && source->lazy);
	for (size_t i = 0; i < OP_DEBUG_SECTION_COUNT; i++)
		// Others are said to be larger than the image.
		if (source->sections[i].size && source->sections[i].size <= image_size)
			check_fetching(source, &source->sections[i]);
	return good(op_debug_info_create(source, warn, NULL, NULL, &info)) ? info : NULL;
}

// The guest -----------------------------------------------------------------------------------

static bool is_local_constant(void *context, uint32_t pc, uint32_t local)
{
	return op_wasm_module_local_is_constant(context, pc, local);
}

static bool kept_source(struct op_artifact *artifact, struct op_debug_source *ret)
{
	struct op_bytes info, dwarf;
	struct op_lazy_bytes *lazy;
	if (!good(op_artifact_section_lazy(artifact, ".wasmtime.dwarf", &dwarf, &lazy)) ||
	    !good(op_artifact_section(artifact, ".wasmtime.info", &info)) || !dwarf.size ||
	    !good(op_kept_dwarf_find(&info, &dwarf, ret)))
		return false;
	size_t sum = 0;
	for (size_t i = 0; i < OP_DEBUG_SECTION_COUNT; i++) {
		const struct op_bytes *section = &ret->sections[i];
		require(!section->data ||
			(section->data >= dwarf.data && section->size <= dwarf.size &&
			 (size_t)(section->data - dwarf.data) <= dwarf.size - section->size));
		sum += section->size;
	}
	require(sum <= dwarf.size);
	ret->lazy = lazy;
	return true;
}

static struct op_debug_info *guest_info(struct op_artifact *artifact, const struct op_bytes *behind)
{
	const struct op_wasm_module *module = NULL;
	struct op_debug_source source;
	struct op_debug_info *info = NULL;
	if (kept_source(artifact, &source) &&
	    good(op_debug_info_create(&source, warn, NULL, NULL, &info)))
		return info;
	if (!op_artifact_info(artifact)->has_bytecode && behind->size)
		good(op_artifact_set_bytecode(artifact, 0, behind));
	if (!good(op_artifact_module(artifact, 0, &module)) || !module)
		return NULL;
	op_debug_source_of_module(module, &source);
	source.is_local_constant = is_local_constant;
	source.context = (void *)module;
	return good(op_debug_info_create(&source, warn, NULL, NULL, &info)) ? info : NULL;
}

// Answers -------------------------------------------------------------------------------------

/** How many entries of the stack a step needs, and how many more there are behind it. */
static size_t needs(const struct op_location_step *step, int *ret_change)
{
	*ret_change = 0;
	switch (step->op) {
	case OP_LOCATION_CONSTANT:
	case OP_LOCATION_REGISTER:
	case OP_LOCATION_FRAME_ADDRESS:
		*ret_change = 1;
		return 0;
	case OP_LOCATION_DUPLICATE:
		require(step->value >= 0 && step->value < STEPS_MAX);
		*ret_change = 1;
		return (size_t)step->value + 1;
	case OP_LOCATION_DROP:
		*ret_change = -1;
		return 1;
	case OP_LOCATION_SWAP:
		return 2;
	case OP_LOCATION_ROTATE:
		return 3;
	case OP_LOCATION_LOAD:
	case OP_LOCATION_NEGATE:
	case OP_LOCATION_NOT:
	case OP_LOCATION_ABSOLUTE:
	case OP_LOCATION_CONVERT:
		return 1;
	case OP_LOCATION_LOCAL:
	case OP_LOCATION_GLOBAL:
	case OP_LOCATION_OPERAND:
		abort(); // a machine has none
	default:
		*ret_change = -1;
		return 2;
	}
}

static void check_steps(const struct op_location_piece *piece)
{
	size_t depth = 0;
	int change;
	require(piece->step_count && piece->step_count <= STEPS_MAX);
	for (size_t i = 0; i < piece->step_count; i++) {
		require(depth >= needs(&piece->steps[i], &change));
		depth = change < 0 ? depth - 1 : depth + (size_t)change;
	}
	require(depth);
}

static void check_piece(const struct op_location_piece *piece)
{
	unsigned sum = 0;
	switch (piece->kind) {
	case OP_LOCATION_MEMORY:
	case OP_LOCATION_VALUE:
		check_steps(piece);
		break;
	case OP_LOCATION_BYTES:
		// One that is not there is found by the sanitizer.
		for (size_t i = 0; i < piece->byte_count; i++)
			sum += piece->bytes[i];
		require(sum <= UINT8_MAX * piece->byte_count);
		break;
	default:
		require(piece->kind == OP_LOCATION_NONE ||
			piece->kind == OP_LOCATION_HOST_REGISTER);
	}
}

static void check_location(const struct op_debug_location *location, uint32_t pc)
{
	require(location->piece_count <= PIECES_MAX);
	require(!location->problem || !location->piece_count);
	if (location->piece_count && location->here.low_pc)
		require(pc >= location->here.low_pc && pc < location->here.high_pc);
	for (size_t i = 0; i < location->piece_count; i++) {
		check_piece(&location->pieces[i]);
		// Only one that is alone is the whole variable.
		require(location->piece_count == 1 || location->pieces[i].bit_size);
	}
}

static void check_same(const struct op_debug_location *a, const struct op_debug_location *b)
{
	require(!a->problem == !b->problem && a->piece_count == b->piece_count &&
		a->range_count == b->range_count);
	require(!a->problem || !strcmp(a->problem, b->problem));
	for (size_t i = 0; i < a->piece_count; i++) {
		const struct op_location_piece *x = &a->pieces[i], *y = &b->pieces[i];
		require(x->kind == y->kind && x->bit_size == y->bit_size &&
			x->bit_offset == y->bit_offset && x->index == y->index &&
			x->step_count == y->step_count && x->byte_count == y->byte_count);
		require(!x->byte_count || !memcmp(x->bytes, y->bytes, x->byte_count));
	}
}

typedef struct op_error *(*locate_fn)(const struct op_native_question *question,
				      struct op_debug_location *ret);

// Asked twice: what was read for the first answer changes nothing in the second.
static void ask(locate_fn locate, const struct op_native_question *question)
{
	struct op_debug_location first, second;
	bool is_good = good(locate(question, &first));
	require(is_good == good(locate(question, &second)));
	if (!is_good)
		return;
	check_location(&first, question->native_pc);
	check_same(&first, &second);
	op_location_deinit(&first);
	op_location_deinit(&second);
}

// Questions -----------------------------------------------------------------------------------

/** Places of the address map. */
struct places {
	struct op_address_map_entry entries[PLACES_MAX];
	size_t count;
	size_t seen, step; // one in so many is taken
};

static bool take_place(void *context, const struct op_address_map_entry *entry)
{
	struct places *places = context;
	if (entry->has_position && places->seen++ % places->step == 0)
		places->entries[places->count++] = *entry;
	return places->count < PLACES_MAX;
}

static void use_body(struct op_native_question *question, const struct op_debug_function *body)
{
	struct op_debug_variable *variables = NULL;
	size_t count = 0;
	if (!good(op_debug_variables_at(question->guest, body, question->guest_pc, &variables,
					&count)))
		return;
	for (size_t i = 0; i < count && i < VARIABLES_MAX; i++) {
		question->variable = &variables[i];
		ask(op_native_locate, question);
	}
	question->variable = NULL;
	free(variables);
}

static void use_place(struct op_native_question *question)
{
	struct op_debug_function *bodies = NULL;
	size_t count = 0;
	ask(op_native_locate_context, question);
	if (!good(op_debug_functions_at(question->guest, question->guest_pc, &bodies, &count)))
		return;
	for (size_t i = 0; i < count && i < VARIABLES_MAX; i++)
		use_body(question, &bodies[i]);
	free(bodies);
}

static void use_places(struct op_artifact *artifact, struct op_debug_info *guest,
		       struct op_debug_info *native)
{
	const struct op_address_map *map = NULL;
	struct places places = {.count = 0};
	if (!good(op_artifact_address_map(artifact, &map)) || !map)
		return;
	places.step = op_address_map_count(map) / PLACES_MAX + 1;
	good(op_address_map_each(map, 0, take_place, &places));
	for (size_t i = 0; i < places.count; i++) {
		struct op_native_question question = {
			.guest = guest,
			.guest_pc = places.entries[i].position,
			.native = native,
			.native_pc = places.entries[i].text_offset + OP_NATIVE_PC_BIAS,
		};
		use_place(&question);
	}
}

static void use(struct op_artifact *artifact, const struct op_bytes *input)
{
	struct op_native_dwarf *native;
	size_t size = (size_t)op_artifact_info(artifact)->size;
	require(size <= input->size);
	struct op_bytes behind = {input->data + size, input->size - size, "module"};
	struct op_debug_info *guest = guest_info(artifact, &behind);
	if (good(op_native_dwarf_create(artifact, &native))) {
		struct op_debug_info *info = native_info(native, input->size);
		if (guest && info)
			use_places(artifact, guest, info);
		op_debug_info_destroy(info);
		op_native_dwarf_destroy(native);
	}
	op_debug_info_destroy(guest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct op_bytes input = {data, size, "input"};
	struct op_memory memory = {.context = &input, .read_some = read_some};
	struct op_artifact *artifact;
	if (size > SIZE_MAX_OF_INPUT ||
	    !good(op_artifact_open(&memory, op_host_addr(0), size, &artifact)))
		return 0;
	use(artifact, &input);
	op_artifact_unref(artifact);
	return 0;
}
