"""Plugins of strangers, really installed: a distribution's metadata and its module in a directory of `sys.path`."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

_numbers = itertools.count()

Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a plugin's source as a distribution of its own; gives the distribution's name."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def put(source: str, *, name: str = "odd", distribution: str | None = None, version: str = "1.2") -> str:
        number = next(_numbers)
        module = f"stranger_{number}"
        distribution = distribution or f"hybrid-odd-{number}"
        (site / f"{module}.py").write_text(
            "from hybrid_tasks.api import *\nfrom hybrid_tasks.api import hookimpl\n" + textwrap.dedent(source)
        )
        info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        points = info / "entry_points.txt"
        before = points.read_text() if points.exists() else "[hybrid_tasks]\n"
        points.write_text(f"{before}{name} = {module}\n")
        monkeypatch.syspath_prepend(str(site))
        return distribution

    return put
