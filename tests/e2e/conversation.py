# SPDX-License-Identifier: GPL-3.0-or-later
"""outpost as a program that stays: commands go in one by one, so that a test can look at what came of the last one first."""

import json
import os
import select
import subprocess
import time

from harness import LIMIT, PROGRAM, environment


class Conversation:
    """outpost attach PID --json, its commands on standard input. Used in a with statement; leaving it detaches."""

    def __init__(self, pid, *options):
        self.process = subprocess.Popen([PROGRAM, "attach", *options, str(pid), "--json"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment())
        self.events = []
        self.buffer = b""
        self.told("attach")

    def __enter__(self):
        return self

    def __exit__(self, kind, *exception):
        self.process.stdin.close()
        if kind:
            self.process.kill()
        self.process.wait(LIMIT)
        self.process.stdout.close()

    def document(self):
        deadline = time.monotonic() + LIMIT
        while b"\n" not in self.buffer:
            if not select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"outpost said nothing for {LIMIT} s")
            block = os.read(self.process.stdout.fileno(), 65536)
            if not block:
                raise AssertionError(f"outpost has ended: {self.events[-3:]}")
            self.buffer += block
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def told(self, command):
        """The document of the command that was sent last; the events before it are kept."""
        self.events = []
        while True:
            document = self.document()
            if document.get("command", "").split()[:1] == command.split()[:1]:
                if not document["ok"]:
                    raise AssertionError(document["error"])
                return document["result"]
            self.events.append(document)

    def send(self, line):
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def ask(self, line):
        """What a command results in."""
        self.send(line)
        return self.told(line.split("/")[0])

    def resume(self, line):
        """The stop that a command leads to."""
        self.ask(line)
        stops = [event for event in self.events if event.get("event") in ("stopped", "exited")]
        if len(stops) != 1:
            raise AssertionError(self.events)
        return stops[0]

    def read(self, expression):
        return self.ask(f"print {expression}")["value"]
