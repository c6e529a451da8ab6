"""A copy of a service's source stands in for it, and is recognised when it is not what was copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybrid_tasks.engine.keeping import Copy, copy_source, differing
from hybrid_tasks.engine.snapshot import Tree
from hybrid_tasks.model.watching import Snapshot, Watch


@pytest.fixture
def base(tmp_path: Path) -> Path:
    base = tmp_path / "project" / "web"
    (base / "pages").mkdir(parents=True)
    (base / "main.py").write_text("print(1)\n")
    (base / "pages" / "index.html").write_text("<p>\n")
    (base / "data.db").write_text("rows\n")
    (base.parent / "shared.py").write_text("print(2)\n")
    return base


def looked(base: Path) -> Snapshot:
    tree = Tree(Watch((base, base.parent / "shared.py"), ignore=("*.db",)), base.parent)
    tree.scan()
    return tree.snapshot()


def copied(base: Path, place: Path) -> Copy:
    place.mkdir()
    return copy_source(looked(base).files, base, place)


def test_what_is_watched_is_copied_and_the_rest_is_linked(base: Path, tmp_path: Path) -> None:
    copy = copied(base, tmp_path / "kept")
    (base / "main.py").write_text("broken\n")
    assert (copy.root / "main.py").read_text() == "print(1)\n"
    assert (copy.root / "data.db").is_symlink()
    assert differing(copy) == ((), ())


def test_what_was_changed_in_the_copy_is_found(base: Path, tmp_path: Path) -> None:
    copy = copied(base, tmp_path / "kept")
    (copy.root / "main.py").write_text("print(3)\n")
    (copy.root / "pages" / "index.html").unlink()
    assert differing(copy) == ((base / "main.py", base / "pages" / "index.html"), ())


def test_what_changed_outside_is_told_apart(base: Path, tmp_path: Path) -> None:
    copy = copied(base, tmp_path / "kept")
    (base.parent / "shared.py").write_text("broken\n")
    assert differing(copy) == ((), (base.parent / "shared.py",))


def test_what_moved_on_while_it_was_copied_is_found(base: Path, tmp_path: Path) -> None:
    snapshot = looked(base)
    (base / "main.py").write_text("print(4)\n")
    (base / "pages" / "index.html").unlink()
    (base / "pages").rmdir()
    (tmp_path / "kept").mkdir()
    copy = copy_source(snapshot.files, base, tmp_path / "kept")
    assert differing(copy)[0] == (base / "main.py", base / "pages" / "index.html")
