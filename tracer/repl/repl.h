// SPDX-License-Identifier: GPL-3.0-or-later
// The state of a conversation with the debugger: the session, the output, the settings, what was
// typed last. Commands get it.
// Builds on tracer/outpost.h only.
#ifndef OP_TRACER_REPL_REPL_H
#define OP_TRACER_REPL_REPL_H

#include "tracer/outpost.h"
#include "tracer/repl/arguments.h"
#include "tracer/repl/command.h"
#include "tracer/repl/displays.h"
#include "tracer/repl/settings.h"
#include "tracer/report/event.h"
#include "tracer/report/output.h"

/** What x used last: an `x` without a format, an address or after an empty line goes on with it. */
struct op_examine_state {
	char letter;
	unsigned unit;
	uint64_t count;
	uint32_t memory;
	uint64_t next;
	bool valid;
};

/** Where list stands. */
struct op_list_state {
	char *file;           /**< as the session shows it; owned; NULL: instructions are listed */
	uint32_t first, last; /**< lines that were shown */
	uint32_t module_id, function, next_pc;
	bool valid;
};
/** Begin anew at the selected frame. */
void op_list_state_forget(struct op_list_state *state);

/** The frame of the last stop, to see whether a step has left it. */
struct op_stop_state {
	int64_t thread;
	uint32_t module_id, function_index;
	uint64_t fp;
	uint64_t body;       /**< op_frame_source.body */
	uint32_t breakpoint; /**< 0: it was none */
	bool valid;
};

/**
 * Where lines come from. A command that is more than one line (commands) takes the next ones from
 * where its first one came from.
 */
struct op_line_source {
	/** The next line, the caller's to free(); NULL when there is none. */
	char *(*next)(struct op_line_source *source);
	struct op_line_source *outer;
};

/** Lines of breakpoints whose stop was shown: to be run (breakpoint_commands.h). */
struct op_due_lines {
	char **data; /**< owned, as the lines */
	size_t count;
	size_t capacity;
	bool running;
};

struct op_repl {
	struct op_session *session; /**< owned */
	struct op_output out;
	struct op_settings settings;
	bool interactive; /**< a person sits at a terminal: questions can be asked */
	bool quiet;
	bool no_color; /**< NO_COLOR is set, the terminal is dumb, or there is none */
	bool launched; /**< the target was started by outpost */
	bool quit;
	bool prompt_open;
	int64_t pid;         /**< of the last target */
	char **argv;         /**< owned; of the last run; NULL: none */
	char *last_line;     /**< owned; what an empty line runs again; NULL: nothing */
	char *unread_source; /**< owned; why a source file could not be read, as told last */
	bool repeating;
	unsigned source_depth;
	struct op_line_source *lines; /**< innermost; NULL: none */
	struct op_due_lines due;
	uint64_t resumes;     /**< how often the target was let run */
	bool by_instructions; /**< the last time by stepi or nexti: a stop shows the instruction */
	/** what the last command that set breakpoints has set; 0: there was none */
	uint32_t first_set, last_set;
	struct op_examine_state examine;
	struct op_list_state list;
	struct op_stop_state stop;
	struct op_display_list displays;
};

/** Create the session and set everything to its defaults. */
struct op_error *op_repl_init(struct op_repl *repl, FILE *stream, FILE *errors);
void op_repl_deinit(struct op_repl *repl);
/** Put changed settings into effect. */
void op_repl_apply_settings(struct op_repl *repl);

/**
 * Run one line. JSON: its document is written, also when it fails. Text: the caller shows the
 * error (op_output_error).
 * An empty line does nothing.
 */
struct op_error *op_repl_run_line(struct op_repl *repl, const char *line);
/** Run one line and show its error. @return false when it failed. */
bool op_repl_execute(struct op_repl *repl, const char *line);
/**
 * Run what a command is about: begins and ends its document. For front-end modes that do what a
 * command does.
 */
struct op_error *op_repl_run_command(struct op_repl *repl, const char *name,
				     const struct op_call *call);
