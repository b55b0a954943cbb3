# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of what `make soak` runs, with chances of its own each time: what fails says how it is repeated."""

import os
import random
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from attach_detach import AttachDetach
from target_killed import TargetKilled
from tracer_killed import TracerKilled

ROUNDS = int(os.environ.get("OUTPOST_SOAK_ROUNDS", "50"))
SEED = int(os.environ.get("OUTPOST_SOAK_SEED", random.randrange(1 << 32)))


class Soak(unittest.TestCase):
    def run_matrix(self, matrix):
        said = []
        failures = matrix(SEED, said.append).run(ROUNDS, give_up=2)
        self.assertEqual(failures, [], "\n".join(said))
        print("\n".join(f"# {line}" for line in said), flush=True)

    def test_outpost_killed(self):
        self.run_matrix(TracerKilled)

    def test_attached_and_detached(self):
        self.run_matrix(AttachDetach)

    def test_program_killed(self):
        self.run_matrix(TargetKilled)


if __name__ == "__main__":
    unittest.main()
