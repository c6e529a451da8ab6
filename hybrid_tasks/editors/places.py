"""A mistake in a file of an editor's, and the line it is in."""

from __future__ import annotations

import re


class Misread(Exception):
    """What is wrong with a text, and where; who knows the file makes an error of it.

    Args:
        words: what is wrong.
        offset: where, in characters from the beginning of the text.
    """

    def __init__(self, words: str, offset: int) -> None:
        super().__init__(words)
        self.words = words
        self.offset = offset


def line_of(text: str, offset: int) -> int:
    """Give the number of the line, counted from 1, whatever ends the lines."""
    return len(re.findall(r"\r\n|\r|\n", text[:offset])) + 1
