# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold of a program that outpost has left, by death or by detaching. Knows the kernel's files, not outpost's insides."""

from pathlib import Path

from harness import outpost, script, wait_until, Documents
from leftovers import HANDLER, STUBS, differences, is_empty, pages, traps


class Before:
    """A target as it was when outpost had not come yet."""

    def __init__(self, target):
        self.target = target
        self.images, self.executable, self.caught = target.code()
        self.server = target.KIND.startswith("server")

    def wrong_code(self):
        """Where an image that was there before is not what it was. A server's may have gone, and come again."""
        now = self.target.images()
        return [(hex(base), differences(image, now[base])) for base, image in self.images.items()
                if base in now and now[base] != image]

    def assert_free(self):
        """Nobody traces it, no thread stands still for a tracer or a signal."""
        for thread in self.target.threads():
            try:
                status = Path(f"/proc/{self.target.pid}/task/{thread}/status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
            if fields["TracerPid"] != "0" or fields["State"][0] in "tT":
                raise AssertionError(f"thread {thread} is {fields['State']}, traced by {fields['TracerPid']}")

    def assert_survived(self):
        """After a death: no trap where there was none, and it goes on."""
        self.assert_free()
        left = traps(self.target, self.images)
        if left:
            raise AssertionError(f"{left} traps are in the code: {self.wrong_code()}")
        self.target.goes_on()

    def assert_same(self):
        """After a detach: byte for byte, no page of outpost's, the program's own handlers."""
        self.assert_free()
        wrong = self.wrong_code()
        if wrong:
            raise AssertionError(f"the code is not what it was: {wrong}")
        stubs, handlers = pages(self.target, STUBS), pages(self.target, HANDLER)
        if stubs or handlers:
            raise AssertionError(f"pages of outpost's are left: {stubs} of stubs, {handlers} of handlers")
        if self.target.status("SigCgt") != self.caught:
            raise AssertionError(f"it catches {self.target.status('SigCgt')}, before it was {self.caught}")
        # A server maps and unmaps code all the time.
        if self.server:
            return
        executable = [m for m in self.target.mappings() if "x" in m[2] and (m in self.executable or not is_empty(self.target, m))]
        if executable != self.executable:
            raise AssertionError(f"executable mappings that were there: {sorted(set(self.executable) - set(executable))}; "
                                 f"that are there now: {sorted(set(executable) - set(self.executable))}")


def debug_again(target):
    """Attach once more, work, detach: everything must go as if nobody had died before."""
    again = ("tbreak " + target.HOT if target.HOT else "tcatch " + target.CATCH[0], "continue")
    inside = (f"count {target.HOT}", *again, *again, "stepi 3", "info counts") if target.guest_debug else ("backtrace",)
    outcome = outpost("attach", target.pid, "--batch", "--json", *script(*again, *inside, "detach"))
    if outcome.status:
        raise AssertionError(f"attached again: {outcome}")
    documents = Documents(outcome)
    stops = documents.stops("breakpoint" if target.HOT else "catch")
    if len(stops) != (3 if target.guest_debug else 1):
        raise AssertionError(f"attached again: {len(stops)} stops: {outcome}")
    if target.guest_debug and not sum(row["count"] for row in documents.one("info counts")["counts"]):
        raise AssertionError(f"attached again: nothing was counted: {outcome}")


def settled(target):
    """All mappings, once the runtime's own threads have begun and stay as they are for ten looks."""
    seen = []

    def stays():
        now = sorted(mapping[:3] for mapping in target.mappings())
        if seen and seen[-1] != now:
            seen.clear()
        seen.append(now)
        return len(seen) == 10

    target.goes_on()
    wait_until(stays, "the mappings stay as they are")
    return seen[-1]
