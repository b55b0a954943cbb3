// SPDX-License-Identifier: GPL-3.0-or-later
// The prompt; see prompt.h. readline's callback interface with ppoll(), so that no signal is lost
// between a check and a wait.
#include "tracer/repl/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/text.h"
#include "tracer/repl/completion.h"
#include "tracer/repl/interrupt.h"
#include "tracer/repl/private_folder.h"
#include "tracer/repl/terminal.h"

/** readline's callbacks carry no context; there is one terminal. */
static struct {
	struct op_repl *repl;
	char *line;
	bool done;
	char *history_path; /**< owned; NULL: there is nowhere to keep it */
	int new_entries;    /**< of this session */
	sigset_t mask;      /**< of signals, outside the prompt */
	struct op_completions completions;
	size_t next_completion;
} prompt;

static void on_line(char *line)
{
	prompt.line = line;
	prompt.done = true;
	rl_callback_handler_remove();
}

static char *next_completion(const char *text, int state)
{
	(void)text;
	if (state == 0)
		prompt.next_completion = 0;
	if (prompt.next_completion >= prompt.completions.count)
		return NULL;
	return strdup(prompt.completions.data[prompt.next_completion++]);
}

static char **on_complete(const char *text, int start, int end)
{
	op_completions_deinit(&prompt.completions);
	op_complete(prompt.repl, rl_line_buffer, (size_t)start, (size_t)end, &prompt.completions);
	rl_attempted_completion_over = !prompt.completions.files;
	if (prompt.completions.files)
		return NULL;
	// A line's number follows the colon behind a file.
	const struct op_completions *found = &prompt.completions;
	const char *only = found->count == 1 ? found->data[0] : "";
	size_t size = strlen(only);
	rl_completion_suppress_append = size && only[size - 1] == ':';
	return rl_completion_matches(text, next_completion);
}

/** The history file, created when it is missing; NULL when it cannot be. */
static char *history_file(void)
{
	char *path _cleanup_free_ = NULL;
	struct op_error *err _cleanup_error_ = op_state_file("history", &path);
	if (err)
		return NULL;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return NULL;
	bool good = fchmod(fd, 0600) == 0;
	close(fd);
	return good ? op_take(path) : NULL;
}

void op_prompt_history_limit(unsigned size)
{
	if (size)
		stifle_history((int)size);
	else
		unstifle_history();
}

// Ctrl-^, which does nothing.
enum { NO_KEY = 0x1e };

static int ignore_key(int count, int key)
{
	(void)count;
	(void)key;
	return 0;
}

// Ctrl-C makes the terminal forget what was typed, even what ppoll() has told of already.
static int read_key(FILE *stream)
{
	unsigned char key;
	ssize_t count = op_interrupt_read(fileno(stream), &key, 1, &prompt.mask);
	return count == 1 ? key : count < 0 && errno == EINTR ? NO_KEY : EOF;
}

void op_prompt_open(struct op_repl *repl)
{
	prompt.repl = repl;
	op_terminal_keep(STDIN_FILENO);
	rl_readline_name = "outpost";
	rl_catch_signals = 0;
	rl_getc_function = read_key;
	rl_bind_key(NO_KEY, ignore_key);
	rl_attempted_completion_function = on_complete;
	rl_basic_word_break_characters = " \t\n";
	rl_completer_word_break_characters = " \t\n";
	using_history();
	prompt.history_path = history_file();
	if (prompt.history_path)
		read_history(prompt.history_path);
	op_prompt_history_limit(repl->settings.history_size);
	repl->prompt_open = true;
}

void op_prompt_close(struct op_repl *repl)
{
	rl_callback_handler_remove();
	// Appended, not rewritten: sessions that run side by side keep each other's lines.
	if (prompt.history_path && prompt.new_entries) {
		append_history(prompt.new_entries, prompt.history_path);
		if (repl->settings.history_size)
			history_truncate_file(prompt.history_path,
					      (int)repl->settings.history_size);
		chmod(prompt.history_path, 0600);
	}
	free(op_take(prompt.history_path));
	op_completions_deinit(&prompt.completions);
	prompt.repl = NULL;
	repl->prompt_open = false;
}

static void keep_in_history(const char *line)
{
	HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;
	if (!line[strspn(line, " \t")] || (last && strcmp(last->line, line) == 0))
		return;
	add_history(line);
	prompt.new_entries++;
}

static void drop_line(void)
{
	rl_callback_sigcleanup();
	rl_replace_line("", 0);
	rl_crlf();
	rl_on_new_line();
	rl_redisplay();
}

// Told above the line that is being typed.
static void notice_end(struct op_repl *repl)
{
	if (!op_session_is_dying(repl->session))
		return;
	printf("\n");
	op_repl_notice_end(repl);
	rl_on_new_line();
	rl_redisplay();
}

char *op_prompt_read(struct op_repl *repl, enum op_prompt_kind kind)
{
	// \001 and \002 tell readline which characters take no room.
	const char *text = kind == OP_PROMPT_MORE ? ">"
			   : repl->out.color      ? "\001\033[1m\002(outpost)\001\033[m\002 "
						  : "(outpost) ";
	op_interrupt_block(&prompt.mask);
	prompt.line = NULL;
	prompt.done = false;
	rl_callback_handler_install(text, on_line);
	while (!prompt.done && !op_interrupt_ending()) {
		struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
		bool stopped = op_session_state(repl->session) == OP_SESSION_STOPPED;
		int ready = ppoll(&input, 1, stopped ? &op_repl_look_interval : NULL, &prompt.mask);
		if (ready > 0)
			rl_callback_read_char();
		else if (!ready)
			notice_end(repl);
		else if (ready < 0 && errno != EINTR)
			break;
		if (op_interrupt_take())
			drop_line();
	}
	if (!prompt.done)
		rl_callback_handler_remove();
	sigprocmask(SIG_SETMASK, &prompt.mask, NULL);
	if (prompt.line)
		keep_in_history(prompt.line);
	else if (!op_interrupt_ending())
		putchar('\n');
	return prompt.line;
}

/** One line from the terminal without line editing; false at its end and after Ctrl-C. */
static bool read_answer(char *buffer, size_t size)
{
	fflush(stdout);
	ssize_t count = read(STDIN_FILENO, buffer, size - 1);
	if (count <= 0)
		return false;
	buffer[count] = '\0';
	return true;
}

bool op_prompt_ask(const char *question)
{
	char answer[80];
	for (;;) {
		printf("%s (y or n) ", question);
		if (!read_answer(answer, sizeof(answer))) {
			putchar('\n');
			return false;
		}
		if (answer[0] == 'y' || answer[0] == 'Y')
			return true;
		if (answer[0] == 'n' || answer[0] == 'N')
			return false;
	}
}

bool op_prompt_page(void *context)
{
	(void)context;
	char answer[80];
	printf("--Return for more, q for no more--");
	return read_answer(answer, sizeof(answer)) && answer[0] != 'q' && answer[0] != 'Q';
}

const char *op_prompt_history(unsigned index)
{
	HIST_ENTRY *entry =
		index < (unsigned)history_length ? history_get(history_base + (int)index) : NULL;
	return entry ? entry->line : NULL;
}
