// SPDX-License-Identifier: GPL-3.0-or-later
// Paths of source files. Knows no DWARF.
#include "target-runtime/dwarf/source_path.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void op_source_path_join(struct op_text *path, const char *more)
{
	if (*more == '/') {
		op_text_clear(path);
		op_text_append_char(path, '/');
	}
	while (*more) {
		size_t size = strcspn(more, "/");
		bool is_dot = size == 1 && *more == '.';
		if (size && !is_dot) {
			if (path->size && path->data[path->size - 1] != '/')
				op_text_append_char(path, '/');
			op_text_append_n(path, more, size);
		}
		more += size + (more[size] == '/');
	}
}

bool op_source_path_ends_in(const char *path, const char *wanted)
{
	size_t size = strlen(path), ending = strlen(wanted);
	if (size < ending || strcmp(path + size - ending, wanted) != 0)
		return false;
	return size == ending || *wanted == '/' || path[size - ending - 1] == '/';
}

const char *op_source_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

void op_path_set_deinit(struct op_path_set *set)
{
	for (size_t i = 0; i < set->slot_count; i++)
		free(set->slots[i]);
	free(set->slots);
	*set = (struct op_path_set){0};
}

// FNV-1a. Somebody who wants collisions slows down his own look-ups.
static uint64_t hash(const char *text, size_t size)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < size; i++)
		value = (value ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
	return value ^ value >> 29;
}

// The slot that has the path, or the free one where it belongs.
static char **find(const struct op_path_set *set, const char *path, size_t size)
{
	for (size_t i = (size_t)hash(path, size);; i++) {
		char **slot = &set->slots[i & (set->slot_count - 1)];
		if (!*slot || (strlen(*slot) == size && !memcmp(*slot, path, size)))
			return slot;
	}
}

static bool grow(struct op_path_set *set)
{
	struct op_path_set larger = {.count = set->count,
				     .slot_count = set->slot_count ? 2 * set->slot_count : 256};
	larger.slots = calloc(larger.slot_count, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < set->slot_count; i++)
		if (set->slots[i])
			*find(&larger, set->slots[i], strlen(set->slots[i])) = set->slots[i];
	free(set->slots);
	*set = larger;
	return true;
}

const char *op_path_set_add(struct op_path_set *set, const char *path, size_t size)
{
	if (set->count >= set->slot_count / 2 && !grow(set))
		return NULL;
	char **slot = find(set, path, size);
	if (!*slot && (*slot = strndup(path, size)))
		set->count++;
	return *slot;
}
