# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of outpost in which a system call failed must be like: right or with a reason, and its target as it was.

Knows documents and processes; nothing of how a call is made to fail.
"""

from harness import wait_until

# What is not 0 or empty when something could not be had.
ADMITS = ("incomplete", "remarks", "unread", "omitted", "missing_threads", "no_copy_reason")

# Wasmtime's NOP in a patch slot, and what is there when outpost has died.
SLOT, HARMLESS = bytes.fromhex("0f1f440000"), bytes.fromhex("900f1f4000")


class Wrong(AssertionError):
    """outpost did what it must never do."""


def told(document):
    """Does it say itself that something is wrong or missing, and what?"""
    if isinstance(document, dict):
        return (document.get("ok") is False or document.get("event") == "notice" or {"reason", "message"} <= set(document)
                or any(document.get(key) for key in ADMITS) or any(told(part) for part in document.values()))
    return isinstance(document, list) and any(told(part) for part in document)


# Where a module's bytes are not to be had, a function begins at its first instruction that has a position.
PLACES = ("pc", "host_pc")


def less(value, whole):
    """The same with nothing in place of some parts, or with another place in the same function."""
    if isinstance(value, dict) and isinstance(whole, dict):
        return all(key in PLACES or less(part, whole.get(key)) for key, part in value.items())
    if isinstance(value, list) and isinstance(whole, list):
        return len(value) <= len(whole) and all(less(*parts) for parts in zip(value, whole))
    return value is None or value == whole


def kind(document):
    return document.get("command"), document.get("event"), document.get("reason")


def judge(outcome, point, got, clean):
    """What came of a run: "right", "told" (it says what is missing), "error", or "killed" where that was wanted."""
    if outcome.status == "hung":
        raise Wrong("outpost hung")
    if "Sanitizer" in outcome.err or "runtime error:" in outcome.err:
        raise Wrong("a sanitizer's report")
    if point.failure == "SIGKILL" and (outcome.status == -9 or "the tracing process of the sandbox has ended" in outcome.out):
        return "killed"
    # 130: by SIGINT, as shells have it.
    if outcome.status not in (0, 1, 130):
        raise Wrong(f"outpost ended with {outcome.status}")
    # Where nothing can be written any more, nothing can be said.
    mute = point.call == "write" and point.lasting
    said = bool(outcome.err.strip()) or mute or point.failure == "SIGINT"
    # An interrupted command leads elsewhere, and the next ones with it.
    if point.failure != "SIGINT":
        said = compare(got, clean, said, outcome.status == 0)
    if outcome.status == 0:
        return "told" if said else "right"
    if not said:
        raise Wrong(f"status {outcome.status} without a word")
    return "error"


def compare(got, clean, said, success):
    """Each document is one of the undisturbed run, in its order, or says why not; whether anything was said."""
    rest = list(clean)
    for document in got:
        if document in rest:
            at = rest.index(document)
            if at and not said:
                raise Wrong(f"documents are missing, and nothing said so before: {rest[:at]}")
            rest = rest[at + 1:]
        elif told(document):
            said = True
            if rest and kind(rest[0]) == kind(document):
                rest.pop(0)
        elif said and rest and less(document, rest[0]):
            rest.pop(0)
        elif said and document.get("command") == "kill" and not success:
            continue  # the end of a program that was started, and did not come to its own
        else:
            raise Wrong(f"a document that is another one, and does not say why:\n{document}\ninstead of\n{rest[:1]}")
    if rest and success:
        raise Wrong(f"documents are missing, and the status is 0: {rest}")
    return said


class State:
    """What of a guest must be the same before and after."""

    def __init__(self, guest):
        self.guest = guest
        self.images, self.executable, self.caught = guest.code()

    def changed(self):
        """Images that are not what they were: their bytes before and now."""
        with open(f"/proc/{self.guest.pid}/mem", "rb", buffering=0) as memory:
            for address, before in self.images.items():
                memory.seek(address)
                now = memory.read(len(before))
                if now != before:
                    yield before, now

    def traps(self):
        return any(n == 0xCC != b for before, now in self.changed() for b, n in zip(before, now))

    def other_code(self):
        """Are there other instructions? A slot that the guardian made harmless is as good as it was."""
        return any(before.replace(HARMLESS, SLOT) != now.replace(HARMLESS, SLOT) for before, now in self.changed())

    def left(self):
        """What there is that was not there before."""
        before = set(self.executable)
        left = [m for m in self.guest.mappings() if "x" in m[2] and m not in before]
        if any(self.changed()):
            left.append("other code")
        if self.guest.status("SigCgt") != self.caught:
            left.append("a signal handler")
        return left

    def free(self):
        """No thread is traced, or stopped by anybody."""
        if self.guest.state() in "Zg":
            return True
        return self.guest.status("TracerPid") == "0" and not set(self.guest.thread_states().values()) & {"t", "T"}

    def check(self, result):
        """After a run with this result. @return whether the next outpost has something to take away."""
        wait_until(self.free, "the target is free")
        if result == "killed":
            # The guardian needs a moment.
            wait_until(lambda: not self.traps(), "no trap is left in the code")
        elif self.other_code() or (result in ("right", "told") and any(self.changed())):
            raise Wrong(f"the code is not what it was, after a run that was {result}")
        left = self.left()
        if left and result == "right":
            raise Wrong(f"{left} is left, and nothing was said")
        return bool(left)
