"""Imports what a service's last run has loaded, and refuses what a fork could not stand.

Loaded by `warm_parent.py`, in the service's interpreter (3.8 or later, Linux): standard library only. Modules of the
project are never imported: they are what changes. A library that looks for one of them while it is imported is left
out, and so is one whose import fails: its forks import it themselves. One whose import starts threads or processes,
opens files or sockets, or takes a signal makes warm starts impossible: a fork would have none of these, or share them.
"""
# ruff: noqa: BLE001, PTH112, PTH113, PTH115, PTH116, PTH118, PTH120, PTH123, PTH208, SLF001 -- nothing is imported that not every service needs

import gc
import importlib
import os
import random
import stat
import sys
import threading
import time
from contextlib import suppress
from importlib.machinery import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LIBRARY = os.path.dirname(os.__file__) + os.sep
_OF_LIBC = 0b11 << 31  # signals 32 and 33, which it takes when a thread is started
CLOCK = 0.02  # seconds by which the clock of a file system may be behind
CHANGED = (-1, -1)  # the stamp of no file
SETTLE = 0.2  # seconds in which threads that stop for a fork have stopped


class Preload:
    """The modules of a warm parent.

    Args:
        learned: the file with their names.
        projects: directories whose modules are the project's own.
        without: modules to leave out, with the reason.
        at_start: modules that the interpreter itself has loaded.
        roots: where the program's own modules are imported from.
    """

    def __init__(
        self,
        learned: str,
        projects: "list[str]",
        without: "dict[str, str]",
        at_start: "frozenset[str]",
        roots: "list[str]",
    ) -> None:
        self._learned = learned
        self._projects = [directory.rstrip("/") + "/" for directory in projects]
        self._without = without
        self._at_start = at_start
        self._guard = _Guard([*roots, *(place for place in sys.path if self._project(place + "/"))])
        self._read = 0
        self._seeded: list[random.Random] = []
        self._seen: dict[str, tuple[int, int]] = {}

    def told(self) -> "dict[str, object]":
        """What is said when all is imported."""
        return {"modules": len(sys.modules), "without": self._without}

    def run(self) -> "tuple[str, str, bool] | None":
        """Import what was learned since the last time.

        Returns:
            None when all is well; else the module, what is wrong with it, and whether leaving it out helps.
        """
        names = self._names()
        if not names and self._seen:
            return None
        begun = time.time()
        if not self._seen:
            self._seen = {path: _stamp(path) for path in _surroundings()}
        seed = random.Random.seed

        def noted(one: random.Random, a: "Any" = None, version: int = 2) -> None:
            if a is None:
                self._seeded.append(one)
            seed(one, a, version)

        random.Random.seed = noted  # type: ignore[method-assign,assignment]
        sys.meta_path.insert(0, self._guard)
        gc.disable()
        try:
            for name in names:
                if name not in sys.modules:
                    before = _traces()
                    trouble = self._imported(name)
                    if trouble is not None:
                        return name, trouble, True
                    trouble = _new(before)
                    if trouble is not None:
                        return name, f"importing `{name}` {trouble}", False
        finally:
            random.Random.seed = seed  # type: ignore[method-assign]
            sys.meta_path.remove(self._guard)
        self._remember(begun)
        return None

    def outdated(self, roots: "list[str]") -> "str | None":
        """Why a cold start would load something else than what is here; None when it would not.

        Args:
            roots: where the program's own modules are imported from.
        """
        for root in {*roots, *self._guard.roots}:
            for name in _defined(root):
                if name in sys.modules and name not in self._at_start:
                    return f"`{name}` of the project hides the library of that name"
        for path, stamp in self._seen.items():
            if _stamp(path) != stamp:
                return f"{path} changed"
        return None

    def renew(self) -> None:
        """In a fork: be as different from the last fork as two cold starts are from one another."""
        for one in self._seeded:
            one.seed()
        loaded: Callable[[str], Any] = sys.modules.get
        if (numbers := loaded("numpy.random")) is not None:
            numbers.seed()
        if (temporary := loaded("tempfile")) is not None:
            temporary._name_sequence = None
        if (processes := loaded("multiprocessing.process")) is not None:
            processes.current_process().authkey = os.urandom(32)
        if (logs := loaded("logging")) is not None:
            logs._startTime = time.time_ns() if isinstance(logs._startTime, int) else time.time()
        main = threading.main_thread()
        if hasattr(main, "_set_native_id"):  # the interpreter does so itself only since 3.13
            main._set_native_id()
        gc.enable()

    def _names(self) -> "list[str]":
        try:
            with open(self._learned, encoding="utf-8", errors="surrogateescape") as file:
                file.seek(self._read)
                text = file.read()
        except OSError:
            return []
        whole = text[: text.rfind("\n") + 1]
        self._read += len(whole.encode("utf-8", "surrogateescape"))
        return [name for name in dict.fromkeys(whole.split()) if name not in self._without]

    def _imported(self, name: str) -> "str | None":
        """Import one module; why it is to be left out, or None."""
        known = set(sys.modules)
        self._guard.forget()
        try:
            importlib.import_module(name)
        except BaseException as error:
            return f"{type(error).__name__}: {error}".splitlines()[0]
        if self._guard.asked is not None:
            return f"it looks for the project's own `{self._guard.asked}`"
        for new in set(sys.modules) - known:
            if self._project(getattr(sys.modules[new], "__file__", None) or ""):
                return f"it imports the project's own `{new}`"
        return None

    def _project(self, path: str) -> bool:
        for directory in self._projects:
            if path.startswith(directory) and not path.startswith(LIBRARY):
                below = path[len(directory) - 1 :]
                if "/site-packages/" not in below and "/dist-packages/" not in below:
                    return True
        return False

    def _remember(self, begun: float) -> None:
        """Note what the modules that came last were read from; what changed meanwhile may not be what we have read."""
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            if isinstance(path, str) and path not in self._seen:
                stamp = _stamp(path)
                self._seen[path] = stamp if stamp[0] < (begun - CLOCK) * 1e9 else CHANGED


