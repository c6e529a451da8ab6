"""Reading Go source as far as a build needs to be foreseen: package, imports, embedded files."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_PACKAGE = re.compile(r"^[ \t]*package[ \t]+(\w+)", re.MULTILINE)
_MAIN = re.compile(r"^func[ \t]+main[ \t]*\(", re.MULTILINE)
_ONE = re.compile(r'^import[ \t]+(?:[\w.]+[ \t]+)?["`]([^"`\n]+)["`]', re.MULTILINE)
_MANY = re.compile(r"^import[ \t]*\((.*?)\)", re.MULTILINE | re.DOTALL)
_SPEC = re.compile(r'^[ \t]*(?:[\w.]+[ \t]+)?["`]([^"`\n]+)["`]', re.MULTILINE)
_EMBED = re.compile(r"^//go:embed[ \t]+(.+)$", re.MULTILINE)
_IGNORED = re.compile(r"^//go:build[ \t]+ignore\b|^// \+build[ \t]+ignore\b", re.MULTILINE)
_INHERITS = re.compile(r"LISTEN_FDS|go-systemd(?:/v\d+)?/activation")

SKIPPED = frozenset({"vendor", "testdata", "node_modules"})


@dataclass(frozen=True, slots=True)
class GoFile:
    """What matters of one file: its imports, whether it holds `main`, what it embeds, whether it takes a socket."""

    package: str
    imports: tuple[str, ...]
    main: bool
    embeds: tuple[str, ...]
    inherits: bool


@functools.lru_cache(maxsize=8192)
def _read(file: Path, _mtime: int, _size: int) -> GoFile | None:
    text = file.read_text("utf-8-sig", "replace")
    bare = _COMMENT.sub("", text)
    package = _PACKAGE.search(bare)
    if package is None or _IGNORED.search(text[: package.start() + len(text) - len(bare)]):
        return None
    imports = [*_ONE.findall(bare), *(path for block in _MANY.findall(bare) for path in _SPEC.findall(block))]
    embeds = tuple(pattern.strip('"`') for line in _EMBED.findall(text) for pattern in line.split())
    main = package[1] == "main" and _MAIN.search(bare) is not None
    return GoFile(package[1], tuple(imports), main, embeds, _INHERITS.search(text) is not None)


def package_files(directory: Path) -> Iterator[GoFile]:
    """Give the files of the package in a directory, tests and ignored ones left out.

    What was read is remembered until the file changes, so a reload costs one `stat` a file.
    """
    for file in sorted(directory.glob("*.go")):
        if file.name.endswith("_test.go") or file.name.startswith(("_", ".")):
            continue
        try:
            status = file.stat()
            found = _read(file, status.st_mtime_ns, status.st_size)
        except OSError:
            continue  # removed a moment ago, or a dangling link: the build will tell
        if found is not None:
            yield found


def is_unfinished(directory: Path) -> bool:
    """Say whether a directory holds what may become a program: `package main` without `main`, or no package at all."""
    names = [file for file in directory.glob("*.go") if not file.name.endswith("_test.go") and file.name[0] not in "_."]
    packages = [file.package for file in package_files(directory)]
    return "main" in packages or len(packages) < len(names)


def is_main(directory: Path) -> bool:
    """Say whether the package in a directory is a program."""
    return any(file.main for file in package_files(directory))


def mains(directory: Path, depth: int = 4) -> Iterator[Path]:
    """Give the directories below a directory that hold a program, nearest first; other modules are left out.

    Args:
        directory: where to begin.
        depth: how many levels down to look.
    """
    level = [directory]
    for _ in range(depth + 1):
        yield from (folder for folder in level if is_main(folder))
        level = [below for folder in level for below in _folders(folder)]


def _folders(directory: Path) -> list[Path]:
    try:
        below = sorted(path for path in directory.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []
    return [
        path
        for path in below
        if path.name not in SKIPPED and not path.name.startswith((".", "_")) and not (path / "go.mod").exists()
    ]
