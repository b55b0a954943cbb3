// SPDX-License-Identifier: GPL-3.0-or-later
// The double of core files behind tracer/outpost.h; part of fake_session.h's program: one that can
// be opened, and one that is written.
#include <string.h>

#include "tests/unit/fake_session.h"

struct op_error *op_session_open_core(struct op_session *session, const char *path,
				      const struct op_core_open_options *options,
				      struct op_event *ret)
{
	if (strcmp(path, "died.core") != 0)
		return op_error_create(OP_ERROR_FORMAT, "%s is no core file", path);
	struct op_error *err = op_session_attach(session, FAKE_PID, false);
	fake.is_core = true;
	*ret = (struct op_event){
		.kind = OP_EVENT_STOPPED,
		.reason = OP_REASON_CORE,
		.thread = FAKE_PID,
		.signal = 11,
		.signal_name = "SIGSEGV",
		.has_fault_address = true,
		.fault_address = {0x1000},
		.trap = "out of bounds memory access",
	};
	return err;
}

struct op_error *op_session_core(struct op_session *session, struct op_core_report *ret)
{
	static const char *const remarks[] = {"the core file is cut off"};

	*ret = (struct op_core_report){
		.path = "died.core",
		.program = "/usr/bin/wasmtime",
		.remarks = remarks,
		.remark_count = 1,
	};
	return NULL;
}

bool op_session_is_core_file(const char *path)
{
	return strcmp(path, "died.core") == 0;
}

bool op_session_is_core(const struct op_session *session)
{
	return fake.is_core;
}

struct op_error *op_session_write_core(struct op_session *session, const char *path,
				       const struct op_write_core_options *options,
				       struct op_written_core *ret)
{
	(void)session, (void)options;
	*ret = (struct op_written_core){
		.size = 4 << 20, .stored = 1 << 20, .threads = 2, .stop_ns = 1500000};
	if (strcmp(path, "copied.core") == 0)
		ret->from_copy = true;
	else
		strcpy(ret->no_copy_why, "it does not fork");
	return NULL;
}

struct op_error *op_session_write_core_of(struct op_session *session, int64_t pid, const char *path,
					  const struct op_write_core_options *options,
					  struct op_written_core *ret)
{
	if (pid != FAKE_PID)
		return op_error_create(OP_ERROR_NO_SUCH_PROCESS, "there is no process %d",
				       (int)pid);
	return op_session_write_core(session, path, options, ret);
}

// A guard is tested with real programs.
struct op_error *op_session_freeze_core(struct op_session *session, struct op_frozen_core **ret)
{
	(void)session, (void)ret;
	return op_error_create(OP_ERROR_UNSUPPORTED, "it does not fork");
}

struct op_error *op_session_write_frozen_core(struct op_frozen_core *core, const char *path,
					      struct op_written_core *ret)
{
	(void)core, (void)path, (void)ret;
	return op_error_create(OP_ERROR_UNSUPPORTED, "it does not fork");
}

struct op_error *op_session_use_frozen_core(struct op_session *session, struct op_frozen_core *core)
{
	(void)session, (void)core;
	return op_error_create(OP_ERROR_UNSUPPORTED, "it does not fork");
}

struct op_error *op_session_thaw_core(struct op_session *session, struct op_frozen_core *core)
{
	(void)session, (void)core;
	return NULL;
}

struct op_error *op_session_write_wasm_core(struct op_session *session, const char *path,
					    struct op_written_wasm_core *ret)
{
	(void)session, (void)path;
	*ret = (struct op_written_wasm_core){.size = 100,
					     .stored = 5,
					     .threads = 1,
					     .frames = 2,
					     .memories = 1,
					     .null_references = 3};
	return NULL;
}