class _Guard:
    """A finder that finds nothing, but notices when somebody looks for a module of the project.

    Args:
        roots: where these are imported from.
    """

    def __init__(self, roots: "list[str]") -> None:
        self.roots = roots
        self.asked: str | None = None

    def forget(self) -> None:
        """Begin anew."""
        self.asked = None

    def find_spec(self, name: str, path: object = None, _target: object = None) -> None:
        """Look, and leave it to the others."""
        if path is None and self.asked is None:
            for root in self.roots:
                stem = os.path.join(root, name)
                if os.path.isdir(stem):  # without `__init__.py` it counts only if nobody else has the name
                    mine = os.path.isfile(stem + "/__init__.py") or PathFinder.find_spec(name) is None
                else:
                    mine = os.path.isfile(stem + ".py")
                if mine:
                    self.asked = name


def _defined(root: str) -> "list[str]":
    """The modules that a directory holds, by name."""
    found = []
    with suppress(OSError), os.scandir(root) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                found.append(entry.name[:-3])
            elif os.path.isfile(os.path.join(entry.path, "__init__.py")):
                found.append(entry.name)
    return found


def _surroundings() -> "list[str]":
    """What decides which libraries there are."""
    places = [place for place in sys.path if place.endswith(("/site-packages", "/dist-packages"))]
    return [*places, sys.executable, os.path.join(sys.prefix, "pyvenv.cfg")]


def _stamp(path: str) -> "tuple[int, int]":
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):  # its time would also tell of the `__pycache__` that our own imports make
            names = frozenset(os.listdir(path)) - {"__pycache__"}
            return hash(names), len(names)
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _traces() -> "dict[str, Any]":
    """What a fork would not have, or would share."""
    with open("/proc/self/status", "rb") as file:
        lines = [line.split() for line in file.read().splitlines()]
    handled = {line[0]: int(line[1], 16) & ~_OF_LIBC for line in lines if line[0] in {b"SigIgn:", b"SigCgt:"}}
    files = {}
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the one that lists the others
            files[number] = os.readlink(f"/proc/self/fd/{number}")
    children = b""
    for task in os.listdir("/proc/self/task"):
        with suppress(OSError), open(f"/proc/self/task/{task}/children", "rb") as file:
            children += file.read()
    return {"handled": handled, "files": files, "children": set(children.split())}


def _new(before: "dict[str, Any]") -> "str | None":
    """What an import has left behind that makes forking wrong, in words."""
    if threading.active_count() > 1 or not _threads_stop_for_a_fork():
        return "started a thread"
    after = _traces()
    for number, target in after["files"].items():
        if before["files"].get(number) != target:
            return "opened a socket" if target.startswith("socket:") else f"opened {target}"
    if after["children"] - before["children"]:
        return "started a process"
    if after["handled"] != before["handled"]:
        return "took over a signal"
    return None


def _threads_stop_for_a_fork() -> bool:
    """Whether threads that no Python code knows (of a library for numbers) end before a fork and come back after it."""
    if len(os.listdir("/proc/self/task")) == 1:
        return True
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
    until = time.monotonic() + SETTLE
    while len(os.listdir("/proc/self/task")) > 1:
        if time.monotonic() > until:
            return False
        time.sleep(0.001)
    return True
