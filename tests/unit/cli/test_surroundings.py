"""Odd surroundings: no output, no reader, no colours, no letters, no folder."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import INV, Desk, at_a_desk
from fakes import canned, refusing

from hybrid_tasks.errors import WrongInput
from hybrid_tasks.model.events import Event

STATUS = {
    "schema": 1,
    "project": "shop",
    "services": [{"name": f"größe-{n}", "word": "running", "healthy": True, "since": 1.0} for n in range(3)],
}
NOISE = ("Traceback", "Exception ignored", "BrokenPipe", "Warning")


@pytest.fixture
def desk() -> Iterator[Desk]:
    with at_a_desk() as made:
        yield made


def shell(desk: Desk, script: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["bash", "-c", script, "bash", str(INV)],
        cwd=desk.root,
        env={**desk.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "words", ["--list", "--help dev-start", "dev-status", "dev-status --json", "dev-completion bash"]
)
def test_l7_a_reader_that_goes_away_is_no_reason_to_complain(desk: Desk, words: str) -> None:
    with desk.supervised({"status": canned(STATUS)}):
        done = shell(desk, f'"$1" {words} | head -c 1 >/dev/null; exit "${{PIPESTATUS[0]}}"')
        gone = shell(desk, f'"$1" {words} | exec true; exit "${{PIPESTATUS[0]}}"')
    assert done.stderr == gone.stderr == b""
    assert done.returncode in {0, 141}
    assert gone.returncode in {0, 141}


def test_a_reader_that_goes_away_while_services_start(desk: Desk) -> None:
    events = [Event("note", 0.0, None, {"text": "x" * 10_000}) for _ in range(50)]
    with desk.supervised({"start": canned({"services": []}, 0, *events)}):
        done = shell(desk, '"$1" dev-start | head -c 10 >/dev/null; exit "${PIPESTATUS[0]}"')
    assert done.stderr == b""
    assert done.returncode == 141


def test_a_mistake_is_still_told_when_nobody_reads_the_output(desk: Desk) -> None:
    with desk.supervised({"start": refusing(WrongInput("no such thing"))}):
        done = shell(desk, '"$1" dev-start | exec true; exit "${PIPESTATUS[0]}"')
    assert done.stderr == b"error: no such thing\n"
    assert done.returncode == 2


@pytest.mark.parametrize("words", ["dev-status", "dev-status --json", "dev-start", "dev-completion fish"])
def test_closed_output(desk: Desk, words: str) -> None:
    with desk.supervised({"status": canned(STATUS), "start": canned({"services": []})}):
        done = shell(desk, f'"$1" {words} >&-')
    assert done.stderr == b""
    assert done.returncode == 0


def test_closed_output_and_errors_and_input(desk: Desk) -> None:
    with desk.supervised({"status": canned(STATUS, 1), "start": refusing(WrongInput("no"))}):
        assert shell(desk, '"$1" dev-status >&- 2>&- <&-').returncode == 1
        assert shell(desk, '"$1" dev-start >&- 2>&- <&-').returncode == 2
        assert shell(desk, '"$1" dev-start 2>&-').returncode == 2
        assert shell(desk, '"$1" dev-clean <&-').returncode == 1  # the fake was not told what to say


@pytest.mark.parametrize("words", ["dev-status", "dev-status --json", "dev-completion zsh"])
def test_a_full_disk_is_one_line(desk: Desk, words: str) -> None:
    with desk.supervised({"status": canned(STATUS)}):
        done = shell(desk, f'"$1" {words} >/dev/full')
    assert done.stderr == b"error: cannot write the output: No space left on device\n"
    assert done.returncode == 1


@pytest.mark.parametrize(
    "env",
    [
        {"LANG": "C"},
        {"LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"TERM": ""},
        {"COLUMNS": "1"},
        {"COLUMNS": "x"},
        {"PYTHONWARNINGS": "error"},
        {"PYTHONDEVMODE": "1", "PYTHONWARNINGS": "error"},
        {"XDG_RUNTIME_DIR": "/nowhere"},
        {"TZ": "Nowhere/Nothing"},
        {"INVOKE_DEBUG": ""},
        {"PYTHONOPTIMIZE": "2"},
        {"PYTHONSAFEPATH": "1"},
        {"HYBRID_DISABLE_PLUGINS": ",,x"},
    ],
    ids="-".join,
)
def test_odd_environments(desk: Desk, env: dict[str, str]) -> None:
    with desk.supervised({"status": canned(STATUS)}):
        done = desk.run("dev-status", env=env)
    assert done.returncode == 0, done.stderr
    assert not any(noise in done.stderr for noise in NOISE)
    assert "running" in done.stdout


def test_no_home_and_no_path(desk: Desk) -> None:
    desk.environ.pop("HOME")
    desk.environ["PATH"] = ""
    with desk.supervised({"status": canned(STATUS)}):
        done = desk.run("dev-status")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_poisoned_pythonpath_of_a_task_body(desk: Desk) -> None:
    """What a service's own modules are called is nobody's business: `-P` for children, late imports for us."""
    (desk.root / "hybrid.py").write_text("raise SystemExit('poison')")
    (desk.root / "progress.py").write_text("raise SystemExit('poison')")
    with desk.supervised({"start": canned({"services": []})}):
        assert desk.run("dev-start").returncode == 0


def test_sec_1_what_we_write_is_for_us_alone_under_umask_000(desk: Desk) -> None:
    done = shell(desk, 'umask 000; "$1" dev-start --timeout soon; "$1" dev-status')
    assert done.returncode == 3
    for found in Path(desk.environ["HOME"]).rglob("state/**"):
        assert stat.S_IMODE(found.stat().st_mode) & 0o077 == 0


def test_a_deleted_folder_is_one_line(desk: Desk) -> None:
    """Invoke itself cannot find `tasks.py` from there; through `-r` our tasks run, and say it."""
    gone = desk.root / "gone"
    gone.mkdir()
    done = shell(desk, f'cd gone && rmdir "{gone}" && "$1" -r "{desk.root}" dev-status')
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: the current directory does not exist")
    assert done.stderr.count(b"\n") == 2


def test_our_modules_are_compiled_once_though_invoke_forbids_it(desk: Desk, tmp_path: Path) -> None:
    """An editable installation is never compiled by pip, and Invoke switches writing off: 20 ms a command."""
    import hybrid_tasks

    package = Path(hybrid_tasks.__file__).parent
    shutil.copytree(package, tmp_path / "hybrid_tasks", ignore=shutil.ignore_patterns("__pycache__"))
    env = {"PYTHONPATH": str(tmp_path)}
    with desk.supervised({"status": canned(STATUS)}):
        assert desk.run("dev-status", env=env).returncode == 0
    compiled = {file.name.partition(".")[0] for file in (tmp_path / "hybrid_tasks").rglob("*.pyc")}
    assert {"app", "declare", "dev_status", "client", "status", "outcome", "rewriting"} <= compiled
    assert not (desk.root / "__pycache__").exists(), "only ours: the project's own files stay as Invoke wants them"


def test_nothing_is_compiled_when_the_user_forbids_it(desk: Desk, tmp_path: Path) -> None:
    import hybrid_tasks

    package = Path(hybrid_tasks.__file__).parent
    shutil.copytree(package, tmp_path / "hybrid_tasks", ignore=shutil.ignore_patterns("__pycache__"))
    desk.run("--list", env={"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"})
    assert not list((tmp_path / "hybrid_tasks").rglob("*.pyc"))


def test_sec_50_root_through_sudo_is_refused_before_anything_is_started(desk: Desk) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    desk.environ.pop("HYBRID_ALLOW_ROOT")
    done = desk.run("dev-start", env={"SUDO_UID": "1000"})
    assert done.returncode == 2
    assert done.stderr.startswith("error: root would run the services of user 1000")
    assert not Path(desk.environ["XDG_STATE_HOME"]).exists()


def test_the_interpreter_is_the_one_of_inv(desk: Desk) -> None:
    assert Path(sys.executable).with_name("inv") == INV
