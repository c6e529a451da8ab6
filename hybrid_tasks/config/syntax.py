"""What is wrong with a text that is not TOML, in words that say what to write instead."""

from __future__ import annotations

import re

from hybrid_tasks.config.positions import Positions, Spot
from hybrid_tasks.config.words import dotted, plain

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_LONG_NUMBER = re.compile(r"[0-9_]{4000,}")
_QUOTES = 'a text needs quotes: `name = "shop"`; numbers, true and false need none'
_NAMES = "names are letters, digits, `-` and `_`, or stand in quotes"
_OURS = "names are lowercase letters, digits, `-` and `_`: `[services.my-api]`"
_PAIR = "write one `key = value` a line"

_WORDS: tuple[tuple[str, str, str], ...] = (
    ("Invalid value", "expected a value", _QUOTES),
    ("Expected '=' after", "expected `=` after the key", "write `key = value`"),
    ("Expected newline or end", "expected the end of the line", f"{_PAIR}; {_QUOTES}"),
    ("Invalid statement", "expected a key or a `[table]`", _PAIR),
    ("Invalid initial character", "expected a name here", _NAMES),
    ("Expected ']", "the table's name is not closed", "write `[services.api]`"),
    ("Unclosed array", "a list is not closed", "end it with `]`"),
    (
        "Unclosed inline",
        "a table in braces is not closed on its line",
        "end it with `}` on the same line, or write a `[table]`",
    ),
    (
        "Illegal character '\\n'",
        "a text is not closed on its line",
        "close the quote, or use three of them for several lines",
    ),
    ("Illegal character", "a control character stands here", 'remove it, or write it as an escape: `"\\t"`'),
    (
        "Unescaped '\\'",
        "a backslash starts an escape that does not exist",
        "double it, or put the text in single quotes",
    ),
    ("Invalid hex", "a `\\u` escape needs four hexadecimal digits", "write it out, or put the text in single quotes"),
    ("Escaped character", "this escape is no character", "write the character itself"),
    ("Unterminated string", "a text is not closed", "close its quotes"),
    ('Expected "', "a text is not closed", "close its quotes"),
    ('Expected "\'"', "a text is not closed", "close its quotes"),
    ("Expected '", "a text is not closed", "close its quotes"),
    ("Invalid date", "this date or time does not exist", _QUOTES),
    ("Cannot mutate", "this table was closed where it was first written", "write all of it in one place"),
)
_OPEN = {
    "[": ("the list that starts here is not closed", "end it with `]`"),
    "{": ("the table in braces that starts here is not closed", "end it with `}` on the same line"),
    '"': ("the text that starts here is not closed", "close its quotes"),
    "'": ("the text that starts here is not closed", "close its quotes"),
}
_TWICE = ("Cannot overwrite", "Cannot declare", "Duplicate", "Cannot mutate", "Cannot redefine", "Cannot modify")
_YAML = {"yes": "true", "no": "false", "on": "true", "off": "false", "none": "", "null": "", "nil": ""}


def explain(error: Exception, text: str, positions: Positions) -> tuple[Spot, str, str]:
    """Say what tomllib stumbled over.

    Args:
        error: what `tomllib.loads` raised.
        text: what it was given.
        positions: what `scan` found in the same text.

    Returns:
        the place, what is wrong there, and the cure.
    """
    message = str(error)
    if isinstance(error, RecursionError):
        return Spot(1, 0), "is nested too deeply", "services need at most six levels: `[services.api.go]`"
    if message.startswith(_TWICE) and positions.repeats:
        repeat = positions.repeats[0]
        words = f"{dotted(repeat.path)}: is already written on line {repeat.first.line}"
        return repeat.again, words, "keep one of the two"
    number = _LONG_NUMBER.search(text)
    if "integer string conversion" in message and number:
        line = text.count("\n", 0, number.start()) + 1
        return Spot(line, 0), "a number has thousands of digits", "no key needs more than a few digits"
    spot, at_end = _spot(message, text, positions)
    unclosed = positions.unclosed
    if at_end and unclosed is not None and not message.startswith("Expected ']"):
        return (unclosed, *_OPEN[_character(text, unclosed)])
    if message.startswith("Unclosed array") and unclosed is not None:
        words = f"expected a comma or the end of the list that starts on line {unclosed.line}"
        return spot, words, "put commas between its values and end it with `]`"
    if message.startswith("Expected ']") and (mark := _stray(text, spot)):
        return spot, f"{mark} cannot stand in a table's name", _OURS
    words, cure = next(
        ((words, cure) for start, words, cure in _WORDS if message.startswith(start)),
        (plain(_PLACE.sub("", message)).lower(), _QUOTES),
    )
    return spot, words, _closer(words, cure, text, spot)


def _spot(message: str, text: str, positions: Positions) -> tuple[Spot, bool]:
    """The place of a message, and whether it is the end of the text."""
    found = _PLACE.search(message)
    if found and found[1]:
        return Spot(int(found[1]), int(found[2])), False
    if positions.unclosed is not None:
        return positions.unclosed, True
    lines = text.rstrip("\n").split("\n")
    return Spot(len(lines), len(lines[-1]) + 1), True


def _stray(text: str, spot: Spot) -> str:
    """The character that ends a table's name too early, in words; nothing when the line just ends there."""
    line = text.split("\n")[spot.line - 1] if spot.line else ""
    rest = line[max(0, spot.column - 1) :]
    if not rest or rest.startswith("#") or "]" not in rest:
        return ""
    blank = spot.column > 1 and line[spot.column - 2] in " \t"
    return "a blank" if blank and (rest[0].isalnum() or rest[0] in "_-") else f"`{plain(rest[0])}`"


def _character(text: str, spot: Spot) -> str:
    return text.split("\n")[spot.line - 1][spot.column - 1]


def _closer(words: str, cure: str, text: str, spot: Spot) -> str:
    """A cure for the habits of other file formats, where the line shows one."""
    line = text.split("\n")[spot.line - 1] if spot.line <= text.count("\n") + 1 else ""
    yaml = re.match(r"\s*([\w.-]+)\s*:\s*(\S*)", line)
    if "`=`" in words and yaml:
        return f"TOML is not YAML: write `{plain(yaml[1])} = …`"
    value = re.match(r"[^=]*=\s*([A-Za-z]+)\s*(?:#.*)?$", line)
    if words == "expected a value" and value:
        meant = _YAML.get(
            value[1].lower(), "true" if value[1].lower() == "true" else "false" if value[1].lower() == "false" else None
        )
        if meant:
            return f"write `{meant}`"
        if meant == "":
            return "leave the line out: TOML has no null"
        return f'a text needs quotes: write `"{value[1]}"`'
    return cure
