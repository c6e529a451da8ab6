"""The completion scripts in the shells they are for."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from desk import INV, Desk, at_a_desk

from hybrid_tasks.cli import completion

CONFIG = """\
[project]
name = "shop"
[modes.hybrid]
[modes.prod]
[services.web]
[services.web.python]
[services.worker]
  [ services . "llm-api" ]
[steps.migrate]
[steps.seed]
#[services.commented]
"""
OWN = "from invoke import task\nfrom hybrid_tasks import tasks\n\nns = tasks()\n\n@task(aliases=['x'])\ndef build_all(c):\n    pass\n\ndef helper():\n    pass\n"


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with at_a_desk() as made:
        (made.root / "hybrid.toml").write_text(CONFIG)
        (made.root / "tasks.py").write_text(OWN)
        made.environ["PATH"] = f"{INV.parent}:{made.environ['PATH']}"
        for shell in completion.SHELLS:
            done = made.run("dev-completion", shell)
            assert (done.returncode, done.stderr) == (0, "")
            (made.root.parent / f"inv.{shell}").write_text(done.stdout)
        yield made


CASES = [
    ("inv dev-st", ["dev-start", "dev-status", "dev-step", "dev-stop"]),
    ("inv build", ["build-all"]),
    ("inv dev-mi", ["dev-migrate"]),
    ("inv dev-start w", ["web", "worker"]),
    ("inv dev-start ", ["llm-api", "web", "worker"]),
    ("inv dev-start web ", ["llm-api", "worker"]),
    ("inv dev-start --build web wo", ["worker"]),
    ("inv dev-start --mode ", ["hybrid", "prod"]),
    ("inv dev-start --mode hybrid w", ["web", "worker"]),
    ("inv dev-start --mo", ["--mode"]),
    ("inv dev-logs web --ti", ["--timestamps"]),
    ("inv dev-env l", ["llm-api"]),
    ("inv dev-env --format ", ["dotenv", "json", "shell"]),
    ("inv dev-env web dev-sto", ["dev-stop"]),
    ("inv dev-logs --level ", ["debug", "error", "info", "warning"]),
    ("inv dev-logs web --level w", ["warning"]),
    ("inv dev-debug wo", ["worker"]),
    ("inv dev-step ", ["migrate", "seed"]),
    ("inv dev-completion ", ["bash", "fish", "zsh"]),
    ("inv dev-stop dev-start l", ["llm-api"]),
    ("inv dev-start web dev-sto", ["dev-stop"]),
    ("inv dev-status dev-sto", ["dev-stop"]),
    ("inv --lis", ["--list", "--list-depth", "--list-format"]),
    ("inv dev-start --service w", ["web", "worker"]),
]


def candidates(desk: Desk, line: str, cwd: Path | None = None, awk: str = "awk", **env: str) -> list[str]:
    """What bash would offer at the end of a line."""
    script = """
        source "$1"
        COMP_WORDS=($2); [[ $2 == *' ' ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$2; COMP_POINT=${#2}
        _hybrid_inv
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "-c", script, "bash", str(desk.root.parent / "inv.bash"), line],
        cwd=cwd or desk.root,
        env={**desk.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return sorted(filter(None, done.stdout.split("\n")))


@pytest.mark.needs("bash")
@pytest.mark.parametrize(("line", "expected"), CASES)
def test_bash_offers_tasks_flags_and_names(desk: Desk, line: str, expected: list[str]) -> None:
    assert candidates(desk, line) == expected


@pytest.mark.needs("bash")
@pytest.mark.parametrize("awk", ["mawk", "gawk", "busybox"])
def test_any_awk_will_do(desk: Desk, awk: str, tmp_path: Path) -> None:
    if shutil.which(awk) is None:
        pytest.skip(f"needs {awk}")
    (tmp_path / "awk").write_text(f'#!/bin/sh\nexec {shutil.which(awk)} {"awk" if awk == "busybox" else ""} "$@"\n')
    (tmp_path / "awk").chmod(0o755)
    for line, expected in CASES:
        assert candidates(desk, line, PATH=f"{tmp_path}:{os.environ['PATH']}") == expected


@pytest.mark.needs("bash")
def test_no_python_runs_at_a_tab(desk: Desk, tmp_path: Path) -> None:
    for name in ("python", "python3", "inv"):
        (tmp_path / name).write_text("#!/bin/sh\necho started >> $HOME/started\n")
        (tmp_path / name).chmod(0o755)
    assert candidates(desk, "inv dev-start ", PATH=f"{tmp_path}:{os.environ['PATH']}") == ["llm-api", "web", "worker"]
    assert not (Path(desk.environ["HOME"]) / "started").exists()


@pytest.mark.needs("bash")
def test_a_command_of_the_users_own_is_completed_with_files(desk: Desk) -> None:
    for line in ("inv dev-debug web ls ", "inv dev-debug web ", "inv dev-test web -- ", "inv dev-start --timeout "):
        assert candidates(desk, line) == [], "nothing of ours: bash falls back to files"


@pytest.mark.needs("bash")
def test_names_are_found_from_a_folder_below_and_in_pyproject(desk: Desk) -> None:
    below = desk.root / "services" / "web"
    below.mkdir(parents=True)
    assert candidates(desk, "inv dev-start ", below, PWD=str(below)) == ["llm-api", "web", "worker"]
    other = desk.root / "other"
    other.mkdir()
    (other / "pyproject.toml").write_text("[project]\n[tool.hybrid]\n[tool.hybrid.services.one]\n[services.no]\n")
    assert candidates(desk, "inv dev-start ", other, PWD=str(other)) == ["one"]


@pytest.mark.needs("bash")
def test_without_a_project_invoke_completes_as_ever(desk: Desk) -> None:
    elsewhere = desk.root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "tasks.py").write_text("from invoke import task\n@task\ndef greet(c):\n    pass\n")
    assert candidates(desk, "inv gr", elsewhere, PWD=str(elsewhere)) == ["greet"]


@pytest.mark.needs("bash")
def test_bash_completes_at_a_real_tab(desk: Desk) -> None:
    child = pexpect.spawn(
        "bash", ["--norc", "-i"], cwd=str(desk.root), env={**desk.environ, "PS1": "$ "}, encoding="utf-8", timeout=60
    )
    try:
        child.sendline(f"source {desk.root.parent}/inv.bash; echo sour''ced")
        child.expect_exact("sourced")
        child.send("inv dev-start wo\t")
        child.expect_exact("worker")
        child.send("dev-stat\t")
        child.expect_exact("dev-status")
    finally:
        child.close(force=True)


ZSH = """
autoload -Uz compinit && compinit -u -d $HOME/.zcompdump
source $1
zmodload zsh/zpty
compadd() { shift; print -l -- "OFFER:${^@}" }
words=(${(z)2}); [[ $2 == *' ' ]] && words+=("")
CURRENT=$#words
_hybrid_inv
print -r -- "MATCHES ${(j: :)_comps[(I)inv]}"
"""


@pytest.mark.needs("zsh")
@pytest.mark.parametrize(("line", "expected"), CASES)
def test_zsh_offers_the_same(desk: Desk, line: str, expected: list[str]) -> None:
    done = subprocess.run(
        ["zsh", "-f", "-c", ZSH, "zsh", str(desk.root.parent / "inv.zsh"), line],
        cwd=desk.root,
        env=desk.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert sorted(word.removeprefix("OFFER:") for word in done.stdout.split() if word.startswith("OFFER:")) == expected
    assert "MATCHES inv" in done.stdout


@pytest.mark.needs("zsh")
def test_zsh_completes_at_a_real_tab(desk: Desk) -> None:
    child = pexpect.spawn("zsh", ["-f", "-i"], cwd=str(desk.root), env=desk.environ, encoding="utf-8", timeout=60)
    try:
        child.sendline("autoload -Uz compinit && compinit -u -d $HOME/.zcompdump2")
        child.sendline(f"source {desk.root.parent}/inv.zsh; echo sour''ced")
        child.expect_exact("sourced")
        child.send("inv dev-start wo\t")
        child.expect("worker")
    finally:
        child.close(force=True)


@pytest.mark.needs("fish")
@pytest.mark.parametrize(("line", "expected"), CASES)
def test_fish_offers_the_same(desk: Desk, line: str, expected: list[str]) -> None:
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source {desk.root.parent}/inv.fish; complete -C '{line}'"],
        cwd=desk.root,
        env=desk.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert sorted(offer.partition("\t")[0] for offer in done.stdout.splitlines()) == expected


@pytest.mark.needs("fish")
def test_fish_completes_files_for_a_command_of_the_users_own(desk: Desk) -> None:
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source {desk.root.parent}/inv.fish; complete -C 'inv dev-debug web cat hyb'"],
        cwd=desk.root,
        env=desk.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == ["hybrid.toml"]


def test_the_shell_is_found_out_when_none_is_named(desk: Desk) -> None:
    done = desk.run("dev-completion", env={"SHELL": "/usr/local/bin/zsh"})
    assert done.stdout.startswith("#compdef inv invoke")


def test_a_program_in_single_quotes_holds_none() -> None:
    assert "'" not in completion.script("bash", ["--list"], {}).partition("_hybrid_program='")[2].partition("'\n")[0]
    assert "\\\\" not in completion.script("fish", ["--list"], {})
