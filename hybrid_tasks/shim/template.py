"""The template: a small warm process that does nothing but fork a shim for every job.

Forking it costs about a millisecond and one megabyte; starting an interpreter would cost ten times both.
"""

from __future__ import annotations

import gc
import os
import select
import socket
from contextlib import suppress

from . import signals
from .frames import TYPE_CHECKING, encode, receive
from .job import live
from .kernel import adopt_descendants

if TYPE_CHECKING:
    from .frames import Message


def serve(descriptor: int) -> None:
    """Fork a shim for every socket that arrives; end when the supervisor is gone.

    Each request carries one descriptor: the shim's end of the socket pair on which the supervisor
    describes the job. Nothing is answered here; the shim answers on that socket.

    Args:
        descriptor: our end of the socket pair with the supervisor.
    """
    os.set_inheritable(descriptor, False)
    requests = socket.socket(fileno=descriptor)
    # What a killed shim leaves comes to us and is reaped here: so it never turns up among the
    # supervisor's own children, where nobody could tell whose exit code it is.
    adopt_descendants()
    signals.prepare()
    wakeups = signals.wakeups()
    _rehearse(wakeups)
    gc.collect()
    gc.freeze()
    both = select.poll()
    both.register(requests, select.POLLIN)
    both.register(wakeups, select.POLLIN)
    while True:
        for ready, _ in both.poll():
            if ready == wakeups:
                signals.taken(wakeups)
                _reap()
                continue
            try:
                _, descriptors = receive(requests)
            except (EOFError, OSError):
                return
            for job in descriptors:
                _fork(socket.socket(fileno=job), requests, wakeups)


def _rehearse(wakeups: int) -> None:
    """Live through a job that cannot start, before anything is forked.

    What the interpreter notes at the first run of something (caches of types and attributes) is then on pages that
    all shims share; each of them would note it again, on a copy of its own.
    """
    supervisor, job = socket.socketpair()
    with supervisor, job:
        program: Message = {"argv": [b"/"], "env": {}, "cwd": b"/", "names": b"", "stop": 15, "grace": 0.0}
        supervisor.sendall(encode({**program, "log_dir": b"/dev/null", "log_stem": b"none", "log_cap": 0}))
        live(job, wakeups)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _fork(job: socket.socket, requests: socket.socket, wakeups: int) -> None:
    with job:
        try:
            pid = os.fork()
        except OSError as error:
            with suppress(OSError):
                job.sendall(encode({"failed": error.errno, "stage": "fork"}))
            return
        if pid:
            return
        status = 1
        try:
            requests.close()
            os.close(wakeups)
            live(job, signals.wakeups())
            status = 0
        finally:
            # Never back into the template's loop, whatever happened; a traceback goes to its stderr first.
            if status:
                import traceback

                traceback.print_exc()
            os._exit(status)
