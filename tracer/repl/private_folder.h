// SPDX-License-Identifier: GPL-3.0-or-later
// The folders of this user's that outpost keeps things in, and reads its configuration from (XDG
// Base Directory Specification). Knows nothing of what is in them.
#ifndef OP_TRACER_REPL_PRIVATE_FOLDER_H
#define OP_TRACER_REPL_PRIVATE_FOLDER_H

#include "base/error.h"

/**
 * The path of a file in the state folder, ~/.local/state/outpost. The folders above it are created,
 * for their owner alone, where they are missing.
 * @param[in] name "history", "allowed/…".
 * @param[out] ret free() it.
 * @return OP_ERROR_IO when there is no such folder: no home, or one that belongs to another user
 * (sudo keeps HOME).
 */
struct op_error *op_state_file(const char *name, char **ret);
/** The same in the folder of configuration, ~/.config/outpost; nothing is created, and nothing is
 * checked. */
struct op_error *op_config_file(const char *name, char **ret);

#endif
