"""Whether an answer of a plugin has the shape its hook promises, down to the fields of the nouns.

A type is turned into a check once; answers are many, and every one of them is on the way of somebody who waits.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], str | None]
"""Says what is wrong with a value, beginning with the way to it (`.program.argv[0] is int, not str`), or None."""


def misfit(value: object, expected: Any, where: str = "answer") -> str | None:
    """Say where a value differs from a type, or None when it fits.

    Args:
        value: what a plugin gave.
        expected: a type of our nouns: a class, a union, `tuple[...]`, `Mapping[...]`, `frozenset[...]`.
        where: the place in the answer, for the words (`answer.program.argv`).
    """
    reason = _check(expected)(value)
    return None if reason is None else where + reason


@functools.cache
def _check(expected: Any) -> Check:
    if expected is Any or expected is object:
        return lambda _: None
    if isinstance(expected, type):
        return _class(expected)
    if expected is None:
        return _class(type(None))
    return _GENERIC[typing.get_origin(expected)](*typing.get_args(expected))


def _class(expected: type) -> Check:
    wanted: tuple[type, ...] = (int, float) if expected is float else (expected,)
    name = "None" if expected is type(None) else expected.__name__

    def check(value: object) -> str | None:
        if not isinstance(value, wanted) or (isinstance(value, bool) and int in wanted):
            return _differs(value, name)
        noun: Any = type(value)
        for field, one in _fields(noun):
            if (reason := one(getattr(value, field))) is not None:
                return f".{field}{reason}"
        return None

    return check


@functools.cache
def _fields(noun: Any) -> tuple[tuple[str, Check], ...]:
    """The fields of a dataclass with their checks; none of any other class."""
    hints = typing.get_type_hints(noun) if dataclasses.is_dataclass(noun) else {}
    return tuple((name, _check(expected)) for name, expected in hints.items())


def _union(*members: Any) -> Check:
    checks = [_check(member) for member in members]
    names = " or ".join(_name(member) for member in members)

    def check(value: object) -> str | None:
        deeper = None
        for one in checks:
            if (reason := one(value)) is None:
                return None
            # Of a member whose class is right the field that is wrong says more than the list of members.
            if deeper is None and not reason.startswith(" "):
                deeper = reason
        return deeper or _differs(value, names)

    return check


def _tuple(*members: Any) -> Check:
    if members[-1] is Ellipsis:
        return _items(tuple, members[0])
    checks = [_check(member) for member in members]

    def check(value: object) -> str | None:
        if not isinstance(value, tuple) or len(value) != len(checks):
            return _differs(value, f"a tuple of {len(checks)}")
        for index, (item, one) in enumerate(zip(value, checks, strict=True)):
            if (reason := one(item)) is not None:
                return f"[{index}]{reason}"
        return None

    return check


def _items(kind: type, member: Any) -> Check:
    one = _check(member)

    def check(value: object) -> str | None:
        if not isinstance(value, kind):
            return _differs(value, f"{kind.__name__} of {_name(member)}")
        items: Any = value
        for index, item in enumerate(items):
            if (reason := one(item)) is not None:
                return f"[{index}]{reason}"
        return None

    return check


def _mapping(key: Any, item: Any) -> Check:
    key_check, item_check = _check(key), _check(item)

    def check(value: object) -> str | None:
        if not isinstance(value, Mapping):
            return _differs(value, "a mapping")
        for k, v in value.items():
            if (reason := key_check(k)) is not None:
                return f" key {k!r}{reason}"
            if (reason := item_check(v)) is not None:
                return f"[{k!r}]{reason}"
        return None

    return check


def _name(expected: Any) -> str:
    return expected.__name__ if isinstance(expected, type) else str(expected)


def _differs(value: object, expected: str) -> str:
    return f" is {type(value).__name__}, not {expected}"


_GENERIC: dict[Any, Callable[..., Check]] = {
    typing.Union: _union,
    types.UnionType: _union,
    tuple: _tuple,
    frozenset: functools.partial(_items, frozenset),
    Mapping: _mapping,
}
