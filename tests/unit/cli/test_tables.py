"""Tables: aligned, and as narrow as the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_tasks.cli.paint import Paint
from hybrid_tasks.cli.tables import Column, cut, table, width

PLAIN = Paint(on=False)
COLUMNS = [Column("NAME"), Column("SIZE", right=True, drop=2), Column("NOTE", drop=1)]
ROWS = [["web", "12", "all is well"], ["datenbänk", "1", ""], ["日本", "1234", "x"]]


@pytest.mark.parametrize(
    ("text", "columns"), [("web", 3), ("日本", 4), ("é", 1), ("e\u0301", 1), ("👍", 2), ("", 0), ("a\u200bb", 2)]
)
def test_width_is_what_a_terminal_needs(text: str, columns: int) -> None:
    assert width(text) == columns


@given(st.text(max_size=30), st.integers(0, 40))
def test_a_cut_text_fits(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns


def test_a_table_is_aligned() -> None:
    assert table(COLUMNS, ROWS, PLAIN) == [
        "NAME       SIZE  NOTE",
        "web          12  all is well",
        "datenbänk     1",
        "日本       1234  x",
    ]


def test_a_narrow_terminal_drops_columns_and_then_cuts() -> None:
    assert table(COLUMNS, ROWS, PLAIN, 24)[1] == "web        all is well"
    assert table(COLUMNS, ROWS, PLAIN, 12)[0] == "NAME"
    wide = table([Column("NAME")], [["x" * 100]], PLAIN, 20)
    assert wide[1] == "x" * 19 + "…"
    assert table(COLUMNS, ROWS, PLAIN, 1)[1] == "web"


def test_a_column_without_content_is_left_out() -> None:
    assert table(COLUMNS, [["web", "", ""]], PLAIN) == ["NAME", "web"]


@given(st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), max_size=4), st.integers(30, 120))
def test_every_line_of_a_table_fits(rows: list[list[str]], limit: int) -> None:
    assert all(width(line) <= limit for line in table(COLUMNS, rows, PLAIN, limit))


def test_a_cell_is_made_shorter_before_any_column_goes() -> None:
    columns = [Column("NAME"), Column("PLACE", drop=1, short=lambda text: text[-5:]), Column("NOTE", drop=2)]
    row = ["web", "http://127.0.0.1:8000", "fine"]
    assert table(columns, [row], PLAIN, 40)[1] == "web   http://127.0.0.1:8000  fine"
    assert table(columns, [row], PLAIN, 32)[1] == "web   :8000  fine"
    assert table(columns, [row], PLAIN, 15)[1] == "web   :8000"
