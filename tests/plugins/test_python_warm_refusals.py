"""What cannot be loaded beforehand: refused or left out, with the reason; and what has changed since is not forked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psutil
import pytest
from jobbing import becomes, with_jobs
from waiting import until
from warming import Place, output, place, warmed

from hybrid_tasks.process.jobs import Cold, Jobs

pytestmark = pytest.mark.needs("linux")

REFUSED = {
    "thread": ("import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True).start()", "started a thread"),
    "socket": ("import socket\nlink = socket.socket()", "opened a socket"),
    "loop": ("import asyncio\nloop = asyncio.new_event_loop()", "opened"),
    "file": ("kept = open(__file__)", "opened /"),
    "process": ("import subprocess\nchild = subprocess.Popen(['sleep', '99'])", "started a process"),
    "signal": ("import signal\nsignal.signal(signal.SIGUSR1, print)", "took over a signal"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_a_fork_could_not_stand_is_refused_and_nothing_of_it_stays(tmp_path: Path, kind: str) -> None:
    text, words = REFUSED[kind]
    where = place(tmp_path, files={"main.py": ""})
    where.library("heavy", text)

    async def play(jobs: Jobs) -> None:
        with pytest.raises(Cold, match=f"importing `heavy` {words}"):
            await warmed(jobs, where, str(where.service / "main.py"), modules="json heavy")
        await becomes(lambda: not jobs.live)

    with_jobs(play)


LEFT_OUT = {
    "fails": ("raise ValueError('not\\ntoday')", "ValueError: not"),
    "is gone": (None, "ModuleNotFoundError"),
    "exits": ("import sys\nsys.exit(0)", "SystemExit"),
    "asks for a module of the project": ("try:\n    import settings\nexcept ImportError:\n    pass", "`settings`"),
}


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_a_module_that_cannot_be_loaded_beforehand_is_left_out_and_named(tmp_path: Path, kind: str) -> None:
    text, why = LEFT_OUT[kind]
    where = place(tmp_path, files={"main.py": "import sys\nprint('good' in sys.modules, 'heavy' in sys.modules)"})
    (where.service / "settings.py").write_text("DEBUG = True\n")
    where.library("good", "")
    if text is not None:
        where.library("heavy", text)
    main = str(where.service / "main.py")

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="heavy good")
        without = parent.told["without"]
        assert list(without) == ["heavy"]
        assert why in without["heavy"]
        assert await output(await jobs.fork(where.program(main), parent)) == ["True False"]

    with_jobs(play)


def test_modules_of_the_project_are_never_loaded(tmp_path: Path) -> None:
    where = place(tmp_path, files={"main.py": "import mine; print(mine.WORD)", "mine.py": "WORD = 1\n"})
    main = str(where.service / "main.py")

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="mine json")
        assert list(parent.told["without"]) == ["mine"]
        for word in ("one", "two", "six", "ten"):  # of one size, within one second
            (where.service / "mine.py").write_text(f"WORD = '{word}'\n")
            assert await output(await jobs.fork(where.program(main), parent)) == [word]

    with_jobs(play)


def changed_library(where: Place) -> None:
    where.library("library", "WORD = 'longer than before'\n")


def installed_package(where: Place) -> None:
    (where.libraries / "other-1.0.dist-info").mkdir()


def hiding_file(where: Place) -> None:
    (where.service / "library.py").write_text("WORD = 'hidden'\n")


def other_environment(where: Place) -> None:
    (where.folder / "venv" / "pyvenv.cfg").write_text("home = /nowhere\n")


@pytest.mark.parametrize("change", [changed_library, installed_package, hiding_file, other_environment])
def test_what_would_be_loaded_differently_now_is_not_forked(tmp_path: Path, change: Any) -> None:
    where = place(tmp_path, files={"main.py": "import library; print(library.WORD)"})
    where.library("library", "WORD = 'old'\n")
    main = str(where.service / "main.py")

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="library")
        assert await output(await jobs.fork(where.program(main), parent)) == ["old"]
        change(where)
        with pytest.raises(Cold, match=r"changed|hides"):
            await jobs.fork(where.program(main), parent)

    with_jobs(play)


def test_bug_what_changed_while_libraries_were_loaded_was_forked(tmp_path: Path) -> None:
    where = place(tmp_path, files={"main.py": "import library; print(library.WORD)"})
    go = tmp_path / "go"
    where.library("library", "WORD = 'old'\n")
    where.library(
        "slow",
        f"import os, time\nopen({str(tmp_path / 'up')!r}, 'w')\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n",
    )
    main = str(where.service / "main.py")

    async def play(jobs: Jobs) -> None:
        warming = asyncio.ensure_future(warmed(jobs, where, main, modules="library slow"))
        await asyncio.to_thread(until, (tmp_path / "up").exists)
        where.library("library", "WORD = 'new'\n")
        go.touch()
        with pytest.raises(Cold, match=r"library\.py changed"):
            await jobs.fork(where.program(main), await warming)

    with_jobs(play)


def test_bug_why_a_module_was_left_out_stood_in_the_arguments_of_the_parent(tmp_path: Path) -> None:
    """What an exception says may be an address with a password in it, and everybody may read arguments."""
    where = place(
        tmp_path, files={"main.py": "import os; print(*(name for name in os.environ if 'WITHOUT' in name), 1)"}
    )
    where.library("heavy", "raise RuntimeError('postgres://user:t0psecret@host')\n")
    main = str(where.service / "main.py")

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="heavy")
        assert "t0psecret" in parent.told["without"]["heavy"]
        assert "t0psecret" not in " ".join(psutil.Process(parent.job.pid).cmdline())
        assert await output(await jobs.fork(where.program(main), parent)) == ["1"]

    with_jobs(play)
