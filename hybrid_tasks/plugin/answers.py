"""Whether an answer of a plugin has the shape its hook promises, down to the fields of the nouns."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def misfit(value: object, expected: Any, where: str = "answer") -> str | None:
    """Say where a value differs from a type, or None when it fits.

    Args:
        value: what a plugin gave.
        expected: a type of our nouns: a class, a union, `tuple[...]`, `Mapping[...]`, `frozenset[...]`.
        where: the place in the answer, for the words (`answer.program.argv`).
    """
    reason = _wrong(value, expected)
    return None if reason is None else where + reason


def _wrong(value: object, expected: Any) -> str | None:
    """Say what is wrong, beginning with the way from this value to it (`.program.argv[0] is int, not str`)."""
    if expected is Any or expected is object:
        return None
    if expected is None or expected is type(None):
        return None if value is None else _differs(value, "None")
    if not isinstance(expected, type):
        return _GENERIC[typing.get_origin(expected)](value, typing.get_args(expected))
    wanted = (int, float) if expected is float else expected
    if not isinstance(value, wanted) or (isinstance(value, bool) and expected in {int, float}):
        return _differs(value, expected.__name__)
    return _fields(value) if dataclasses.is_dataclass(value) else None


@functools.cache
def _hints(noun: type) -> dict[str, Any]:
    return typing.get_type_hints(noun)


def _fields(value: Any) -> str | None:
    noun: Any = type(value)
    for name, expected in _hints(noun).items():
        if (reason := _wrong(getattr(value, name), expected)) is not None:
            return f".{name}{reason}"
    return None


def _union(value: object, members: tuple[Any, ...]) -> str | None:
    deeper = None
    for member in members:
        if (reason := _wrong(value, member)) is None:
            return None
        # Of a member whose class is right the field that is wrong says more than the list of members.
        if deeper is None and not reason.startswith(" "):
            deeper = reason
    return deeper or _differs(value, " or ".join(_name(member) for member in members))


def _tuple(value: object, members: tuple[Any, ...]) -> str | None:
    if members[-1] is Ellipsis:
        return _items(value, tuple, members[0])
    if not isinstance(value, tuple) or len(value) != len(members):
        return _differs(value, f"a tuple of {len(members)}")
    return _first(value, members)


def _items(value: object, kind: type, member: Any) -> str | None:
    if not isinstance(value, kind):
        return _differs(value, f"{kind.__name__} of {_name(member)}")
    items: Any = value
    return _first(items, itertools.repeat(member))


def _first(items: Iterable[object], members: Iterable[Any]) -> str | None:
    for index, (item, member) in enumerate(zip(items, members, strict=False)):
        if (reason := _wrong(item, member)) is not None:
            return f"[{index}]{reason}"
    return None


def _mapping(value: object, members: tuple[Any, ...]) -> str | None:
    if not isinstance(value, Mapping):
        return _differs(value, "a mapping")
    key, item = members
    for k, v in value.items():
        if (reason := _wrong(k, key)) is not None:
            return f" key {k!r}{reason}"
        if (reason := _wrong(v, item)) is not None:
            return f"[{k!r}]{reason}"
    return None


def _name(expected: Any) -> str:
    return expected.__name__ if isinstance(expected, type) else str(expected)


def _differs(value: object, expected: str) -> str:
    return f" is {type(value).__name__}, not {expected}"


_GENERIC: dict[Any, Callable[[object, tuple[Any, ...]], str | None]] = {
    typing.Union: _union,
    types.UnionType: _union,
    tuple: _tuple,
    frozenset: lambda value, members: _items(value, frozenset, members[0]),
    Mapping: _mapping,
}
