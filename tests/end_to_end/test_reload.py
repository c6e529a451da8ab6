"""Every save is live, a broken save harms nobody: with a real application, a real supervisor and real clients."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest
from editors import STYLES, save
from shop import Load, app, python_service, receipts
from waiting import until

from hybrid_tasks.testing.project import Project, get

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def main(project: Project, port: int) -> Path:
    """The source of a running service."""
    file = python_service(project, port)
    done = project.inv("dev-start")
    assert done.code == 0, done.out + done.err
    return file


def live(project: Project) -> None:
    done = project.inv("dev-wait", "--reload")
    assert done.code == 0, done.out + done.err


def test_twenty_swaps_under_load_fail_no_request(project: Project, main: Path, port: int) -> None:
    with Load(port) as load:
        for number in range(20):
            main.write_text(app(f"v{number}"))
            live(project)
            word = f"v{number}"
            until(lambda word=word: load.answers[word] > 5)
    assert load.failures == []


@pytest.mark.parametrize("health", [500, 0], ids=["answers 500", "hangs"])
def test_s6_a_version_that_fails_its_probe_never_gets_a_request(
    project: Project, main: Path, port: int, health: int
) -> None:
    with Load(port) as load:
        for number in range(4):
            main.write_text(app(f"bad{number}", health))
            assert project.inv("dev-wait", "--reload").code == 1
    assert load.failures == []
    assert set(load.answers) == {"zero"}


def test_a_failed_version_is_not_tried_again_until_its_content_changes(project: Project, main: Path, port: int) -> None:
    main.write_text("broken(")
    assert project.inv("dev-wait", "--reload").code == 1
    tried = len(receipts(project))
    os.utime(main)
    assert project.inv("dev-wait", "--reload").code == 1
    assert len(receipts(project)) == tried
    main.write_text(app("zero"))
    live(project)
    assert receipts(project)[-1]["result"] == "unchanged"
    assert project.status()["web"]["stale"] is False


def test_bug_a_bad_save_undone_and_made_again_is_told_again(project: Project, main: Path) -> None:
    for _ in range(2):
        main.write_text("broken(")
        done = project.inv("dev-wait", "--reload")
        assert done.code == 1
        assert "main.py:1" in done.out
        assert project.status()["web"]["stale"] is True
        main.write_text(app("zero"))
        live(project)


def test_same_content_means_no_swap(project: Project, main: Path, port: int) -> None:
    before = len(receipts(project))
    os.utime(main)
    main.write_text(app("zero"))
    (main.parent / ".main.py.swp").write_text("editor")
    (main.parent / "__pycache__").mkdir(exist_ok=True)
    (main.parent / "__pycache__" / "x.pyc").write_text("cache")
    live(project)
    assert len(receipts(project)) == before


def test_two_saves_of_one_size_within_a_second_never_run_the_old_code(project: Project, main: Path, port: int) -> None:
    for number in range(10, 30):
        main.write_text(app(f"v{number}"))
        live(project)
        assert get(port) == f"v{number}"


def test_two_hundred_files_at_once_are_one_swap(project: Project, main: Path, port: int) -> None:
    before = len([r for r in receipts(project) if r["result"] == "live"])
    for number in range(200):
        (main.parent / f"module_{number}.py").write_text(f"X = {number}\n")
    main.write_text(app("many"))
    live(project)
    assert get(port) == "many"
    assert len([r for r in receipts(project) if r["result"] == "live"]) == before + 1


def test_a_service_that_ends_is_started_again(project: Project, main: Path, port: int) -> None:
    pid = project.status()["web"]["pid"]
    os.kill(pid, 9)
    assert get(port) == "zero", "the connection is held until an instance serves again"
    assert until(lambda: project.status().get("web", {}).get("pid")) != pid
    web = project.status()["web"]
    assert web["restarts"] == 1
    assert web["detail"] == "started again: it ended by SIGKILL"


def test_s1_a_hundred_and_fifty_saves_in_every_style(project: Project, main: Path, port: int) -> None:
    chance = random.Random(20261121)
    for number in range(150):
        save(chance.choice(STYLES), main, app(f"n{number}"))
        if chance.random() < 0.3:
            live(project)
            assert get(port) == f"n{number}"
    live(project)
    assert get(port) == "n149"
    swaps = [r for r in receipts(project) if r["result"] == "live" and r["trigger"] == "save"]
    assert len(swaps) <= 150


def test_a_checkout_of_another_branch_and_back(project: Project, main: Path, port: int) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *identity, *words], cwd=project.root, check=True, capture_output=True)

    project.write(".gitignore", "__pycache__/\n.hybrid/\n")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    git("checkout", "-q", "-b", "other")
    for number in range(200):
        project.write(f"web/mod_{number}.py", "x = 1\n")
    main.write_text(app("other"))
    git("add", ".")
    git("commit", "-q", "-m", "two")
    live(project)
    assert get(port) == "other"
    git("checkout", "-q", "main")
    live(project)
    assert get(port) == "zero"
    before = len(receipts(project))
    git("checkout", "-q", "other")
    git("checkout", "-q", "main")
    live(project)
    assert get(port) == "zero"
    assert all(r["result"] in {"cancelled", "live"} for r in receipts(project)[before:])
