"""What every `inv` call pays for: `inv --list` must stay as light as Invoke itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("docker", "pydantic", "watchdog", "pluggy", "psutil", "rich", "textual", "pathspec", "colorlog", "dotenv")

PROBE = """
import sys
import invoke.main
sys.argv = ["inv", *sys.argv[1:]]
try:
    invoke.main.program.run(exit=False)
finally:
    print("MODULES", *sorted(sys.modules), file=sys.stderr)
"""


def modules(folder: Path, *words: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROBE, *words], cwd=folder, capture_output=True, text=True)
    line = next(line for line in done.stderr.splitlines() if line.startswith("MODULES"))
    return set(line.split()[1:])


def test_listing_loads_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text("from hybrid_tasks import tasks\nns = tasks()\n")
    (tmp_path / "hybrid.toml").write_text('[services.a]\ncommand = ["true"]\n')
    loaded = modules(tmp_path, "--list")
    assert "hybrid_tasks.cli.app" in loaded
    assert [name for name in HEAVY if name in loaded] == []
    assert [name for name in loaded if name.startswith(("hybrid_stack_", "hybrid_runtime_"))] == []


def test_listing_loads_asyncio_only_if_invoke_does(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text("from invoke import Collection\nns = Collection()\n")
    bare = modules(tmp_path, "--list")
    (tmp_path / "tasks.py").write_text("from hybrid_tasks import tasks\nns = tasks()\n")
    ours = {name for name in modules(tmp_path, "--list") - bare if not name.startswith("hybrid_tasks")}
    assert not {name for name in ours if name.startswith("asyncio")}
    assert len(ours) < 40, sorted(ours)


def test_importing_the_package_starts_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, hybrid_tasks; print(len([m for m in sys.modules if 'hybrid' in m]))"],
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) <= 3
