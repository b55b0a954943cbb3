// SPDX-License-Identifier: GPL-3.0-or-later
// A process that another process traces, as an implementation of platform.h: asking, the object's
// life, and the table. What is asked about memory, threads and runs is in files of its own.
#include "platform/apart/client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"
#include "platform/linux/operations.h"

static struct op_error *broken(struct op_apart_connection *connection)
{
	connection->broken = true;
	return op_error_create(OP_ERROR_SYSTEM,
			       "the tracing process of the sandbox has ended: nothing can be done "
			       "with the program any more; what outpost had put into it has been "
			       "made harmless. Start outpost anew");
}

static struct op_error *error_of(const struct op_apart_reply *reply, const uint8_t *payload)
{
	struct op_error *err = op_error_create((enum op_error_code)(reply->error - 1), "%.*s",
					       (int)reply->size, (const char *)payload);
	if (err != op_error_no_memory())
		err->system_errno = reply->system_errno;
	return err;
}

static struct op_error *take_reply(struct op_apart_connection *connection,
				   enum op_apart_operation operation, struct op_apart_reply *ret,
				   const uint8_t **ret_payload)
{
	const uint8_t *bytes = op_apart_channel_take(&connection->channel, sizeof(*ret));
	if (!bytes)
		return broken(connection);
	memcpy(ret, bytes, sizeof(*ret));
	struct op_error *err = op_apart_check_reply(ret, operation);
	if (err) {
		connection->broken = true;
		return err;
	}
	*ret_payload = op_apart_channel_take(&connection->channel, ret->size);
	if (!*ret_payload)
		return broken(connection);
	return ret->error ? error_of(ret, *ret_payload) : NULL;
}

struct op_error *op_apart_ask(struct op_apart_connection *connection,
			      const struct op_apart_question *question, struct op_apart_reply *ret,
			      const uint8_t **ret_payload)
{
	struct op_apart_request request = {.operation = question->operation,
					   .size = (uint32_t)question->size};
	struct op_apart_reply reply;
	const uint8_t *payload;
	const struct op_apart_form *form = op_apart_form(question->operation);

	memcpy(request.arguments, question->arguments, sizeof(request.arguments));
	// What the table does not allow would be the end of the other side.
	struct op_error *err = op_apart_check_request(&request);
	if (err)
		return err;
	if (connection->broken ||
	    !op_apart_channel_put(&connection->channel, &request, sizeof(request),
				  question->payload, question->size))
		return broken(connection);
	if (form->one_way)
		return NULL;
	if (!op_apart_channel_flush(&connection->channel, -1))
		return broken(connection);
	return take_reply(connection, question->operation, ret ? ret : &reply,
			  ret_payload ? ret_payload : &payload);
}

struct op_error *op_apart_ask_process(struct op_process *base,
				      const struct op_apart_question *question,
				      struct op_apart_reply *ret, const uint8_t **ret_payload)
{
	struct op_apart_process *process = op_apart_process(base);

	if (!op_apart_form(question->operation)->changes_nothing) {
		process->threads_known = false;
		process->pc_of = process->registers_of = 0;
		op_apart_direct_forget(&process->direct);
	}
	return op_apart_ask(process->connection, question, ret, ret_payload);
}

// Its life ------------------------------------------------------------------------------------

struct op_error *op_apart_load(struct op_process *base)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	struct op_apart_reply reply;
	const uint8_t *payload;

	do {
		struct op_error *err = op_apart_ask_process(
			base,
			&(struct op_apart_question){.operation = OP_APART_COMMAND_LINE,
						    .arguments = {text.size}},
			&reply, &payload);
		if (err)
			return err;
		op_text_append_n(&text, (const char *)payload, reply.size);
	} while (reply.size && text.size < reply.values[0] && !text.failed);
	size_t size = text.size;
	char *line;
	struct op_error *err = op_text_steal(&text, &line);
	if (err)
		return err;
	free(base->command_line);
	base->command_line = line;
	base->command_line_size = size;
	return NULL;
}

static void apart_destroy(struct op_process *base)
{
	struct op_apart_process *process = op_apart_process(base);

	if (!process->connection->broken)
		op_error_destroy(op_apart_ask(
			process->connection,
			&(struct op_apart_question){.operation = OP_APART_DESTROY}, NULL, NULL));
	op_apart_direct_deinit(&process->direct);
	free(process->threads);
	free(process->pending);
	free(base->command_line);
	free(process);
}

static struct op_error *apart_attach(struct op_process *process,
				     const struct op_attach_options *options)
{
	return op_apart_ask_process(
		process,
		&(struct op_apart_question){.operation = OP_APART_ATTACH,
					    .arguments = {options ? options->timeout_ms : 0}},
		NULL, NULL);
}

static struct op_error *apart_detach(struct op_process *process)
{
	return op_apart_ask_process(
		process, &(struct op_apart_question){.operation = OP_APART_DETACH}, NULL, NULL);
}

