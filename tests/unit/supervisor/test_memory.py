"""What is wanted is written down beside everything else, and nobody is told that it was done before it is."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from hybrid_tasks.journal import state as statefile
from hybrid_tasks.journal.state import State
from hybrid_tasks.supervisor.memory import Memory


def test_of_what_comes_while_it_writes_the_last_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, write, go, written = tmp_path / "state.json", statefile.write, threading.Event(), []

    def slow(to: Path, state: State) -> None:
        go.wait(10)
        written.append(state.wanted)
        write(to, state)

    async def play() -> None:
        memory = Memory(file)
        for name in ("one", "two", "three"):
            memory.keep(State("/", wanted=(name,)))
            await asyncio.sleep(0)
        kept = asyncio.ensure_future(memory.kept())
        await asyncio.sleep(0)
        assert not kept.done()
        go.set()
        await kept
        assert memory.trouble is None

    monkeypatch.setattr(statefile, "write", slow)
    asyncio.run(play())
    assert written == [("one",), ("three",)]
    read = statefile.read(file)
    assert read is not None
    assert read.wanted == ("three",)


def test_what_cannot_be_written_is_said_until_it_can(tmp_path: Path) -> None:
    async def play() -> None:
        folder = tmp_path / "state"
        memory = Memory(folder / "state.json")
        memory.keep(State("/"))
        await memory.kept()
        assert memory.trouble is not None
        assert "what runs will not be restored" in memory.trouble
        folder.mkdir()
        memory.keep(State("/"))
        await memory.kept()
        assert memory.trouble is None

    asyncio.run(play())
