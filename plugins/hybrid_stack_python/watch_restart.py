"""The driver `watchdog`: runs a program, and runs it again once saving has paused; nothing cleverer.

    python watch_restart.py --quiet 2 --grace 2 --watch DIRECTORY --count '*.py' --ignore '.venv/' -- COMMAND...

This file runs in the interpreter of hybrid-tasks, which has watchdog, and starts the service with the service's own.
watchdog's own `watchmedo auto-restart` asks for every kind of event, opened files too, and is busy with the events of
its own search for ever from about 4,100 directories on.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pathspec
from watchdog.events import (
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.utils.event_debouncer import EventDebouncer

EVENTS: list[type[FileSystemEvent]] = [FileCreatedEvent, FileModifiedEvent, FileDeletedEvent, FileMovedEvent]


class Restarts:
    """A program that is started again after every change.

    Args:
        command: its words.
        number: the signal that it gets first.
        grace: seconds until it is killed.
    """

    def __init__(self, command: Sequence[str], number: int, grace: float) -> None:
        self._command = command
        self._number = number
        self._grace = grace
        self._child: subprocess.Popen[bytes] | None = None
        self._one_at_a_time = threading.Lock()

    def begin(self) -> None:
        """Start it, in the place of the one that runs."""
        with self._one_at_a_time:
            self._end()
            self._child = child = subprocess.Popen(self._command, start_new_session=True)
        threading.Thread(target=self._wait, args=(child,), daemon=True).start()

    def close(self) -> None:
        """End it."""
        with self._one_at_a_time:
            self._end()

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None or child.poll() is not None:
            return
        os.killpg(child.pid, self._number)
        try:
            child.wait(self._grace)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def _wait(self, child: subprocess.Popen[bytes]) -> None:
        code = child.wait()
        if child is self._child:
            _say(f"the program ended with {code} and waits for a change")


class Changes(FileSystemEventHandler):
    """Passes on the events of files that count.

    Args:
        root: a watched directory.
        count: gitignore lines of the files that count.
        ignore: gitignore lines of those that do not.
        debouncer: hears of them.
    """

    def __init__(self, root: Path, count: Sequence[str], ignore: Sequence[str], debouncer: EventDebouncer) -> None:
        self._root = root
        self._count = pathspec.GitIgnoreSpec.from_lines(count)
        self._ignore = pathspec.GitIgnoreSpec.from_lines(ignore)
        self._debouncer = debouncer

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Look at both ends of a move, and at the one path of everything else."""
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        names = [os.path.relpath(path, self._root) for path in paths]
        if any(self._count.match_file(name) and not self._ignore.match_file(name) for name in names):
            self._debouncer.handle_event(event)


def _say(text: str) -> None:
    print(f"watchdog: {text}", file=sys.stderr, flush=True)  # as a traceback: after it, not in the middle


def main(words: Sequence[str] | None = None) -> int:
    """Watch and run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quiet", type=float, required=True)
    parser.add_argument("--grace", type=float, required=True)
    parser.add_argument("--signal", default="TERM")
    for name in ("--watch", "--count", "--ignore"):
        parser.add_argument(name, action="append", default=[])
    parser.add_argument("command", nargs="+")
    args = parser.parse_args(words)
    program = Restarts(args.command, signal.Signals[f"SIG{args.signal}"], args.grace)
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())

    def again(_events: Sequence[FileSystemEvent]) -> None:
        _say("files have changed: starts the program again")
        program.begin()

    debouncer = EventDebouncer(args.quiet, again)
    observer = Observer()
    for root in map(Path, args.watch):
        handler = Changes(root, args.count, args.ignore, debouncer)
        observer.schedule(handler, str(root), recursive=True, event_filter=EVENTS)
    observer.start()
    debouncer.start()
    program.begin()
    over.wait()
    observer.stop()
    debouncer.stop()
    program.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
