"""What has yet to be read of a tree: given until it is read, and found without looking through all of it."""

from __future__ import annotations

from collections.abc import ItemsView

from hybrid_tasks.engine.content import STAMP
from hybrid_tasks.engine.ledger import Folder, Ledger

STAMPED = b"s" * STAMP
READ = STAMPED + b"digest"


class Counting(dict[str, bytes]):
    """Counts how many entries are looked at."""

    looked = 0

    def get(self, name: str, default: bytes | None = None) -> bytes | None:  # type: ignore[override]
        Counting.looked += 1
        return super().get(name, default)

    def items(self) -> ItemsView[str, bytes]:
        Counting.looked += len(self)
        return super().items()


def ledger(files: dict[str, bytes], *directories: str) -> Ledger:
    known = Ledger("/", lambda: 1 << 62)
    for directory in directories or ("/d",):
        known.folders[directory] = Folder()
        known.replace(directory, files if isinstance(files, Counting) else dict(files))
    return known


def test_bug_a_directory_of_40_000_files_was_looked_through_for_every_sixteen() -> None:
    many = 40_000
    known = ledger(Counting({f"f{number}": STAMPED for number in range(many)}))
    Counting.looked, read = 0, 0
    while wanted := known.unread(16):
        for directory, name, before in wanted:
            known.was_read(directory, name, before, READ)
        read += len(wanted)
    assert read == many
    assert Counting.looked < 10 * many


def test_what_is_not_read_is_given_again() -> None:
    known = ledger({"a": STAMPED, "b": READ, "c": STAMPED})
    both = {name for _, name, _ in known.unread(16)}
    assert both == {"a", "c"}
    assert {name for _, name, _ in known.unread(16)} == both, "a second reader gets the same"
    known.was_read("/d", "a", STAMPED, READ)
    assert [name for _, name, _ in known.unread(16)] == ["c"]
    known.was_read("/d", "c", STAMPED, None)
    assert known.unread(16) == []


def test_every_directory_has_its_turn_and_a_dropped_one_none() -> None:
    known = ledger({"a": STAMPED}, "/d", "/e", "/f")
    known.drop("/f")
    seen = []
    while wanted := known.unread(16):
        seen += [directory for directory, _, _ in wanted]
        known.was_read(*wanted[0], READ)
    assert sorted(seen) == ["/d", "/e"]


def test_a_file_that_changed_again_before_it_was_read_is_read_as_it_is_then() -> None:
    known = ledger({"a": STAMPED})
    later = b"t" * STAMP
    known.replace("/d", {"a": later})
    known.was_read("/d", "a", STAMPED, READ)
    assert known.unread(16) == [("/d", "a", later)]
