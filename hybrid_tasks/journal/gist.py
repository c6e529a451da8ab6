"""The one line of an error's excerpt that says most, with its place."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TRACEBACK = re.compile(r"\s*(?:\S+\s+){0,4}?Traceback \(most recent call last\):")
_PYTHON_PLACE = re.compile(r'[\s|]*File "([^"]+)", line (\d+)')
_RUST_PLACE = re.compile(r"\s*(?:-->|at) (\S+:\d+:\d+)")
_RUST_ERROR = re.compile(r"error(?:\[E\d+\])?: ")
_PLACE_ALONE = re.compile(r"(?:file://)?(\S+:\d+)")
_RAISED = re.compile(r"\s*(?:Uncaught )?\w*(?:Error|Exception)\b")
_PANICKED = re.compile(r"thread '.*?' (?:\(\d+\) )?panicked at (?:'(.*)', )?(\S+:\d+:\d+):?$")
_NOTE = re.compile(r"note: .*\bRUST_BACKTRACE=")
_OURS = re.compile(r"it (?:ended (?:with|by)|never answered)\b.*")
_LOOK_AHEAD = 3


def gist(error: str, root: str = "") -> str:
    """The one line of an excerpt that says most, with its place.

    Args:
        error: the excerpt of a failed swap.
        root: the project's directory; files are named relative to it.

    Returns:
        `web/app.py:3: NameError: name 'x' is not defined`; empty when there is no error.
    """
    lines = [line for line in error.splitlines() if line.strip()]
    if not lines:
        return ""
    found = _python(lines) or _rust(lines) or _panic(lines) or _node(lines)
    if not found:
        found = lines[0].strip()
        if _OURS.fullmatch(found) and (said := last_words(lines[1:])):
            found = f"{found}: {said}"
    return _relative(found, root)


def _relative(text: str, root: str) -> str:
    return text.replace(f"{root.rstrip('/')}/", "") if root else text


def _python(lines: list[str]) -> str:
    begins = [index for index, line in enumerate(lines) if _TRACEBACK.match(line)]
    if not begins:
        return ""
    trace = lines[begins[-1] + 1 :]
    raised = next((line.strip() for line in trace if not line[:1].isspace()), "")
    places = [match for line in trace if (match := _PYTHON_PLACE.match(line))]
    return f"{places[-1][1]}:{places[-1][2]}: {raised}" if places and raised else raised


def _rust(lines: list[str]) -> str:
    for index, line in enumerate(lines):
        if _RUST_ERROR.match(line):
            places = (_RUST_PLACE.match(after) for after in lines[index + 1 : index + 1 + _LOOK_AHEAD])
            place = next((match[1] for match in places if match), "")
            return f"{place}: {line.strip()}" if place else line.strip()
    return ""


def _panic(lines: Sequence[str]) -> str:
    """What a Rust program panicked at, and its message, which is on the next line since Rust 1.73."""
    for index, line in enumerate(lines):
        if match := _PANICKED.match(line):
            said = match[1] or next((after.strip() for after in lines[index + 1 :] if after.strip()), "")
            return match[2] if _NOTE.match(said) else f"{match[2]}: {said}"
    return ""


def _node(lines: list[str]) -> str:
    place = _PLACE_ALONE.fullmatch(lines[0])
    raised = next((line.strip() for line in lines if _RAISED.match(line)), "")
    return f"{place[1]}: {raised}" if place and raised else ""


def last_words(lines: Sequence[str], root: str = "") -> str:
    """What a program said when it ended: a panic, else its last line; empty when it said nothing.

    Args:
        lines: the last ones of its output.
        root: the project's directory; files are named relative to it.
    """
    if panicked := _panic(lines):
        return _relative(panicked, root)
    told = [line.strip() for line in lines if line.strip() and not _NOTE.match(line)]
    return next((line for line in told if line.startswith(("panic: ", "fatal error: "))), told[-1] if told else "")
