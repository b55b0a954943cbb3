# SPDX-License-Identifier: GPL-3.0-or-later
"""The kill matrix: outpost and the programs that it debugs die at random moments, many times. `make soak`; see --help."""

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from attach_detach import AttachDetach
from target_killed import TargetKilled
from targets import KINDS
from tracer_killed import TracerKilled

MATRICES = {matrix.NAME: matrix for matrix in (TracerKilled, AttachDetach, TargetKilled)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("matrices", nargs="*", metavar="MATRIX", help=f"of {', '.join(MATRICES)}; all when none is named")
    parser.add_argument("--rounds", type=int, default=1000, help="of each (1000)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="repeats the chances of another run")
    parser.add_argument("--first", type=int, default=0, help="number of the first round (0)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=tuple(KINDS), help="of targets; all")
    parser.add_argument("--verbose", action="store_true", help="tell of each round what it did and how long it took")
    options = parser.parse_args()
    if unknown := [name for name in options.matrices if name not in MATRICES]:
        parser.error(f"no such matrix: {', '.join(unknown)}")
    print(f"seed {options.seed}", flush=True)
    say = lambda text: print(text, flush=True)
    failures = []
    for name in options.matrices or MATRICES:
        matrix = MATRICES[name](options.seed, say, options.kinds)
        matrix.verbose = options.verbose
        failures += matrix.run(options.rounds, options.first)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
