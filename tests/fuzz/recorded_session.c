// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/recorded_session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>

#include "base/array.h"
#include "config.h"
#include "tracer/repl/repl.h"

#if HAVE_ZSTD
#include <zstd.h>
#endif

enum {
	JSON = 1,
	WORDS = 2,
	BYTES = 4,
	ALONE = 8,
	SCRIPT_SIZE_MAX = 8192,
	COMMANDS_MAX = 64,
	RUN_MAX = 8,
	PAGE = 4096,
	EDITS_MAX = 64,
	SKIPPED = 77,
};

static struct {
	const char *folder;
	uint8_t *pristine, *bytes; // bytes is what the file holds
	size_t size;
	size_t *pages; // the offsets of those that hold something
	size_t page_count;
	size_t values; // the offset of the one that the guest marks; 0: there is none
	char path[64];
	char module[4096]; // of a Wasm core dump; "": the folder has none
	char script[SCRIPT_SIZE_MAX];
	char *commands[COMMANDS_MAX];
	size_t command_count;
} core;

static void find_file(const char *name, char ret[static 4096])
{
	const char *source = getenv("srcdir");
	int size = snprintf(ret, 4096, "%s/tests/fuzz/%s/%s", source ? source : ".", core.folder,
			    name);
	assert(size < 4096);
}

static size_t read_file(const char *name, void *buffer, size_t size)
{
	char path[4096];
	find_file(name, path);
	FILE *file = fopen(path, "rb");
	assert(file);
	size_t done = fread(buffer, 1, size, file);
	fclose(file);
	return done;
}

static size_t page_size(size_t at)
{
	return core.size - at < PAGE ? core.size - at : PAGE;
}

static void find_pages(void)
{
	static const uint8_t zeros[PAGE];
	static const char mark[] = "the page that values lie in";
	core.pages = calloc(core.size / PAGE + 1, sizeof(*core.pages));
	assert(core.pages);
	for (size_t at = 0; at < core.size; at += PAGE) {
		if (memcmp(core.pristine + at, zeros, page_size(at)) != 0)
			core.pages[core.page_count++] = at;
		if (page_size(at) >= sizeof(mark) &&
		    memcmp(core.pristine + at, mark, sizeof(mark) - 1) == 0) {
			assert(!core.values);
			core.values = at;
		}
	}
	assert(core.page_count);
}

static void read_commands(void)
{
	char *rest = core.script;
	read_file("commands", core.script, sizeof(core.script) - 1);
	for (char *line; (line = strsep(&rest, "\n")) && core.command_count < COMMANDS_MAX;)
		if (*line)
			core.commands[core.command_count++] = line;
	assert(core.command_count);
}

