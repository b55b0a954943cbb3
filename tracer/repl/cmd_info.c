// SPDX-License-Identifier: GPL-3.0-or-later
// info: the commands of two words that show the state of the target.
#include "tracer/repl/repl.h"

#define ROW(name) &op_info_##name,
static const struct op_command *const subcommands[] = {OP_INFO_LIST(ROW) NULL};

const struct op_command op_cmd_info = {
	.name = "info",
	.aliases = OP_ALIASES("i"),
	.group = OP_GROUP_DATA,
	.args = "WHAT",
	.help = "Show something about the program; \"help info\" lists what there is.",
	.subcommands = subcommands,
};
