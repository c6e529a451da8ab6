"""From the files of a project to a `model.Project`, or to every mistake in them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from hybrid_tasks.config import checks
from hybrid_tasks.config.assembling import assemble
from hybrid_tasks.config.findings import Findings
from hybrid_tasks.config.installed import Detect, Installed, installed
from hybrid_tasks.config.locate import CONFIG, PYPROJECT, compose_files, config_files
from hybrid_tasks.config.nearest import suggestion
from hybrid_tasks.config.parsing import Tables, parse
from hybrid_tasks.config.reading import Source, read
from hybrid_tasks.config.reserved import TASKS
from hybrid_tasks.config.stacks import choose
from hybrid_tasks.config.surroundings import look_around
from hybrid_tasks.config.words import plain, printable
from hybrid_tasks.errors import Mistakes, WrongInput
from hybrid_tasks.model.project import Project
from hybrid_tasks.plugin.host import Host

_INIT = "run `inv dev-init` to write hybrid.toml from what is there"


def load(
    root: Path,
    host: Host,
    *,
    environ: Mapping[str, str],
    mode: str | None = None,
    source: Source | None = None,
    tasks: Iterable[str] = TASKS,
    detect: Detect | None = None,
) -> Project:
    """Read and check the configuration of a project; nothing is started or written.

    Args:
        root: the project's directory.
        host: the loaded plugins.
        source: its file, when that was read just now.
        environ: the client's environment, for `${…}` in env files and the hot reload switches.
        mode: the mode to use; the project's default when None.
        tasks: names of tasks, which no service may have.
        detect: asks every stack about a directory (default: the host's stacks).

    Returns:
        the project, with every path absolute.

    Raises:
        Mistakes: everything that is wrong, each with its place and its cure.
    """
    source = source or configuration(root)
    return resolve(root.resolve(), source, installed(host, detect), environ=environ, mode=mode, tasks=tasks)


def resolve(
    root: Path,
    source: Source,
    plugins: Installed,
    *,
    environ: Mapping[str, str],
    mode: str | None = None,
    tasks: Iterable[str] = TASKS,
) -> Project:
    """Check a configuration that was read and make a project of it.

    Args:
        root: the project's real directory.
        source: its file.
        plugins: the installed ones.
        environ: see `load`.
        mode: see `load`.
        tasks: see `load`.

    Returns:
        the project.

    Raises:
        Mistakes: everything that is wrong.
    """
    findings = Findings(source)
    tables = parse(source.data, plugins, findings)
    if findings.enough:
        findings.raise_any()
    checks.check(tables, tasks, findings)
    _check_content(root, source, tables, findings)
    used = _mode(mode, tables, source, findings)
    around = look_around(root, tables, environ, used, findings)
    directories = {one.directory for one in around.services.values()}
    choices = {
        name: choose(
            service,
            around.services[name].directory,
            tables.options.get(name, {}),
            plugins,
            findings,
            others=directories,
        )
        for name, service in tables.services.items()
    }
    findings.raise_any()
    return assemble(root, source, tables, around, choices, mode=used, plugins=plugins)


def configuration(root: Path) -> Source:
    """Read the configuration of a project, as far as that goes without knowing what it may say.

    Args:
        root: the project's directory.

    Raises:
        Mistakes: there is none, or it cannot be read.
    """
    return read(_only_config(root.resolve()))


def preferences(source: Source) -> dict[str, str]:
    """Give `[plugins] prefer` before any plugin is loaded; mistakes in it are for `load` to tell.

    Args:
        source: the project's configuration.

    Returns:
        for each name that several plugins claim, the distribution that has it.
    """
    plugins = source.data.get("plugins")
    prefer = plugins.get("prefer") if isinstance(plugins, dict) else None
    if not isinstance(prefer, dict):
        return {}
    return {name: value for name, value in prefer.items() if isinstance(value, str)}


def _only_config(root: Path) -> Path:
    files = config_files(root)
    if len(files) == 1:
        return files[0]
    if files:
        words = f"{CONFIG}:1 is not the only configuration: {PYPROJECT} has a `[tool.hybrid]` too"
        raise Mistakes([WrongInput(words, "keep one of the two")])
    compose = compose_files(root)
    if compose:
        words = f"{CONFIG}:1 does not exist, and this version runs native services, not those of {compose[0].name}"
        raise Mistakes([WrongInput(words, _INIT)])
    raise Mistakes([WrongInput(f"{CONFIG}:1 does not exist in {printable(str(root))}", _INIT)])


def _mode(mode: str | None, tables: Tables, source: Source, findings: Findings) -> str | None:
    if mode is None:
        default = tables.project.table.default_mode
        return default if default in tables.modes else None
    if mode in tables.modes:
        return mode
    if mode not in tables.names["modes"]:
        cure = suggestion(mode, tables.modes) or f"write it as `[modes.{plain(mode)}]` in {source.file.name}"
        findings.add_elsewhere(WrongInput(f"{source.file.name}:1 has no mode `{plain(mode)}`", printable(cure)))
    return None


def _check_content(root: Path, source: Source, tables: Tables, findings: Findings) -> None:
    if tables.names["services"] or not isinstance(source.data.get("services", {}), dict):
        return
    cure = 'write `[services.NAME]` with `dir = "…"`, or move this file away and run `inv dev-init`'
    compose = tables.project.table.compose or compose_files(root)
    more = " of its own; this version runs native services, not those of compose files" if compose else ""
    findings.add((), f"has no services{more}", cure)
