#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a Python test with the interpreter that has the tests' packages. Must not know the tests.
python=${OUTPOST_TOOLS:-.outpost-tools}/venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" "$(dirname "$0")/tap.py" "$@"
