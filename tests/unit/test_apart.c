// SPDX-License-Identifier: GPL-3.0-or-later
// The sandbox's protocol, its two sides on a real process, and what the decoding side can not do.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/apart/apart.h"
#include "platform/apart/client.h"
#include "platform/apart/confine.h"
#include "platform/apart/server.h"
#include "platform/linux/open.h"
#include "tests/unit/suite.h"
#include "tests/unit/victim_control.h"

enum { NOBODY = 65534 };

// The messages --------------------------------------------------------------------------------

static struct op_apart_request smallest(uint32_t operation)
{
	return (struct op_apart_request){.operation = operation,
					 .size = op_apart_form(operation)->request_min};
}

START_TEST(every_operation_has_a_row_and_somebody_who_does_it)
{
	for (uint32_t i = 1; i < OP_APART_OPERATIONS; i++) {
		ck_assert_msg(op_apart_form(i) != NULL, "operation %u has no row", i);
		ck_assert_msg(op_apart_handler_of(i) != NULL, "nobody does \"%s\"",
			      op_apart_form(i)->name);
		ck_assert_uint_le(op_apart_form(i)->request_max, OP_APART_PAYLOAD_MAX);
		ck_assert_uint_le(op_apart_form(i)->reply_max, OP_APART_PAYLOAD_MAX);
	}
	ck_assert_ptr_null(op_apart_form(0));
	ck_assert_ptr_null(op_apart_form(OP_APART_OPERATIONS));
	ck_assert_ptr_null(op_apart_handler_of(OP_APART_OPERATIONS));
	ck_assert_ptr_null(op_apart_handler_of(UINT32_MAX));
}
END_TEST

START_TEST(requests_are_held_against_the_table)
{
	static const uint32_t unknown[] = {0, OP_APART_OPERATIONS, UINT32_MAX};
	for (uint32_t i = 1; i < OP_APART_OPERATIONS; i++) {
		const struct op_apart_form *form = op_apart_form(i);
		struct op_apart_request request = smallest(i);
		must(op_apart_check_request(&request));
		for (unsigned a = 0; a < OP_APART_ARGUMENTS; a++) {
			request = smallest(i);
			request.arguments[a] = form->most[a];
			must(op_apart_check_request(&request));
			if (form->most[a] == UINT64_MAX)
				continue;
			request.arguments[a]++;
			must_fail(op_apart_check_request(&request), OP_ERROR_FORMAT, form->name);
		}
		request = smallest(i);
		request.size = form->request_max;
		must(op_apart_check_request(&request));
		request.size++;
		must_fail(op_apart_check_request(&request), OP_ERROR_FORMAT, form->name);
		request.size = UINT32_MAX;
		must_fail(op_apart_check_request(&request), OP_ERROR_FORMAT, form->name);
		if (form->request_min) {
			request.size = form->request_min - 1;
			must_fail(op_apart_check_request(&request), OP_ERROR_FORMAT, form->name);
		}
		if (form->unit && form->request_max > form->unit) {
			request.size = form->unit + 1;
			must_fail(op_apart_check_request(&request), OP_ERROR_FORMAT, form->name);
		}
	}
	for (size_t i = 0; i < OP_ARRAY_SIZE(unknown); i++)
		must_fail(
			op_apart_check_request(&(struct op_apart_request){.operation = unknown[i]}),
			OP_ERROR_FORMAT, "does not exist");
}
END_TEST

