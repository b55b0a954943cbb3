# SPDX-License-Identifier: GPL-3.0-or-later
"""What outpost is at when somebody dies: command lines, made at random from a table."""

import dataclasses

from harness import PROGRAM, script

# More hits than there will be: the program is never shown at a stop.
MANY = 1_000_000_000
# Each makes one numbered thing, whose number is put in place of N. Second: only where code was compiled for guest-debug.
SETUPS = {
    "breakpoint": (("break HOT", f"ignore N {MANY}"), False),
    "condition": (("break HOT if RARE", f"ignore N {MANY}"), False),
    "condition that never holds": (("break HOT if NEVER",), False),
    "counters": (("count -all",), True),
    "log point": (('log HOT if RARE "%d" LOGGED',), True),
    "trace": (("trace -all",), True),
    "watch": (("watch WORD", f"ignore N {MANY}"), False),
    "software watch": (("watch -software OTHER", f"ignore N {MANY}"), True),
    "catchpoint": (("catch CATCH", f"ignore N {MANY}"), False),
}
# How the program is run. Those without an end go on until somebody dies. Second: only where code was compiled for guest-debug.
RUNS = {
    "continue": (("continue",), False),
    "stepi": (("tbreak HOT", "continue", f"stepi {MANY}"), True),
    "nexti": (("tbreak HOT", "continue", f"nexti {MANY}"), True),
    "next": (("tbreak HOT", "continue", f"next {MANY}"), True),
    "finish": (("tbreak HOT", "continue", "finish", "stepi 3") * 300, True),
    "stops": (("tbreak HOT", "continue", "backtrace", "info locals") * 300, False),
    "detach": (("tbreak HOT", "continue", "detach"), False),
    "detach after a step": (("tbreak HOT", "continue", "stepi 3", "detach"), True),
    "attach": ((), False),
}
FINITE = ("detach", "detach after a step", "attach")
LONG = ("finish", "stops")  # and yet they end
PROGRAMS = {
    "trace-calls": ("trace-calls", "-o", "FOLDER/calls", "PID"),
    "guard": ("guard", "--keep", "--limit=1", "--report=FOLDER/report", "PID"),
    "gcore": ("gcore", "PID", "FOLDER/core"),
    "stack": ("stack", "PID"),
}


@dataclasses.dataclass
class Work:
    """One run of outpost: what is told of it, its command line, whether it writes into the program's code and stays at it."""

    told: str
    command: list
    patches: bool
    stays: bool

    def __str__(self):
        shown = self.command[1:]
        return f"{self.told}: {' '.join(shown[:40])}{' ...' if len(shown) > 40 else ''}"


def _names(target, chance):
    return {"HOT": target.HOT, "RARE": target.RARE, "NEVER": target.NEVER, "LOGGED": target.LOGGED, "WORD": target.WORD,
            "OTHER": target.OTHER, "CATCH": chance.choice(target.CATCH)}


def _filled(command, names, number):
    names = {**names, "N": str(number)}
    return " ".join(names.get(word, word) for word in command.split(" "))


def _possible(row, target, chance):
    """Not with what the target does not have."""
    commands, debug_only = row
    names = _names(target, chance)
    needed = {word for command in commands for word in command.split(" ")} & names.keys()
    return (target.guest_debug or not debug_only) and all(names[word] for word in needed)


def attached(target, setups, run, chance):
    """outpost attach, with these things set and run in this way."""
    commands, number, names = [], 0, _names(target, chance)
    # Watches need a thread that has the memory.
    if hasattr(target, "workers"):
        commands.append(f"thread {chance.choice(target.workers())}")
    for setup in setups:
        number += 1
        commands += [_filled(command, names, number) for command in SETUPS[setup][0]]
    run_commands = [_filled(command, names, 0) for command in RUNS[run][0]]
    # A step in a server ends with its request.
    stays = run not in FINITE and run not in LONG and not (RUNS[run][1] and not target.goes_on_for_ever)
    patches = run not in ("attach", "continue") or any(not setup.endswith(("watch", "never holds")) for setup in setups)
    return Work(f"{' + '.join(setups) or 'nothing set'}; {run}",
                [PROGRAM, "attach", str(target.pid), "--batch", *script(*commands, *run_commands)], patches, stays)


def program(name, target, folder):
    """One of outpost's other programs on the target."""
    words = {"PID": str(target.pid)}
    command = [words.get(word, word.replace("FOLDER", str(folder))) for word in PROGRAMS[name]]
    return Work(name, [PROGRAM, *command], name in ("trace-calls", "guard"), name in ("trace-calls", "guard"))


def chosen(target, folder, chance, runs=tuple(RUNS), programs=tuple(PROGRAMS)):
    """Something at random: mostly up to four things set at once, run in some way."""
    if programs and chance.random() < 0.2:
        return program(chance.choice(programs), target, folder)
    possible = [name for name in SETUPS if _possible(SETUPS[name], target, chance)]
    setups = chance.sample(possible, min(len(possible), chance.choice((1, 1, 1, 2, 3, 4))))
    run = chance.choice([run for run in runs if _possible(RUNS[run], target, chance)])
    return attached(target, setups, run, chance)
