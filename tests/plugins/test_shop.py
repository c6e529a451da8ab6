"""The sample project's three services, built and started by their stacks' own plans, ask each other."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from waiting import until

from hybrid_tasks.model.plan import CargoExecutable, Place
from hybrid_tasks.model.service import Listen, Service
from hybrid_tasks.plugin import routing
from hybrid_tasks.plugin.host import Host

pytestmark = [pytest.mark.needs("go"), pytest.mark.needs("rust")]

SHOP = Path(__file__).parents[2] / "examples" / "shop"
Start = Callable[..., int]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns("target", "__pycache__", ".*"))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def start(shop: Path, tmp_path: Path) -> Iterator[Start]:
    """Build and start a service as its plan says; gives its port."""
    host, started = Host.load(None, environ={}), []

    def begin(name: str, env: Mapping[str, str] | None = None) -> int:
        port = free_port()
        [(stack, _), *_] = routing.detect(host, shop / name)
        artefacts = tmp_path / f"artefacts-{port}"
        artefacts.mkdir()
        service = Service(name, shop / name, stack=stack, port=port, listen=Listen.OWN)
        plan = routing.start_plan(host, service, Place(artefacts, port))
        artefact = ""
        if plan.build is not None:
            done = subprocess.run(plan.build.command.argv, cwd=plan.build.command.cwd, capture_output=True, check=True)
            artefact = str(plan.build.artefact)
            if isinstance(plan.build.artefact, CargoExecutable):
                messages = [json.loads(line) for line in done.stdout.splitlines()]
                [artefact] = [found["executable"] for found in messages if found.get("executable")]
        argv = [artefact if word == "{artefact}" else word for word in plan.program.argv]
        environ = {**os.environ, **plan.program.env, **(env or {})}
        started.append(subprocess.Popen(argv, cwd=plan.program.cwd, env=environ, stderr=subprocess.DEVNULL))

        def healthy() -> bool:
            try:
                return fetch(port, "/healthz") == b"ok\n"
            except OSError:
                assert started[-1].poll() is None
                return False

        assert until(healthy, timeout=60)
        return port

    yield begin
    for process in started:
        process.kill()
        process.wait()


def fetch(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        body: bytes = answer.read()
        return body


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def test_an_edit_of_each_service_shows_in_the_page(shop: Path, start: Start) -> None:
    def page() -> dict[str, object]:
        urls = {name: f"http://127.0.0.1:{start(part)}" for name, part in (("API_URL", "api"), ("STOCK_URL", "stock"))}
        found = json.loads(fetch(start("web", {**urls, "GREETING": "good day"}), "/"))
        assert isinstance(found, dict)
        return found

    first = page()
    assert (first["title"], first["greeting"]) == ("The shop", "good day")
    assert (first["prices"]["tea"], first["stock"]["tea"]) == (450, 31)
    edit(shop / "web" / "app.py", 'TITLE = "The shop"', 'TITLE = "The new shop"')
    edit(shop / "api" / "main.go", '"tea":   450', '"tea":   475')
    edit(shop / "stock" / "src" / "main.rs", '("tea", 31)', '("tea", 30)')
    second = page()
    assert second["title"] == "The new shop"
    assert (second["prices"]["tea"], second["stock"]["tea"]) == (475, 30)


@pytest.mark.parametrize("name", ["web", "api", "stock"])
def test_its_own_tests_pass(shop: Path, name: str) -> None:
    host = Host.load(None, environ={})
    [(stack, _), *_] = routing.detect(host, shop / name)
    command = routing.test_command(host, Service(name, shop / name, stack=stack), ())
    assert command is not None
    done = subprocess.run(command.argv, cwd=command.cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
