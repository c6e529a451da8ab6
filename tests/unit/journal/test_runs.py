"""Run ids are whole or not there, also on a full disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hybrid_tasks.journal.runs import Runs


def test_bug_two_run_ids_were_joined_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs(tmp_path / "runs")
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:4]))
        with pytest.raises(OSError, match="No space"):
            runs.add("aaaaaaaaaaaa")
    runs.add("bbbbbbbbbbbb")
    runs.add("cccccccccccc")
    runs.close()
    assert {"bbbbbbbbbbbb", "cccccccccccc"} <= set((tmp_path / "runs").read_text().split())


def test_bug_a_run_id_joined_that_of_a_killed_writer(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("aaaaaaaaaaaa\nbbbb")
    runs = Runs(tmp_path / "runs")
    runs.add("cccccccccccc")
    assert runs.known() == {"aaaaaaaaaaaa", "bbbb", "cccccccccccc"}
    runs.close()
