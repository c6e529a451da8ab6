"""What is on disk: the log folder of each service, its jobs, and the small file that names them.

.hybrid/logs/<service>/<start>-<role>-<run>.log      raw bytes, then `.1.log`, `.2.log` after rotations
.hybrid/logs/<service>/<start>-<role>-<run>.idx      its index (see `index.py`)
.hybrid/logs/<service>/current.json                  name, colour and newest jobs, so that no supervisor is needed
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hybrid_tasks.logs.escapes import clean
from hybrid_tasks.logs.index import exit_code, index_path, last_record
from hybrid_tasks.logs.lines import cut_long

CURRENT = "current.json"
KEPT_JOBS = 20

_NAME = re.compile(r"(?P<start>\d{8}T\d{6}(?:\.\d+)?)-(?P<role>[a-z_]+)-(?P<run>[0-9a-f]+)(?:\.(?P<number>\d+))?\.log")
_BLOCK = 1 << 16
_EXCERPT_BYTES = 4 << 20


_FOR_PROGRAMS = re.compile(rb'\{"reason":"[^\n]*\}\r?\n')
"""Cargo's messages, which may come between two halves of a line that rustc writes at the same time."""


@dataclass(frozen=True, slots=True)
class JobLog:
    """The log of one job.

    Args:
        service: whose job it was.
        role: `instance`, `check`, `build`, `probe`, `step`, `test`, `follower`, `prepare`,
            `sidecar`, `release` or `stop`.
        run: its run id.
        started: epoch seconds.
        segments: its raw files that still exist, oldest first.
    """

    service: str
    role: str
    run: str
    started: float
    segments: tuple[Path, ...]

    @property
    def key(self) -> tuple[str, str]:
        """What tells this job from every other one."""
        return self.service, self.run

    @property
    def touched(self) -> float:
        """When its newest file was last written, in epoch seconds (0 when it is gone)."""
        try:
            return self.segments[-1].stat().st_mtime
        except OSError:
            return 0.0

    def exit(self) -> int | None:
        """Its exit code (negative: ended by that signal), None while it runs or when nobody knows."""
        record = last_record(self.segments[-1])
        return None if record is None else exit_code(record)


def number_of(segment: Path) -> int:
    """Which segment of its job a raw file is, 0 for the first."""
    parts = segment.name.rsplit(".", 2)
    return int(parts[1]) if len(parts) == 3 and parts[1].isdigit() and len(parts[1]) < 6 else 0  # noqa: PLR2004 - 6 digits are microseconds


def services(project_logs: Path) -> list[str]:
    """The names of the services that have a log folder, sorted."""
    with contextlib.suppress(OSError), os.scandir(project_logs) as entries:
        return sorted(e.name for e in entries if not e.name.startswith(".") and e.is_dir(follow_symlinks=False))
    return []


def jobs(log_dir: Path) -> list[JobLog]:
    """The jobs whose logs lie in a service's folder, oldest first."""
    found: dict[tuple[str, str, str], list[tuple[int, Path]]] = {}
    with contextlib.suppress(OSError), os.scandir(log_dir) as entries:
        for entry in entries:
            if match := _NAME.fullmatch(entry.name):
                start, role, run, number = match.group("start", "role", "run", "number")
                found.setdefault((start, role, run), []).append((int(number or 0), Path(entry.path)))
    listed = []
    for (start, role, run), files in sorted(found.items()):
        with contextlib.suppress(ValueError):
            started = datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()
            listed.append(JobLog(log_dir.name, role, run, started, tuple(path for _, path in sorted(files))))
    return listed


def segments(log_file: Path) -> list[Path]:
    """Every file of the job that `log_file` (any of its segments) belongs to, oldest first."""
    run = run_of(log_file)
    if not run:
        return [log_file] if log_file.exists() else []
    return [path for job in jobs(log_file.parent) if job.run == run for path in job.segments]


def run_of(log_file: Path) -> str:
    """The run id of the job that wrote a raw file, empty when that is none of a job."""
    match = _NAME.fullmatch(log_file.name)
    return match["run"] if match else ""


