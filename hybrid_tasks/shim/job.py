"""The life of one job: start its program, carry its output, end what it leaves, and report.

One loop waits for everything: the supervisor, a child that ended, output, and the next deadline.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import suppress

from . import signals
from .ending import Ending
from .family import below
from .frames import encode, receive
from .kernel import adopt_descendants
from .link import Link
from .logfile import LogFile
from .pipes import BUSY, STDERR, STDOUT, Pipes, made
from .ready import Ready
from .request import Request, program
from .spawn import spawn

ORPHAN_GRACE = 2.0  # seconds a job gets when its supervisor is gone
REST = 0.005  # seconds between two reads of a program that writes little but often
PROMPT = 0.001  # seconds: who comes back sooner has not waited
NOTHING = -1  # instead of the descriptor that reports a program's execution: it runs already


def live(sock: socket.socket, wakeups: int) -> None:
    """Be the shim of the job that is described on this socket, until nothing of it is left.

    Args:
        sock: our end of the socket pair with the supervisor.
        wakeups: what `signals.wakeups` gave in this process.
    """
    adopt_descendants()
    sock.sendall(encode({"shim": os.getpid()}))
    try:
        message, listeners = receive(sock)
    except (EOFError, OSError):
        return
    request = Request(message)
    log = LogFile(request.log_dir, request.log_stem, request.log_cap)
    pipes = Pipes(log, *made())
    link = Link(sock)
    try:
        main, report = spawn(program(message, listeners), *pipes.write_ends)
    except OSError as error:
        link.tell({"failed": error.errno, "stage": "fork"})
        return
    pipes.close_write_ends()
    for listener in listeners:
        os.close(listener)
    log.begin()
    Job(request, link, log, pipes, (main, report, wakeups)).run()


def adopt(descriptor: int, main: int, stdout: int, stderr: int, queue: int, began: int) -> None:  # noqa: PLR0917
    """Be the shim of a program that is our child already: who forked it has become us by executing this.

    Args:
        descriptor: our end of the socket pair with the supervisor.
        main: the program's pid.
        stdout: the read end of the pipe for its standard output.
        stderr: the same for its standard error.
        queue: an epoll descriptor that has noted which of the two got something first.
        began: when it was forked, in nanoseconds since the epoch.
    """
    signals.prepare()
    wakeups = signals.wakeups()
    adopt_descendants()
    sock = socket.socket(fileno=descriptor)
    link = Link(sock)
    link.tell({"shim": os.getpid()})
    try:
        message, _ = receive(sock)
    except (EOFError, OSError):
        return  # the program dies with us
    request = Request(message)
    log = LogFile(request.log_dir, request.log_stem, request.log_cap)
    log.begin()
    os.kill(os.getpid(), signal.SIGCHLD)  # the program may have ended before we could hear of it
    os.set_inheritable(queue, False)
    pipes = Pipes(log, {stdout: STDOUT, stderr: STDERR}, since=began / 1e9)
    Job(request, link, log, pipes, (main, NOTHING, wakeups), queue).run()


class Job:
    """A program that has been forked, and all that comes of it.

    Args:
        request: what the supervisor asked for.
        link: to the supervisor.
        log: where output goes.
        pipes: where it comes from.
        started: the program's pid, a descriptor at its end once it runs (or `NOTHING`), and one that is readable
            after a signal.
        queue: an epoll descriptor that knows the pipes already, or `NOTHING`.
    """

    def __init__(  # noqa: PLR0917
        self,
        request: Request,
        link: Link,
        log: LogFile,
        pipes: Pipes,
        started: tuple[int, int, int],
        queue: int = NOTHING,
    ) -> None:
        self._link = link
        self._log = log
        self._pipes = pipes
        self._main, self._report, self._wakeups = started
        self._starting = self._report != NOTHING
        self._failure = b""
        self._code: int | None = None
        self._alone = False  # no child is left
        self._orphaned = False  # it has to end because the supervisor has died
        self._grace = request.grace
        self._ending = Ending(self._main, request.stop_signal, request.grace)
        self._told_of_log: tuple[str | None, int] = (None, 0)
        others = [one for one in (link.descriptor, self._report, self._wakeups) if one != NOTHING]
        self._ready = Ready(others, pipes.open, queue)

    def run(self) -> None:
        """Wait for the end, and report it."""
        rest_until = 0.0
        while self._starting or not (self._alone or self._ending.hopeless):
            now = time.monotonic()
            if now < rest_until:
                ready = self._ready.without_pipes(self._patience(now, rest_until))
            else:
                ready = self._ready.wait(self._patience(now))
                self._pipes.look(waited=time.monotonic() - now > PROMPT)
            if self._serve(ready):
                rest_until = time.monotonic() + REST
            self._reap()
            self._ending.act()
            self._mind_the_log()
        self._finish()

    def _patience(self, now: float, *due: float) -> int | None:
        # Milliseconds until something is due, rounded up: a poll that returns too early would spin.
        all_times = (*due, self._ending.due, self._log.prune_at, self._log.retry_at, self._pipes.rest_at)
        times = [at for at in all_times if at is not None]
        return max(0, int((min(times) - now) * 1000) + 1) if times else None

    def _serve(self, ready: list[int]) -> bool:
        # Says whether only a little output came, so that a rest saves work.
        carried = most = 0
        for descriptor in ready:
            if descriptor == self._wakeups:
                self._hear_signals()
            elif descriptor == self._report:
                self._hear_report()
            elif descriptor == self._link.descriptor:
                self._hear_supervisor()
            else:
                count = self._carry(descriptor)
                carried += count
                most = max(most, count)
        return carried > 0 and most < BUSY

    def _carry(self, pipe: int) -> int:
        count = self._pipes.pump(pipe)
        if count is None:
            self._ready.closed(pipe)
            return 0
        self._ready.again(pipe)
        return count

    def _hear_report(self) -> None:
        if data := os.read(self._report, 64):
            self._failure += data
            return
        self._ready.forget(self._report)
        os.close(self._report)
        self._report = -1
        self._starting = False
        if self._failure:
            stage, number = self._failure.decode().split()
            self._link.tell({"failed": int(number), "stage": stage})
        else:
            self._link.tell({"started": self._main})

    def _hear_signals(self) -> None:
        if signal.SIGTERM in signals.taken(self._wakeups):  # SIGCHLD only had to wake us
            self._ending.stop()

    def _hear_supervisor(self) -> None:
        for message in self._link.hear():
            if message["op"] == "stop":
                self._ending.stop(message["grace"])
            elif message["op"] == "spare":
                self._ending.spare(message["pid"])
            elif message["op"] == "signal" and self._code is None:
                with suppress(OSError):
                    os.kill(self._main, message["number"])
                self._link.tell({"signalled": message["number"]})
        if self._link.lost:
            self._ready.forget(self._link.descriptor)
            self._orphaned = self._code is None and self._ending.due is None
            self._ending.stop(min(self._grace, ORPHAN_GRACE))

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    self._alone = self._code is not None and self._ending.only_spared()
                    return
                self._ending.spared.discard(pid)
                if pid == self._main:
                    self._code = os.waitstatus_to_exitcode(status)
                    self._catch_up()
                    if not self._failure:
                        self._link.tell({"ended": self._code})
                    self._ending.main_ended()
        self._alone = True

    def _catch_up(self) -> None:
        """Carry over the program's last words before its end is told, so that whoever hears of it finds them."""
        self._pipes.look(waited=False)
        for pipe in self._ready.filled():
            self._carry(pipe)

    def _mind_the_log(self) -> None:
        now = time.monotonic()
        if self._log.retry_at is not None and now >= self._log.retry_at:
            self._log.write_backlog()
        if self._log.prune_at is not None and now >= self._log.prune_at:
            self._log.prune()
        if self._pipes.rest_at is not None and now >= self._pipes.rest_at:
            self._pipes.rest()
        if (self._log.trouble, self._log.dropped) != self._told_of_log:
            self._told_of_log = (self._log.trouble, self._log.dropped)
            self._link.tell({"log": self._log.trouble, "dropped": self._log.dropped})

    def _finish(self) -> None:
        survivors = [pid for pid, _ in below(os.getpid(), self._ending.spared)]
        code = -signal.SIGKILL if self._code is None else self._code
        self._pipes.look(waited=False)
        self._pipes.drain(self._ready.filled())
        self._log.end(code, orphaned=self._orphaned)
        self._link.tell(
            {
                "exit": code,
                "leftovers": self._ending.leftovers,
                "killed": self._ending.killed,
                "survivors": survivors,
                "dropped": self._log.dropped,
            }
        )
        if self._log.prune_at is not None:
            self._log.prune()
