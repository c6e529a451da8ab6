"""Finding what a directory's Python program is: told by the options, by a command, or read from the source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hybrid_stack_python.applications import Found, applications
from hybrid_stack_python.commands import Hint, dockerfile_command, hint
from hybrid_stack_python.entry import UVICORN, Application, Entry, Module, Script, find_module, import_name
from hybrid_stack_python.options import PythonOptions
from hybrid_stack_python.servers import runs, serves

ATTRIBUTES = ("app", "application", "asgi", "api", "create_app", "make_app", "get_app", "app_factory")
FILES = ("main", "app", "asgi", "server", "api", "application", "web", "run", "__init__", "__main__")
SCRIPTS = ("main", "app", "server", "run", "worker", "service", "__main__")
MANIFESTS = ("requirements.txt", "pyproject.toml", "uv.lock", "poetry.lock", "Pipfile", "setup.py", "setup.cfg")
SKIPPED = frozenset({
    "tests", "test", "testing", "docs", "migrations", "alembic", "scripts", "examples", "node_modules", "vendor",
    "venv", "env", "build", "dist", "site-packages", "__pycache__", "target", "load_tests", "loadtest",
})  # fmt: skip
_ENOUGH = 300
_TESTS = re.compile(r"(?:test_.*|.*_test|tests?|conftest)\.py")


def told(directory: Path, options: PythonOptions) -> Entry | None:
    """Give the entry that the options table names, or None when it names none."""
    if options.app is not None:
        module, _, attribute = options.app.partition(":")
        root, file = find_module(directory, module) or (directory, None)
        factory = _is_factory(file, attribute) if options.factory is None else options.factory
        return Application(module, attribute, root, file, factory)
    if options.script is not None:
        return Script(directory / options.script)
    if options.module is not None:
        root, _ = find_module(directory, options.module) or (directory, None)
        return Module(options.module, root)
    return None


def _is_factory(file: Path | None, attribute: str) -> bool:
    return file is not None and Found(attribute, factory=True) in applications(file)


def hinted(directory: Path, words: Sequence[str]) -> Entry | None:
    """Give the entry that a command starts, if the files it names are here."""
    found = hint(words)
    return None if found is None else _followed(directory, found)


def _followed(directory: Path, found: Hint) -> Entry | None:
    if found.app is not None:
        place = find_module(directory, found.app[0])
        if place is None:
            return None
        factory = found.factory or _is_factory(place[1], found.app[1])
        return Application(*found.app, *place, factory, found.server or UVICORN)
    if found.module is not None:
        place = find_module(directory, found.module)
        return None if place is None else Module(found.module, place[0])
    # A container's path (`/app/main.py`) is looked for by its tail.
    tail = Path((found.script or found.file or "").lstrip("/")).parts
    for start in range(len(tail)):
        file = directory.joinpath(*tail[start:])
        if file.is_file():
            return Script(file) if found.script else _application(directory, file)
    return None


def read(directory: Path, dockerfile: Path | None = None) -> Entry | None:
    """Give the entry that a directory's own files show: its Dockerfile, an ASGI application, a script.

    Args:
        directory: the service's directory.
        dockerfile: its Dockerfile if that lies elsewhere.
    """
    return (
        hinted(directory, dockerfile_command(dockerfile or directory / "Dockerfile"))
        or next((found for file in sources(directory) if (found := _application(directory, file))), None)
        or _script(directory)
    )


def named(directory: Path, name: str) -> Entry | None:
    """Give the program that is called like the service: `worker.py` or the package `worker` for `worker`.

    Several services of one directory are told apart by it.
    """
    stem = name.replace("-", "_").replace(".", "_")
    file, package = directory / f"{stem}.py", directory / stem
    if file.is_file() and not is_test(file):
        return _application(directory, file) or (Script(file) if runs(file) else None)
    return Module(stem, directory) if (package / "__main__.py").is_file() else None


def runnable(directory: Path) -> list[Path]:
    """Give the files of a directory that run something when they are started."""
    return [file for file in sorted(directory.glob("*.py")) if not is_test(file) and runs(file)]


def is_test(file: Path) -> bool:
    """Whether a file holds tests, which are never the program."""
    return _TESTS.fullmatch(file.name) is not None


def sources(directory: Path) -> list[Path]:
    """Give the source files near the top, those that are usually the entry first."""
    folders = [directory, *_folders(directory)]
    folders += [below for folder in folders[1:] for below in _folders(folder)]
    files = [
        (depth, file)
        for depth, folder in enumerate(folders)
        for file in sorted(folder.glob("*.py"))
        if not is_test(file)
    ]
    return [file for _, file in sorted(files[:_ENOUGH], key=lambda pair: (pair[0], _rank(pair[1].stem, FILES)))]


def _folders(directory: Path) -> list[Path]:
    try:
        below = sorted(path for path in directory.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []
    kept = [p for p in below if not p.name.startswith((".", "_")) and p.name.lower() not in SKIPPED]
    return sorted((p for p in kept if not (p / "pyvenv.cfg").exists()), key=lambda p: p.name not in {"src", "app"})


def _rank(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def _application(directory: Path, file: Path) -> Application | None:
    found = applications(file)
    if not found:
        return None
    best = min(found, key=lambda one: (one.factory, _rank(one.attribute, ATTRIBUTES)))
    root, module = import_name(directory, file)
    return Application(module, best.attribute, root, file, best.factory)


def _script(directory: Path) -> Script | Module | None:
    files = sorted(directory.glob("*.py"), key=lambda file: _rank(file.stem, SCRIPTS))
    known = [file for file in files if file.stem in SCRIPTS]
    running = runnable(directory)
    servers = [file for file in (*known, *running) if serves(file)]
    if best := servers or known or (running if len(running) == 1 else []):
        return Script(best[0])
    for folder in _folders(directory):
        for root, package in ((directory, folder), *((folder, below) for below in _folders(folder))):
            if (package / "__main__.py").is_file():
                return Module(".".join(package.relative_to(root).parts), root)
    return None
