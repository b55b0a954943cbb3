// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz the protocol between the two processes of the sandbox. The input is what a decoding process
// that was taken over writes into the socket: the tracing process's side serves it on a process
// that stops the harness when it is asked for what no check should let through. Then the input is
// taken for the other direction's bytes.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/apart/server.h"
#include "platform/operations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The replies to so much fit the socket, which nobody reads.
enum { INPUT_MAX = 4096, PAGE = 4096, SLOTS = 4 };

static uint8_t area[OP_APART_AREA_SIZE];

static void need(bool good)
{
	if (!good)
		abort();
}

static struct op_error *fake_mappings(struct op_process *process, struct op_mappings *ret)
{
	ret->data = calloc(1, sizeof(*ret->data));
	need(ret->data && (ret->data->path = strdup("/a")));
	ret->count = ret->capacity = 1;
	return NULL;
}

static const struct op_thread_info *fake_threads(struct op_process *process, size_t *ret_count)
{
	static const struct op_thread_info one = {.id = 7, .name = "fake"};
	*ret_count = 1;
	return &one;
}

static struct op_error *fake_read_some(struct op_process *process, struct op_host_addr addr,
				       void *buffer, size_t size, size_t *ret_done)
{
	need((uint8_t *)buffer >= area && size <= sizeof(area) &&
	     (uint8_t *)buffer + size <= area + sizeof(area));
	memset(buffer, 0x5a, size);
	*ret_done = size;
	return NULL;
}

static struct op_error *fake_unreadable(struct op_process *process, struct op_host_addr addr)
{
	return op_error_create(OP_ERROR_UNREADABLE, "unreadable");
}

static struct op_error *fake_write(struct op_process *process, struct op_host_addr addr,
				   const void *buffer, size_t size)
{
	need(size <= OP_APART_PAYLOAD_MAX);
	uint8_t sum = 0;
	for (size_t i = 0; i < size; i++)
		sum ^= ((const uint8_t *)buffer)[i];
	return sum == 1 ? fake_unreadable(process, addr) : NULL;
}

static struct op_error *fake_map(struct op_process *process, struct op_host_addr near,
				 uint64_t reach, uint64_t size, unsigned protection,
				 const struct op_map_label *label, struct op_host_addr *ret)
{
	need(size && size % PAGE == 0 && protection < 8 && label->size <= OP_MAP_LABEL_MAX);
	*ret = near;
	return NULL;
}

static struct op_error *fake_note_plant(struct op_process *process, struct op_host_addr addr,
					const void *bytes, size_t size, uint8_t harmless,
					uint32_t *ret_entry)
{
	need(size && size <= OP_SLOT_MAX);
	*ret_entry = 0;
	return NULL;
}

static unsigned fake_slots(const struct op_process *process)
{
	return SLOTS;
}

static struct op_error *fake_set_watch_slot(struct op_process *process, unsigned slot,
					    const struct op_watch_slot *watch)
{
	need(slot < SLOTS &&
	     (!watch ||
	      ((watch->size == 1 || watch->size == 2 || watch->size == 4 || watch->size == 8) &&
	       watch->addr.value % watch->size == 0 && watch->access <= OP_WATCH_READ_WRITE)));
	return NULL;
}

static struct op_error *fake_registers(struct op_process *process, op_thread_id thread,
				       struct op_registers *ret)
{
	*ret = (struct op_registers){0};
	return NULL;
}

static struct op_error *fake_vector(struct op_process *process, op_thread_id thread, unsigned index,
				    uint8_t ret[16])
{
	need(index < OP_VECTOR_REGISTERS_MAX);
	memset(ret, 0, 16);
	return NULL;
}

static struct op_error *fake_run(struct op_process *process, const struct op_run_request *request)
{
	need(request->thread >= 0 && request->thread <= INT32_MAX && request->mode <= OP_RUN_STEP);
	return request->thread == 9 ? op_error_create(OP_ERROR_NOT_FOUND, "no such thread") : NULL;
}

static struct op_error *fake_wait(struct op_process *process, int timeout_ms, struct op_stop *ret)
{
	need(timeout_ms >= -1);
	*ret = (struct op_stop){
		.kind = OP_STOP_TRAP, .thread = 7, .signal_name = "123456789012345"};
	return NULL;
}

static struct op_error *fake_resolve(const struct op_process *process, const char *path, char **ret)
{
	*ret = strdup(path);
	return NULL;
}

static void fake_destroy(struct op_process *process)
{
}

static const struct op_process_operations fake_operations = {
	.what = "a fake",
	.destroy = fake_destroy,
	.mappings = fake_mappings,
	.threads = fake_threads,
	.read_some = fake_read_some,
	.unreadable = fake_unreadable,
	.write = fake_write,
	.map = fake_map,
	.note_plant = fake_note_plant,
	.watch_slot_count = fake_slots,
	.set_watch_slot = fake_set_watch_slot,
	.registers = fake_registers,
	.vector_register = fake_vector,
	.run = fake_run,
	.wait = fake_wait,
	.resolve_path = fake_resolve,
};

static void serve(const uint8_t *data, size_t size)
{
	static const struct op_apart_plan nothing = {0};
	struct op_process process = {
		.operations = &fake_operations, .arch = &op_arch_x86_64, .id = 7};
	int pair[2];
	need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	need(write(pair[0], data, size) == (ssize_t)size);
	shutdown(pair[0], SHUT_WR);
	struct op_apart_server *server = calloc(1, sizeof(*server));
	need(server != NULL);
	server->interrupts_fd = -1;
	server->area = area;
	server->plan = &nothing;
	server->process = &process;
	if (op_apart_channel_init(&server->channel, pair[1]))
		op_apart_serve(server);
	op_apart_channel_deinit(&server->channel);
	op_mappings_deinit(&server->mappings);
	op_error_destroy(server->failed);
	free(server);
	close(pair[0]);
}

static void take_answer(const uint8_t *data, size_t size)
{
	struct op_apart_reply reply;
	struct op_stop stop;
	struct op_mappings mappings = {0};
	uint32_t at = 0;
	struct op_error *err = NULL;
	if (size < sizeof(reply))
		return;
	memcpy(&reply, data, sizeof(reply));
	data += sizeof(reply);
	size -= sizeof(reply);
	op_error_destroy(op_apart_check_reply(&reply, OP_APART_WAIT));
	if (reply.size <= size)
		op_error_destroy(op_apart_get_stop(&reply, data, reply.size, &stop));
	while (!err && at < size) {
		uint32_t before = at;
		err = op_apart_get_mapping(data, (uint32_t)size, &at, &mappings);
		need(err || (at > before && at <= size));
	}
	op_error_destroy(err);
	op_mappings_deinit(&mappings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX)
		return 0;
	serve(data, size);
	take_answer(data, size);
	return 0;
}
