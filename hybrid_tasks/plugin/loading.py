"""Finding plugins: the entry-point group `hybrid_tasks`, then `hybrid_plugins.py` beside `hybrid.toml`.

Nothing is imported here; `admission.py` brings in one candidate at a time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from hybrid_tasks.plugin.markers import PROJECT
from hybrid_tasks.plugin.records import LOCAL, PluginRecord

OURS = "hybrid-tasks"
"""The distribution whose plugins come first, so that the stranger is told about a name taken twice, not we."""


UNNAMED = "an unnamed distribution"
"""What a plugin is said to come with when its metadata is damaged."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that was found, with the way to import it."""

    record: PluginRecord
    bring: Callable[[], object]


def installed(points: Iterable[EntryPoint] | None = None) -> list[Candidate]:
    """List the plugins of the entry-point group, ours first, then by distribution and name."""
    found = entry_points(group=PROJECT) if points is None else points
    known: dict[int, tuple[str, str]] = {}  # a distribution's metadata is parsed anew at every look
    candidates = []
    for point in found:
        if id(point.dist) not in known:
            known[id(point.dist)] = _distribution(point)
        record = PluginRecord(point.name, *known[id(point.dist)], point.value, "entry point")
        candidates.append(Candidate(record, point.load))
    return sorted(candidates, key=lambda c: (c.record.distribution != OURS, c.record.distribution, c.record.name))


def _distribution(point: EntryPoint) -> tuple[str, str]:
    if point.dist is None:
        return UNNAMED, ""
    metadata: Any = point.dist.metadata
    name, version = (metadata.get(key) for key in ("Name", "Version"))  # indexing warns when a key is missing
    return name or UNNAMED, version or ""


def local(root: Path | None) -> Iterator[Candidate]:
    """Give the project's own `hybrid_plugins.py`, if it has one."""
    if root is not None and (root / LOCAL).is_file():
        path = root / LOCAL
        yield Candidate(PluginRecord(LOCAL, LOCAL, "", "hybrid_plugins", str(path)), lambda: _execute(path))


def _execute(path: Path) -> ModuleType:
    # Compiled here and not by the import system: no `__pycache__` in the user's project, and an edit within the
    # second that follows another is never mistaken for it.
    module = ModuleType("hybrid_plugins")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # before it runs: dataclasses and relative imports look here
    try:
        exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    except BaseException:
        del sys.modules[module.__name__]
        raise
    return module
