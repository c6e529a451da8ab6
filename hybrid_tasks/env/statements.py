"""The statements of a `.env` file: python-dotenv reads the plain ones, Compose's rules decide the others.

The two parsers agree on most lines. They differ on `A: yaml`, `A` alone, backslashes, `#`, a lone carriage return,
exotic blanks, text after a closing quote, and on what is an error (python-dotenv drops such lines with a log
message). Those statements are read here, and python-dotenv's reader goes on where Compose's would.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dotenv.parser import Position, Reader, parse_binding

from hybrid_tasks.env.masking import printable

_INLINE = "\t\v\f\r \x85\xa0"
_BLANK = _INLINE + "\n\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))

_GAP = re.compile(f"(?:[{_BLANK}]+|#[^\n]*)*")
_EXPORT = re.compile(f"(?:export(?=[\t\n\f\r ])[{_INLINE}]*)?")
_HEAD = re.compile(r"[^=:\n]*")
_INDENT = re.compile(f"[{_INLINE}]*")
_QUOTED = {quote: re.compile(rf"{quote}([^{quote}\\]*(?:\\.[^{quote}\\]*)*){quote}", re.DOTALL) for quote in "'\""}
_ESCAPE = re.compile(r"\\(?:([abfnrtv$\"\\])|0([0-9]{0,3}))")
_OCTAL = re.compile(r"[0-3][0-7]{2}")
_ESCAPED = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "$": "$$",
    '"': '"',
    "\\": "\\",
}

_FOREIGN = re.compile(rf"[^\w.\[\]{_INLINE}-]")
_INNER = re.compile(f"[{_INLINE}]")
_ASSIGNMENT = re.compile(r"^[ \t]*(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_.]*=", re.MULTILINE)

_PLAIN_HEAD = re.compile(r"(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*=")
_ODD = re.compile(r"[^\S\t\n ]|[\\#\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONG_BLANK = re.compile(r"[^\S\n]{200}")

_NAMES = (
    "a name has letters, digits, `_`, `.` and `-`; if the line belongs to the value above it, put that value in quotes"
)
_COMMENTS = "after a name without value a comment needs a line of its own"
QUOTES = 'write `\\"` for a quote inside a quoted value, and `#` before a comment'


@dataclass(frozen=True, slots=True)
class Statement:
    """One assignment.

    Args:
        line: where it begins, from 1.
        name: the variable.
        text: the value with its escapes resolved; None when it is taken from outside.
        literal: in single quotes, never interpolated.
        stray: it follows the closing quote of this variable on the same line.
    """

    line: int
    name: str
    text: str | None
    literal: bool = False
    stray: str = ""


@dataclass(frozen=True, slots=True)
class Slip:
    """A statement that is none: where, of which variable (may be empty), what is wrong, and the cure.

    Its words never hold text of the file: a misread line may be a piece of a secret.
    """

    line: int
    name: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read, where the text goes on, and whether it ended with a closing quote."""

    what: Statement | Slip | None
    end: int
    closed: bool = False


def statements(text: str, *, agree: bool = True) -> Iterator[Statement | Slip]:
    """The statements of a file, in order; after a bad one reading goes on at the next line.

    Args:
        text: the content of the file, without byte order mark.
        agree: let python-dotenv read the statements on which it agrees with Compose.

    Yields:
        assignments and slips.
    """
    reader = Reader(io.StringIO(text))
    # to python-dotenv a lone \r ends a line, and a long run of blanks in an unquoted value costs it quadratic time
    agree = agree and "\r" not in text and _LONG_BLANK.search(text) is None
    at, line = 0, 1
    quoted: Statement | None = None
    while (start := _past(_GAP, text, at)) < len(text):
        if breaks := text.count("\n", at, start):
            line, quoted = line + breaks, None
        # after a closing quote python-dotenv gives up
        found = (agree and quoted is None and _agreed(reader, start, line)) or _read(text, start, line)
        if isinstance(found.what, Slip) and quoted is not None:
            last = f" on line {line}" if line != quoted.line else ""
            yield Slip(quoted.line, quoted.name, f"its quote closes{last} and more text follows", QUOTES)
        elif isinstance(found.what, Statement) and quoted is not None:
            yield replace(found.what, stray=quoted.name)
        elif found.what is not None:
            yield found.what
        quoted = found.what if found.closed and isinstance(found.what, Statement) else None
        line += text.count("\n", start, found.end)
        at = found.end


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return at if match is None else match.end()


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _agreed(reader: Reader, start: int, line: int) -> _Found | None:
    """What python-dotenv reads at `start`, or None where Compose might read something else."""
    reader.position.set(Position(start, line))
    binding = parse_binding(reader)
    written = binding.original.string
    head = _PLAIN_HEAD.match(written)
    if binding.error or binding.key is None or binding.value is None or head is None or _ODD.search(written):
        return None
    literal = written[head.end() :].lstrip().startswith("'")
    return _Found(Statement(line, binding.key, binding.value, literal), start + len(written.rstrip("\n")))


def _read(text: str, start: int, line: int) -> _Found:
    """The statement at `start` by Compose's rules."""
    begin = _past(_EXPORT, text, start)
    end = _past(_HEAD, text, begin)
    name, separator = text[begin:end].rstrip(_INLINE), text[end : end + 1]
    if wrong := _FOREIGN.search(name) or _INNER.search(name):
        column = begin + wrong.start() - text.rfind("\n", 0, begin)
        return _Found(_misnamed(wrong.group(), line, column), _line_end(text, start))
    if separator in {"", "\n"}:
        # Compose skips `export` without a name; its reading of a last line without line break is a bug not copied
        return _Found(Statement(line, name, None) if name else None, end)
    if not name:
        return _Found(
            Slip(line, "", f"there is no name before `{separator}`", "write `NAME=value`"), _line_end(text, start)
        )
    return _value(text, _past(_INDENT, text, end + 1), line, name)


def _misnamed(char: str, line: int, column: int) -> Slip:
    """What is wrong with a name that holds this character."""
    if char in _INLINE:
        return Slip(line, "", f"a variable name cannot contain a blank (column {column})", _NAMES)
    where = f"unexpected `{printable(char)}` in a variable name (column {column})"
    return Slip(line, "", where, _COMMENTS if char == "#" else _NAMES)


def _value(text: str, at: int, line: int, name: str) -> _Found:
    """The statement whose value begins at `at`."""
    quote = text[at : at + 1]
    if quote not in _QUOTED:
        end = _line_end(text, at)
        return _Found(Statement(line, name, text[at:end].split(" #", 1)[0].rstrip(_BLANK)), end)
    match = _QUOTED[quote].match(text, at)
    if match is None:
        # what follows may be the rest of the value: the next line that is surely an assignment ends it
        resume = _ASSIGNMENT.search(text, _line_end(text, at) + 1)
        slip = Slip(
            line, name, f"the quote `{quote}` is never closed", f"close it with `{quote}` at the end of the value"
        )
        return _Found(slip, len(text) if resume is None else resume.start())
    inner = re.sub(r"\\(.)", lambda pair: quote if pair[1] == quote else pair[0], match[1], flags=re.DOTALL)
    literal = quote == "'"
    return _Found(Statement(line, name, inner if literal else _unescape(inner), literal), match.end(), closed=True)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(_character, text)


def _character(escape: re.Match[str]) -> str:
    """The character of an escape; octal ones Go cannot read lose their `0`, as in Compose."""
    if escape[1]:
        return _ESCAPED[escape[1]]
    digits = escape[2]
    return chr(int(digits, 8)) if _OCTAL.fullmatch(digits) else "\\" + digits
