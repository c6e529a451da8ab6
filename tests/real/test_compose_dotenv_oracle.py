"""Our reading of `.env` files against the real `docker compose config` (no engine needed).

`HYBRID_COMPOSE_BIN` names a compose binary; else `docker-compose` or the plugin of `docker` is used.
`HYBRID_FREEZE=1` writes the answers to `tests/golden/dotenv.json` instead of comparing with it.
"""

from __future__ import annotations

import base64
import functools
import json
import os
import random
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
import tooling
from dotenv_table import CASES, GOLDEN, SHELL, Case, golden

from hybrid_tasks.env.files import examine
from hybrid_tasks.env.layers import resolve
from hybrid_tasks.model.project import Project
from hybrid_tasks.model.service import Service

COMPOSE = "services:\n  s:\n    image: x\n    env_file: [case.env]\n"


@functools.cache
def compose() -> tuple[str, ...] | None:
    """The command that is Compose 2, or None."""
    alone, docker = tooling.compose(), shutil.which("docker")
    for words in [*([(alone,)] if alone else []), *([(docker, "compose")] if docker else [])]:
        answer = subprocess.run([*words, "version", "--short"], capture_output=True, text=True, timeout=60)
        if answer.returncode == 0 and answer.stdout.strip().lstrip("v").split(".")[0].isdigit():
            version = tuple(int(part) for part in answer.stdout.strip().lstrip("v").split(".")[:2])
            if version >= (2, 24):
                return words
    return None


def config(folder: Path, shell: Mapping[str, str], *options: str) -> dict[str, str] | str:
    """The environment of the service `s` of a folder's compose file, or the words of Compose's error."""
    words = compose()
    assert words is not None, "HYBRID_REQUIRE asks for docker compose 2.24+"
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ and len(words) > 1}
    answer = subprocess.run(
        [*words, "--project-name", "p", "-f", "compose.yml", *options, "config", "--format", "json"],
        cwd=folder,
        env={**kept, **shell},
        capture_output=True,
        text=True,
        timeout=60,
    )
    if answer.returncode != 0:
        return answer.stderr.strip().splitlines()[-1].replace(f"{folder}/", "")
    values = json.loads(answer.stdout)["services"]["s"].get("environment") or {}
    return {name: value.replace("$$", "$") for name, value in values.items() if value is not None}


def ask(case: Case, folder: Path) -> dict[str, str] | str:
    """Compose's values for a file, or the words of its error."""
    (folder / "compose.yml").write_text(COMPOSE)
    (folder / "case.env").write_bytes(case.data)
    return config(folder, case.shell)


def read_ours(file: Path, shell: Mapping[str, str]) -> dict[str, str] | None:
    reading = examine(file, shell)
    return None if reading.mistakes else {variable.name: variable.value for variable in reading.variables}


def frozen(case: Case, answer: dict[str, str] | str) -> dict[str, object]:
    file = {"bytes": base64.b64encode(case.data).decode()} if isinstance(case.text, bytes) else {"file": case.text}
    return {**file, "shell": dict(case.shell), **({"error": answer} if isinstance(answer, str) else {"values": answer})}


REQUIRED = "compose" in os.environ.get("HYBRID_REQUIRE", "").split(",")
pytestmark = [
    pytest.mark.needs("compose"),
    pytest.mark.skipif(compose() is None and not REQUIRED, reason="no docker compose 2.24+: set HYBRID_COMPOSE_BIN"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_compose_reads_what_we_read(case: Case, tmp_path: Path) -> None:
    answer = ask(case, tmp_path)
    if os.environ.get("HYBRID_FREEZE"):
        table = golden() if GOLDEN.exists() else {}
        table[case.name] = frozen(case, answer)
        known = {case.name: table[case.name] for case in CASES if case.name in table}
        GOLDEN.write_text(json.dumps(known, indent=1, ensure_ascii=True) + "\n", "utf-8")
    assert golden()[case.name] == frozen(case, answer), "the frozen table is out of date: run with HYBRID_FREEZE=1"
    ours = read_ours(tmp_path / "case.env", case.shell)
    if case.stricter:
        assert ours != answer
    elif isinstance(answer, str):
        assert ours is None
    else:
        assert ours == answer


def test_the_files_of_a_service_see_those_of_the_project(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("P=project\nQ=${P}-${S}\nS=project\n")
    (tmp_path / "one.env").write_text("P=one\nO=one\nA=${P}-${Q}-${O}-${S}\nQ\n")
    (tmp_path / "two.env").write_text("O=two\nB=${O}-${A}\nNOPE\n")
    (tmp_path / "compose.yml").write_text(COMPOSE.replace("case.env", "one.env, two.env"))
    shell = {"S": "shell"}
    project = Project("p", tmp_path, None, MappingProxyType({}), env=(tmp_path / ".env",))
    ours = resolve(project, Service("s", tmp_path, env_file=(tmp_path / "one.env", tmp_path / "two.env")), shell)
    answer = config(tmp_path, shell)
    assert isinstance(answer, dict)
    assert set(answer) == {"P", "O", "A", "Q", "B"}
    assert {name: ours.values()[name] for name in answer} == answer


def test_the_files_of_a_project_see_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text("X=a\nZ=za\nV=va\n")
    (tmp_path / "b.env").write_text("X=b\nY=${X}\nW=${Z}\nV\nZ=zb\nU=$Z\n")
    (tmp_path / "compose.yml").write_text("services:\n  s:\n    image: x\n    environment: [X, Y, W, V, Z, U]\n")
    project = Project("p", tmp_path, None, MappingProxyType({}), env=(tmp_path / "a.env", tmp_path / "b.env"))
    ours = resolve(project, Service("s", tmp_path), {}).values()
    answer = config(tmp_path, {}, "--env-file", "a.env", "--env-file", "b.env")
    assert answer == {name: value for name, value in ours.items() if name != "PYTHONUNBUFFERED"}


PIECES = [
    *"ABX==  \n\n\"'\\$}}#:-+?\t\r1é\u2003\xa0[/.,`",
    *("${X}", "${X:-", "${EMPTY:-", "${Y-", "${X:+", "${EMPTY+", "${X:?m}", "${X?", "$$", " #", "\r\n", "export "),
    *("\\n", "\\$", '\\"', "\\'", "\\\\", "\\0101", "$X", "\nA=", '\nB="', "\nC='", "\nX=", '"\n', "'\n"),
]


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_soak_random_files_are_read_as_compose_reads_them(tmp_path: Path) -> None:
    seed = int(os.environ.get("HYBRID_SEED", str(random.randrange(10**6))))
    print(f"HYBRID_SEED={seed}")
    chance = random.Random(seed)
    accepted = 0
    for _ in range(1000):
        text = "A=" + "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 14))) + "\n"
        answer = ask(Case("", text), tmp_path)
        ours = read_ours(tmp_path / "case.env", SHELL)
        if isinstance(answer, str):
            assert ours is None, text
        elif ours is None:  # stricter only about names that are none
            assert any(not name or set(name) & set("\t\v\f\r\x85\xa0 ") for name in answer) or "\t" in text, text
        else:
            accepted += 1
            assert ours == answer, text
    assert accepted > 100
