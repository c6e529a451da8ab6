"""Finding which of a module's programs a service is."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from hybrid_stack_go.modules import above
from hybrid_stack_go.sources import is_main, is_unfinished, mains
from hybrid_tasks.api import WrongInput

COMMAND, DOCKERFILE, MAIN, MAINS, LOOSE, MANIFEST = 90, 85, 80, 70, 40, 10
FLAGS_WITH_A_PATH = frozenset({"-C", "-exec", "-modfile", "-o", "-overlay", "-pgo", "-pkgdir", "-toolexec"})
USUAL = ("server", "main", "app", "api", "service")


def told(words: Sequence[str], directory: Path) -> Path | None:
    """Give the main package that a command builds or runs (`go run ./cmd/server`), if it is here."""
    named = targets(words)
    return _here(words[named[0]], directory) if named else None


def targets(words: Sequence[str]) -> range | None:
    """Give which words of a command are the paths that the go tool builds or runs.

    What follows them after `go run` is the program's own, whatever it looks like
    (https://pkg.go.dev/cmd/go#hdr-Compile_and_run_Go_program); elsewhere the last path counts.

    Returns:
        their numbers, none where nothing is named by its path; None: the command builds and runs nothing.
    """
    for index, word in enumerate(words[:-1]):
        if word.rpartition("/")[2] == "go" and words[index + 1] in {"build", "run", "install"}:
            found = [number for number in range(index + 2, len(words)) if _is_path(words[number - 1], words[number])]
            if words[index + 1] != "run" or not found:
                return range(found[-1], found[-1] + 1) if found else range(0)
            end = found[0] + 1
            while words[end - 1].endswith(".go") and end < len(words) and words[end].endswith(".go"):
                end += 1
            return range(found[0], end)
    return None


def _is_path(before: str, word: str) -> bool:
    return before not in FLAGS_WITH_A_PATH and (word.startswith(".") or (word.endswith(".go") and word[0] != "-"))


def _here(target: str, directory: Path) -> Path | None:
    parts = Path(target).parts
    for start in range(len(parts) or 1):  # a path from the repository's root is looked for by its tail
        place = directory.joinpath(*parts[start:])
        place = place.parent if place.suffix == ".go" else place
        if place.is_dir() and is_main(place):
            return place
    return None


def dockerfile_main(file: Path, directory: Path) -> Path | None:
    """Give the main package that a Dockerfile builds, if it is here; the last one counts."""
    try:
        text = re.sub(r"\\[ \t]*\r?\n", " ", file.read_text("utf-8-sig", "replace"))
    except OSError:
        return None
    found = None
    for line in re.findall(r"^[ \t]*(?:RUN|CMD|ENTRYPOINT)[ \t]+(.+)$", text, re.MULTILINE | re.IGNORECASE):
        for part in re.split(r"&&|;|\|\|", line):
            found = told(_words(part), directory) or found
    return found


def _words(line: str) -> list[str]:
    try:
        return [word.strip('[],"') for word in shlex.split(line)]
    except ValueError:
        return line.split()


def candidates(directory: Path) -> list[Path]:
    """Give the programs a service in this directory may be: its own one, else those below it."""
    return [directory] if is_main(directory) else list(mains(directory))


def find_main(name: str, directory: Path, option: str | None) -> Path:
    """Give the directory of a service's main package.

    Args:
        name: the service's name, which tells several of one directory apart (`cmd/NAME`).
        directory: the service's directory.
        option: the `main` of its options table.

    Raises:
        WrongInput: there is none, or several and nothing decides.
    """
    key = f"[services.{name}.go] main"
    if option is not None:
        place = directory / option
        place = place.parent if place.suffix == ".go" else place
        if not place.is_dir():
            raise WrongInput(f"the main package {place} does not exist", f"correct {key}")
        return place
    if is_main(directory / "cmd" / name):
        return directory / "cmd" / name
    found = candidates(directory)
    if not found and is_unfinished(directory):
        return directory  # the compiler tells what is wrong with it, and where
    if not found:
        raise WrongInput(f"no main package was found in {directory}", f'set {key} = "./cmd/server"')
    if len(found) > 1 and (chosen := _chosen(found, name, directory)) is not None:
        return chosen
    if len(found) > 1:
        listed = ", ".join(f"./{place.relative_to(directory)}" for place in found)
        first = found[0].relative_to(directory)
        raise WrongInput(f"`{name}` may be any of {listed}", f'choose one: {key} = "./{first}"')
    return found[0]


def _chosen(found: list[Path], name: str, directory: Path) -> Path | None:
    """Decide between several: by the service's name, its Dockerfile, its directory's name, what is usual."""
    built = dockerfile_main(directory / "Dockerfile", directory)
    for wanted in (name, None, directory.name, *USUAL):
        named = [built] if wanted is None else [place for place in found if place.name == wanted]
        if len(named) == 1 and named[0] is not None:
            return named[0]
    return None


def has_module(directory: Path) -> bool:
    """Say whether a directory belongs to a Go module."""
    return above(directory, "go.mod") is not None
