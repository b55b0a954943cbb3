// SPDX-License-Identifier: GPL-3.0-or-later
// How a program of tests ends.
#ifndef OP_TESTS_UNIT_SUITE_H
#define OP_TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdlib.h>

/** Run all of it (CK_RUN_CASE and the like choose), and free it. @return the program's status. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
