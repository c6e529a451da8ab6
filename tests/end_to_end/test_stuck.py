"""What is said of an instance that never became healthy: its ports, where it hangs, its last lines."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from attaching import GO as GO_DEBUGGED
from attaching import WITH_GDB, Debugged, debugging, laid
from languages import LANGUAGES, table, written
from seat import reloaded, services, started
from waiting import until

from hybrid_tasks.testing.project import Project, free_port, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]

PYTHON, GO = LANGUAGES["python"], LANGUAGES["go"]
SHORT = 'health = {http = "/", start_period = 3}\n'


def short(text: str) -> str:
    """The same tables with little patience."""
    return text.replace("start_period = 20", "start_period = 3")


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """A port where a connection is never answered, not even refused: its queue is full."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        yield port


def failed(project: Project) -> list[str]:
    """The lines of the error of the swap that a save has just asked for."""
    told, code = reloaded(project)
    assert code == 1
    return str(told["receipts"][0]["error"]).splitlines()


@pytest.mark.needs("pyspy")
def test_a_python_program_that_hangs_in_a_connect_shows_where(project: Project, port: int) -> None:
    project.write("hybrid.toml", short(table(PYTHON, port)))
    written(project, PYTHON, "good")
    started(project)
    with black_hole() as hole:
        hangs = f'import socket\n\ndef dial():\n    socket.create_connection(("127.0.0.1", {hole}))\n\nprint("dialling")\ndial()'
        project.write("web/main.py", PYTHON.text("bad", hangs))
        reason, *lines = failed(project)
    assert reason == "not healthy within 3 s: it has opened no port"
    assert lines[0] == "it is at"
    assert "socket.py:" in lines[1]
    assert any(line.startswith("  dial (main.py:") for line in lines)
    assert not any("launch.py" in line for line in lines)
    assert lines[-1] == "dialling"
    assert get(port) == "good"


@pytest.mark.needs("go")
def test_a_go_program_that_is_deadlocked_shows_where(project: Project, port: int) -> None:
    project.write("hybrid.toml", short(table(GO, port)))
    written(project, GO, "good")
    started(project)
    deadlock = 'println("locking")\n\tgo func() { time.Sleep(time.Hour) }()\n\t<-make(chan int)'
    project.write("web/main.go", GO.text("bad", deadlock))
    reason, *lines = failed(project)
    assert reason == "not healthy within 3 s: it has opened no port"
    assert lines == ["goroutine 1 [chan receive]:", "  main.main (main.go:15)", "locking"]
    assert get(port) == "good"


def test_a_program_on_another_port_is_told_which_key_to_set(project: Project, port: int) -> None:
    other = free_port()
    project.write("hybrid.toml", short(table(PYTHON, port)))
    written(project, PYTHON, "good")
    started(project)
    project.write("web/main.py", PYTHON.text("bad", PYTHON.elsewhere(other)))
    reason = failed(project)[0]
    assert reason == f"not healthy within 3 s: it listens on {other}, not on {port}: set services.web.port = {other}"
    assert services(project)["web"]["detail"] == f"the last save failed: {reason}"
    assert get(port) == "good"


@pytest.mark.needs("caddy")
@pytest.mark.parametrize("on", ["another port", "the service's port"])
def test_a_program_that_ignores_its_spare_port_does_not_take_the_old_version_down(
    project: Project, port: int, on: str
) -> None:
    other = free_port() if on == "another port" else port
    project.write("hybrid.toml", short(table(PYTHON, port)).replace('listen = "own"', 'listen = "front"'))
    written(project, PYTHON, "good")
    started(project)
    before = services(project)["web"]["pid"]
    project.write("web/main.py", PYTHON.text("bad", PYTHON.elsewhere(other)))
    lines = failed(project)
    if on == "another port":
        assert lines[0].startswith(
            f"not healthy within 3 s: it listens on {other}, not on the port that it was given (`PORT`"
        )
        assert lines[0].endswith('let it read that, or set listen = "own"')
    else:
        assert lines[0] == "it ended with 1 before it was healthy"
        assert lines[1].startswith(f"it binds port {port} itself, which is held for it: let it take the port")
    assert get(port) == "good"
    assert services(project)["web"]["pid"] == before


def test_a_program_that_ignores_the_socket_it_was_given_is_told_so(project: Project, port: int) -> None:
    other = free_port()
    project.write("hybrid.toml", short(table(PYTHON, port)).replace('listen = "own"', 'listen = "inherit"'))
    written(project, PYTHON, "bad")
    project.write("web/main.py", PYTHON.text("bad", PYTHON.elsewhere(other)))
    assert project.inv("dev-start").code == 1
    detail = services(project)["web"]["detail"]
    assert f"it listens on {other} and not on the socket that it was given (LISTEN_FDS)" in detail
    assert f'set services.web.listen = "own" and port = {other}' in detail


