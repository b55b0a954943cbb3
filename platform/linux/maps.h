// SPDX-License-Identifier: GPL-3.0-or-later
// /proc/PID/maps as mappings, without a process that is traced or looked at.
#ifndef OP_PLATFORM_LINUX_MAPS_H
#define OP_PLATFORM_LINUX_MAPS_H

#include "platform/platform.h"

/**
 * All mappings that such a file tells of; deinit them. None for a process whose leader has exited:
 * the file of one of its other threads has them.
 * @return 0 or an errno; EBADMSG when a line is no mapping.
 */
int op_maps_read(const char *path, struct op_mappings *ret);

#endif
