// SPDX-License-Identifier: GPL-3.0-or-later
// libdebuginfod (man 3 debuginfod_find_debuginfo), loaded at run time.
#include "tracer/debuginfod.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/apart/apart.h"

typedef struct debuginfod_client debuginfod_client;
struct library {
	debuginfod_client *(*begin)(void);
	void (*end)(debuginfod_client *client);
	int (*find_debuginfo)(debuginfod_client *client, const unsigned char *build_id, int size,
			      char **path);
	int (*find_source)(debuginfod_client *client, const unsigned char *build_id, int size,
			   const char *file, char **path);
	void (*set_progress)(debuginfod_client *client,
			     int (*progress)(debuginfod_client *client, long a, long b));
	void (*set_user_data)(debuginfod_client *client, void *value);
	void *(*get_user_data)(debuginfod_client *client);
};

// dlsym() gives void *, which ISO C does not let one cast to a function.
static bool load(void *handle, const char *name, void *ret)
{
	void *symbol = dlsym(handle, name);
	memcpy(ret, &symbol, sizeof(symbol));
	return symbol != NULL;
}

// It stays loaded: threads of libcurl's may still be about.
static struct op_error *open_library(struct library *ret)
{
	void *handle = dlopen("libdebuginfod.so.1", RTLD_LAZY | RTLD_LOCAL);
	if (!handle)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "debuginfod cannot be asked: libdebuginfod.so.1 is not "
				       "installed");
	if (load(handle, "debuginfod_begin", &ret->begin) &&
	    load(handle, "debuginfod_end", &ret->end) &&
	    load(handle, "debuginfod_find_debuginfo", &ret->find_debuginfo) &&
	    load(handle, "debuginfod_find_source", &ret->find_source) &&
	    load(handle, "debuginfod_set_progressfn", &ret->set_progress) &&
	    load(handle, "debuginfod_set_user_data", &ret->set_user_data) &&
	    load(handle, "debuginfod_get_user_data", &ret->get_user_data))
		return NULL;
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "debuginfod cannot be asked: libdebuginfod.so.1 is too old");
}

// The progress function gets the client only, and asks the library for what belongs to it.
static struct library library;

static int go_on(debuginfod_client *client, long a, long b)
{
	(void)a;
	(void)b;
	const struct op_cancel *cancel = library.get_user_data(client);
	return op_cancelled(cancel);
}

struct op_error *op_debuginfod_find(const uint8_t *build_id, size_t size, const char *source,
				    const struct op_cancel *cancel, char **ret)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	if (!urls || !*urls)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "debuginfod cannot be asked: DEBUGINFOD_URLS names no "
				       "server");
	struct op_error *err = op_apart_refuse("ask debuginfod, which is on the network");
	if (!err && !library.begin)
		err = open_library(&library);
	if (err)
		return err;
	debuginfod_client *client = library.begin();
	if (!client)
		return op_error_no_memory();
	library.set_user_data(client, (void *)cancel);
	library.set_progress(client, go_on);
	char *path = NULL;
	int fd = source ? library.find_source(client, build_id, (int)size, source, &path)
			: library.find_debuginfo(client, build_id, (int)size, &path);
	library.end(client);
	if (op_cancelled(cancel))
		err = op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
	else if (fd < 0)
		err = op_error_system(OP_ERROR_NOT_FOUND, -fd,
				      "debuginfod has nothing for the module's build id");
	if (fd >= 0)
		close(fd);
	if (err) {
		free(path);
		return err;
	}
	*ret = path;
	return NULL;
}
