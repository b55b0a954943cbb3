// SPDX-License-Identifier: GPL-3.0-or-later
// Finds the places in trampolines; see trampolines.h.
#include "tracer/trampolines.h"

#include <stdlib.h>

// Far longer than any trampoline: those with a hundred parameters have some thousand bytes.
enum { TRAMPOLINE_MAX = 1 << 16 };

static void table_deinit(struct op_trampoline_table *table)
{
	op_artifact_unref(table->artifact);
	free(table->items.data);
}

void op_trampolines_clear(struct op_session *session)
{
	for (size_t i = 0; i < session->trampolines.count; i++)
		table_deinit(&session->trampolines.data[i]);
	free(session->trampolines.data);
	session->trampolines.data = NULL;
	session->trampolines.count = session->trampolines.capacity = 0;
}

static struct op_error *read_trampoline(struct op_session *session, const struct op_image *image,
					const struct op_function *function,
					struct op_trampoline *ret)
{
	const struct op_arch *arch = op_process_arch(session->process);
	*ret = (struct op_trampoline){function, OP_CODE_NOWHERE, OP_CODE_NOWHERE};
	if (!arch->trampoline_exits || function->size > TRAMPOLINE_MAX)
		return NULL;
	_cleanup_free_ uint8_t *code = malloc(function->size + 1);
	if (!code)
		return op_error_no_memory();
	struct op_error *err = op_process_read(session->process,
					       op_host_addr_add(image->text, function->text_offset),
					       code, function->size);
	if (err)
		return err;
	uint32_t back, failure;
	arch->trampoline_exits(code, function->size, &back, &failure);
	if (back != OP_CODE_NOWHERE)
		ret->return_offset = function->text_offset + back;
	if (failure != OP_CODE_NOWHERE)
		ret->failure_offset = function->text_offset + failure;
	return NULL;
}

static struct op_error *fill(struct op_session *session, const struct op_image *image,
			     struct op_trampoline_table *table)
{
	const struct op_function *functions;
	size_t count;
	struct op_error *err = op_artifact_functions(image->artifact, &functions, &count);
	for (size_t i = 0; !err && i < count; i++) {
		struct op_trampoline trampoline;
		if (functions[i].kind != OP_FUNCTION_EXIT_TRAMPOLINE &&
		    functions[i].kind != OP_FUNCTION_BUILTIN)
			continue;
		err = read_trampoline(session, image, &functions[i], &trampoline);
		if (!err && !op_array_push(&table->items, trampoline))
			err = op_error_no_memory();
	}
	return err;
}

// Artifacts of which no copy is left, so that a process that loads and drops modules for days does
// not make this grow.
static void drop_unused(struct op_session *session)
{
	size_t count, kept = 0;
	const struct op_image *const *images = op_image_set_images(session->images, &count);
	for (size_t i = 0; i < session->trampolines.count; i++) {
		struct op_trampoline_table *table = &session->trampolines.data[i];
		bool used = false;
		for (size_t k = 0; k < count && !used; k++)
			used = images[k]->artifact == table->artifact;
		if (used)
			session->trampolines.data[kept++] = *table;
		else
			table_deinit(table);
	}
	session->trampolines.count = kept;
}

struct op_error *op_trampolines_of(struct op_session *session, const struct op_image *image,
				   const struct op_trampoline_table **ret)
{
	for (size_t i = 0; i < session->trampolines.count; i++) {
		if (session->trampolines.data[i].artifact == image->artifact) {
			*ret = &session->trampolines.data[i];
			return NULL;
		}
	}
	drop_unused(session);
	struct op_trampoline_table table = {.artifact = op_artifact_ref(image->artifact)};
	struct op_error *err = fill(session, image, &table);
	if (!err && !op_array_push(&session->trampolines, table))
		err = op_error_no_memory();
	if (err) {
		table_deinit(&table);
		return err;
	}
	*ret = &session->trampolines.data[session->trampolines.count - 1];
	return NULL;
}

static uint32_t place_offset(const struct op_trampoline *trampoline, enum op_trampoline_place place)
{
	const uint32_t offsets[] = {
		[OP_TRAMPOLINE_ENTRY] = trampoline->function->text_offset,
		[OP_TRAMPOLINE_RETURN] = trampoline->return_offset,
		[OP_TRAMPOLINE_FAILURE] = trampoline->failure_offset,
	};
	return offsets[place];
}

struct op_error *op_trampoline_at(struct op_session *session, const struct op_patch *patch,
				  const struct op_trampoline **ret,
				  enum op_trampoline_place *ret_place)
{
	*ret = NULL;
	const struct op_image *image = op_image_set_by_id(session->images, patch->image);
	if (!image)
		return NULL;
	const struct op_trampoline_table *table;
	struct op_error *err = op_trampolines_of(session, image, &table);
	if (err)
		return err;
	uint32_t offset = (uint32_t)(patch->address - image->text.value);
	size_t low = 0, high = table->items.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct op_function *function = table->items.data[middle].function;
		if (function->text_offset + function->size <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	for (unsigned place = OP_TRAMPOLINE_ENTRY;
	     low < table->items.count && place <= OP_TRAMPOLINE_FAILURE; place++) {
		if (place_offset(&table->items.data[low], place) == offset) {
			*ret = &table->items.data[low];
			*ret_place = place;
		}
	}
	return NULL;
}

uint64_t op_trampoline_address(const struct op_image *image, const struct op_trampoline *trampoline,
			       enum op_trampoline_place place)
{
	uint32_t offset = place_offset(trampoline, place);
	return offset == OP_CODE_NOWHERE ? 0 : image->text.value + offset;
}

struct op_error *op_trampoline_patch(struct op_session *session, const struct op_image *image,
				     const struct op_trampoline *trampoline,
				     enum op_trampoline_place place, struct op_patch **ret)
{
	uint64_t address = op_trampoline_address(image, trampoline, place);
	*ret = NULL;
	if (!address)
		return NULL;
	struct op_error *err = op_patch_want(session, address, OP_PATCH_RAW, ret);
	if (!err)
		(*ret)->image = image->id;
	return err;
}
