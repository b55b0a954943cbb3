// SPDX-License-Identifier: GPL-3.0-or-later
// libdwfl over the session's own memory and mappings, so that a process and a core file are the
// same to it. What it may not do: ask the system about the process, or the network unasked.
#include "tracer/host_modules.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "target-runtime/dwarf/demangle.h"
#include "tracer/host_file.h"
#include "tracer/state.h"

/** The vDSO is a page or two. */
enum { IMAGE_IN_MEMORY_MAX = 1 << 20 };

struct op_host_modules {
	struct op_session *session;
	Dwfl *dwfl;
	Dwfl_Callbacks callbacks;
	uint64_t key;                      /**< of the mappings that it was made of */
	bool attached;                     /**< libdwfl knows how to unwind */
	const struct op_host_start *start; /**< of the unwinding that is under way */
	struct OP_ARRAY(struct op_host_frame) frames;
	struct OP_ARRAY(char *) strings;
	struct OP_ARRAY(char *) images; /**< bytes that libelf reads from */
};

static void forget_frames(struct op_host_modules *modules)
{
	for (size_t i = 0; i < modules->strings.count; i++)
		free(modules->strings.data[i]);
	modules->strings.count = 0;
	modules->frames.count = 0;
}

void op_host_modules_destroy(struct op_host_modules *modules)
{
	if (!modules)
		return;
	forget_frames(modules);
	free(modules->strings.data);
	free(modules->frames.data);
	if (modules->dwfl)
		dwfl_end(modules->dwfl);
	for (size_t i = 0; i < modules->images.count; i++)
		free(modules->images.data[i]);
	free(modules->images.data);
	free(modules);
}

// Modules -----------------------------------------------------------------------------------------

/** A file's stretch of the address space: from the mapping of its beginning to its last one. */
struct stretch {
	const struct op_mapping *first;
	uint64_t end;
	bool executable;
	size_t next; /**< mapping behind it */
};

static bool is_code_of_its_own(const struct op_mapping *mapping)
{
	return strcmp(mapping->path, "[vdso]") == 0;
}

static struct stretch find_stretch(const struct op_mappings *mappings, size_t i)
{
	const struct op_mapping *first = &mappings->data[i];
	struct stretch ret = {.first = first};
	while (i < mappings->count) {
		const struct op_mapping *mapping = &mappings->data[i];
		// What a program maps without a file is in between: its zeroed data.
		if (strcmp(mapping->path, first->path) != 0 ||
		    (mapping != first && !mapping->file_offset))
			break;
		ret.end = mapping->end.value;
		ret.executable |= mapping->protection & OP_PROTECTION_EXECUTE;
		i++;
	}
	ret.next = i;
	return ret;
}

static bool is_module(const struct stretch *stretch)
{
	return stretch->executable && !stretch->first->file_offset &&
	       (is_code_of_its_own(stretch->first) || *stretch->first->path == '/');
}

static uint64_t mix(uint64_t key, uint64_t value)
{
	return (key ^ value) * 0x100000001b3;
}

static uint64_t key_of(const struct op_mappings *mappings)
{
	uint64_t key = 0xcbf29ce484222325;
	for (size_t i = 0; i < mappings->count;) {
		struct stretch stretch = find_stretch(mappings, i);
		if (is_module(&stretch)) {
			key = mix(key, stretch.first->start.value);
			key = mix(key, stretch.end);
			key = mix(key, stretch.first->inode);
		}
		i = stretch.next;
	}
	return key;
}

static Elf *elf_in_memory(struct op_host_modules *modules, const struct op_mapping *mapping)
{
	uint64_t size = mapping->end.value - mapping->start.value;
	if (size > IMAGE_IN_MEMORY_MAX)
		return NULL;
	char *image = malloc(size);
	struct op_error *err =
		image ? op_process_read(modules->session->process, mapping->start, image, size)
		      : op_error_no_memory();
	Elf *elf = err ? NULL : elf_memory(image, size);
	// libelf reads from it as long as the Elf lives.
	if (!elf || !op_array_push(&modules->images, image)) {
		if (elf)
			elf_end(elf);
		free(image);
		elf = NULL;
	}
	op_error_destroy(err);
	return elf;
}

static int find_elf(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
		    char **ret_path, Elf **ret_elf)
{
	(void)module;
	(void)name;
	struct op_host_modules *modules = *userdata;
	const struct op_mapping *mapping =
		op_mappings_find(&modules->session->mappings, op_host_addr(base));
	*ret_elf = NULL;
	if (!mapping || !modules->session->process)
		return -1;
	if (!is_code_of_its_own(mapping)) {
		int fd = -1;
		// Why there is none is asked again by whom it hinders.
		struct op_error *err = op_host_file_open(modules->session, mapping, ret_path, &fd);
		op_error_destroy(err);
		return fd;
	}
	*ret_elf = elf_in_memory(modules, mapping);
	return -1;
}

