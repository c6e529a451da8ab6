"""S7: saves during a build, a start, a switch and a stop: the last content always wins, and builds never overlap."""

from __future__ import annotations

import json
import random
import sys
import threading
from pathlib import Path

import pytest
from kills import background
from languages import LANGUAGES, table, written
from seat import output, plain, reloaded, services, started, state
from shop import receipts
from waiting import until

from hybrid_tasks.testing.project import Project, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]

SEED = 20261121
SCRIPT = """import sys, time
sys.stdout.write("WORD\\n")  # in one piece: it may be ended at any moment
sys.stdout.flush()
time.sleep(1000)
"""
# A build that takes its time, reads its source in the middle, and tells when it was not alone.
BUILD = """import fcntl, pathlib, sys, time
lock = open("../lock", "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    open("../overlap", "w")
time.sleep(0.05)
text = pathlib.Path("word").read_text()
time.sleep(0.05)
pathlib.Path(sys.argv[1]).write_text(f"echo {text}; exec sleep 1000")
"""


def pause(seconds: float) -> None:
    threading.Event().wait(seconds)


def last_words(project: Project, service: str = "web") -> str:
    return output(project, service).split()[-1]


def python_script(project: Project) -> Path:
    table = 'stack = "python"\ndir = "web"\nhealth = {log = "."}\n[services.web.python]\nscript = "main.py"'
    plain(project, {"web": table})
    return project.write("web/main.py", SCRIPT)


def test_s7_a_hundred_saves_on_top_of_others(project: Project) -> None:
    chance = random.Random(SEED)
    file = python_script(project)
    started(project)
    for number in range(100):
        for extra in range(chance.choice([1, 1, 2, 5])):
            file.write_text(SCRIPT.replace("WORD", f"early{number}.{extra}"))
            pause(chance.uniform(0, 0.12))
        file.write_text(SCRIPT.replace("WORD", f"last{number}"))
        told, code = reloaded(project)
        assert code == 0, told["receipts"]
        assert last_words(project) == f"last{number}"


def test_s7_saves_during_builds_that_never_overlap(project: Project) -> None:
    chance = random.Random(SEED)
    build = json.dumps([sys.executable, "-I", "-S", "-c", BUILD, "{artefact}"])
    plain(project, {"web": f'dir = "web"\nbuild = {build}\ncommand = ["sh", "{{artefact}}"]'})
    word = project.write("web/word", "zero")
    started(project)
    for number in range(40):
        for extra in range(chance.choice([1, 2, 5])):
            word.write_text(f"early{number}.{extra}")
            pause(chance.uniform(0, 0.15))
        word.write_text(f"last{number}")
        assert reloaded(project)[1] == 0
        assert last_words(project) == f"last{number}"
    assert not (project.root / "overlap").exists(), "two builds ran at once"
    builds = [r for r in receipts(project) if any(stage["name"] == "build" for stage in r["stages"])]
    assert len(builds) <= 1 + 40 * 6


@pytest.mark.needs("go")
def test_s7_with_go(project: Project, port: int) -> None:
    chance = random.Random(SEED)
    go = LANGUAGES["go"]
    project.write("hybrid.toml", table(go, port))
    written(project, go, "zero")
    started(project)
    file = project.root / "web" / go.main
    for number in range(15):
        for extra in range(chance.choice([1, 2, 5])):
            file.write_text(go.text(f"early{number}.{extra}"))
            pause(chance.uniform(0, 0.6))
        file.write_text(go.text(f"last{number}"))
        assert reloaded(project)[1] == 0
        assert get(port) == f"last{number}"


def test_s7_saves_during_a_cold_start(project: Project) -> None:
    chance = random.Random(SEED)
    file = python_script(project)
    for number in range(8):
        starting = background(project, "dev-start")
        until(lambda: state(project, "web"), timeout=30)
        for extra in range(3):
            pause(chance.uniform(0, 0.08))
            file.write_text(SCRIPT.replace("WORD", f"n{number}.{extra}"))
        assert starting.wait(60) == 0
        assert reloaded(project)[1] == 0
        assert last_words(project) == f"n{number}.2"
        assert project.inv("dev-stop").code == 0
        assert project.survivors() == []


def test_s7_saves_during_a_stop(project: Project) -> None:
    chance = random.Random(SEED)
    file = python_script(project)
    for number in range(8):
        started(project)
        file.write_text(SCRIPT.replace("WORD", f"a{number}"))
        stopping = background(project, "dev-stop")
        for extra in range(3):
            pause(chance.uniform(0, 0.15))
            file.write_text(SCRIPT.replace("WORD", f"b{number}.{extra}"))
        assert stopping.wait(60) == 0
        assert project.survivors() == [], "a save does not start again what is being stopped"
        started(project)
        assert last_words(project) == f"b{number}.2"
        assert services(project)["web"]["source"]["live"] is True
        assert project.inv("dev-stop").code == 0


def test_s7_saves_during_a_slow_retirement(project: Project) -> None:
    """The old instance takes its time to end; what is saved meanwhile is what starts after it."""
    body = "trap 'sleep 0.2; exit 0' TERM; cat word; while :; do sleep 0.01; done"
    plain(project, {"web": f'dir = "web"\ncommand = ["sh", "-c", "{body}"]\nhealth = {{log = "."}}'})
    word = project.write("web/word", "zero\n")
    started(project)
    chance = random.Random(SEED)
    for number in range(15):
        word.write_text(f"early{number}\n")
        pause(chance.uniform(0.02, 0.3))
        word.write_text(f"last{number}\n")
        assert reloaded(project)[1] == 0
        assert last_words(project) == f"last{number}"
