"""S6: a version that builds but crashes, hangs or cannot have its port: the old one serves again, and why is shown."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from languages import LANGUAGES, Language, table, written
from seat import reloaded, services, started
from shop import Load, receipts
from waiting import until

from hybrid_tasks.testing.project import Project, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]

STACKS = [
    pytest.param(LANGUAGES[name], id=name, marks=pytest.mark.needs(*needs))
    for name, needs in (("python", ()), ("go", ("go",)), ("rust", ("rust",)))
]
AGAIN = 2.0  # seconds until the old version serves again, from the moment the new one is known to be bad
BUSY = 3.0  # times slower than alone


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        yield stranger.getsockname()[1]


def serve(project: Project, language: Language, port: int) -> Path:
    """Start a service that owns its port, so that a new version replaces the old one."""
    text = table(language, port).replace("start_period = 20", "start_period = 3")
    project.write("hybrid.toml", text)
    written(project, language, "good")
    started(project)
    assert services(project)["web"]["launch"] == "replace"
    return project.root / "web" / language.main


def check(project: Project, file: Path, language: Language, start: str, *, port: int, reason: str) -> None:
    """Save a bad version, and look how it is dealt with."""
    for attempt in ("bad", "worse", "worst"):
        before = services(project)["web"]["pid"]
        with Load(port, rate=50) as load:
            file.write_text(language.text(attempt, start))
            told, code = reloaded(project)
            assert code == 1
            until(lambda load=load: load.answers["good"] > 10)
        assert set(load.answers) == {"good"}, "a bad version never serves"
        [receipt] = told["receipts"]
        assert receipt["result"] == "failed"
        assert re.search(reason, receipt["error"]), receipt["error"]
        bad = next(i for i, stage in enumerate(receipt["stages"]) if not stage["ok"])
        assert sum(stage["ms"] for stage in receipt["stages"][bad + 1 :]) / 1000 < AGAIN * BUSY
        now = services(project)["web"]
        assert now["pid"] != before
        assert now["stale"] is True
        assert now["state"] == "running"
        assert "the last save failed" in now["detail"]
        tried = len(receipts(project))
        assert reloaded(project)[1] == 1
        assert len(receipts(project)) == tried, "it is not tried again before the next save"
    file.write_text(language.text("mended"))
    assert reloaded(project)[1] == 0
    assert get(port) == "mended"


@pytest.mark.parametrize("language", STACKS)
def test_s6_a_version_that_crashes_at_start(project: Project, language: Language, port: int) -> None:
    file = serve(project, language, port)
    check(project, file, language, language.crash, port=port, reason="this version is bad")


@pytest.mark.parametrize("language", STACKS)
def test_s6_a_version_that_is_never_healthy(project: Project, language: Language, port: int) -> None:
    file = serve(project, language, port)
    check(project, file, language, language.hang, port=port, reason="not healthy within 3 s: it has opened no port")


@pytest.mark.parametrize("language", STACKS)
def test_s6_a_version_whose_port_is_taken(project: Project, language: Language, port: int, taken: int) -> None:
    file = serve(project, language, port)
    check(project, file, language, language.elsewhere(taken), port=port, reason=r"(?i)addr(ess)?\s?(already )?in ?use")


def broken(project: Project, port: int, more: str = "") -> Path:
    """Start a version that owns its port, and give the file to break."""
    python = LANGUAGES["python"]
    project.write("hybrid.toml", table(python, port, more).replace("start_period = 20", "start_period = 3"))
    project.write("shared/words.py", "WORD = 'shared'")
    written(project, python, "good")
    started(project)
    return project.root / "web" / python.main


def test_bug_a_kept_copy_that_differs_was_started_unseen(project: Project, port: int) -> None:
    file = broken(project, port)
    python = LANGUAGES["python"]
    [copy] = until(lambda: list((project.root / ".hybrid/artefacts/web").glob("*/source/main.py")))
    until(lambda: copy.read_text() == file.read_text())
    copy.write_text(python.text("tampered"))
    file.write_text(python.text("bad", python.crash))
    told, code = reloaded(project)
    assert code == 1
    [receipt] = told["receipts"]
    assert "this version is bad" in receipt["error"]
    assert f"what was kept of it is not used: `{file}` differs from what ran" in receipt["error"]
    assert services(project)["web"]["state"] == "crashed"
    file.write_text(python.text("mended"))
    assert reloaded(project)[1] == 0
    assert get(port) == "mended"


def test_what_lies_outside_a_kept_copy_is_named_when_it_has_changed(project: Project, port: int) -> None:
    file = broken(project, port, 'watch = ["../shared"]')
    python = LANGUAGES["python"]
    shared = project.write("shared/words.py", "WORD = 'other'")
    file.write_text(python.text("bad", python.crash))
    told, code = reloaded(project)
    assert code == 1
    [receipt] = told["receipts"]
    assert f"the version before runs again, with `{shared}` as it is now" in receipt["error"]
    assert get(port) == "good"