static int find_debuginfo(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
			  const char *path, const char *debuglink, GElf_Word crc, char **ret_path)
{
	struct op_host_modules *modules = *userdata;
	return modules->session->source_settings.debuginfod
		       ? dwfl_standard_find_debuginfo(module, userdata, name, base, path, debuglink,
						      crc, ret_path)
		       : dwfl_build_id_find_debuginfo(module, userdata, name, base, path, debuglink,
						      crc, ret_path);
}

static struct op_error *dwfl_error(const char *what)
{
	return op_error_create(OP_ERROR_FORMAT, "%s: %s", what, dwfl_errmsg(-1));
}

static struct op_error *report(struct op_host_modules *modules)
{
	const struct op_mappings *mappings = &modules->session->mappings;
	dwfl_report_begin(modules->dwfl);
	for (size_t i = 0; i < mappings->count;) {
		struct stretch stretch = find_stretch(mappings, i);
		i = stretch.next;
		if (!is_module(&stretch))
			continue;
		const char *slash = strrchr(stretch.first->path, '/');
		Dwfl_Module *module =
			dwfl_report_module(modules->dwfl, slash ? slash + 1 : stretch.first->path,
					   stretch.first->start.value, stretch.end);
		void **userdata;
		if (!module ||
		    !dwfl_module_info(module, &userdata, NULL, NULL, NULL, NULL, NULL, NULL))
			return dwfl_error("cannot note a file that the process has mapped");
		*userdata = modules;
	}
	return dwfl_report_end(modules->dwfl, NULL, NULL)
		       ? dwfl_error("cannot note the files that the process has mapped")
		       : NULL;
}

struct op_error *op_host_modules_get(struct op_session *session, struct op_host_modules **ret)
{
	// What was unwound while it was stopped can be named when it runs again.
	bool gone = !session->process;
	if (gone && !session->host_modules)
		return op_session_need_stopped(session);
	uint64_t key = gone ? session->host_modules->key : key_of(&session->mappings);
	if (session->host_modules && session->host_modules->key == key) {
		*ret = session->host_modules;
		return NULL;
	}
	op_host_modules_destroy(op_take(session->host_modules));
	struct op_host_modules *modules = calloc(1, sizeof(*modules));
	if (!modules)
		return op_error_no_memory();
	modules->session = session;
	modules->key = key;
	modules->callbacks =
		(Dwfl_Callbacks){.find_elf = find_elf, .find_debuginfo = find_debuginfo};
	modules->dwfl = dwfl_begin(&modules->callbacks);
	struct op_error *err = modules->dwfl ? report(modules) : dwfl_error("libdwfl");
	if (err) {
		op_host_modules_destroy(modules);
		return err;
	}
	*ret = session->host_modules = modules;
	return NULL;
}

// Unwinding ---------------------------------------------------------------------------------------

static pid_t next_thread(Dwfl *dwfl, void *context, void **thread)
{
	(void)dwfl;
	pid_t ret = *thread ? 0 : 1;
	*thread = context;
	return ret;
}

static bool get_thread(Dwfl *dwfl, pid_t id, void *context, void **thread)
{
	(void)dwfl;
	(void)id;
	*thread = context;
	return true;
}

static bool read_word(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret, void *context)
{
	(void)dwfl;
	const struct op_host_modules *modules = context;
	struct op_memory memory = op_session_memory(modules->session);
	uint64_t word;
	struct op_error *err = op_memory_read_u64(&memory, op_host_addr(address), &word);
	*ret = err ? 0 : word;
	op_error_destroy(err);
	return !err;
}

static bool set_registers(Dwfl_Thread *thread, void *context)
{
	const struct op_host_modules *modules = context;
	const struct op_host_start *start = modules->start;
	const struct op_arch *arch = op_process_arch(modules->session->process);
	// The call's own place decides, not what stands behind it.
	uint64_t pc = start->pc - start->pc_is_return_address;
	dwfl_thread_state_register_pc(thread, pc);
	for (unsigned i = 0; start->registers && i < arch->dwarf_register_count; i++)
		if (!dwfl_thread_state_registers(thread, (int)i, 1, &start->registers->value[i]))
			return false;
	return dwfl_thread_state_registers(thread, (int)arch->sp, 1, &start->sp) &&
	       dwfl_thread_state_registers(thread, (int)arch->fp, 1, &start->fp) &&
	       (arch->pc >= arch->dwarf_register_count ||
		dwfl_thread_state_registers(thread, (int)arch->pc, 1, &pc));
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_word,
	.set_initial_registers = set_registers,
};

