"""Joining what arrives in parts, and cutting what nobody can read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_tasks.logs.lines import CUT, WHOLE, Joiner, cut_long
from hybrid_tasks.logs.units import human


def fed(joiner: Joiner, *parts: tuple[int, bytes]) -> list[tuple[float, bytes]]:
    return [ready for time, (stream, data) in enumerate(parts) for ready in joiner.feed(stream, float(time), data)]


@pytest.mark.parametrize(
    ("parts", "ready"),
    [
        ([(1, b"a\n")], [(0.0, b"a\n")]),
        ([(1, b"a\nb\n")], [(0.0, b"a\nb\n")]),
        ([(1, b"a"), (1, b"b\n")], [(0.0, b"ab\n")]),
        ([(1, b"a"), (1, b"b\nc\nd"), (1, b"\n")], [(0.0, b"ab\n"), (1.0, b"c\n"), (1.0, b"d\n")]),
        ([(1, b"out"), (2, b"err\n"), (1, b"put\n")], [(1.0, b"err\n"), (0.0, b"output\n")]),
        ([(1, b""), (1, b"\n")], [(1.0, b"\n")]),
        ([(1, b"\xc3"), (1, b"\xa9\n")], [(0.0, "é\n".encode())]),
    ],
)
def test_lines_are_joined_for_each_stream(parts: list[tuple[int, bytes]], ready: list[tuple[float, bytes]]) -> None:
    assert fed(Joiner(), *parts) == ready


def test_what_never_ends_is_kept_until_the_end() -> None:
    joiner = Joiner()
    assert fed(joiner, (2, b"prompt> "), (1, b"half")) == []
    assert joiner.flush() == [(1, 1.0, b"half\n"), (2, 0.0, b"prompt> \n")]
    assert joiner.flush() == []


def test_a_fragment_is_left_out_up_to_its_end() -> None:
    joiner = Joiner(fragments={1})
    assert fed(joiner, (1, b"tail of"), (2, b"whole\n"), (1, b" it\nnext\n")) == [(1.0, b"whole\n"), (2.0, b"next\n")]


def test_a_line_of_fifty_megabytes_is_not_kept_in_memory() -> None:
    joiner = Joiner()
    part = b"x" * 100_000
    for number in range(500):
        assert joiner.feed(1, float(number), part) == []
        assert len(joiner._parts[1].head) <= CUT + 1
    [(time, line)] = joiner.feed(1, 500.0, b"\n")
    assert time == 0.0
    assert line == b"x" * CUT + "… (50 MB)\n".encode()


def test_nothing_is_cut_for_a_raw_reader_but_memory_is_bounded() -> None:
    joiner = Joiner(cut=None)
    part = b"x" * 300_000
    out = b"".join(data for number in range(20) for _, data in joiner.feed(1, float(number), part))
    assert len(out) > 20 * 300_000 - WHOLE - len(part)
    assert out + b"".join(data for _, _, data in joiner.flush()) == part * 20


@pytest.mark.parametrize("length", [0, 1, CUT - 1, CUT, CUT + 1, 2 * CUT, 3 * CUT + 7])
@pytest.mark.parametrize("before", [0, 1, 4095, 4096, 5000])
def test_a_long_line_is_found_wherever_it_begins(length: int, before: int) -> None:
    block = b"a" * before + b"\n" + b"b" * length + b"\n" + b"c\n"
    cut = cut_long(block)
    if length <= CUT:
        assert cut == block
    else:
        middle = b"b" * CUT + f"… ({human(length)})".encode()
        assert cut == b"a" * before + b"\n" + middle + b"\nc\n"


@pytest.mark.parametrize("end", ["é".encode()[:1], "→".encode()[:2], b"\x1b", b"\x1b[", b"\x1b[38;5;20"])
def test_a_cut_leaves_no_half_character_or_sequence(end: bytes) -> None:
    line = b"x" * (CUT - len(end)) + end + b"y" * 100
    assert cut_long(line + b"\n").startswith(b"x" * (CUT - len(end)) + "… (8.3 kB)".encode())


def test_a_line_cut_twice_keeps_its_real_size() -> None:
    once = cut_long(b"x" * 5_000_000 + b"\n", 1 << 20)
    assert cut_long(once) == b"x" * CUT + "… (5 MB)\n".encode()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (9_100, "9.1 kB"),
        (50_000_000, "50 MB"),
        (2_500_000_000, "2.5 GB"),
    ],
)
def test_sizes_are_written_for_people(size: int, text: str) -> None:
    assert human(size) == text


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2]), st.binary(max_size=30) | st.sampled_from([b"\n", b"a\n", b""])), max_size=20
    )
)
def test_every_byte_comes_out_once_and_in_order(parts: list[tuple[int, bytes]]) -> None:
    joiner = Joiner(cut=None)
    out: dict[int, bytes] = {1: b"", 2: b""}
    for stream, data in parts:
        for _, ready in joiner.feed(stream, 0.0, data):
            assert ready.endswith(b"\n")
            out[stream] += ready
    for stream, _, rest in joiner.flush():
        out[stream] += rest
    for stream in (1, 2):
        assert out[stream] == b"".join(data for which, data in parts if which == stream)
