"""Adds entries to a list in JSON with comments: text is put in, nothing that was there is touched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybrid_tasks.editors.jsonc import Node, read
from hybrid_tasks.editors.places import Misread

INDENT = "    "
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Added:
    """A text with entries added.

    Args:
        text: the new one.
        fresh: the names of the entries that were added.
        same: of those that were there just so.
        changed: of those that were there and are not as ours.
    """

    text: str
    fresh: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def added(text: str, key: str, called: str, entries: Sequence[Entry], version: str) -> Added:
    """Add entries to the list at a key of the file's object; what has the name of one stays as it is.

    Args:
        text: JSON with comments, without a byte order mark; may hold nothing at all.
        key: of the list; made where it is missing.
        called: the key of an entry that holds its name.
        entries: what to add.
        version: what `version` is where there is no object yet.

    Raises:
        Misread: the text is something else.
    """
    root = read(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    if root is None:
        made = json.dumps({"version": version, key: list(entries)}, indent=INDENT, ensure_ascii=_strange(entries))
        start = newline if text and not text.endswith(("\n", "\r")) else ""
        piece = start + made.replace("\n", newline) + newline
        return Added(text + piece, tuple(str(entry[called]) for entry in entries))
    listed = _list(root, key)
    items = [] if listed is None else [item for item in listed.value if isinstance(item, dict)]
    there = {name: item for item in items if isinstance(name := item.get(called), str)}
    fresh = [entry for entry in entries if entry[called] not in there]
    known = [entry for entry in entries if entry[called] in there]
    same = tuple(str(entry[called]) for entry in known if there[entry[called]] == entry)
    changed = tuple(str(entry[called]) for entry in known if there[entry[called]] != entry)
    if not fresh:
        return Added(text, same=same, changed=changed)
    unit = _unit(text, root)
    if listed is None:
        wanted = f"{json.dumps(key)}: {json.dumps(fresh, indent=unit, ensure_ascii=_strange(fresh))}"
        pieces = _pieces(text, root, [wanted], unit, newline)
    else:
        wanted_ones = [json.dumps(entry, indent=unit, ensure_ascii=_strange(entry)) for entry in fresh]
        pieces = _pieces(text, listed, wanted_ones, unit, newline)
    return Added(_put(text, pieces), tuple(str(entry[called]) for entry in fresh), same, changed)


def _list(root: Node, key: str) -> Node | None:
    if not isinstance(root.value, dict):
        raise Misread("an object is wanted here, `{ … }`", root.start)
    found = [item for name, item in zip(root.keys, root.items, strict=True) if name == key]
    if len(found) > 1:
        raise Misread(f"`{key}` is there twice", found[1].start)
    if found and not isinstance(found[0].value, list):
        raise Misread(f"`{key}` is no list", found[0].start)
    return found[0] if found else None


def _pieces(text: str, into: Node, items: Sequence[str], unit: str, newline: str) -> list[tuple[int, str]]:
    """Say what to put where, so that comments stay with what they are about."""
    outer = _indent(text, into.start)
    first = into.items[0].start if into.items and not into.keys else None
    own_line = first is not None and not re.split(r"[\r\n]", text[:first])[-1].strip()
    inner = _indent(text, first) if first is not None and own_line else outer + unit
    lines = [newline + inner + item.replace("\n", newline + inner) for item in items]
    body = ",".join(lines) + ("," if into.comma else "")
    if not re.search(r"[\r\n]", text[into.solid : into.end - 1]):
        body += newline + outer
    comma = [(into.items[-1].end, ",")] if into.items and not into.comma else []
    return [*comma, (into.solid, body)]


def _put(text: str, pieces: Sequence[tuple[int, str]]) -> str:
    for offset, piece in reversed(pieces):
        text = text[:offset] + piece + text[offset:]
    return text


def _indent(text: str, offset: int) -> str:
    line = re.split(r"[\r\n]", text[:offset])[-1]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str, root: Node) -> str:
    """Give what the file indents by."""
    outer = _indent(text, root.start)
    for found in re.finditer(r"(?:\r\n|\r|\n)([ \t]+)\"", text[root.start : root.items[0].end] if root.items else ""):
        if found[1].startswith(outer) and found[1] != outer:
            return found[1].removeprefix(outer)
    return INDENT


def _strange(value: object) -> bool:
    """Whether a text of it cannot be written as UTF-8."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
