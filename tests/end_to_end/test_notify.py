"""Services that say themselves when they are ready, as under systemd: `health = {notify = true}`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from kills import background, kill, supervisors
from seat import plain, reloaded, services, started, state
from waiting import until

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]

PYTHON = """
import os, pathlib, socket, subprocess, sys, threading, time

def say(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.sendto(text, os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1))

say(b"STATUS=waits for its turn")
while not pathlib.Path("go").exists():
    time.sleep(0.01)
if "child" in sys.argv:
    subprocess.run([sys.executable, "-c", "import main_said"], check=True)
else:
    say(b"READY=1")
threading.Event().wait()
"""
CHILD = """
import os, socket
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
    told.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1))
"""
GO = """package main

import (
	"net"
	"os"
	"time"
)

func main() {
	for {
		if _, err := os.Stat("go"); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	connection, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		panic(err)
	}
	if _, err := connection.Write([]byte("READY=1\\nSTATUS=serving")); err != nil {
		panic(err)
	}
	select {}
}
"""


@pytest.fixture(params=["path", "name"], autouse=True)
def _place(request: pytest.FixtureRequest, project: Project) -> Iterator[None]:
    """Let the path of the socket be short, or too long to be one."""
    with tempfile.TemporaryDirectory() as folder:
        if request.param == "path":
            project.environ["XDG_RUNTIME_DIR"] = folder
        yield
        project.close()
        until(lambda: not list(Path(folder).rglob("*.notify")))


def table(more: str) -> str:
    return f'dir = "web"\nhealth = {{notify = true, start_period = 60}}\n{more}\n'


def written(project: Project) -> None:
    project.write("web/main.py", PYTHON)
    project.write("web/main_said.py", CHILD)
    project.write("web/main.go", GO)
    project.write("web/go.mod", "module web\n\ngo 1.21\n")


@pytest.mark.parametrize(
    "more",
    [
        pytest.param('command = ["python3", "main.py"]', id="python"),
        pytest.param('command = ["python3", "main.py", "child"]', id="child"),
        pytest.param('stack = "go"', id="go", marks=pytest.mark.needs("go")),
    ],
)
def test_a_service_is_healthy_when_it_has_said_so(project: Project, more: str) -> None:
    plain(project, {"web": table(more), "next": 'command = ["sleep", "1000"]\nneeds = ["web"]'})
    written(project)
    starting = background(project, "dev-start")
    until(
        lambda: (
            (project.root / ".hybrid/logs/web").is_dir()
            and list((project.root / ".hybrid/logs/web").glob("*-instance-*"))
        ),
        timeout=60,
    )
    until(lambda: state(project, "next") == "waiting")
    assert not services(project)["web"]["healthy"]
    project.write("web/go", "")
    assert starting.wait(60) == 0
    assert services(project)["web"]["healthy"]
    assert state(project, "next") == "running"


def test_a_service_that_never_says_so_fails_with_what_it_did_say(project: Project) -> None:
    plain(project, {"web": table('command = ["python3", "main.py"]').replace("= 60", "= 1.5")})
    written(project)
    done = project.inv("dev-start")
    assert done.code == 1
    assert "it has not sent READY=1 yet; it says: waits for its turn" in done.out + done.err


def test_nothing_of_it_is_left(project: Project) -> None:
    plain(project, {"web": table('command = ["python3", "main.py"]')})
    written(project)
    project.write("web/go", "")
    started(project)
    address = told(project)
    project.write("web/main.py", PYTHON + "# saved")
    assert reloaded(project)[1] == 0
    until(lambda: gone(address))
    address = told(project)
    kill(supervisors(project))
    until(lambda: not project.survivors())
    started(project)
    assert gone(address)
    address = told(project)
    assert project.inv("dev-stop").code == 0
    until(lambda: gone(address))


def told(project: Project) -> str:
    """The address that the service was told; somebody listens there."""
    environ = Path(f"/proc/{services(project)['web']['pid']}/environ").read_bytes().decode().split("\0")
    [address] = [line.partition("=")[2] for line in environ if line.startswith("NOTIFY_SOCKET=")]
    assert not gone(address)
    return address


def gone(address: str) -> bool:
    return f" {address}\n" not in Path("/proc/net/unix").read_text() and not Path(address).exists()