/** Run a file of commands up to the first that fails. */
struct op_error *op_repl_source(struct op_repl *repl, const char *path);
/** The same for one that is open already. @param[in] path for errors. */
struct op_error *op_repl_source_stream(struct op_repl *repl, FILE *stream, const char *path);
/** The next line of where the running one came from, free() it; NULL at its end. */
char *op_repl_next_line(struct op_repl *repl);
/** Read lines from @p stream until its end or quit. @return false when one failed. */
bool op_repl_read_stream(struct op_repl *repl, FILE *stream);

/** OP_ERROR_INTERRUPTED after Ctrl-C; long loops ask it. */
struct op_error *op_repl_check_interrupt(struct op_repl *repl);
/** Ask a person; true when nobody is there or `confirm` is off. */
bool op_repl_confirm(struct op_repl *repl, const char *question);
/** A command's text, as it is. */
void op_repl_say(struct op_repl *repl, const char *text);

// Processes and running (run_control.c)
// --------------------------------------------------------------------------------

/** Attach and report the stop. */
struct op_error *op_repl_attach(struct op_repl *repl, int64_t pid);
/** Open a core file and report how it ended. */
struct op_error *op_repl_open_core(struct op_repl *repl, const char *path,
				   const struct op_core_open_options *options);
/** Launch repl->argv and report where it stopped. */
struct op_error *op_repl_launch(struct op_repl *repl);
/** Let it run, report the events, return at the next stop. */
struct op_error *op_repl_resume(struct op_repl *repl, enum op_run_kind kind, uint64_t count);
/** The same for op_session_run_to(). */
struct op_error *op_repl_resume_to(struct op_repl *repl, const char *place, bool any_frame);
/** What follows does with the events: for modes that wait on their own. */
struct op_error *op_repl_report_event(struct op_repl *repl, const struct op_event *event);
struct op_error *op_repl_detach(struct op_repl *repl);
/** Tell of the end of a stopped program that somebody has killed. @return whether there was one. */
bool op_repl_notice_end(struct op_repl *repl);
/** How often that is looked for while nobody types anything. */
extern const struct timespec op_repl_look_interval;
struct op_error *op_repl_kill(struct op_repl *repl);
/** At the end: detach from what was attached to, kill what was launched; said in a line. */
struct op_error *op_repl_leave(struct op_repl *repl);
/** JSON: the member "state" of a result. */
void op_repl_state_result(struct op_repl *repl);

// Frames (fetch.c) ----------------------------------------------------------------------------
// ---------------------

/** A frame with its variables fetched. The texts in a view's reasons live here. */
struct op_fetched_frame {
	struct op_frame_view view;
	struct op_error *locals_error;   /**< owned */
	struct op_error *operands_error; /**< owned */
};
void op_fetched_frame_deinit(struct op_fetched_frame *fetched);
#define _cleanup_fetched_ _cleanup_(op_fetched_frame_deinit)
/** ARGUMENTS: those of the guest's language; Wasm's locals where nothing is known of them. */
enum { OP_FETCH_LOCALS = 1, OP_FETCH_OPERANDS = 2, OP_FETCH_ARGUMENTS = 4 };
/**
 * Fetch a frame's variables. What cannot be had is a reason in the view; only a target that is
 * gone, an interrupt or lack of memory fail.
 * The view holds until the next frame is fetched.
 */
struct op_error *op_repl_fetch_frame(struct op_repl *repl, const struct op_frame *frame,
				     unsigned what, struct op_fetched_frame *ret);
/** The same, one by one (fetch_source.c): where the frame is in the guest's source; the arguments
 * of its body there, which hold until the next are fetched; the text of its line. */
struct op_error *op_repl_fetch_source(struct op_repl *repl, const struct op_frame *frame,
				      struct op_frame_view *view);
struct op_error *op_repl_fetch_arguments(struct op_repl *repl, const struct op_frame *frame,
					 struct op_frame_view *view);
struct op_error *op_repl_fetch_text(struct op_repl *repl, struct op_frame_view *view);
/** A row of a list of threads (text), or a thread's object. */
struct op_error *op_repl_report_thread(struct op_repl *repl,
				       const struct op_thread_summary *thread);
