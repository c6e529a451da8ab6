"""What a command, of a compose file or a Dockerfile, says about how a Python service is started."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SERVERS = frozenset({"uvicorn", "hypercorn", "granian", "daphne", "gunicorn"})
OWN = frozenset({"hypercorn", "gunicorn"})
"""Those that are run themselves; what the others serve, uvicorn serves as well."""
_APP = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_][\w.]*)(\(\))?")
_PYTHON = re.compile(r"python(\d(\.\d+)*)?")


@dataclass(frozen=True, slots=True)
class Hint:
    """How a command starts the service: exactly one of `app`, `script`, `module` and `file` is set.

    `file` is a source file whose application is to be found (`fastapi run app/main.py`), `server` what serves
    `app` where that is not uvicorn.
    """

    app: tuple[str, str] | None = None
    factory: bool = False
    script: str | None = None
    module: str | None = None
    file: str | None = None
    server: str | None = None


def hint(words: Sequence[str]) -> Hint | None:
    """Read a command's words.

    Args:
        words: the argument vector; `sh -c "..."` is looked into, wrappers (`poetry run`, `exec`) are skipped.

    Returns:
        how it starts a Python program, or None when it does not.
    """
    words = _unwrapped(list(words))
    for index, word in enumerate(words):
        name, rest = word.rpartition("/")[2], words[index + 1 :]
        if name in SERVERS:
            return _served(name, rest)
        if name == "fastapi" and rest and rest[0] in {"run", "dev"}:
            files = [item for item in rest[1:] if item.endswith(".py")]
            return Hint(file=files[0]) if files else None
        if is_python(word):
            return _interpreted(rest)
    return None


def is_python(word: str) -> bool:
    """Say whether a word names an interpreter."""
    return _PYTHON.fullmatch(word.rpartition("/")[2]) is not None


def _unwrapped(words: list[str]) -> list[str]:
    for index, word in enumerate(words[:-1]):
        if word.rpartition("/")[2] in {"sh", "bash", "ash", "dash"} and words[index + 1].startswith("-"):
            line = next((item for item in words[index + 1 :] if not item.startswith("-")), "")
            return _unwrapped(_split(line))
    return words


def _split(line: str) -> list[str]:
    # The last command of `migrate && exec uvicorn ...` is the one that stays.
    last = re.split(r"&&|;|\|\|", line)[-1]
    try:
        return shlex.split(last, comments=True)
    except ValueError:
        return last.split()


def _served(server: str, rest: list[str]) -> Hint | None:
    found = next((match for word in rest if (match := _APP.fullmatch(word))), None)
    if found is None:
        return None
    # uvicorn's worker in gunicorn is uvicorn with a parent that would only be one more process to restart.
    own = server in OWN and not any("uvicorn" in word.lower() for word in rest)
    factory = bool(found[3]) or "--factory" in rest
    return Hint(app=(found[1], found[2]), factory=factory, server=server if own else None)


def _interpreted(rest: list[str]) -> Hint | None:
    for index, word in enumerate(rest):
        if word == "-m" and index + 1 < len(rest):
            module = rest[index + 1]
            return _served(module, rest[index + 2 :]) if module in SERVERS else Hint(module=module)
        if word in {"-c", "-"}:
            return None
        if word in {"-W", "-X"}:
            continue
        if not word.startswith("-") and not (index and rest[index - 1] in {"-W", "-X"}):
            return Hint(script=word) if word.endswith(".py") else None
    return None


def dockerfile_command(file: Path) -> tuple[str, ...]:
    """Give the words that a Dockerfile's last `ENTRYPOINT` and `CMD` start, empty when there are none."""
    try:
        text = file.read_text("utf-8-sig", "replace")
    except OSError:
        return ()
    lines = re.sub(r"\\[ \t]*\r?\n", " ", text).splitlines()
    said: dict[str, list[str]] = {}
    for line in lines:
        match = re.match(r"\s*(FROM|CMD|ENTRYPOINT)\s+(.*)", line, re.IGNORECASE)
        if match is None:
            continue
        if match[1].upper() == "FROM":
            said.clear()
        else:
            said[match[1].upper()] = _instruction(match[2].strip())
    return tuple(said.get("ENTRYPOINT", []) + said.get("CMD", []))


def _instruction(text: str) -> list[str]:
    if text.startswith("["):
        try:
            words = json.loads(text)
        except ValueError:
            words = None
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return words
    return _split(text)
