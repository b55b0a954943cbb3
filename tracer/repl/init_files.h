// SPDX-License-Identifier: GPL-3.0-or-later
// Files of commands that are read at the start: the user's own, and that of the current folder.
#ifndef OP_TRACER_REPL_INIT_FILES_H
#define OP_TRACER_REPL_INIT_FILES_H

#include "tracer/repl/repl.h"

/** What the folder's is called. */
#define OP_INIT_FILE_OF_FOLDER ".outpostrc"

/** Run ~/.config/outpost/outpostrc, before there is a target. What is wrong with it is told;
 * nothing ends for it. */
void op_init_files_run_own(struct op_repl *repl);
/** Run the current folder's, when the target is there: if it was allowed. */
void op_init_files_run_folder(struct op_repl *repl);

#endif
