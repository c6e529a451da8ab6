"""Every key in one flat list, read from the JSON schema: for the commented `hybrid.toml` and the test that holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ANY = "*"
"""Stands for a name in a path: `services.*.port`."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Args:
        path: from the top of the file, with `ANY` for names.
        description: one sentence.
        default: what holds when it is left out, or None.
        table: whether it is a table with keys of its own.
    """

    path: tuple[str, ...]
    description: str
    default: object = None
    table: bool = False


def keys(schema: Mapping[str, Any]) -> tuple[Key, ...]:
    """List every key of a schema.

    Args:
        schema: what `json_schema` gave.

    Returns:
        the keys in the order of the schema, tables before what is in them.
    """
    return tuple(_below(schema, schema.get("$defs", {}), ()))


def _below(part: Mapping[str, Any], tables: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Key]:
    for name, value in part.get("properties", {}).items():
        inner = _table(value, tables)
        yield Key((*path, name), value.get("description", ""), value.get("default"), table=bool(inner))
        if inner:
            yield from _below(inner, tables, (*path, name))
    more = part.get("additionalProperties")
    if isinstance(more, dict):
        yield from _below(_table(more, tables), tables, (*path, ANY))


def _table(value: Mapping[str, Any], tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of the table a value is or may be; empty for plain values."""
    choices: list[Mapping[str, Any]] = [value, *value.get("anyOf", [])]
    for one in choices:
        if "$ref" in one:
            return dict(tables[one["$ref"].rsplit("/", 1)[-1]])
        if "properties" in one or _table_of_names(one):
            return one
    return {}


def _table_of_names(value: Mapping[str, Any]) -> bool:
    more = value.get("additionalProperties")
    return isinstance(more, dict) and ("$ref" in more or "anyOf" in more)
