"""The places of keys: the scan accepts what tomllib accepts and finds every key where it stands."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_tasks.config.scanning import TooDeep, scan

TEXT = '''
# [not.a.table]
[project]
"na\\u006de" = "x" # = "y"
long = """
[services.foo]
port = 1
"quotes" at the end""""
literal = \'\'\'
x = 1\'\'\'
date = 1979-05-27 07:32:00 # with a space
list = [
  1, # one ]
  [2, "]"],
  {a = 1, b.c = 2},
]

[services.api.go]
main = '#'
[services.api]
port = 1
[[rows]]
a = 1
[[rows]]
a = 2
[rows.inner]
b = 3
'''

EXPECTED = {
    ("project",): 3,
    ("project", "name"): 4,
    ("project", "long"): 5,
    ("project", "literal"): 9,
    ("project", "date"): 11,
    ("project", "list"): 12,
    ("project", "list", 0): 13,
    ("project", "list", 1): 14,
    ("project", "list", 1, 1): 14,
    ("project", "list", 2, "b", "c"): 15,
    ("services",): 18,
    ("services", "api", "go"): 18,
    ("services", "api", "go", "main"): 19,
    ("services", "api"): 20,
    ("services", "api", "port"): 21,
    ("services", "api", "gone"): 20,
    ("rows",): 22,
    ("rows", 0, "a"): 23,
    ("rows", 1, "a"): 25,
    ("rows", 1, "inner", "b"): 27,
    ("gone",): 1,
}


@pytest.mark.parametrize(("path", "line"), EXPECTED.items(), ids=map(str, EXPECTED))
def test_places(path, line):
    assert scan(TEXT).of(path).line == line


def test_the_text_of_the_table_is_toml_and_has_no_repeats():
    tomllib.loads(TEXT)
    assert scan(TEXT).repeats == ()
    assert scan(TEXT).unclosed is None


@pytest.mark.parametrize(
    ("text", "first", "again"),
    [
        ("a = 1\nb = 2\na = 3\n", 1, 3),
        ("[a]\n[b]\n[a]\n", 1, 3),
        ("[a]\nb = 1\n[a.b]\n", 2, 3),
        ("[a.b]\n[a]\nb = 1\n", 1, 3),
        ("a.b = 1\n[a]\n", 1, 2),
        ("a = {b = 1, b = 2}\n", 1, 1),
        ("[[a]]\n[a]\n", 1, 2),
        ("[a]\n[[a]]\n", 1, 2),
    ],
)
def test_repeats(text, first, again):
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)
    repeat = scan(text).repeats[0]
    assert (repeat.first.line, repeat.again.line) == (first, again)


@pytest.mark.parametrize("opener", ["[", "{a = ", "{a.b = "])
def test_depth(opener):
    scan("k = " + opener * 10)
    with pytest.raises(TooDeep) as caught:
        scan("x = 1\nk = " + opener * 10_000)
    assert caught.value.spot.line == 2


def test_a_megabyte_of_anything_takes_no_recursion_and_no_quadratic_time():
    for part in (
        "[",
        "{",
        '"',
        "'",
        '"""',
        "a.",
        "[[a]]\n",
        "#",
        "\\",
        "a=1\n",
        "a = [1,",
        "=",
        "\n",
        " ",
        "a = '''''",
    ):
        text = part * (200_000 // len(part))
        try:
            scan(text)
        except TooDeep:
            continue


key = st.sampled_from(["a", "b", "c d", "e.f", "ü", 'q"', ""])
scalar = st.one_of(
    st.integers(-9, 9), st.booleans(), st.text(max_size=6), st.floats(allow_nan=False, allow_infinity=False)
)
value = st.recursive(
    scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(key, inner, max_size=3), max_leaves=8
)


def paths(data, path=()):
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, inner in items:
        yield from paths(inner, (*path, name))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(key, st.dictionaries(key, value, max_size=3), max_size=3), st.booleans())
def test_every_key_of_generated_files_is_found_at_a_line_that_has_it(data, inline):
    from hybrid_tasks.config.literals import key as written
    from hybrid_tasks.config.literals import literal

    lines = []
    for table, inner in data.items():
        if inline:
            lines.append(f"{written(table)} = {literal(inner)}")
        else:
            lines.append(f"[{written(table)}]")
            lines += [f"{written(name)} = {literal(one)}" for name, one in inner.items()]
    text = "\n".join(lines)
    assert tomllib.loads(text) == data
    found = scan(text)
    for path in paths(data):
        if path:
            assert path in found.offsets
            name = next((part for part in reversed(path) if isinstance(part, str)), "")
            assert name == "" or written(name) in lines[found.of(path).line - 1]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="a1.=[]{}\"'\\#,\n -", max_size=40))
def test_the_scan_ends_on_every_text_and_reaches_the_end_of_valid_ones(text):
    found = scan(text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert found.repeats == ()
    assert found.unclosed is None
    assert all(path in found.offsets for path in paths(data) if path)
