"""How cargo builds one binary: in which directory, with which linker, and what it says that it waits for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from hybrid_stack_rust.finding import Binary
from hybrid_stack_rust.options import OWN, SHARED, RustOptions
from hybrid_tasks.api import Build, CargoExecutable, Command, Service, Tool

WAITING = (("Blocking waiting for file lock", "waiting for cargo's lock"),)
"""cargo's words while another cargo (an editor's, another service's) holds a directory, and ours."""

LINKERS = {
    "mold": Tool("mold", "install mold: `apt-get install mold` or https://github.com/rui314/mold"),
    "lld": Tool("ld.lld", "install lld: `apt-get install lld` or `brew install lld`"),
}


def build(service: Service, binary: Binary, options: RustOptions, cache: Path | None) -> Build:
    """Say how a binary is built.

    Where cargo puts the executable only cargo knows (`CARGO_TARGET_DIR`, `.cargo/config.toml`, a target triple, a
    binary named otherwise than its package), so the build prints it: JSON messages on standard output, everything
    for people on standard error.

    Args:
        service: which service.
        binary: its binary.
        options: its options table.
        cache: where it may keep a target directory of its own.
    """
    # The linker is an argument of this binary's rustc alone. As RUSTFLAGS it would put itself in the place of the
    # user's, of the environment or of `.cargo/config.toml`, and have every dependency built anew.
    linking = () if options.linker is None else ("--", "-C", f"link-arg=-fuse-ld={options.linker}")
    words = ("cargo", "rustc" if linking else "build", "--message-format=json-render-diagnostics")
    command = Command((*words, *chosen(service, binary, options, cache), *linking), service.directory)
    return Build(command, CargoExecutable(binary.package.name, binary.name), WAITING)


def chosen(service: Service, binary: Binary, options: RustOptions, cache: Path | None) -> tuple[str, ...]:
    """Give the arguments with which cargo is told what to build, how and where.

    Args:
        service: which service.
        binary: its binary.
        options: its options table.
        cache: where it may keep a target directory of its own.
    """
    return (
        *("--package", binary.package.name, "--bin", binary.name),
        *(("--profile", options.profile) if options.profile is not None else ()),
        *_target(service, options, cache),
        *options.flags,
    )


def tools(options: RustOptions) -> tuple[Tool, ...]:
    """Give what a build with these options needs beyond cargo."""
    return () if options.linker is None else (LINKERS[options.linker],)


def _target(service: Service, options: RustOptions, cache: Path | None) -> tuple[str, ...]:
    """Say where it is built: by itself, unless the user told us or cargo another directory."""
    said = options.target_dir
    if said not in {None, OWN, SHARED}:
        return ("--target-dir", str(service.directory / Path(str(said)).expanduser()))
    if said == SHARED or cache is None or (said is None and _told(service, options)):
        return ()
    return ("--target-dir", str(cache / "target"))


def _told(service: Service, options: RustOptions) -> bool:
    """Whether cargo has been told a target directory, by whichever way it listens to."""
    env = service.variables()
    if any(word.partition("=")[0] == "--target-dir" for word in options.flags):
        return True
    if env.get("CARGO_TARGET_DIR") or env.get("CARGO_BUILD_TARGET_DIR"):
        return True
    return any(_names_it(file) for file in _settings(service.directory, env))


def _settings(directory: Path, env: Mapping[str, str]) -> Iterator[Path]:
    # https://doc.rust-lang.org/cargo/reference/config.html#hierarchical-structure
    home = Path(env.get("CARGO_HOME") or Path(env.get("HOME", "/")) / ".cargo")
    for folder in (*(above / ".cargo" for above in (directory, *directory.parents)), home):
        yield from (folder / "config.toml", folder / "config")


def _names_it(file: Path) -> bool:
    try:
        table = tomllib.loads(file.read_text("utf-8-sig")).get("build")
    except (OSError, ValueError):
        return False  # what is wrong with it cargo tells
    return isinstance(table, Mapping) and "target-dir" in table
