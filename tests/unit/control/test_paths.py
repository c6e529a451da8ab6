from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import short_folder

from hybrid_tasks.control import paths
from hybrid_tasks.errors import HybridError


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A short one: a socket's address has 107 bytes."""
    with short_folder() as folder:
        yield folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def environ(tmp_path: Path, **changes: str) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), "XDG_STATE_HOME": str(tmp_path / "state"), **changes}


def runtime(tmp_path: Path, mode: int = 0o700) -> str:
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(mode)
    return str(folder)


def test_the_state_folder_follows_the_xdg_rules(tmp_path: Path, root: Path) -> None:
    assert paths.state_dir(root, environ(tmp_path)).parent == tmp_path / "state" / "hybrid-tasks"
    home = paths.state_dir(root, {"HOME": str(tmp_path / "home")})
    assert home.parent == tmp_path / "home" / ".local" / "state" / "hybrid-tasks"
    relative = paths.state_dir(root, {"HOME": str(tmp_path / "home"), "XDG_STATE_HOME": "relative"})
    assert relative == home


def test_the_state_folder_is_found_without_a_home(root: Path) -> None:
    assert paths.state_dir(root, {}).is_absolute()


def test_two_projects_share_nothing(tmp_path: Path, root: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert paths.state_dir(root, environ(tmp_path)) != paths.state_dir(other, environ(tmp_path))


def test_a_second_path_to_the_same_project_finds_the_same_socket(tmp_path: Path, root: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    given = environ(tmp_path, XDG_RUNTIME_DIR=runtime(tmp_path))
    assert paths.socket_path(link, given) == paths.socket_path(root, given)


def test_the_socket_is_in_the_runtime_folder(tmp_path: Path, root: Path) -> None:
    given = environ(tmp_path, XDG_RUNTIME_DIR=runtime(tmp_path))
    assert paths.place_socket(root, given).parent == tmp_path / "run" / "hybrid-tasks"


@pytest.mark.parametrize("what", ["unset", "missing", "file", "relative", "writable for all"])
def test_without_a_good_runtime_folder_the_socket_is_in_the_state_folder(tmp_path: Path, root: Path, what: str) -> None:
    given = environ(tmp_path)
    if what == "missing":
        given["XDG_RUNTIME_DIR"] = str(tmp_path / "nowhere")
    elif what == "file":
        (tmp_path / "file").touch()
        given["XDG_RUNTIME_DIR"] = str(tmp_path / "file")
    elif what == "relative":
        given["XDG_RUNTIME_DIR"] = "run"
    elif what == "writable for all":
        given["XDG_RUNTIME_DIR"] = runtime(tmp_path, 0o777)
    assert paths.place_socket(root, given).parent == paths.state_dir(root, given)


def test_a_runtime_folder_of_somebody_else_is_not_used(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = environ(tmp_path, XDG_RUNTIME_DIR=runtime(tmp_path))
    monkeypatch.setattr(paths, "own_uid", lambda: os.geteuid() + 1)
    assert paths.socket_path(root, given).parent == paths.state_dir(root, given)


def test_sec_4_a_long_path_moves_to_the_temporary_folder_and_is_found(tmp_path: Path) -> None:
    root = tmp_path / ("p" * 200) / "q" / ("r" * 100)
    root.mkdir(parents=True)
    given = environ(tmp_path, XDG_STATE_HOME=str(root / "state"))
    path = paths.place_socket(root, given)
    assert len(os.fsencode(path)) <= paths.LONGEST_SOCKET
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert paths.known_socket(root, given) == path
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
    assert paths.place_socket(root, given) == path, "what a killed supervisor left is used again"
    paths.drop_socket(path)
    assert not path.parent.exists()
    assert paths.place_socket(root, given) != path
    paths.drop_socket(paths.known_socket(root, given))


def test_a_client_with_another_runtime_folder_finds_the_socket(tmp_path: Path, root: Path) -> None:
    path = paths.place_socket(root, environ(tmp_path, XDG_RUNTIME_DIR=runtime(tmp_path)))
    assert paths.known_socket(root, environ(tmp_path)) == path


@pytest.mark.parametrize("noted", [b"", b"relative", b"/with\0nul", b"/" + b"x" * 200, b"\xff\xfe"])
def test_a_broken_note_is_ignored(tmp_path: Path, root: Path, noted: bytes) -> None:
    given = environ(tmp_path)
    state = paths.own_folder(paths.state_dir(root, given))
    (state / paths.NOTE).write_bytes(noted)
    assert paths.known_socket(root, given) == paths.socket_path(root, given)


def test_sec_1_folders_are_0700_under_any_umask(tmp_path: Path, root: Path) -> None:
    before = os.umask(0)
    try:
        path = paths.place_socket(root, environ(tmp_path, XDG_RUNTIME_DIR=runtime(tmp_path)))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    state = paths.state_dir(root, environ(tmp_path))
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE((state / paths.NOTE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("link", "is a link, not a folder of ours"),
        ("dangling link", "is in the way|is a link"),
        ("file", "is in the way"),
        ("writable for the group", "others may write into"),
        ("writable for all", "others may write into"),
    ],
)
def test_sec_2_a_folder_that_is_not_ours_alone_is_refused(tmp_path: Path, what: str, words: str) -> None:
    folder = tmp_path / "folder"
    if what == "link":
        (tmp_path / "real").mkdir()
        folder.symlink_to(tmp_path / "real")
    elif what == "dangling link":
        folder.symlink_to(tmp_path / "nowhere")
    elif what == "file":
        folder.touch()
    else:
        folder.mkdir()
        folder.chmod(0o770 if "group" in what else 0o707)
    with pytest.raises(HybridError, match=words) as caught:
        paths.own_folder(folder)
    assert str(folder) in str(caught.value)
    assert caught.value.hint


def test_sec_2_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "own_uid", lambda: os.geteuid() + 1)
    with pytest.raises(HybridError, match="belongs to user"):
        paths.own_folder(tmp_path / "folder")


def test_a_folder_others_may_only_read_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o755)
    paths.own_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_files_are_in_the_project_unless_it_cannot_be_written(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = environ(tmp_path)
    assert paths.hybrid_dir(root, given) == root / ".hybrid"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert paths.hybrid_dir(root, given) == paths.state_dir(root, given) / "files"
