"""A zoo of services that are hard to end, as one small program: `python -I -S tests/zoo.py SHAPE`.

Each process says `pid N` when it is there and the shape says `ready` when all of it is. Who is polite
says `NAME got TERM` before it ends. Standard library without site packages, so that it starts fast.
"""

from __future__ import annotations

import os
import signal
import sys

MANY = 200


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def deaf() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def polite(name: str) -> None:
    def end(number: int, _: object) -> None:
        say(f"{name} got {signal.Signals(number).name.removeprefix('SIG')}")
        os._exit(0)

    signal.signal(signal.SIGTERM, end)


def idle() -> None:
    while True:
        signal.pause()


def child(
    name: str, *, session: bool = False, group: bool = False, daemon: bool = False, ignoring: bool = False
) -> None:
    """Fork one that stays; a daemon's parent is gone at once."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        if session:
            os.setsid()
        if group:
            os.setpgid(0, 0)
        if daemon and os.fork():
            os._exit(0)
        deaf() if ignoring else polite(name)
        say(f"pid {os.getpid()}")
        os.close(write)
        idle()
    os.close(write)
    os.read(read, 1)
    os.close(read)
    if daemon:
        os.waitpid(pid, 0)


def shape_polite() -> None:
    polite("main")


def shape_group() -> None:
    polite("main")
    child("child", group=True)


def shape_family() -> None:
    polite("main")
    child("child")


def shape_slow() -> None:
    """A child in the same group takes a moment to end, and says so whenever it is asked."""
    polite("main")
    read, write = os.pipe()
    if os.fork() == 0:

        def asked(_: int, __: object) -> None:
            say("child got TERM")
            signal.setitimer(signal.ITIMER_REAL, 0.3)

        signal.signal(signal.SIGTERM, asked)
        signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
        say(f"pid {os.getpid()}")
        os.write(write, b"x")
        idle()
    os.read(read, 1)


def shape_session() -> None:
    polite("main")
    child("child", session=True, daemon=True)


def shape_deaf() -> None:
    deaf()


def shape_deaf_session() -> None:
    polite("main")
    child("child", session=True, daemon=True, ignoring=True)


def shape_wiped() -> None:
    """A daemon in another session whose environment is gone, and with it every mark."""
    polite("main")
    read, write = os.pipe()
    os.set_inheritable(write, True)
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.execve(sys.executable, [sys.executable, "-I", "-S", __file__, "ghost", str(write)], {})
    os.close(write)
    os.read(read, 1)


def shape_ghost() -> None:
    polite("ghost")


def shape_storm() -> None:
    """Up to 200 at a time, a new one every 5 ms, each in a session of its own."""
    deaf()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    count = 0
    while True:
        if os.fork() == 0:
            os.setsid()
            signal.setitimer(signal.ITIMER_REAL, 0.005 * MANY)
            signal.sigwait({signal.SIGALRM})
            os._exit(0)
        count += 1
        if count == MANY:
            say("ready")
        signal.sigwait({signal.SIGALRM})


def shape_leaver() -> None:
    """Ends at once with 7 and leaves a deaf one that keeps the pipes open."""
    child("child", session=True, daemon=True, ignoring=True)
    say("ready")
    os._exit(7)


def main() -> None:
    shape = sys.argv[1]
    say(f"pid {os.getpid()}")
    globals()[f"shape_{shape.replace('-', '_')}"]()
    if shape == "ghost":
        os.write(int(sys.argv[2]), b"x")
    say("ready")
    idle()


if __name__ == "__main__":
    main()
