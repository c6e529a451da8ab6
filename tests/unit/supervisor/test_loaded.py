"""What is said of the files of a project while they are edited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from hybrid_tasks.supervisor.loaded import Loaded

Shop = Callable[[str], Loaded]
WEB = '[services.web]\ncommand = ["true"]\n'


def test_bug_every_look_at_edited_files_asked_all_stacks_again(shop: Shop, tmp_path: Path) -> None:
    loaded = shop(WEB)
    file = tmp_path / "hybrid.toml"
    file.write_text(WEB + 'dir = "nowhere"\n')
    (first,) = loaded.mistakes(0.0)
    assert "nowhere" in first.message
    (second,) = loaded.mistakes(0.5)
    assert second is first
    (tmp_path / "nowhere").mkdir()
    assert loaded.mistakes(1e9) == [], "it is there by now, though no file of ours has changed"
    file.write_text(WEB + "prt = 1\n")
    (other,) = loaded.mistakes(1e9)
    assert "prt" in other.message, "an edit is looked at at once"


def test_bug_what_nobody_foresaw_in_an_edited_file_failed_the_status(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def surprise(_root: Path) -> NoReturn:
        raise RuntimeError("of a\nkind that is not known")  # it would be mended if it could be had

    loaded = shop(WEB)
    monkeypatch.setattr("hybrid_tasks.supervisor.loaded.configuration", surprise)
    (mistake,) = loaded.mistakes(0.0)
    assert mistake.lines() == [
        "error: unexpected RuntimeError: of a kind that is not known",
        " hint: the supervisor's log has the traceback",
    ]
    assert "Traceback" in caplog.text
