// SPDX-License-Identifier: GPL-3.0-or-later
// Completion; see completion.h. Whatever fails here just offers nothing.
#include "tracer/repl/completion.h"
#include "tracer/repl/path_settings.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum { COMPLETIONS_MAX = 20000 };

void op_completions_deinit(struct op_completions *completions)
{
	for (size_t i = 0; i < completions->count; i++)
		free(completions->data[i]);
	free(completions->data);
	*completions = (struct op_completions){0};
}

/** Offer @p candidate when it begins with the word. */
static void offer(struct op_completions *completions, const char *word, const char *candidate)
{
	if (strncmp(candidate, word, strlen(word)) != 0 || completions->count >= COMPLETIONS_MAX)
		return;
	char *copy = strdup(candidate);
	if (copy && !op_array_push(completions, copy))
		free(copy);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/** What has the same name in the module and in its source is offered once. */
static void drop_repeats(struct op_completions *completions)
{
	size_t kept = 0;
	if (completions->count)
		qsort(completions->data, completions->count, sizeof(*completions->data), compare);
	for (size_t i = 0; i < completions->count; i++) {
		if (kept && strcmp(completions->data[kept - 1], completions->data[i]) == 0)
			free(completions->data[i]);
		else
			completions->data[kept++] = completions->data[i];
	}
	completions->count = kept;
}

static void offer_commands(struct op_completions *completions, const char *word,
			   const struct op_command *const *commands)
{
	for (; *commands; commands++)
		offer(completions, word, (*commands)->name);
}

static void offer_functions(struct op_repl *repl, struct op_completions *completions,
			    const char *word)
{
	const struct op_module *modules;
	size_t module_count;
	struct op_error *err _cleanup_error_ =
		op_session_modules(repl->session, &modules, &module_count);
	for (size_t m = 0; !err && m < module_count; m++) {
		struct op_text prefix _cleanup_text_ = OP_TEXT_INIT;
		op_text_printf(&prefix, "%s!", modules[m].name);
		bool qualified = prefix.data && strncmp(word, prefix.data, prefix.size) == 0;
		const struct op_function_info *functions;
		size_t count;
		err = op_session_functions(repl->session, modules[m].id, NULL, &functions, &count);
		for (size_t i = 0; !err && i < count; i++) {
			struct op_text name _cleanup_text_ = OP_TEXT_INIT;
			op_text_printf(&name, "%s%s", qualified ? prefix.data : "",
				       functions[i].name);
			if (name.data && !functions[i].imported)
				offer(completions, word, name.data);
		}
		if (prefix.data && *word)
			offer(completions, word, prefix.data);
	}
}

/** Functions by the names of the guest's language. */
static void offer_source_functions(struct op_repl *repl, struct op_completions *completions,
				   const char *word)
{
	const char *const *names;
	size_t count;
	struct op_error *err _cleanup_error_ =
		op_session_complete_function(repl->session, word, &names, &count);
	for (size_t i = 0; !err && i < count; i++)
		offer(completions, word, names[i]);
}

/** Source files, by their own names: a line follows. */
static void offer_source_files(struct op_repl *repl, struct op_completions *completions,
			       const char *word)
{
	const struct op_source_file *files;
	size_t count;
	// Every name begins with nothing; a person who typed nothing wants functions.
	if (!*word)
		return;
	struct op_error *err _cleanup_error_ =
		op_session_source_files(repl->session, NULL, &files, &count);
	for (size_t i = 0; !err && i < count; i++) {
		const char *slash = strrchr(files[i].file, '/');
		struct op_text name _cleanup_text_ = OP_TEXT_INIT;
		op_text_printf(&name, "%s:", slash ? slash + 1 : files[i].file);
		if (name.data)
			offer(completions, word, name.data);
	}
}

/** Looked for only when they are asked for: finding the instances is a search. */
static void offer_globals(struct op_repl *repl, struct op_completions *completions,
			  const char *word)
{
	const struct op_global_info *globals;
	size_t count;
	if (strncmp(word, "$g", 2) != 0 || op_session_state(repl->session) != OP_SESSION_STOPPED)
		return;
	struct op_error *err _cleanup_error_ = op_session_globals(
		repl->session, op_repl_frame_or_null(repl), NULL, &globals, &count);
	for (size_t i = 0; !err && i < count; i++) {
		struct op_text name _cleanup_text_ = OP_TEXT_INIT;
		if (globals[i].name)
			op_text_printf(&name, "$global.%s", globals[i].name);
		else
			op_text_printf(&name, "$global%" PRIu32, globals[i].index);
		if (name.data)
			offer(completions, word, name.data);
	}
}

/** Variables outside of functions, of all that begin with what was typed. */
static void offer_variables(struct op_repl *repl, struct op_completions *completions,
			    const char *word)
{
	const struct op_source_name *names;
	size_t count;
	if (!isalpha((unsigned char)*word) && *word != '_')
		return;
	struct op_text pattern _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&pattern, "%s*", word);
	if (!pattern.data || strpbrk(word, "*?[\\"))
		return;
	struct op_error *err _cleanup_error_ = op_session_source_names(
		repl->session, OP_SOURCE_GLOBALS, pattern.data, &names, &count);
	for (size_t i = 0; !err && i < count; i++)
		offer(completions, word, names[i].name);
}

