"""Nothing a service prints may steer the terminal: 80 known tricks, and any bytes at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_tasks.logs.escapes import clean, plain, strip

ESC = "\x1b"
SGR = re.compile(rb"\x1b\[[0-9;:]*m")
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# What is put between `before` and `after`, and what may be left of it where no colour is shown.
GONE = [
    # OSC: title, icon, clipboard, links, colours, notifications, working directory, shell marks
    "\x1b]0;owned\x07",
    "\x1b]0;owned\x1b\\",
    "\x1b]1;icon\x07",
    "\x1b]2;title\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]52;c;ZXZpbA==\x1b\\",
    "\x1b]52;p;?\x07",
    "\x1b]4;1;rgb:00/00/00\x07",
    "\x1b]4;1;?\x1b\\",
    "\x1b]10;?\x07",
    "\x1b]11;#000000\x07",
    "\x1b]12;red\x07",
    "\x1b]50;font\x07",
    "\x1b]7;file:///tmp\x07",
    "\x1b]9;note\x07",
    "\x1b]99;i=1;note\x1b\\",
    "\x1b]133;A\x07",
    "\x1b]777;notify;a;b\x07",
    "\x1b]1337;File=inline=1:AAAA\x07",
    "\x1b]1337;SetMark\x1b\\",
    "\x1b]104\x07",
    "\x1b]8;;http://evil\x07",
    "\x1b]8;;\x1b\\",
    "\x1b]\x07",
    # DCS, APC, PM, SOS
    '\x1bP$q"p\x1b\\',
    "\x1bP+q544e\x1b\\",
    "\x1bP0;1|17/ab\x1b\\",
    "\x1bPq#0;2;0;0;0\x1b\\",
    "\x1bP1000p\x1b\\",
    "\x1b_Gf=100;AAAA\x1b\\",
    "\x1b_evil\x1b\\",
    "\x1b^private\x1b\\",
    "\x1bXstring\x1b\\",
    "\x1b_x\x07",
    # CSI: reports, modes, moves, erasing, scrolling, windows, keyboards
    "\x1b[6n",
    "\x1b[5n",
    "\x1b[c",
    "\x1b[>c",
    "\x1b[=c",
    "\x1b[2J",
    "\x1b[3J",
    "\x1b[K",
    "\x1b[1A",
    "\x1b[999D",
    "\x1b[10;10H",
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b[?25l",
    "\x1b[?1000h",
    "\x1b[?1003h",
    "\x1b[?2004h",
    "\x1b[4h",
    "\x1b[20h",
    "\x1b[8;1;1t",
    "\x1b[21t",
    "\x1b[14t",
    "\x1b[1;1r",
    "\x1b[5S",
    "\x1b[3T",
    "\x1b[2L",
    "\x1b[2P",
    "\x1b[5X",
    "\x1b[100b",
    "\x1b[!p",
    "\x1b[1 q",
    '\x1b[1"q',
    "\x1b[i",
    "\x1b[5i",
    "\x1b[>4;2m",
    "\x1b[?4m",
    "\x1b[>1u",
    "\x1b[s",
    "\x1b[u",
    # two and three characters: reset, cursor, keypad, character sets, alignment
    "\x1bc",
    "\x1b7",
    "\x1b8",
    "\x1bD",
    "\x1bM",
    "\x1bE",
    "\x1bH",
    "\x1bZ",
    "\x1b=",
    "\x1b>",
    "\x1bN",
    "\x1bO",
    "\x1b(0",
    "\x1b(B",
    "\x1b)0",
    "\x1b#8",
    "\x1b%@",
    "\x1b%G",
    "\x1b n",
    "\x1b\\",
    "\x1b~",
    # 8-bit controls as UTF-8
    "\x9b2J",
    "\x9b6n",
    "\x9d0;owned\x07",
    "\x9d52;c;AA\x9c",
    "\x90q\x1b\\",
    "\x9fapc\x9c",
    "\x9epm\x9c",
    "\x98sos\x9c",
    "\x9b?1049h",
    "\x9b31m",
]
VISIBLE = [
    ("\x07", "␇"),
    ("\x08\x08", "␈␈"),
    ("\x00", "␀"),
    ("\x0b", "␋"),
    ("\x0c", "␌"),
    ("\x0e", "␎"),
    ("\x0f", "␏"),
    ("\x05", "␅"),
    ("\x11\x13", "␑␓"),
    ("\x18\x1a", "␘␚"),
    ("\x7f", "␡"),
    ("\x1b", "␛"),
    ("\x1b\x1b", "␛␛"),
    ("\u202eevil\u202c", "\\u202eevil\\u202c"),
    ("\u2066x\u2069", "\\u2066x\\u2069"),
    ("\u200f", "\\u200f"),
    ("\u061c", "\\u061c"),
    ("\x85", "\\u0085"),
    ("\x8d", "\\u008d"),
    ("\x9c", "\\u009c"),
    ("\x1b]0;never ended", "␛]0;never ended"),
    ("\x1b[12", "␛[12"),
    ("\x1b[2\x08J", "␛[2␈J"),
    ("\x9d0;x", "\\u009d0;x"),
    # half a string that would swallow the rest of the log in a terminal; tmux's wrapping
    ("\x1bPtmux;\x1b\x1b]52;c;AA\x07", "tmux;␛"),
]
KEPT = ["\x1b[m", "\x1b[0m", "\x1b[31m", "\x1b[1;31m", "\x1b[38;5;208m", "\x1b[38;2;1;2;3m", "\x1b[4:3m", "\x1b[;m"]


def test_there_are_eighty_payloads() -> None:
    assert len(set(GONE)) + len(VISIBLE) >= 80


@pytest.mark.parametrize("payload", GONE, ids=ascii)
@pytest.mark.parametrize("colours", [True, False])
def test_a_sequence_leaves_only_the_text_around_it(payload: str, colours: bool) -> None:
    assert clean(f"before{payload}after\nnext\n".encode(), colours=colours) == b"beforeafter\nnext\n"


@pytest.mark.parametrize(("payload", "left"), VISIBLE, ids=ascii)
@pytest.mark.parametrize("colours", [True, False])
def test_a_stray_control_becomes_visible(payload: str, left: str, colours: bool) -> None:
    block = f"before{payload}\nnext\n".encode()
    assert clean(block, colours=colours).decode() == f"before{left}\nnext\n"


@pytest.mark.parametrize("payload", KEPT, ids=ascii)
def test_colours_reach_only_a_terminal(payload: str) -> None:
    block = f"a{payload}b\n".encode()
    assert clean(block, colours=True) == block
    assert clean(block, colours=False) == b"ab\n"


@pytest.mark.parametrize(
    "raw",
    [b"\x9b2J", b"\x9d0;x\x07", b"\x90q\x9c", b"\x85", b"\xff\xfe", b"\xed\xa0\x80", b"\xc2", b"\xe2\x80"],
    ids=ascii,
)
def test_bytes_that_are_no_text_become_replacement_characters(raw: bytes) -> None:
    shown = clean(b"a" + raw + b"\nb\n", colours=True).decode()
    assert shown.startswith("a\ufffd")
    assert shown.endswith("\nb\n")
    assert not FORBIDDEN.search(shown)


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        (b"a\r\nb\r\n", "a\nb\n"),
        (b"10%\r20%\r30%\n", "10%\n20%\n30%\n"),
        (b"\r 10%\r\r 20%\r\n", " 10%\n 20%\n"),
        (b"safe\rother | fake\n", "safe\nother | fake\n"),
        (b"\r\r\n", "\n"),
        (b"plain\n\ttab\n", "plain\n\ttab\n"),
        ("größer → ∞ 👩‍👩‍👧 „x“ …\n".encode(), "größer → ∞ 👩‍👩‍👧 „x“ …\n"),
        (b"\xef\xbb\xbfbom\n", "\ufeffbom\n"),
        (b"", ""),
        (b"\n\n", "\n\n"),
    ],
)
def test_line_ends_and_ordinary_text(block: bytes, shown: str) -> None:
    assert clean(block, colours=True).decode() == shown
    assert clean(block, colours=False).decode() == shown


def test_a_sequence_put_together_from_two_is_still_none() -> None:
    shown = clean(b"\x1b\x1b]0;t\x07[2J\x1b\x1b[31m[3J\n", colours=True)
    assert b"\x1b" not in SGR.sub(b"", shown)


def test_a_hostile_line_does_not_take_quadratic_time() -> None:
    for unit in ("\x1b]", "\x9d", "\x1b[", "\x1bP", "\r", "\x1b", "\xc2"):
        clean(unit.encode() * 200_000 + b"\n", colours=True)  # the test's own time limit fails it otherwise


def test_stripping_keeps_the_number_of_lines() -> None:
    assert strip(b"a\x1b[31m\nb\rc\x1b]0;x\x07\n") == b"a\nb\rc\n"


def test_a_name_is_one_harmless_line() -> None:
    assert plain("api\n\x1b[31mx\x1b]0;t\x07\ud800") == "api x?"


PIECES = st.one_of(
    st.sampled_from(
        [*GONE, *KEPT, *(payload for payload, _ in VISIBLE), "\n", "\r", "\x1b", "\x9b", "\x1b[", "[2J", "31m"]
    ),
    st.text(max_size=8),
)
ANY = st.one_of(
    st.binary(max_size=200),
    st.lists(PIECES, max_size=12).map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass")),
)


@settings(max_examples=500)
@given(ANY, st.booleans())
def test_whatever_comes_only_colours_get_through(data: bytes, colours: bool) -> None:
    shown = clean(data + b"\n", colours=colours)
    without = SGR.sub(b"", shown) if colours else shown
    assert not FORBIDDEN.search(without.decode())
    assert shown.endswith(b"\n")


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=10),
            st.sampled_from([*GONE, *KEPT, ""]),
        ),
        max_size=8,
    )
)
def test_the_text_is_kept(parts: list[tuple[str, str]]) -> None:
    data = "".join(text + payload for text, payload in parts).encode() + b"\n"
    text = "".join(text for text, _ in parts)
    assert clean(data, colours=False).decode() == text + "\n"
    assert SGR.sub(b"", clean(data, colours=True)).decode() == text + "\n"


@settings(max_examples=200)
@given(ANY)
def test_what_was_cleaned_stays_as_it_is(data: bytes) -> None:
    once = clean(data + b"\n", colours=True)
    assert clean(once, colours=True) == once