static void load(const char *folder)
{
#if HAVE_ZSTD
	core.folder = folder;
	static uint8_t packed[1 << 20];
	size_t size = read_file("core.zst", packed, sizeof(packed));
	assert(size < sizeof(packed));
	core.size = (size_t)ZSTD_getFrameContentSize(packed, size);
	core.pristine = malloc(core.size);
	assert(core.pristine);
	assert(ZSTD_decompress(core.pristine, core.size, packed, size) == core.size);
	int fd = memfd_create("core", MFD_CLOEXEC);
	assert(fd >= 0 && ftruncate(fd, (off_t)core.size) == 0);
	core.bytes = mmap(NULL, core.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert(core.bytes != MAP_FAILED);
	memcpy(core.bytes, core.pristine, core.size);
	snprintf(core.path, sizeof(core.path), "/proc/self/fd/%d", fd);
	find_file("guest.wasm", core.module);
	if (access(core.module, R_OK) != 0)
		core.module[0] = '\0';
	// Nothing is asked of a server.
	unsetenv("DEBUGINFOD_URLS");
	find_pages();
	read_commands();
#else
	(void)folder;
	puts("built without zstd: the core file cannot be unpacked");
	exit(SKIPPED);
#endif
}

// Text: what a terminal does nothing with but show it. JSON: a document in each line.
static void check(char *shown, bool json)
{
	if (!json)
		for (const char *c = shown; *c; c++)
			if (((unsigned char)*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7f)
				abort();
	for (char *line; json && (line = strsep(&shown, "\n"));) {
		json_error_t problem;
		json_t *document = *line ? json_loads(line, 0, &problem) : NULL;
		if (*line && !document) {
			fprintf(stderr, "no JSON: %s: %s\n", problem.text, line);
			abort();
		}
		json_decref(document);
	}
}

static void converse(struct op_repl *repl, bool alone, size_t first, size_t count,
		     const char *expression)
{
	const struct op_core_open_options options = {
		.size = sizeof(options),
		.sysroot = "/nonexistent",
		.modules = (const char *const[]){core.module},
		.module_count = core.module[0] && !alone,
	};
	struct op_error *err = op_repl_open_core(repl, core.path, &options);
	// As it is in the tree it can be opened: else this would try out nothing.
	if (err && !memcmp(core.bytes, core.pristine, core.size))
		abort();
	for (size_t i = 0; !err && i < count; i++)
		op_repl_execute(repl, core.commands[(first + i) % core.command_count]);
	if (!err && *expression) {
		char line[256];
		snprintf(line, sizeof(line), "print %s", expression);
		line[strcspn(line, "\r\n")] = '\0';
		op_repl_execute(repl, line);
	}
	if (err)
		op_output_error(&repl->out, err->message);
	op_error_destroy(err);
}

static void run(uint8_t flags, size_t first, size_t count, const char *expression)
{
	struct op_repl repl;
	char *shown = NULL, *told = NULL;
	size_t shown_size, told_size;
	FILE *stream = open_memstream(&shown, &shown_size);
	FILE *errors = open_memstream(&told, &told_size);
	assert(stream && errors);
	struct op_error *err = op_repl_init(&repl, stream, errors);
	assert(!err);
	repl.out.json = flags & JSON;
	converse(&repl, flags & ALONE, first, count, expression);
	op_output_flush(&repl.out);
	op_repl_deinit(&repl);
	fclose(stream);
	fclose(errors);
	assert(strlen(shown) == shown_size && strlen(told) == told_size);
	if (getenv("FUZZ_SHOW"))
		fprintf(stderr, "%s%s", shown, told);
	check(shown, flags & JSON);
	check(told, false);
	free(shown);
	free(told);
}

static size_t number(const uint8_t *data)
{
	return data[0] | (size_t)data[1] << 8;
}

int op_recorded_session_try(const char *folder, const uint8_t *data, size_t size)
{
	if (!core.bytes)
		load(folder);
	if (size < 4)
		return 0;
	uint8_t flags = data[0];
	bool words = flags & WORDS && core.values, bytes = flags & BYTES && core.module[0];
	size_t head = words ? 2 : 4, written = words ? 4 : bytes ? 1 : 8;
	size_t first = data[1], count = data[2] % (RUN_MAX + 1), edits = data[3] % (EDITS_MAX + 1);
	size_t edited[EDITS_MAX], done = 0;
	data += 4;
	size -= 4;
	while (size >= head + written && done < edits) {
		size_t page = words ? core.values : core.pages[number(data) % core.page_count];
		size_t end = page_size(page), at = number(data + head - 2) % end;
		size_t fitting = end - at < written ? end - at : written;
		memcpy(core.bytes + page + at, data + head, fitting);
		edited[done++] = page;
		data += head + written;
		size -= head + written;
	}
	char *expression = strndup((const char *)data, size);
	assert(expression);
	run(flags, first, count, expression);
	free(expression);
	for (size_t i = 0; i < done; i++)
		memcpy(core.bytes + edited[i], core.pristine + edited[i], page_size(edited[i]));
	return 0;
}
