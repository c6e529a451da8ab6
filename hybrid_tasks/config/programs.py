"""The programs of a directory that may hold several: a Go module's main packages, a crate's binaries."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.config.ignored import DECOYS

_MAIN = re.compile(r"^package main\b", re.MULTILINE)
_FUNC = re.compile(r"^func main\(\)", re.MULTILINE)
_IGNORED = re.compile(r"^//go:build ignore\b", re.MULTILINE)
_LARGEST = 1 << 18
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Program:
    """One program: its name, the options that choose it, and where it was seen."""

    name: str
    options: Mapping[str, str]
    evidence: str


def programs(directory: Path, stack: str) -> list[Program] | None:
    """Find the programs of a directory.

    Args:
        directory: with a manifest.
        stack: whose it is; of other stacks than Go and Rust one directory is one program.

    Returns:
        every program, sorted by name; None when the directory only holds other modules or crates.
    """
    if stack == "go":
        if not (directory / "go.mod").is_file() and (directory / "go.work").is_file():
            return None
        return sorted(_go(directory), key=lambda program: program.name)
    if stack == "rust":
        package = _package(directory)
        return None if package is None else sorted(_rust(directory, package), key=lambda program: program.name)
    return []


def _go(module: Path) -> Iterator[Program]:
    for place, directories, files in os.walk(module):
        here = Path(place)
        depth = len(here.relative_to(module).parts)
        directories[:] = sorted(
            name
            for name in directories
            if depth < _DEEPEST and name[0] not in "._" and name not in DECOYS and not (here / name / "go.mod").exists()
        )
        source = next((name for name in sorted(files) if _is_go_main(here / name)), None)
        if source is not None:
            spelled = "." if here == module else f"./{here.relative_to(module).as_posix()}"
            yield Program(here.name, {"main": spelled}, f"package main in {spelled}")


def _is_go_main(file: Path) -> bool:
    if file.suffix != ".go" or file.name.endswith("_test.go"):
        return False
    text = _read(file)
    return bool(_MAIN.search(text) and _FUNC.search(text)) and not _IGNORED.search(text)


def _package(crate: Path) -> tuple[Mapping[str, object], Mapping[str, object]] | None:
    """The manifest of a crate and its `[package]`; None for a workspace without one."""
    try:
        manifest = tomllib.loads(_read(crate / "Cargo.toml"))
    except (ValueError, RecursionError):
        return {}, {}
    package = manifest.get("package")
    if isinstance(package, dict):
        return manifest, package
    return None if "workspace" in manifest else (manifest, {})


def _rust(crate: Path, found: tuple[Mapping[str, object], Mapping[str, object]]) -> Iterator[Program]:
    manifest, package = found
    title = package.get("name")
    if not isinstance(title, str):
        return
    written = manifest.get("bin")
    listed = [one for one in written if isinstance(one, dict)] if isinstance(written, list) else []
    names = {one["name"]: "[[bin]]" for one in listed if isinstance(one.get("name"), str)}
    if package.get("autobins", True) is not False:
        paths = {str(one.get("path", "")) for one in listed}
        for name, file in _rust_sources(crate, title):
            if file not in paths:
                names.setdefault(name, file)
    for name, where in names.items():
        yield Program(name, {"bin": name, "package": title}, f"binary `{name}` ({where})")


def _rust_sources(crate: Path, package: str) -> Iterator[tuple[str, str]]:
    if (crate / "src/main.rs").is_file():
        yield package, "src/main.rs"
    for file in sorted((crate / "src/bin").glob("*")):
        if file.suffix == ".rs":
            yield file.stem, f"src/bin/{file.name}"
        elif (file / "main.rs").is_file():
            yield file.name, f"src/bin/{file.name}/main.rs"


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(_LARGEST).decode("utf-8-sig", "replace")
    except OSError:
        return ""
