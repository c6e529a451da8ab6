"""Small tables: aligned, as wide as the terminal at most, and plain text in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hybrid_tasks.cli.paint import Paint, harmless

GAP = "  "
NARROWEST = 8


class Column:
    """One column; a plain class, because a dataclass costs every `inv dev-status` a millisecond.

    Args:
        title: its heading.
        right: aligned to the right (numbers).
        short: makes a cell shorter, tried before any column goes.
        drop: columns with the highest number go first when the terminal is too narrow; 0 stays.
        colour: paints a cell, by its text.
    """

    __slots__ = ("colour", "drop", "right", "short", "title")

    def __init__(
        self,
        title: str,
        *,
        right: bool = False,
        drop: int = 0,
        colour: Callable[[str], str] | None = None,
        short: Callable[[str], str] | None = None,
    ) -> None:
        self.title, self.right, self.drop, self.colour, self.short = title, right, drop, colour, short


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    import unicodedata

    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Me", "Mn"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def cut(text: str, columns: int) -> str:
    """Shorten a text to so many columns of a terminal, with a `…` where something is missing."""
    if width(text) <= columns:
        return text
    kept, used = [], 0
    for character in text:
        used += _cells(character)
        if used > columns - 1:
            break
        kept.append(character)
    return "".join(kept) + ("…" if columns > 0 else "")


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], paint: Paint, limit: int | None = None
) -> list[str]:
    """Lay out rows of cells.

    Args:
        columns: what stands in each column.
        rows: one text a column; anything a terminal would obey is made harmless.
        paint: whether to colour.
        limit: the terminal's width; None never shortens (a pipe).

    Returns:
        the lines, headings first; columns without any content are left out.
    """
    cells = [[" ".join(harmless(cell)) for cell in row] for row in rows]
    kept = [index for index in range(len(columns)) if not index or any(row[index] for row in cells)]
    widths = {index: _widest(columns[index], index, cells) for index in kept}
    if limit is not None:
        for index in kept:
            if (short := columns[index].short) is not None and _total(kept, widths) > limit:
                cells = [[*row[:index], short(row[index]), *row[index + 1 :]] for row in cells]
                widths[index] = _widest(columns[index], index, cells)
        kept = _fitting(columns, kept, widths, limit)
    titles = [columns[index].title for index in kept]
    lines = [_line(columns, kept, widths, [paint.bold(title) for title in titles], titles)]
    for row in cells:
        texts = [cut(row[index], widths[index]) for index in kept]
        painted = [_painted(columns[index], text, paint) for index, text in zip(kept, texts, strict=True)]
        lines.append(_line(columns, kept, widths, painted, texts))
    return lines


def _widest(column: Column, index: int, cells: Sequence[Sequence[str]]) -> int:
    return max(width(text) for text in (column.title, *(row[index] for row in cells)))


def _total(kept: Sequence[int], widths: dict[int, int]) -> int:
    return sum(widths[index] for index in kept) + len(GAP) * (len(kept) - 1)


def _fitting(columns: Sequence[Column], kept: list[int], widths: dict[int, int], limit: int) -> list[int]:
    """Drop columns, then narrow the widest one, until the line fits."""
    while _total(kept, widths) > limit and any(columns[index].drop for index in kept):
        kept = [index for index in kept if index != max(kept, key=lambda index: columns[index].drop)]
    while (total := _total(kept, widths)) > limit:
        widest = max(kept, key=lambda index: widths[index])
        if widths[widest] <= NARROWEST:
            break
        widths[widest] = max(NARROWEST, widths[widest] - (total - limit))
    return kept


def _painted(column: Column, text: str, paint: Paint) -> str:
    return column.colour(text) if paint.on and column.colour is not None else text


def _line(
    columns: Sequence[Column], kept: Sequence[int], widths: dict[int, int], painted: Sequence[str], texts: Sequence[str]
) -> str:
    parts = []
    for index, shown, text in zip(kept, painted, texts, strict=True):
        blanks = " " * (widths[index] - width(text))
        parts.append(blanks + shown if columns[index].right else shown + blanks)
    return GAP.join(parts).rstrip()
