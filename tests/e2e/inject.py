# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost under strace: which system calls it makes, and runs in which one of them fails.

strace follows no child but where it is told to, so that what outpost starts and its guardian are not touched, and counts calls
from outpost's own first: the dynamic loader's calls are counted, and never chosen. Knows what the kernel can answer; no session
and no target.
"""

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import harness
from harness import PROGRAM, WORK, Outcome, environment, wait_until

LIMIT = int(os.environ.get("OUTPOST_INJECT_LIMIT", harness.LIMIT))

# What each request of ptrace can fail with: ESRCH when the thread was killed or does not stand, the others for reasons of
# the kernel's (man 2 ptrace, ERRORS). Only PTRACE_SEIZE is refused for lack of a permission.
PTRACE = {"PTRACE_SEIZE": ("EPERM", "ESRCH"), "PTRACE_PEEKTEXT": ("EIO", "ESRCH"), "PTRACE_POKETEXT": ("EIO", "ESRCH")}
PTRACE_OTHERS = ("ESRCH", "EIO")
# The other calls; a number is a result. Reads cannot be made short: strace leaves the call out, and nothing would be in the
# buffer. (None is ever 0 but at an end.) brk is not among them: the kernel answers with a place and never an error, which
# the C library would take for a very high one. Nor is close: whatever it answers, the kernel has closed (man 2 close, NOTES).
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
    "getrandom": ("EAGAIN",),
    "fcntl": ("EMFILE",),
    "linkat": ("ENOENT", "ENOSPC"),
    "pidfd_open": ("EMFILE", "ENOSYS"),
    "timer_delete": ("EINVAL",),
    # The process without rights (tracer/apart).
    "socketpair": ("EMFILE",),
    "sendmsg": ("EINTR", "EPIPE", "ENOMEM"),
    "recvmsg": ("EINTR", "ECONNRESET", "ENOMEM"),
    "prctl": ("EPERM",),
    "seccomp": ("EINVAL", "ENOMEM"),
    "capset": ("EPERM",),
    "setgroups": ("EPERM",),
    "setresuid": ("EAGAIN",),
    "setresgid": ("EPERM",),
}
# From this call on, all of them: a filter of system calls, a full disk, a program that is out of memory.
LASTING = {"process_vm_readv": ("EPERM", "ENOSYS"), "pwrite64": ("EIO",), "write": ("ENOSPC",), "mmap": ("ENOMEM",),
           "openat": ("EMFILE",), "ptrace": ("ESRCH", "EIO")}


@dataclass
class Call:
    """One call of a run."""

    name: str
    index: int  # how manieth of that name
    text: str
    stack: list  # where it was made, innermost first, when strace was told to say so (-k)


@dataclass(frozen=True)
class Point:
    """One way in which one call of a run fails."""

    made: Call
    failure: str  # an error, a result, or a signal that comes with the call
    lasting: bool

    @property
    def call(self):
        return self.made.name

    @property
    def index(self):
        return self.made.index

    @property
    def text(self):
        return self.made.text

    def options(self):
        kind = "signal" if self.failure.startswith("SIG") else "error" if self.failure.startswith("E") else "retval"
        inject = f"inject={self.call}:{kind}={self.failure}:when={self.index}{'+' if self.lasting else ''}"
        # prctl, by which a process that has a name of its own is known.
        return [f"-etrace={self.call},prctl", "-e", inject]

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

    def __init__(self, completed, log, others):
        super().__init__(completed)
        self.log = log
        self.others = others  # how many calls of each name another of its processes made, at most

    def gist(self):
        """What it has said about what went wrong, in one line."""
        said = re.findall(r'"message":"((?:[^"\\]|\\.)*)"', self.out)
        return f"{self.status} {' | '.join([*said, *self.err.splitlines()])[:400]}"


def _end(process):
    """End strace and what it traces: without its tracer that would go on."""
    for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)


def _taken(log, child):
    """The text of strace's log; of those that it made for each process, the one with what the child is known by, and the others."""
    files = list(log.parent.glob(f"{log.name}.[0-9]*")) if child else [log]
    texts = [file.read_text(errors="replace") for file in files]
    for file in files:
        file.unlink()
    own = next((text for text in texts if not child or re.search(child, text)), "")
    others = Counter()
    for text in texts:
        if text is not own:
            others |= Counter(re.findall(r"^(\w+)\(", text, re.M))
    return own, others


