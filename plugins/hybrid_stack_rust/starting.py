"""How a Rust service is built, started and tested."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from hybrid_stack_rust import bacon, building, cargo_watch, changes
from hybrid_stack_rust.finding import Binary, find_binary
from hybrid_stack_rust.manifests import depends_on
from hybrid_stack_rust.options import ENGINE, RustOptions
from hybrid_tasks.api import Command, Listen, Place, Service, StartPlan

DRIVERS = {"bacon": bacon.start, "cargo-watch": cargo_watch.start}
INHERITS = re.compile(rb"LISTEN_FDS|\blistenfd::")


def options_of(service: Service) -> RustOptions:
    """Give the service's options table, or the defaults."""
    return service.options if isinstance(service.options, RustOptions) else RustOptions()


def binary_of(service: Service) -> Binary:
    """Find the service's binary; raises WrongInput where that is not clear."""
    return find_binary(service.name, service.directory, options_of(service))


def start(service: Service, place: Place) -> StartPlan:
    """Say how an instance is built and started, or the driver that does both."""
    binary, options = binary_of(service), options_of(service)
    if options.driver != ENGINE and service.hot_reload and place.debug_port is None:
        words = building.chosen(service, binary, options, place.cache)
        watch = changes.watch(service, binary.package.directory)
        return DRIVERS[options.driver](service, place, words, watch)
    return StartPlan(
        program=Command(("{artefact}", *service.args), service.directory),
        build=building.build(service, binary, options, place.cache),
        listen=Listen.INHERIT if inherits(binary) else Listen.OWN,
        tools=building.tools(options),
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