enum { HOST_FRAMES_MAX = 100000 };

struct unwinding {
	const struct op_host_modules *modules;
	bool (*each)(void *context, const struct op_host_return *frame);
	void *context;
	struct op_known_registers *last; // NULL: nobody wants them
	uint64_t pc;                     // of the frame that was reached, its call's own place
	size_t count;
	bool done;
};

static void keep_registers(Dwfl_Frame *state, const struct op_arch *arch,
			   struct op_known_registers *ret)
{
	for (unsigned i = 0; i < arch->dwarf_register_count; i++) {
		Dwarf_Word value;
		if (dwfl_frame_reg(state, i, &value))
			continue;
		ret->all.value[i] = value;
		ret->known |= UINT64_C(1) << i;
	}
}

static int unwound(Dwfl_Frame *state, void *context)
{
	struct unwinding *unwinding = context;
	const struct op_arch *arch = op_process_arch(unwinding->modules->session->process);
	const struct op_host_start *start = unwinding->modules->start;
	Dwarf_Addr pc;
	bool is_activation;
	Dwarf_Word sp = 0;
	if (!dwfl_frame_pc(state, &pc, &is_activation))
		return DWARF_CB_ABORT;
	if (dwfl_frame_reg(state, arch->sp, &sp))
		sp = 0;
	bool first = !unwinding->count++;
	unwinding->pc = is_activation || first ? pc : pc - 1;
	struct op_host_return frame = {
		.pc = op_host_addr(first ? start->pc : pc),
		.sp = op_host_addr(sp),
		.is_return_address = first ? start->pc_is_return_address : !is_activation,
	};
	unwinding->done = unwinding->count > HOST_FRAMES_MAX ||
			  op_cancelled(&unwinding->modules->session->cancel) ||
			  !unwinding->each(unwinding->context, &frame);
	if (unwinding->done && unwinding->last)
		keep_registers(state, arch, unwinding->last);
	return unwinding->done ? DWARF_CB_ABORT : DWARF_CB_OK;
}

// What there is to say of an unwinding that ended: libdwfl knows no more of a file that is missing
// than that it was not given one.
static struct op_error *describe_problem(struct op_host_modules *modules, uint64_t pc, char **ret)
{
	const char *told = dwfl_errmsg(-1);
	const struct op_mapping *mapping = NULL;
	Dwfl_Module *module = dwfl_addrmodule(modules->dwfl, pc);
	Dwarf_Addr start;
	if (module && dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, NULL, NULL))
		mapping = op_mappings_find(&modules->session->mappings, op_host_addr(start));
	struct op_error *err _cleanup_error_ = NULL;
	if (mapping && !is_code_of_its_own(mapping)) {
		char *path _cleanup_free_ = NULL;
		int fd = -1;
		err = op_host_file_open(modules->session, mapping, &path, &fd);
		if (fd >= 0)
			close(fd);
	}
	*ret = strdup(err       ? err->message
		      : !module ? "no file that is mapped has that place"
				: told);
	return *ret ? NULL : op_error_no_memory();
}

struct op_error *op_host_unwind(struct op_host_modules *modules, const struct op_host_start *start,
				bool (*each)(void *context, const struct op_host_return *frame),
				void *context, struct op_known_registers *ret_last,
				char **ret_problem)
{
	*ret_problem = NULL;
	if (ret_last)
		ret_last->known = 0;
	if (!modules->attached &&
	    !dwfl_attach_state(modules->dwfl, NULL, 1, &thread_callbacks, modules))
		return dwfl_error("host frames cannot be unwound");
	modules->attached = true;
	modules->start = start;
	struct unwinding unwinding = {
		.modules = modules,
		.each = each,
		.context = context,
		.last = ret_last,
		.pc = start->pc - start->pc_is_return_address,
	};
	int result = dwfl_getthread_frames(modules->dwfl, 1, unwound, &unwinding);
	modules->start = NULL;
	if (result == 0 || unwinding.done)
		return NULL;
	return describe_problem(modules, unwinding.pc, ret_problem);
}

// Names -------------------------------------------------------------------------------------------

