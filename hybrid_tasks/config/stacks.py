"""Which stack and which runtime a service uses, and its options in the plugins' own models."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from hybrid_tasks.config import naming
from hybrid_tasks.config.findings import Findings
from hybrid_tasks.config.installed import NATIVE, Installed
from hybrid_tasks.config.nearest import closest, suggestion
from hybrid_tasks.config.positions import KeyPath
from hybrid_tasks.config.tables import ServiceTable
from hybrid_tasks.config.validating import Checked, validate_options
from hybrid_tasks.config.words import dotted, either, plain, quoted, shown
from hybrid_tasks.model.info import Detected, RuntimeInfo, StackInfo

_DECIDE = frozenset({"stack", "command", "dir", "runtime"})
"""The keys that decide the stack: where one is a mistake, nothing more is said about it."""
LIKELY = 30
"""The score with which a stack takes a directory for a service of its own, and not for what holds one."""

Answers = list[tuple[str, Detected]]


@dataclass(frozen=True, slots=True)
class Choice:
    """The stack of a service (None: a plain command), its options, those of its runtime, and what to tell about it.

    Args:
        warning: what to warn of.
        evidence: what the stack found where it was not named.
    """

    stack: str | None = None
    options: object = None
    runtime_options: object = None
    warning: str = ""
    evidence: str = ""


def choose(
    service: Checked[ServiceTable],
    directory: Path | None,
    options: Mapping[str, object],
    plugins: Installed,
    findings: Findings,
    *,
    others: Collection[Path | None] = (),
) -> Choice:
    """Find the stack of a service and look at its options.

    Args:
        service: its table.
        directory: its directory, or None when that is a mistake already.
        options: its plugins' tables as written.
        plugins: the installed ones.
        findings: where mistakes go.
        others: the directories of all services.

    Returns:
        the choice; what is wrong is noted and left out of it.
    """
    table, path = service.table, service.path
    _check_runtime(service, plugins, findings)
    answers: Answers = []
    clear = directory is not None and not service.wrong & _DECIDE
    if directory is not None and clear and not _commanded(service):
        answers = plugins.detect(directory, tuple(table.command) if table.command else None)
    if clear or table.stack is not None:
        stack, warning = _stack(service, answers, plugins, findings)
    else:
        return Choice()
    if stack is not None or _commanded(service):
        _check_unused(options.keys() - {stack, table.runtime}, stack, path, findings)
    found = next((answer for name, answer in answers if name == stack), None)
    told = bool(service.written & {"dir", "stack"}) or stack in options
    if found is not None and found.score < LIKELY and not told and _has_below(directory, others):
        words = f"has no `dir`, and {stack} finds no service right in the project's directory: {plain(found.evidence)}"
        findings.add(path, words, 'set `dir` to its directory, `command = ["program", "argument"]`, or `stack`')
    return Choice(
        stack=stack,
        options=_options(plugins.stacks.get(stack or ""), options, found.options if found else {}, path, findings),
        runtime_options=_options(plugins.runtimes.get(table.runtime), options, {}, path, findings),
        warning=warning,
        evidence=plain(found.evidence) if found is not None and table.stack is None else "",
    )


def _commanded(service: Checked[ServiceTable]) -> bool:
    """Whether a command of the user's own is all there is to know."""
    return service.table.command is not None and "stack" not in service.written


def _stack(
    service: Checked[ServiceTable], answers: Answers, plugins: Installed, findings: Findings
) -> tuple[str | None, str]:
    table, path = service.table, service.path
    if table.stack is not None:
        if table.stack in plugins.stacks or table.stack in plugins.silent:
            return table.stack, ""
        cure = _cure("stack", table.stack, plugins.stacks)
        findings.add((*path, "stack"), f"there is no stack {quoted(table.stack)}", cure)
        return None, ""
    if _commanded(service) or table.runtime != NATIVE:
        return (answers[0][0] if answers else None), ""
    best = [(name, answer) for name, answer in answers if answer.score == answers[0][1].score]
    if len(best) == 1:
        return best[0][0], ""
    if best:
        evidence = ", ".join(f"`{name}` ({plain(answer.evidence)})" for name, answer in best)
        words = f"{len(best)} stacks recognise `{plain(table.dir)}` equally: {evidence}"
        findings.add(path, words, f"set `stack` to {either(tuple(name for name, _ in best))}")
        return None, ""
    return _unrecognised(service, plugins, findings)


def _unrecognised(service: Checked[ServiceTable], plugins: Installed, findings: Findings) -> tuple[str | None, str]:
    where = plain(service.table.dir)
    if plugins.lost is not None:
        plugin = plugins.silent[plugins.lost]
        return (
            plugins.lost,
            f"no stack recognises `{where}`; it may need {plugin.title}, which is not used: {plugin.trouble}",
        )
    known = f"set `stack` to {either(tuple(plugins.stacks))}, or " if plugins.stacks else ""
    cure = f'correct `dir`, {known}set `command = ["program", "argument"]`'
    findings.add(service.path, f"no installed stack recognises `{where}`", cure)
    return None, ""


def _has_below(directory: Path | None, others: Collection[Path | None]) -> bool:
    return any(other is not None and directory in other.parents for other in others)


def _check_runtime(service: Checked[ServiceTable], plugins: Installed, findings: Findings) -> None:
    runtime = service.table.runtime
    if runtime in plugins.runtimes or runtime in plugins.silent or "runtime" in service.wrong:
        return
    cure = _cure("runtime", runtime, plugins.runtimes)
    findings.add((*service.path, "runtime"), f"there is no runtime {quoted(runtime)}", cure)


def _check_unused(unused: Iterable[str], stack: str | None, path: KeyPath, findings: Findings) -> None:
    said = f"the service's stack is `{stack}`" if stack else "the service is a plain command"
    for name in unused:
        findings.add(
            (*path, name), f"{said}, so this table is never read", f"remove it, or set `stack = {quoted(name)}`"
        )


def _cure(kind: str, name: str, known: Iterable[str]) -> str:
    """What is installed, the closest first, and how another would come."""
    names = list(known)
    told = suggestion(name, names, "none is installed")
    if closest(name, names) is not None or not naming.SERVICE.fullmatch(name):
        return told
    return f"{told}; others come with a plugin, such as `pip install hybrid-{kind}-{name}`"


def _options(
    info: StackInfo | RuntimeInfo | None,
    options: Mapping[str, object],
    detected: Mapping[str, object],
    path: KeyPath,
    findings: Findings,
) -> object:
    model = info.options if info is not None else None
    if info is None or model is None or not issubclass(model, BaseModel):
        return None
    written = options.get(info.name, {})
    if not isinstance(written, dict):
        cure = f"write it as `[{dotted((*path, info.name))}]`"
        findings.add((*path, info.name), f"expected a table, got {shown(written)}", cure)
        return None
    return validate_options(model, written, detected, (*path, info.name), findings)
