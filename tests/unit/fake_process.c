// SPDX-License-Identifier: GPL-3.0-or-later
// The double of the process around the guest behind tracer/outpost.h; part of fake_session.h's
// program: two registers, two instructions of the host, one file, 16 bytes of memory at 0x1000.
#include <string.h>

#include "tests/unit/fake_session.h"

struct op_error *op_session_command_line(struct op_session *session, const char *const **ret,
					 size_t *ret_count)
{
	static const char *const words[] = {"wasmtime", "run", "app\\x1b.wasm"};
	*ret = words;
	*ret_count = OP_ARRAY_SIZE(words);
	return NULL;
}

struct op_error *op_session_registers(struct op_session *session, int64_t thread,
				      const struct op_register_info **ret, size_t *ret_count)
{
	static const struct op_register_info registers[] = {{"rax", 7}, {"rip", 0x7f0000001234}};
	*ret = registers;
	*ret_count = OP_ARRAY_SIZE(registers);
	return NULL;
}

struct op_error *op_session_read_host(struct op_session *session, struct op_host_addr address,
				      void *buffer, size_t size, size_t *ret_done)
{
	static const char memory[16] = "sixteen letters.";
	uint64_t offset = address.value - 0x1000;
	bool inside = offset < sizeof(memory);
	*ret_done = !inside ? 0 : size < sizeof(memory) - offset ? size : sizeof(memory) - offset;
	memcpy(buffer, memory + (inside ? offset : 0), *ret_done);
	return NULL;
}

struct op_error *op_session_host_code(struct op_session *session, struct op_host_addr address,
				      size_t limit, const struct op_disassembly_line **ret,
				      size_t *ret_count)
{
	static const struct op_disassembly_line lines[] = {
		{.native = true,
		 .host_pc = {0x7f0000001234},
		 .size = 2,
		 .text = "syscall",
		 .current = true},
		{.native = true, .host_pc = {0x7f0000001236}, .size = 1, .text = "ret"},
	};
	*ret = lines;
	*ret_count = limit < OP_ARRAY_SIZE(lines) ? limit : OP_ARRAY_SIZE(lines);
	return NULL;
}

struct op_error *op_session_host_files(struct op_session *session, const struct op_host_file **ret,
				       size_t *ret_count)
{
	static const struct op_host_file files[] = {
		{"/usr/bin/wasmtime", {0x550000000000}, "c0ffee"},
		{"/lib/libodd.so", {0x7f0000000000}, NULL},
	};
	*ret = files;
	*ret_count = OP_ARRAY_SIZE(files);
	return NULL;
}

struct op_error *op_session_module_build_id(struct op_session *session, uint32_t module_id,
					    const char **ret)
{
	*ret = module_id ? NULL : "abcd";
	return NULL;
}

struct op_error *op_session_code_changed(struct op_session *session, bool *ret)
{
	*ret = false;
	return NULL;
}

struct op_error *op_session_let_live(struct op_session *session)
{
	return NULL;
}

struct op_error *op_sandbox_enter(const struct op_sandbox_options *options)
{
	return NULL;
}
