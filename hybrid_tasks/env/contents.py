"""Opening a file that may be anything: never blocks, never reads without limit, finds every unreadable line."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

LARGEST_FILE = 1024 * 1024
"""Bytes an env file may have."""

_KINDS = {
    stat.S_IFDIR: ("a directory", "name a file in it"),
    stat.S_IFIFO: ("a pipe", "write the variables to a file and name that"),
    stat.S_IFSOCK: ("a socket", "name a file"),
    stat.S_IFCHR: ("a device", "name a file"),
    stat.S_IFBLK: ("a device", "name a file"),
}
_UTF8 = "save the file as UTF-8"
_WIDE = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with the bytes of a file: at which line (0: the whole file), and the cure."""

    line: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The text of a file, and the flaws of its bytes; a flawed line reads as good as it can."""

    text: str = ""
    flaws: list[Flaw] = field(default_factory=list)


def contents(path: Path) -> Contents:
    """Read a text file as UTF-8, without its byte order mark.

    Args:
        path: any path, a symbolic link included.

    Returns:
        its text and what is wrong with it.
    """
    try:
        data, flaw = _bytes(path)
    except OSError as error:
        return Contents(flaws=[_unreadable(error)])
    except ValueError:
        return Contents(flaws=[Flaw(0, "the name is no file name", "name a file without a NUL byte")])
    if flaw is None and data.startswith(_WIDE):
        flaw = Flaw(1, "the file is UTF-16", _UTF8)
    if flaw is not None:
        return Contents(flaws=[flaw])
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    return Contents(text, _flaws(data))


def _bytes(path: Path) -> tuple[bytes, Flaw | None]:
    # asked before it is opened: opening a device can do things
    if flaw := _kind(path.stat().st_mode):
        return b"", flaw
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        # and again: it may have been replaced by a pipe, which O_NONBLOCK does not wait for
        if flaw := _kind(os.fstat(descriptor).st_mode):
            return b"", flaw
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        return b"", Flaw(0, "the file is larger than 1 MB", "name the env file; data belongs into a file of its own")
    return data, None


def _kind(mode: int) -> Flaw | None:
    if stat.S_ISREG(mode):
        return None
    kind, hint = _KINDS.get(stat.S_IFMT(mode), ("no regular file", "name a file"))
    return Flaw(0, f"is {kind}, not a file", hint)


def _unreadable(error: OSError) -> Flaw:
    match error:
        case FileNotFoundError():
            return Flaw(0, "does not exist", "create it, or take it out of the configuration")
        case PermissionError():
            return Flaw(0, "may not be read", "make it yours: `chown` it, then `chmod 600` it")
        case _:
            return Flaw(0, f"cannot be read: {(error.strerror or 'unknown error').lower()}", "name a readable file")


def _flaws(data: bytes) -> list[Flaw]:
    flaws = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if b"\0" in line:
            flaws.append(Flaw(number, "a NUL byte", "remove it; no variable can hold one"))
        elif not line.isascii():
            try:
                line.decode()
            except UnicodeDecodeError as error:
                flaws.append(
                    Flaw(number, f"byte 0x{line[error.start]:02x} is not UTF-8 (column {error.start + 1})", _UTF8)
                )
    return flaws
