"""Python services start warm at a save: quick, the same as cold, and when they do not, the receipt says why."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from libraries import venv
from seat import output, reloaded, services, started
from shop import Load, app, python_service, receipts
from waiting import until

from hybrid_tasks.testing.project import Project, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]

HEAVY = 3.0
"""Seconds that `heavy` takes to import."""
SLOW = f"import time\ntime.sleep({HEAVY})\nLOADED = time.time()\n"
THREADED = "import threading, time\nthreading.Thread(target=time.sleep, args=(9999,), daemon=True).start()\n"


def using(library: str, word: str) -> str:
    return f"import {library}\n" + app(word)


def ready(project: Project, service: str = "web") -> None:
    """Wait until the next instance can be forked."""
    until(lambda: services(project)[service]["warm"] == "ready", timeout=60, every=0.05)


def saved(project: Project, file: Path, text: str) -> dict[str, Any]:
    """Save, wait until that is live, and give its receipt."""
    file.write_text(text)
    told, code = reloaded(project)
    [receipt] = told["receipts"]
    assert code == 0, receipt
    assert isinstance(receipt, dict)
    return receipt


@pytest.fixture
def main(project: Project, port: int) -> Path:
    """The source of a running service whose next instance can be forked; `heavy` takes long to import."""
    file = python_service(project, port)
    (venv(project.root / "web") / "heavy.py").write_text(SLOW)
    file.write_text(using("heavy", "zero"))
    project.write(
        "hybrid.toml", (project.root / "hybrid.toml").read_text().replace("start_period = 3", "start_period = 30")
    )
    started(project)
    ready(project)
    return file


def test_a_save_is_live_long_before_its_libraries_could_have_been_imported(
    project: Project, main: Path, port: int
) -> None:
    loaded = set()
    for number in range(5):
        begun = time.monotonic()
        text = using("heavy", f"v{number}").replace("body = VERSION", 'body = (VERSION + " " + str(heavy.LOADED))')
        receipt = saved(project, main, text)
        assert time.monotonic() - begun < HEAVY, "this is what a cold start takes at least"
        word, _, when = get(port).partition(" ")
        assert word == f"v{number}"
        loaded.add(when)
        assert (receipt["start"], receipt["note"], receipt["launch"]) == ("warm", "warm", "beside")
        assert {stage["name"] for stage in receipt["stages"]} == {"plan", "launch", "probe", "switch"}
        assert sum(stage["ms"] for stage in receipt["stages"]) < 1000
    assert len(loaded) == 1, "imported once for all"
    assert services(project)["web"]["detail"] == "", "that a start was warm is nothing to look at"


def test_saves_of_one_size_within_a_second_never_run_the_old_code(project: Project, main: Path, port: int) -> None:
    for number in range(10, 30):
        assert saved(project, main, using("heavy", f"v{number}"))["start"] == "warm"
        assert get(port) == f"v{number}"


def test_a_broken_save_is_refused_by_the_fork_and_the_old_version_stays(
    project: Project, main: Path, port: int
) -> None:
    lazy = main.parent / "lazy.py"
    with Load(port) as load:
        for file, text, words in (
            (main, "def broken(:\n", "main.py:1: SyntaxError"),
            (main, using("nothing_of_that_name", "x"), "No module named 'nothing_of_that_name'"),
            (lazy, "x = (\n", "lazy.py:1: SyntaxError"),
        ):
            file.write_text(text)
            told, code = reloaded(project)
            assert code == 1
            assert words in told["receipts"][0]["error"]
            assert told["receipts"][0]["start"] == "warm"
            stages = {stage["name"]: stage["ok"] for stage in told["receipts"][0]["stages"]}
            assert ("probe" in stages) is ("SyntaxError" not in words), "what does not compile fails in check"
            assert list(stages.values())[-1] is False
        lazy.unlink()
        assert saved(project, main, using("heavy", "fixed"))["start"] == "warm"
        until(lambda: load.answers["fixed"] > 5)
    assert load.failures == []
    assert set(load.answers) == {"zero", "fixed"}


def test_changed_dependencies_start_cold_and_say_so_and_then_warm_again(
    project: Project, main: Path, port: int
) -> None:
    site = next((main.parent / ".venv").glob("lib/python3*/site-packages"))
    receipt = saved(project, main.parent / "requirements.txt", "heavy\n")
    assert receipt["note"] == "full rebuild: requirements.txt changed"
    ready(project)
    assert saved(project, main, using("heavy", "one"))["start"] == "warm"
    (site / "other-1.0.dist-info").mkdir()  # what pip leaves, with or without a changed file in the project
    receipt = saved(project, main, using("heavy", "two"))
    assert receipt["start"] == f"cold: {site} changed"
    ready(project)
    (site / "heavy.py").write_text("import time\nLOADED = 'anew'\n")
    receipt = saved(project, main, using("heavy", "six").replace("body = VERSION", "body = heavy.LOADED"))
    assert receipt["start"] == f"cold: {site}/heavy.py changed"
    assert get(port) == "anew"


def test_a_library_that_starts_a_thread_makes_starts_cold_and_is_named(project: Project, port: int) -> None:
    main = python_service(project, port)
    site = venv(project.root / "web")
    (site / "busy.py").write_text(THREADED)
    main.write_text(using("busy", "zero"))
    started(project)
    why = "importing `busy` started a thread"
    until(lambda: services(project)["web"]["warm"] == why, timeout=30)
    assert services(project)["web"]["remarks"] == [f"started cold at each save: {why}"]
    assert saved(project, main, using("busy", "one"))["start"] == f"cold: {why}"
    assert get(port) == "one"
    (site / "busy.py").write_text("")
    saved(project, main.parent / "requirements.txt", "busy\n")  # what the user does about it
    ready(project)
    assert services(project)["web"]["remarks"] == []
    assert saved(project, main, using("busy", "two"))["start"] == "warm"


def test_a_library_that_cannot_be_loaded_beforehand_is_named(project: Project, port: int) -> None:
    main = python_service(project, port)
    (venv(project.root / "web") / "asks.py").write_text(
        "try:\n    import settings\nexcept ImportError:\n    settings = None\n"
    )
    (main.parent / "settings.py").write_text("WORD = 'mine'\n")
    main.write_text(using("asks", "zero"))
    started(project)
    ready(project)
    why = "it looks for the project's own `settings`"
    assert services(project)["web"]["remarks"] == [f"loaded anew at each save: `asks` ({why})"]
    text = using("asks", "one").replace("body = VERSION", "body = asks.settings.WORD")
    assert saved(project, main, text)["start"] == f"warm, without `asks`: {why}"
    assert get(port) == "mine"


def test_a_save_is_never_held_up_by_a_parent_in_the_making(project: Project, main: Path, port: int) -> None:
    saved(project, main.parent / "requirements.txt", "heavy\n")
    until(lambda: services(project)["web"]["warm"] == "starting")
    receipt = saved(project, main, using("heavy", "one"))
    assert receipt["start"] == "cold: the warm parent is starting"


def test_changed_environment_arrives(project: Project, main: Path, port: int) -> None:
    shows = (
        using("heavy", "one")
        .replace("body = VERSION", 'body = os.environ["COLOUR"]')
        .replace("import ", "import os, ", 1)
    )
    config = project.root / "hybrid.toml"
    config.write_text(config.read_text().replace('dir = "web"', 'dir = "web"\nenv = {COLOUR = "blue"}'))
    main.write_text(shows)
    assert project.inv("dev-start").code == 0
    assert get(port) == "blue"
    assert receipts(project)[-1]["start"] == "cold: the environment changed (COLOUR)"
    ready(project)
    config.write_text(config.read_text().replace("blue", "green"))
    assert project.inv("dev-start").code == 0
    assert get(port) == "green"
    ready(project)
    assert saved(project, main, shows + "# changed\n")["start"] == "warm"
    assert get(port) == "green"


def test_the_engine_alone_starts_cold(project: Project, port: int) -> None:
    main = python_service(project, port)
    config = project.root / "hybrid.toml"
    config.write_text(config.read_text() + 'driver = "engine"\n')
    started(project)
    assert saved(project, main, app("one"))["start"] == 'cold: driver = "engine"'
    assert services(project)["web"]["remarks"] == [], "it is what was asked for"
    assert not output(project, "web", "warm")


def test_a_script_that_binds_for_itself_starts_warm_too(project: Project, port: int) -> None:
    text = (
        "import heavy, http.server\n"
        "class Hello(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200)\n"
        "        self.end_headers()\n"
        "        self.wfile.write(b'WORD')\n"
        f"http.server.HTTPServer(('127.0.0.1', {port}), Hello).serve_forever()\n"
    )
    project.write(
        "hybrid.toml",
        f'[services.web]\ndir = "web"\nport = {port}\nlisten = "own"\n[services.web.python]\nscript = "run.py"\n',
    )
    script = project.write("web/run.py", text.replace("WORD", "zero"))
    (venv(project.root / "web") / "heavy.py").write_text(SLOW)
    started(project)
    ready(project)
    begun = time.monotonic()
    receipt = saved(project, script, text.replace("WORD", "one"))
    assert time.monotonic() - begun < HEAVY
    assert (receipt["start"], receipt["launch"]) == ("warm", "replace")
    assert [stage["name"] for stage in receipt["stages"]] == ["plan", "check", "retire", "launch", "probe", "switch"]
    assert get(port) == "one"


def test_an_instance_that_was_forked_ends_gracefully(project: Project, main: Path, port: int) -> None:
    text = using("heavy", "one").replace(
        'await send({"type": message["type"] + ".complete"})',
        'print(message["type"], flush=True)\n            await send({"type": message["type"] + ".complete"})',
    )
    saved(project, main, text)
    assert saved(project, main, using("heavy", "two"))["start"] == "warm"
    until(lambda: "lifespan.shutdown" in output(project, "web"))
    assert services(project)["web"]["pid"] != os.getpid()


def test_fastapi_sqlalchemy_and_numpy(project: Project, port: int) -> None:
    text = """
