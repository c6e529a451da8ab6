"""Interpolation by itself: a table, and the promise that it always ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_tasks.env.interpolation import BadTemplate, expand

VALUES = {"X": "1", "EMPTY": "", "D": "$X"}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("", ""),
        ("plain", "plain"),
        ("$X", "1"),
        ("${X}", "1"),
        ("a$X.b", "a1.b"),
        ("$XX", ""),
        ("$D", "$X"),
        ("$$X", "$X"),
        ("$", "$"),
        ("$1 $- $(x)", "$1 $- $(x)"),
        ("${X:-d}${X-d}${NO:-d}${NO-d}${EMPTY:-d}${EMPTY-d}", "11ddd"),
        ("${X:+a}${X+a}${NO:+a}${NO+a}${EMPTY:+a}${EMPTY+a}", "aaa"),
        ("${X:?m}${X?m}${EMPTY?m}", "11"),
        ("${NO:-${NO:-$X}}", "1"),
        ("${NO:-}", ""),
        ("${NO:-a}b}", "ab}"),
        ("${NO:-a:-b?c+d}", "a:-b?c+d"),
        ("${NO:-x\n${NO:-y}", None),
        ("${NO:-x}\n${NO:-y}", "x\ny"),
    ],
)
def test_table(template: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(BadTemplate):
            expand(template, VALUES.get)
    else:
        assert expand(template, VALUES.get).value == value


def test_names_what_it_missed_once_and_in_order() -> None:
    assert expand("$B$A${B}${C:-x}${X:-$D}${NO:-$E}", VALUES.get).unset == ("B", "A", "E")


def test_an_unused_default_is_checked_but_not_missed() -> None:
    assert expand("${X:-$NO}${NO:+$NADA}", VALUES.get).unset == ()
    with pytest.raises(BadTemplate):
        expand("${X:-${NO:?m}}", VALUES.get)


def test_the_limit_counts_what_is_filled_in() -> None:
    assert expand("$X" * 10, VALUES.get, limit=10).value == "1" * 10
    with pytest.raises(BadTemplate, match="too large"):
        expand("$X" * 11, VALUES.get, limit=10)


def test_an_error_never_shows_the_value() -> None:
    with pytest.raises(BadTemplate) as raised:
        expand("canary${canary canary}", VALUES.get)
    assert "canary" not in " ".join(raised.value.lines())


pieces = st.sampled_from(
    ["$", "{", "}", "X", "NO", "EMPTY", ":", "-", "+", "?", "$$", "${X:-", "${NO-", "\n", "a b", "é"]
)


@given(st.lists(pieces, max_size=40).map("".join))
def test_it_always_ends_with_a_value_or_a_reason(template: str) -> None:
    try:
        expanded = expand(template, VALUES.get)
    except BadTemplate as error:
        words = error.lines()
    else:
        words = []
        assert "$" in template or expanded.value == template
    assert len(words) in {0, 2}


@given(st.text())
def test_doubled_dollars_are_plain_text(text: str) -> None:
    assert expand(text.replace("$", "$$"), {}.get).value == text
