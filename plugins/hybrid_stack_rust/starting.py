"""How a Rust service is built, started and tested."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from hybrid_stack_rust.finding import Binary, find_binary
from hybrid_stack_rust.manifests import depends_on
from hybrid_stack_rust.options import RustOptions
from hybrid_tasks.api import Build, CargoExecutable, Command, Listen, Service, StartPlan

INHERITS = re.compile(rb"LISTEN_FDS|\blistenfd::")


def options_of(service: Service) -> RustOptions:
    """Give the service's options table, or the defaults."""
    return service.options if isinstance(service.options, RustOptions) else RustOptions()


def binary_of(service: Service) -> Binary:
    """Find the service's binary; raises WrongInput where that is not clear."""
    return find_binary(service.name, service.directory, options_of(service))


def start(service: Service) -> StartPlan:
    """Say how an instance is built and started.

    Where cargo puts the executable only cargo knows (`CARGO_TARGET_DIR`, `.cargo/config.toml`, a target triple, a
    binary named otherwise than its package), so the build prints it: JSON messages on standard output, everything
    for people on standard error.
    """
    binary, options = binary_of(service), options_of(service)
    words = ["cargo", "build", "--message-format=json-render-diagnostics"]
    words += ["--package", binary.package.name, "--bin", binary.name]
    if options.profile is not None:
        words += ["--profile", options.profile]
    return StartPlan(
        program=Command(("{artefact}", *service.args), service.directory),
        build=Build(
            Command((*words, *options.flags), service.directory), CargoExecutable(binary.package.name, binary.name)
        ),
        listen=Listen.INHERIT if inherits(binary) else Listen.OWN,
    )


def inherits(binary: Binary) -> bool:
    """Say whether a package's own source takes a listening socket (`LISTEN_FDS`, the crate `listenfd`)."""
    directory = binary.package.directory
    if depends_on(directory, "listenfd"):
        return True
    for file in sorted((directory / "src").rglob("*.rs")):
        try:
            status = file.stat()
            if _mentions(file, status.st_mtime_ns, status.st_size):
                return True
        except OSError:
            continue  # removed a moment ago: the build will tell
    return False


@functools.lru_cache(maxsize=8192)
def _mentions(file: Path, _mtime: int, _size: int) -> bool:
    return INHERITS.search(file.read_bytes()) is not None


def test(service: Service, arguments: tuple[str, ...]) -> Command:
    """Give the command that runs the tests of the service's package."""
    binary = binary_of(service)
    return Command(("cargo", "test", "--package", binary.package.name, *arguments), service.directory)
