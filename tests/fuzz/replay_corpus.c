// SPDX-License-Identifier: GPL-3.0-or-later
// Feeds every file of a harness's corpus to it: the plain driver that `make check` runs. The corpus
// is found by the program's own name: fuzz_NAME reads tests/fuzz/corpus/NAME below $srcdir.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int feed(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return 0;
	if (fseek(file, 0, SEEK_END) == 0) {
		long size = ftell(file);
		rewind(file);
		// Exactly as long as the input, so that a read past its end is one past the
		// allocation.
		uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
		if (data && size >= 0 && fread(data, 1, (size_t)size, file) == (size_t)size)
			LLVMFuzzerTestOneInput(data, (size_t)size);
		free(data);
	}
	fclose(file);
	return 1;
}

int main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/');
	const char *name = strstr(base ? base : argv[0], "fuzz_");
	const char *source = getenv("srcdir");
	char folder[4096];
	if (!name || snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s",
			      source ? source : ".", name + strlen("fuzz_")) >= (int)sizeof(folder))
		return EXIT_FAILURE;
	DIR *entries = opendir(folder);
	if (!entries) {
		fprintf(stderr, "there is no corpus at %s\n", folder);
		return EXIT_FAILURE;
	}
	int count = 0;
	for (struct dirent *entry; (entry = readdir(entries));) {
		char path[8192];
		if (entry->d_name[0] != '.' && snprintf(path, sizeof(path), "%s/%s", folder,
							entry->d_name) < (int)sizeof(path))
			count += feed(path);
	}
	closedir(entries);
	printf("%d inputs of %s\n", count, folder);
	return count ? EXIT_SUCCESS : EXIT_FAILURE;
}
