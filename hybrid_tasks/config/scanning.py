"""A pass over a TOML text that finds the place of each key: tomllib tells the values but not their lines.

The scan follows TOML's structure and nothing more: it accepts every text tomllib accepts (and broken ones up to
where they break), so it also knows which bracket was left open, what was written twice, and what is nested too
deeply to be handed to tomllib at all.
"""

from __future__ import annotations

import contextlib
import re
import tomllib
from enum import Enum

from hybrid_tasks.config.positions import KeyPath, Positions, Repeat, Spot, spot_at

DEEPEST = 32
"""Levels of tables and lists; no key of ours is deeper than six."""


class TooDeep(Exception):
    """Tables or lists are nested deeper than any configuration needs."""

    def __init__(self, spot: Spot) -> None:
        super().__init__(spot)
        self.spot = spot


def scan(text: str) -> Positions:
    """Find the place of every key.

    Args:
        text: TOML whose lines end with a newline only, valid or not.

    Returns:
        the places up to the end, or up to the first thing that is not TOML.

    Raises:
        TooDeep: something is nested deeper than `DEEPEST`.
    """
    walk = _Walk(text)
    with contextlib.suppress(_NotToml):
        walk.document()
    unclosed = walk.spot(walk.open[-1]) if walk.open else None
    return Positions(walk.offsets, walk.lines, tuple(walk.repeats), unclosed)


class _NotToml(Exception):
    """The text is not TOML from here on."""


class _How(Enum):
    """How a path came to be; only some may come twice."""

    VALUE = "value"
    HEADER = "header"
    DOTTED = "dotted"
    ROW = "row"
    AROUND = "around"


_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*+)*+")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = re.compile(r"[^\n,\]}#]+")
_STRINGS = {
    '"""': re.compile(r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*+"{3,5}'),
    "'''": re.compile(r"'''(?:[^']|'(?!''))*+'{3,5}"),
    '"': re.compile(r'"(?:[^"\\\n]|\\[^\n])*+"'),
    "'": re.compile(r"'[^'\n]*+'"),
}
_REST_OF_LINE = re.compile(r"[^\n]*")


class _Walk:
    """One pass over a text: where it is, and what it has seen."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.offsets: dict[KeyPath, int] = {}
        self.repeats: list[Repeat] = []
        self.open: list[int] = []
        self._how: dict[KeyPath, _How] = {}
        self._rows: dict[KeyPath, int] = {}
        self.lines = [match.end() for match in re.finditer("\n", text)]

    def spot(self, offset: int) -> Spot:
        return spot_at(self.lines, offset)

    def document(self) -> None:
        table: KeyPath = ()
        while self._skip(_BLANK):
            if self._peek("["):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_REST_OF_LINE)

    def _header(self) -> KeyPath:
        start = self.at
        row = self._peek("[[")
        self.open.append(start)
        self.at += 2 if row else 1
        parts = self._key()
        self._expect("]]" if row else "]")
        self.open.pop()
        path: KeyPath = ()
        for part in parts[:-1]:
            path = (*path, part)
            self._note(path, start, _How.AROUND)
            path = self._newest_row(path)
        path = (*path, parts[-1])
        if not row:
            self._note(path, start, _How.HEADER)
            return self._newest_row(path)
        self._note(path, start, _How.ROW)
        self._rows[path] = self._rows.get(path, -1) + 1
        path = self._newest_row(path)
        self._note(path, start, _How.ROW)
        return path

    def _newest_row(self, path: KeyPath) -> KeyPath:
        return (*path, self._rows[path]) if path in self._rows else path

    def _pair(self, table: KeyPath) -> None:
        start = self.at
        parts = self._key()
        self._expect("=")
        path = table
        for part in parts[:-1]:
            path = (*path, part)
            self._note(path, start, _How.DOTTED)
        path = (*path, parts[-1])
        self._note(path, start, _How.VALUE)
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip(_SPACE)
            parts.append(self._part())
            if len(parts) > DEEPEST:
                raise TooDeep(self.spot(self.at))
            self._skip(_SPACE)
            if not self._peek("."):
                return parts
            self.at += 1

    def _part(self) -> str:
        start = self.at
        if self._peek('"') or self._peek("'"):
            self._string(self.text[start])
            raw = self.text[start : self.at]
            return str(_unquote(raw)) if "\\" in raw else raw[1:-1]
        self._skip(_BARE)
        if self.at == start:
            raise _NotToml
        return self.text[start : self.at]

    def _value(self, path: KeyPath) -> None:
        if len(path) > DEEPEST:
            raise TooDeep(self.spot(self.at))
        quote = next((quote for quote in _STRINGS if self._peek(quote)), None)
        if quote is not None:
            self._string(quote)
        elif self._peek("["):
            self._list(path)
        elif self._peek("{"):
            self._inline(path)
        else:
            start = self.at
            self._skip(_PLAIN)
            if self.at == start:
                raise _NotToml

    def _list(self, path: KeyPath) -> None:
        self._enter()
        index = 0
        while not self._leave("]"):
            element = (*path, index)
            self._note(element, self.at, _How.VALUE)
            self._value(element)
            index += 1
            self._comma("]")

    def _inline(self, path: KeyPath) -> None:
        self._enter()
        while not self._leave("}"):
            self._pair(path)
            self._comma("}")

    def _enter(self) -> None:
        self.open.append(self.at)
        self.at += 1

    def _leave(self, bracket: str) -> bool:
        self._skip(_BLANK)
        if not self._peek(bracket):
            return False
        self.at += 1
        self.open.pop()
        return True

    def _comma(self, bracket: str) -> None:
        self._skip(_BLANK)
        if self._peek(","):
            self.at += 1
        elif not self._peek(bracket):
            raise _NotToml

    def _string(self, quote: str) -> None:
        match = _STRINGS[quote].match(self.text, self.at)
        if match is None:
            self.open.append(self.at)
            raise _NotToml
        self.at = match.end()

    def _note(self, path: KeyPath, offset: int, how: _How) -> None:
        before = self._how.get(path)
        if before is None:
            self.offsets[path] = offset
            self._how[path] = how
            return
        rows = how is _How.ROW and before is _How.ROW
        opened = how is _How.HEADER and before is _How.AROUND
        around = how is _How.AROUND and before is not _How.VALUE
        dotted = how is _How.DOTTED and before is _How.DOTTED
        if opened:
            self.offsets[path] = offset
            self._how[path] = how
        elif not (rows or around or dotted):
            self.repeats.append(Repeat(path, self.spot(self.offsets[path]), self.spot(offset)))

    def _peek(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def _expect(self, text: str) -> None:
        if not self._peek(text):
            raise _NotToml
        self.at += len(text)

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Go on behind the pattern; whether any text is left."""
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return self.at < len(self.text)


def _unquote(raw: str) -> object:
    try:
        return tomllib.loads(f"k = {raw}")["k"]
    except ValueError:
        raise _NotToml from None
