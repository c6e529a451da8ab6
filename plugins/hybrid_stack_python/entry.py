"""The three ways into a Python service, and where a module's import root is."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

UVICORN = "uvicorn"
"""What serves an application where nothing names another server."""


@dataclass(frozen=True, slots=True)
class Application:
    """An application: `module:attribute`, importable from `root`; `factory`: the attribute makes it."""

    module: str
    attribute: str
    root: Path
    file: Path | None = None
    factory: bool = False
    server: str = UVICORN

    @property
    def spelled(self) -> str:
        """The application as servers want it."""
        return f"{self.module}:{self.attribute}"


@dataclass(frozen=True, slots=True)
class Script:
    """A file to run."""

    file: Path


@dataclass(frozen=True, slots=True)
class Module:
    """A module to run as `python -m` does, importable from `root`."""

    module: str
    root: Path


Entry = Application | Script | Module


def module_file(root: Path, module: str) -> Path | None:
    """Give the file a module's name stands for below an import root, or None."""
    stem = root.joinpath(*module.split("."))
    return next((file for file in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py") if file.is_file()), None)


def find_module(directory: Path, module: str) -> tuple[Path, Path] | None:
    """Find a module named in a command, which may have been written for another working directory.

    Args:
        directory: the service's directory.
        module: its dotted name.

    Returns:
        the import root and the file, or None.
    """
    below = sorted(path for path in directory.iterdir() if path.is_dir()) if directory.is_dir() else []
    for root in (directory, directory / "src", *below):
        file = module_file(root, module)
        if file is not None:
            return root, file
    return None


def import_name(directory: Path, file: Path) -> tuple[Path, str]:
    """Give the import root and the dotted name under which a file of a service is imported.

    A package is imported from above it. A directory without `__init__.py` is one too, unless its files
    import their neighbours by bare name: then people run it from inside.
    """
    parts = [] if file.stem == "__init__" else [file.stem]
    folder = file.parent
    while folder != directory:
        package = (folder / "__init__.py").is_file()
        # The standard library's `site` and the like would be imported instead.
        shadowed = folder.name in sys.stdlib_module_names
        if not package and (shadowed or folder == directory / "src" or _imports_neighbours(file, folder)):
            break
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(parts)


def _imports_neighbours(file: Path, folder: Path) -> bool:
    names = re.findall(r"^(?:from|import)[ \t]+(\w+)", file.read_text("utf-8", "replace"), re.MULTILINE)
    return any((folder / f"{name}.py").is_file() or (folder / name).is_dir() for name in names)
