"""`inv dev-logs` from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from logwriter import EPOCH, JobWriter

from hybrid_tasks.control.paths import state_dir
from hybrid_tasks.journal.receipts import Receipts
from hybrid_tasks.model.receipt import Receipt, Result, Stage


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "tasks.py").write_text("from hybrid_tasks import tasks\n\nns = tasks()\n")
    (root / "hybrid.toml").write_text('[services.api]\ncommand = ["true"]\n[services.later]\ncommand = ["true"]\n')
    logs = root / ".hybrid" / "logs"
    JobWriter(logs, "api", started=EPOCH, step=1.0).write(b"\x1b[31mINFO one\x1b[0m\n").write("ERROR two\n").end()
    JobWriter(logs, "web", started=EPOCH + 10).write("three\n").end()
    return root


def environment(project: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(project.parent), "TERM": "xterm"}


def inv(project: Path, *words: str, **more: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "dev-logs", *words],
        cwd=project,
        env={**environment(project), **more},
        capture_output=True,
        timeout=60,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_all_services_in_one_stream(project: Path) -> None:
    assert inv(project) == (0, "api | INFO one\napi | ERROR two\nweb | three\n", "")


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (["api"], "api | INFO one\napi | ERROR two\n"),
        (["web", "api", "--tail", "1"], "api | ERROR two\nweb | three\n"),
        (["--level", "error"], "api | ERROR two\n"),
        (["--grep", "ONE|three", "--ignore-case"], "api | INFO one\nweb | three\n"),
        (["--since", "2025-10-09T08:53:25Z"], "web | three\n"),
        (["api", "--raw"], "\x1b[31mINFO one\x1b[0m\nERROR two\n"),
        (["later"], ""),
    ],
)
def test_flags(project: Path, words: list[str], out: str) -> None:
    code, told, _ = inv(project, *words)
    assert (code, told) == (0, out)


def test_json(project: Path) -> None:
    lines = [json.loads(line) for line in inv(project, "web", "--json")[1].splitlines()]
    assert [(line["service"], line["stream"], line["time"], line["text"]) for line in lines] == [
        ("web", "stdout", EPOCH + 10, "three")
    ]


def test_colours_where_they_are_wanted(project: Path) -> None:
    assert "\x1b" not in inv(project)[1]
    assert "\x1b[31mINFO one\x1b[0m" in inv(project, FORCE_COLOR="1")[1]


def test_mistakes_are_told_together_and_nothing_is_shown(project: Path) -> None:
    code, out, err = inv(project, "--since", "x", "--tail", "y", "--level", "z", "--grep", "(")
    assert (code, out) == (2, "")
    assert err.count("error: ") == err.count(" hint: ") == 4


def test_an_unknown_service_is_told_with_the_closest_one(project: Path) -> None:
    assert inv(project, "latr") == (2, "", "error: there is no service `latr`\n hint: did you mean `later`?\n")


def test_the_time_of_a_receipt(project: Path) -> None:
    folder = state_dir(project, environment(project))
    folder.mkdir(parents=True)
    swap = Receipt("01k", "api", "save", Result.LIVE, "replace", "f", EPOCH + 1, stages=(Stage("build", 10, ok=True),))
    Receipts(folder / "receipts.jsonl").add(swap)
    assert inv(project, "--at", "01k")[:2] == (0, "api | ERROR two\n")
    assert inv(project, "--at", "zzz")[0] == 2
    assert inv(project, "--at", "01k", "-f")[0] == 2
