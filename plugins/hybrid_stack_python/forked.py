"""What a fork of a warm parent does to be what a cold start would be.

Loaded by `warm_parent.py`, in the service's interpreter (3.8 or later, Linux): standard library only.
"""
# ruff: noqa: PTH123, S102 -- nothing is imported that not every service needs

import os
import sys
import types
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def place(descriptors: "list[int]") -> None:
    """Put a program's descriptors where it expects them, and nothing at 0.

    Args:
        descriptors: standard output and error, then the sockets that become 3, 4, ...
    """
    import fcntl

    away = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, max(3, 1 + len(descriptors))) for one in descriptors]
    for one in descriptors:
        os.close(one)
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for number, one in enumerate(away, 1):
        os.dup2(one, number)
        os.close(one)


def mark(run: str) -> None:
    """Have whoever looks for a run find this one in what the kernel shows of our environment.

    Args:
        run: as long as the one that stands there.
    """
    _, _, begin, end = _areas()
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        memory.seek(begin)
        found = memory.read(end - begin).find(b"\0HYBRID_RUN=")
        if found >= 0:
            memory.seek(begin + found + len(b"\0HYBRID_RUN="))
            memory.write(os.fsencode(run))


def _show(words: "list[str]") -> None:
    """Have `ps` show these words."""
    begin, end, _, _ = _areas()
    # A room that does not end with a NUL is shown as one line up to its first NUL, as for `setproctitle`.
    shown = b" ".join(map(os.fsencode, words))[: end - begin - 2] + b"\0"
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        memory.seek(begin)
        memory.write(shown.ljust(end - begin))


def _areas() -> "tuple[int, ...]":
    """Where the kernel reads the words and the environment that it shows of us: two beginnings and ends."""
    with open("/proc/self/stat", "rb") as file:
        return tuple(map(int, file.read().rpartition(b")")[2].split()[45:49]))


def surround(request: "dict[str, Any]", given: "dict[str, str]", here: str) -> None:
    """Take over environment, words and import path, and what the kernel shows of us.

    Args:
        request: what was asked for.
        given: the environment with which the parent was started.
        here: the directory of the program's first file, first on its import path.
    """
    words, env = request["argv"], dict(request["env"])
    if request["listeners"]:
        env.update(LISTEN_FDS=str(request["listeners"]), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=request["names"])
    ours = dict(os.environ)
    for name in {**ours, **given}:  # what the interpreter or a library has set holds as after a cold start
        if ours.get(name) != given.get(name):
            env.pop(name, None)
            env.update({name: ours[name]} if name in ours else {})
    os.environ.clear()
    os.environ.update(env)
    sys.argv[:] = words[1:]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = words
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, here)
    with suppress(OSError, ValueError):
        _show(words)


def run(code: types.CodeType, file: str, wrong: int) -> None:
    """Run a file as the program, in a `__main__` of its own.

    Args:
        code: the compiled file.
        file: its path.
        wrong: the changed source has been looked at and does not compile.
    """
    if wrong:
        sys.exit(1)
    ours = sys.modules["__main__"].__dict__
    main = types.ModuleType("__main__")
    main.__dict__.update({name: value for name, value in ours.items() if name[:2] == name[-2:] == "__"})
    loader = type(ours["__loader__"])("__main__", file)
    main.__dict__.update(__file__=file, __doc__=None, __loader__=loader, FORKED=True)
    sys.modules["__main__"] = main
    exec(code, main.__dict__)
