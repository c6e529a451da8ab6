"""The mistakes found so far: nothing is raised before the whole configuration has been looked at."""

from __future__ import annotations

from hybrid_tasks.config.positions import KeyPath, Spot
from hybrid_tasks.config.reading import Source
from hybrid_tasks.config.words import dotted, line_of
from hybrid_tasks.errors import HybridError, Mistakes, WrongInput

MOST = 100
"""Mistakes that are printed; nobody reads more."""


class Findings:
    """The mistakes of one configuration file and of the files it names.

    Args:
        source: the file.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._found: list[tuple[Spot, str, HybridError]] = []
        self._elsewhere: list[HybridError] = []

    def add(self, path: KeyPath, words: str, cure: str) -> None:
        """Note a mistake at a key.

        Args:
            path: the key, from the top of our tables.
            words: what is wrong with it.
            cure: what to write instead.
        """
        written = self._source.prefix + self.as_written(path)
        spot = self._source.positions.of(written)
        where = f"{self._source.file.name}:{spot.line}"
        message = line_of(f"{where} {dotted(written)}: {words}" if written else f"{where} {words}")
        self._found.append((spot, message, WrongInput(message, line_of(cure))))

    @property
    def enough(self) -> bool:
        """Whether so much is wrong that explaining more is wasted work."""
        return len(self._found) > 3 * MOST

    def add_elsewhere(self, error: HybridError) -> None:
        """Note a mistake that is not in this file: of an env file, or of an argument."""
        self._elsewhere += error.mistakes if isinstance(error, Mistakes) else [error]

    def raise_any(self) -> None:
        """End here if anything was found.

        Raises:
            Mistakes: all of them, those of the configuration file by line, then the others.
        """
        found = sorted(self._found, key=lambda one: one[:2])
        mistakes = list({message: error for _, message, error in found}.values())
        if len(mistakes) > MOST:
            more = len(mistakes) - MOST + 1
            line = found[-1][0].line
            rest = f"{self._source.file.name}:{line} ends {more} more mistakes"
            mistakes[MOST - 1 :] = [WrongInput(rest, "correct the ones above first")]
        if mistakes or self._elsewhere:
            raise Mistakes(mistakes + self._elsewhere)

    def as_written(self, path: KeyPath) -> KeyPath:
        """Cut a path where the file has a plain value: `health.http` is `health` in `health = "/x"`.

        Args:
            path: a key, from the top of our tables.

        Returns:
            the key that is in the file, or is missing in a table of it.
        """
        value: object = self._source.data
        for length, part in enumerate(path):
            if value is None:
                return path
            if isinstance(value, dict):
                value = value.get(str(part))
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return path[:length]
        return path
