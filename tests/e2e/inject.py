# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost under strace: which system calls it makes, and runs in which one of them fails.

strace follows no child, so that what outpost starts and its guardian are not touched, and counts calls from outpost's own
first: the dynamic loader's calls are counted, and never chosen. Knows what the kernel can answer; no session and no target.
"""

import os
import re
import signal
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

import harness
from harness import PROGRAM, WORK, Outcome, environment

LIMIT = int(os.environ.get("OUTPOST_INJECT_LIMIT", harness.LIMIT))

# What each request of ptrace can fail with: ESRCH when the thread was killed or does not stand, the others for reasons of
# the kernel's (man 2 ptrace, ERRORS). Only PTRACE_SEIZE is refused for lack of a permission.
PTRACE = {"PTRACE_SEIZE": ("EPERM", "ESRCH"), "PTRACE_PEEKTEXT": ("EIO", "ESRCH"), "PTRACE_POKETEXT": ("EIO", "ESRCH")}
PTRACE_OTHERS = ("ESRCH", "EIO")
# The other calls; a number is a result. Reads cannot be made short: strace leaves the call out, and nothing would be in the
# buffer. (None is ever 0 but at an end.)
FAILURES = {
    "process_vm_readv": ("EFAULT", "ESRCH", "EPERM", "ENOMEM"),
    "pread64": ("EIO", "EINTR"),
    "pwrite64": ("EIO", "EINTR", "ENOSPC", "0"),
    "read": ("EIO", "ESRCH", "EINTR", "ENOMEM"),
    "write": ("ENOSPC", "EINTR", "EIO"),
    "openat": ("EMFILE", "ENOENT", "EACCES", "ENOMEM"),
    "getdents64": ("ENOENT", "ENOMEM"),
    "newfstatat": ("ENOMEM", "EACCES"),
    "readlink": ("EACCES",),
    "lseek": ("EINVAL",),
    "mmap": ("ENOMEM",),
    "munmap": ("ENOMEM",),
    "mremap": ("ENOMEM",),
    "wait4": ("EINTR",),
    "waitid": ("EINTR",),
    "clone": ("EAGAIN", "ENOMEM"),
    "pipe2": ("EMFILE",),
    "timer_create": ("EAGAIN",),
    "timer_settime": ("EINVAL",),
    "rt_sigaction": ("EINVAL",),
    "memfd_create": ("EMFILE", "ENOMEM"),
    "ftruncate": ("ENOSPC", "EINTR"),
    "fallocate": ("ENOSPC",),
    "fsync": ("EIO",),
    "rename": ("ENOSPC",),
    "kill": ("ESRCH", "EPERM"),
    "tgkill": ("ESRCH", "EAGAIN"),
    "rt_tgsigqueueinfo": ("EAGAIN", "EPERM"),
    "kcmp": ("ENOSYS",),
}
# From this call on, all of them: a filter of system calls, a full disk, a program that is out of memory.
LASTING = {"process_vm_readv": ("EPERM", "ENOSYS"), "pwrite64": ("EIO",), "write": ("ENOSPC",), "mmap": ("ENOMEM",),
           "openat": ("EMFILE",), "ptrace": ("ESRCH", "EIO")}


@dataclass(frozen=True)
class Point:
    """One way in which one call of a run fails."""

    call: str
    index: int
    failure: str  # an error, a result, or a signal that comes with the call
    lasting: bool
    text: str  # the call as strace has shown it

    def options(self):
        kind = "signal" if self.failure.startswith("SIG") else "error" if self.failure.startswith("E") else "retval"
        return ["-e", f"inject={self.call}:{kind}={self.failure}:when={self.index}{'+' if self.lasting else ''}"]

    def __str__(self):
        return f"{self.call} {self.index}{'+' if self.lasting else ''} {self.failure}: {self.text[:100]}"


def _program():
    """The program itself: beside what libtool leaves there is a shell script."""
    built = Path(PROGRAM).parent / ".libs" / "outpost"
    return built if built.exists() else PROGRAM


def _environment():
    # LeakSanitizer is a tracer itself, and outpost has one.
    libraries = f"{Path(PROGRAM).parent / '.libs'}:{os.environ.get('LD_LIBRARY_PATH', '')}"
    return dict(environment(), LD_LIBRARY_PATH=libraries, ASAN_OPTIONS="detect_leaks=0")


class Ended(Outcome):
    """How a run of outpost under strace ended, and the log."""

    def __init__(self, completed, log):
        super().__init__(completed)
        self.log = log.read_text(errors="replace")
        log.unlink()
        self.injected = "(INJECTED)" in self.log

    def gist(self):
        """What it has said about what went wrong, in one line."""
        said = re.findall(r'"message":"((?:[^"\\]|\\.)*)"', self.out)
        return f"{self.status} {' | '.join([*said, *self.err.splitlines()])[:400]}"


def _end(process):
    """End strace and what it traces: without its tracer that would go on."""
    for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)


def traced(arguments, options, heard=lambda line: None):
    """Run outpost to its end under strace; each line of its output is told while it runs."""
    log = WORK / f"strace-{os.getpid()}.log"
    command = ["strace", "-qq", "-s", "80", "-o", log, *options, _program(), *arguments]
    with open(f"{log}.err", "w+") as errors, \
            subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=errors, text=True, env=_environment()) as process:
        hung = []
        limit = threading.Timer(LIMIT, lambda: (hung.append(True), _end(process)))
        limit.start()
        out = []
        for line in process.stdout:
            out.append(line)
            heard(line)
        process.wait()
        limit.cancel()
        errors.seek(0)
        completed = subprocess.CompletedProcess(command, "hung" if hung else process.returncode, "".join(out), errors.read())
    os.unlink(f"{log}.err")
    return Ended(completed, log)


def calls(log, begin):
    """(name, how manieth of that name, text) of each call from the first one on whose text fits."""
    counts, found, begun = {}, [], False
    for line in log.splitlines():
        name = re.match(r"(\w+)\(", line)
        if not name:
            continue
        counts[name[1]] = counts.get(name[1], 0) + 1
        begun = begun or (name[1] != "execve" and re.search(begin, line))
        if begun:
            found.append((name[1], counts[name[1]], line))
    return found


def _failures(name, text):
    if name != "ptrace":
        return FAILURES.get(name, ())
    request = re.match(r"ptrace\((\w+)", text)
    return PTRACE.get(request[1] if request else "", PTRACE_OTHERS)


def points(log, begin, signals=("SIGKILL", "SIGINT")):
    """Every way in which one of the calls of a run can fail."""
    found, sanitized = [], "libasan" in log
    for name, index, text in calls(log, begin):
        # A sanitizer ends the program when it gets no memory for itself.
        if sanitized and name in ("mmap", "munmap", "mremap"):
            continue
        for lasting, failures in ((False, _failures(name, text)), (True, LASTING.get(name, ())), (False, signals)):
            if failures is not signals or name in ("ptrace", "pwrite64", "wait4"):
                found += [Point(name, index, failure, lasting, text) for failure in failures]
    return found
