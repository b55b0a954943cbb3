// SPDX-License-Identifier: GPL-3.0-or-later
// The loop of the tracing process, and what it does for processes as a whole. A request that does
// not fit the table ends it: an honest decoding process makes none.
#include "platform/apart/server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/linux/open.h"

// What the signal handler needs. A process that is being made is not interrupted.
static struct op_process *_Atomic interruptible;
static volatile sig_atomic_t interrupts_fd = -1;

/** Something came through the socket for interrupts: a byte, or its end. */
static void take_interrupts(bool forget)
{
	char bytes[64];
	bool any = false;
	ssize_t got;

	while ((got = read(interrupts_fd, bytes, sizeof(bytes))) > 0)
		any = true;
	struct op_process *process = atomic_load(&interruptible);
	// At the end of the other side a wait must end, too: it may have no limit.
	if (process && !forget && (any || got == 0))
		op_process_interrupt(process);
}

static void on_interrupt(int number)
{
	int saved = errno;
	(void)number;
	take_interrupts(false);
	errno = saved;
}

static void adopt(struct op_apart_server *server, struct op_process *process)
{
	server->process = process;
	atomic_store(&interruptible, process);
}

/** What the other side keeps of a process. */
static void describe(const struct op_process *process, struct op_apart_answer *answer)
{
	answer->values[0] = (uint64_t)op_process_id(process);
	answer->values[1] = op_process_watch_slot_count(process);
}

static struct op_error *need_none(const struct op_apart_server *server)
{
	return server->process ? op_error_create(OP_ERROR_STATE,
						 "the tracing process has a process open already")
			       : NULL;
}

static struct op_error *do_open(struct op_apart_server *server,
				const struct op_apart_request *request, const uint8_t *payload,
				struct op_apart_answer *answer)
{
	struct op_error *err = need_none(server);
	struct op_process *process;
	if (!err && (!server->plan->pid || (uint64_t)server->plan->pid != request->arguments[0]))
		err = op_error_create(OP_ERROR_PERMISSION,
				      "cannot open process %" PRIu64
				      ": the sandbox is for the process that the command line "
				      "names; start outpost anew, with --no-sandbox if need be",
				      request->arguments[0]);
	if (!err)
		err = op_live_open(server->plan->pid, &process);
	if (err)
		return err;
	adopt(server, process);
	describe(process, answer);
	return NULL;
}

static struct op_error *do_launch(struct op_apart_server *server,
				  const struct op_apart_request *request, const uint8_t *payload,
				  struct op_apart_answer *answer)
{
	struct op_error *err = need_none(server);
	struct op_process *process;
	if (!err && !server->plan->argv)
		err = op_error_create(OP_ERROR_PERMISSION,
				      "cannot start a program: the sandbox starts only one that "
				      "the command line names; start outpost anew, with "
				      "--no-sandbox if need be");
	if (!err)
		err = op_live_launch(
			&(struct op_launch_options){.argv = server->plan->argv,
						    .disable_aslr = request->arguments[0] != 0},
			&process);
	if (err)
		return err;
	adopt(server, process);
	describe(process, answer);
	return NULL;
}

static struct op_error *do_attach(struct op_apart_server *server,
				  const struct op_apart_request *request, const uint8_t *payload,
				  struct op_apart_answer *answer)
{
	return op_process_attach(
		server->process,
		&(struct op_attach_options){.timeout_ms = (unsigned)request->arguments[0]});
}

static struct op_error *do_detach(struct op_apart_server *server,
				  const struct op_apart_request *request, const uint8_t *payload,
				  struct op_apart_answer *answer)
{
	return op_process_detach(server->process);
}

static struct op_error *do_kill(struct op_apart_server *server,
				const struct op_apart_request *request, const uint8_t *payload,
				struct op_apart_answer *answer)
{
	return op_process_kill(server->process);
}

static struct op_error *do_let_live(struct op_apart_server *server,
				    const struct op_apart_request *request, const uint8_t *payload,
				    struct op_apart_answer *answer)
{
	return op_process_let_live(server->process);
}

static struct op_error *do_destroy(struct op_apart_server *server,
				   const struct op_apart_request *request, const uint8_t *payload,
				   struct op_apart_answer *answer)
{
	atomic_store(&interruptible, NULL);
	op_process_destroy(op_take(server->process));
	op_mappings_deinit(&server->mappings);
	return NULL;
}

static struct op_error *do_command_line(struct op_apart_server *server,
					const struct op_apart_request *request,
					const uint8_t *payload, struct op_apart_answer *answer)
{
	size_t size, at = request->arguments[0];
	const char *text = op_process_command_line(server->process, &size);
	if (at < size) {
		answer->size = size - at < OP_APART_PAYLOAD_MAX ? (uint32_t)(size - at)
								: OP_APART_PAYLOAD_MAX;
		memcpy(answer->payload, text + at, answer->size);
	}
	answer->values[0] = size;
	return NULL;
}

static struct op_error *do_resolve_path(struct op_apart_server *server,
					const struct op_apart_request *request,
					const uint8_t *payload, struct op_apart_answer *answer)
{
	_cleanup_free_ char *path = strndup((const char *)payload, request->size);
	_cleanup_free_ char *resolved = NULL;
	if (!path)
		return op_error_no_memory();
	struct op_error *err = op_process_resolve_path(server->process, path, &resolved);
	if (err)
		return err;
	size_t size = strlen(resolved);
	if (size > op_apart_form(OP_APART_RESOLVE_PATH)->reply_max)
		return op_error_create(OP_ERROR_LIMIT, "a path of the target's is too long");
	memcpy(answer->payload, resolved, size);
	answer->size = (uint32_t)size;
	return NULL;
}

