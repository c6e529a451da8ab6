"""The repository's `hybrid.toml` is the reference: it has every key of the schema, none beyond, and each can be set."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from hybrid_tasks.config.findings import Findings
from hybrid_tasks.config.installed import installed
from hybrid_tasks.config.parsing import parse
from hybrid_tasks.config.reading import read
from hybrid_tasks.config.reference import ANY, keys
from hybrid_tasks.config.resolve import load
from hybrid_tasks.config.schema import json_schema
from hybrid_tasks.plugin.host import Host

FILE = Path(__file__).parents[2] / "hybrid.toml"
LINE = re.compile(r"(?P<off>#?)(?:(?P<table>\[[^\[\]]+\])|(?P<key>[A-Za-z_]\w*) = (?P<value>[^ ].*))$")
PROBES = {"http", "tcp", "exec", "log", "alive"}
EXCLUSIVE = {"app", "script", "module"}


@dataclass(frozen=True)
class Written:
    """A key or a table of the file: where, whether it is commented out, and the table it is in."""

    path: tuple[str, ...]
    line: str
    off: bool
    table: str
    table_off: bool


def written() -> list[Written]:
    found, table, table_off = [], "", False
    for raw in FILE.read_text().split("\n"):
        match = LINE.match(raw.split("  #")[0].rstrip())
        if match is None:
            assert raw == "" or raw.startswith("# ") or raw == "#", f"neither key nor comment: {raw}"
            continue
        off = match["off"] == "#"
        if match["table"]:
            table, table_off = match["table"], off
            found.append(Written(tuple(table.strip("[]").split(".")), table, off, table, off))
        else:
            name = tuple(table.strip("[]").split("."))
            found.append(Written((*name, match["key"]), raw.removeprefix("#"), off, table, table_off))
    return found


@pytest.fixture(scope="module")
def host():
    return Host.load(None, environ={})


@pytest.fixture(scope="module")
def known(host):
    return {key.path: key for key in keys(json_schema(host))}


def fits(path, pattern):
    return len(path) == len(pattern) and all(p in {ANY, w} for w, p in zip(path, pattern, strict=True))


def test_every_key_of_the_schema_is_there(known):
    paths = [one.path for one in written()]
    missing = [".".join(key) for key in known if not any(fits(path[: len(key)], key) for path in paths)]
    assert missing == []


def test_none_is_there_that_the_schema_does_not_have(known):
    free = {
        ("services", ANY, "env", ANY),
        ("services", ANY, "ports", ANY),
        ("services", ANY),
        ("modes", ANY),
        ("steps", ANY),
    }
    unknown = [one.path for one in written() if not any(fits(one.path, pattern) for pattern in {*known, *free})]
    assert unknown == []


def test_every_key_has_one_line_that_explains_it(known):
    said = [key for key, one in known.items() if one.description]
    assert said == list(known)


OFF = [one for one in written() if one.off and "=" in one.line]


@pytest.mark.parametrize("one", OFF, ids=[".".join(one.path) for one in OFF])
def test_a_key_can_be_uncommented(one, host, tmp_path):
    text = FILE.read_text()
    if one.table_off:
        text += f"\n{one.table}\n{one.line}\n"
        if (
            one.path[:1] == ("services",)
            and one.path[2:3] == ("ports",)
            and one.path[-1] != "port"
            and len(one.path) == 5
        ):
            text += "port = 1\n"
        if one.path[:1] == ("steps",) and one.path[-1] != "run":
            text += 'run = "x"\n'
    else:
        text = text.replace(f"#{one.line}", one.line, 1)
    (tmp_path / "hybrid.toml").write_text(text)
    source = read(tmp_path / "hybrid.toml")
    findings = Findings(source)
    tables = parse(source.data, installed(host), findings)
    findings.raise_any()
    value = source.data
    for part in one.path:
        value = value[part]
    assert value is not None
    assert tables.services.keys() >= {"web", "api", "stock"}


def test_all_of_it_can_be_uncommented_at_once():
    text = "\n".join(
        line.removeprefix("#") if re.match(r"#[\[A-Za-z_]", line) else line for line in FILE.read_text().split("\n")
    )
    data = tomllib.loads(text)
    assert set(data) == {"project", "services", "modes", "steps", "gateway", "cluster", "plugins"}
    assert set(data["services"]["example"]["health"]) >= PROBES
    assert set(data["services"]["example"]["python"]) >= EXCLUSIVE


def test_it_is_a_project_without_mistakes(host, tmp_path):
    """With directories of the right shape; the sample's own sources are tested with the sample."""
    text = FILE.read_text()
    (tmp_path / "hybrid.toml").write_text(text)
    shapes = {
        "web/main.py": "from starlette.applications import Starlette\n\napp = Starlette()\n",
        "web/requirements.txt": "starlette\nuvicorn\n",
        "api/go.mod": "module api\n\ngo 1.21\n",
        "api/main.go": "package main\n\nfunc main() {}\n",
        "stock/Cargo.toml": '[package]\nname = "stock"\nversion = "0.1.0"\nedition = "2021"\n',
        "stock/src/main.rs": "fn main() {}\n",
    }
    for name, content in shapes.items():
        file = tmp_path / "examples/shop" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    project = load(tmp_path, host, environ={})
    assert {name: service.stack for name, service in project.services.items()} == {
        "web": "python",
        "api": "go",
        "stock": "rust",
    }
    assert [service.port for service in project.services.values()] == [8000, 8001, 8002]
    assert [service.optional for service in project.services.values()] == [False, True, True]
    assert project.services["web"].needs == ("api", "stock")
