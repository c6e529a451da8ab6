"""What names of services, modes and steps look like; they become directories, variables and words of commands."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hybrid_tasks.config.findings import Findings
from hybrid_tasks.config.words import quoted, shown

SERVICE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
STEP = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""Steps are tasks, and Invoke reads a dot in a task's name as a collection."""


def named(data: Mapping[str, object], key: str, rule: re.Pattern[str], findings: Findings) -> dict[str, object]:
    """Give the tables under `[key.NAME]` and look at their names.

    Args:
        data: the file's.
        key: `services`, `modes` or `steps`.
        rule: what names look like.
        findings: where mistakes go.

    Returns:
        every table by its name, wrong names too.
    """
    tables = data.get(key, {})
    if not isinstance(tables, dict):
        kind = "a list of tables" if isinstance(tables, list) else shown(tables)
        findings.add((key,), f"expected a table, got {kind}", f"give each a name, in single brackets: `[{key}.api]`")
        return {}
    good = {name for name in tables if rule.fullmatch(name)}
    for name in [name for name in tables if name not in good]:
        findings.add((key, name), _bad_name(name, good), _good_name(name, rule))
    return dict(tables)


def _bad_name(name: str, good: set[str]) -> str:
    if name.lower() in good:
        return f"differs from `{name.lower()}` only in case"
    if not name:
        return "a name cannot be empty"
    length = f", and this has {len(name)} characters" if len(name) > 63 else ""  # noqa: PLR2004 - the rule's own figure
    return f"{quoted(name)} is not a name{length}"


def _good_name(name: str, rule: re.Pattern[str]) -> str:
    marks = "`-`, `_` and `.`" if rule is SERVICE else "`-` and `_`"
    words = f"names are 1 to 63 lowercase letters, digits, {marks}, a letter or digit first"
    allowed = r"[^a-z0-9_.-]+" if rule is SERVICE else r"[^a-z0-9_-]+"
    better = re.sub(allowed, "-", name.lower()).strip("-._")[:63]
    return f"{words}: `{better}`" if better and better != name else words
