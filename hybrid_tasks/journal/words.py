"""A receipt in words, for people: what it was about, how it ended, how long it took and what was wrong.

Receipts are taken as the machine-readable contract names them, because whoever reads them has them from a file or
from the wire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_CAUSES = {"restart": "restarted", "config": "configuration changed"}
_TRACEBACK = re.compile(r"\s*(?:\S+\s+){0,4}?Traceback \(most recent call last\):")
_PYTHON_PLACE = re.compile(r'[\s|]*File "([^"]+)", line (\d+)')
_RUST_PLACE = re.compile(r"\s*(?:-->|at) (\S+:\d+:\d+)")
_RUST_ERROR = re.compile(r"error(?:\[E\d+\])?: ")
_PLACE_ALONE = re.compile(r"(?:file://)?(\S+:\d+)")
_RAISED = re.compile(r"\s*(?:Uncaught )?\w*(?:Error|Exception)\b")
_OURS = re.compile(r"it (?:ended (?:with|by)|never answered)\b.*")
_LOOK_AHEAD = 3


def spent(receipt: Mapping[str, Any]) -> float:
    """Milliseconds from the beginning of a swap until the new version served.

    What an old instance takes to end afterwards does not count, nor does a check that ran beside the launch.
    """
    total, launched = 0.0, False
    for stage in _stages(receipt):
        name = stage.get("name")
        launched = launched or name == "launch"
        if not (launched and name in {"check", "retire"}):
            total += float(stage.get("ms") or 0)
    return total


def stages(receipt: Mapping[str, Any]) -> str:
    """Every stage with its milliseconds: `plan 3, check 5, launch 60, probe 12, switch 1`."""
    return ", ".join(f"{stage.get('name')} {float(stage.get('ms') or 0):.0f}" for stage in _stages(receipt))


def milliseconds(value: float) -> str:
    """A short time: `84 ms`, `1.2 s`, `45 s`."""
    if value < 999.5:  # noqa: PLR2004 - what rounds to a second
        return f"{value:.0f} ms"
    return f"{value / 1000:.1f} s" if value < 9950 else f"{value / 1000:.0f} s"  # noqa: PLR2004 - one digit


def cause(receipt: Mapping[str, Any]) -> str:
    """What a swap was made for: `app.py saved`, `restarted`; empty for a start."""
    trigger = str(receipt.get("trigger") or "")
    if trigger == "crash":
        return f"it {receipt.get('note') or 'had ended by itself'}"
    if trigger != "save":
        return _CAUSES.get(trigger, "")
    files = [str(file) for file in receipt.get("files") or ()]
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0]}{more} saved" if files else "saved"


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


def failing(receipt: Mapping[str, Any]) -> str:
    """The stage in which a swap failed, empty when none did."""
    return next((str(stage.get("name")) for stage in _stages(receipt) if not stage.get("ok")), "")


def _stages(receipt: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [stage for stage in receipt.get("stages") or () if isinstance(stage, Mapping)]


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