def traced(arguments, options, heard=lambda line: None, child=None):
    """Run outpost to its end under strace; each line of its output is told while it runs.

    child: of the processes that outpost starts, by a call that it makes, the one whose calls are counted; the others' calls of
    the same numbers fail, too.
    """
    log = WORK / f"strace-{os.getpid()}.log"
    follow = ["-ff"] if child else []
    # With that strace is faster, and sends no signals.
    if child and not any(":signal=" in option for option in options):
        follow.append("--seccomp-bpf")
    command = ["strace", "-qq", *follow, "-s", "80", "-o", log, *options, _program(), *arguments]
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
    return Ended(completed, *_taken(log, child))


@contextlib.contextmanager
def followed(pid, options):
    """A process that runs already is under strace until its end, which comes with that of the block; the log is filled by then."""
    file, log = WORK / f"strace-{os.getpid()}.log", []
    command = ["strace", "-qq", "-s", "80", "-esignal=none", "-o", file, *options, "-p", str(pid)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        wait_until(lambda: f"TracerPid:\t{process.pid}\n" in Path(f"/proc/{pid}/status").read_text(), "strace follows")
        try:
            yield log
            process.wait(LIMIT)
        finally:
            if process.poll() is None:
                os.kill(pid, signal.SIGKILL)
    log.append(file.read_text(errors="replace"))
    file.unlink()


def calls(log, begin):
    """Each call from the first one on whose text fits."""
    counts, found, begun = {}, [], False
    for line in log.splitlines():
        if found and line.startswith(" > "):
            found[-1].stack.append(line[3:])
            continue
        name = re.match(r"(\w+)\(", line)
        if not name:
            continue
        counts[name[1]] = counts.get(name[1], 0) + 1
        begun = begun or (name[1] != "execve" and re.search(begin, line))
        if begun:
            found.append(Call(name[1], counts[name[1]], line, []))
    return found


def reached(log, point):
    """The call that has failed; None when the run has made too few."""
    return next((call for call in calls(log, "") if (call.name, call.index) == (point.call, point.index)), None)


def what(call):
    """What a call does, without what is another number each time: its request, its paths, how much it reads."""
    plain = re.sub(r'"(?:[^"\\]|\\.)*"', '""', call.text)
    if call.name in ("openat", "readlink", "newfstatat", "rename"):
        paths = re.findall(r'"(/[^"]*)', call.text)
        return call.name, *(re.sub(r"\d+|/tmp\w+", "N", path) for path in paths)
    if at := re.match(r"(?:read|write)\(\d+|p(?:read|write)64\(\d+, [^,]*, \d+", plain):
        return call.name, *re.findall(r"\b\d+\b", at[0])
    return call.name, *re.findall(r"^ptrace\(\w+|iov_len=\d+", plain if call.name == "process_vm_readv" else plain[:40])


def _failures(call):
    return PTRACE.get(call.text[7:].split(",")[0], PTRACE_OTHERS) if call.name == "ptrace" else FAILURES.get(call.name, ())


def points(made, sanitized, signals=("SIGKILL", "SIGINT")):
    """Every way in which one of the calls can fail."""
    found = []
    for call in made:
        # A sanitizer ends the program when it gets no memory for itself.
        if sanitized and call.name in ("mmap", "munmap", "mremap"):
            continue
        for lasting, failures in ((False, _failures(call)), (True, LASTING.get(call.name, ())), (False, signals)):
            if failures is not signals or call.name in ("ptrace", "pwrite64", "wait4"):
                found += [Point(call, failure, lasting) for failure in failures]
    return found
