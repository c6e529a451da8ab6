"""Debuggers that are killed, missing or in the way, and programs that end under them: nothing is left, nobody lies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from attaching import EVERY, GO, PYTHON, WITH_GDB, Debugged, debugging, hit, laid
from kills import gone, kill, supervisors
from seat import ask, reloaded, services, started
from waiting import until

from hybrid_tasks.process import ports
from hybrid_tasks.process.children import family
from hybrid_tasks.testing.project import Project, free_port, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]


def listener(port: int) -> int:
    """The process that listens on a port: of a debugger's Delve, the adapter of debugpy, or our door."""
    found = ports.holder(port)
    assert found is not None
    assert found.pid is not None
    return found.pid


def words(pid: int) -> bytes:
    """The command line of a process, empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("debugged", WITH_GDB)
def test_a_debugger_that_is_killed_leaves_nothing_and_comes_back(
    project: Project, debugged: Debugged, port: int
) -> None:
    file = laid(project, debugged, port)
    started(project)
    with debugging(project, "web", "--debugger") as task:
        debugger = task.ready()
        before = services(project)["web"]
        tree = set(project.survivors())
        os.kill(listener(debugger), signal.SIGKILL)
        if debugged is PYTHON:  # its adapter is beside the program, which goes on
            until(lambda: "is gone" in services(project)["web"]["remarks"][0])
            assert get(port) == "zero"
            file.write_text(debugged.language.text("one"))
        until(lambda: services(project)["web"]["pid"] not in {None, before["pid"]}, 60)
        task.ready(2)
        assert len(project.survivors()) == len(tree)
        assert get(port) in {"zero", "one"}
        assert services(project)["web"]["debugger"]["port"] == debugger
        assert task.ctrl_c() == 130
    assert ports.listeners(debugger) == []
    assert services(project)["web"]["debugger"] is None


@pytest.mark.parametrize("paused", [False, True], ids=["running", "paused"])
@pytest.mark.parametrize("debugged", EVERY)
def test_a_killed_supervisor_leaves_neither_program_nor_debugger(
    project: Project, debugged: Debugged, port: int, paused: bool
) -> None:
    file = laid(project, debugged, port)
    started(project)
    with debugging(project, "web", "--debugger") as task:
        debugger = task.ready()
        client = hit(debugged, debugger, port, file)[0] if paused else None
        pids = {pid for one in supervisors(project) for pid in family(one)}
        kill(supervisors(project))
        gone(project, 10)
        until(lambda: [words(pid) for pid in pids if words(pid)] == [])
        assert ports.listeners(debugger) == []
        assert ports.listeners(port) == []
        assert task.process.wait(30) == 3
        if client is not None:
            client.close()
    started(project)
    assert services(project)["web"]["debugger"] is None, "what comes back is the ordinary version"


@pytest.mark.parametrize("debugged", EVERY)
def test_a_program_that_ends_under_its_debugger_is_seen_to_end(project: Project, debugged: Debugged, port: int) -> None:
    file = laid(project, debugged, port)
    started(project)
    with debugging(project, "web", "--debugger") as task:
        debugger = task.ready()
        program = next(pid for pid in family(services(project)["web"]["pid"]) if pid == listener(port))
        os.kill(program, signal.SIGTERM)
        until(lambda: services(project)["web"]["restarts"] == 1, 30)
        task.ready(2)
        assert "SIGTERM" in services(project)["web"]["detail"]
        assert listener(port) != program
        assert listener(debugger)
        file.write_text(debugged.language.text("zero") + "\n")
        assert reloaded(project)[1] == 0
        assert get(port) == "zero"
        assert task.ctrl_c() == 130


@pytest.mark.needs("go", "dlv")
def test_bug_a_restart_in_delves_client_was_taken_for_the_end_of_the_service(project: Project, port: int) -> None:
    laid(project, GO, port)
    with debugging(project, "web", "--debugger") as task:
        debugger = task.ready()
        before, program = services(project)["web"], listener(port)
        for _ in range(2):
            client = ["dlv", "connect", f"127.0.0.1:{debugger}"]
            done = subprocess.run(
                client, input="restart\nexit -c\n", env=project.environ, capture_output=True, text=True, timeout=60
            )
            assert "Process restarted with PID" in done.stdout, done.stdout + done.stderr
            until(lambda: ports.listeners(port), 30)
            assert get(port) == "zero"
            assert listener(port) != program
            program = listener(port)
        told = services(project)["web"]
        assert (told["pid"], told["restarts"]) == (before["pid"], 0)
        assert ports.listeners(debugger)
        os.kill(program, signal.SIGTERM)
        until(lambda: services(project)["web"]["restarts"] == 1, 30)
        assert "SIGTERM" in services(project)["web"]["detail"], "the end of the new program is seen, too"
        task.ready(2)
        assert task.ctrl_c() == 130


@pytest.mark.parametrize("debugged", EVERY)
def test_a_stranger_on_the_debuggers_port_is_named_and_nothing_is_touched(
    project: Project, debugged: Debugged, port: int
) -> None:
    file = laid(project, debugged, port)
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        stack = debugged.language.stack
        text = (project.root / "hybrid.toml").read_text()
        own = f"[services.web.{stack}]\n"
        text = (
            text.replace(own, f"{own}debug_port = {taken}\n") if own in text else f"{text}{own}debug_port = {taken}\n"
        )
        project.write("hybrid.toml", text)
        started(project)
        before = services(project)["web"]
        done = project.inv("dev-debug", "web", "--debugger")
        assert done.code == 1
        assert done.err.splitlines() == [
            f"error: the debugger's port {taken} is taken by `{Path('/proc/self/comm').read_text().strip()}` (pid {os.getpid()})",
            " for:  service `web`",
            f" hint: stop it, or set services.web.{stack}.debug_port in hybrid.toml",
        ]
        assert services(project)["web"]["pid"] == before["pid"]
        assert services(project)["web"]["last_receipt"] == before["last_receipt"]
    with debugging(project, "web", "--debugger") as task:
        assert task.ready() == taken
        file.write_text(debugged.language.text("one"))
        assert reloaded(project)[1] == 0
        assert get(port) == "one"
        assert task.ctrl_c() == 130


def test_bug_a_service_of_ours_on_the_debuggers_port_was_called_python(project: Project, port: int) -> None:
    laid(project, PYTHON, port)
    taken = free_port()
    stock = f"""[services.stock]
