# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one file of unittest cases and says its results in TAP, so that automake counts each case."""

import importlib.util
import sys
import traceback
import unittest
from pathlib import Path


class Tap(unittest.TestResult):
    def __init__(self, module):
        super().__init__()
        self.module = module
        self.count = 0
        self.bad = 0

    def say(self, result, test, note=""):
        self.count += 1
        print(f"{result} {self.count} - {test.id().removeprefix(self.module + '.')}{note}", flush=True)

    def explain(self, error):
        self.bad += 1
        for line in "".join(traceback.format_exception(*error)).splitlines():
            print("#", line)

    def addSuccess(self, test):
        self.say("ok", test)

    def addFailure(self, test, error):
        self.explain(error)
        self.say("not ok", test)

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.explain(error)
            self.say("not ok", subtest)

    def addSkip(self, test, reason):
        self.say("ok", test, f" # SKIP {reason}")

    def addExpectedFailure(self, test, error):
        self.say("not ok", test, " # TODO expected failure")

    def addUnexpectedSuccess(self, test):
        self.say("ok", test, " # TODO expected failure")


def main():
    path = Path(sys.argv[1])
    sys.path.insert(0, str(path.resolve().parent))
    import harness

    if not harness.have_tools():
        print("1..0 # SKIP no Wasmtime in .outpost-tools: run ./bootstrap tools")
        return 0
    # Without the packages the import below fails, which is an error of the set-up and no reason to skip.
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    if len(sys.argv) > 2:
        suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[2:], module)
    result = Tap(path.stem)
    suite.run(result)
    print(f"1..{result.count}", flush=True)
    return 1 if result.bad else 0


if __name__ == "__main__":
    sys.exit(main())
