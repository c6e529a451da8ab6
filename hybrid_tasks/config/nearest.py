"""The closest known name to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 300
"""Names that are compared letter by letter; with more of them only a difference in case or dashes is seen."""

_SYNONYMS = {
    "cmd": "command",
    "cwd": "dir",
    "depends_on": "needs",
    "dependencies": "needs",
    "depends": "needs",
    "directory": "dir",
    "dotenv": "env_file",
    "entrypoint": "command",
    "env_files": "env_file",
    "environment": "env",
    "exclude": "ignore",
    "exec": "command",
    "folder": "dir",
    "healthcheck": "health",
    "healthz": "health",
    "lang": "stack",
    "language": "stack",
    "path": "dir",
    "requires": "needs",
    "root": "dir",
    "run": "command",
    "shutdown": "stop",
    "start": "command",
    "type": "stack",
    "variables": "env",
    "volumes": "watch",
    "working_dir": "dir",
    "workdir": "dir",
    "workspace": "dir",
}
"""What other tools call our keys."""


def closest(word: str, known: Iterable[str]) -> str | None:
    """Give the known name that was probably meant.

    Args:
        word: what was written.
        known: the names that exist.

    Returns:
        the closest one, or None when none is close.
    """
    names = sorted(set(known), key=lambda name: (name != name.lower(), name))
    folded = _fold(word)
    for name in names:
        if _fold(name) == folded:
            return name
    meant = _SYNONYMS.get(folded.replace("-", "_"))
    if meant in names:
        return meant
    if len(names) > MOST:
        return None
    import difflib

    by_fold = {_fold(name): name for name in reversed(names)}
    longer = [name for fold, name in by_fold.items() if len(folded) > 1 and fold.startswith(folded)]
    if len(longer) == 1:
        return longer[0]  # its beginning says more than letters that two names happen to share
    matches = difflib.get_close_matches(folded[:100], by_fold, n=1, cutoff=0.6)
    if matches:
        return by_fold[matches[0]]
    shorter = [name for fold, name in by_fold.items() if len(folded) > 1 and folded.startswith(fold)]
    return min((*longer, *shorter), default=None)


def suggestion(word: str, known: Iterable[str], many: str = "") -> str:
    """Give the sentence for a hint: the closest name, else what there is to choose from.

    Args:
        word: what was written.
        known: the names that exist.
        many: what to say instead of listing more than a dozen names.

    Returns:
        `did you mean `x`?`, or `known: a, b, c`, or `many`, or nothing when nothing is known.
    """
    names = sorted(set(known))
    meant = closest(word, names)
    if meant is not None:
        return f"did you mean `{meant}`?"
    if not names:
        return many
    return many if many and len(names) > 12 else "known: " + ", ".join(f"`{name}`" for name in names)  # noqa: PLR2004 - a line's worth


def _fold(name: str) -> str:
    """Forget what people mix up: case, and which of `-`, `_` and a space it was."""
    return name.lower().replace("_", "-").replace(" ", "-").strip("-")
