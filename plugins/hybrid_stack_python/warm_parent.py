"""A warm parent: has imported a service's libraries, and forks an instance of the service whenever it is asked.

    python warm_parent.py LEARNED [--project DIRECTORY]... -- PYTHON launch.py WORDS...

This file runs by the service's interpreter (3.8 or later, Linux): standard library only. On descriptor 3 it speaks
the protocol of `hybrid_tasks/process/warm.py`. LEARNED holds the names of the modules that the last run loaded
(`launch.py` writes them); `preload.py` imports them, never one of the project's own, and refuses whatever a fork
could not stand; `forked.py` makes a fork what a cold start would be. What follows `--` is the program that will be
asked for.
"""
# ruff: noqa: E402, PTH123, S102 -- nothing is imported that not every service needs

import sys

_AT_START = frozenset(sys.modules)  # what the interpreter itself has loaded: nothing of a project can hide it
_HERE = __file__.rpartition("/")[0]
if sys.path[:1] == [_HERE]:
    del sys.path[0]  # our neighbours are no modules of the service

import array
import ctypes
import gc
import json
import os
import select
import signal
import socket
import time
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

CONTROL = 3
WITHOUT = "HYBRID_WARM_WITHOUT"  # modules to leave out, with the reasons, which may hold what only we may read
LEARN_AFTER = 2.0  # seconds after a fork when we look what it has loaded that we have not
OUT_OF_THE_WAY = 0.05  # seconds a shim leaves the processors to its program, which somebody is waiting for
MOST_DESCRIPTORS = 253  # SCM_MAX_FD of the kernel
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
POLLRDHUP = 0x2000


def _neighbour(name: str) -> "dict[str, Any]":
    """Load a file beside this one without making it importable for the service."""
    path = f"{_HERE}/{name}.py"
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    names: dict[str, Any] = {"__name__": name, "__file__": path}
    exec(code, names)
    return names


