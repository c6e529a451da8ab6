"""The drivers uvicorn and watchdog: their words; and watchdog's runner, tried alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hybrid_stack_python as stack
import pytest
from hybrid_stack_python import watch_restart
from waiting import until

from hybrid_tasks.api import Debounce, Listen, Place, Service, WrongInput

APP = "async def app(scope, receive, send):\n    pass\n"
RUNNER = watch_restart.__file__


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "web"
    root.mkdir()
    (root / "main.py").write_text(APP)
    return root


def plan(folder: Path, driver: str, *, options: dict[str, str] | None = None, debug_port: int | None = None, **given):
    chosen = stack.PythonOptions(driver=driver, **(options or {"app": "main:app"}))
    place = Place(folder.parent / "artefacts", port=8000, listen_fd=3, debug_port=debug_port)
    return stack.stack_start(Service("web", folder, stack="python", options=chosen, port=8000, **given), place)


def test_uvicorn_watches_every_root_on_its_own_port(folder: Path) -> None:
    (folder.parent / "shared").mkdir()
    found = plan(folder, "uvicorn", watch=(folder.parent / "shared",), debounce=Debounce(0.5))
    words = found.program.argv
    assert words[words.index("-m") : words.index("-m") + 2] == ("-m", "uvicorn")
    assert words[-7:] == (
        *("--reload", "--reload-dir", str(folder), "--reload-dir", str(folder.parent / "shared")),
        *("--reload-delay", "0.5"),
    )
    assert words[words.index("--timeout-graceful-shutdown") + 1] == "1"
    assert "--fd" not in words
    assert words[words.index("--port") + 1] == "8000"
    assert (found.listen, found.check) == (Listen.OWN, None)
    assert found.program.env["PYTHONDONTWRITEBYTECODE"] == "1"
    assert found.driver is not None


def test_uvicorn_drives_nothing_else(folder: Path) -> None:
    with pytest.raises(WrongInput, match='driver = "uvicorn" is for applications that uvicorn serves'):
        plan(folder, "uvicorn", options={"script": "main.py"})
    with pytest.raises(WrongInput, match="main:app is served by hypercorn"):
        plan(folder, "uvicorn", options={"app": "main:app", "server": "hypercorn"})


def test_watchdog_runs_what_the_engine_would_run(folder: Path) -> None:
    found = plan(folder, "watchdog", options={"script": "main.py"}, args=("x",), ignore=("data/",))
    words = found.program.argv
    assert words[:7] == (sys.executable, "-I", RUNNER, "--quiet", "2", "--grace", "2")
    assert f"--watch={folder}" in words
    assert {"--count=*.py", "--ignore=.venv/", "--ignore=data/"} <= set(words)
    assert words[words.index("--") :][2:] == (
        str(Path(RUNNER).with_name("launch.py")), str(folder), str(folder / "main.py"), "x",
    )  # fmt: skip
    assert plan(folder, "watchdog", debounce=Debounce(0.5)).program.argv[4] == "0.5"


def test_a_debugger_is_the_engines_and_so_is_a_service_that_is_not_reloaded(folder: Path) -> None:
    for driver in ("uvicorn", "watchdog"):
        assert plan(folder, driver, debug_port=5678).driver is None
        assert plan(folder, driver, hot_reload=False).driver is None


PROGRAM = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, DEAF)
with open("runs.txt", "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(1000)
"""


class Run:
    """A runner and what it has started."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder
        told = ("--quiet", "0.2", "--grace", "0.5", f"--watch={folder}", "--count=*.py", "--ignore=tests/", *words)
        command = (sys.executable, "-I", RUNNER, *told, "--", sys.executable, "program.py")
        self.process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)

    def runs(self) -> list[int]:
        file = self.folder / "runs.txt"
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    def lives(self, pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True


@pytest.fixture
def run(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Run]:
    deaf = "signal.SIG_IGN" if getattr(request, "param", False) else "signal.SIG_DFL"
    (tmp_path / "program.py").write_text(PROGRAM.replace("DEAF", deaf))
    (tmp_path / "tests").mkdir()
    run = Run(tmp_path)
    until(lambda: len(run.runs()) == 1)
    yield run
    run.process.terminate()
    run.process.communicate(timeout=10)
    assert run.process.returncode == 0
    assert not any(run.lives(pid) for pid in run.runs())


@pytest.mark.parametrize("run", [False, True], indirect=True, ids=["polite", "deaf"])
def test_it_starts_anew_after_a_change_that_counts(run: Run) -> None:
    (run.folder / "notes.txt").write_text("x")
    (run.folder / "tests" / "test_x.py").write_text("x")
    (run.folder / "other.py").write_text("x")
    until(lambda: len(run.runs()) == 2)
    first, _ = run.runs()
    assert not run.lives(first), "one at a time"
    (run.folder / "other.py").rename(run.folder / "moved.py")
    until(lambda: len(run.runs()) == 3)


def test_several_saves_are_one(run: Run) -> None:
    for number in range(20):
        (run.folder / f"m{number}.py").write_text("x")
    until(lambda: len(run.runs()) == 2)
    assert len(run.runs()) == 2


def test_a_program_that_ends_waits_for_a_change(run: Run) -> None:
    assert run.process.stderr is not None
    os.kill(run.runs()[0], signal.SIGKILL)
    assert run.process.stderr.readline() == "watchdog: the program ended with -9 and waits for a change\n"
    (run.folder / "other.py").write_text("x")
    until(lambda: len(run.runs()) == 2)
