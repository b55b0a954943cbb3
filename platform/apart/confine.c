// SPDX-License-Identifier: GPL-3.0-or-later
// The user and the capabilities of the decoding process. man 7 capabilities, man 2 prctl.
#include "platform/apart/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct op_error *cannot(const char *what)
{
	return op_error_system(OP_ERROR_SYSTEM, errno,
			       "cannot make the sandbox: the decoding process cannot %s", what);
}

/** Also those of a root that stays root, and of a program with capabilities of its own. */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	return syscall(SYS_capset, &head, none) == 0;
}

struct op_error *op_confine_rights(const struct op_confine_user *user)
{
	if (user->change &&
	    (setgroups(0, NULL) || setresgid(user->group, user->group, user->group) ||
	     setresuid(user->user, user->user, user->user)))
		return cannot("change its user");
	if (!drop_capabilities())
		return cannot("give up its capabilities");
	// No file that is executed gives rights back; without it the filter needs a capability.
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return cannot("give up the way to new rights");
	// The target's user must not take it over, nor read what it has read.
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return cannot("hide its memory from others");
	return NULL;
}