@pytest.mark.needs("pyspy")
def test_a_running_python_program_shows_its_threads_and_goes_on(project: Project, port: int) -> None:
    project.write("hybrid.toml", table(PYTHON, port))
    written(project, PYTHON, "good")
    started(project)
    pid = services(project)["web"]["pid"]
    done = project.inv("dev-debug", "web", "--stacks")
    assert done.code == 0, done.err
    assert '"MainThread"' in done.out
    assert f"{project.root}/web/main.py:" in done.out
    assert services(project)["web"]["pid"] == pid
    assert project.inv("dev-debug", "--stacks", "web", "--end").code == 0


@pytest.mark.needs("go")
def test_a_go_program_is_only_ended_for_its_goroutines_when_that_is_said(project: Project, port: int) -> None:
    project.write("hybrid.toml", table(GO, port))
    written(project, GO, "good")
    started(project)
    pid = services(project)["web"]["pid"]
    done = project.inv("dev-debug", "web", "--stacks")
    assert done.code == 1
    assert "prints its goroutines only as it ends" in done.err
    assert "inv dev-debug web --stacks --end" in done.err
    assert services(project)["web"]["pid"] == pid
    done = project.inv("dev-debug", "web", "--stacks", "--end")
    assert done.code == 0, done.err
    assert "main.main()" in done.out
    assert f"{project.root}/web/main.go:" in done.out
    until(lambda: services(project)["web"]["healthy"], timeout=30)
    assert services(project)["web"]["pid"] != pid
    assert get(port) == "good"


@pytest.mark.parametrize("debugged", [one for one in WITH_GDB if one.id in {"go", "gdbserver"}])
def test_bug_stacks_of_a_debugged_program_were_those_of_our_wrapper(
    project: Project, debugged: Debugged, port: int
) -> None:
    laid(project, debugged, port)
    with debugging(project, "web", "--debugger") as task:
        task.ready()
        told = services(project)["web"]
        for words in ((), ("--end",)):
            done = project.inv("dev-debug", "web", "--stacks", *words)
            assert (done.code, done.out) == (1, "")
            assert done.err.splitlines() == [
                f"error: `web` is under {debugged.adapter}, which can be asked itself",
                f" hint: {told['debugger']['note']}",
            ]
        assert services(project)["web"]["pid"] == told["pid"]
        assert task.ctrl_c() == 130


@pytest.mark.needs("go", "pyspy")
def test_bug_the_error_of_a_debugged_version_said_where_our_wrapper_was(
    project: Project, port: int, tmp_path: Path
) -> None:
    laid(project, GO_DEBUGGED, port)
    project.write("hybrid.toml", short((project.root / "hybrid.toml").read_text()))
    hangs = tmp_path / "bin" / "dlv"
    hangs.parent.mkdir()
    hangs.write_text("#!/bin/sh\necho thinking\nexec sleep 1000\n")
    hangs.chmod(0o755)
    project.environ["PATH"] = f"{hangs.parent}{os.pathsep}{project.environ['PATH']}"
    with debugging(project, "web", "--debugger") as task:
        assert task.process.wait(60) == 1
    assert "dlv does not listen on" in task.text
    assert "thinking" in task.text
    assert "it is at" not in task.text
    assert "delve.py" not in task.text


def test_what_cannot_be_asked_is_said(project: Project) -> None:
    project.write("hybrid.toml", '[services.web]\ndir = "web"\ncommand = ["sleep", "1000"]\n')
    project.write("web/x", "")
    for words, code, text in (
        (("web", "--stacks"), 3, "nothing runs here"),
        (("web", "--end"), 2, "`--end` goes with `--stacks`"),
    ):
        done = project.inv("dev-debug", *words)
        assert done.code == code, done.err
        assert text in done.err
    started(project)
    done = project.inv("dev-debug", "web", "--stacks")
    assert (done.code, "it is neither Python nor Go" in done.err) == (1, True)
    done = project.inv("dev-debug", "wbe", "--stacks")
    assert done.code == 2


@pytest.mark.needs("rust")
def test_bug_a_rust_program_that_panicked_was_said_to_have_ended_with_a_note_about_backtraces(project: Project) -> None:
    build = 'build = ["sh", "-c", "rustc -o {artefact} main.rs"]\ncommand = ["{artefact}"]'
    project.write("hybrid.toml", f'[services.web]\ndir = "web"\n{build}\n')
    project.write("web/main.rs", 'fn main() {\n    panic!("rust boom")\n}\n')
    told = project.inv("dev-start")
    assert told.code == 1
    assert "crashed: main.rs:2:5: rust boom" in told.out
    assert "-- start failed, waits for a change: main.rs:2:5: rust boom (receipt" in project.inv("dev-logs").out
