"""Which variables of the client's shell reach a service."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterable

PASSED = tuple(
    re.findall(
        r"\S+",
        "PATH HOME USER LOGNAME SHELL LANG LC_* TZ TMPDIR XDG_* SSH_AUTH_SOCK *_PROXY *_proxy SSL_CERT_* GO* CARGO_* "
        "RUSTUP_* CC CXX VIRTUAL_ENV PIP_* UV_* NODE_* JAVA_HOME DOCKER_* KUBECONFIG",
    )
)
"""The client's variables that reach a service; a project adds its own by `pass_env`."""
NEVER_PASSED = ("PYTHON*", "HYBRID_*")
"""A shell's `PYTHONDONTWRITEBYTECODE` must not change a service, and our own variables are not its business."""
MARKS = frozenset(("HYBRID_PROJECT", "HYBRID_SERVICE", "HYBRID_RUN"))
"""What marks a process as ours; no source may set these."""


def passes(name: str, patterns: Iterable[str] = ()) -> bool:
    """Whether a variable of the client reaches a service.

    Args:
        name: the variable.
        patterns: the project's `pass_env`.

    Returns:
        True when it is allow-listed and not one that is never passed.
    """
    return bool(_any_of((*PASSED, *patterns)).match(name)) and not _any_of(NEVER_PASSED).match(name)


def never_passed(pattern: str) -> bool:
    """Whether a pattern of `pass_env` asks for what is never passed.

    Args:
        pattern: a name or a pattern.

    Returns:
        True when nothing it names can reach a service.
    """
    return bool(_any_of(NEVER_PASSED).match(pattern))


@functools.lru_cache(maxsize=16)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """All patterns as one expression: every variable of a shell is held against them for every service."""
    return re.compile("|".join(map(fnmatch.translate, patterns)))
