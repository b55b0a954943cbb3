# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of tests/guests/exact_*.wat: where they count, and what they compute."""

from harness import instructions, wat

THREADS = (1, 2, 8)
# exact_counts.wat: the numbers of a line, and how the instruction that adds to each begins.
CELLS = {name: f"i32.store offset={0x2000 + 4 * k}" for k, name in
         enumerate(("work", "loop", "even", "odd", "five", "not_five", "down", "leaf"))}


def codes(worker, rounds):
    """The values of $code in exact_iteration.wat, but for the chosen iteration."""
    seed, found = worker + 1, []
    for _ in range(rounds):
        seed = (seed * 1103515245 + 12345) & 0xffffffff
        found.append(seed >> 16)
    return found


def places():
    """The one instruction at which each cell of exact_counts.wat is counted."""
    code = [(pc, text) for body in instructions(wat("exact_counts")).values() for pc, text in body]
    found = {name: [pc for pc, text in code if text == store] for name, store in CELLS.items()}
    return {name: pc for name, (pc,) in found.items()}