START_TEST(replies_are_held_against_the_table)
{
	for (uint32_t i = 1; i < OP_APART_OPERATIONS; i++) {
		struct op_apart_reply reply = {.operation = i, .size = op_apart_form(i)->reply_max};
		if (op_apart_form(i)->one_way) {
			must_fail(op_apart_check_reply(&reply, i), OP_ERROR_FORMAT, "no sense");
			continue;
		}
		must(op_apart_check_reply(&reply, i));
		reply.size++;
		must_fail(op_apart_check_reply(&reply, i), OP_ERROR_FORMAT, "no sense");
		reply = (struct op_apart_reply){.operation = i, .error = OP_ERROR_IO + 1};
		must(op_apart_check_reply(&reply, i));
		reply.error++;
		must_fail(op_apart_check_reply(&reply, i), OP_ERROR_FORMAT, "no sense");
		reply = (struct op_apart_reply){.operation = i + 1};
		must_fail(op_apart_check_reply(&reply, i), OP_ERROR_FORMAT, "no sense");
	}
	// OP_ERROR_IO is the last code that there is.
	ck_assert_str_eq(op_error_code_name(OP_ERROR_IO + 1), "unknown");
}
END_TEST

START_TEST(a_stop_comes_as_it_was)
{
	for (unsigned kind = 0; kind <= OP_STOP_PROCESS_EXIT; kind++) {
		const struct op_stop stop = {
			.kind = kind,
			.thread = 12345,
			.signal = 11,
			.signal_name = "SIGSEGV",
			.signal_is_fault = kind % 2,
			.fault_address = op_host_addr(UINT64_MAX - kind),
			.mapped_address = op_host_addr(0x1000 + kind),
			.child = 77,
			.child_shares_memory = kind % 3 == 0,
			.killed = kind % 2 == 0,
			.exit_status = 200,
		};
		struct op_apart_reply reply = {.operation = OP_APART_WAIT};
		struct op_stop back;
		uint8_t payload[sizeof(stop.signal_name)];
		reply.size = op_apart_put_stop(&stop, &reply, payload);
		must(op_apart_check_reply(&reply, OP_APART_WAIT));
		must(op_apart_get_stop(&reply, payload, reply.size, &back));
		ck_assert_uint_eq(back.kind, stop.kind);
		ck_assert_int_eq(back.thread, stop.thread);
		ck_assert_int_eq(back.signal, stop.signal);
		ck_assert_str_eq(back.signal_name, stop.signal_name);
		ck_assert_uint_eq(back.signal_is_fault, stop.signal_is_fault);
		ck_assert_uint_eq(back.fault_address.value, stop.fault_address.value);
		ck_assert_uint_eq(back.mapped_address.value, stop.mapped_address.value);
		ck_assert_int_eq(back.child, stop.child);
		ck_assert_uint_eq(back.child_shares_memory, stop.child_shares_memory);
		ck_assert_uint_eq(back.killed, stop.killed);
		ck_assert_int_eq(back.exit_status, stop.exit_status);
	}
	struct op_stop stop;
	struct op_apart_reply wrong = {.values = {OP_STOP_PROCESS_EXIT + 1}};
	must_fail(op_apart_get_stop(&wrong, NULL, wrong.size, &stop), OP_ERROR_FORMAT, "stop");
	wrong = (struct op_apart_reply){.size = sizeof(stop.signal_name)};
	must_fail(op_apart_get_stop(&wrong, NULL, wrong.size, &stop), OP_ERROR_FORMAT, "stop");
}
END_TEST

START_TEST(a_run_comes_as_it_was)
{
	for (unsigned flags = 0; flags < 32; flags++) {
		const struct op_run_request run = {
			.thread = 42,
			.mode = flags % 2,
			.watch_code_mapping = flags & 1,
			.discard_trap = flags & 2,
			.deliver_trap = flags & 4,
			.hold_signal = flags & 8,
			.despite_job_stop = flags & 16,
		};
		struct op_run_request back;
		const struct op_apart_request request = {
			.operation = OP_APART_RUN,
			.arguments = {(uint64_t)run.thread, run.mode, op_apart_run_flags(&run)}};
		must(op_apart_check_request(&request));
		op_apart_run_request(&request, &back);
		ck_assert_int_eq(back.thread, run.thread);
		ck_assert_uint_eq(back.mode, run.mode);
		ck_assert_uint_eq(op_apart_run_flags(&back), op_apart_run_flags(&run));
		ck_assert_uint_eq(op_apart_run_flags(&back), flags);
	}
}
END_TEST

