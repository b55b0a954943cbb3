# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of what must be the same in an old and the newest Wasmtime, in code for guest-debug and in optimised code."""

import functools

VERSIONS = ("44.0.1", "49.0.4")
# What tests/guests/traps.wat and its neighbours need.
FEATURES = ["-W", "gc=y,exceptions=y,function-references=y,threads=y,shared-memory=y,unknown-imports-trap=y"]


def in_each_mode(test):
    """Run a test for each version, with guest-debug and without."""
    @functools.wraps(test)
    def run(self):
        for version in VERSIONS:
            for guest_debug in (True, False):
                with self.subTest(version=version, guest_debug=guest_debug):
                    test(self, version, guest_debug)
    return run
