"""Sources of plugins for tests of the plugin host, and short ways to load and ask it."""

from __future__ import annotations

from pathlib import Path

from hybrid_tasks.model.service import Service
from hybrid_tasks.plugin.host import Host
from hybrid_tasks.plugin.records import PluginRecord

INFO = """
    @hookimpl
    def stack_info():
        return StackInfo(name="good", title="Good")
"""

START = """
    @hookimpl
    def stack_start(service, place):
        build = Build(Command(("make",), service.directory), place.artefacts / "x")
        check = Command(("lint",), service.directory)
        return StartPlan(Command(("{artefact}", *service.args), service.directory), check, build, Listen.INHERIT)
"""

RUNTIME = """
    @hookimpl
    def runtime_info():
        return RuntimeInfo(name="moon", title="Moon")
"""


def service(tmp_path: Path, **given) -> Service:
    return Service(**{"name": "api", "directory": tmp_path, "stack": "good", "port": 8080, **given})


def load(root: Path | None = None, **given) -> Host:
    return Host.load(root, environ={}, **given)


def tweak(root: Path, source: str) -> None:
    (root / "hybrid_plugins.py").write_text(
        f"from hybrid_tasks.api import *\nfrom hybrid_tasks.api import hookimpl\n{source}"
    )


def of(host: Host, distribution: str) -> PluginRecord:
    return next(record for record in host.plugins if record.distribution == distribution)