import random
import numpy, sqlalchemy
from fastapi import FastAPI
from sqlalchemy.orm import Session

engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
app = FastAPI()

@app.get("/healthz")
def healthz() -> str:
    return "well"

@app.get("/")
async def root() -> dict[str, object]:
    product = float((numpy.ones((300, 300)) @ numpy.ones((300, 300))).sum())  # on threads of the library's own
    with Session(engine) as session:
        two = session.scalar(sqlalchemy.text("select 2"))
    return {"word": "WORD", "product": product, "two": two, "draws": [random.random(), float(numpy.random.random())]}
"""
    python_service(project, port)
    main = project.write("web/main.py", text.replace("WORD", "zero"))
    config = project.root / "hybrid.toml"
    config.write_text(config.read_text().replace("start_period = 3", "start_period = 60"))
    started(project)
    ready(project)
    seen = set()
    import json

    for number in range(4):
        receipt = saved(project, main, text.replace("WORD", f"v{number}"))
        assert receipt["start"] == "warm"
        assert sum(stage["ms"] for stage in receipt["stages"]) < 1000
        answer = json.loads(get(port))
        assert (answer["word"], answer["product"], answer["two"]) == (f"v{number}", 27000000.0, 2)
        seen.update(answer["draws"])
    assert len(seen) == 8
