"""Whether a script runs something, and whether that is a server: read from its source, never by importing it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from hybrid_stack_python.applications import top_level

_MAIN = re.compile(r"^if __name__ ?== ?['\"]__main__['\"]", re.MULTILINE)
_SERVER = re.compile(
    r"\.(?:serve_forever|run_forever)\(|\b(?:run_app|make_server|start_server)\(|\b(?:uvicorn|app|server)\.run\("
)
_LIMIT = 1_000_000


def runs(file: Path) -> bool:
    """Whether a file does something when it is started: it asks for `__main__`, or serves at its top level."""
    text = _text(file)
    return _MAIN.search(text) is not None or (_SERVER.search(text) is not None and _serves_at_once(text))


def serves(file: Path) -> bool:
    """Whether a file is a server when it is started."""
    return _SERVER.search(_text(file)) is not None and runs(file)


def _serves_at_once(text: str) -> bool:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    calls = (node.value for node in top_level(body) if isinstance(node, ast.Expr))
    return any(isinstance(call, ast.Call) and _SERVER.search(ast.unparse(call)) for call in calls)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig", "replace") if file.stat().st_size <= _LIMIT else ""
    except OSError:
        return ""
