// SPDX-License-Identifier: GPL-3.0-or-later
// Opening a file that is only read. One can be opened ahead, while there is the right to; whoever
// opens it later gets that. Knows nothing of what is in it.
#ifndef OP_BASE_INPUT_FILE_H
#define OP_BASE_INPUT_FILE_H

#include <stdbool.h>

/** Open @p path now, for every later op_input_file_open() of the same path. @return false with
 * errno. */
bool op_input_file_keep(const char *path);
/**
 * Open a file for reading; the caller closes it. A FIFO does not make outpost wait, a terminal does
 * not become its own. @return -1 with errno.
 */
int op_input_file_open(const char *path);

#endif
