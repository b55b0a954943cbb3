# SPDX-License-Identifier: GPL-3.0-or-later
"""What outpost may leave in a process, seen from outside: bytes of code, and pages of its own."""

import errno

# What pages of outpost's begin with: those of stubs, and the one of the handler for SIGTRAP.
STUBS, HANDLER = b"outpost stubs", b"outpost traps"


def differences(before, now):
    """The first bytes that are not what they were."""
    return [(hex(k), before[k - 4:k + 5].hex(), now[k - 4:k + 5].hex()) for k, (a, b) in enumerate(zip(before, now)) if a != b][:4]


def pages(guest, mark=STUBS):
    """Sizes of outpost's executable mappings that begin with a mark."""
    return [end - start for start, end in spans(guest, mark)]


def spans(guest, mark=STUBS):
    """The (start, end) of each."""
    found = []
    with open(f"/proc/{guest.pid}/mem", "rb", buffering=0) as memory:
        for start, end, access, path in guest.mappings():
            if access == "r-xp" and not path:
                memory.seek(start)
                try:
                    found += [(start, end)] if memory.read(len(mark)) == mark else []
                except OSError as error:
                    # It was unmapped meanwhile: a server's store has gone.
                    if error.errno != errno.EIO:
                        raise
    return found


def _is_trap(now, before, k):
    """An int3 where there was something else, and none of the four bytes of a jump to a stub."""
    return now[k] == 0xCC and before[k] != 0xCC and not any(
        now[j] == 0xE9 and before[j] == 0x0F for j in range(max(k - 4, 0), k))


def traps(guest, clean):
    """How many int3 there are now where there was something else."""
    count = 0
    for base, now in guest.images().items():
        before = clean.get(base, now)
        # Of another length it was read while a server took it away, or mapped the next one there.
        if now != before and len(now) == len(before):
            count += sum(_is_trap(now, before, k) for k in range(len(now)))
    return count


def traps_in_copies(guest, image):
    """The same in all that is a copy of this image now, whenever it was made."""
    return sum(_is_trap(now, image, k) for now in guest.images().values() if len(now) == len(image) and now != image
               for k in range(len(now)))


def is_empty(guest, mapping):
    """Memory that outpost had mapped in the very moment of its death: nothing in it says whose it is."""
    start, end, _, path = mapping
    with open(f"/proc/{guest.pid}/mem", "rb", buffering=0) as memory:
        memory.seek(start)
        return not path and not any(memory.read(end - start))
