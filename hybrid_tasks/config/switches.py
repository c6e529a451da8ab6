"""The variables that switch hot reload off: `HOT_RELOAD_ENABLED=false` for all, `<SERVICE>_HOT_RELOAD=0` for one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from hybrid_tasks.config.words import quoted
from hybrid_tasks.env.files import examine
from hybrid_tasks.env.variable import Variable, source
from hybrid_tasks.errors import HybridError, WrongInput

EVERYWHERE = "HOT_RELOAD_ENABLED"
_OFF = frozenset({"0", "false", "no", "off"})
_ON = frozenset({"1", "true", "yes", "on", ""})


class EnvFiles:
    """Reads env files one after another, each once, and keeps their mistakes.

    Args:
        root: the project's directory, for file names in messages.
        environ: the client's environment, which wins over every file.
    """

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self._root = root
        self._environ = environ
        self._seen: set[Path] = set()
        self.mistakes: list[HybridError] = []

    def read(self, files: Iterable[Path], before: Mapping[str, Variable]) -> dict[str, Variable]:
        """Lay files over each other and the client's environment over all.

        Args:
            files: in their order.
            before: what was read already, underneath.

        Returns:
            the variables by name.
        """
        found = dict(before)
        for file in files:
            values = {name: variable.value for name, variable in found.items()}
            reading = examine(file, self._environ, before=values, root=self._root)
            found |= {variable.name: variable for variable in reading.variables}
            if file not in self._seen:
                self._seen.add(file)
                self.mistakes += reading.mistakes
        return found | {name: Variable(name, value, "the environment") for name, value in self._environ.items()}


def switch_name(service: str) -> str:
    """Give the name of the variable that switches one service: `llm-api` is `LLM_API_HOT_RELOAD`."""
    return re.sub(r"[^A-Z0-9]", "_", service.upper()) + "_HOT_RELOAD"


def hot_reload(
    services: Iterable[str], variables: Mapping[str, Variable], root: Path
) -> tuple[dict[str, bool], list[HybridError]]:
    """Say which services are reloaded.

    Args:
        services: their names.
        variables: of the project's env files and the client's environment.
        root: the project's directory, for file names in messages.

    Returns:
        for each service whether it is watched, and a mistake for each switch that is neither on nor off.
    """
    mistakes: dict[str, HybridError] = {}

    def on(name: str) -> bool:
        variable = variables.get(name)
        word = variable.value.strip().lower() if variable is not None else ""
        if variable is not None and word not in _ON | _OFF:
            words = f"{source(variable, root)} {name}: expected true or false, got {quoted(variable.value)}"
            cure = f"write `{name}=false` to switch hot reload off, or remove it"
            mistakes[name] = WrongInput(words, cure)
        return word not in _OFF

    everywhere = on(EVERYWHERE)
    watched = {service: on(switch_name(service)) and everywhere for service in services}
    return watched, list(mistakes.values())
