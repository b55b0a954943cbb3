# SPDX-License-Identifier: GPL-3.0-or-later
"""LLDB as an independent reader of a guest under `wasmtime run -g`: it is asked, line by line, for stops and values.

As a module of the tests: Reader. As a script that LLDB imports (command script import): the other side, which answers. Values go
over as plain data: numbers, strings, true and false, names of enumerators, {member: value}, [elements]. Knows nothing of outpost.
"""

import json
import os
import shutil
import socket
import subprocess

try:
    import lldb
except ImportError:
    lldb = None

ARRAY_MAX = 400
CHARACTERS = lldb and (lldb.eBasicTypeChar, lldb.eBasicTypeSignedChar, lldb.eBasicTypeUnsignedChar)


# Inside LLDB ----------------------------------------------------------------------------------------------------

class Refused(Exception):
    """LLDB has no value, and what it says."""


def characters(value, process):
    """The text that a char pointer or array holds; None when it is neither."""
    kind = value.GetType().GetCanonicalType()
    element = kind.GetPointeeType() if kind.IsPointerType() else kind.GetArrayElementType() if kind.IsArrayType() else None
    if not element or element.GetCanonicalType().GetUnqualifiedType().GetBasicType() not in CHARACTERS:
        return None
    error = lldb.SBError()
    if kind.IsPointerType():
        if not value.GetValueAsUnsigned():
            return None
        text = process.ReadCStringFromMemory(value.GetValueAsUnsigned(), 1000, error)
        return text if error.Success() else None
    data = bytes(value.GetData().uint8s).rstrip(b"\0")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def float_of(value):
    data, error = value.GetData(), lldb.SBError()
    size = value.GetType().GetByteSize()
    number = data.GetFloat(error, 0) if size == 4 else data.GetDouble(error, 0) if size == 8 else float(value.GetValue())
    return repr(number)


def plain(value, process, depth=0):
    """A value as plain data."""
    if depth > 20:
        raise Refused("too deep")
    error = value.GetError()
    if not error.Success():
        raise Refused(str(error))
    kind = value.GetType().GetCanonicalType()
    if kind.IsReferenceType():
        return plain(value.Dereference(), process, depth + 1)
    text = characters(value, process)
    if text is not None:
        return text
    summary = value.GetSummary() or ""
    if summary.startswith(('"', 'u"', 'U"')):
        return json.loads(summary[summary.index('"'):])
    if kind.GetTypeClass() == lldb.eTypeClassEnumeration:
        return value.GetValue()
    if kind.IsPointerType() or kind.GetTypeClass() == lldb.eTypeClassMemberPointer:
        return value.GetValueAsUnsigned()
    if value.GetNumChildren() and kind.GetTypeClass() != lldb.eTypeClassBuiltin:
        return aggregate(value, process, depth)
    shown = value.GetValue()
    if shown is None:
        return {} if kind.IsAggregateType() else []
    if shown in ("true", "false"):
        return shown == "true"
    if kind.GetBasicType() in (lldb.eBasicTypeFloat, lldb.eBasicTypeDouble, lldb.eBasicTypeLongDouble):
        return float_of(value)
    if kind.GetByteSize() > 8:
        return int(shown)
    return value.GetValueAsSigned() if kind.GetTypeFlags() & lldb.eTypeIsSigned else value.GetValueAsUnsigned()


def aggregate(value, process, depth):
    children = [value.GetChildAtIndex(i) for i in range(min(value.GetNumChildren(), ARRAY_MAX))]
    if all((child.GetName() or "").startswith("[") for child in children):
        return [plain(child, process, depth + 1) for child in children]
    return {child.GetName() or "": plain(child, process, depth + 1) for child in children}


def place(thread):
    """Where a thread is: [function, file, line] of each frame."""
    frames = []
    for frame in thread.frames:
        entry = frame.GetLineEntry()
        frames.append([frame.GetDisplayFunctionName() or frame.GetFunctionName(), entry.GetFileSpec().GetFilename(), entry.GetLine()])
    return frames


class Answers:
    """What can be asked."""

    def __init__(self, debugger, port):
        self.debugger = debugger
        debugger.SetAsync(False)
        result = lldb.SBCommandReturnObject()
        debugger.GetCommandInterpreter().HandleCommand(f"process connect --plugin wasm connect://127.0.0.1:{port}", result)
        self.target = debugger.GetSelectedTarget()
        self.process = self.target.GetProcess()

    def stopped(self):
        if self.process.GetState() != lldb.eStateStopped:
            return None
        return place(self.process.GetSelectedThread())

    def break_name(self, name):
        return self.target.BreakpointCreateByName(name).GetNumLocations()

    def break_line(self, file, line):
        return self.target.BreakpointCreateByLocation(file, line).GetNumLocations()

    def delete(self):
        self.target.DeleteAllBreakpoints()

    def resume(self):
        self.process.Continue()
        return self.stopped()

    def step(self, how):
        thread = self.process.GetSelectedThread()
        {"step": thread.StepInto, "next": thread.StepOver, "finish": thread.StepOut}[how]()
        return self.stopped()

    def value(self, frame, expression):
        chosen = self.process.GetSelectedThread().GetFrameAtIndex(frame)
        value = chosen.GetValueForVariablePath(expression)
        if not value.GetError().Success() or not value.IsValid():
            value = chosen.EvaluateExpression(expression)
        try:
            return {"value": plain(value, self.process)}
        except Exception as error:  # whatever LLDB's own code for a type comes to: it has no value
            return {"error": f"{type(error).__name__}: {error}"}


def serve(debugger):
    answers = Answers(debugger, int(os.environ["LLDB_READER_PORT"]))
    with socket.socket(fileno=int(os.environ["LLDB_READER_SOCKET"])) as channel, channel.makefile("rw") as stream:
        for line in stream:
            name, *arguments = json.loads(line)
            stream.write(json.dumps(getattr(answers, name)(*arguments)) + "\n")
            stream.flush()


def __lldb_init_module(debugger, _dictionary):
    try:
        serve(debugger)
    finally:
        # A clean end would wait for the guest.
        os._exit(0)


# In the tests ---------------------------------------------------------------------------------------------------

def why_no_lldb(tools):
    """The reason why there is no LLDB; None when there is one."""
    return None if program(tools) else "no LLDB (the package lldb-for-pwndbg of the Python package index)"


def program(tools):
    return shutil.which(os.environ.get("LLDB") or str(tools / "venv" / "bin" / "lldb"))


class Reader:
    """LLDB, connected to the stub at a port. Used in a with statement."""

    def __init__(self, tools, port, log):
        ours, theirs = socket.socketpair()
        environment = dict(os.environ, LLDB_READER_PORT=str(port), LLDB_READER_SOCKET=str(theirs.fileno()), PYTHONDONTWRITEBYTECODE="1")
        self.process = subprocess.Popen([program(tools), "--no-lldbinit", "--batch", "-o", f"command script import {__file__}"],
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, pass_fds=(theirs.fileno(),))
        theirs.close()
        self.channel = ours
        self.stream = ours.makefile("rw")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stream.close()
        self.channel.close()
        self.process.kill()
        self.process.wait()

    def __getattr__(self, name):
        def ask(*arguments):
            self.stream.write(json.dumps([name, *arguments]) + "\n")
            self.stream.flush()
            answer = self.stream.readline()
            if not answer:
                raise AssertionError(f"LLDB ended with {self.process.wait(60)} when it was asked for {name}{arguments}")
            return json.loads(answer)
        return ask
