"""From what a user wrote to a query: every mistake at once, with its cure."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from hybrid_tasks.errors import HybridError, Mistakes, WrongInput
from hybrid_tasks.logs.escapes import plain
from hybrid_tasks.logs.query import Query
from hybrid_tasks.logs.store import services
from hybrid_tasks.logs.units import moment

_DIGITS = 10
_NEAREST = 3

BEFORE, AFTER = 0.05, 1.0
"""Seconds around a swap that are shown with it: what a new instance says first, an old one last."""


def asked(
    *,
    since: str | None = None,
    tail: int | str | None = None,
    level: str | None = None,
    grep: str | None = None,
    ignore_case: bool = False,
    now: float | None = None,
    **rest: object,
) -> Query:
    """A query from what a user wrote.

    Args:
        since: as `units.moment` reads it.
        tail: number of lines, or `all`.
        level: a name.
        grep: a regular expression.
        ignore_case: of the expression.
        now: epoch seconds, for `since`.
        rest: the other fields of `Query`.

    Raises:
        WrongInput: something cannot be understood; `Mistakes` when it is more than one thing.
    """
    mistakes: list[HybridError] = []
    found: dict[str, object] = {}
    parse: dict[str, Callable[[], object]] = {
        "since": lambda: None if since is None else moment(since, time.time() if now is None else now),
        "tail": lambda: None if tail is None else _lines(tail),
        "level": lambda: None if level is None else _threshold(level),
        "grep": lambda: None if grep is None else _pattern(grep, ignore_case=ignore_case),
    }
    for name, read in parse.items():
        try:
            found[name] = read()
        except WrongInput as error:
            mistakes.append(error)
    if len(mistakes) > 1:
        raise Mistakes(mistakes)
    if mistakes:
        raise mistakes[0]
    return Query(**{**rest, **found})  # type: ignore[arg-type]


def the_receipt(
    receipts: Iterable[Mapping[str, object]], wanted: str, services: Iterable[str] = ()
) -> Mapping[str, object]:
    """The receipt a user means.

    Args:
        receipts: oldest first, as the machine-readable contract names them.
        wanted: its id, the beginning of it, or `last`.
        services: those that `last` is about; all when empty.

    Raises:
        WrongInput: there is no such receipt, or more than one; the nearest are named.
    """
    known = {str(receipt.get("id")): receipt for receipt in receipts}
    if wanted == "last":
        chosen = frozenset(services)
        told = (
            r for r in known.values() if r.get("result") != "cancelled" and (not chosen or r.get("service") in chosen)
        )
        return _only(list(told)[-1:], "there is no receipt yet", "the first start or save writes one")
    if wanted in known:
        return known[wanted]
    found = [receipt for name, receipt in known.items() if wanted and name.startswith(wanted)]
    if found:
        return _only(found, f"{len(found)} receipts begin with `{plain(wanted)}`", f"say more of it: {_named(found)}")
    near = _close(wanted, list(known), _NEAREST) or list(known)[-_NEAREST:]
    hint = f"the nearest: {_named([known[name] for name in near])}; or `--at last`" if near else "there are none yet"
    raise WrongInput(f"there is no receipt `{plain(wanted)}`", hint)


def _only(found: list[Mapping[str, object]], trouble: str, hint: str) -> Mapping[str, object]:
    if len(found) != 1:
        raise WrongInput(trouble, hint)
    return found[0]


def _named(receipts: list[Mapping[str, object]]) -> str:
    """The newest of some receipts, with what they are about."""
    return ", ".join(plain(f"{r.get('id')} ({r.get('service')} {r.get('result')})") for r in receipts[-_NEAREST:])


def around(query: Query, receipt: Mapping[str, object]) -> Query:
    """The query for the time of one swap: everything its service's jobs said meanwhile, or that of named services.

    Args:
        query: the rest of what is wanted.
        receipt: of the swap.
    """
    begin, ended, stages = _float(receipt.get("at")), _float(receipt.get("ended")), receipt.get("stages")
    took = [_float(stage.get("ms")) / 1000 for stage in stages if isinstance(stage, dict)] if stages else []  # type: ignore[attr-defined]
    return replace(
        query,
        since=begin - BEFORE,
        until=max(ended, begin + sum(took)) + AFTER,
        build=True,
        services=query.services or (str(receipt.get("service")),),
    )


def check(project_logs: Path, wanted: Iterable[str], configured: Callable[[], Iterable[str]] = tuple) -> list[str]:
    """Make sure that the named services exist.

    Args:
        project_logs: `.hybrid/logs`.
        wanted: the names.
        configured: asked only when a name has no logs.

    Returns:
        the names that have no logs yet.

    Raises:
        WrongInput: a name is neither in the logs nor configured; `Mistakes` when several are.
    """
    there = services(project_logs)
    strangers = [name for name in wanted if name not in there]
    if not strangers:
        return []
    known = sorted({*there, *configured()})
    mistakes: list[HybridError] = [_unknown(name, known) for name in strangers if name not in known]
    if len(mistakes) > 1:
        raise Mistakes(mistakes)
    if mistakes:
        raise mistakes[0]
    return strangers


def _lines(tail: int | str) -> int | None:
    text = str(tail).strip()
    if text == "all":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS):
        raise WrongInput(f"`--tail {plain(text)}` is no number of lines", hint="write --tail 100, or --tail all")
    return int(text)


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _threshold(name: str) -> int:
    from hybrid_tasks.logs.levels import threshold

    return threshold(name)


def _pattern(text: str, *, ignore_case: bool) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE if ignore_case else 0)
    except (re.error, RecursionError, OverflowError) as error:
        raise WrongInput(
            f"`--grep {plain(text)}` is no regular expression: {error}",
            hint="put a backslash before characters that are meant literally",
        ) from None


def _unknown(name: str, known: list[str]) -> WrongInput:
    close = _close(name, known, 1)
    if close:
        hint = f"did you mean `{plain(close[0])}`?"
    else:
        hint = (
            f"known: {', '.join(f'`{plain(name)}`' for name in known[:20])}"
            if known
            else "nothing has been started yet: inv dev-start"
        )
    return WrongInput(f"there is no service `{plain(name)}`", hint=hint)


def _close(wanted: str, known: list[str], most: int) -> list[str]:
    import difflib  # only for mistakes

    return difflib.get_close_matches(wanted, known, n=most)
