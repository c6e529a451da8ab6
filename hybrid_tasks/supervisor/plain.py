"""Nouns as what JSON knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path


def plain(value: object) -> object:
    """Turn a noun into mappings, lists and scalars.

    Args:
        value: a dataclass, an enum, a path, a pydantic model, a mapping, a sequence or a scalar.

    Returns:
        the same facts, ready for `json.dumps`.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value) if field.repr}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json")
    return value if isinstance(value, str | int | float | bool | None) else str(value)
