"""The last lines of a log, from its end and over its segments."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybrid_tasks.process.tails import last_lines


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"one", ["one"]),
        (b"one\n", ["one"]),
        (b"one\n\n", ["one", ""]),
        (b"one\r\ntwo\x0c\x1cstill two\n", ["one", "two\x0c\x1cstill two"]),
        (b"\xff\n", ["\ufffd"]),
    ],
)
def test_lines_end_at_line_ends_only(content: bytes, lines: list[str], tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(content)
    assert last_lines(log, 20) == lines


def test_only_the_last_are_given_even_across_segments_and_blocks(tmp_path: Path) -> None:
    lines = [f"{number} {'x' * 500}" for number in range(3000)]
    whole = "".join(f"{line}\n" for line in lines).encode()
    edges = [0, 1000, 700_000, len(whole) - 300, len(whole)]
    names = ["a.log", "a.1.log", "a.2.log", "a.10.log"]
    for name, start, end in zip(names, edges, edges[1:], strict=False):
        (tmp_path / name).write_bytes(whole[start:end])
    (tmp_path / "a.x.log").write_text("no segment\n")
    for count in (1, 2, 20, 1000):
        assert last_lines(tmp_path / "a.log", count) == lines[-count:]


def test_no_log_has_no_lines(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none.log", 5) == []