START_TEST(mappings_come_as_they_were)
{
	static uint8_t payload[OP_APART_PAYLOAD_MAX];
	static char path[PATH_MAX];
	struct op_mappings back = {0};
	struct op_mapping mapping = {
		.start = op_host_addr(0x1000),
		.end = op_host_addr(0x3000),
		.protection = OP_PROTECTION_READ | OP_PROTECTION_EXECUTE,
		.shared = true,
		.anonymous = false,
		.file_offset = 0x4000,
		.device = 9,
		.inode = 10,
		.path = path,
	};
	uint32_t size = 0, at = 0;
	size_t put = 0;
	memset(path, 'a', sizeof(path) - 1);
	while (op_apart_put_mapping(&mapping, payload, &size)) {
		mapping.start.value++;
		put++;
	}
	ck_assert_uint_gt(put, 10);
	ck_assert_uint_le(size, sizeof(payload));
	while (at < size)
		must(op_apart_get_mapping(payload, size, &at, &back));
	ck_assert_uint_eq(back.count, put);
	for (size_t i = 0; i < put; i++) {
		ck_assert_uint_eq(back.data[i].start.value, 0x1000 + i);
		ck_assert_uint_eq(back.data[i].end.value, 0x3000);
		ck_assert_uint_eq(back.data[i].protection, mapping.protection);
		ck_assert(back.data[i].shared && !back.data[i].anonymous);
		ck_assert_uint_eq(back.data[i].file_offset, 0x4000);
		ck_assert_uint_eq(back.data[i].device, 9);
		ck_assert_uint_eq(back.data[i].inode, 10);
		ck_assert_str_eq(back.data[i].path, path);
	}
	// Cut anywhere in the first: an error, and nothing more in the list.
	for (uint32_t cut = 0; cut < sizeof(struct op_apart_mapping) + 4; cut++) {
		at = 0;
		must_fail(op_apart_get_mapping(payload, cut, &at, &back), OP_ERROR_FORMAT,
			  "mapping");
		ck_assert_uint_eq(back.count, put);
	}
	op_mappings_deinit(&back);
}
END_TEST

// The sides -----------------------------------------------------------------------------------

