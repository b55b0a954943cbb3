// SPDX-License-Identifier: GPL-3.0-or-later
// Core files: what is in them, what they left out, and the many ways to be wrong. The files are
// made by hand; real ones are in tests/e2e/test_core.py.
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <unistd.h>

#include "arch/x86_64.h"
#include "tests/unit/core_draft.h"
#include "tests/unit/suite.h"
#include "tests/unit/victim_control.h"

enum { PAGE = 4096, HEAP = 0x10000, MAPPED = 0x40000, FIRST = 70, SECOND = 71, THIRD = 72 };

static char folder[] = "/tmp/outpost-core-XXXXXX";
static char core_path[64], file_path[64];
static uint8_t heap[2 * PAGE], file_bytes[3 * PAGE];

static void write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(size ? fwrite(data, 1, size, file) : 0, size);
	ck_assert_int_eq(fclose(file), 0);
}

static void setup(void)
{
	strcpy(folder, "/tmp/outpost-core-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(core_path, sizeof(core_path), "%s/core", folder);
	snprintf(file_path, sizeof(file_path), "%s/mapped", folder);
	for (size_t i = 0; i < sizeof(heap); i++)
		heap[i] = (uint8_t)(i * 13 + 1);
	for (size_t i = 0; i < sizeof(file_bytes); i++)
		file_bytes[i] = (uint8_t)(i * 7 + 3);
	write_file(file_path, file_bytes, sizeof(file_bytes));
}

static void teardown(void)
{
	unlink(core_path);
	unlink(file_path);
	rmdir(folder);
}

/** Three threads, a heap, a mapped file of which the first page is held, a mapping that is not. */
static void usual(struct core_draft *draft)
{
	const struct draft_file files[] = {
		{MAPPED, MAPPED + PAGE, 0, file_path},
		{MAPPED + PAGE, MAPPED + 3 * PAGE, 1, file_path},
	};

	core_draft_init(draft);
	core_draft_thread(draft, SECOND, SIGSEGV, 0x41000, 0x10010);
	core_draft_process(draft, FIRST, "wasmtime", "wasmtime run app.wasm ");
	siginfo_t info = {.si_signo = SIGSEGV, .si_code = SEGV_MAPERR};
	info.si_addr = (void *)0xdead;
	core_draft_note(draft, "CORE", NT_SIGINFO, &info, sizeof(info));
	struct user_fpregs_struct vectors = {0};
	memcpy(vectors.xmm_space + 4, "sixteen bytes xmm", 16);
	core_draft_note(draft, "CORE", NT_FPREGSET, &vectors, sizeof(vectors));
	core_draft_thread(draft, FIRST, 0, 0x42000, 0x10020);
	core_draft_thread(draft, THIRD, 0, 0x42000, 0x10020);
	core_draft_note(draft, "OUTPOST", 1, "a thread's name", 15);
	core_draft_files(draft, files, 2);
	core_draft_memory(draft, HEAP, sizeof(heap), sizeof(heap), "rw-", heap);
	core_draft_memory(draft, MAPPED, PAGE, PAGE, "r--", file_bytes);
	core_draft_memory(draft, MAPPED + PAGE, 2 * PAGE, 0, "r-x", NULL);
	core_draft_memory(draft, 0x80000, PAGE, 0, "rw-", NULL);
	core_draft_memory(draft, 0x90000, UINT64_C(1) << 40, 0, "---", NULL);
	core_draft_memory(draft, UINT64_C(1) << 41, PAGE, 0, "r--", NULL);
}

static struct op_error *open_bytes(const uint8_t *bytes, size_t size,
				   const struct op_core_options *options, struct op_process **ret)
{
	const struct op_core_options none = {0};

	write_file(core_path, bytes, size);
	return op_process_open_core(core_path, options ? options : &none, ret);
}

static struct op_error *open_draft(const struct core_draft *draft, struct op_process **ret)
{
	uint8_t *bytes;
	size_t size = core_draft_bytes(draft, &bytes);
	struct op_error *err = open_bytes(bytes, size, NULL, ret);

	free(bytes);
	return err;
}

static struct op_process *must_open(const struct core_draft *draft)
{
	struct op_process *process = NULL;

	must(open_draft(draft, &process));
	return process;
}

static void refused(const struct core_draft *draft, enum op_error_code code, const char *part)
{
	struct op_process *process = NULL;

	must_fail(open_draft(draft, &process), code, part);
	ck_assert_ptr_null(process);
}

static bool has_remark(struct op_process *process, const char *part)
{
	const struct op_core_info *info = op_process_core_info(process);

	for (size_t i = 0; i < info->remark_count; i++)
		if (strstr(info->remarks[i], part))
			return true;
	return false;
}

START_TEST(threads_and_registers)
{
	static struct core_draft draft;
	usual(&draft);
	struct op_process *process = must_open(&draft);
	size_t count;
	const struct op_thread_info *threads = op_process_threads(process, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert_str_eq(threads[2].name, "a thread's name");
	ck_assert_int_eq(threads[0].id, FIRST);
	ck_assert_str_eq(threads[0].name, "wasmtime");
	ck_assert_int_eq(threads[1].id, SECOND);
	ck_assert_str_eq(threads[1].name, "");
	ck_assert_int_eq(threads[1].state, OP_THREAD_STOPPED);
	ck_assert_int_eq(op_process_id(process), FIRST);

	struct op_registers registers;
	must(op_process_registers(process, SECOND, &registers));
	ck_assert_uint_eq(registers.value[OP_X86_64_RIP], 0x41000);
	ck_assert_uint_eq(registers.value[OP_X86_64_RSP], 0x10010);
	// r15 is the first of struct user_regs_struct, r14 the second.
	ck_assert_uint_eq(registers.value[OP_X86_64_R15], 0x1000);
	ck_assert_uint_eq(registers.value[OP_X86_64_R14], 0x1001);
	struct op_host_addr pc;
	must(op_process_pc(process, FIRST, &pc));
	ck_assert_uint_eq(pc.value, 0x42000);
	must_fail(op_process_registers(process, 5, &registers), OP_ERROR_NOT_FOUND, "thread 5");

	uint8_t vector[16];
	must(op_process_vector_register(process, SECOND, 1, vector));
	ck_assert_mem_eq(vector, "sixteen bytes xm", 16);
	must_fail(op_process_vector_register(process, FIRST, 1, vector), OP_ERROR_UNREADABLE,
		  "does not hold the vector registers of thread 70");
	must_fail(op_process_vector_register(process, SECOND, 16, vector), OP_ERROR_NOT_FOUND,
		  "16");
	op_process_destroy(process);
}
END_TEST

START_TEST(the_end_is_told)
{
	static struct core_draft draft;
	usual(&draft);
	struct op_process *process = must_open(&draft);
	const struct op_core_info *info = op_process_core_info(process);
	ck_assert(info->has_stop);
	ck_assert(!info->incomplete);
	ck_assert_int_eq(info->stop.thread, SECOND);
	ck_assert_str_eq(info->stop.signal_name, "SIGSEGV");
	ck_assert(info->stop.signal_is_fault);
	ck_assert_uint_eq(info->stop.fault_address.value, 0xdead);
	size_t size;
	const char *command = op_process_command_line(process, &size);
	ck_assert_uint_eq(size, sizeof("wasmtime run app.wasm"));
	ck_assert_mem_eq(command, "wasmtime\0run\0app.wasm", size);
	op_process_destroy(process);
}
END_TEST

START_TEST(memory_and_what_was_left_out)
{
	static struct core_draft draft;
	uint8_t got[4 * PAGE];
	size_t done;
	usual(&draft);
	struct op_process *process = must_open(&draft);
	must(op_process_read(process, op_host_addr(HEAP), got, sizeof(heap)));
	ck_assert_mem_eq(got, heap, sizeof(heap));
	must(op_process_read_some(process, op_host_addr(HEAP + PAGE + 5), got, sizeof(got), &done));
	ck_assert_uint_eq(done, PAGE - 5);
	// The file goes on where the core stops.
	must(op_process_read(process, op_host_addr(MAPPED + 10), got, 3 * PAGE - 10));
	ck_assert_mem_eq(got, file_bytes + 10, 3 * PAGE - 10);
	// The kernel leaves out what was never written.
	memset(got, 1, PAGE);
	must(op_process_read(process, op_host_addr(0x80000), got, PAGE));
	for (size_t i = 0; i < PAGE; i++)
		ck_assert_uint_eq(got[i], 0);
	must_fail(op_process_read(process, op_host_addr(0x80000), got, PAGE + 1),
		  OP_ERROR_UNREADABLE, "nothing was mapped at 0x81000");
	must_fail(op_process_read(process, op_host_addr(0x90000), got, 1), OP_ERROR_UNREADABLE,
		  "the process itself had no access");
	must_fail(op_process_read(process, op_host_addr(UINT64_C(1) << 41), got, 1),
		  OP_ERROR_UNREADABLE, "does not hold the memory at 0x20000000000");
	must_fail(op_process_read(process, op_host_addr(UINT64_MAX), got, 8), OP_ERROR_UNREADABLE,
		  "nothing was mapped");
	op_process_destroy(process);
}
END_TEST

START_TEST(many_reads)
{
	static struct core_draft draft;
	uint64_t words[3];
	usual(&draft);
	struct op_process *process = must_open(&draft);
	struct op_read_request requests[] = {
		{op_host_addr(HEAP), &words[0], 8, false},
		{op_host_addr(0x1), &words[1], 8, true},
		{op_host_addr(MAPPED + PAGE), &words[2], 8, false},
	};
	must(op_process_read_many(process, requests, 3));
	ck_assert(requests[0].done && !requests[1].done && requests[2].done);
	ck_assert_mem_eq(&words[2], file_bytes + PAGE, 8);
	op_process_destroy(process);
}
END_TEST

START_TEST(mappings_and_their_files)
{
	static struct core_draft draft;
	struct op_mappings mappings;
	usual(&draft);
	struct op_process *process = must_open(&draft);
	must(op_process_mappings(process, &mappings));
	ck_assert_uint_eq(mappings.count, 6);
	const struct op_mapping *text =
		op_mappings_find(&mappings, op_host_addr(MAPPED + 2 * PAGE));
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text->path, file_path);
	ck_assert(!text->anonymous);
	ck_assert_uint_eq(text->file_offset, PAGE);
	ck_assert_uint_eq(text->protection, OP_PROTECTION_READ | OP_PROTECTION_EXECUTE);
	ck_assert(op_mappings_find(&mappings, op_host_addr(HEAP))->anonymous);
	op_mappings_deinit(&mappings);
	op_process_destroy(process);
}
END_TEST

// gdb writes no header for a mapping that it leaves out, and one with zeros for a reservation.
START_TEST(as_gdb_writes_them)
{
	static struct core_draft draft;
	uint8_t got[PAGE];
	const struct draft_file files[] = {
		{MAPPED, MAPPED + PAGE, 0, file_path},
		{MAPPED + PAGE, MAPPED + 3 * PAGE, 1, file_path},
	};
	core_draft_init(&draft);
	core_draft_thread(&draft, FIRST, SIGTRAP, 0, 0);
	core_draft_note(&draft, "GDB", 0xff000000, "<target/>", 10);
	core_draft_files(&draft, files, 2);
	core_draft_memory(&draft, HEAP, sizeof(heap), sizeof(heap), "rw-", heap);
	core_draft_memory(&draft, 0x20000, 4 * PAGE, 4 * PAGE, "r--", NULL);
	core_draft_memory(&draft, MAPPED, PAGE, PAGE, "r--", file_bytes);
	core_draft_memory(&draft, 0x60000, PAGE, PAGE, "r--", NULL);
	core_draft_memory(&draft, 0x61000, PAGE, PAGE, "r-x", heap);
	struct op_process *process = must_open(&draft);
	ck_assert(!op_process_core_info(process)->has_stop);
	must(op_process_read(process, op_host_addr(MAPPED + 2 * PAGE), got, PAGE));
	ck_assert_mem_eq(got, file_bytes + 2 * PAGE, PAGE);
	must_fail(op_process_read(process, op_host_addr(0x20000), got, 1), OP_ERROR_UNREADABLE,
		  "as gdb writes them where the process itself had no access");
	// In front of code it may be an image's header.
	must(op_process_read(process, op_host_addr(0x60000), got, PAGE));
	op_process_destroy(process);
}
END_TEST

START_TEST(another_file_is_not_read)
{
	static struct core_draft draft;
	uint8_t got[8];
	usual(&draft);
	struct op_process *process = must_open(&draft);
	// The first page differs.
	file_bytes[100] ^= 1;
	write_file(file_path, file_bytes, sizeof(file_bytes));
	must_fail(op_process_read(process, op_host_addr(MAPPED + PAGE), got, 8),
		  OP_ERROR_UNREADABLE, "is not the file that the process had mapped");
	op_process_destroy(process);
	file_bytes[100] ^= 1;
	// It is too short.
	write_file(file_path, file_bytes, PAGE);
	process = must_open(&draft);
	must_fail(op_process_read(process, op_host_addr(MAPPED + PAGE), got, 8),
		  OP_ERROR_UNREADABLE, "it has 4096 bytes, and 12288 were mapped");
	op_process_destroy(process);
	// It is gone.
	unlink(file_path);
	process = must_open(&draft);
	must_fail(op_process_read(process, op_host_addr(MAPPED + PAGE), got, 8),
		  OP_ERROR_UNREADABLE, "cannot be opened");
	must(op_process_read(process, op_host_addr(MAPPED), got, 8));
	op_process_destroy(process);
	// A FIFO in its place must not stop outpost.
	ck_assert_int_eq(mkfifo(file_path, 0600), 0);
	process = must_open(&draft);
	must_fail(op_process_read(process, op_host_addr(MAPPED + PAGE), got, 8),
		  OP_ERROR_UNREADABLE, "is no regular file");
	op_process_destroy(process);
}
END_TEST

START_TEST(a_sysroot)
{
	static struct core_draft draft;
	const struct draft_file files[] = {{MAPPED, MAPPED + PAGE, 0, "/mapped"}};
	uint8_t got[8], *bytes;
	core_draft_init(&draft);
	core_draft_thread(&draft, FIRST, 0, 0, 0);
	core_draft_files(&draft, files, 1);
	size_t size = core_draft_bytes(&draft, &bytes);
	struct op_process *process;
	const struct op_core_options options = {.sysroot = folder};
	must(open_bytes(bytes, size, &options, &process));
	must(op_process_read(process, op_host_addr(MAPPED + 8), got, 8));
	ck_assert_mem_eq(got, file_bytes + 8, 8);
	ck_assert_msg(has_remark(process, "only the size could be compared"), "no remark");
	char *path;
	must(op_process_resolve_path(process, "/mapped", &path));
	ck_assert_str_eq(path, file_path);
	free(path);
	op_process_destroy(process);
	free(bytes);
}
END_TEST

/** The auxiliary vector of a program whose entry is in the mapped file. */
static void add_entry(struct core_draft *draft)
{
	const uint64_t vector[] = {AT_ENTRY, MAPPED + PAGE, AT_NULL, 0};

	core_draft_note(draft, "CORE", NT_AUXV, vector, sizeof(vector));
}

START_TEST(the_program)
{
	static struct core_draft draft;
	uint8_t *bytes, got[8];
	char moved[80];
	usual(&draft);
	add_entry(&draft);
	size_t size = core_draft_bytes(&draft, &bytes);
	struct op_process *process;
	snprintf(moved, sizeof(moved), "%s/moved", folder);
	ck_assert_int_eq(rename(file_path, moved), 0);
	const struct op_core_options options = {.program = moved};
	must(open_bytes(bytes, size, &options, &process));
	ck_assert_str_eq(op_process_core_info(process)->program, file_path);
	must(op_process_read(process, op_host_addr(MAPPED + PAGE), got, 8));
	ck_assert_mem_eq(got, file_bytes + PAGE, 8);
	op_process_destroy(process);
	const struct op_core_options wrong = {.program = "/proc/self/exe"};
	must_fail(open_bytes(bytes, size, &wrong, &process), OP_ERROR_NOT_FOUND,
		  "--exe does not fit the core file");
	const struct op_core_options missing = {.program = "/nowhere/at/all"};
	must_fail(open_bytes(bytes, size, &missing, &process), OP_ERROR_NOT_FOUND,
		  "/nowhere/at/all cannot be opened");
	unlink(moved);
	free(bytes);
}
END_TEST

START_TEST(the_command_line_from_the_stack)
{
	static struct core_draft draft;
	// From the stack's end: the program's name, the strings, the vectors.
	static uint8_t stack[PAGE];
	const uint64_t base = 0x7000000;
	const uint64_t vector[] = {AT_ENTRY, 0, AT_EXECFN, base + 4000, AT_NULL, 0};
	const uint64_t words[] = {2, base + 3000, base + 3100, 0, base + 3200, 0};
	memset(stack, 0, sizeof(stack));
	strcpy((char *)stack + 3000, "wasmtime");
	strcpy((char *)stack + 3100, "a file.wasm");
	strcpy((char *)stack + 3200, "HOME=/");
	strcpy((char *)stack + 4000, "/usr/bin/wasmtime");
	memcpy(stack + 512, words, sizeof(words));
	memcpy(stack + 512 + sizeof(words), vector, sizeof(vector));
	core_draft_init(&draft);
	core_draft_thread(&draft, FIRST, 0, 0, base + 100);
	core_draft_process(&draft, FIRST, "wasmtime", "wasmtime a file.wasm");
	core_draft_note(&draft, "CORE", NT_AUXV, vector, sizeof(vector));
	core_draft_memory(&draft, base, PAGE, PAGE, "rw-", stack);
	struct op_process *process = must_open(&draft);
	size_t size;
	const char *command = op_process_command_line(process, &size);
	ck_assert_uint_eq(size, sizeof("wasmtime\0a file.wasm"));
	ck_assert_mem_eq(command, "wasmtime\0a file.wasm", size);
	op_process_destroy(process);
}
END_TEST

START_TEST(what_it_cannot_do)
{
	static struct core_draft draft;
	usual(&draft);
	struct op_process *process = must_open(&draft);
	const struct op_run_request request = {0};
	struct op_stop stop;
	struct op_host_addr addr;
	struct op_registers registers = {0};
	must_fail(op_process_run(process, &request), OP_ERROR_UNSUPPORTED,
		  "a core file cannot run");
	must_fail(op_process_wait(process, 0, &stop), OP_ERROR_UNSUPPORTED,
		  "a core file cannot run");
	must_fail(op_process_step(process, FIRST, &stop), OP_ERROR_UNSUPPORTED,
		  "a core file cannot be stepped");
	must_fail(op_process_write(process, op_host_addr(HEAP), "x", 1), OP_ERROR_UNSUPPORTED,
		  "a core file cannot be written to");
	must_fail(op_process_set_registers(process, FIRST, &registers), OP_ERROR_UNSUPPORTED,
		  "a core file cannot have its registers changed");
	must_fail(op_process_map(process, op_host_addr(0), 1, PAGE, 0, NULL, &addr),
		  OP_ERROR_UNSUPPORTED, "a core file cannot");
	must_fail(op_process_shield(process), OP_ERROR_UNSUPPORTED, "a core file cannot");
	must_fail(op_process_attach(process, NULL), OP_ERROR_UNSUPPORTED, "a core file cannot");
	must_fail(op_process_kill(process), OP_ERROR_UNSUPPORTED, "a core file cannot be killed");
	ck_assert_uint_eq(op_process_watch_slot_count(process), 0);
	must(op_process_stop_all(process));
	ck_assert(!op_process_pending_stop(process, FIRST, &stop));
	op_process_interrupt(process);
	op_process_destroy(process);
}
END_TEST

START_TEST(no_core_files)
{
	static struct core_draft draft;
	struct op_process *process;
	const struct op_core_options none = {0};
	must_fail(open_bytes(NULL, 0, NULL, &process), OP_ERROR_FORMAT, "it is empty");
	must_fail(open_bytes((const uint8_t *)"core?", 5, NULL, &process), OP_ERROR_FORMAT,
		  "it is too short");
	uint8_t text[100];
	memset(text, 'x', sizeof(text));
	must_fail(open_bytes(text, sizeof(text), NULL, &process), OP_ERROR_FORMAT,
		  "does not begin like an ELF file");
	memcpy(text, "\x1f\x8b", 2);
	must_fail(open_bytes(text, sizeof(text), NULL, &process), OP_ERROR_FORMAT,
		  "packed by gzip: unpack it first");
	memcpy(text, "BZh", 3);
	must_fail(open_bytes(text, sizeof(text), NULL, &process), OP_ERROR_FORMAT,
		  "packed by bzip2: unpack it first");
	must_fail(op_process_open_core("/nowhere", &none, &process), OP_ERROR_IO,
		  "cannot open the core file /nowhere");
	must_fail(op_process_open_core(folder, &none, &process), OP_ERROR_IO, "no regular file");
	must_fail(op_process_open_core("/proc/self/exe", &none, &process), OP_ERROR_FORMAT,
		  "it is a program or a library");
	ck_assert(!op_process_is_core_file("/proc/self/exe"));
	usual(&draft);
	op_process_destroy(must_open(&draft));
	ck_assert(op_process_is_core_file(core_path));
	usual(&draft);
	draft.header.e_machine = EM_AARCH64;
	refused(&draft, OP_ERROR_UNSUPPORTED, "a process on aarch64");
	usual(&draft);
	draft.header.e_ident[EI_CLASS] = ELFCLASS32;
	draft.header.e_machine = EM_386;
	refused(&draft, OP_ERROR_UNSUPPORTED, "32-bit x86");
	usual(&draft);
	draft.header.e_type = ET_REL;
	refused(&draft, OP_ERROR_FORMAT, "another kind of ELF file");
}
END_TEST

START_TEST(headers_that_lie)
{
	static struct core_draft draft;
	uint8_t got[8];
	usual(&draft);
	draft.header.e_phnum = 60000;
	refused(&draft, OP_ERROR_FORMAT, "60000 program headers");
	usual(&draft);
	draft.header.e_phnum = PN_XNUM;
	draft.header.e_shoff = UINT64_MAX - 3;
	refused(&draft, OP_ERROR_FORMAT, "the count of its program headers");
	usual(&draft);
	draft.header.e_phentsize = 3;
	refused(&draft, OP_ERROR_FORMAT, "3 bytes each");
	usual(&draft);
	draft.header.e_phoff = UINT64_MAX;
	refused(&draft, OP_ERROR_FORMAT, "do not fit");
	// A header that makes no sense, or that claims what another one has, is left out alone.
	usual(&draft);
	core_draft_memory(&draft, UINT64_MAX - PAGE, 3 * PAGE, 0, "rw-", NULL);
	core_draft_memory(&draft, HEAP + PAGE, 3 * PAGE, PAGE, "rw-", NULL);
	core_draft_memory(&draft, 0x3000000, PAGE, 3 * PAGE, "rw-", NULL);
	struct op_process *process = must_open(&draft);
	ck_assert(has_remark(process, "makes no sense"));
	ck_assert(has_remark(process, "claim memory that another one has"));
	must(op_process_read(process, op_host_addr(HEAP + PAGE), got, 8));
	ck_assert_mem_eq(got, heap + PAGE, 8);
	op_process_destroy(process);
	// Terabytes that are not there are neither read nor allocated.
	usual(&draft);
	core_draft_memory(&draft, UINT64_C(1) << 42, UINT64_C(1) << 41, UINT64_C(1) << 41, "rw-",
			  NULL)
		->p_offset = PAGE;
	process = must_open(&draft);
	ck_assert(op_process_core_info(process)->incomplete);
	must_fail(op_process_read(process, op_host_addr((UINT64_C(1) << 42) + (1 << 30)), got, 8),
		  OP_ERROR_UNREADABLE, "the core file is cut off");
	op_process_destroy(process);
}
END_TEST

START_TEST(notes_that_lie)
{
	static struct core_draft draft;
	const uint64_t many[] = {UINT64_MAX / 2, 4096, 0};
	const uint64_t backwards[] = {1, 4096, 0x9000, 0x8000, 0};
	core_draft_init(&draft);
	core_draft_memory(&draft, HEAP, sizeof(heap), sizeof(heap), "rw-", heap);
	refused(&draft, OP_ERROR_FORMAT, "has no notes that tell of threads");
	usual(&draft);
	draft.notes_size = 0;
	refused(&draft, OP_ERROR_FORMAT, "has no notes that tell of threads");
	core_draft_init(&draft);
	core_draft_thread(&draft, FIRST, 0, 0, 0);
	core_draft_note(&draft, "CORE", NT_FILE, many, sizeof(many));
	struct op_process *process = must_open(&draft);
	ck_assert(has_remark(process, "list of mapped files is damaged"));
	op_process_destroy(process);
	core_draft_init(&draft);
	core_draft_thread(&draft, FIRST, 0, 0, 0);
	core_draft_note(&draft, "CORE", NT_FILE, backwards, sizeof(backwards));
	process = must_open(&draft);
	ck_assert(has_remark(process, "list of mapped files is damaged"));
	op_process_destroy(process);
	// A note whose size is that of the address space ends the list.
	core_draft_init(&draft);
	core_draft_thread(&draft, FIRST, 0, 0, 0);
	const Elf64_Nhdr huge = {UINT32_MAX, UINT32_MAX, NT_PRSTATUS};
	memcpy(draft.notes + draft.notes_size, &huge, sizeof(huge));
	draft.notes_size += sizeof(huge);
	process = must_open(&draft);
	size_t count;
	op_process_threads(process, &count);
	ck_assert_uint_eq(count, 1);
	op_process_destroy(process);
}
END_TEST

START_TEST(every_length)
{
	static struct core_draft draft;
	uint8_t *bytes, got[8];
	usual(&draft);
	size_t whole = core_draft_bytes(&draft, &bytes);
	size_t opened = 0;
	for (size_t size = 0; size < whole;
	     size += size < DRAFT_BASE + draft.notes_size ? 61 : 997) {
		struct op_process *process;
		struct op_error *err = open_bytes(bytes, size, NULL, &process);
		if (err) {
			ck_assert_int_eq(err->code, OP_ERROR_FORMAT);
			op_error_destroy(err);
			continue;
		}
		opened++;
		ck_assert(op_process_core_info(process)->incomplete);
		op_error_destroy(op_process_read(process, op_host_addr(HEAP), got, 8));
		must_fail(op_process_read(process, op_host_addr(MAPPED + PAGE - 8), got, 8),
			  OP_ERROR_UNREADABLE, "the core file is cut off");
		op_process_destroy(process);
	}
	ck_assert_uint_gt(opened, 10);
	free(bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("core");
	TCase *cases = tcase_create("core");
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, threads_and_registers);
	tcase_add_test(cases, the_end_is_told);
	tcase_add_test(cases, memory_and_what_was_left_out);
	tcase_add_test(cases, many_reads);
	tcase_add_test(cases, mappings_and_their_files);
	tcase_add_test(cases, as_gdb_writes_them);
	tcase_add_test(cases, another_file_is_not_read);
	tcase_add_test(cases, a_sysroot);
	tcase_add_test(cases, the_program);
	tcase_add_test(cases, the_command_line_from_the_stack);
	tcase_add_test(cases, what_it_cannot_do);
	tcase_add_test(cases, no_core_files);
	tcase_add_test(cases, headers_that_lie);
	tcase_add_test(cases, notes_that_lie);
	tcase_add_test(cases, every_length);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