static struct op_error *apart_kill(struct op_process *process)
{
	return op_apart_ask_process(
		process, &(struct op_apart_question){.operation = OP_APART_KILL}, NULL, NULL);
}

static struct op_error *apart_let_live(struct op_process *process)
{
	return op_apart_ask_process(
		process, &(struct op_apart_question){.operation = OP_APART_LET_LIVE}, NULL, NULL);
}

static struct op_error *apart_resolve_path(const struct op_process *process, const char *path,
					   char **ret)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	struct op_apart_connection *connection =
		((const struct op_apart_process *)process)->connection;
	struct op_apart_reply reply;
	const uint8_t *payload;
	struct op_error *err = op_apart_ask(
		connection,
		&(struct op_apart_question){
			.operation = OP_APART_RESOLVE_PATH, .payload = path, .size = strlen(path)},
		&reply, &payload);
	if (err)
		return err;
	op_text_append_n(&text, (const char *)payload, reply.size);
	return op_text_steal(&text, ret);
}

static const struct op_process_operations apart_operations = {
	.what = "a process in the sandbox",
	.destroy = apart_destroy,
	.attach = apart_attach,
	.detach = apart_detach,
	.kill = apart_kill,
	.let_live = apart_let_live,
	.resolve_path = apart_resolve_path,
	.threads = op_apart_threads,
	.mappings = op_apart_mappings,
	.read_some = op_apart_read_some,
	.unreadable = op_apart_unreadable,
	.read_many = op_apart_read_many,
	.write = op_apart_write,
	.shield = op_apart_shield,
	.unshield = op_apart_unshield,
	.note_plant = op_apart_note_plant,
	.forget_plant = op_apart_forget_plant,
	.map = op_apart_map,
	.unmap = op_apart_unmap,
	.protect = op_apart_protect,
	.watch_mapper = op_apart_watch_mapper,
	.mapper_is_busy = op_apart_mapper_is_busy,
	.watch_slot_count = op_apart_watch_slot_count,
	.set_watch_slot = op_apart_set_watch_slot,
	.watch_hits = op_apart_watch_hits,
	.registers = op_apart_registers,
	.pc = op_apart_pc,
	.set_registers = op_apart_set_registers,
	.vector_register = op_apart_vector_register,
	.trap_reason = op_apart_trap_reason,
	.run = op_apart_run,
	.watch_exit = op_apart_watch_exit,
	.step = op_apart_step,
	.wait = op_apart_wait,
	.stop_all = op_apart_stop_all,
	.is_dying = op_apart_is_dying,
	.has_died = op_live_has_died,
	.is_left_handler = op_handler_has_mark,
	.pending_stop = op_apart_pending_stop,
	.drop_pending = op_apart_drop_pending,
	.discard_signal = op_apart_discard_signal,
	.interrupt = op_apart_interrupt,
	.clear_interrupt = op_apart_clear_interrupt,
	.write_child = op_apart_write_child,
	.protect_child = op_apart_protect_child,
	.release_child = op_apart_release_child,
};

/** Ask for a process, and make the object for it. */
static struct op_error *begin(const struct op_apart_question *question, struct op_process **ret)
{
	struct op_apart_reply reply;
	struct op_apart_process *process = calloc(1, sizeof(*process));
	if (!process)
		return op_error_no_memory();
	process->base.operations = &apart_operations;
	process->base.arch = op_arch_native();
	process->connection = op_apart_connection();
	op_apart_direct_init(&process->direct);
	struct op_error *err = op_apart_ask(process->connection, question, &reply, NULL);
	if (err) {
		free(process);
		return err;
	}
	process->base.id = (int64_t)reply.values[0];
	process->watch_slot_count = (unsigned)reply.values[1];
	err = op_apart_load(&process->base);
	if (err) {
		apart_destroy(&process->base);
		return err;
	}
	*ret = &process->base;
	return NULL;
}

struct op_error *op_apart_open(int64_t pid, struct op_process **ret)
{
	if (pid <= 0 || pid > INT32_MAX)
		return op_error_create(OP_ERROR_NO_SUCH_PROCESS,
				       "%" PRId64 " is not a process number", pid);
	return begin(&(struct op_apart_question){.operation = OP_APART_OPEN,
						 .arguments = {(uint64_t)pid}},
		     ret);
}

static bool same_words(const char *const *a, const char *const *b)
{
	while (*a && *b && !strcmp(*a, *b))
		a++, b++;
	return !*a && !*b;
}

struct op_error *op_apart_launch(const struct op_launch_options *options, struct op_process **ret)
{
	const struct op_apart_plan *plan = op_apart_connection()->plan;
	if (plan->argv && options->argv && !same_words(plan->argv, options->argv))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "in the sandbox only the program that outpost was started "
				       "with can be started again; start outpost anew, with "
				       "--no-sandbox if need be");
	return begin(&(struct op_apart_question){.operation = OP_APART_LAUNCH,
						 .arguments = {options->disable_aslr}},
		     ret);
}