static struct op_error *do_watch_exit(struct op_apart_server *server,
				      const struct op_apart_request *request,
				      const uint8_t *payload, struct op_apart_answer *answer)
{
	return op_process_watch_exit(server->process, request->arguments[0] != 0);
}

static struct op_error *do_clear_interrupt(struct op_apart_server *server,
					   const struct op_apart_request *request,
					   const uint8_t *payload, struct op_apart_answer *answer)
{
	// One that was sent before, and whose signal is still to come.
	take_interrupts(true);
	op_process_clear_interrupt(server->process);
	return NULL;
}

static const op_apart_handler handlers[OP_APART_OPERATIONS] = {
	[OP_APART_OPEN] = do_open,
	[OP_APART_LAUNCH] = do_launch,
	[OP_APART_ATTACH] = do_attach,
	[OP_APART_DETACH] = do_detach,
	[OP_APART_KILL] = do_kill,
	[OP_APART_LET_LIVE] = do_let_live,
	[OP_APART_DESTROY] = do_destroy,
	[OP_APART_COMMAND_LINE] = do_command_line,
	[OP_APART_RESOLVE_PATH] = do_resolve_path,
	[OP_APART_WATCH_EXIT] = do_watch_exit,
	[OP_APART_CLEAR_INTERRUPT] = do_clear_interrupt,
};

op_apart_handler op_apart_handler_of(uint32_t operation)
{
	const op_apart_handler *const tables[] = {handlers, op_apart_memory_handlers,
						  op_apart_thread_handlers};
	for (size_t i = 0; i < OP_ARRAY_SIZE(tables) && operation < OP_APART_OPERATIONS; i++)
		if (tables[i][operation])
			return tables[i][operation];
	return NULL;
}

/** A thread that died, or the process, is told by the next wait. */
static void keep_failure(struct op_apart_server *server, struct op_error *err)
{
	if (err && (err->code == OP_ERROR_PROCESS_GONE || server->failed))
		op_error_destroy(err);
	else if (err)
		server->failed = err;
}

static bool reply(struct op_apart_server *server, struct op_apart_reply *head,
		  struct op_apart_answer *answer, struct op_error *err)
{
	const void *payload = answer->payload;

	head->size = answer->size;
	if (err) {
		enum { SENTENCE_MOST = 4096 };
		head->error = 1 + (uint32_t)err->code;
		head->system_errno = err->system_errno;
		head->size = (uint32_t)strnlen(err->message, SENTENCE_MOST);
		payload = err->message;
	}
	bool good =
		op_apart_channel_put(&server->channel, head, sizeof(*head), payload, head->size) &&
		op_apart_channel_flush(&server->channel, answer->fd);
	if (answer->fd >= 0)
		close(answer->fd);
	op_error_destroy(err);
	return good;
}

static struct op_error *handle(struct op_apart_server *server,
			       const struct op_apart_request *request, const uint8_t *payload,
			       struct op_apart_answer *answer)
{
	const struct op_apart_form *form = op_apart_form(request->operation);
	if (!server->process && !form->without_process)
		return op_error_create(OP_ERROR_STATE,
				       "the tracing process was asked to %s, and has no process "
				       "open",
				       form->name);
	return op_apart_handler_of(request->operation)(server, request, payload, answer);
}

/** @return false when it is the end. */
static bool serve_one(struct op_apart_server *server)
{
	const uint8_t *bytes =
		op_apart_channel_take(&server->channel, sizeof(struct op_apart_request));
	struct op_apart_request request;
	if (!bytes)
		return false;
	memcpy(&request, bytes, sizeof(request));
	struct op_apart_reply head = {.operation = request.operation};
	struct op_apart_answer answer = {
		.values = head.values, .payload = server->payload, .fd = -1, .reply = &head};
	struct op_error *err = op_apart_check_request(&request);
	if (err) {
		reply(server, &head, &answer, err);
		return false;
	}
	const uint8_t *payload = op_apart_channel_take(&server->channel, request.size);
	if (!payload)
		return false;
	if (op_apart_form(request.operation)->one_way) {
		keep_failure(server, handle(server, &request, payload, &answer));
		return true;
	}
	// To let go must always be possible.
	bool leaves = request.operation == OP_APART_DESTROY ||
		      request.operation == OP_APART_DETACH || request.operation == OP_APART_KILL;
	if (leaves) {
		op_error_destroy(server->failed);
		server->failed = NULL;
	}
	err = server->failed ? op_take(server->failed) : handle(server, &request, payload, &answer);
	return reply(server, &head, &answer, err);
}

/** The terminal's signals reach both processes; they are the other one's business. Handlers and not
 * SIG_IGN, which exec would hand on to a program that is started. */
static void ignore(int number)
{
	(void)number;
}

void op_apart_prepare_signals(const struct op_apart_server *server)
{
	static const int theirs[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE};
	struct sigaction action = {.sa_handler = ignore, .sa_flags = SA_RESTART};
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < OP_ARRAY_SIZE(theirs); i++)
		sigaction(theirs[i], &action, NULL);
	interrupts_fd = server->interrupts_fd;
	action.sa_handler = on_interrupt;
	sigaction(SIGIO, &action, NULL);
	fcntl(server->interrupts_fd, F_SETOWN, getpid());
	fcntl(server->interrupts_fd, F_SETFL,
	      fcntl(server->interrupts_fd, F_GETFL) | O_ASYNC | O_NONBLOCK);
}

void op_apart_serve(struct op_apart_server *server)
{
	while (serve_one(server))
		;
}
