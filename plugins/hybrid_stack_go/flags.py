"""Arguments of `go build`: ours are laid under the user's own, never in their place.

Of several `-ldflags` or `-gcflags` that fit a package the go tool takes the last alone, those of `GOFLAGS` before those
of the command line (`go help build`). So what we add must be added to each one the user gave.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

LEAN = "-w"
"""For the linker: leave DWARF out. Linking is most of a reload, and only debuggers read DWARF."""
READABLE = "-N -l"
"""For the compiler: neither optimise nor inline, so that every line and variable is where a debugger looks for it."""
UNSTRIPPED = "-s=0 -w=0"
"""For the linker: keep what a debugger reads, though the user's own flags leave it out."""


def settings(env: Mapping[str, str]) -> tuple[str, ...]:
    """Give the words of `GOFLAGS`, of the environment or as `go env -w` keeps it.

    Args:
        env: the variables of the service and of this process.
    """
    said = env.get("GOFLAGS")
    if not said:  # to the go tool an empty variable is none
        home = env.get("XDG_CONFIG_HOME") or f"{env.get('HOME', '')}/.config"
        said = _kept(Path(env.get("GOENV") or f"{home}/go/env"))
    try:
        return tuple(shlex.split(said))
    except ValueError:
        return tuple(said.split())


def _kept(file: Path) -> str:
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.removeprefix("GOFLAGS=") for line in lines if line.startswith("GOFLAGS=")), "")


def arguments(own: Sequence[str], elsewhere: Sequence[str] = (), *, debug: bool = False) -> tuple[str, ...]:
    """Give the arguments of a build.

    Args:
        own: the user's, of the options table.
        elsewhere: the user's, of `GOFLAGS`.
        debug: for a debugger; else DWARF is left out.

    Returns:
        ours and the user's, to stand before `-o`.
    """
    # No VCS stamp: it runs `git status`, which rewrites the index under the eyes of the watcher and fails where git
    # distrusts the directory.
    every = (*elsewhere, *own)
    ours = [] if any(_named(word, "buildvcs") for word in every) else ["-buildvcs=false"]
    if debug:
        ours += [f"-ldflags={value} {UNSTRIPPED}" for value in _values(every, "ldflags")]
        ours += [f"-gcflags=all={READABLE}", *(f"-gcflags={value} {READABLE}" for value in _values(every, "gcflags"))]
        return (*ours, *_without(_without(own, "ldflags"), "gcflags"))
    ours += [f"-ldflags={LEAN}", *(f"-ldflags={_lean(value)}" for value in _values(every, "ldflags"))]
    return (*ours, *_without(own, "ldflags"))


def _lean(value: str) -> str:
    """Leave DWARF out of `[pattern=]arguments`, unless the user has decided (`-w=0` keeps it)."""
    told = value if value.startswith("-") else value.partition("=")[2]
    return value if any(_named(word, "w") for word in told.split()) else f"{value} {LEAN}".strip()


def _named(word: str, name: str) -> bool:
    return word.startswith("-") and word.partition("=")[0].lstrip("-") == name


def _values(words: Iterable[str], name: str) -> Iterator[str]:
    """Give the values of a flag, written as one word or as two."""
    following = iter(words)
    for word in following:
        if _named(word, name):
            _, told, value = word.partition("=")
            yield value if told else next(following, "")


def _without(words: Iterable[str], name: str) -> Iterator[str]:
    following = iter(words)
    for word in following:
        if not _named(word, name):
            yield word
        elif "=" not in word:
            next(following, None)