class Parent:
    """The parent and its one socket.

    Args:
        learned: the file with the names of modules.
        projects: directories whose modules are the project's own.
        program: the words of the program that will be asked for.
    """

    def __init__(self, learned: str, projects: "list[str]", program: "list[str]") -> None:
        self._control = socket.socket(fileno=CONTROL)
        self._control.set_inheritable(False)
        self._given = _given()
        for name in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"):  # about our socket, not about the service's
            os.environ.pop(name, None)
            self._given.pop(name, None)
        os.environ.pop(WITHOUT, None)
        self._without: dict[str, str] = json.loads(self._given.pop(WITHOUT, "{}"))
        self._python, self._launch = program[:2]
        with open(self._launch, "rb") as file:
            self._code = compile(file.read(), self._launch, "exec", dont_inherit=True)
        self._check = _neighbour("syntax_check")["_main"]
        self._fork = _neighbour("forked")
        self._preload = _neighbour("preload")["Preload"](learned, projects, self._without, _AT_START, roots(program))
        self._prctl = ctypes.CDLL(None).prctl
        self._pending = bytearray()
        self._descriptors = array.array("i")

    def serve(self) -> "Callable[[], object] | None":
        """Import, then fork whenever we are asked.

        Returns:
            in the parent None, when it is over; in a fork what it shall do.
        """
        if not self._imported():
            return None
        signal.signal(signal.SIGCHLD, _reap)
        self._tell({"ready": self._preload.told()})
        ready = select.poll()
        ready.register(self._control, select.POLLIN)
        wait = None
        while True:
            if not ready.poll(wait):
                wait = None
                if not self._imported():
                    return None
                continue
            request = self._receive()
            if request is None:
                return None
            descriptors, self._descriptors = self._descriptors.tolist(), array.array("i")
            answer, run = self._forked(request, descriptors)
            if run is not None:
                return run  # in the fork
            for descriptor in descriptors:
                os.close(descriptor)
            if answer:
                self._tell({**answer, "run": request["run"]})
            wait = int(LEARN_AFTER * 1000)

    def _imported(self) -> bool:
        """Import what was learned and is not here yet; False: refused, and told so."""
        trouble = self._preload.run()
        if trouble is None:
            gc.collect()
            gc.freeze()  # what is here stays in memory that all forks share
            return True
        name, why, harmless = trouble
        if harmless:  # a module of which only a part was loaded cannot be taken back, so all anew without it
            os.set_inheritable(CONTROL, True)
            given = {**self._given, WITHOUT: json.dumps({**self._without, name: why})}
            os.execve(sys.executable, [sys.executable, *sys.argv], given)
        self._tell({"refused": why})
        return False

    def _receive(self) -> "dict[str, Any] | None":
        while b"\n" not in self._pending:
            try:
                data, ancillary, _, _ = self._control.recvmsg(
                    1 << 16, socket.CMSG_SPACE(MOST_DESCRIPTORS * 4), socket.MSG_CMSG_CLOEXEC
                )
            except OSError:
                return None
            if not data:
                return None
            self._pending += data
            for level, kind, rights in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    self._descriptors.frombytes(rights[: len(rights) - len(rights) % 4])
        line, _, self._pending = self._pending.partition(b"\n")
        request: dict[str, Any] = json.loads(line)
        return request

    def _tell(self, message: "dict[str, object]") -> None:
        with suppress(OSError):  # who asked is gone; the next read says so
            self._control.sendall(json.dumps(message).encode() + b"\n")

    def _forked(
        self, request: "dict[str, Any]", descriptors: "list[int]"
    ) -> "tuple[dict[str, object], Callable[[], object] | None]":
        words = request["argv"]
        if words[1:2] != [self._launch] or words[0] != self._python:
            return {"cold": "it is started in another way"}, None
        if (cold := self._preload.outdated(roots(words))) is not None:
            return {"cold": cold}, None
        try:
            pid = os.fork()
        except OSError as error:
            return {"failed": error.errno, "stage": "fork"}, None
        return {}, None if pid else self._keep(request, descriptors)

    # in the fork that becomes the shim

    def _keep(self, request: "dict[str, Any]", descriptors: "list[int]") -> "Callable[[], object]":
        """Fork the program, say so, and become its shim; only the program returns."""
        job, listeners = descriptors[0], descriptors[1:]
        stage = "cwd"
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            with suppress(OSError, ValueError):
                self._fork["mark"](request["run"])
            self._prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            if _hung_up(job):
                os._exit(1)  # nobody waits for it any more
            os.chdir(request["cwd"])
            stage = "fork"
            (stdout, out), (stderr, err) = os.pipe(), os.pipe()
            queue = select.epoll()  # notes what gets something first, while nobody reads
            for descriptor in (stdout, stderr):
                queue.register(descriptor, select.EPOLLIN | select.EPOLLONESHOT)
            us, began = os.getpid(), time.time_ns()
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGCHLD,))  # to be waited for below
            pid = os.fork()
            if pid == 0:
                queue.close()
                for descriptor in (self._control.detach(), job, stdout, stderr):
                    os.close(descriptor)
                return self._become(request, us, [out, err, *listeners])
        except OSError as error:
            self._tell({"failed": error.errno, "stage": stage, "run": request["run"]})
            os._exit(1)
        self._tell({"pid": pid, "shim": us, "run": request["run"]})
        told = job, pid, stdout, stderr, queue.fileno(), began
        words = [*request["keeper"]["argv"], *map(str, told)]
        for descriptor in (job, stdout, stderr, queue.fileno()):
            os.set_inheritable(descriptor, True)
        nothing = os.open("/dev/null", os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        os.chdir("/")
        signal.sigtimedwait((signal.SIGCHLD,), OUT_OF_THE_WAY)
        try:
            os.execve(words[0], words, request["keeper"]["env"])
        finally:
            os._exit(127)  # and the program dies with us

    # in the fork that becomes the program

    def _become(self, request: "dict[str, Any]", parent: int, descriptors: "list[int]") -> "Callable[[], object]":
        self._prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        os.setsid()
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        self._fork["place"](descriptors)
        self._fork["surround"](request, self._given, _HERE)
        self._preload.renew()
        check = request["check"]
        return lambda: self._fork["run"](self._code, self._launch, check and self._check(check))


def _given() -> "dict[str, str]":
    """The environment as it was given: the interpreter may have added a locale to ours."""
    with open("/proc/self/environ", "rb") as file:
        return dict(os.fsdecode(entry).split("=", 1) for entry in file.read().split(b"\0") if b"=" in entry)


def _hung_up(descriptor: int) -> bool:
    ready = select.poll()
    ready.register(descriptor, POLLRDHUP)
    return bool(ready.poll(0))


def _reap(_number: int, _frame: object) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def roots(program: "list[str]") -> "list[str]":
    """Where a program's own modules are imported from: the root that `launch.py` puts first."""
    words = program[4:] if program[2:3] == ["--learn"] else program[2:]
    return words[:1]


def _main() -> "Callable[[], object]":
    words, projects = sys.argv[2:], []
    while words[0] == "--project":
        projects.append(words[1])
        del words[:2]
    run = Parent(sys.argv[1], projects, words[1:]).serve()
    if run is None:
        os._exit(0)
    return run


if __name__ == "__main__":
    _main()()
