"""One table against its model: every mistake is noted, and what is right is kept so that the rules can go on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from hybrid_tasks.config.findings import MOST, Findings
from hybrid_tasks.config.nearest import suggestion
from hybrid_tasks.config.positions import KeyPath
from hybrid_tasks.config.wording import explain, keys
from hybrid_tasks.config.words import dotted, shown

M = TypeVar("M", bound=BaseModel)

ENOUGH = 3 * MOST
"""Mistakes of one table that are looked at."""


@dataclass(frozen=True, slots=True)
class Checked(Generic[M]):
    """A table that was looked at.

    Args:
        path: where it stands.
        table: its values; a wrong key counts as left out.
        written: the keys it has in the file, wrong ones too.
        wrong: the keys of them that are wrong.
    """

    path: KeyPath
    table: M
    written: frozenset[str]
    wrong: frozenset[str]


def validate(
    model: type[M], data: object, path: KeyPath, findings: Findings, known: Iterable[str] = ()
) -> Checked[M] | None:
    """Look at one table of ours.

    Args:
        model: what it may hold.
        data: what it holds.
        path: where it stands.
        findings: where mistakes go.
        known: other keys that are looked at elsewhere, for the closest name.

    Returns:
        the table, or None when nothing of it can be used.
    """
    if not isinstance(data, dict):
        findings.add(path, f"expected a table, got {shown(data)}", f"write it as `[{dotted(path)}]`")
        return None
    kept = data
    try:
        table = model.model_validate(data)
    except ValidationError as error:
        places = []
        for one in error.errors(include_url=False)[:ENOUGH]:
            loc = tuple(part for part in one["loc"] if part != "[key]")
            whole = findings.as_written((*path, *loc))
            told = (
                ("is wrong too", "correct the others first") if findings.enough else explain(one, model, whole, known)
            )
            findings.add(whole, *told)
            places.append(loc)
        kept = _without(data, places)
        try:
            table = model.model_validate(kept)
        except ValidationError:
            return None
        wrong = frozenset(str(place[0]) for place in places)
        return Checked(path, table, frozenset(data), wrong)
    return Checked(path, table, frozenset(data), frozenset())


def validate_options(
    model: type[M], data: Mapping[str, object], detected: Mapping[str, object], path: KeyPath, findings: Findings
) -> M | None:
    """Look at the options table of a plugin: the same strictness and words, whatever the plugin's model says.

    Args:
        model: the plugin's.
        data: what the file holds.
        detected: what the plugin found by itself, used as far as it goes with what is written.
        path: where the table stands.
        findings: where mistakes go.

    Returns:
        the options, or None when they are wrong.
    """
    known = keys(model)
    kept = dict(data)
    if model.model_config.get("extra") != "allow":
        for name in [name for name in data if name not in known]:
            del kept[name]
            findings.add((*path, name), "unknown key", suggestion(name, known))
    try:
        return _strictly(model, {**detected, **kept})
    except ValidationError:
        pass
    try:
        # What was detected may contradict what was written: then the written stands alone.
        return _strictly(model, kept)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            loc = tuple(part for part in one["loc"] if part != "[key]")
            findings.add((*path, *loc), *explain(one, model, (*path, *loc)))
        return None


def _strictly(model: type[M], data: Mapping[str, object]) -> M:
    """Validate as JSON, because strict Python values would refuse a list for a tuple and a text for a path."""
    return model.model_validate_json(json.dumps(data, default=_plain), strict=True)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _without(data: Mapping[str, object], places: list[tuple[str | int, ...]]) -> dict[str, object]:
    """A copy without the keys on the way to these places, each cut at the innermost table."""
    copy = dict(data)
    for place in places:
        table = copy
        for depth, part in enumerate(place):
            inner = table.get(str(part))
            if depth < len(place) - 1 and isinstance(inner, dict):
                inner = dict(inner)
                table[str(part)] = inner
                table = inner
                continue
            table.pop(str(part), None)
            break
    return copy
