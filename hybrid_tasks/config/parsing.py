"""From the data of a configuration file to its tables, each looked at by itself so that one mistake hides no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from hybrid_tasks.config import naming
from hybrid_tasks.config.findings import Findings
from hybrid_tasks.config.installed import Installed
from hybrid_tasks.config.nearest import closest, suggestion
from hybrid_tasks.config.tables import (
    ClusterTable,
    File,
    GatewayTable,
    ModeTable,
    PluginsTable,
    ProjectTable,
    ServiceTable,
    StepTable,
)
from hybrid_tasks.config.validating import Checked, validate

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a file; what is unusable is left out, but `names` has every name that was written."""

    project: Checked[ProjectTable]
    modes: Mapping[str, Checked[ModeTable]]
    services: Mapping[str, Checked[ServiceTable]]
    steps: Mapping[str, Checked[StepTable]]
    gateway: Checked[GatewayTable] | None
    cluster: Checked[ClusterTable] | None
    names: Mapping[str, frozenset[str]]
    """The names of the modes, services and steps, whether their tables are right or not."""
    options: Mapping[str, Mapping[str, object]]
    """The plugins' tables of each service, not looked at yet."""


def parse(data: Mapping[str, object], plugins: Installed, findings: Findings) -> Tables:
    """Look at every table of a file.

    Args:
        data: the file's.
        plugins: the installed ones, whose options tables services may have.
        findings: where mistakes go.

    Returns:
        the tables.
    """
    _unknown_tables(data, findings)
    written = {
        "modes": naming.named(data, "modes", naming.SERVICE, findings),
        "services": naming.named(data, "services", naming.SERVICE, findings),
        "steps": naming.named(data, "steps", naming.STEP, findings),
    }
    services: dict[str, object] = {}
    options: dict[str, dict[str, object]] = {}
    for name, value in written["services"].items():
        services[name], options[name] = _parted(name, value, plugins, findings)
    project = _single(ProjectTable, data, "project", findings)
    _single(PluginsTable, data, "plugins", findings)
    return Tables(
        project=project or Checked(("project",), ProjectTable(), frozenset(), frozenset(data.keys() & {"project"})),
        modes=_many(ModeTable, written["modes"], "modes", findings),
        services=_many(ServiceTable, services, "services", findings, plugins.tables),
        steps=_many(StepTable, written["steps"], "steps", findings),
        gateway=_single(GatewayTable, data, "gateway", findings),
        cluster=_single(ClusterTable, data, "cluster", findings),
        names={kind: frozenset(tables) for kind, tables in written.items()},
        options=options,
    )


def _parted(name: str, service: object, plugins: Installed, findings: Findings) -> tuple[object, dict[str, object]]:
    """A service's own keys, and the options tables of plugins beside them."""
    if not isinstance(service, dict):
        return service, {}
    known = plugins.tables
    options = {key: value for key, value in service.items() if key in known}
    own = {key: value for key, value in service.items() if key not in options}
    tables = (*known, "env", "health", "ports", "stop")
    for key in [key for key, value in own.items() if isinstance(value, dict) and key not in ServiceTable.model_fields]:
        del own[key]
        if key in plugins.stacks:
            words, cure = f"the stack `{key}` has no options", "remove this table"
        else:
            words, cure = "unknown table", suggestion(key, tables)
            if closest(key, tables) is None and naming.SERVICE.fullmatch(key):
                cure = f"options of a stack need its plugin, such as `pip install hybrid-stack-{key}`"
        findings.add(("services", name, key), words, cure)
    return own, options


def _single(model: type[M], data: Mapping[str, object], key: str, findings: Findings) -> Checked[M] | None:
    return validate(model, data[key], (key,), findings) if key in data else None


def _many(
    model: type[M],
    tables: Mapping[str, object],
    key: str,
    findings: Findings,
    known: frozenset[str] = frozenset(),
) -> dict[str, Checked[M]]:
    checked = {name: validate(model, table, (key, name), findings, known) for name, table in tables.items()}
    return {name: one for name, one in checked.items() if one is not None}


def _unknown_tables(data: Mapping[str, object], findings: Findings) -> None:
    known = list(File.model_fields)
    for name in data.keys() - set(known):
        value = data[name]
        ours = closest(name, ProjectTable.model_fields)
        if ours is not None and not isinstance(value, dict):
            cure = f"write it below `[project]`: `{ours} = …`"
        elif isinstance(value, dict) and closest(name, known) is None and value.keys() & set(ServiceTable.model_fields):
            cure = f"is it a service? write `[services.{name}]`"
        else:
            cure = suggestion(name, known)
        findings.add((name,), "unknown table" if isinstance(value, dict | list) else "unknown key", cure)
