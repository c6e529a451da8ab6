"""What may be said over the wire: a closed table of questions, and the shape of every answer.

A request is one frame, `{"v": 1, "op": …, "args": {…}, "env": {…}, "cwd": …}`. The answer is any number of
`{"event": {…}}` frames and one last frame, `{"v": 1, "result": …, "code": n}` or `{"v": 1, "error": {…}}`.

Events while something is done (`kind`, and what `data` holds):
`state` a service changed (`state`, `word`, `detail`, `wanted` and `healthy` of a `documents.ServiceStatus`) ·
`stage` its swap entered a stage, and nothing else changed (`{"stage": name}`, and `note` while it waits for something
that is known); of several of either within a moment the last is told ·
`receipt` a swap ended (the receipt, and `debugged`: what serves now is, and is to stay so) ·
`held` it is not reloaded any more (`{"reason", "cure"}`) ·
`note` something the user should read (`{"text"}`).

After a request a client may send `CANCEL`, once to have undone what it has begun, again to have it killed.

While a service is debugged: `debugger` where (`{"adapter", "address", "note", "wait"}`), before it comes up, and
empty before it goes back.

An attached request (`start` with `attached`) is answered like any other; its connection then stays open, and its
end, however it comes, is the user's wish to stop.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from hybrid_tasks.errors import Code, HybridError, NotRunning, WrongInput

if TYPE_CHECKING:
    from hybrid_tasks.model.events import Event

VERSION = 1
CANCEL = b'{"cancel":true}\n'
LARGEST_NUMBER = 1e9

TEXT, FLAG, NUMBER, NAMES, WORDS = "text", "yes or no", "a number", "a list of names", "a list of words"

# Every question there is, with its arguments, their kind and what they are when left out.
OPERATIONS: Mapping[str, Mapping[str, tuple[str, object]]] = MappingProxyType(
    {
        "start": {
            "services": (NAMES, ()),
            "mode": (TEXT, None),
            "all": (FLAG, False),
            "build": (FLAG, False),
            "timeout": (NUMBER, 120.0),
            "dry_run": (FLAG, False),
            "attached": (FLAG, False),
        },
        "stop": {"services": (NAMES, ()), "kill": (FLAG, False)},
        "restart": {"services": (NAMES, ()), "timeout": (NUMBER, 120.0)},
        "status": {},
        "wait": {"services": (NAMES, ()), "reload": (FLAG, False), "timeout": (NUMBER, 120.0)},
        "debug": {"service": (TEXT, ""), "wait": (FLAG, False)},
        "exec": {"service": (TEXT, ""), "words": (WORDS, ())},
        "stacks": {"service": (TEXT, ""), "end": (FLAG, False)},
        "test": {"services": (NAMES, ()), "arguments": (WORDS, ())},
        "env": {"service": (TEXT, "")},
        "config": {"schema": (FLAG, False)},
        "plugins": {},
        "doctor": {},
        "clean": {
            "caches": (FLAG, False),
            "volumes": (FLAG, False),
            "images": (FLAG, False),
            "apply": (FLAG, False),
            "paths": (WORDS, ()),
            "commands": (WORDS, ()),
        },
        "init": {},
        "attachments": {},
        "step": {"name": (TEXT, "")},
        "shutdown": {"kill": (FLAG, False)},
    }
)

# Requests that act send the whole environment of the client along.
ACTING = frozenset(
    {
        *("start", "stop", "restart", "debug", "exec", "test", "env", "config", "doctor", "clean", "init", "step"),
        *("plugins", "attachments"),
    }
)


class Request(NamedTuple):  # to make a dataclass of it takes 0.6 ms, and every command does
    """One checked question.

    Args:
        op: one of `OPERATIONS`.
        args: all arguments of it, defaults filled in; lists are tuples.
        env: the whole environment of the client, or None when the question does not act.
        cwd: where the client is.
    """

    op: str
    args: Mapping[str, Any] = MappingProxyType({})
    env: Mapping[str, str] | None = None
    cwd: str = ""

    def as_json(self) -> dict[str, object]:
        """The request as it crosses the wire."""
        message: dict[str, object] = {"v": VERSION, "op": self.op, "args": dict(self.args), "cwd": self.cwd}
        if self.env is not None:
            message["env"] = dict(self.env)
        return message


def ask(op: str, args: Mapping[str, object], environ: Mapping[str, str], cwd: str | None = None) -> Request:
    """Make a request for this process.

    Args:
        op: one of `OPERATIONS`.
        args: its arguments; what is left out takes its default.
        environ: the environment of this process.
        cwd: where it is; None asks the system.

    Returns:
        the request, with the environment when the question acts.
    """
    if cwd is None:
        try:
            cwd = os.getcwd()  # noqa: PTH109 - pathlib costs as much and the folder may be gone
        except OSError:
            cwd = ""
    return Request(op, dict(args), dict(environ) if op in ACTING else None, cwd)


def read_request(message: Mapping[str, object]) -> Request:
    """Check a message against the closed table.

    Args:
        message: a decoded frame.

    Returns:
        the request with every argument filled in.

    Raises:
        WrongInput: something in it is unknown or of the wrong kind.
        NotRunning: the client speaks another version; `shutdown` is understood in every version.
    """
    op = message.get("op")
    if op == "shutdown":  # the one question that never changes: how a newer or older client gets rid of us
        args = message.get("args")
        return Request("shutdown", MappingProxyType({"kill": isinstance(args, dict) and args.get("kill") is True}))
    version = message.get("v")
    if type(version) is not int or version != VERSION:
        raise wrong_version(theirs=version, ours=VERSION)
    if not isinstance(op, str) or op not in OPERATIONS:
        raise WrongInput(f"unknown request `{str(op)[:40]}`")
    given, env, cwd = message.get("args", {}), message.get("env"), message.get("cwd", "")
    if not isinstance(given, dict):
        raise WrongInput(f"`args` of `{op}` is not an object")
    if not isinstance(cwd, str):
        raise WrongInput(f"`cwd` of `{op}` is not text")
    if env is not None and not _is_environment(env):
        raise WrongInput(f"`env` of `{op}` is not an object of texts")
    table = OPERATIONS[op]
    if unknown := sorted(str(name)[:40] for name in given.keys() - table.keys()):
        raise WrongInput(f"`{op}` has no argument `{unknown[0]}`")
    args = {
        name: _checked(op, name, kind, given.get(name, default), default) for name, (kind, default) in table.items()
    }
    return Request(op, MappingProxyType(args), MappingProxyType(env) if isinstance(env, dict) else None, cwd)


def wrong_version(theirs: object, ours: int) -> HybridError:
    """The mistake of two versions meeting, said to the user of the client."""
    return NotRunning(
        f"the running supervisor and this command are of different versions (protocol {ours} and {str(theirs)[:20]})",
        "run `inv dev-stop` to end it, then `inv dev-start`",
    )


def _is_environment(env: object) -> bool:
    return isinstance(env, dict) and all(isinstance(value, str) for value in env.values())


def _checked(op: str, name: str, kind: str, value: object, default: object) -> object:
    """An argument of the kind its table asks for, lists made immutable."""
    right: bool
    if kind is TEXT:
        right = isinstance(value, str) or (value is None and default is None)
    elif kind is FLAG:
        right = isinstance(value, bool)
    elif kind is NUMBER:
        right = type(value) in {int, float} and 0 <= value <= LARGEST_NUMBER  # type: ignore[operator]
        value = float(value) if right else value  # type: ignore[arg-type]
    else:
        right = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
        value = tuple(value) if right else value  # type: ignore[arg-type]
    if not right:
        raise WrongInput(f"`{name}` of `{op}` is not {kind}")
    return value


def event_frame(event: Event) -> dict[str, object]:
    """An event as it crosses the wire."""
    return {"event": {"kind": event.kind, "at": event.at, "service": event.service, "data": dict(event.data)}}


def read_event(data: object) -> Event:
    """Rebuild an event that came over the wire; what is missing is empty."""
    from hybrid_tasks.model.events import Event  # a status has no events and does not pay for them

    message = data if isinstance(data, dict) else {}
    details, service, at = message.get("data"), message.get("service"), message.get("at")
    return Event(
        str(message.get("kind", "")),
        float(at) if isinstance(at, (int, float)) else 0.0,
        service if isinstance(service, str) else None,
        details if isinstance(details, dict) else {},
    )


def result_frame(result: object, code: int = int(Code.DONE)) -> dict[str, object]:
    """The last frame of an answer."""
    return {"v": VERSION, "result": result, "code": int(code)}


def error_frame(error: HybridError) -> dict[str, object]:
    """The last frame of an answer that is a mistake."""
    return {"v": VERSION, "error": error.as_json()}
