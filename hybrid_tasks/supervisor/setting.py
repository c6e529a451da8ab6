"""What an instance is started with, so that its version can be started again exactly like that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hybrid_tasks.engine.order import Version
from hybrid_tasks.model.plan import RunPlan
from hybrid_tasks.model.probe import Probe
from hybrid_tasks.model.service import Service
from hybrid_tasks.supervisor.listening import Way


@dataclass(frozen=True, slots=True)
class Given:
    """An environment.

    Args:
        values: as the program gets it.
        places: where those that tell it from another one come from (`.env`), by name; what every terminal has of its
            own is not among them.
    """

    values: Mapping[str, str] = field(repr=False)
    places: Mapping[str, str]

    def own(self) -> dict[str, str]:
        """The values that tell it from another one."""
        return {name: self.values[name] for name in self.places}


@dataclass(frozen=True, slots=True)
class Setting:
    """What the instances of one version are started with.

    Args:
        service: as it was configured.
        probe: how it is asked whether it is well.
        way: how it listens.
        given: its environment; None: that of the moment.
        run: what the runtime wants around it, None for nothing.
        program: the file that was executed, links followed; empty where a build makes it.
    """

    service: Service
    probe: Probe
    way: Way
    given: Given | None = None
    run: RunPlan | None = None
    program: str = ""


def setting_of(version: Version) -> Setting | None:
    """Give what a version was started with, None for one that was not started yet."""
    return version.setting if isinstance(version.setting, Setting) else None


def undebugged(version: Version) -> Version:
    """Give a version that is started as it was, but without its debugger."""
    setting = setting_of(version)
    if version.plain is None or setting is None:
        return version
    without = replace(setting, way=replace(setting.way, debugging=None))
    return replace(version, program=version.plain, plain=None, setting=without)


def unset(version: Version) -> Version:
    """Give a version that is started as it was, but in the environment of the moment."""
    setting = setting_of(version)
    return version if setting is None else replace(version, setting=replace(setting, given=None))
