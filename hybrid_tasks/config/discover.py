"""Finding the services of a project that has no configuration yet, for `inv dev-init`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hybrid_tasks.config.drafting import Draft, draft
from hybrid_tasks.config.ignored import candidates
from hybrid_tasks.config.installed import Detect, Installed, installed
from hybrid_tasks.config.locate import CONFIG, compose_files
from hybrid_tasks.config.procfile import NAMES, entries
from hybrid_tasks.config.programs import programs
from hybrid_tasks.config.reading import understand
from hybrid_tasks.config.reserved import TASKS
from hybrid_tasks.config.resolve import resolve
from hybrid_tasks.config.stacks import LIKELY
from hybrid_tasks.config.words import plain
from hybrid_tasks.errors import Mistakes
from hybrid_tasks.plugin.host import Host

FIRST_PORT = 8000
SURE = 75
"""The score of a stack that is enough for source alone; beside a manifest `LIKELY` is."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Args:
        services: the services, in the order of the file.
        evidence: one line for each thing that was seen, services or not.
        text: a commented `hybrid.toml` with these services, without mistakes unless there are none.
    """

    services: tuple[Draft, ...]
    evidence: tuple[str, ...]
    text: str


def discover(root: Path, host: Host, detect: Detect | None = None) -> Found:
    """Look for services and write a first configuration; nothing is written to disk.

    Args:
        root: the project's directory.
        host: the loaded plugins.
        detect: asks every stack about a directory (default: the host's stacks).

    Returns:
        what was found.
    """
    root = root.resolve()
    plugins = installed(host, detect)
    evidence: list[str] = []
    found: list[Draft] = []
    run: dict[Path, str] = {}
    for directory in candidates(root):
        listed = list(_procfile(root, directory, plugins, run, evidence))
        found += listed
        if directory in run:
            evidence.append(f"{_relative(root, directory)}: run by {run[directory]}")
        elif not listed and not any(one.command is not None and one.dir == _relative(root, directory) for one in found):
            found += _stacks(root, directory, plugins, found, evidence)
    services: list[Draft] = []
    for one in _named(found):
        reason = _refused(root, [one], plugins)
        if reason is None:
            services.append(_own_port(one, services))
        else:
            evidence.append(f"{one.dir}: left out, for {reason}")
    evidence += [
        f"{file.name}: this version runs no containers; the file is found by itself" for file in compose_files(root)
    ]
    services = _with_ports(services)
    return Found(tuple(services), tuple(evidence), draft(root.name, services))


def _procfile(
    root: Path, directory: Path, plugins: Installed, run: dict[Path, str], evidence: list[str]
) -> Iterator[Draft]:
    """The lines of the Procfile of a directory; `run` gets the directories whose programs they start."""
    file = next((directory / name for name in NAMES if (directory / name).is_file()), None)
    for entry in entries(file) if file else []:
        where = _relative(root, entry.directory)
        answers = plugins.detect(entry.directory, entry.argv)
        stack, options, needs_port = None, {}, False
        if answers and answers[0][1].score >= SURE and entry.argv[0] != "sh":
            stack, options, needs_port = answers[0][0], dict(answers[0][1].options), answers[0][1].needs_port
        said = f"{file.name if file else ''} `{plain(entry.name)}`"
        evidence.append(f"{where}: {said}" + (f", recognised by {stack}" if stack else ""))
        if entry.names is not None:
            run.setdefault(entry.names, said)
        yield Draft(entry.name, where, said, stack, entry.argv, options, entry.port, needs_port)


def _stacks(
    root: Path, directory: Path, plugins: Installed, found: Iterable[Draft], evidence: list[str]
) -> Iterator[Draft]:
    where = _relative(root, directory)
    manifests, sources = _markers(directory, plugins)
    if not manifests | sources:
        return
    answers = [(name, answer) for name, answer in plugins.detect(directory, None) if name in manifests | sources]
    if not answers:
        return
    stack, best = answers[0]
    if best.score < (LIKELY if stack in manifests else SURE):
        if stack in manifests:
            evidence.append(f"{where}: {plain(best.evidence)}: no service")
        elif best.score >= LIKELY:
            evidence.append(f"{where}: {plain(best.evidence)}: passed over, for nothing shows that it keeps running")
        return
    if stack not in manifests and any(one.stack == stack and _inside(where, one.dir) for one in found):
        return  # a package of a service that was found already
    rivals = [f"{name} ({plain(answer.evidence)})" for name, answer in answers[1:] if answer.score == best.score]
    said = f"{plain(best.evidence)}" + (f"; or is it {', '.join(rivals)}?" if rivals else "")
    one = Draft(directory.name, where, said, stack, None, dict(best.options), _exposed(directory), best.needs_port)
    several = programs(directory, stack)
    if several is None:
        evidence.append(f"{where}: holds others, which are looked at one by one")
        return
    evidence.append(f"{where}: {stack} ({plain(best.evidence)})")
    if len(several) < 2:  # noqa: PLR2004 - one program is what the stack finds by itself
        yield one
        return
    fields = getattr(plugins.stacks[stack].options, "model_fields", {})
    for program in several:
        evidence.append(f"{where}: {program.evidence}")
        options = {key: value for key, value in program.options.items() if key in fields}
        name = program.name if directory == root else f"{directory.name}-{program.name}"
        yield replace(one, name=name, evidence=program.evidence, options=options, port=None)


def _markers(directory: Path, plugins: Installed) -> tuple[set[str], set[str]]:
    """The stacks whose manifest is in a directory, and those of which it only has source files."""
    manifests, sources = set(), set()
    for name, stack in plugins.stacks.items():
        for marker in stack.markers:
            if "*" in marker:
                sources |= {name} if any(directory.glob(marker)) else set()
            elif (directory / marker).is_file():
                manifests.add(name)
    return manifests, sources


def _exposed(directory: Path) -> int | None:
    """The one port that the Dockerfile beside a service exposes."""
    file = directory / "Dockerfile"
    try:
        text = file.read_text("utf-8-sig", "replace") if file.is_file() else ""
    except OSError:
        return None
    ports = {int(port) for port in re.findall(r"(?im)^[ \t]*EXPOSE[ \t]+([0-9]{1,5})(?:/tcp)?[ \t]*$", text)}
    return ports.pop() if len(ports) == 1 else None


def _named(found: Iterable[Draft]) -> list[Draft]:
    """The drafts with names that are allowed and different."""
    taken = set(TASKS)
    named = []
    for one in found:
        name = re.sub(r"[^a-z0-9_.-]+", "-", one.name.lower()).strip("-._")[:50] or "service"
        if name in taken:
            parent = Path(one.dir).parent.name
            name = f"{parent.lower()}-{name}" if re.fullmatch(r"[A-Za-z0-9-]+", parent) else name
        number = 2
        while name in taken:
            name, number = f"{re.sub('-[0-9]+$', '', name)}-{number}", number + 1
        taken.add(name)
        named.append(replace(one, name=name))
    return named


def _own_port(one: Draft, others: Iterable[Draft]) -> Draft:
    return replace(one, port=None) if one.port in {other.port for other in others} else one


def _with_ports(services: Iterable[Draft]) -> list[Draft]:
    """Give a port of its own to each service that needs one and shows none.

    Who listens on this machine at the moment does not count: the file is for others and for later, too.
    """
    services = list(services)
    used = {one.port for one in services}
    free = (port for port in range(FIRST_PORT, 1 << 16) if port not in used)
    return [replace(one, port=next(free)) if one.needs_port and one.port is None else one for one in services]


def _refused(root: Path, services: list[Draft], plugins: Installed) -> str | None:
    """Why a configuration with these services would have mistakes, or None."""
    try:
        source = understand(root / CONFIG, draft(root.name, services))
        resolve(root, source, plugins, environ=_NOTHING)
    except Mistakes as mistakes:
        ours = [mistake.message for mistake in mistakes.mistakes if mistake.message.startswith(CONFIG)]
        return ours[0].split(" ", 1)[1] if ours else None
    return None


def _relative(root: Path, directory: Path) -> str:
    return directory.relative_to(root).as_posix()


def _inside(where: str, other: str) -> bool:
    return other in {".", where} or where.startswith(f"{other}/")


_NOTHING: Mapping[str, str] = {}
