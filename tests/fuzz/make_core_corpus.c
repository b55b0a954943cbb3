// SPDX-License-Identifier: GPL-3.0-or-later
// Makes the corpus of fuzz_core: small core files of each kind that outpost tells apart. Run it
// with the folder (tests/fuzz/corpus/core) as its argument; the packed ones are `usual`, by zstd,
// lz4 and xz: `zstd -19 usual -o packed.zst`, `lz4 -9 usual packed.lz4`, `xz -9e -c usual
// >packed.xz`.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/user.h>

#include "tests/unit/core_draft.h"

enum { PAGE = 4096 };

static const char *folder;
static struct core_draft draft;
static const uint8_t bytes[PAGE / 4] = "a page of memory";
static const struct draft_file files[] = {
	{0x40000, 0x41000, 0, "/usr/bin/wasmtime"},
	{0x41000, 0x43000, 1, "/usr/bin/wasmtime"},
	{0x50000, 0x51000, 0, "/tmp/module.cwasm (deleted)"},
};

static void save(const char *name)
{
	char path[4096];
	uint8_t *data;
	size_t size = core_draft_bytes(&draft, &data);

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file)) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	free(data);
}

static void begin(void)
{
	const uint64_t vector[] = {AT_ENTRY, 0x41010, AT_EXECFN, 0x10200, AT_NULL, 0};
	const siginfo_t info = {.si_signo = SIGSEGV, .si_code = SEGV_MAPERR};
	const struct user_fpregs_struct vectors = {0};

	core_draft_init(&draft);
	core_draft_thread(&draft, 71, SIGSEGV, 0x41010, 0x10010);
	core_draft_process(&draft, 70, "wasmtime", "wasmtime run app.wasm");
	core_draft_note(&draft, "CORE", NT_SIGINFO, &info, sizeof(info));
	core_draft_note(&draft, "CORE", NT_AUXV, vector, sizeof(vector));
	core_draft_note(&draft, "CORE", NT_FPREGSET, &vectors, sizeof(vectors));
	core_draft_thread(&draft, 70, 0, 0x42000, 0x10020);
	core_draft_files(&draft, files, 3);
	core_draft_memory(&draft, 0x10000, PAGE, sizeof(bytes), "rw-", bytes);
	core_draft_memory(&draft, 0x40000, PAGE, sizeof(bytes), "r--", bytes);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return EXIT_FAILURE;
	}
	folder = argv[1];
	begin();
	core_draft_memory(&draft, 0x60000, UINT64_C(1) << 40, 0, "---", NULL);
	save("usual");
	begin();
	core_draft_note(&draft, "GDB", 0xff000000, "<target/>", 10);
	core_draft_memory(&draft, 0x20000, PAGE, 64, "r--", NULL);
	save("gdb");
	begin();
	draft.header.e_phnum = PN_XNUM;
	save("many-headers");
	begin();
	core_draft_memory(&draft, 0x10800, 64 * PAGE, 16, "rw-", NULL);
	core_draft_memory(&draft, UINT64_MAX - PAGE, 2 * PAGE, 0, "rw-", NULL);
	core_draft_memory(&draft, UINT64_C(1) << 42, UINT64_C(1) << 41, UINT64_C(1) << 41, "rw-",
			  NULL)
		->p_offset = PAGE;
	save("lies");
	begin();
	draft.notes_size -= 60;
	save("cut-notes");
	core_draft_init(&draft);
	draft.header.e_machine = EM_AARCH64;
	save("aarch64");
	return EXIT_SUCCESS;
}
