"""Directories made, moved and linked while the product runs: each is one swap, and what is in them is watched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from seat import output, plain, reloaded, started
from shop import receipts
from waiting import until

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]

# Says the content of every file below its directory, links followed, in a stable order.
TELLS = """dir = "web"
command = ["sh", "-c", "echo $(find -L . -type f | sort | xargs cat); exec sleep 1000"]
"""


@pytest.fixture
def web(project: Project) -> Path:
    plain(project, {"web": TELLS})
    project.write("web/a", "a\n")
    started(project)
    return project.root / "web"


def told(project: Project) -> str:
    return output(project, "web").splitlines()[-1]


def one_swap(project: Project, before: int, expected: str) -> None:
    """The change is live without being asked for, by one swap that went to its end."""
    until(lambda: told(project) == expected, timeout=20)
    assert reloaded(project)[1] == 0
    assert told(project) == expected
    results = [r["result"] for r in receipts(project)[before:] if r["result"] != "cancelled"]
    assert results == ["live"]


def test_a_directory_that_is_made_with_files(project: Project, web: Path) -> None:
    before = len(receipts(project))
    (web / "new" / "deep").mkdir(parents=True)
    (web / "new" / "deep" / "b").write_text("b\n")
    (web / "new" / "c").write_text("c\n")
    one_swap(project, before, "a c b" if min(["./new/c", "./new/deep/b"]) == "./new/c" else "a b c")
    before = len(receipts(project))
    (web / "new" / "deep" / "b").write_text("B\n")
    one_swap(project, before, told(project).replace("b", "B"))


def test_a_directory_that_is_moved_in_and_out(project: Project, web: Path) -> None:
    outside = project.root / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "b").write_text("b\n")
    before = len(receipts(project))
    outside.rename(web / "inside")
    one_swap(project, before, "a b")
    before = len(receipts(project))
    (web / "inside" / "deep" / "b").write_text("B\n")
    one_swap(project, before, "a B")
    before = len(receipts(project))
    (web / "inside").rename(outside)
    one_swap(project, before, "a")
    (outside / "deep" / "b").write_text("not watched\n")
    assert reloaded(project)[1] == 0
    assert told(project) == "a"


def test_a_directory_that_is_renamed_in_place(project: Project, web: Path) -> None:
    (web / "one").mkdir()
    (web / "one" / "b").write_text("b\n")
    assert reloaded(project)[1] == 0
    before = len(receipts(project))
    (web / "one").rename(web / "two")
    until(lambda: len(receipts(project)) > before, timeout=20)
    assert reloaded(project)[1] == 0
    before = len(receipts(project))
    (web / "two" / "b").write_text("B\n")
    one_swap(project, before, "a B")


def test_a_directory_that_is_a_link(project: Project, web: Path) -> None:
    target = project.root / "target"
    target.mkdir()
    (target / "b").write_text("b\n")
    before = len(receipts(project))
    (web / "linked").symlink_to(target)
    one_swap(project, before, "a b")
    before = len(receipts(project))
    (target / "b").write_text("B\n")
    one_swap(project, before, "a B")
    before = len(receipts(project))
    other = project.root / "other"
    other.mkdir()
    (other / "b").write_text("other\n")
    (web / "linked.new").symlink_to(other)
    (web / "linked.new").replace(web / "linked")
    one_swap(project, before, "a other")
    before = len(receipts(project))
    (other / "b").write_text("OTHER\n")
    one_swap(project, before, "a OTHER")


def test_a_directory_that_is_removed_and_comes_back(project: Project, web: Path) -> None:
    (web / "b").mkdir()
    (web / "b" / "b").write_text("b\n")
    assert reloaded(project)[1] == 0
    before = len(receipts(project))
    shutil.rmtree(web / "b")
    one_swap(project, before, "a")
    before = len(receipts(project))
    (web / "b").mkdir()
    (web / "b" / "b").write_text("again\n")
    one_swap(project, before, "a again")


def test_odd_files_harm_nobody(project: Project, web: Path) -> None:
    os.mkfifo(web / "fifo")
    (web / "dangling").symlink_to("nowhere")
    (web / "loop").symlink_to("loop")
    (web / ("n" * 255)).write_text("")
    (web / "line\nbreak").write_text("")
    Path(os.fsdecode(os.fsencode(web) + b"/\xff")).write_text("")
    assert reloaded(project)[1] == 0
    for name in ("fifo", "dangling", "loop", "n" * 255, "line\nbreak", os.fsdecode(b"\xff")):
        (web / name).unlink()
    before = len(receipts(project))
    assert reloaded(project)[1] == 0
    (web / "a").write_text("A\n")
    until(lambda: told(project) == "A", timeout=20)
    assert len(receipts(project)) > before