command = ["{sys.executable}", "-m", "http.server", "{taken}", "--bind", "127.0.0.1"]
port = {taken}
"""
    text = (project.root / "hybrid.toml").read_text()
    own = "[services.web.python]\n"
    project.write("hybrid.toml", text.replace(own, f"{own}debug_port = {taken}\n") + stock)
    started(project)
    done = project.inv("dev-debug", "web", "--debugger")
    assert done.code == 1
    assert done.err.splitlines() == [
        f"error: the debugger's port {taken} is taken by `stock` of this project",
        " for:  service `web`",
        " hint: `inv dev-stop stock`, or set services.web.python.debug_port in hybrid.toml",
    ]


@pytest.mark.parametrize("debugged", EVERY)
def test_a_missing_debugger_is_named_with_the_line_that_installs_it(
    project: Project, debugged: Debugged, port: int, tmp_path: Path
) -> None:
    laid(project, debugged, port)
    text = (project.root / "hybrid.toml").read_text()
    if debugged is PYTHON:
        project.write("hybrid.toml", text.replace(sys.executable, bare(tmp_path)))
    project.environ["PATH"] = without(project.environ["PATH"], tmp_path / "bin", "dlv", "lldb", "gdbserver", "codelldb")
    project.environ["HOME"] = str(tmp_path)
    project.environ["RUSTUP_HOME"] = os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup"))
    started(project)
    before = services(project)["web"]
    done = project.inv("dev-debug", "web", "--debugger")
    assert done.code == 1
    missing = {"dlv": "dlv", "debugpy": "debugpy", "lldb-": "lldb-dap"}[debugged.adapter]
    cure = {
        "dlv": "go install github.com/go-delve/delve/cmd/dlv@latest",
        "debugpy": "bin/python -m pip install debugpy",
        "lldb-": "apt-get install lldb",
    }[debugged.adapter]
    assert f"error: `{missing}` is not installed" in done.err
    assert cure in done.err
    assert services(project)["web"]["pid"] == before["pid"]
    assert get(port) == "zero"


def bare(tmp_path: Path) -> str:
    """An interpreter that has nothing installed."""
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    return str(tmp_path / "bare" / "bin" / "python")


def without(path: str, folder: Path, *names: str) -> str:
    """A PATH of links to all programs but some."""
    folder.mkdir()
    for place in path.split(os.pathsep):
        for program in sorted(Path(place).iterdir()) if Path(place).is_dir() else ():
            if not program.name.startswith(names) and not (folder / program.name).exists():
                (folder / program.name).symlink_to(program)
    return str(folder)


@pytest.mark.needs("debugpy")
def test_a_second_session_is_refused_and_says_where_the_first_is(project: Project, port: int) -> None:
    laid(project, PYTHON, port)
    with debugging(project, "web", "--debugger") as task:
        debugger = task.ready()
        done = project.inv("dev-debug", "web", "--debugger")
        assert done.code == 2
        assert f"`web` is under debugpy already, on 127.0.0.1:{debugger}" in done.err
        assert services(project)["web"]["debugger"]["port"] == debugger


@pytest.mark.needs("debugpy")
def test_a_first_version_that_fails_leaves_the_ordinary_one_untouched(project: Project, port: int) -> None:
    file = laid(project, PYTHON, port)
    started(project)
    before = services(project)["web"]
    file.write_text("this is no program (")
    assert reloaded(project)[1] == 1
    with debugging(project, "web", "--debugger") as task:
        assert task.process.wait(60) == 1
    assert "[hybrid] web stays as it was: " in task.text
    assert "waits for the next save" not in task.text
    told = services(project)["web"]
    assert (told["pid"], told["debugger"]) == (before["pid"], None)
    assert get(port) == "zero"


def test_what_cannot_be_debugged_is_refused_before_anything_happens(project: Project, port: int) -> None:
    project.write(
        "hybrid.toml",
        '[project]\ndefault_mode = "dev"\n[modes.dev]\n[modes.prod]\nhot_reload = false\n'
        f'[services.web]\ncommand = ["sleep", "1000"]\n[services.app]\nstack = "python"\ndir = "app"\nport = {port}\n',
    )
    project.write("app/main.py", "import time\ntime.sleep(1000)\n")
    done = project.inv("dev-debug", "web", "--debugger")
    assert done.code == 2
    assert "error: a service without a `stack` knows no debugger" in done.err
    assert "hint: stacks with a debugger: go, python, rust" in done.err
    started(project, "--mode", "prod", "web")
    done = project.inv("dev-debug", "app", "--debugger")
    assert done.code == 2
    assert "the mode `prod` is not for development" in done.err
    for given, said in (
        (("app", "--wait"), "`--wait` goes with `--debugger`"),
        (("--wait", "app"), "`--wait` goes with `--debugger`"),
        (("app", "--debugger", "--stacks"), "`--debugger` and `--stacks` exclude each other"),
        (("--debugger", "app", "ls"), "with `--debugger` and `--stacks` it is the service itself"),
        (("--debugger", "apq"), "there is no service `apq`"),
    ):
        done = project.inv("dev-debug", *given)
        assert done.code == 2
        assert said in done.err
    assert services(project)["app"]["state"] == "stopped"
    assert ask(project, "status")[0]["services"][0]["debugger"] is None