/** Do something in a child, which may give up rights; its exit status or minus the signal. */
static int in_child(void (*what)(void *), void *context)
{
	int status;
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		what(context);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/** As ck_assert, where Check's own way out is closed. */
#define NEED(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__,      \
				#condition, errno);                                                \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void need_error(struct op_error *err, enum op_error_code code, const char *message)
{
	NEED(err != NULL);
	if (err->code != code || !strstr(err->message, message)) {
		fprintf(stderr, "unexpected: %s\n", err->message);
		_exit(1);
	}
	op_error_destroy(err);
}

static void need_none(struct op_error *err)
{
	if (err) {
		fprintf(stderr, "unexpected: %s\n", err->message);
		_exit(1);
	}
}

/** What the two ways say of the same places. */
struct seen {
	char text[31];
	size_t done;
	char unreadable[200];
	size_t mappings, threads;
	bool many[3];
};

static void look(struct op_process *process, const struct victim *victim, struct seen *ret)
{
	char buffer[8192], byte[3];
	struct op_mappings mappings = {0};
	struct op_read_request reads[] = {
		{op_host_addr(victim->facts[0]), &byte[0], 1, false},
		{op_host_addr(victim->facts[1] + 4096), &byte[1], 1, true},
		{op_host_addr(victim->facts[1]), &byte[2], 1, false},
	};
	need_none(op_process_read(process, op_host_addr(victim->facts[0]), ret->text,
				  sizeof(ret->text)));
	need_none(op_process_read_some(process, op_host_addr(victim->facts[1] + 100), buffer,
				       sizeof(buffer), &ret->done));
	struct op_error *err =
		op_process_read(process, op_host_addr(victim->facts[1]), buffer, sizeof(buffer));
	NEED(err && err->code == OP_ERROR_UNREADABLE);
	snprintf(ret->unreadable, sizeof(ret->unreadable), "%s", err->message);
	op_error_destroy(err);
	need_none(op_process_read_many(process, reads, OP_ARRAY_SIZE(reads)));
	for (size_t i = 0; i < OP_ARRAY_SIZE(reads); i++)
		ret->many[i] = reads[i].done;
	need_none(op_process_mappings(process, &mappings));
	ret->mappings = mappings.count;
	op_mappings_deinit(&mappings);
	op_process_threads(process, &ret->threads);
}

struct both {
	struct victim *victim;
	struct op_apart_plan plan;
	struct seen native, apart;
};

static void look_natively(void *context)
{
	struct both *both = context;
	struct op_process *process;
	need_none(op_process_open(both->victim->pid, &process));
	need_none(op_process_attach(process, &(struct op_attach_options){0}));
	look(process, both->victim, &both->native);
	op_process_destroy(process);
}

static void look_apart(void *context)
{
	struct both *both = context;
	struct op_process *process;
	struct op_registers registers, again;
	need_none(op_apart_start(&both->plan));
	need_error(op_apart_refuse("fly"), OP_ERROR_UNSUPPORTED, "cannot fly");
	// The parent is no process that the plan names.
	need_error(op_process_open(getppid(), &process), OP_ERROR_PERMISSION, "--no-sandbox");
	need_error(op_process_launch(
			   &(struct op_launch_options){.argv = (const char *const[]){"true", NULL}},
			   &process),
		   OP_ERROR_PERMISSION, "--no-sandbox");
	need_none(op_process_open(both->victim->pid, &process));
	need_none(op_process_attach(process, &(struct op_attach_options){0}));
	// From some reads on they go past the tracing process.
	for (int i = 0; i < 5; i++)
		look(process, both->victim, &both->apart);
	NEED(op_apart_process(process)->direct.memory_fd >= 0);
	NEED(op_apart_process(process)->direct.mappings.count != 0);
	need_none(op_process_registers(process, both->victim->pid, &registers));
	need_none(op_process_set_registers(process, both->victim->pid, &registers));
	need_none(op_process_registers(process, both->victim->pid, &again));
	NEED(!memcmp(&registers, &again, sizeof(again)));
	need_error(op_process_registers(process, 1, &registers), OP_ERROR_NOT_FOUND, "1");
	need_none(op_process_detach(process));
	op_process_destroy(process);
	op_apart_end();
}

START_TEST(both_ways_see_the_same)
{
	struct victim victim;
	struct both *both = mmap(NULL, sizeof(*both), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(both, MAP_FAILED);
	victim_start(&victim, "memory");
	both->victim = &victim;
	both->plan.pid = victim.pid;
	ck_assert_int_eq(in_child(look_natively, both), 0);
	ck_assert_int_eq(in_child(look_apart, both), 0);
	ck_assert_str_eq(both->apart.text, "a constant in read-only memory");
	ck_assert_mem_eq(&both->native, &both->apart, sizeof(both->native));
	ck_assert_int_eq(victim_tracer(victim.pid), 0);
	victim_end(&victim);
	munmap(both, sizeof(*both));
}
END_TEST

static void become_another(void *context)
{
	struct both *both = context;
	struct op_process *process;
	char byte;
	need_none(op_apart_start(&both->plan));
	NEED(getuid() == NOBODY && geteuid() == NOBODY && getgroups(0, NULL) == 0);
	// What it may not do itself the tracing process still does for it.
	need_none(op_process_open(both->victim->pid, &process));
	need_none(op_process_attach(process, &(struct op_attach_options){0}));
	need_none(op_process_read(process, op_host_addr(both->victim->facts[0]), &byte,
				  sizeof(byte)));
	NEED(byte == 'a');
	need_none(op_process_detach(process));
	op_process_destroy(process);
	op_apart_end();
}

START_TEST(root_becomes_the_targets_user)
{
	struct victim victim;
	struct both both = {.victim = &victim};
	// Only root can.
	if (geteuid() != 0)
		return;
	victim_start_as(&victim, "memory", NOBODY);
	both.plan.pid = victim.pid;
	ck_assert_int_eq(in_child(become_another, &both), 0);
	ck_assert_int_eq(victim_tracer(victim.pid), 0);
	victim_end(&victim);
}
END_TEST

/** A tracing process with an attached victim, and the decoding side's end of its socket. */
static pid_t start_server(struct victim *victim, int *ret_fd)
{
	static struct op_apart_server server;
	static struct op_apart_plan plan;
	int pair[2], interrupts[2];
	victim_start(victim, "memory");
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, interrupts), 0);
	plan.pid = victim->pid;
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[0]);
		close(interrupts[0]);
		server.plan = &plan;
		server.interrupts_fd = interrupts[1];
		server.area = malloc(OP_APART_AREA_SIZE);
		need_none(op_live_open(victim->pid, &server.process));
		need_none(op_process_attach(server.process, &(struct op_attach_options){0}));
		op_apart_prepare_signals(&server);
		if (op_apart_channel_init(&server.channel, pair[1]))
			op_apart_serve(&server);
		_exit(0);
	}
	close(pair[1]);
	close(interrupts[1]);
	// The end of this one is the end of both; it is closed with the test.
	*ret_fd = pair[0];
	return pid;
}

