// SPDX-License-Identifier: GPL-3.0-or-later
// A double of the session behind tracer/outpost.h for tests of front ends: a program that never
// was, the same in every test.
// It takes the place of libtracer; value.h's and error.h's functions are the real ones.
//
// The program: module "app" with fd_read (0, imported), fib (1), _start (2), "app::main" (3).
// Process 4242, thread 4242 stands
// in fib at 0x1a3, called by fib, by a host stretch, by _start; thread 4243 is in the host. One
// guest is suspended.
#ifndef OP_TESTS_UNIT_FAKE_SESSION_H
#define OP_TESTS_UNIT_FAKE_SESSION_H

#include "tracer/outpost.h"

enum { FAKE_PID = 4242, FAKE_OTHER_THREAD = 4243, FAKE_MEMORY = 65536 };

/** What tests look at and set. Reset by op_session_create(). */
struct fake {
	unsigned attached, detached, killed, launched;
	unsigned run_calls;
	enum op_run_kind last_run;
	uint64_t last_count;
	struct op_event
		next_event; /**< what op_session_wait() gives; STOPPED by a step unless set */
	size_t depth;       /**< when not 0: fib's recursion is that deep */
	bool no_values;     /**< compiled without guest-debug */
	bool in_flight;     /**< frame 0 is inside an instruction until it is carried */
	bool interrupted;
	bool has_source; /**< the program has debug information: fake_source.c */
	bool debuginfod;
	bool is_core;      /**< "died.core" is open, ended by SIGSEGV */
	char assigned[64]; /**< PLACE=EXPRESSION of the last assignment */
	uint8_t memory[FAKE_MEMORY];
};
extern struct fake fake;

#endif
