"""The environment of a native instance: its layers, what wins, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from hybrid_tasks.env.masking import is_secret
from hybrid_tasks.env.variable import Variable, source


@dataclass(frozen=True, slots=True)
class Layer:
    """One source: its name, and its variables."""

    name: str
    variables: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class Environment:
    """The layers of a service's environment, the lowest first.

    Args:
        layers: later wins.
        root: the project's directory; files are named relative to it.
        warnings: whole sentences without values, to be shown once.
    """

    layers: tuple[Layer, ...]
    root: Path
    warnings: tuple[str, ...] = ()

    def variables(self) -> dict[str, Variable]:
        """The variables that win, by name in alphabetical order; each knows what it overrode, nearest first."""
        merged: dict[str, Variable] = {}
        for layer in self.layers:
            for variable in layer.variables:
                if (older := merged.get(variable.name)) is None:
                    merged[variable.name] = variable
                else:
                    below = (*variable.overrode, replace(older, overrode=()), *older.overrode)
                    merged[variable.name] = replace(variable, overrode=below)
        return dict(sorted(merged.items()))

    def values(self) -> dict[str, str]:
        """What a program is given."""
        return {name: variable.value for name, variable in self.variables().items()}

    def explain(self) -> list[dict[str, object]]:
        """Each variable as JSON-ready data: name, raw value, source, secret, and what it overrode."""
        return [
            {
                "name": variable.name,
                "value": variable.value,
                "source": source(variable, self.root),
                "secret": is_secret(variable.name, variable.value),
                "overrode": [{"value": older.value, "source": source(older, self.root)} for older in variable.overrode],
            }
            for variable in self.variables().values()
        ]
