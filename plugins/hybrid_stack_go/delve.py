"""Runs a program under Delve and ends as the program does.

    python delve.py PORT run|hold DLV PROGRAM ARGUMENTS...

Delve outlives its program, and a signal sent to it kills the program. Here the end of the program is our end, with
its exit code or signal, unless a client has Delve start it again (`restart`). A signal sent to us is the program's,
so that it can end as gracefully as it would without a debugger. One that is paused cannot: then Delve is asked to end
it. `hold` leaves the program stopped at its first instruction until a debugger lets it run.

This file is run by itself: standard library only.
"""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
LOOK = 20
"""Milliseconds between two looks for the program, until Delve has started it."""
PATIENCE = 2.0
"""Seconds that Delve has to say how the program ended."""


def program_of(delve: int) -> "int | None":
    """Give the program that Delve traces, None while there is none."""
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{delve}/task"):  # noqa: PTH208 - no pathlib where it is not needed
            with open(f"/proc/{delve}/task/{thread}/children") as file:  # noqa: PTH123
                children = file.read().split()
            for child in children:
                if _traced(child):
                    return int(child)
    return None


def _traced(pid: str) -> bool:
    try:
        with open(f"/proc/{pid}/status") as file:  # noqa: PTH123
            return any(line.startswith("TracerPid:") and line.split()[1] != "0" for line in file)
    except OSError:
        return False


def _paused(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] in "tT"
    except OSError:
        return False


def how_it_ended(port: int) -> "int | None":
    """Ask Delve for the exit code of its program, negative for a signal; None: it knows of no end.

    The question is `RPCServer.State` of https://pkg.go.dev/github.com/go-delve/delve/service/rpc2, as JSON-RPC 1.0;
    once the program has ended the answer is the error `Process 4711 has exited with status 3`.
    """
    with suppress(OSError, ValueError, AttributeError):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as asking:
            asking.sendall(b'{"method":"RPCServer.State","params":[{"NonBlocking":true}],"id":1}')
            error = json.loads(asking.makefile().readline()).get("error")
        if error is None:
            return None
        found = re.search(r"exited with status (-?\d+)", error)
        return int(found[1]) if found else 1
    return 1


def end_of(program: int, delve: int, port: int) -> "int | None":
    """Give the exit code of a program that has ended, None when Delve has started another one in its place.

    It answers only once a restart is done; and for a moment after an end it may not have noticed that yet.
    """
    over = time.monotonic() + PATIENCE
    while time.monotonic() < over:
        if (code := how_it_ended(port)) is not None:
            return code
        if program_of(delve) not in {None, program}:
            return None
        time.sleep(LOOK / 1000)
    return 1


def leave(code: int) -> None:
    """End as the program did."""
    if code < 0:
        with suppress(OSError):  # KILL and STOP have nothing else
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)


def told(delve: "subprocess.Popen[bytes]", program: "int | None", signals: bytes) -> None:
    """Pass signals on to the program, or end it where it cannot hear them."""
    for number in signals:
        if program is not None and not _paused(program):
            with suppress(OSError):
                os.kill(program, number)
        elif number in ENDING:
            delve.terminate()


def main() -> None:
    """Run Delve until its program ends."""
    port, how, dlv, program, *arguments = sys.argv[1:]
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in (*PASSED_ON, signal.SIGCHLD):
        signal.signal(number, lambda _number, _frame: None)
    words = [dlv, "exec", program, "--headless", "--accept-multiclient", "--api-version=2", "--check-go-version=false"]
    words += [f"--listen=127.0.0.1:{port}", *(["--continue"] if how == "run" else []), "--", *arguments]
    # A group of its own: a signal for the group is for us to pass on.
    delve = subprocess.Popen(words, process_group=0)
    waiting = select.poll()
    waiting.register(read, select.POLLIN)
    running, handle = None, None
    while delve.poll() is None:
        if running is None and (running := program_of(delve.pid)) is not None:
            handle = os.pidfd_open(running)
            waiting.register(handle, select.POLLIN)
        ready = [descriptor for descriptor, _ in waiting.poll(None if running else LOOK)]
        if running is not None and handle in ready:
            code = end_of(running, delve.pid, int(port))
            if code is not None:
                delve.terminate()
                delve.wait()
                leave(code)
            waiting.unregister(handle)
            os.close(handle)
            running = None
            continue
        if read in ready:
            signals = bytes(number for number in os.read(read, 4096) if number in PASSED_ON)
            told(delve, running, signals)
    leave(delve.returncode)


if __name__ == "__main__":
    main()
