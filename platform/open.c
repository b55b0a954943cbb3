// SPDX-License-Identifier: GPL-3.0-or-later
// Which implementation a process is of: this process's own, or that of the tracing process when
// outpost runs as two.
#include "platform/apart/apart.h"
#include "platform/linux/open.h"

struct op_error *op_process_open(int64_t pid, struct op_process **ret)
{
	return op_apart_is_confined() ? op_apart_open(pid, ret) : op_live_open(pid, ret);
}

struct op_error *op_process_launch(const struct op_launch_options *options, struct op_process **ret)
{
	return op_apart_is_confined() ? op_apart_launch(options, ret)
				      : op_live_launch(options, ret);
}
