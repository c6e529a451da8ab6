"""What a stop without a supervisor ends, and what it leaves alone."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from hybrid_tasks.control.paths import own_folder, state_dir
from hybrid_tasks.journal.runs import Runs
from hybrid_tasks.process.identity import project_identity
from hybrid_tasks.supervisor import sweep

RUN = "0123456789ab"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def folder(tmp_path: Path, environ: Mapping[str, str]) -> Path:
    """The state of a project whose supervisor was killed."""
    folder = own_folder(state_dir(tmp_path, environ))
    runs = Runs(folder / sweep.RUNS)
    runs.add(RUN)
    runs.close()
    return folder


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with the marks of a run of ours."""
    marks = {"HYBRID_PROJECT": project_identity(tmp_path), "HYBRID_SERVICE": "web", "HYBRID_RUN": RUN}
    with subprocess.Popen(["sleep", "100"], env={**os.environ, **marks}) as process:
        yield process
        process.kill()


def test_bug_a_stop_beside_a_starting_supervisor_killed_its_services(
    tmp_path: Path, environ: Mapping[str, str], folder: Path, orphan: subprocess.Popen[bytes]
) -> None:
    lock = os.open(folder / sweep.LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    told = asyncio.run(sweep.swept(tmp_path, environ))
    assert told["services"] == []
    assert told["busy"] is True
    assert orphan.poll() is None
    assert (folder / sweep.RUNS).read_text().split() == [RUN]
    os.close(lock)
    assert "ended 1 process" in str(asyncio.run(sweep.swept(tmp_path, environ))["note"])
    assert orphan.wait(10) < 0
    assert (folder / sweep.RUNS).read_text() == ""


def test_bug_a_survivor_of_the_sweep_was_forgotten(
    tmp_path: Path,
    environ: Mapping[str, str],
    folder: Path,
    orphan: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def in_vain(_identities: object, _grace: float) -> int:
        return 0

    monkeypatch.setattr(sweep, "end_all", in_vain)
    asyncio.run(sweep.swept(tmp_path, environ))
    assert orphan.poll() is None
    assert (folder / sweep.RUNS).read_text().split() == [RUN]
