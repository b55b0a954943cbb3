// SPDX-License-Identifier: GPL-3.0-or-later
// The table of WASI preview 1; see wasi_preview1.h.
#include "tracer/wasi_preview1.h"

#include <stddef.h>
#include <string.h>

#include "base/compiler.h"

static const char *const errnos[] = {
	"success",     "2big",           "acces",       "addrinuse",   "addrnotavail",
	"afnosupport", "again",          "already",     "badf",        "badmsg",
	"busy",        "canceled",       "child",       "connaborted", "connrefused",
	"connreset",   "deadlk",         "destaddrreq", "dom",         "dquot",
	"exist",       "fault",          "fbig",        "hostunreach", "idrm",
	"ilseq",       "inprogress",     "intr",        "inval",       "io",
	"isconn",      "isdir",          "loop",        "mfile",       "mlink",
	"msgsize",     "multihop",       "nametoolong", "netdown",     "netreset",
	"netunreach",  "nfile",          "nobufs",      "nodev",       "noent",
	"noexec",      "nolck",          "nolink",      "nomem",       "nomsg",
	"noprotoopt",  "nospc",          "nosys",       "notconn",     "notdir",
	"notempty",    "notrecoverable", "notsock",     "notsup",      "notty",
	"nxio",        "overflow",       "ownerdead",   "perm",        "pipe",
	"proto",       "protonosupport", "prototype",   "range",       "rofs",
	"spipe",       "srch",           "stale",       "timedout",    "txtbsy",
	"xdev",        "notcapable",
};

static const char *const clocks[] = {"realtime", "monotonic", "process_cputime_id",
				     "thread_cputime_id", NULL};
static const char *const advices[] = {"normal",   "sequential", "random", "willneed",
				      "dontneed", "noreuse",    NULL};
static const char *const whences[] = {"set", "cur", "end", NULL};
static const char *const file_types[] = {"unknown",       "block_device",  "character_device",
					 "directory",     "regular_file",  "socket_dgram",
					 "socket_stream", "symbolic_link", NULL};
static const char *const fd_flags[] = {"append", "dsync", "nonblock", "rsync", "sync", NULL};
static const char *const lookup_flags[] = {"symlink_follow", NULL};
static const char *const open_flags[] = {"creat", "directory", "excl", "trunc", NULL};
static const char *const time_flags[] = {"atim", "atim_now", "mtim", "mtim_now", NULL};
static const char *const receive_flags[] = {"recv_peek", "recv_waitall", NULL};
static const char *const received_flags[] = {"recv_data_truncated", NULL};
static const char *const no_flags[] = {NULL};
static const char *const shutdown_flags[] = {"rd", "wr", NULL};
static const char *const signals[] = {
	"none", "hup",  "int",  "quit",   "ill",  "trap",  "abrt", "bus",  "fpe",  "kill", "usr1",
	"segv", "usr2", "pipe", "alrm",   "term", "chld",  "cont", "stop", "tstp", "ttin", "ttou",
	"urg",  "xcpu", "xfsz", "vtalrm", "prof", "winch", "poll", "pwr",  "sys",  NULL};

// clang-format off
#define FD(name) {name, OP_WASI_UNSIGNED, NULL}
#define NUMBER(name) {name, OP_WASI_UNSIGNED, NULL}
#define RIGHTS(name) {name, OP_WASI_HEX, NULL}
#define PATH(name) {name, OP_WASI_STRING, NULL}
#define FLAGS(name, words) {name, OP_WASI_FLAGS, words}
#define CHOICE(name, words) {name, OP_WASI_ENUM, words}
#define DATA(name) {name, OP_WASI_DATA, NULL}
#define BUFFERS(name) {name, OP_WASI_BUFFERS, NULL}
#define BUFFER(name) {name, OP_WASI_BUFFER, NULL}
#define HIDDEN(name) {name, OP_WASI_HIDDEN, NULL}
#define COUNT(unit) {unit, OP_WASI_OUT_COUNT, NULL}
#define OUT32(name) {name, OP_WASI_OUT_U32, NULL}
#define OUT64(name) {name, OP_WASI_OUT_U64, NULL}

