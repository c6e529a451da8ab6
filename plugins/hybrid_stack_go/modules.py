"""Modules and workspaces: where a package's source is on this machine, and which packages a program is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from hybrid_stack_go.sources import GoFile, package_files

_MODULE = re.compile(r"^module[ \t]+\"?([^\s\"]+)", re.MULTILINE)
_REPLACE = re.compile(r"^(?:replace)?[ \t]*(\S+)(?:[ \t]+v\S+)?[ \t]+=>[ \t]+(\.{1,2}/\S*|/\S+)", re.MULTILINE)
_USE_BLOCK = re.compile(r"^use[ \t]*\((.*?)\)", re.MULTILINE | re.DOTALL)
_USE = re.compile(r"^use[ \t]+([^\s(]+)", re.MULTILINE)
_MANY = 2000


def above(directory: Path, name: str) -> Path | None:
    """Give the nearest file of this name in a directory or above it."""
    return next((folder / name for folder in (directory, *directory.parents) if (folder / name).is_file()), None)


def local_modules(directory: Path) -> Mapping[str, Path]:
    """Give the modules whose source is here, by module path: the service's own, replaced and workspace ones."""
    found: dict[str, Path] = {}
    manifest = above(directory, "go.mod")
    if manifest is not None:
        text = _text(manifest)
        found |= {
            name: (manifest.parent / path).resolve() for name, path in _REPLACE.findall(text) if name != "replace"
        }
        found |= dict(_named(manifest.parent))
    workspace = above(directory, "go.work")
    if workspace is not None:
        text = _text(workspace)
        uses = [*_USE.findall(text), *(use for block in _USE_BLOCK.findall(text) for use in block.split())]
        for use in uses:
            found |= dict(_named((workspace.parent / use.strip('"')).resolve()))
    return found


def _named(directory: Path) -> Iterator[tuple[str, Path]]:
    name = _MODULE.search(_text(directory / "go.mod"))
    if name is not None:
        yield name[1], directory


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig", "replace")
    except OSError:
        return ""


def program(main: Path) -> Mapping[Path, tuple[GoFile, ...]]:
    """Give the local packages that a main package is made of, by directory, as `go list -deps` would.

    Args:
        main: the directory of the main package.
    """
    modules = local_modules(main.resolve())
    found: dict[Path, tuple[GoFile, ...]] = {}
    waiting = [main.resolve()]
    while waiting and len(found) < _MANY:
        directory = waiting.pop()
        if directory in found:
            continue
        found[directory] = tuple(package_files(directory))
        waiting += [
            place
            for file in found[directory]
            for name in file.imports
            if (place := _place(name, modules)) is not None and place not in found
        ]
    return found


def _place(name: str, modules: Mapping[str, Path]) -> Path | None:
    head = name
    while head:
        if head in modules:
            place = modules[head] / name[len(head) :].lstrip("/")
            return place if place.is_dir() else None
        head = head.rpartition("/")[0]
    return None
