"""Reading `Cargo.toml`: packages, their binaries, their workspace, the packages of this machine they depend on."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_tasks.api import WrongInput

_SECTIONS = ("dependencies", "build-dependencies")


@dataclass(frozen=True, slots=True)
class Package:
    """A package: its name, where it is, its binaries, and the one `cargo run` would take."""

    name: str
    directory: Path
    binaries: tuple[str, ...]
    default: str | None = None


@functools.lru_cache(maxsize=1024)
def _read(file: Path, _mtime: int, _size: int) -> Mapping[str, Any]:
    return tomllib.loads(file.read_text("utf-8-sig"))


def manifest(directory: Path) -> Mapping[str, Any] | None:
    """Give a directory's `Cargo.toml`, or None when it has none.

    Raises:
        WrongInput: it is not TOML.
    """
    file = directory / "Cargo.toml"
    try:
        status = file.stat()
        return _read(file, status.st_mtime_ns, status.st_size)
    except OSError:
        return None
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError
        raise WrongInput(f"{file} cannot be read: {error}", "correct the file") from None


def _lenient(directory: Path) -> Mapping[str, Any]:
    # What is watched must be known while a manifest is broken, or the save that mends it would not be seen.
    try:
        return manifest(directory) or {}
    except WrongInput:
        return {}


def package(directory: Path) -> Package | None:
    """Give the package of a directory, or None (no manifest, or only a workspace)."""
    found = manifest(directory)
    if found is None or not isinstance(found.get("package"), Mapping):
        return None
    table = found["package"]
    name = str(table.get("name", directory.name))
    return Package(name, directory, tuple(_binaries(directory, found, name)), table.get("default-run"))


def _binaries(directory: Path, found: Mapping[str, Any], name: str) -> list[str]:
    said = [table for table in _tables(found.get("bin")) if isinstance(table.get("name"), str)]
    names = [str(table["name"]) for table in said]
    if found["package"].get("autobins", True):
        paths = {str(table["path"]).removeprefix("./") for table in said if "path" in table}
        if (directory / "src" / "main.rs").is_file() and "src/main.rs" not in paths:
            names.append(name)
        for file in sorted((directory / "src" / "bin").glob("*")):
            relative = file.relative_to(directory).as_posix()
            if file.suffix == ".rs" and relative not in paths:
                names.append(file.stem)
            elif (file / "main.rs").is_file() and f"{relative}/main.rs" not in paths:
                names.append(file.name)
    return list(dict.fromkeys(names))


def _tables(value: object) -> Iterator[Mapping[str, Any]]:
    yield from (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def members(directory: Path) -> list[Package]:
    """Give the packages of the workspace whose root is this directory, `default-members` if it names some."""
    workspace = (manifest(directory) or {}).get("workspace")
    if not isinstance(workspace, Mapping):
        return []
    excluded = {(directory / str(path)).resolve() for path in workspace.get("exclude", ())}
    patterns = workspace.get("default-members") or workspace.get("members") or ()
    folders = [folder for pattern in patterns for folder in sorted(directory.glob(str(pattern).removeprefix("./")))]
    found = (package(folder) for folder in dict.fromkeys(folders) if folder.resolve() not in excluded)
    return [one for one in found if one is not None]


def workspace_root(directory: Path) -> Path:
    """Give the directory with the workspace's manifest and `Cargo.lock`: this one, or one above it."""
    return next((folder for folder in (directory, *directory.parents) if "workspace" in _lenient(folder)), directory)


def sources(directory: Path) -> list[Path]:
    """Give the directories of a package and of everything it depends on by path, itself first."""
    root = workspace_root(directory)
    shared = _dependencies(_lenient(root).get("workspace") or {})
    found: list[Path] = []
    waiting = [directory]
    while waiting:
        folder = waiting.pop(0)
        if folder in found:
            continue
        found.append(folder)
        for name, table in _all_dependencies(_lenient(folder)):
            base = folder
            if table.get("workspace") is True:
                table, base = shared.get(name, {}), root  # noqa: PLW2901 - the entry stands for the workspace's
            if isinstance(table.get("path"), str) and (base / table["path"]).is_dir():
                waiting.append((base / table["path"]).resolve())
    return found


def depends_on(directory: Path, name: str) -> bool:
    """Say whether a package names a crate among its dependencies."""
    return any(crate == name for crate, _ in _all_dependencies(_lenient(directory)))


def _all_dependencies(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    targets = found.get("target")
    for table in (found, *(targets.values() if isinstance(targets, Mapping) else ())):
        for section in _SECTIONS:
            if isinstance(table, Mapping):
                yield from _dependencies(table, section).items()


def _dependencies(table: Mapping[str, Any], section: str = "dependencies") -> dict[str, Mapping[str, Any]]:
    found = table.get(section)
    if not isinstance(found, Mapping):
        return {}
    return {name: value if isinstance(value, Mapping) else {} for name, value in found.items()}