/** As a person writes it: the fields of Rust's tuples have numbers. */
static const char *written_name(const struct op_source_node *whole, const char *name)
{
	bool is_field = whole->is_rust && whole->is_tuple && strncmp(name, "__", 2) == 0;
	return is_field ? name + 2 : name;
}

/** Members with what was typed in front of them; those of bases too. */
static void offer_children(struct op_completions *completions, const char *word, size_t typed_size,
			   const struct op_source_node *node)
{
	for (size_t i = 0; i < node->child_count; i++) {
		const struct op_source_node *child = &node->children[i];
		struct op_text name _cleanup_text_ = OP_TEXT_INIT;
		op_text_printf(&name, "%.*s%s", (int)typed_size, word,
			       child->name ? written_name(node, child->name) : "");
		if (child->is_base || !child->name)
			offer_children(completions, word, typed_size, child);
		else if (name.data)
			offer(completions, word, name.data);
	}
}

/** Members of what stands in front of the last '.' or "->". */
static void offer_members(struct op_repl *repl, struct op_completions *completions,
			  const char *word)
{
	size_t size = strlen(word);
	while (size && (isalnum((unsigned char)word[size - 1]) || word[size - 1] == '_'))
		size--;
	size_t operator_size = size > 1 && !strncmp(word + size - 2, "->", 2) ? 2 : 1;
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	if (!frame || size <= operator_size || (operator_size == 1 && word[size - 1] != '.'))
		return;
	// As it is, and then what it leads to: '.' follows pointers too.
	for (unsigned i = 0; i < 2; i++) {
		static const struct op_source_limits limits = {
			.depth = 4, .elements = 1, .plain = true};
		struct op_text whole _cleanup_text_ = OP_TEXT_INIT;
		const struct op_source_node *node;
		struct op_result result;
		op_text_printf(&whole, "%s(%.*s)", i ? "*" : "", (int)(size - operator_size), word);
		if (whole.failed)
			return;
		struct op_error *err _cleanup_error_ =
			op_repl_evaluate_once(repl, whole.data, &result);
		if (!err && result.guest_value)
			err = op_session_source_node(repl->session, frame, &result, &limits, &node);
		if (!err && result.guest_value && node->kind == OP_SOURCE_NODE_STRUCT)
			offer_children(completions, word, size, node);
	}
}

static void offer_locals(struct op_repl *repl, struct op_completions *completions, const char *word)
{
	offer_globals(repl, completions, word);
	offer_variables(repl, completions, word);
	offer_members(repl, completions, word);
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	const struct op_variable *locals;
	size_t count;
	if (!frame)
		return;
	struct op_error *err _cleanup_error_ =
		op_session_locals(repl->session, frame, &locals, &count);
	for (size_t i = 0; !err && i < count; i++) {
		struct op_text name _cleanup_text_ = OP_TEXT_INIT;
		if (locals[i].name)
			offer(completions, word, locals[i].name);
		op_text_printf(&name, "$local%" PRIu32, locals[i].index);
		if (name.data)
			offer(completions, word, name.data);
	}
	const struct op_scope_variable *variables;
	struct op_error *no_source _cleanup_error_ = op_session_source_scope(
		repl->session, frame->module_id, frame->pc, &variables, &count);
	for (size_t i = 0; !no_source && i < count; i++)
		offer(completions, word, variables[i].name);
	offer(completions, word, "$pc");
	offer(completions, word, "$mem[");
}

static void offer_breakpoints(struct op_repl *repl, struct op_completions *completions,
			      const char *word)
{
	size_t count;
	const struct op_breakpoint *const *breakpoints =
		op_session_breakpoints(repl->session, &count);
	for (size_t i = 0; i < count; i++) {
		struct op_text number _cleanup_text_ = OP_TEXT_INIT;
		op_text_printf(&number, "%" PRIu32, breakpoints[i]->number);
		if (number.data)
			offer(completions, word, number.data);
	}
}

