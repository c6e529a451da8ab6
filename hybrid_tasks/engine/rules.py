"""One list of gitignore lines, answered fast and exactly.

Pathspec translates the lines; this module asks its patterns about one entry of one directory at a time (parents were
asked before, on the way down). Plain names and `*.ext` need no translation and are answered from dictionaries, because
asking 50,000 files one regular expression after the other would take longer than reading the tree.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_PLAIN_NAME = re.compile(r"[\w.@+,=-]+", re.ASCII)
_PLAIN_SUFFIX = re.compile(r"\*(\.[\w-]+)", re.ASCII)
_LITERAL_START = re.compile(r"(?:\\#)?[\w.@+,=~-]+|\\#", re.ASCII)
_LITERAL_END = re.compile(r"[*?\]]([\w.@+,=~-]+)/?$", re.ASCII)
_INSIDE = ("/**", "/**/")
_ANYWHERE = "^(?:.+/)?"
_ANYTHING = "."
_DIRECTORY = "(?P<ps_d>/)"
_FILE_OR_DIRECTORY = "(?:(?P<ps_d>/)|$)"


class Rules:
    """Gitignore lines whose last match wins.

    Args:
        lines: the lines as they stand in the file; a line git would discard is discarded.

    Attributes:
        deep: whether an answer needs the path below the file's directory, not only the entry's name.
    """

    __slots__ = ("_rest", "_verdicts", "deep", "directories", "ends", "globs", "names", "paths", "starts", "suffixes")

    def __init__(self, lines: Iterable[str]) -> None:
        self._verdicts: list[bool] = []
        self._rest: list[tuple[int, re.Pattern[str], str]] = []
        self.names: dict[str, int] = {}
        self.directories: dict[str, int] = {}
        self.suffixes: dict[str, int] = {}
        self.starts: tuple[str, ...] = ()
        self.ends: tuple[str, ...] = ()
        self.globs: tuple[str, ...] = ()
        self.paths: tuple[str, ...] = ()
        for line in lines:
            text = line.rstrip().removeprefix("!")
            if self._add_plain(text):
                self._verdicts.append(text == line.rstrip())
                continue
            pattern = _parse(line)
            if pattern is not None and pattern.include is not None and pattern.regex is not None:
                self._add(text, pattern.regex)
                self._verdicts.append(pattern.include)
        self._rest.reverse()
        self.deep = bool(self.paths)

    def __bool__(self) -> bool:
        return bool(self._verdicts)

    @property
    def plain(self) -> tuple[frozenset[str], frozenset[str]]:
        """Names and suffixes that match for certain, whatever the path; none when a later `!` line may differ."""
        if not all(self._verdicts):
            return frozenset(), frozenset()
        return frozenset(self.names), frozenset(self.suffixes)

    def verdict(self, path: str, name: str, *, is_dir: bool) -> bool | None:
        """Say what the lines say about one entry, not about the directories it lies in.

        Args:
            path: the entry below the directory of the lines, with slashes; needed only when `deep`.
            name: the entry's own name.
            is_dir: whether it is a directory.

        Returns:
            True: ignored, False: taken in again by a `!` line, None: no line matches.
        """
        best = max(self.names.get(name, -1), self.suffixes.get(name[name.rfind(".") :], -1))
        if is_dir:
            best = max(best, self.directories.get(name, -1))
        if self._rest:
            whole = path if self.deep else name
            whole = f"{whole}/" if is_dir else whole
            for index, regex, ending in self._rest:
                if index < best:
                    break
                if _matches(regex, whole, ending, is_dir=is_dir):
                    best = index
                    break
        return None if best < 0 else self._verdicts[best]

    def _add_plain(self, text: str) -> bool:
        """Take a line that says what it means; False: pathspec has to translate it."""
        index = len(self._verdicts)
        if suffix := _PLAIN_SUFFIX.fullmatch(text):
            self.suffixes[suffix[1]] = index
        elif _PLAIN_NAME.fullmatch(text):
            self.names[text] = index
        elif text.endswith("/") and _PLAIN_NAME.fullmatch(text[:-1]):
            self.directories[text[:-1]] = index
        else:
            return False
        return True

    def _add(self, text: str, regex: re.Pattern[str]) -> None:
        index = len(self._verdicts)
        self._rest.append((index, regex, next((end for end in _INSIDE if text.endswith(end)), "")))
        self._sift(text, regex.pattern)

    def _sift(self, text: str, source: str) -> None:
        """Note what a `Sieve` must let through to this pattern; too much is harmless."""
        glob = None if text.endswith(_INSIDE) else _name_glob(source)  # those are about what lies in such a name
        if glob is None:
            plain = source.replace("(?P<ps_d>", "(?:")
            self.paths = (*self.paths, plain if plain.startswith("^") else f".*{plain}")
        elif start := _LITERAL_START.match(text):
            self.starts = (*self.starts, start[0].replace("\\", ""))
        elif end := _LITERAL_END.search(text):
            self.ends = (*self.ends, end[1])
        else:
            self.globs = (*self.globs, glob)


class Sieve:
    """Says in one step which entries no line of several rules can match: nearly all of them.

    Args:
        layers: rules, each with the number of characters to cut from a path to make it relative to where they stand.
    """

    __slots__ = (
        "_directories",
        "_ends",
        "_first",
        "_glob",
        "_last",
        "_names",
        "_paths",
        "_slow",
        "_starts",
        "_suffixes",
    )

    def __init__(self, layers: Iterable[tuple[int, Rules]]) -> None:
        rules = [found for _, found in layers]
        self._names = frozenset(name for found in rules for name in found.names)
        self._directories = frozenset(name for found in rules for name in found.directories)
        self._suffixes = frozenset(suffix for found in rules for suffix in found.suffixes)
        self._starts = tuple(start for found in rules for start in found.starts)
        self._ends = tuple(end for found in rules for end in found.ends)
        self._first = frozenset(start[0] for start in self._starts)
        self._last = frozenset(end[-1] for end in self._ends)
        globs = [glob for found in rules for glob in found.globs]
        self._glob = re.compile("|".join(globs), re.DOTALL).fullmatch if globs else None
        self._paths = tuple((cut, re.compile("|".join(found.paths)).match) for cut, found in layers if found.deep)
        self._slow = bool(globs) or bool(self._paths)

    def catches(self, path: str, name: str) -> bool:
        """Say whether some line may match this file."""
        return (
            name in self._names
            or name[name.rfind(".") :] in self._suffixes
            or (name[0] in self._first and name.startswith(self._starts))
            or (name[-1] in self._last and name.endswith(self._ends))
            or (self._slow and self._matches(path, name))
        )

    def caught(self, entries: Iterable[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
        """Give those of many files that some line may match; a call for each would take longer than the answer."""
        names, suffixes, slow = self._names, self._suffixes, self._slow
        first, starts, last, ends = self._first, self._starts, self._last, self._ends
        return [
            entry
            for entry in entries
            if (name := entry.name) in names
            or name[name.rfind(".") :] in suffixes
            or (name[0] in first and name.startswith(starts))
            or (name[-1] in last and name.endswith(ends))
            or (slow and self._matches(entry.path, name))
        ]

    def catches_directory(self, path: str, name: str) -> bool:
        """Say whether some line may match this directory."""
        return name in self._directories or self.catches(f"{path}/", name)

    def _matches(self, path: str, name: str) -> bool:
        if self._glob is not None and self._glob(name) is not None:
            return True
        return any(match(path[cut:]) for cut, match in self._paths)


def _matches(regex: re.Pattern[str], path: str, ending: str, *, is_dir: bool) -> bool:
    if regex.pattern in {_DIRECTORY, _ANYTHING}:
        return is_dir or regex.pattern == _ANYTHING  # `*/`, `*`
    if ending:  # `a/**` is about what lies in `a`, `a/**/` about directories in it, neither about `a`
        parent = path[: path.rstrip("/").rfind("/") + 1]
        return (is_dir or ending == "/**") and regex.search(parent) is not None
    found = regex.search(path)
    if found is None:
        return False
    # a match that ends at a slash further left is about a parent, which was asked before
    return "ps_d" not in regex.groupindex or found["ps_d"] is None or found.end() == len(path)


def _parse(line: str) -> GitIgnoreSpecPattern | None:
    try:
        (pattern,) = GitIgnoreSpec.from_lines([line.rstrip("\r\n")]).patterns
    except (ValueError, re.error):
        return None
    return pattern


def _name_glob(source: str) -> str | None:
    """The part of a translated pattern that is about the name alone, when all of it is."""
    if not source.startswith(_ANYWHERE):
        return None
    for ending in (_FILE_OR_DIRECTORY, _DIRECTORY):
        if source.endswith(ending):
            glob = source[len(_ANYWHERE) : -len(ending)]
            return None if "/" in glob.replace("[^/]", "") else f"(?:{glob})"
    return None
