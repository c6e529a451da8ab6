"""JSON with comments: what VS Code reads is read, and what it does not is a mistake with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from commented import commented, values
from hypothesis import given
from hypothesis import strategies as st

from hybrid_tasks.editors.jsonc import DEEPEST, Node, read
from hybrid_tasks.editors.places import Misread, line_of


@given(st.data(), values)
def test_any_value_is_read_whatever_stands_between_its_parts(data: st.DataObject, value: Any) -> None:
    text = data.draw(commented(value))
    node = read(text)
    assert node is not None
    assert node.value == value
    assert type(node.value) is type(value)


@given(st.data(), values)
def test_every_value_knows_its_text(data: st.DataObject, value: Any) -> None:
    text = data.draw(commented(value))

    def check(node: Node) -> None:
        part = read(text[node.start : node.end])
        assert part is not None
        assert part.value == node.value
        for item in node.items:
            assert node.start < item.start < item.end <= node.solid < node.end
            check(item)

    root = read(text)
    assert root is not None
    check(root)


@given(values, st.sampled_from([None, 0, 2, "\t"]))
def test_what_python_writes_is_read(value: Any, indent: Any) -> None:
    node = read(json.dumps(value, indent=indent))
    assert node is not None
    assert node.value == value


@given(st.text(alphabet='{}[],:"\\/* \n\rab1-.e') | st.text())
def test_any_text_is_a_value_or_a_mistake_in_it(text: str) -> None:
    try:
        node = read(text)
    except Misread as error:
        mistake = error
    else:
        assert node is None or json.dumps(node.value)
        return
    assert 0 <= mistake.offset <= len(text)
    assert mistake.words


@given(st.data(), values)
def test_a_text_that_is_cut_off_is_a_mistake(data: st.DataObject, value: Any) -> None:
    text = data.draw(commented([value]))
    root = read(text)
    assert root is not None
    at = data.draw(st.integers(root.start + 1, root.end - 1))
    with pytest.raises(Misread):
        read(text[:at])


@pytest.mark.parametrize("text", ["", " \r\n\t", "// nothing", "/* nothing\n */ // here\n"])
def test_a_file_without_a_value_is_no_mistake(text: str) -> None:
    assert read(text) is None


MISTAKES = {
    "{'a': 1}": (1, "a key in double quotes is missing before `'a':`"),
    "{a: 1}": (1, "a key in double quotes is missing before `a:`"),
    '{"a" 1}': (1, "a colon is missing before `1`"),
    '{\n"a": 1\n"b": 2}': (3, 'a comma or `}` is missing before `"b":`'),
    "[1 2]": (1, "a comma or `]` is missing before `2`"),
    "[1,,2]": (1, "`,` is no value"),
    "[,]": (1, "`,` is no value"),
    "{,}": (1, "a key in double quotes is missing before `,`"),
    '{"a":}': (1, "`}` is no value"),
    "[\n1": (2, "a comma or `]` is missing before the end of the file"),
    "[\n": (2, "the file ends too early"),
    '{"a": ': (1, "the file ends too early"),
    "[NaN]": (1, "`NaN` is no value"),
    "[01]": (1, "`01` is no value"),
    "[tru]": (1, "`tru` is no value"),
    "[+1]": (1, "`+1` is no value"),
    '["a\nb"]': (1, "a text has no end"),
    '["\\x"]': (1, "invalid \\escape"),
    "[] []": (1, "nothing may follow the value, but here is `[`"),
    "\r\n\r/* a": (3, "a comment has no end"),
    "[1] */": (1, "nothing may follow the value, but here is `*/`"),
    "[" * 1000: (1, f"more than {DEEPEST} lists and objects within each other"),
    f"[{'9' * 5000}]": (1, "exceeds the limit (4300 digits) for integer string conversion"),
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: text[:12])
def test_a_mistake_has_its_line(text: str) -> None:
    with pytest.raises(Misread) as raised:
        read(text)
    assert (line_of(text, raised.value.offset), raised.value.words) == MISTAKES[text]
