// SPDX-License-Identifier: GPL-3.0-or-later
// Starting and talking to the victim program, and what the platform tests assert again and again.
#ifndef OP_TESTS_UNIT_VICTIM_CONTROL_H
#define OP_TESTS_UNIT_VICTIM_CONTROL_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "platform/platform.h"

struct victim {
	pid_t pid;
	pid_t keeper; /**< its parent: the kernel would let a tracer that is the parent reap it
			 unseen */
	FILE *to, *from;
	uint64_t facts[2]; /**< the hexadecimal numbers after "ready" */
};

/** Start it and wait until it says that it is ready. */
void victim_start(struct victim *victim, const char *mode);
/** The same as another user. */
void victim_start_as(struct victim *victim, const char *mode, uid_t user);
void victim_tell(struct victim *victim, const char *line);
/** The next line must be this. */
void victim_expect(struct victim *victim, const char *line);
/** Its real parent must be told of its end, with this exit status (negative: killed by that
 * signal). */
void victim_ends(struct victim *victim, int status);
/** SIGKILL and reap. */
void victim_end(struct victim *victim);

/** State letter in /proc of a process, and its TracerPid. */
char victim_state(pid_t pid);
pid_t victim_tracer(pid_t pid);
/** Wait until the state is this. */
void victim_wait_state(pid_t pid, char state);

/** One byte of its memory, whoever traces it. */
uint8_t victim_byte(pid_t pid, uint64_t address);

/** Like must(), which says to the test's own process where it is: a process that is killed at any
 * moment must not have said half of that. */
void or_end(bool fine);
/** Fail the test with the error's sentence. */
void must(struct op_error *err);
/** There must be an error of this code whose sentence holds @p part. */
void must_fail(struct op_error *err, enum op_error_code code, const char *part);
struct op_process *must_attach(pid_t pid);
/** op_process_wait() without limit, the process is to stop like this. */
struct op_stop must_stop(struct op_process *process, enum op_stop_kind kind);
void must_run(struct op_process *process, op_thread_id thread);
/** Pass everything on until a stop of this kind. */
struct op_stop run_until(struct op_process *process, enum op_stop_kind kind);

#endif