/** The tracing process has ended by itself, and the victim goes on. */
static void ends_well(pid_t server, struct victim *victim)
{
	int status;
	ck_assert_int_eq(waitpid(server, &status, 0), server);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	victim_wait_state(victim->pid, 'S');
	ck_assert_int_eq(victim_tracer(victim->pid), 0);
	victim_end(victim);
}

static void say(int fd, const void *bytes, size_t size)
{
	ck_assert_int_eq(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

START_TEST(what_makes_no_sense_ends_it)
{
	static const struct op_apart_request wrong[] = {
		{.operation = 0},
		{.operation = UINT32_MAX},
		{.operation = OP_APART_RUN, .arguments = {0, OP_RUN_STEP + 1}},
		{.operation = OP_APART_READ, .arguments = {0, OP_APART_AREA_SIZE + 1}},
		{.operation = OP_APART_WRITE, .size = OP_APART_PAYLOAD_MAX + 1},
		{.operation = OP_APART_SET_REGISTERS, .size = 1},
		{.operation = OP_APART_READ_MANY, .size = sizeof(struct op_apart_read) + 1},
	};
	const struct op_apart_request *request = &wrong[_i];
	struct op_apart_reply reply;
	struct victim victim;
	char rest[4096];
	int fd;
	pid_t server = start_server(&victim, &fd);
	say(fd, request, sizeof(*request));
	ck_assert_int_eq(recv(fd, &reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
	ck_assert_uint_eq(reply.error, OP_ERROR_FORMAT + 1);
	ck_assert_int_eq(recv(fd, rest, sizeof(rest), MSG_WAITALL), reply.size);
	ends_well(server, &victim);
	close(fd);
}
END_TEST

START_TEST(the_end_of_the_other_side_ends_it)
{
	struct op_apart_request half = {.operation = OP_APART_WRITE, .size = 100};
	struct victim victim;
	int fd;
	pid_t server = start_server(&victim, &fd);
	// In the middle of a message, or of a head.
	say(fd, &half, _i ? sizeof(half) : 3);
	close(fd);
	ends_well(server, &victim);
	server = start_server(&victim, &fd);
	close(fd);
	ends_well(server, &victim);
}
END_TEST

// The rights ----------------------------------------------------------------------------------

static void confine(void)
{
	need_none(op_confine_rights(&(struct op_confine_user){
		.change = geteuid() == 0, .user = NOBODY, .group = NOBODY}));
	need_none(op_confine_calls());
}

static void what_is_left(void *context)
{
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit limit;
	NEED(file >= 0);
	confine();
	NEED(open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
	NEED(malloc(1 << 20) != NULL);
	NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	NEED(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0) != MAP_FAILED || errno == ENODEV);
	NEED(kill(getpid(), 0) == 0);
	NEED(getuid() != 0 || *(uid_t *)context != 0);
}

#define REFUSED(call) NEED((call) == -1 && errno == EPERM)

static void what_is_refused(void *context)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct rlimit limit = {1, 1};
	int one = dup(0);
	confine();
	REFUSED(open("/dev/null", O_WRONLY));
	REFUSED(open("/dev/null", O_RDWR));
	REFUSED(open("/tmp/outpost-must-not-be", O_RDONLY | O_CREAT, 0600));
	REFUSED(unlink("/tmp/outpost-must-not-be"));
	REFUSED(rename("/tmp/outpost-must-not-be", "/tmp/outpost-must-not-be-either"));
	REFUSED(mkdir("/tmp/outpost-must-not-be", 0700));
	REFUSED(socket(AF_INET, SOCK_STREAM, 0));
	REFUSED(socket(AF_UNIX, SOCK_STREAM, 0));
	REFUSED(connect(one, (struct sockaddr *)&address, sizeof(address)));
	REFUSED(kill(getppid(), 0));
	REFUSED(syscall(SYS_tgkill, getppid(), getppid(), 0));
	REFUSED(fork());
	REFUSED(setrlimit(RLIMIT_NOFILE, &limit));
	REFUSED(setuid(0));
	REFUSED(fcntl(one, F_SETOWN, getppid()));
	REFUSED(ioctl(0, TIOCSTI, "x"));
	NEED(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		     MAP_FAILED &&
	     errno == EPERM);
}

static void trace_it(void *context)
{
	confine();
	ptrace(PTRACE_ATTACH, getppid(), 0, 0);
}

static void start_a_program(void *context)
{
	confine();
	execl("/bin/true", "true", NULL);
}

static void read_another_process(void *context)
{
	char byte;
	struct iovec local = {&byte, 1}, remote = {&byte, 1};
	confine();
	process_vm_readv(getppid(), &local, 1, &remote, 1, 0);
}

START_TEST(the_filter_keeps_its_word)
{
	uid_t user = getuid();
	ck_assert_int_eq(in_child(what_is_left, &user), 0);
	ck_assert_int_eq(in_child(what_is_refused, NULL), 0);
	ck_assert_int_eq(in_child(trace_it, NULL), -SIGSYS);
	ck_assert_int_eq(in_child(start_a_program, NULL), -SIGSYS);
	ck_assert_int_eq(in_child(read_another_process, NULL), -SIGSYS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("apart");
	TCase *apart = tcase_create("apart");

	tcase_set_timeout(apart, 120);
	tcase_add_test(apart, every_operation_has_a_row_and_somebody_who_does_it);
	tcase_add_test(apart, requests_are_held_against_the_table);
	tcase_add_test(apart, replies_are_held_against_the_table);
	tcase_add_test(apart, a_stop_comes_as_it_was);
	tcase_add_test(apart, a_run_comes_as_it_was);
	tcase_add_test(apart, mappings_come_as_they_were);
	tcase_add_test(apart, both_ways_see_the_same);
	tcase_add_test(apart, root_becomes_the_targets_user);
	tcase_add_loop_test(apart, what_makes_no_sense_ends_it, 0, 7);
	tcase_add_loop_test(apart, the_end_of_the_other_side_ends_it, 0, 2);
	tcase_add_test(apart, the_filter_keeps_its_word);
	suite_add_tcase(suite, apart);
	return run_suite(suite);
}
