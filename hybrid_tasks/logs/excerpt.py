"""The part of a failed program's output that matters."""

from __future__ import annotations

import re
from collections.abc import Sequence

# `./x.go:3:5: msg`, `x.c:3:5: error: msg`, `X.java:3: error: msg`, `x.ts(3,5): error TS1: msg`
_PLACED = re.compile(
    r"(?:vet: )?(?:\S+\.go:\d+(?::\d+)?: |\S+?:\d+(?::\d+)?: (?:fatal )?error\b"
    r"|\S+\(\d+,\d+\): error |\S+:\d+:\d+ - error )"
)
_RUSTC = re.compile(r"error(?:\[E\d+\])?: (?!could not compile|aborting due)")
_RUSTC_PLACE = re.compile(r"\s*--> \S+:\d+:\d+")
_TRACEBACK = re.compile(r"\s*(?:\S+\s+){0,4}?Traceback \(most recent call last\):")
_CHAINED = re.compile(r"(?:During handling of the above exception|The above exception was the direct cause)")
_PYTHON_PLACE = re.compile(r'[\s|]*File "([^"]+)", line \d+')
# Frames of others: what is installed, the interpreter's own, and what starts the program for us.
_FOREIGN = re.compile(
    r"<frozen |.*/(?:site-packages|dist-packages|uvicorn|importlib|lib/python3\.\d+|hybrid_stack_python)/"
)
_SYNTAX = re.compile(r"(?:Syntax|Indentation|Tab)Error: ")
_NODE = re.compile(r"(?:file://)?\S+\.[cm]?[jt]sx?:\d+$")
_DIED = re.compile(r"(?:panic: |fatal error: |thread '.*' (?:\(\d+\) )?panicked at )")
_DEEPER = ("    ", "  |  ")  # a frame's lines stand deeper than its place
_LOOK_AHEAD = 3
_LAST_FRAMES = 2


def matters(lines: Sequence[str], n: int = 20) -> list[str]:
    """The lines that say why a program failed.

    Args:
        lines: its output without escapes.
        n: how many lines at most.

    Returns:
        the first compiler error with its place (Go, rustc, C, Java, TypeScript, Node), else the last Python
        traceback or panic, else the last `n` lines.
    """
    for index, line in enumerate(lines):
        if _PLACED.match(line):
            return list(lines[index : index + n])
        if _RUSTC.match(line) and any(
            _RUSTC_PLACE.match(after) for after in lines[index + 1 : index + 1 + _LOOK_AHEAD]
        ):
            return _paragraphs(lines[index:], n)
        if _NODE.match(line) and any(
            set(after.strip()) == {"^"} for after in lines[index + 1 : index + 1 + _LOOK_AHEAD]
        ):
            return list(lines[index : index + n])
    if found := _traceback(lines, n) or _syntax_error(lines, n):
        return found
    for index, line in enumerate(lines):
        if _DIED.match(line) or _RUSTC.match(line):
            return list(lines[index : index + n])
    return list(lines[-n:])


def _paragraphs(lines: Sequence[str], n: int) -> list[str]:
    """One rustc diagnostic, up to the blank line that ends it."""
    end = next((index for index, line in enumerate(lines) if not line.strip()), len(lines))
    return list(lines[: min(end, n)])


def _traceback(lines: Sequence[str], n: int) -> list[str]:
    """The last traceback with what caused it; where that is too long its middle is left out."""
    starts = [index for index, line in enumerate(lines) if _TRACEBACK.match(line)]
    if not starts:
        return []
    start = starts[-1]
    for before in reversed(starts[:-1]):
        if not any(_CHAINED.match(line) for line in lines[before:start]):
            break
        start = before
    # Everything below the headline is indented; the first line that is not says what was raised.
    end = next((k for k in range(starts[-1] + 1, len(lines)) if lines[k] and not lines[k][0].isspace()), len(lines) - 1)
    found = _own_frames(lines[start : end + 1])
    return found if len(found) <= n else [found[0], "  …", *found[len(found) - n + 2 :]][:n]


def _own_frames(lines: Sequence[str]) -> list[str]:
    """A traceback without the frames of others, or with only the last of them when it has no frame of the project."""
    kept: list[str] = []
    foreign = own = False
    for line in lines:
        if place := _PYTHON_PLACE.match(line):
            foreign = _FOREIGN.match(place[1]) is not None
            own = own or not foreign
        elif not line.startswith(_DEEPER):
            foreign = False
        if not foreign:
            kept.append(line)
    return kept if own else _last_frames(lines)


def _last_frames(lines: Sequence[str]) -> list[str]:
    """A traceback with its last frames, each traceback of a chain."""
    kept: list[str] = []
    frames: list[list[str]] = []
    for line in (*lines, ""):
        if _PYTHON_PLACE.match(line):
            frames.append([line])
        elif frames and line.startswith(_DEEPER):
            frames[-1].append(line)
        else:
            kept += ["  …"] * (len(frames) > _LAST_FRAMES)
            kept += [part for frame in frames[-_LAST_FRAMES:] for part in frame]
            frames = []
            kept.append(line)
    return kept[:-1]


def _syntax_error(lines: Sequence[str], n: int) -> list[str]:
    """A `SyntaxError` as the compiler prints it, without a traceback."""
    for index, line in enumerate(lines):
        if _PYTHON_PLACE.match(line):
            end = next((k for k in range(index, len(lines)) if _SYNTAX.match(lines[k])), None)
            if end is not None and end - index < n:
                return list(lines[index : end + 1])
    return []
