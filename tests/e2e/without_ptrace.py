# SPDX-License-Identifier: GPL-3.0-or-later
"""without_ptrace.py COMMAND...: run it where the system answers each ptrace() with EPERM, as containers' seccomp filters do."""

import ctypes
import os
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SYS_PTRACE, EPERM = 101, 1
# <linux/filter.h>: code, jump if true, jump if false, value. The call's number is at 0 of struct seccomp_data.
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
PROGRAM = [(LOAD, 0, 0, 0), (JUMP_EQUAL, 0, 1, SYS_PTRACE), (RETURN, 0, 0, ERRNO | EPERM), (RETURN, 0, 0, ALLOW)]

libc = ctypes.CDLL(None, use_errno=True)
code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *instruction) for instruction in PROGRAM))
filter_ = struct.pack("<HxxxxxxQ", len(PROGRAM), ctypes.addressof(code))
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_, 0, 0):
    sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[1], sys.argv[1:])
