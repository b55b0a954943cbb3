# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files outpost reads as commands without being told to, and how it keeps its own.

The target is a core file, which needs no process: what is tried out is the start.
"""

import os
import signal
import stat
import tempfile
import termios
import unittest
from pathlib import Path

import pexpect

from harness import GUESTS, LIMIT, PROGRAM, WORK, Case, environment, outpost

CORE = GUESTS.parent / "fuzz" / "session" / "core.zst"
SAID = "said by a file"
# nobody, on every system
ANOTHER = 65534
as_root = unittest.skipUnless(os.geteuid() == 0, "only root can make files of another user's")


class Configuration(Case):
    def setUp(self):
        WORK.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=WORK)
        self.addCleanup(folder.cleanup)
        self.home = Path(os.path.realpath(folder.name)) / "home"
        self.folder = self.home.parent / "here"
        self.state = self.home / ".local" / "state" / "outpost"
        self.own = self.home / ".config" / "outpost" / "outpostrc"
        self.local = self.folder / ".outpostrc"
        self.own.parent.mkdir(parents=True)
        self.folder.mkdir()

    def prefix(self, **variables):
        places = {"HOME": self.home, **variables}
        words = [f"{name}={value}" for name, value in places.items()]
        return ["env", "-C", self.folder, "-u", "XDG_STATE_HOME", "-u", "XDG_CONFIG_HOME", *words]

    def run_here(self, *arguments, status=0, **variables):
        outcome = outpost(*arguments, prefix=self.prefix(**variables))
        self.assertEqual(outcome.status, status, outcome)
        return outcome

    def started(self, *options, **variables):
        return self.run_here("core", CORE, "--batch", *options, **variables)

    def write(self, path, text=f"echo {SAID}\\n\n", mode=0o644):
        path.write_text(text)
        path.chmod(mode)

    def assertRead(self, outcome, times=1):
        self.assertEqual(outcome.out.count(SAID), times, outcome)

    def assertNotRead(self, outcome, reason):
        self.assertRead(outcome, 0)
        self.assertIn(reason, outcome.err, outcome)

    def allow(self):
        self.assertIn(str(self.local), self.run_here("allow").out)

    def test_own_file(self):
        self.write(self.own)
        self.assertRead(self.started())
        self.assertRead(self.started("-n"), 0)
        self.assertRead(self.started("--no-init"), 0)
        elsewhere = self.home / "settings"
        (elsewhere / "outpost").mkdir(parents=True)
        self.write(elsewhere / "outpost" / "outpostrc", f"echo {SAID}\\n\necho {SAID}\\n\n")
        self.assertRead(self.started(XDG_CONFIG_HOME=elsewhere), 2)
        # As the specification says.
        self.assertRead(self.started(XDG_CONFIG_HOME="settings"))

    def test_own_file_is_a_link(self):
        kept = self.home / "kept"
        self.write(kept)
        self.own.symlink_to(kept)
        self.assertRead(self.started())
        kept.chmod(0o664)
        self.assertNotRead(self.started(), "others may write")

    def test_own_file_that_others_may_write(self):
        for mode in (0o664, 0o646, 0o666):
            with self.subTest(mode=oct(mode)):
                self.write(self.own, mode=mode)
                self.assertNotRead(self.started(), "others may write")

    @as_root
    def test_own_file_of_another_user(self):
        self.write(self.own)
        os.chown(self.own, ANOTHER, ANOTHER)
        self.assertNotRead(self.started(), f"belongs to another user ({ANOTHER})")

    def test_a_command_that_fails(self):
        """It is told with its place; outpost starts all the same."""
        self.write(self.own, f"echo {SAID}\\n\nno-such-command\necho never\\n\n")
        outcome = self.started("-e", "echo at the end\\n")
        self.assertRead(outcome)
        self.assertRegex(outcome.err, r"error: .*/outpostrc:2: ")
        self.assertNotIn("never", outcome.out)
        self.assertIn("at the end", outcome.out)

    def test_json_reads_none(self):
        self.write(self.own)
        self.write(self.local)
        self.allow()
        outcome = self.started("--json", "-e", "echo asked\\n")
        self.assertRead(outcome, 0)
        self.assertEqual(outcome.err, "")

    def test_folder_has_to_be_allowed(self):
        self.write(self.local)
        outcome = self.started()
        self.assertNotRead(outcome, "nobody has allowed it")
        self.assertIn(f"outpost allow {self.local}", outcome.err)
        self.allow()
        self.assertRead(self.started())
        self.assertRead(self.started("-n"), 0)
        self.run_here("deny")
        self.assertNotRead(self.started(), "nobody has allowed it")

    def test_folder_that_changes(self):
        """It is the content that was allowed, at its place."""
        self.write(self.local)
        self.allow()
        self.write(self.local, f"echo {SAID}\\n\necho more\\n\n")
        outcome = self.started()
        self.assertNotRead(outcome, "it is another one than was allowed")
        self.write(self.local)
        self.assertRead(self.started())
        moved = self.home.parent / "moved"
        self.folder.rename(moved)
        self.folder = moved
        self.assertNotRead(self.started(), "nobody has allowed it")

    def test_folder_by_its_name(self):
        """allow and deny take the folder, or the file; links in the folder's path make no difference."""
        self.write(self.local)
        link = self.home / "link"
        link.symlink_to(self.folder)
        for name in (self.folder, self.local, link, link / ".outpostrc"):
            with self.subTest(name=name.name):
                self.run_here("allow", name)
                self.assertRead(self.started())
                self.run_here("deny", name)
                self.assertRead(self.started(), 0)
        self.assertIn("neither a folder nor", self.run_here("allow", CORE, status=1).err)
        self.assertIn("there is no file", self.run_here("allow", self.home, status=1).err)
        self.assertIn("there is no folder", self.run_here("allow", "gone/gone", status=1).err)

    def test_folder_that_cannot_be_trusted(self):
        self.write(self.local)
        self.allow()
        self.local.chmod(0o664)
        self.assertNotRead(self.started(), "others may write")
        self.assertIn("others may write", self.run_here("allow", status=1).err)
        kept = self.home / "kept"
        self.write(kept)
        self.local.unlink()
        self.local.symlink_to(kept)
        self.assertNotRead(self.started(), "symbolic link")
        self.assertIn("symbolic link", self.run_here("allow", status=1).err)
        self.local.unlink()
        os.mkfifo(self.local)
        self.assertNotRead(self.started(), "no plain file")

    @as_root
    def test_folder_of_another_user(self):
        self.write(self.local)
        self.allow()
        os.chown(self.local, ANOTHER, ANOTHER)
        self.assertNotRead(self.started(), "belongs to another user")
        self.assertIn("belongs to another user", self.run_here("allow", status=1).err)

    def test_what_was_allowed_is_kept_private(self):
        self.write(self.local)
        self.allow()
        for path in (self.state, self.state / "allowed"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o700)
        record, = (self.state / "allowed").iterdir()
        self.assertEqual(stat.S_IMODE(record.stat().st_mode), 0o600)
        # One that another could have written allows nothing.
        record.chmod(0o666)
        self.assertNotRead(self.started(), "others may write")
        # A folder that was open is closed.
        self.state.chmod(0o755)
        record.chmod(0o600)
        self.assertRead(self.started())
        self.assertEqual(stat.S_IMODE(self.state.stat().st_mode), 0o700)

    @as_root
    def test_state_of_another_user(self):
        """sudo keeps HOME: nothing is believed that stands there, and nothing is left there."""
        self.write(self.local)
        self.allow()
        os.chown(self.state, ANOTHER, ANOTHER)
        self.assertNotRead(self.started(), "no folder of yours")
        child = self.terminal()
        child.sendline("echo a line\\n")
        child.expect(r"\(outpost\) $")
        child.sendline("quit")
        child.expect(pexpect.EOF)
        self.assertFalse((self.state / "history").exists())

    def terminal(self):
        words = [str(word) for word in (*self.prefix(), PROGRAM, "core", CORE)]
        child = pexpect.spawn(words[0], words[1:], env=environment(), encoding="utf-8", timeout=LIMIT, dimensions=(50, 160))
        child.delaybeforesend = None
        self.addCleanup(child.close, force=True)
        child.expect(r"\(outpost\) $")
        return child

    def test_prompt_reads_both(self):
        self.write(self.own)
        self.write(self.local)
        child = self.terminal()
        self.assertIn(SAID, child.before)
        self.assertIn("nobody has allowed it", child.before)
        child.sendline("quit")
        child.expect(pexpect.EOF)

    def test_terminal_after_a_fault(self):
        """What readline has changed is as it was, whatever ends outpost but SIGKILL."""
        for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGTERM):
            with self.subTest(signal=number.name):
                child = self.terminal()
                # The prompt is there: line editing is on.
                self.assertFalse(termios.tcgetattr(child.child_fd)[3] & termios.ICANON)
                # Held open, it keeps the settings readable when outpost has gone.
                held = os.open(f"/proc/{child.pid}/fd/0", os.O_RDWR | os.O_NOCTTY)
                os.kill(child.pid, number)
                child.wait()
                modes = termios.tcgetattr(held)[3]
                os.close(held)
                self.assertTrue(modes & termios.ICANON and modes & termios.ECHO, modes)
                if number is signal.SIGTERM:
                    self.assertEqual(child.exitstatus, 128 + number)
                else:
                    self.assertEqual(child.signalstatus, number)


if __name__ == "__main__":
    unittest.main()
