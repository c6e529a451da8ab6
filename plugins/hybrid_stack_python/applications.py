"""Finding ASGI applications by reading the source, never by importing it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAKERS = frozenset({
    "fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette", "litestar.Litestar",
    "litestar.app.Litestar", "quart.Quart", "sanic.Sanic", "blacksheep.Application", "falcon.asgi.App",
    "connexion.AsyncApp", "django.core.asgi.get_asgi_application", "channels.routing.ProtocolTypeRouter",
    "socketio.ASGIApp",
})  # fmt: skip
"""What makes an ASGI application when called."""

PLAIN = frozenset({"FastAPI", "Starlette", "Litestar", "Quart"})
"""Classes known by their bare name, wherever they come from (a wrapper module, a re-export)."""

_HINT = re.compile(
    r"FastAPI|Starlette|Litestar|Quart|Sanic|blacksheep|falcon|AsyncApp|asgi|ASGI|ProtocolTypeRouter|scope"
)
_LINE = re.compile(r"^(\w+)[ \t]*(?::[^=\n]+)?=[ \t]*(?:\w+\.)*(?:FastAPI|Starlette|Litestar|Quart)\(", re.MULTILINE)
_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """An application in a file: its name there, and whether it is a function that makes one."""

    attribute: str
    factory: bool = False


def applications(file: Path) -> list[Found]:
    """Give the ASGI applications a file defines at its top level, objects before factories.

    A file with a syntax error, or in a newer Python than ours, is read by its lines.
    """
    try:
        if file.stat().st_size > _LIMIT:
            return []
        text = file.read_text("utf-8-sig", "replace")
    except OSError:
        return []
    if not _HINT.search(text):
        return []
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [Found(name) for name in dict.fromkeys(_LINE.findall(text))]
    return _Reader(tree).found()


class _Reader:
    """One file's syntax tree with what its names stand for."""

    def __init__(self, tree: ast.Module) -> None:
        self._body = list(top_level(tree.body))
        self._names = dict(_imported(self._body))
        self._factories = [
            node.name
            for node in self._body
            if isinstance(node, ast.FunctionDef) and _needs_nothing(node.args) and self._makes(node)
        ]

    def found(self) -> list[Found]:
        """Give the applications, objects first."""
        objects: list[str] = []
        for node in self._body:
            if isinstance(node, ast.AsyncFunctionDef) and _is_asgi(node.args):
                objects.append(node.name)
            elif isinstance(node, ast.Assign | ast.AnnAssign) and self._is_application(node.value):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                objects.extend(target.id for target in targets if isinstance(target, ast.Name))
        return [Found(name) for name in dict.fromkeys(objects)] + [
            Found(name, factory=True) for name in self._factories
        ]

    def _is_application(self, value: ast.expr | None) -> bool:
        if not isinstance(value, ast.Call):
            return False
        return self._makes_one(value.func) or (isinstance(value.func, ast.Name) and value.func.id in self._factories)

    def _makes_one(self, function: ast.expr | None) -> bool:
        name = _dotted(function)
        if name is None:
            return False
        head, _, tail = name.partition(".")
        full = self._names.get(head, head) + (f".{tail}" if tail else "")
        return full in MAKERS or full.rpartition(".")[2] in PLAIN

    def _makes(self, node: ast.FunctionDef) -> bool:
        if self._makes_one(node.returns):
            return True
        made = {
            target.id
            for child in ast.walk(node)
            if isinstance(child, ast.Assign) and isinstance(child.value, ast.Call) and self._makes_one(child.value.func)
            for target in child.targets
            if isinstance(target, ast.Name)
        }
        returned = [child.value for child in ast.walk(node) if isinstance(child, ast.Return)]
        return any(
            (isinstance(value, ast.Name) and value.id in made)
            or (isinstance(value, ast.Call) and self._makes_one(value.func))
            for value in returned
        )


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Walk through the statements that run when a file is imported, those under conditions included."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from top_level(node.body)


def _imported(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                head = alias.name.partition(".")[0]
                yield alias.asname or head, alias.name if alias.asname else head
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value  # an annotation in quotes
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return None if inner is None else f"{inner}.{node.attr}"
    return None


def _needs_nothing(arguments: ast.arguments) -> bool:
    positional = [*arguments.posonlyargs, *arguments.args]
    return len(positional) == len(arguments.defaults) and all(default is not None for default in arguments.kw_defaults)


def _is_asgi(arguments: ast.arguments) -> bool:
    return [argument.arg for argument in arguments.args] == ["scope", "receive", "send"]
