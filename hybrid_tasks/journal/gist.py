"""The one line of an error's excerpt that says most, with its place."""

from __future__ import annotations

import re

_TRACEBACK = re.compile(r"\s*(?:\S+\s+){0,4}?Traceback \(most recent call last\):")
_PYTHON_PLACE = re.compile(r'[\s|]*File "([^"]+)", line (\d+)')
_RUST_PLACE = re.compile(r"\s*(?:-->|at) (\S+:\d+:\d+)")
_RUST_ERROR = re.compile(r"error(?:\[E\d+\])?: ")
_PLACE_ALONE = re.compile(r"(?:file://)?(\S+:\d+)")
_RAISED = re.compile(r"\s*(?:Uncaught )?\w*(?:Error|Exception)\b")
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
    found = _python(lines) or _rust(lines) or _node(lines)
    if not found:
        found = lines[0].strip()
        if len(lines) > 1 and _OURS.fullmatch(found):
            found = f"{found}: {_last_words(lines[1:])}"
    return found.replace(f"{root.rstrip('/')}/", "") if root else found


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


def _node(lines: list[str]) -> str:
    place = _PLACE_ALONE.fullmatch(lines[0])
    raised = next((line.strip() for line in lines if _RAISED.match(line)), "")
    return f"{place[1]}: {raised}" if place and raised else ""


def _last_words(lines: list[str]) -> str:
    """What a program said when it ended: a panic's first line, else its last."""
    return next((line.strip() for line in lines if line.startswith(("panic: ", "fatal error: "))), lines[-1].strip())
