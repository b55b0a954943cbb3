# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one file of unittest cases and says its results in TAP, so that automake counts each case."""

import importlib.util
import os
import signal
import sys
import traceback
import unittest
from pathlib import Path

# Seconds for one case with its clean-up: it ends a hang, and is never reached by a case that works, however busy the machine.
CASE_LIMIT = int(os.environ.get("OUTPOST_CASE_LIMIT", "900"))
# A clean-up that hangs as well is given so much more, each.
CLEAN_UP_LIMIT = 30


class CaseTimeout(BaseException):
    """No case catches it by chance."""


def out_of_time(number, frame):
    raise CaseTimeout(f"no end after {CASE_LIMIT} s")


def limit_next():
    signal.setitimer(signal.ITIMER_REAL, CASE_LIMIT, CLEAN_UP_LIMIT)


class Tap(unittest.TestResult):
    def __init__(self, module, out):
        super().__init__()
        self.module = module
        self.out = out
        self.count = 0
        self.bad = 0

    def startTest(self, test):
        limit_next()

    def stopTest(self, test):
        limit_next()

    def say(self, result, test, note=""):
        self.count += 1
        print(f"{result} {self.count} - {test.id().removeprefix(self.module + '.')}{note}", file=self.out, flush=True)

    def explain(self, error):
        self.bad += 1
        for line in "".join(traceback.format_exception(*error)).splitlines():
            print("#", line, file=self.out)

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


def own_output():
    """Where the results go. What a test starts writes to the log instead: a process that it leaves behind would keep the
    driver waiting for the end of the results."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return out


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
    out = own_output()
    result = Tap(path.stem, out)
    signal.signal(signal.SIGALRM, out_of_time)
    limit_next()
    suite.run(result)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(f"1..{result.count}", file=out, flush=True)
    return 1 if result.bad else 0


if __name__ == "__main__":
    sys.exit(main())
