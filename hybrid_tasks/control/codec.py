"""Frames: one JSON object a line, and every limit that keeps garbage harmless."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NoReturn

from hybrid_tasks.errors import WrongInput

REQUEST_LIMIT = 1024 * 1024
REPLY_LIMIT = 16 * 1024 * 1024
DEPTH_LIMIT = 20


def encode(message: Mapping[str, object]) -> bytes:
    """Write one message as a frame.

    Args:
        message: JSON-ready; text may hold undecodable bytes as surrogates, they survive the journey.

    Returns:
        ASCII bytes that end in the only newline of the frame.
    """
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def decode(frame: bytes, limit: int = REQUEST_LIMIT) -> dict[str, object]:
    """Read one frame.

    Args:
        frame: the bytes of one line, with or without its newline.
        limit: the most bytes a frame may have.

    Returns:
        the object it holds.

    Raises:
        WrongInput: it is too long, too deep, no JSON or no object; the message says which.
    """
    if len(frame) > limit:
        raise WrongInput(f"a message of {len(frame)} bytes is above the limit of {limit}")
    try:
        message = json.loads(frame.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError:
        raise WrongInput(f"a message is nested deeper than {DEPTH_LIMIT}") from None
    except ValueError as error:  # also UnicodeDecodeError and numbers of absurd length
        raise WrongInput(f"a message is not JSON: {error}") from None
    if not isinstance(message, dict):
        raise WrongInput(f"a message is a {type(message).__name__}, not an object")
    if _deeper(message, DEPTH_LIMIT):
        raise WrongInput(f"a message is nested deeper than {DEPTH_LIMIT}")
    return message


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed")


def _deeper(message: object, limit: int) -> bool:
    """Whether containers are nested deeper than `limit`; iterative, so that depth cannot hurt it."""
    level = [message]
    for _ in range(limit):
        level = [item for container in level for item in _inside(container) if isinstance(item, (dict, list))]
        if not level:
            return False
    return True


def _inside(container: object) -> Iterable[object]:
    if isinstance(container, dict):
        return container.values()
    return container if isinstance(container, list) else ()