def forget(log_file: Path) -> None:
    """Remove the log of a job that is over, with its index; never fails.

    Args:
        log_file: any of its raw files.
    """
    for segment in segments(log_file):
        for path in (segment, index_path(segment)):
            with contextlib.suppress(OSError):
                path.unlink()


def current(log_dir: Path) -> Mapping[str, object]:
    """What `announce` last wrote for a service; empty when there is nothing or it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        data = json.loads((log_dir / CURRENT).read_bytes())
        if isinstance(data, dict):
            return data
    return {}


def announce(  # noqa: PLR0917 - the fields of current.json in their order
    log_dir: Path, name: str, colour: str, run: str, role: str, started: float, file: Path | str
) -> None:
    """Write down that a job of a service has started, so that readers need nobody to ask; never fails.

    Args:
        log_dir: the service's log folder.
        name: the service's name.
        colour: its colour as `colours.colour_of` chose it.
        run: the job's run id.
        role: the job's role.
        started: epoch seconds.
        file: the job's first raw log file.
    """
    before = current(log_dir).get("jobs")
    earlier = before if isinstance(before, list) else []
    known = [job for job in earlier if isinstance(job, dict) and job.get("run") != run]
    known.append({"run": run, "role": role, "started": started, "file": Path(file).name})
    # A full disk must not stop a service from starting; without this file only the chosen colour is unknown.
    with contextlib.suppress(OSError):
        log_dir.mkdir(parents=True, exist_ok=True)
        _replace(log_dir / CURRENT, json.dumps({"name": name, "colour": colour, "jobs": known[-KEPT_JOBS:]}).encode())


def _replace(path: Path, data: bytes) -> None:
    """Write a small file so that a reader sees the old one or the new one, never a part."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    # O_EXCL and O_NOFOLLOW: a link planted here is not written through.
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        while data:
            data = data[os.write(fd, data) :]
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)


def last_lines(log_file: Path, n: int = 20) -> list[str]:
    """The last lines of a job's output, whatever stream they came by.

    Args:
        log_file: any raw file of the job; later segments are found beside it.
        n: how many lines at most.

    Returns:
        the lines without escapes, oldest first, long ones cut; empty when there is no file.
    """
    found: list[bytes] = []
    for segment in reversed(segments(log_file)):
        found[:0] = _tail(segment, n - len(found))
        if len(found) >= n:
            break
    return readable(b"".join(found), n)


def excerpt(log_file: Path, n: int = 20) -> list[str]:
    """The part of a failed job's output that says why it failed.

    Args:
        log_file: any raw file of the job.
        n: how many lines at most.

    Returns:
        the first compiler error with its place and context, the traceback that ended it, or the last lines that are
        no answers to our own probes.
    """
    from hybrid_tasks.logs.excerpt import matters
    from hybrid_tasks.logs.probed import without_answers

    found = segments(log_file)
    read = b""
    for segment in found:
        with contextlib.suppress(OSError), segment.open("rb") as file:
            read += file.read(_EXCERPT_BYTES - len(read))
        if len(read) >= _EXCERPT_BYTES:  # not a compiler's output: what matters is at the end
            return matters(without_answers(log_file, last_lines(log_file, 2000)), n)
    return matters(without_answers(log_file, readable(read)), n)


def _tail(segment: Path, n: int) -> list[bytes]:
    """The last `n` lines of one file with their line ends, reading no more of it than needed."""
    data = b""
    with contextlib.suppress(OSError), segment.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        limit = max(0, position - _EXCERPT_BYTES)
        while position > limit and data.count(b"\n") <= n:
            size = min(_BLOCK, position)
            position -= size
            file.seek(position)
            data = file.read(size) + data
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return (lines if lines[-1] else lines[:-1])[-n:] if n > 0 else []


def readable(data: bytes, n: int | None = None) -> list[str]:
    """Give raw output as lines for people.

    Args:
        data: what was printed.
        n: how many of the last lines at most; None: all.

    Returns:
        the lines without escapes and without messages for programs, long ones cut.
    """
    data = _FOR_PROGRAMS.sub(b"", data)
    found = [line.rstrip() for line in clean(cut_long(data), colours=False).decode().split("\n")]
    if not found[-1]:
        found.pop()
    return found if n is None else found[max(0, len(found) - n) :]