// Kept with the frames. NULL when memory is short.
static const char *keep(struct op_host_modules *modules, const char *text)
{
	struct op_text escaped _cleanup_text_ = OP_TEXT_INIT;
	op_text_append_escaped(&escaped, text, strlen(text));
	char *copy;
	struct op_error *err = op_text_steal(&escaped, &copy);
	if (!err && op_array_push(&modules->strings, copy))
		return copy;
	if (!err)
		free(copy);
	op_error_destroy(err);
	return NULL;
}

static const char *keep_function(struct op_host_modules *modules, const char *symbol)
{
	char *plain = op_demangle(symbol, false);
	const char *ret = keep(modules, plain ? plain : symbol);
	free(plain);
	return ret;
}

static const char *name_of_die(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *linkage =
		dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
	return linkage ? linkage : dwarf_diename(die);
}

/** What the line table says of an address. */
static void set_line(struct op_host_modules *modules, Dwfl_Module *module, Dwarf_Addr address,
		     struct op_host_frame *frame)
{
	int line;
	Dwfl_Line *found = dwfl_module_getsrc(module, address);
	const char *file = found ? dwfl_lineinfo(found, NULL, &line, NULL, NULL, NULL) : NULL;
	if (!file)
		return;
	frame->file = keep(modules, file);
	frame->line = line > 0 ? (uint32_t)line : 0;
}

// A body that was inlined: its caller's line is that of the call.
static void set_call_line(struct op_host_modules *modules, Dwarf_Die *unit, Dwarf_Die *inlined,
			  struct op_host_frame *caller)
{
	Dwarf_Attribute attribute;
	Dwarf_Word file, line;
	Dwarf_Files *files;
	size_t count;
	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) ||
	    dwarf_getsrcfiles(unit, &files, &count))
		return;
	const char *path = dwarf_filesrc(files, file, NULL, NULL);
	if (!path)
		return;
	caller->file = keep(modules, path);
	caller->line = dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line)
			       ? 0
			       : (uint32_t)line;
}

// Bodies at an address of a module with debug information, innermost first; the function itself,
// which has a symbol as well, is not among them.
static struct op_error *push_inlined(struct op_host_modules *modules, Dwfl_Module *module,
				     Dwarf_Addr address, struct op_host_frame *frame)
{
	Dwarf_Addr bias;
	Dwarf_Die *unit = dwfl_module_addrdie(module, address, &bias);
	Dwarf_Die *scopes = NULL;
	int count = unit ? dwarf_getscopes(unit, address - bias, &scopes) : 0;
	struct op_error *err = NULL;
	for (int i = 0; !err && i < count; i++) {
		if (dwarf_tag(&scopes[i]) == DW_TAG_subprogram)
			break;
		const char *name = dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine
					   ? name_of_die(&scopes[i])
					   : NULL;
		if (!name)
			continue;
		struct op_host_frame body = *frame;
		body.function = keep_function(modules, name);
		body.offset = 0;
		body.inlined = true;
		if (!op_array_push(&modules->frames, body))
			err = op_error_no_memory();
		set_call_line(modules, unit, &scopes[i], frame);
	}
	free(scopes);
	return err;
}

bool op_host_is_outermost(struct op_host_modules *modules, const struct op_host_return *place)
{
	static const char *const names[] = {"main", "_start", "clone", "__clone", "__clone3"};
	Dwarf_Addr address = place->pc.value - place->is_return_address;
	Dwfl_Module *module = dwfl_addrmodule(modules->dwfl, address);
	const char *name = module ? dwfl_module_addrname(module, address) : NULL;
	for (size_t i = 0; name && i < OP_ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

struct op_error *op_host_describe(struct op_host_modules *modules,
				  const struct op_host_return *place,
				  const struct op_host_frame **ret, size_t *ret_count)
{
	forget_frames(modules);
	struct op_host_frame frame = {.pc = place->pc, .object = "", .file_offset = 0};
	Dwarf_Addr address = place->pc.value - place->is_return_address;
	Dwfl_Module *module = dwfl_addrmodule(modules->dwfl, address);
	struct op_error *err = NULL;
	if (module) {
		Dwarf_Addr start;
		GElf_Off offset;
		GElf_Sym symbol;
		const char *file =
			dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, NULL, NULL);
		frame.object = file ? keep(modules, file) : "";
		frame.file_offset = place->pc.value - start;
		const char *name =
			dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
		if (name) {
			frame.function = keep_function(modules, name);
			frame.offset = offset + place->is_return_address;
		}
		set_line(modules, module, address, &frame);
		err = push_inlined(modules, module, address, &frame);
	}
	if (!err && !op_array_push(&modules->frames, frame))
		err = op_error_no_memory();
	*ret = modules->frames.data;
	*ret_count = modules->frames.count;
	return err;
}
