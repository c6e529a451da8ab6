"""Reads JSON with comments and trailing commas, as VS Code does, and remembers where everything stands.

Python's libraries for it drop the comments or also take what VS Code does not (JSON5), so that a mistake of the user's
would go unnoticed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from hybrid_tasks.editors.places import Misread

BLANK = re.compile(r"[ \t\r\n]+")
COMMENT = re.compile(r"//[^\r\n]*|/\*.*?\*/", re.DOTALL)
STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
SCALAR = re.compile(r"(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])", re.ASCII)
DEEPEST = 200
"""Lists and objects within each other; nobody's file has more, and Python's stack is not asked."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file.

    Args:
        value: as `json.loads` would give it.
        start: where its text begins.
        end: where its text ends.
        items: what is in a list or an object.
        keys: of an object's items, in their order; the last of two equal ones counts.
        comma: whether a comma follows the last item.
        solid: in a list or an object: where the last thing before the closing bracket ends, comments included.
    """

    value: Any
    start: int
    end: int
    items: tuple[Node, ...] = ()
    keys: tuple[str, ...] = ()
    comma: bool = False
    solid: int = 0


def read(text: str) -> Node | None:
    """Read a whole file.

    Args:
        text: without a byte order mark.

    Returns:
        its value, None when it holds nothing but blanks and comments.

    Raises:
        Misread: it is not JSON with comments.
    """
    reader = _Reader(text)
    reader.skip()
    if reader.at == len(text):
        return None
    node = reader.value(0)
    reader.skip()
    if reader.at < len(text):
        raise Misread(f"nothing may follow the value, but here is {reader.here()}", reader.at)
    return node


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    solid: int = field(default=0)

    def here(self) -> str:
        found = re.compile(r"[^\s,\]}]{0,20}").match(self.text, self.at)
        word = (found[0] if found else "") or self.text[self.at : self.at + 1]
        return f"`{word}`" if word else "the end of the file"

    def skip(self) -> None:
        """Go over blanks and comments."""
        while True:
            if found := BLANK.match(self.text, self.at):
                self.at = found.end()
            elif found := COMMENT.match(self.text, self.at):
                self.at = self.solid = found.end()
            elif self.text.startswith("/*", self.at):
                raise Misread("a comment has no end", self.at)
            else:
                return

    def took(self, mark: str) -> bool:
        if not self.text.startswith(mark, self.at):
            return False
        self.at = self.solid = self.at + len(mark)
        return True

    def value(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise Misread(f"more than {DEEPEST} lists and objects within each other", self.at)
        if self.text.startswith(("{", "["), self.at):
            return self.container(depth)
        start = self.at
        found = (STRING if self.text.startswith('"', start) else SCALAR).match(self.text, start)
        if found is None:
            what = "a text has no end" if self.text.startswith('"', start) else f"{self.here()} is no value"
            raise Misread(what if start < len(self.text) else "the file ends too early", start)
        try:
            value = json.loads(found[0])
        except ValueError as error:
            raise Misread(str(error).partition(":")[0].lower(), start) from None
        self.at = self.solid = found.end()
        return Node(value, start, self.at)

    def container(self, depth: int) -> Node:
        start, close = self.at, "}" if self.text[self.at] == "{" else "]"
        self.at = self.solid = start + 1
        items: list[Node] = []
        keys: list[str] = []
        comma = True  # before the first item none is needed
        while True:
            self.skip()
            solid = self.solid
            if self.took(close):
                break
            if not comma:
                raise Misread(f"a comma or `{close}` is missing before {self.here()}", self.at)
            if close == "}":
                keys.append(self.key())
            items.append(self.value(depth + 1))
            self.skip()
            comma = self.took(",")
        values = [item.value for item in items]
        value = dict(zip(keys, values, strict=True)) if close == "}" else values
        return Node(value, start, self.at, tuple(items), tuple(keys), comma and bool(items), solid)

    def key(self) -> str:
        if not self.text.startswith('"', self.at):
            raise Misread(f"a key in double quotes is missing before {self.here()}", self.at)
        key = self.value(0).value
        self.skip()
        if not self.took(":"):
            raise Misread(f"a colon is missing before {self.here()}", self.at)
        self.skip()
        return str(key)
