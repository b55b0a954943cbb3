// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel tells of mappings beyond their addresses and names: whether they have pages, and
// whether the program wants them in no core file.
#ifndef OP_PLATFORM_LINUX_CORE_DETAILS_H
#define OP_PLATFORM_LINUX_CORE_DETAILS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/array.h"
#include "base/error.h"

/** What /proc/PID/smaps says of a mapping (man 5 proc). */
struct op_core_details {
	uint64_t start, end;
	uint64_t present; /**< bytes in memory */
	bool resident;    /**< it has pages, in memory or swapped out */
	bool has_own;     /**< ... that are of no file */
	bool forbidden;   /**< a device's, or the program wants it in no core file or no copy */
};
struct op_core_details_list OP_ARRAY(struct op_core_details);

/**
 * @param[in] is_copy a child by fork: memory that the program wants wiped in one is forbidden.
 * @return OP_ERROR_PROCESS_GONE. @p ret is the caller's to free in any case.
 */
struct op_error *op_core_details_read(pid_t id, bool is_copy, struct op_core_details_list *ret);
/** That of the mapping at @p start, by a @p next that begins at 0: both ascend. NULL: none. */
const struct op_core_details *op_core_details_at(const struct op_core_details_list *list,
						 size_t *next, uint64_t start);

#endif
