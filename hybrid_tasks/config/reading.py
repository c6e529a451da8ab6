"""From a configuration file to its data and the place of each key, guarded against every file that is none."""

from __future__ import annotations

import codecs
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.config.locate import PYPROJECT
from hybrid_tasks.config.positions import KeyPath, Positions, Spot
from hybrid_tasks.config.scanning import TooDeep, scan
from hybrid_tasks.config.syntax import explain
from hybrid_tasks.config.words import printable
from hybrid_tasks.errors import Mistakes, WrongInput

LARGEST = 1 << 20
"""Bytes of a configuration file; a hand-written one stays below a hundredth of it."""

_SAVE_AS_UTF8 = "save it as UTF-8, for example `iconv -f {0} -t UTF-8 {1} > new && mv new {1}`"
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration file that could be read.

    Args:
        file: its path.
        prefix: where our tables are in it: nothing, or `tool.hybrid`.
        data: our tables.
        positions: the places of all keys, prefix included.
    """

    file: Path
    prefix: KeyPath
    data: Mapping[str, object]
    positions: Positions


def read(file: Path) -> Source:
    """Read a configuration file.

    Args:
        file: `hybrid.toml`, or a `pyproject.toml` with `[tool.hybrid]`.

    Returns:
        its tables with their places.

    Raises:
        Mistakes: it is not there, not a file, not readable, too large, not UTF-8 or not TOML: one mistake.
    """
    return understand(file, _text(file))


def understand(file: Path, text: str) -> Source:
    """Read the text of a configuration file.

    Args:
        file: where it is, or is going to be.
        text: what is in it, lines ended by a newline only.

    Returns:
        its tables with their places.

    Raises:
        Mistakes: it is not TOML: one mistake.
    """
    try:
        positions = scan(text)
    except TooDeep as error:
        raise _wrong(
            file, error.spot, "is nested too deeply", "services need at most six levels: `[services.api.go]`"
        ) from None
    try:
        data: object = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        spot, words, cure = explain(error, text, positions)
        raise _wrong(file, spot, words, cure) from None
    prefix: KeyPath = ("tool", "hybrid") if file.name == PYPROJECT else ()
    for part in prefix:
        data = data.get(part, {}) if isinstance(data, dict) else {}
    if not isinstance(data, dict):
        spot = Spot(positions.of(prefix).line, 0)
        raise _wrong(file, spot, "tool.hybrid: expected a table", "write `[tool.hybrid.services.api]` and the like")
    return Source(file, prefix, data, positions)


def _text(file: Path) -> str:
    content = _content(file)
    for mark, name in _MARKS:
        if content.startswith(mark):
            raise _wrong(file, Spot(1, 0), f"is {name}, not UTF-8", _SAVE_AS_UTF8.format(name, file.name))
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        cure = "TOML is plain text; if an editor saved it as UTF-16, save it as UTF-8"
        raise _wrong(file, Spot(line, 0), "contains a NUL byte", cure)
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, content.index(error.object[error.start :])) + 1
        words = f"is not UTF-8: byte 0x{error.object[error.start]:02x} does not belong here"
        raise _wrong(file, Spot(line, 0), words, _SAVE_AS_UTF8.format("LATIN1", file.name)) from None
    text = text.replace("\r\n", "\n")
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        cure = f"end lines with a newline, for example `tr '\\r' '\\n' < {file.name} > new && mv new {file.name}`"
        raise _wrong(file, Spot(line, 0), "contains a carriage return that ends no line", cure)
    return text


def _content(file: Path) -> bytes:
    top = Spot(1, 0)
    try:
        kind = file.stat().st_mode
        if stat.S_ISDIR(kind):
            raise _wrong(
                file, top, "is a directory, not a file", f"move it away and run `inv dev-init` to write a {file.name}"
            )
        if not stat.S_ISREG(kind):
            raise _wrong(file, top, "is not a regular file", "put a plain text file in its place")
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except FileNotFoundError:
        if file.is_symlink():
            target = file.readlink()
            raise _wrong(
                file, top, f"is a link to `{target}`, which does not exist", "repair the link or remove it"
            ) from None
        raise _wrong(file, top, "does not exist", "run `inv dev-init` to write it from what is there") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _wrong(file, top, f"cannot be read: {reason}", f"make it readable: `chmod u+r {file.name}`") from None
    if len(content) > LARGEST:
        cure = "a configuration is written by hand; did something else end up in it?"
        raise _wrong(file, top, "is larger than 1 MB", cure)
    return content


def _wrong(file: Path, spot: Spot, words: str, cure: str) -> Mistakes:
    """One mistake about the file as a whole; column 0 means the whole line."""
    place = f"{file.name}:{spot.line}" + (f":{spot.column}" if spot.column else "")
    return Mistakes([WrongInput(printable(f"{place} {words}"), printable(cure))])
