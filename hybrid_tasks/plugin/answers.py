"""Whether an answer of a plugin has the shape its hook promises, down to the fields of the nouns."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any


def misfit(value: object, expected: Any, where: str = "answer") -> str | None:
    """Say where a value differs from a type, or None when it fits.

    Args:
        value: what a plugin gave.
        expected: a type of our nouns: a class, a union, `tuple[...]`, `Mapping[...]`, `frozenset[...]`.
        where: the place in the answer, for the words (`answer.program.argv`).
    """
    if expected in {Any, object}:
        return None
    origin = typing.get_origin(expected)
    if origin is not None:
        return _GENERIC[origin](value, typing.get_args(expected), where)
    if expected is None or expected is type(None):
        return None if value is None else _differs(value, "None", where)
    wanted = (int, float) if expected is float else (expected,)
    if not isinstance(value, wanted) or (isinstance(value, bool) and int in wanted):
        return _differs(value, expected.__name__, where)
    return _fields(value, where) if dataclasses.is_dataclass(value) else None


@functools.cache
def _hints(noun: type) -> dict[str, Any]:
    return typing.get_type_hints(noun)


def _fields(value: Any, where: str) -> str | None:
    noun: Any = type(value)
    for name, expected in _hints(noun).items():
        if (reason := misfit(getattr(value, name), expected, f"{where}.{name}")) is not None:
            return reason
    return None


def _union(value: object, members: tuple[Any, ...], where: str) -> str | None:
    reasons = [misfit(value, member, where) for member in members]
    if None in reasons:
        return None
    # Of a member whose class is right the field that is wrong says more than the list of members.
    deeper = [reason for reason in reasons if reason is not None and not reason.startswith(f"{where} ")]
    return deeper[0] if deeper else _differs(value, " or ".join(_name(member) for member in members), where)


def _tuple(value: object, members: tuple[Any, ...], where: str) -> str | None:
    if members[-1] is Ellipsis:
        return _items(value, tuple, members[0], where)
    if not isinstance(value, tuple) or len(value) != len(members):
        return _differs(value, f"a tuple of {len(members)}", where)
    return _first(misfit(item, member, where) for item, member in zip(value, members, strict=True))


def _items(value: object, kind: type, member: Any, where: str) -> str | None:
    if not isinstance(value, kind):
        return _differs(value, f"{kind.__name__} of {_name(member)}", where)
    items: Any = value
    return _first(misfit(item, member, f"{where}[{index}]") for index, item in enumerate(items))


def _mapping(value: object, members: tuple[Any, ...], where: str) -> str | None:
    if not isinstance(value, Mapping):
        return _differs(value, "a mapping", where)
    key, item = members
    return _first(misfit(k, key, f"{where} key {k!r}") or misfit(v, item, f"{where}[{k!r}]") for k, v in value.items())


def _first(reasons: typing.Iterable[str | None]) -> str | None:
    return next((reason for reason in reasons if reason is not None), None)


def _name(expected: Any) -> str:
    return expected.__name__ if isinstance(expected, type) else str(expected)


def _differs(value: object, expected: str, where: str) -> str:
    return f"{where} is {type(value).__name__}, not {expected}"


_GENERIC: dict[Any, Callable[[object, tuple[Any, ...], str], str | None]] = {
    typing.Union: _union,
    types.UnionType: _union,
    tuple: _tuple,
    frozenset: lambda value, members, where: _items(value, frozenset, members[0], where),
    Mapping: _mapping,
}
