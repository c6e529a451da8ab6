"""`inv dev-debug SERVICE --debugger` with the real debuggers of three languages and a real debug client."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
from attaching import EVERY, GDB, WITH_GDB, Debugged, debugging, hit, laid, let_go
from dap import attached
from seat import ask, reloaded, services, started
from waiting import until

from hybrid_tasks.process import ports
from hybrid_tasks.testing.project import Project, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]


@pytest.mark.parametrize("debugged", EVERY)
def test_a_breakpoint_is_hit_also_after_a_reload_and_ctrl_c_swaps_back(
    project: Project, debugged: Debugged, port: int
) -> None:
    file = laid(project, debugged, port)
    started(project)
    before = services(project)["web"]
    assert before["debugger"] is None
    with debugging(project, "web", "--debugger") as task:
        debugger = task.ready()
        assert get(port) == "zero"
        told = services(project)["web"]["debugger"]
        assert (told["address"], told["paused"]) == (f"127.0.0.1:{debugger}", False)
        assert told["adapter"].startswith(debugged.adapter)
        assert {one.address for one in ports.listeners(debugger)} == {"127.0.0.1"}
        assert let_go(*hit(debugged, debugger, port, file)) == "zero"

        file.write_text(debugged.language.text("one"))
        assert reloaded(project)[1] == 0
        assert task.ready(2) == debugger, "the same port"
        assert get(port) == "one"
        assert let_go(*hit(debugged, debugger, port, file, "one")) == "one"

        assert task.ctrl_c() == 130
    assert "[hybrid] web runs without the debugger" in task.text
    after = services(project)["web"]
    assert after["debugger"] is None
    assert after["healthy"]
    assert (after["launch"], after["listen"]) == (before["launch"], before["listen"])
    assert get(port) == "one"
    assert ports.listeners(debugger) == []


@pytest.mark.parametrize("debugged", EVERY)
def test_a_paused_program_is_shown_as_such_and_fails_nobody(project: Project, debugged: Debugged, port: int) -> None:
    dependant = '[services.after]\ncommand = ["sleep", "1000"]\nneeds = ["web"]\n'
    file = laid(project, debugged, port, f"health = {{interval = 0.1, retries = 1}}\n{dependant}".partition("\n")[2])
    with debugging(project, "web", "--debugger") as task:
        debugger = task.ready()
        client, asking = hit(debugged, debugger, port, file)
        told = services(project)["web"]
        remark = f"debugger: {told['debugger']['adapter']} on 127.0.0.1:{debugger}"
        if debugged.adapter == "debugpy":  # its program stops itself: from outside it only waits for something
            assert told["remarks"] == [f"{remark}, attached"]
        else:
            assert told["debugger"]["paused"] is True
            assert told["remarks"] == [f"{remark}, paused"]
            assert told["detail"] == "paused in the debugger"
        assert (told["state"], told["healthy"]) == ("running", True)
        assert remark in project.inv("dev-status").out
        assert ask(project, "wait", services=["web"], timeout=30.0)[1] == 0
        assert reloaded(project, "web")[1] == 0
        done = project.inv("dev-start", "after")
        assert done.code == 0, done.out + done.err
        assert let_go(client, asking) == "zero"
        assert services(project)["web"]["debugger"]["paused"] is False
        assert task.ctrl_c() == 130


@pytest.mark.parametrize("debugged", EVERY)
def test_with_wait_a_program_is_held_until_somebody_attaches(project: Project, debugged: Debugged, port: int) -> None:
    file = laid(project, debugged, port)
    with debugging(project, "web", "--debugger", "--wait") as task:
        for times in (1, 2):
            debugger = task.ready(times)
            told = services(project)["web"]
            [remark] = told["remarks"]
            assert remark.endswith(", holds the program until somebody attaches")
            assert (told["debugger"]["paused"], told["detail"]) == (False, "")
            assert ask(project, "wait", services=["web"], timeout=30.0)[1] == 0
            with pytest.raises(OSError):
                get(port)
            # No breakpoint: Delve may stay stopped when one is taken away just as it lets the program run.
            client = attached(debugger, file, None, **debugged.attach)
            until(lambda: services(project)["web"]["remarks"][0].endswith(", attached"))
            until(lambda: ports.listeners(port), 30)
            assert get(port) == "zero"
            client.ask("disconnect", terminateDebuggee=False)
            client.close()
            if times == 1:
                file.write_text(debugged.language.text("zero") + "\n")
        assert task.ctrl_c() == 130


@pytest.mark.parametrize("debugged", WITH_GDB)
def test_a_version_that_fails_leaves_the_debugged_one_as_it_was(
    project: Project, debugged: Debugged, port: int
) -> None:
    file = laid(project, debugged, port)
    started(project)
    with debugging(project, "web", "--debugger") as task:
        debugger = task.ready()
        pid = services(project)["web"]["pid"]
        file.write_text("this is no program (")
        assert reloaded(project)[1] == 1
        task.says("[hybrid] web stays as it was: ")
        task.says("[hybrid] web waits for the next save\n")
        assert get(port) == "zero"
        assert services(project)["web"]["pid"] == pid, "it was not even touched"
        file.write_text(debugged.language.text("bad", debugged.language.crash))
        assert reloaded(project)[1] == 1
        assert get(port) == "zero"
        assert services(project)["web"]["debugger"]["port"] == debugger, "started again under its debugger"
        file.write_text(debugged.language.text("mended"))
        assert reloaded(project)[1] == 0
        assert get(port) == "mended"
        assert services(project)["web"]["debugger"]["port"] == debugger
        assert task.ctrl_c() == 130


@pytest.mark.parametrize("debugged", EVERY[:1])
def test_bug_a_panic_at_start_that_the_debugger_held_was_told_to_nobody(
    project: Project, debugged: Debugged, port: int
) -> None:
    file = laid(project, debugged, port)
    started(project)
    with debugging(project, "web", "--debugger") as task:
        task.ready()
        file.write_text(debugged.language.text("bad", 'panic("at the very start")'))
        told, code = reloaded(project)
        assert code == 1
        error = told["receipts"][0]["error"]
        assert error.startswith("dlv has stopped it before it was healthy: it has opened no port\n")
        assert "your program is panicking" in error
        assert "web/main.go:" in error
        task.says("[hybrid] web stays as it was: ")
        assert get(port) == "zero"
        assert task.ctrl_c() == 130


@pytest.mark.parametrize("debugged", EVERY)
def test_it_goes_back_although_it_is_paused_and_its_source_is_broken(
    project: Project, debugged: Debugged, port: int
) -> None:
    file = laid(project, debugged, port)
    started(project)
    with debugging(project, "web", "--debugger") as task:
        debugger = task.ready()
        client, asking = hit(debugged, debugger, port, file)
        file.write_text("this is no program (")
        task.says("[hybrid] web stays as it was: ")
        assert task.ctrl_c() == 130
        client.close()
    told = services(project)["web"]
    assert told["debugger"] is None
    assert (told["state"], told["stale"]) == ("running", True)
    assert asking.answer() != "zero", "its program was ended"
    assert get(port) == "zero"
    assert ports.listeners(debugger) == []
    file.write_text(debugged.language.text("mended"))
    assert reloaded(project)[1] == 0
    assert get(port) == "mended"


@pytest.mark.parametrize("word", ["dev-restart", "dev-stop"])
@pytest.mark.parametrize("debugged", EVERY)
def test_restart_and_stop_end_the_debugger_and_the_task(
    project: Project, debugged: Debugged, port: int, word: str
) -> None:
    file = laid(project, debugged, port)
    started(project)
    with debugging(project, "web", "--debugger") as task:
        debugger = task.ready()
        client, _ = hit(debugged, debugger, port, file)
        assert project.inv(word, "web").code == 0
        assert task.process.wait(30) == 0
        client.close()
    assert task.text.splitlines()[-1] == (
        "[hybrid] web runs without the debugger" if word == "dev-restart" else "[hybrid] web is stopped"
    )
    assert ports.listeners(debugger) == []
    if word == "dev-restart":
        assert get(port) == "zero"
        assert services(project)["web"]["debugger"] is None


@pytest.mark.parametrize("end", ["ctrl-c", "kill"])
@pytest.mark.needs("debugpy")
def test_what_did_not_run_before_does_not_run_after(project: Project, port: int, end: str) -> None:
    from attaching import PYTHON

    laid(
        project,
        PYTHON,
        port,
        '[services.db]\ncommand = ["sleep", "1000"]\n[services.other]\ncommand = ["sleep", "1000"]\n',
    )
    text = (project.root / "hybrid.toml").read_text()
    project.write("hybrid.toml", text.replace("[services.web]\n", '[services.web]\nneeds = ["db"]\n'))
    started(project, "other")
    with debugging(project, "web", "--debugger") as task:
        task.ready()
        assert services(project)["db"]["state"] == "running"
        if end == "kill":
            task.process.kill()
        else:
            assert task.ctrl_c() == 130
        until(lambda: [services(project)[name]["state"] for name in ("web", "db")] == ["stopped", "stopped"], 30)
    assert services(project)["other"]["state"] == "running"


@pytest.mark.parametrize("debugged", EVERY)
def test_the_end_of_the_task_however_it_comes_swaps_back(project: Project, debugged: Debugged, port: int) -> None:
    laid(project, debugged, port)
    started(project)
    with debugging(project, "web", "--debugger") as task:
        debugger = task.ready()
        task.process.kill()
        until(lambda: services(project)["web"]["last_receipt"]["trigger"] == "restart", 60)
    assert get(port) == "zero"
    assert ports.listeners(debugger) == []


@pytest.mark.needs("rust", "gdb", "gdbserver")
@pytest.mark.parametrize("wait", [False, True], ids=["running", "held"])
def test_gdb_attaches_with_the_line_that_is_printed_as_often_as_it_likes(
    project: Project, port: int, wait: bool
) -> None:
    file, said = laid(project, GDB, port), project.root.parent / "gdb.txt"
    with debugging(project, "web", "--debugger", *(["--wait"] if wait else [])) as task:
        for times, word in enumerate(("zero", "zero", "one"), 1):
            if word == "one":
                file.write_text(GDB.language.text("one"))
            task.ready(1 if times < 3 else 2)
            line = re.findall(r"attach:  (gdb .*)", task.text)[-1]
            assert wait is ("SIGCONT" in line)
            here = GDB.line(file.read_text(), word)
            commands = [f"break main.rs:{here}", "continue", "next", "print word", "delete", "detach"]
            with said.open("wb") as out:
                words = shlex.split(line)
                more = [part for command in commands for part in ("-ex", command)]
                gdb = subprocess.Popen(
                    [*words[:-1], "-batch", *more, words[-1]], stdin=subprocess.DEVNULL, stdout=out, stderr=out
                )
            try:
                until(lambda: b"Breakpoint 1 at" in said.read_bytes(), 60)
                until(lambda: ports.listeners(port), 60)
                assert get(port) == word
                assert gdb.wait(60) == 0
            finally:
                gdb.kill()
                gdb.wait()
            assert f'"{word}"' in said.read_text().rpartition("$1 = ")[2]
            until(
                lambda: (
                    services(project)["web"]["remarks"]
                    == [f"debugger: gdbserver on {services(project)['web']['debugger']['address']}"]
                )
            )
            assert get(port) == word, "it runs on without gdb"
        assert task.ctrl_c() == 130
