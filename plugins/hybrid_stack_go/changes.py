"""What a save means to a Go service: which files count, what they ask for, what is left to clean."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hybrid_stack_go.modules import above, program
from hybrid_stack_go.sources import GoFile
from hybrid_tasks.api import Burst, CleanPlan, ReloadAction, ReloadPlan, Service, Watch

DEPENDENCIES = frozenset({"go.mod", "go.sum", "go.work", "go.work.sum", "modules.txt"})
COUNTED = (
    "*.go", "*.c", "*.cc", "*.cpp", "*.h", "*.s", "*.S", "go.mod", "go.sum", "go.work", "go.work.sum",
    "vendor/modules.txt", "*.tmpl", "*.gohtml", "*.gotmpl", "*.html", "*.yaml", "*.yml", "*.toml",
)  # fmt: skip


def watch(service: Service, main: Path | None) -> Watch:
    """Watch the service's directory, the local packages outside it that it imports, and what they embed.

    Args:
        service: which service.
        main: its main package, None while it is not clear which that is.
    """
    packages = {} if main is None else program(main)
    home = service.directory.resolve()
    outside = sorted(folder for folder in packages if folder != home and home not in folder.parents)
    manifests = [found for name in sorted(DEPENDENCIES) if (found := above(service.directory, name)) is not None]
    roots = (service.directory, *outside, *(file for file in manifests if home not in file.resolve().parents))
    embeds = _embedded(file for files in packages.values() for file in files)
    return Watch(roots, include=COUNTED + embeds, ignore=("*_test.go", "testdata/", "__debug_bin*"))


def _embedded(files: Iterable[GoFile]) -> tuple[str, ...]:
    patterns = {pattern.removeprefix("all:") for file in files for pattern in file.embeds}
    return tuple(spelled for pattern in sorted(patterns) for spelled in (f"**/{pattern}", f"**/{pattern}/**"))


def reload(burst: Burst) -> ReloadPlan:
    """Ask for a build: any counted file may be part of the program, and Go's cache knows what is not."""
    changed = next((file.name for file in burst.files if file.name in DEPENDENCIES), None)
    return ReloadPlan(ReloadAction.REBUILD, f"{changed} changed" if changed else "")


def clean(service: Service) -> CleanPlan:
    """List the binaries a debugger leaves behind; Go's caches belong to all projects and are left alone."""
    return CleanPlan(paths=tuple(sorted(service.directory.rglob("__debug_bin*"))))
