"""The rules over the whole file: names, needs, cycles, ports, modes. Each notes what it finds and knows one thing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping

from hybrid_tasks.config.findings import Findings
from hybrid_tasks.config.nearest import suggestion
from hybrid_tasks.config.parsing import Tables
from hybrid_tasks.config.positions import KeyPath
from hybrid_tasks.config.reserved import step_task
from hybrid_tasks.config.tables import ServiceTable
from hybrid_tasks.config.validating import Checked
from hybrid_tasks.config.words import dotted, plain, quoted
from hybrid_tasks.plugin.defaults import ARTEFACT, PORT

STEP = "step:"
MOST_CIRCLES = 20
"""Circles that are told; where there are many they are mostly the same one."""
_PROBES = ("http", "tcp", "exec", "log", "notify", "alive")
_ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - an address somebody wrote, not one we bind


def check(tables: Tables, tasks: Iterable[str], findings: Findings) -> None:
    """Look at everything that more than one key decides.

    Args:
        tables: of the file.
        tasks: names of tasks, which no service may have.
        findings: where mistakes go.
    """
    rules: tuple[Callable[[Tables, Findings], None], ...] = (_needs, _cycles, _ports, _modes)
    _names(tables, frozenset(tasks), findings)
    for rule in rules:
        rule(tables, findings)
    for service in tables.services.values():
        _front(service, findings)
        _listening(service, findings)
        _health(service, findings)
        _artefact(service, findings)


def _names(tables: Tables, tasks: frozenset[str], findings: Findings) -> None:
    steps = {step_task(name) for name in tables.steps}
    for name, service in tables.services.items():
        if name in tasks | steps:
            findings.add(
                service.path, f"`{name}` is the name of a task", f"`inv dev-start {name}` would run the task; rename it"
            )
    for name, step in tables.steps.items():
        if step_task(name) in tasks:
            findings.add(
                step.path,
                f"`{step_task(name)}` is already a task",
                f"rename the step: it becomes `inv {step_task(name)}`",
            )


def _needs(tables: Tables, findings: Findings) -> None:
    known = {*tables.names["services"], *(STEP + name for name in tables.names["steps"])}
    for name, path, needs in _wants(tables):
        for index, need in enumerate(needs):
            if need == name:
                findings.add((*path, index), f"`{name}` needs itself", "remove it from its own `needs`")
            elif need not in known:
                step = need.startswith(STEP)
                words = (
                    f"there is no step `{plain(need.removeprefix(STEP))}`"
                    if step
                    else f"there is no service `{plain(need)}`"
                )
                findings.add((*path, index), words, _need_cure(need, known - {name}))


def _need_cure(need: str, known: set[str]) -> str:
    if STEP + need in known:
        return f"a step is needed as `{STEP}{need}`"
    if need.removeprefix(STEP) in known:
        return f"`{need.removeprefix(STEP)}` is a service: write it without `{STEP}`"
    if need.startswith(STEP):
        steps = [name for name in known if name.startswith(STEP)]
        return suggestion(need, steps) or f"write it as `[steps.{plain(need.removeprefix(STEP))}]`"
    return suggestion(need, known) or f"write it as `[services.{plain(need)}]`"


def _cycles(tables: Tables, findings: Findings) -> None:
    wants = {name: (path, needs) for name, path, needs in _wants(tables)}
    graph = {name: [need for need in needs if need in wants and need != name] for name, (_, needs) in wants.items()}
    for cycle in itertools.islice(_circles(graph), MOST_CIRCLES):
        path, needs = wants[cycle[0]]
        words = " -> ".join((*cycle, cycle[0]))
        findings.add((*path, needs.index(cycle[1])), f"these wait for each other: {words}", "remove one of these needs")


def _circles(graph: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """One circle for each way back that a walk through the graph meets; without recursion, for it may be long."""
    done: set[str] = set()
    for start in graph:
        trail: dict[str, None] = {}
        ahead = [iter((start,))]
        while ahead:
            name = next(ahead[-1], None)
            if name is None:
                ahead.pop()
                if trail:
                    done.add(trail.popitem()[0])
            elif name in trail:
                names = list(trail)
                yield names[names.index(name) :]
            elif name not in done:
                trail[name] = None
                ahead.append(iter(graph[name]))


def _ports(tables: Tables, findings: Findings) -> None:
    taken: dict[int, list[tuple[str, KeyPath]]] = {}
    for service in tables.services.values():
        table = service.table
        mine = [(table.port, (*service.path, "port"))] if table.port is not None else []
        mine += [(one.port, (*service.path, "ports", name)) for name, one in table.ports.items()]
        for port, path in mine:
            owners = taken.setdefault(port, [])
            other = next((owner for host, owner in owners if _meet(host, table.host)), None)
            if other is not None:
                findings.add(path, f"port {port} is also `{dotted(other)}`", "give one of them another port")
            owners.append((table.host, path))


def _meet(one: str, other: str) -> bool:
    return one == other or bool({one, other} & _ANYWHERE)


def _modes(tables: Tables, findings: Findings) -> None:
    default = tables.project.table.default_mode
    if default is not None and default not in tables.names["modes"]:
        cure = suggestion(default, tables.names["modes"], f"write it as `[modes.{plain(default)}]`")
        findings.add(("project", "default_mode"), f"there is no mode `{plain(default)}`", cure)
    for mode in tables.modes.values():
        for index, name in enumerate(mode.table.native or ()):
            if name not in tables.names["services"]:
                words = f"there is no service `{plain(name)}`"
                findings.add((*mode.path, "native", index), words, suggestion(name, tables.names["services"]))


def _front(service: Checked[ServiceTable], findings: Findings) -> None:
    for name, one in service.table.ports.items():
        if one.listen in {"front", "inherit"}:
            what = "behind the front" if one.listen == "front" else "a socket that it inherits"
            words = f"only the service's own `port` can be {what}"
            findings.add((*service.path, "ports", name, "listen"), words, 'write `listen = "own"`')


def _listening(service: Checked[ServiceTable], findings: Findings) -> None:
    table = service.table
    if "port" not in service.written:
        needed = {"port_env": table.port_env is not None, "listen": table.listen in {"inherit", "front"}}
        needed |= {key: any(PORT in word for word in getattr(table, key) or ()) for key in ("command", "args")}
        for key in [key for key, needs in needed.items() if needs]:
            findings.add((*service.path, key), "needs a port", "add `port = 8080` to the service, or leave this out")
    if table.launch == "beside" and table.listen == "own" and table.port is not None:
        words = "two instances cannot bind one port"
        findings.add((*service.path, "launch"), words, 'set `listen = "inherit"` or "front", or `launch = "replace"`')


def _health(service: Checked[ServiceTable], findings: Findings) -> None:
    health, path = service.table.health, (*service.path, "health")
    if health is None:
        return
    chosen = [probe for probe in _PROBES if getattr(health, probe) is not None]
    if len(chosen) > 1:
        findings.add(
            (*path, chosen[1]), f"{quoted(chosen[0])} already says how to ask", "keep one of " + ", ".join(chosen)
        )
    if chosen[:1] in (["http"], ["tcp"]) and "port" not in service.written:
        findings.add(
            (*path, chosen[0]), "needs a port", "add `port = 8080` to the service, or ask with `exec`, `log` or `alive`"
        )


def _artefact(service: Checked[ServiceTable], findings: Findings) -> None:
    table = service.table
    if table.build and ARTEFACT in (table.command or ()) and not any(ARTEFACT in word for word in table.build):
        cure = f"make it write to `{ARTEFACT}`, which `command` starts"
        findings.add((*service.path, "build"), "does not say where its result goes", cure)


def _wants(tables: Tables) -> Iterator[tuple[str, KeyPath, list[str]]]:
    """Every service and step with what it needs, steps under their `step:` name."""
    for name, service in tables.services.items():
        yield name, (*service.path, "needs"), service.table.needs
    for name, step in tables.steps.items():
        yield STEP + name, (*step.path, "needs"), step.table.needs