/** What a frame's line shows in the face that is on: parameters in text; everything in JSON. */
unsigned op_repl_frame_parts(const struct op_repl *repl);
/**
 * The text of the instruction at the frame's pc; NULL when it is not known. Borrowed from the
 * session.
 */
const char *op_repl_frame_instruction(struct op_repl *repl, const struct op_frame *frame);
/** Report the selected frame with its source line, or its instruction. */
struct op_error *op_repl_report_selected(struct op_repl *repl);
/**
 * The selected frame with whole operands: a thread inside an instruction is carried to the next
 * one first, and told if that could not be.
 */
struct op_error *op_repl_settled_frame(struct op_repl *repl, const struct op_frame **ret);
/**
 * The selected frame, NULL when there is none: for what works without one too. Why one that may be
 * there could not be found is told.
 */
const struct op_frame *op_repl_frame_or_null(struct op_repl *repl);
/** Evaluate in the selected frame, or without one. All evaluation goes through here. */
struct op_error *op_repl_evaluate(struct op_repl *repl, const char *expression,
				  struct op_result *ret);
/** The same for what is no value of its own: it is not kept in the history. */
struct op_error *op_repl_evaluate_once(struct op_repl *repl, const char *expression,
				       struct op_result *ret);
/** Evaluate an address or a length. */
struct op_error *op_repl_address(struct op_repl *repl, const char *expression, uint64_t *ret);
/** The same, and how large the floating-point numbers are that it leads to; 0: to none. */
struct op_error *op_repl_address_of_floats(struct op_repl *repl, const char *expression,
					   uint64_t *ret, unsigned *ret_size);
/** Show which stack is selected, and its frame if it has one. */
struct op_error *op_repl_report_stack(struct op_repl *repl);
/** A breakpoint, or something that is numbered like one, was set: say so; $bpnum is its number. */
void op_repl_report_set(struct op_repl *repl, const struct op_breakpoint *breakpoint);

/** How much of an object is shown: all that the settings allow, or what fits beside others. */
enum op_expand_width { OP_EXPAND_FULL, OP_EXPAND_LINE };
struct op_expand_limits op_repl_expand_limits(const struct op_repl *repl,
					      enum op_expand_width width);
/** The same for values of the guest's language. @param[in] format of numbers, as print/x; 0: none.
 */
struct op_source_limits op_repl_source_limits(const struct op_repl *repl, char format);
/**
 * Say what the references in a view of variables lead to: view->details.
 * @param[out] ret as many texts as there are variables, of the face that is on; free with
 * op_repl_details_free().
 */
struct op_error *op_repl_fetch_details(struct op_repl *repl, const struct op_frame *frame,
				       struct op_variables_view *view, char ***ret);
/**
 * What a catchpoint's exception is, of the face that is on; free() it. NULL when the event has
 * none, or it cannot be told.
 */
struct op_error *op_repl_fetch_exception(struct op_repl *repl, const struct op_event *event,
					 char **ret);
void op_repl_details_free(char **details, size_t count);

// Functions (lookup.c)
// -------------------------------------------------------------------------------------------------

/** The end of a line that says that nothing has a name like a shell pattern ("": any): what that
 * may have been meant for. */
void op_repl_end_unmatched(struct op_repl *repl, const char *pattern);
/** A function that a person named. */
struct op_named_function {
	uint32_t module_id, index;
	uint32_t pc, end_pc;
	char name[256]; /**< escaped, may be cut */
	char module[256];
};
/**
 * NAME, function[N], #N, each with MODULE! in front if wanted. The selected frame's module is
 * preferred; otherwise the name must be unique.
 */
struct op_error *op_repl_find_function(struct op_repl *repl, const char *spec,
				       struct op_named_function *ret);
/** The function of the selected frame. */
struct op_error *op_repl_frame_function(struct op_repl *repl, struct op_named_function *ret);
/** The module by id, NULL when it is gone. Borrowed. */
const struct op_module *op_repl_module(struct op_repl *repl, uint32_t id);

#endif