static void offer_threads(struct op_repl *repl, struct op_completions *completions,
			  const char *word)
{
	const struct op_thread_summary *threads;
	size_t count;
	if (op_session_state(repl->session) != OP_SESSION_STOPPED)
		return;
	struct op_error *err _cleanup_error_ = op_session_threads(repl->session, &threads, &count);
	for (size_t i = 0; !err && i < count; i++) {
		struct op_text number _cleanup_text_ = OP_TEXT_INIT;
		op_text_printf(&number, "%" PRId64, threads[i].id);
		if (number.data)
			offer(completions, word, number.data);
	}
	offer(completions, word, "apply");
	offer(completions, word, "suspended");
}

/** Events to catch; behind "trap" kinds of traps. */
static void offer_events(struct op_completions *completions, const char *typed, size_t typed_size,
			 const char *word)
{
	static const char trap[] = "trap ";
	if (typed_size >= strlen(trap) && !strncmp(typed, trap, strlen(trap))) {
		const char *kind;
		for (size_t i = 0; (kind = op_trap_kind_word(i)); i++)
			offer(completions, word, kind);
		return;
	}
	for (unsigned kind = OP_CATCH_NONE + 1; !typed_size && kind < OP_CATCH_COUNT; kind++)
		offer(completions, word, op_catch_kind_name(kind));
}

/** The word of a setting's name that stands where @p typed (everything behind the command) ends. */
static void offer_settings(struct op_completions *completions, const char *typed, size_t typed_size,
			   const char *word)
{
	for (size_t i = 0; i < op_settings_count + op_path_settings_count; i++) {
		const char *name = i < op_settings_count
					   ? op_settings_table[i].name
					   : op_path_settings[i - op_settings_count].name;
		if (strncmp(name, typed, typed_size) != 0)
			continue;
		size_t size = strcspn(name + typed_size, " ");
		char *next = strndup(name + typed_size, size);
		bool known = false;
		for (size_t j = 0; next && j < completions->count && !known; j++)
			known = strcmp(completions->data[j], next) == 0;
		if (next && !known)
			offer(completions, word, next);
		free(next);
	}
}

/** The words in front of the one to complete. */
struct context {
	const struct op_command *command;
	const char *typed; /**< behind the command, up to the word */
	size_t typed_size;
};

static const struct op_command *find_quietly(const struct op_command *const *commands,
					     const char *word, size_t size)
{
	const struct op_command *found = NULL;
	struct op_error *err _cleanup_error_ = op_command_find(commands, "", word, size, &found);
	return err ? NULL : found;
}

/**
 * @return the table to complete from when the word is a command itself; else NULL, and the context
 * is filled.
 */
static const struct op_command *const *read_context(const char *line, size_t start,
						    struct context *ret)
{
	const struct op_command *const *table = op_commands;
	const char *pos = line;
	*ret = (struct context){0};
	for (;;) {
		while (isspace((unsigned char)*pos))
			pos++;
		if (pos >= line + start)
			return table;
		size_t size = strcspn(pos, " \t/");
		ret->command = find_quietly(table, pos, size);
		if (!ret->command)
			return NULL;
		pos += strcspn(pos, " \t");
		while (isspace((unsigned char)*pos) && pos < line + start)
			pos++;
		table = ret->command->subcommands;
		if (!table)
			break;
	}
	ret->typed = pos;
	ret->typed_size = pos < line + start ? (size_t)(line + start - pos) : 0;
	return NULL;
}

void op_complete(struct op_repl *repl, const char *line, size_t start, size_t end,
		 struct op_completions *ret)
{
	*ret = (struct op_completions){0};
	char *word _cleanup_free_ = strndup(line + start, end - start);
	if (!word)
		return;
	struct context context;
	const struct op_command *const *table = read_context(line, start, &context);
	if (table)
		offer_commands(ret, word, table);
	switch (table || !context.command ? OP_COMPLETE_NONE : context.command->complete) {
	case OP_COMPLETE_NONE:
		break;
	case OP_COMPLETE_FUNCTIONS:
		offer_functions(repl, ret, word);
		offer_source_functions(repl, ret, word);
		offer_source_files(repl, ret, word);
		drop_repeats(ret);
		break;
	case OP_COMPLETE_FILES:
		ret->files = true;
		break;
	case OP_COMPLETE_COMMANDS:
		offer_commands(ret, word, op_commands);
		break;
	case OP_COMPLETE_SETTINGS:
		offer_settings(ret, context.typed, context.typed_size, word);
		break;
	case OP_COMPLETE_LOCALS:
		offer_locals(repl, ret, word);
		drop_repeats(ret);
		break;
	case OP_COMPLETE_BREAKPOINTS:
		offer_breakpoints(repl, ret, word);
		break;
	case OP_COMPLETE_THREADS:
		offer_threads(repl, ret, word);
		break;
	case OP_COMPLETE_EVENTS:
		offer_events(ret, context.typed, context.typed_size, word);
		break;
	}
}
