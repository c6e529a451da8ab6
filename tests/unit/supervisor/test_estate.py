"""What a supervisor keeps in mind, and what it makes on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hybrid_tasks.errors import HybridError, Mistakes
from hybrid_tasks.journal import state as statefile
from hybrid_tasks.journal.runs import Runs
from hybrid_tasks.journal.state import State
from hybrid_tasks.process.jobs import Jobs
from hybrid_tasks.supervisor import footing
from hybrid_tasks.supervisor.estate import Estate

TOML = '[project]\npass_env = ["TOKEN"]\n[services.web]\ncommand = ["true"]\n[modes.a]\n[modes.b]\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "hybrid.toml").write_text(TOML)
    (tmp_path / "state").mkdir()
    return root


def play(root: Path, story: Callable[[Estate], Awaitable[None]]) -> State | None:
    """Tell a story of a supervisor, and give the state it leaves."""

    async def main() -> None:
        folder, runs = root.parent / "state", Runs(root.parent / "state" / "runs")
        estate = Estate(root, folder, {"TOKEN": "first", "PATH": "/bin"}, Jobs("test", note=runs.add), runs)
        async with asyncio.timeout(60):
            await story(estate)
            await estate.close(wanted=False)

    asyncio.run(main())
    return statefile.read(root.parent / "state" / "state.json")


def test_bug_asking_changed_the_environment_of_what_runs(root: Path) -> None:
    async def story(estate: Estate) -> None:
        await estate.load({"TOKEN": "second"}, acting=True)
        await estate.load({"TOKEN": "of who only asks"})

    left = play(root, story)
    assert left is not None
    assert left.env["TOKEN"] == "second"


def killed(root: Path) -> Path:
    file = root.parent / "state" / "state.json"
    statefile.write(file, State(str(root), mode="b", wanted=("web",), pid=1))
    return file


def test_bug_a_failed_start_forgot_what_to_restore(root: Path) -> None:
    killed(root)

    async def story(estate: Estate) -> None:
        (root / "hybrid.toml").write_text("[services.web]\nnonsense = 1\n")
        with pytest.raises(Mistakes):
            await estate.load({}, acting=True)

    left = play(root, story)
    assert left is not None
    assert left.wanted == ("web",)


def test_bug_the_mode_was_not_restored(root: Path) -> None:
    killed(root)

    async def story(estate: Estate) -> None:
        await estate.load({}, acting=True)
        assert estate.restorable() == ("web",)
        assert estate.restorable() == ("web",)
        assert estate.earlier_mode() == "b"
        estate.taken_over()
        assert estate.restorable() == ()
        assert estate.earlier_mode() is None

    left = play(root, story)
    assert left is not None
    assert left.wanted == ()


def test_bug_a_replaced_project_went_on_running(root: Path) -> None:
    async def story(estate: Estate) -> None:
        estate.look_at_root()
        await asyncio.to_thread(root.rename, root.with_name("moved"))
        estate.look_at_root()
        await asyncio.to_thread(root.mkdir)
        assert not estate.ending.is_set()
        estate.look_at_root()
        assert estate.ending.is_set()

    play(root, story)


def test_bug_a_file_called_hybrid_was_a_surprise(tmp_path: Path) -> None:
    (tmp_path / ".hybrid").touch()
    with pytest.raises(HybridError, match="in the way"):
        footing.own(tmp_path / ".hybrid")


def test_sec_bug_our_gitignore_was_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / ".hybrid").mkdir()
    (tmp_path / ".hybrid/.gitignore").symlink_to(tmp_path / "victim")
    footing.own(tmp_path / ".hybrid")
    assert not (tmp_path / "victim").exists()
    footing.own(tmp_path / "other/.hybrid")
    assert (tmp_path / "other/.hybrid/.gitignore").read_text() == "*\n"
