"""The last lines of a job's output, read from the end of its log."""

from __future__ import annotations

from pathlib import Path

BLOCK = 1 << 16
ENOUGH = 1 << 20  # bytes: nobody reads twenty lines of more than that


def last_lines(log: Path, lines: int) -> list[str]:
    """The last lines of a log that may have several segments.

    Args:
        log: its first segment, `<stem>.log`; the others are `<stem>.1.log` and so on beside it.
        lines: how many at most.

    Returns:
        lines without their ends, oldest first; undecodable bytes are replaced.
    """
    data = b""
    for segment in _newest_first(log):
        data = _end_of(segment, lines - data.count(b"\n")) + data
        if data.count(b"\n") > lines or len(data) >= ENOUGH:
            break
    if lines <= 0 or not data:
        return []
    found = data.removesuffix(b"\n").split(b"\n")[-lines:]
    return [line.removesuffix(b"\r").decode(errors="replace") for line in found]


def _newest_first(log: Path) -> list[Path]:
    stem = log.name.removesuffix(".log")
    numbered = []
    for path in log.parent.glob(f"{stem}*.log"):
        number = path.name.removeprefix(stem).removesuffix("log").strip(".")
        if number.isdigit() or not number:
            numbered.append((int(number or 0), path))
    return [path for _, path in sorted(numbered, reverse=True)]


def _end_of(segment: Path, lines: int) -> bytes:
    data = b""
    try:
        with segment.open("rb") as file:
            position = file.seek(0, 2)
            while position and data.count(b"\n") <= lines and len(data) < ENOUGH:
                step = min(BLOCK, position)
                position -= step
                file.seek(position)
                data = file.read(step) + data
    except OSError:
        return data
    return data