// Ascending by name.
static const struct op_wasi_function functions[] = {
	{"args_get", {HIDDEN("argv"), HIDDEN("argv_buf")}},
	{"args_sizes_get", {COUNT("arguments"), COUNT("bytes")}},
	{"clock_res_get", {CHOICE("id", clocks), OUT64("resolution")}},
	{"clock_time_get", {CHOICE("id", clocks), NUMBER("precision"), OUT64("time")}},
	{"environ_get", {HIDDEN("environ"), HIDDEN("environ_buf")}},
	{"environ_sizes_get", {COUNT("variables"), COUNT("bytes")}},
	{"fd_advise", {FD("fd"), NUMBER("offset"), NUMBER("len"), CHOICE("advice", advices)}},
	{"fd_allocate", {FD("fd"), NUMBER("offset"), NUMBER("len")}},
	{"fd_close", {FD("fd")}},
	{"fd_datasync", {FD("fd")}},
	{"fd_fdstat_get", {FD("fd"), {"stat", OP_WASI_OUT_FDSTAT, file_types}}},
	{"fd_fdstat_set_flags", {FD("fd"), FLAGS("flags", fd_flags)}},
	{"fd_fdstat_set_rights", {FD("fd"), RIGHTS("fs_rights_base"), RIGHTS("fs_rights_inheriting")}},
	{"fd_filestat_get", {FD("fd"), {"buf", OP_WASI_OUT_FILESTAT, file_types}}},
	{"fd_filestat_set_size", {FD("fd"), NUMBER("size")}},
	{"fd_filestat_set_times", {FD("fd"), NUMBER("atim"), NUMBER("mtim"), FLAGS("fst_flags", time_flags)}},
	{"fd_pread", {FD("fd"), BUFFERS("iovs"), NUMBER("offset"), COUNT("bytes")}},
	{"fd_prestat_dir_name", {FD("fd"), BUFFER("path")}},
	{"fd_prestat_get", {FD("fd"), {"buf", OP_WASI_OUT_PRESTAT, NULL}}},
	{"fd_pwrite", {FD("fd"), DATA("iovs"), NUMBER("offset"), COUNT("bytes")}},
	{"fd_read", {FD("fd"), BUFFERS("iovs"), COUNT("bytes")}},
	{"fd_readdir", {FD("fd"), BUFFER("buf"), NUMBER("cookie"), COUNT("bytes")}},
	{"fd_renumber", {FD("fd"), FD("to")}},
	{"fd_seek", {FD("fd"), {"offset", OP_WASI_SIGNED, NULL}, CHOICE("whence", whences), OUT64("offset")}},
	{"fd_sync", {FD("fd")}},
	{"fd_tell", {FD("fd"), OUT64("offset")}},
	{"fd_write", {FD("fd"), DATA("iovs"), COUNT("bytes")}},
	{"path_create_directory", {FD("fd"), PATH("path")}},
	{"path_filestat_get", {FD("fd"), FLAGS("flags", lookup_flags), PATH("path"),
			       {"buf", OP_WASI_OUT_FILESTAT, file_types}}},
	{"path_filestat_set_times", {FD("fd"), FLAGS("flags", lookup_flags), PATH("path"), NUMBER("atim"),
				     NUMBER("mtim"), FLAGS("fst_flags", time_flags)}},
	{"path_link", {FD("old_fd"), FLAGS("old_flags", lookup_flags), PATH("old_path"), FD("new_fd"),
		       PATH("new_path")}},
	{"path_open", {FD("fd"), FLAGS("dirflags", lookup_flags), PATH("path"), FLAGS("oflags", open_flags),
		       RIGHTS("fs_rights_base"), RIGHTS("fs_rights_inheriting"), FLAGS("fdflags", fd_flags),
		       OUT32("fd")}},
	{"path_readlink", {FD("fd"), PATH("path"), BUFFER("buf"), COUNT("bytes")}},
	{"path_remove_directory", {FD("fd"), PATH("path")}},
	{"path_rename", {FD("fd"), PATH("old_path"), FD("new_fd"), PATH("new_path")}},
	{"path_symlink", {PATH("old_path"), FD("fd"), PATH("new_path")}},
	{"path_unlink_file", {FD("fd"), PATH("path")}},
	{"poll_oneoff", {{"in", OP_WASI_SUBSCRIPTIONS, NULL}, HIDDEN("out"), HIDDEN("nsubscriptions"), COUNT("events")}},
	{"proc_exit", {NUMBER("rval")}},
	{"proc_raise", {CHOICE("sig", signals)}},
	{"random_get", {BUFFER("buf")}},
	{"sched_yield", {{NULL, OP_WASI_END, NULL}}},
	{"sock_accept", {FD("fd"), FLAGS("flags", fd_flags), OUT32("fd")}},
	{"sock_recv", {FD("fd"), BUFFERS("ri_data"), FLAGS("ri_flags", receive_flags), COUNT("bytes"),
		       {"flags", OP_WASI_OUT_FLAGS, received_flags}}},
	{"sock_send", {FD("fd"), DATA("si_data"), FLAGS("si_flags", no_flags), COUNT("bytes")}},
	{"sock_shutdown", {FD("fd"), FLAGS("how", shutdown_flags)}},
};
// clang-format on

const struct op_wasi_function *op_wasi_function(const char *name)
{
	size_t low = 0, high = OP_ARRAY_SIZE(functions);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(functions[middle].name, name);
		if (!order)
			return &functions[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

unsigned op_wasi_width(enum op_wasi_kind kind)
{
	switch (kind) {
	case OP_WASI_END:
		return 0;
	case OP_WASI_STRING:
	case OP_WASI_DATA:
	case OP_WASI_BUFFERS:
	case OP_WASI_BUFFER:
		return 2;
	default:
		return 1;
	}
}

const char *op_wasi_errno(uint32_t number)
{
	return number < OP_ARRAY_SIZE(errnos) ? errnos[number] : NULL;
}
