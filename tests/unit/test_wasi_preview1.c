// SPDX-License-Identifier: GPL-3.0-or-later
// The table of WASI preview 1. How many Wasm parameters each function has is that of the published
// wasi_snapshot_preview1.witx, as wasi-libc declares them (libc-bottom-half, __wasi_*).
#include <check.h>
#include <stdlib.h>

#include "tests/unit/suite.h"
#include "tracer/wasi_preview1.h"

static const struct {
	const char *name;
	unsigned width;
} functions[] = {
	{"args_get", 2},
	{"args_sizes_get", 2},
	{"clock_res_get", 2},
	{"clock_time_get", 3},
	{"environ_get", 2},
	{"environ_sizes_get", 2},
	{"fd_advise", 4},
	{"fd_allocate", 3},
	{"fd_close", 1},
	{"fd_datasync", 1},
	{"fd_fdstat_get", 2},
	{"fd_fdstat_set_flags", 2},
	{"fd_fdstat_set_rights", 3},
	{"fd_filestat_get", 2},
	{"fd_filestat_set_size", 2},
	{"fd_filestat_set_times", 4},
	{"fd_pread", 5},
	{"fd_prestat_dir_name", 3},
	{"fd_prestat_get", 2},
	{"fd_pwrite", 5},
	{"fd_read", 4},
	{"fd_readdir", 5},
	{"fd_renumber", 2},
	{"fd_seek", 4},
	{"fd_sync", 1},
	{"fd_tell", 2},
	{"fd_write", 4},
	{"path_create_directory", 3},
	{"path_filestat_get", 5},
	{"path_filestat_set_times", 7},
	{"path_link", 7},
	{"path_open", 9},
	{"path_readlink", 6},
	{"path_remove_directory", 3},
	{"path_rename", 6},
	{"path_symlink", 5},
	{"path_unlink_file", 3},
	{"poll_oneoff", 4},
	{"proc_exit", 1},
	{"proc_raise", 1},
	{"random_get", 2},
	{"sched_yield", 0},
	{"sock_accept", 3},
	{"sock_recv", 6},
	{"sock_send", 5},
	{"sock_shutdown", 2},
};

START_TEST(every_function_has_its_parameters)
{
	const struct op_wasi_function *function = op_wasi_function(functions[_i].name);
	ck_assert_ptr_nonnull(function);
	ck_assert_str_eq(function->name, functions[_i].name);
	unsigned width = 0;
	for (size_t i = 0; i < OP_WASI_PARAMETERS_MAX; i++)
		width += op_wasi_width(function->parameters[i].kind);
	ck_assert_msg(width == functions[_i].width, "%s has %u", function->name, width);
}
END_TEST

START_TEST(others_are_none)
{
	ck_assert_ptr_null(op_wasi_function(""));
	ck_assert_ptr_null(op_wasi_function("fd_writ"));
	ck_assert_ptr_null(op_wasi_function("fd_writes"));
	ck_assert_ptr_null(op_wasi_function("zzz"));
}
END_TEST

START_TEST(errors)
{
	ck_assert_str_eq(op_wasi_errno(0), "success");
	ck_assert_str_eq(op_wasi_errno(8), "badf");
	ck_assert_str_eq(op_wasi_errno(44), "noent");
	ck_assert_str_eq(op_wasi_errno(52), "nosys");
	ck_assert_str_eq(op_wasi_errno(63), "perm");
	ck_assert_str_eq(op_wasi_errno(76), "notcapable");
	ck_assert_ptr_null(op_wasi_errno(77));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wasi_preview1");
	TCase *cases = tcase_create("wasi_preview1");
	tcase_add_loop_test(cases, every_function_has_its_parameters, 0,
			    (int)(sizeof(functions) / sizeof(functions[0])));
	tcase_add_test(cases, others_are_none);
	tcase_add_test(cases, errors);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
