"""What a save means to a Rust service: which files count, what they ask for, what is left to clean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hybrid_stack_rust.manifests import sources, workspace_root
from hybrid_tasks.api import Burst, CleanPlan, ReloadAction, ReloadPlan, Service, Watch

DEPENDENCIES = frozenset({"Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml", "build.rs"})
COUNTED = (
    "*.rs", "Cargo.toml", "Cargo.lock", "rust-toolchain", "*.toml", "*.proto", "*.sql", "*.html", "*.tera", "*.hbs",
    "*.j2", "*.jinja", "*.yaml", "*.yml",
)  # fmt: skip
SETTINGS = ("Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml", ".cargo/config.toml")
_INCLUDED = re.compile(r"\binclude(?:_str|_bytes)?!\s*\(\s*\"([^\"]+)\"")


def watch(service: Service, package: Path | None) -> Watch:
    """Watch the service's package and those it depends on by path, not its neighbours in the workspace.

    Args:
        service: which service.
        package: the directory of its package, None while it is not clear which that is.
    """
    home = package or service.directory
    folders = sources(home)
    root = workspace_root(home)
    settings = [root / name for name in SETTINGS if root != home and (root / name).is_file()]
    included = tuple(f"**/{name}" for folder in folders for name in sorted(set(_included(folder))))
    return Watch(
        (*folders, *settings),
        include=COUNTED + tuple(dict.fromkeys(included)),
        ignore=("target/", "/tests/", "/benches/", "/examples/"),
    )


def _included(folder: Path) -> Iterator[str]:
    for file in (folder / "src").rglob("*.rs"):
        try:
            text = file.read_text("utf-8", "replace")
        except OSError:
            continue
        yield from (Path(path).name for path in _INCLUDED.findall(text))


def reload(burst: Burst) -> ReloadPlan:
    """Ask for a build: any counted file may be part of the program, and cargo knows what is not."""
    for file in burst.files:
        if file.name in DEPENDENCIES or file.parts[-2:] == (".cargo", "config.toml"):
            return ReloadPlan(ReloadAction.REBUILD, f"{file.name} changed")
    return ReloadPlan(ReloadAction.REBUILD)


def clean(service: Service) -> CleanPlan:
    """List the target directory if it is cargo's, not something of the user's with the same name."""
    target = service.directory / "target"
    cargos = any((target / mark).is_file() for mark in ("CACHEDIR.TAG", ".rustc_info.json"))
    return CleanPlan(paths=(target,) if cargos else ())
