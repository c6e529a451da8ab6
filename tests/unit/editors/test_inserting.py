"""Adding to a file of the user's: the same values plus ours, and every byte of theirs where it was."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from commented import commented, values
from hypothesis import given
from hypothesis import strategies as st

from hybrid_tasks.editors.inserting import added
from hybrid_tasks.editors.jsonc import read
from hybrid_tasks.editors.places import Misread

GOLDEN = Path(__file__).parents[2] / "golden/editors"
OURS = [
    {"name": "hybrid: api", "type": "go", "port": 1, "substitutePath": [{"from": "a", "to": "b"}]},
    {"name": "hybrid: web", "type": "debugpy", "connect": {"port": 2}},
]

objects = st.dictionaries(st.text(max_size=4), values, max_size=3)
theirs = objects.map(lambda entry: entry | {"name": "theirs"}) | values
lists = st.lists(theirs | st.sampled_from(OURS) | st.just({"name": "hybrid: api", "mine": True}), max_size=4)
wholes = st.one_of(
    objects,
    st.builds(lambda whole, key, listed: {**whole, key: listed}, objects, st.just("configurations"), lists),
    st.builds(lambda whole, listed: {"configurations": listed, **whole}, objects, lists),
)


def value_of(text: str) -> Any:
    node = read(text)
    assert node is not None
    return node.value


def only_added_to(old: str, new: str) -> bool:
    """Whether one piece, and a comma anywhere, taken out of the new text leave every byte of the old one."""
    commas = (old[:at] + "," + old[at:] for at in range(len(old) + 1))
    return any(alike(one, new) + alike(one[::-1], new[::-1]) >= len(one) for one in (old, *commas))


def alike(one: str, other: str) -> int:
    """How many characters at the beginning of both are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def test_the_comparison_sees_a_byte_that_changed() -> None:
    assert only_added_to("[1 /**/]", "[1, /**/ 2]")
    assert not only_added_to("[1 /**/]", "[ 1, /**/ 2]")
    assert not only_added_to("[1\r\n]", "[1,\n2\n]")


@given(st.data(), wholes)
def test_any_file_says_the_same_plus_ours_and_without_ours_is_what_it_was(data: st.DataObject, whole: Any) -> None:
    text = data.draw(commented(whole))
    done = added(text, "configurations", "name", OURS, "0.2.0")
    before = whole.get("configurations", [])
    names = [entry.get("name") for entry in before if isinstance(entry, dict)]
    fresh = [entry for entry in OURS if entry["name"] not in names]
    assert value_of(done.text) == ({**whole, "configurations": before + fresh} if fresh else whole)
    assert list(done.fresh) == [entry["name"] for entry in fresh]
    assert {*done.fresh, *done.same, *done.changed} == {str(entry["name"]) for entry in OURS}
    assert only_added_to(text, done.text)
    again = added(done.text, "configurations", "name", OURS, "0.2.0")
    assert (again.text, again.fresh) == (done.text, ())


@given(st.text(alphabet=" \t\r\n") | st.sampled_from(["// a comment", "/* one */\r\n", "// two\n// of them\n"]))
def test_a_file_without_a_value_keeps_its_comments(text: str) -> None:
    done = added(text, "tasks", "name", OURS, "2.0.0")
    assert value_of(done.text) == {"version": "2.0.0", "tasks": OURS}
    assert done.text.startswith(text)


def test_an_entry_that_the_user_has_changed_is_known_as_such() -> None:
    text = '{"configurations": [{"name": "hybrid: web", "type": "debugpy", "connect": {"port": 3}}]}'
    done = added(text, "configurations", "name", OURS, "0.2.0")
    assert (done.fresh, done.same, done.changed) == (("hybrid: api",), (), ("hybrid: web",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "an object is wanted here, `{ … }`"),
        ('{"configurations": {}}', "`configurations` is no list"),
        ('{"configurations": [], "configurations": []}', "`configurations` is there twice"),
    ],
)
def test_what_is_no_list_of_entries_is_a_mistake(text: str, words: str) -> None:
    with pytest.raises(Misread) as raised:
        added(text, "configurations", "name", OURS, "0.2.0")
    assert raised.value.words == words


def test_a_name_that_is_not_utf_8_is_escaped() -> None:
    done = added("{}", "tasks", "name", [{"name": "\udcff"}], "2.0.0")
    assert value_of(done.text.encode().decode()) == {"tasks": [{"name": "\udcff"}]}


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.before.jsonc")), ids=lambda file: file.name)
def test_files_as_people_have_them(file: Path) -> None:
    """`HYBRID_GOLDEN=write` writes the expected ones anew."""
    after = file.with_name(file.name.replace(".before.", ".after."))
    done = added(file.read_bytes().decode(), "configurations", "name", OURS, "0.2.0").text.encode()
    if os.environ.get("HYBRID_GOLDEN") == "write":
        after.write_bytes(done)
    assert done == after.read_bytes()


def test_there_are_golden_files() -> None:
    assert len(list(GOLDEN.glob("*.before.jsonc"))) == len(list(GOLDEN.glob("*.after.jsonc"))) >= 6


def test_bug_an_entry_whose_name_is_no_text_was_a_surprise_of_ours() -> None:
    done = added('{"configurations": [{"name": ["x"]}, {"name": {}}]}', "configurations", "name", OURS, "0.2.0")
    assert done.fresh == tuple(entry["name"] for entry in OURS)
