"""Which Python runs a service, and whether what it needs is installed there: by looking, not by running it."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.api import ToolMissing

VENVS = (".venv", "venv", "env")
_BOUNDARY = ("hybrid.toml", ".git")
_LEVELS = 8


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python interpreter.

    Args:
        path: the program, links kept (a virtual environment is known by its link).
        sites: the directories of installed packages; None when they cannot be told without running it.
        own: it belongs to this service alone, so nothing else may be chosen instead.
        venv: the virtual environment it belongs to, or None.
    """

    path: Path
    sites: tuple[Path, ...] | None
    own: bool = False
    venv: Path | None = None

    def has(self, package: str) -> bool | None:
        """Say whether a top-level package is installed here; None when it cannot be told."""
        if self.sites is None:
            return None
        return any(
            (site / package).is_dir() or (site / f"{package}.py").is_file() or any(site.glob(f"{package}.*.so"))
            for site in self.sites
        )

    def version_of(self, package: str) -> tuple[int, ...] | None:
        """Give the version of an installed distribution, as far as it is numbers."""
        for site in self.sites or ():
            for info in site.glob(f"{package}-*.dist-info"):
                numbers = re.match(r"[\d.]+", info.name[len(package) + 1 :])
                if numbers:
                    return tuple(int(part) for part in numbers[0].strip(".").split(".") if part)
        return None


def choose(directory: Path, option: str | None, env: Mapping[str, str], needs: Iterable[str]) -> Interpreter:
    """Choose the interpreter of a service.

    The service's own comes first: its `python` option, its virtual environment. Else, of those it may share (a
    virtual environment further up the project, the active one, `python3` on PATH, the one that runs
    hybrid-tasks), the first that has all that is needed.

    Args:
        directory: the service's directory.
        option: the `python` of its options table.
        env: the environment variables that are asked for `VIRTUAL_ENV`, `PATH` and `HOME`.
        needs: top-level packages, the indispensable one first.

    Raises:
        ToolMissing: the chosen one is not there, or no Python is.
    """
    if option is not None:
        return _named(directory, option, env)
    for name in VENVS:
        venv = directory / name
        if (venv / "pyvenv.cfg").is_file():
            return _working(venv)
    shared = list(_shared(directory, _with_pin(directory, env)))
    if not shared:
        raise ToolMissing("no `python3` is on PATH", "install Python 3 (`apt-get install python3 python3-venv`)")
    wanted = list(needs)
    return max(shared, key=lambda python: _suits(python, wanted))  # max keeps the first of equals


def _suits(python: Interpreter, needs: list[str]) -> tuple[bool, bool, bool]:
    answers = [python.has(package) for package in needs]
    return (False not in answers[:1], False not in answers, None not in answers)


def _named(directory: Path, option: str, env: Mapping[str, str]) -> Interpreter:
    path = directory / Path(option).expanduser() if "/" in option else Path(shutil.which(option, path=_path(env)) or "")
    if path.is_dir() and (path / "bin" / "python").exists():
        path = path / "bin" / "python"
    if not path.is_file():
        raise ToolMissing(f"the interpreter `{option}` does not exist", f"create it, or correct `python` ({path})")
    return at(path, env, own=True)


def _working(venv: Path) -> Interpreter:
    python = venv / "bin" / "python"
    if not python.exists():
        raise ToolMissing(
            f"the virtual environment {venv} is broken", f"make it again: `python3 -m venv --clear {venv}`"
        )
    return at(python, {}, own=True)


def _shared(directory: Path, env: Mapping[str, str]) -> Iterator[Interpreter]:
    found = [*_above(directory)]
    if env.get("VIRTUAL_ENV"):
        found.append(Path(env["VIRTUAL_ENV"]) / "bin" / "python")
    on_path = shutil.which("python3", path=_path(env))
    found += [Path(on_path)] if on_path else []
    found.append(Path(sys.executable))
    for path in dict.fromkeys(found):
        if path.is_file():
            yield at(path, env)


def _above(directory: Path) -> Iterator[Path]:
    for folder in [directory, *directory.parents][:_LEVELS]:
        if folder != directory:
            for name in VENVS:
                if (folder / name / "pyvenv.cfg").is_file():
                    yield folder / name / "bin" / "python"
        if any((folder / mark).exists() for mark in _BOUNDARY):
            return


def _path(env: Mapping[str, str]) -> str | None:
    return env.get("PATH")


def _with_pin(directory: Path, env: Mapping[str, str]) -> Mapping[str, str]:
    """Add what pyenv would find in a `.python-version` file, for `_behind_shim`."""
    pins = (_first_line(folder / ".python-version") for folder in (directory, *directory.parents))
    pin = next((line for line in pins if line), None)
    return env if pin is None or "PYENV_VERSION" in env else {**env, "PYENV_VERSION": pin}


def at(path: Path, env: Mapping[str, str], *, own: bool = False) -> Interpreter:
    """Describe the interpreter at a path."""
    venv = path.parent.parent
    if (venv / "pyvenv.cfg").is_file():
        sites = list(venv.glob("lib*/python3*/site-packages"))
        home = _base_of(venv)
        if home is not None:
            sites += _sites(home, env)
        return Interpreter(path, tuple(sites), own, venv)
    real = _behind_shim(path, env)
    if real is None:
        return Interpreter(path, None, own)
    # The interpreter itself instead of a shim: a shim is a shell script that costs more than Python's start.
    return Interpreter(path if path.resolve() == real.resolve() else real, tuple(_sites(real, env)), own)


def _base_of(venv: Path) -> Path | None:
    text = (venv / "pyvenv.cfg").read_text("utf-8", "replace")
    settings = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in text.splitlines())}
    if settings.get("include-system-site-packages") != "true" or "home" not in settings:
        return None
    return Path(settings["home"]) / "python3"


def _behind_shim(path: Path, env: Mapping[str, str]) -> Path | None:
    """Give the interpreter behind a version manager's shim, or None when only running it would tell."""
    real = path.resolve()
    try:
        with real.open("rb") as file:
            if file.read(2) != b"#!":
                return real if real.name.startswith("python") else None
    except OSError:
        return None
    versions = path.parent.parent / "versions"
    chosen = env.get("PYENV_VERSION") or _first_line(path.parent.parent / "version")
    if not chosen:
        return None
    kept = [versions / chosen, *sorted(versions.glob(f"{chosen}.*"), key=_numbers, reverse=True)]
    return next((home / "bin" / "python3" for home in kept if (home / "bin" / "python3").is_file()), None)


def _numbers(version: Path) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version.name)]


def _first_line(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").split("\n", 1)[0].strip()
    except OSError:
        return ""


def _sites(python: Path, env: Mapping[str, str]) -> list[Path]:
    real = python.resolve()
    prefix = real.parent.parent
    version = real.name if re.fullmatch(r"python3\.\d+", real.name) else "python3.*"
    places = [*prefix.glob(f"lib*/{version}/site-packages"), *prefix.glob(f"lib*/{version}/dist-packages")]
    if str(prefix) == "/usr":
        places += [*Path("/usr/local").glob(f"lib/{version}/dist-packages"), Path("/usr/lib/python3/dist-packages")]
    home = env.get("HOME")
    if home:
        places += Path(home, ".local").glob(f"lib/{version}/site-packages")
    return places
