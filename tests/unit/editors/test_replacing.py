"""Files of the user's that are replaced completely or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hybrid_tasks.editors.places import Misread
from hybrid_tasks.editors.replacing import find, replace
from hybrid_tasks.errors import HybridError, WrongInput

NAME = ".vscode/launch.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    (made / ".vscode").mkdir(parents=True)
    return made


def names(root: Path) -> list[str]:
    return sorted(path.name for path in (root / ".vscode").iterdir())


def test_a_file_that_is_not_there_is_made_with_its_folder(root: Path) -> None:
    (root / ".vscode").rmdir()
    found = find(root, NAME)
    assert (found.data, found.text) == (None, "")
    replace([(found, found.with_text("{}\n"))])
    assert (root / NAME).read_bytes() == b"{}\n"
    assert names(root) == ["launch.json"]


def test_the_mode_and_the_byte_order_mark_stay(root: Path) -> None:
    (root / NAME).write_bytes(b"\xef\xbb\xbf{ }")
    (root / NAME).chmod(0o640)
    found = find(root, NAME)
    assert found.text == "{ }"
    replace([(found, found.with_text("{ü}"))])
    assert (root / NAME).read_bytes() == b"\xef\xbb\xbf{\xc3\xbc}"
    assert stat.S_IMODE((root / NAME).stat().st_mode) == 0o640


def test_a_link_inside_the_project_stays_one(root: Path) -> None:
    (root / "mine.json").write_text("{}")
    (root / NAME).symlink_to("../mine.json")
    found = find(root, NAME)
    replace([(found, b"{1}")])
    assert (root / NAME).is_symlink()
    assert (root / "mine.json").read_text() == "{1}"


@pytest.mark.parametrize("what", ["file", "folder", "nothing", "relative"])
def test_a_link_out_of_the_project_is_refused_and_named(root: Path, what: str) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    if what == "folder":
        (root / ".vscode").rmdir()
        (root / ".vscode").symlink_to(outside)
    else:
        (root / NAME).symlink_to("../../outside/it.json" if what == "relative" else outside / "it.json")
    if what == "file":
        (outside / "it.json").write_text("{}")
    with pytest.raises(WrongInput, match=r"`\.vscode/launch.json` leads out of the project"):
        find(root, NAME)
    assert [path.read_text() for path in outside.iterdir()] == ["{}"] * (what == "file")


@pytest.mark.parametrize("what", ["folder", "pipe"])
def test_what_is_no_file_is_refused_at_once(root: Path, what: str) -> None:
    if what == "folder":
        (root / NAME).mkdir()
    else:
        os.mkfifo(root / NAME)
    with pytest.raises(WrongInput, match=r"`\.vscode/launch.json` is not a file"):
        find(root, NAME)


def test_a_file_in_the_place_of_the_folder_is_one_line(root: Path) -> None:
    (root / ".vscode").rmdir()
    (root / ".vscode").write_text("")
    with pytest.raises(HybridError, match=r"cannot read `\.vscode/launch.json`: Not a directory"):
        find(root, NAME)


def test_a_link_to_itself_is_one_line(root: Path) -> None:
    (root / NAME).symlink_to("launch.json")
    with pytest.raises(HybridError, match=r"cannot read `\.vscode/launch.json`: Too many levels"):
        find(root, NAME)


@pytest.mark.parametrize("now", [b"{2}", None])
def test_what_was_changed_meanwhile_is_not_overwritten(root: Path, now: bytes | None) -> None:
    (root / NAME).write_text("{1}")
    found = find(root, NAME)
    if now is None:
        (root / NAME).unlink()
    else:
        (root / NAME).write_bytes(now)
    with pytest.raises(HybridError, match=r"`\.vscode/launch.json` was changed meanwhile"):
        replace([(found, b"{3}")])
    assert ((root / NAME).read_bytes() if now else None) == now
    assert names(root) == ["launch.json"] * (now is not None)


def test_none_is_replaced_when_one_cannot_be_written(root: Path) -> None:
    """A full disk and a folder that is read-only end the same way: the new file cannot be made."""
    (root / NAME).write_text("{1}")
    first, second = find(root, NAME), find(root, ".vscode/tasks.json")
    in_the_way = root / f".vscode/.tasks.json.{os.getpid()}"
    in_the_way.mkdir()
    with pytest.raises(HybridError, match=r"cannot write `\.vscode/tasks.json`: ") as raised:
        replace([(first, b"{2}"), (second, b"{3}")])
    assert "--dry-run" in raised.value.hint
    assert (root / NAME).read_text() == "{1}"
    assert names(root) == [in_the_way.name, "launch.json"]


def test_what_is_not_utf_8_has_its_line(root: Path) -> None:
    (root / NAME).write_bytes(b'{\r\n"a": 1,\r\n"\xff": 2}')
    with pytest.raises(WrongInput) as raised:
        _ = find(root, NAME).text
    assert raised.value.message == ".vscode/launch.json:3: this is not UTF-8"


def test_a_mistake_has_its_line(root: Path) -> None:
    (root / NAME).write_bytes(b"\xef\xbb\xbf{\r\n\r\n,}")
    mistake = find(root, NAME).mistake(Misread("no comma is wanted", 5))
    assert mistake.lines() == [
        "error: .vscode/launch.json:3: no comma is wanted",
        " hint: nothing was written; correct it and run this again",
    ]
