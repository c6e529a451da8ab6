"""Random files: nothing but Mistakes ever comes out, and python-dotenv is believed only where it reads like Compose."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_tasks.env.files import read
from hybrid_tasks.env.statements import Statement, statements
from hybrid_tasks.errors import Mistakes

words = st.one_of(
    st.sampled_from("AB=X:=\n\n\"'\\${}#1é[/.-+?!`\t\r\x0b\x1c\x85\xa0\u2003\u200b\ufeff\0  "),
    st.sampled_from(["export ", " #", "${X", "${X:-", "\r\n", "\nA=", '\nB="', "\nC='", '"\n', "'\n"]),
    st.sampled_from(['\\"', "\\'", "\\\\", "\\0101", "yaml: "]),
)
files = st.one_of(st.lists(words, max_size=40).map("".join), st.text())


def outcome(data: bytes) -> dict[str, str] | list[str]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".env").write_bytes(data)
        try:
            return {variable.name: variable.value for variable in read(Path(folder) / ".env", {"X": "1"})}
        except Mistakes as mistakes:
            return [mistake.message for mistake in mistakes.mistakes]


def survives(data: bytes) -> None:
    found = outcome(data)
    if isinstance(found, list):
        assert found
        assert all("\n" not in message for message in found)
    else:
        assert all(name and "=" not in name and "\0" not in name + value for name, value in found.items())


@settings(max_examples=1000)
@given(files)
def test_text_gives_values_or_mistakes(text: str) -> None:
    survives(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=500)
@given(st.binary(max_size=200))
def test_bytes_give_values_or_mistakes(data: bytes) -> None:
    survives(data)


@pytest.mark.soak
@pytest.mark.timeout(900)
@settings(max_examples=20_000, deadline=None)
@given(files)
def test_soak_text_gives_values_or_mistakes(text: str) -> None:
    survives(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=1000)
@given(files)
def test_python_dotenv_is_believed_only_where_it_agrees(text: str) -> None:
    assert list(statements(text)) == list(statements(text, agree=False))


@given(files)
def test_lines_are_those_of_an_editor(text: str) -> None:
    lines = text.split("\n")
    for found in statements(text):
        assert 1 <= found.line <= len(lines)
        if isinstance(found, Statement):
            assert found.name in lines[found.line - 1]
