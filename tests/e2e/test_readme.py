# SPDX-License-Identifier: GPL-3.0-or-later
"""README.md of these tests is right: each file is named, and the files and cases that it names are there."""

import fnmatch
import re
import unittest

from harness import SOURCE

E2E, UNIT, SOAK = (SOURCE / "tests" / name for name in ("e2e", "unit", "soak"))
README = (E2E / "README.md").read_text()
# A file, and the words behind it up to the next: `test_harm.py` 03, 04; unit: NAME case, case, NAME.
NAMED = re.compile(r"`(test_\w+(?:\*)?\.py)`([^`|;]*)")
UNIT_WORDS = re.compile(r"unit: ([^|;`]*)")


def cases(path):
    """Names of cases in a file, without `test_`; of C, those of its START_TEST."""
    text = path.read_text()
    return re.findall(r"def test_(\w+)", text) if path.suffix == ".py" else re.findall(r"START_TEST\((?:test_)?(\w+)\)", text)


def words(text):
    return [word for word in re.split(r"[,:\s]+", re.sub(r"\([^)]*\)", "", text)) if re.fullmatch(r"[a-z0-9_]+\*?", word)]


class Readme(unittest.TestCase):
    def scenarios(self):
        return [line for line in README.splitlines() if re.match(r"\| \d+ \|", line)]

    def test_each_file_is_named(self):
        files = {path.name for folder in (E2E, SOAK) for path in folder.glob("test_*.py")}
        table = README[:README.index("## The twenty scenarios")]
        self.assertEqual(files - set(re.findall(r"`(test_\w+\.py)`", table)), set())
        self.assertEqual(set(re.findall(r"`(test_\w+\.py)`", README)) - files, set())

    def test_all_of_them_are_run(self):
        run = "".join((folder / "local.mk").read_text() for folder in (E2E, SOAK))
        for folder in (E2E, SOAK):
            for path in folder.glob("test_*.py"):
                self.assertIn(f"tests/{folder.name}/{path.name}", run)

    def test_the_scenarios_cases_are_there(self):
        """A word behind a file is a case of it, or the number that its cases begin with."""
        lines = self.scenarios()
        self.assertEqual(len(lines), 20)
        for line in lines:
            for name, behind in NAMED.findall(UNIT_WORDS.sub("", line)):
                known = cases(E2E / name)
                for word in words(behind):
                    self.assertTrue(any(fnmatch.fnmatch(case, f"*{word}*") for case in known), (name, word))

    def test_the_scenarios_unit_tests_are_there(self):
        for line in self.scenarios():
            for behind in UNIT_WORDS.findall(line):
                known = []
                for word in words(behind.split(", and all of")[0]):
                    path = UNIT / f"test_{word}.c"
                    if path.exists():
                        known = cases(path)
                    else:
                        self.assertTrue(any(fnmatch.fnmatch(case, f"*{word}*") for case in known), (line[:40], word))


if __name__ == "__main__":
    unittest.main()
