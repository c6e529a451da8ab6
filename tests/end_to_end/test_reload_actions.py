"""What a stack can answer changes with: nothing, a signal, another start of the same artefact, or everything anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from seat import ask, output, plain, reloaded, services, started
from shop import receipts
from waiting import until

from hybrid_tasks.testing.project import Project, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]

PLUGIN = """
from hybrid_tasks.api import ReloadAction, ReloadPlan, hookimpl

ACTIONS = {
    ".notes": ReloadPlan(ReloadAction.LEAVE, "only notes changed"),
    ".rules": ReloadPlan(ReloadAction.SIGNAL, "only rules changed", signal="USR1"),
    ".template": ReloadPlan(ReloadAction.RESTART, "only templates changed"),
}

@hookimpl
def stack_reload(service, burst):
    kinds = {file.suffix for file in burst.files}
    return ACTIONS.get(kinds.pop()) if len(kinds) == 1 else None
"""
PROGRAM = """
import http.server, os, pathlib, signal, sys

CODE = "one"
BESIDE = pathlib.Path.cwd()
HEALTH = 200

def read(*_):
    global rules, HEALTH
    rules = (BESIDE / "a.rules").read_text()
    if rules == "end":
        sys.exit("these rules are bad")
    HEALTH = 500 if rules == "ill" else 200

read()
signal.signal(signal.SIGUSR1, read)
template = (BESIDE / "a.template").read_text()

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = " ".join((CODE, rules, template)).encode()
        self.send_response(HEALTH)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""


@pytest.fixture
def built(project: Project, port: int) -> Project:
    """A running service that is built, and asks a plugin of the project what changes mean."""
    project.write("hybrid_plugins.py", PLUGIN)
    project.write(
        "hybrid.toml",
        f'[services.web]\ndir = "web"\nport = {port}\nhealth = {{http = "/", start_period = 3}}\n'
        'build = ["sh", "-c", "echo building && cp main.py {artefact}"]\ncommand = ["python3", "{artefact}"]\n',
    )
    project.write("web/main.py", PROGRAM)
    for name in ("a.rules", "a.template", "a.notes"):
        project.write(f"web/{name}", "first")
    started(project)
    assert get(port) == "one first first"
    return project


def saved(project: Project, name: str, text: str, code: int = 0) -> dict[str, Any]:
    """Save a file, and give the receipt of what came of it."""
    project.write(f"web/{name}", text)
    told, ended = reloaded(project)
    assert ended == code, told
    [receipt] = told["receipts"]
    assert receipt["files"] == [f"web/{name}"]
    return dict(receipt)


def stages(receipt: dict[str, Any]) -> list[str]:
    return [stage["name"] for stage in receipt["stages"]]


def test_a_save_that_needs_no_swap_counts_as_what_runs(built: Project) -> None:
    before = services(built)["web"]
    receipt = saved(built, "a.notes", "second")
    assert (receipt["result"], receipt["note"]) == ("unchanged", "only notes changed")
    assert (receipt["from"], receipt["to"]) == (before["last_receipt"]["to"],) * 2
    now = services(built)["web"]
    assert now["pid"] == before["pid"]
    assert now["source"]["running"] != before["source"]["running"]
    assert now["source"]["live"]
    assert not now["stale"]
    assert built.inv("dev-wait", "--reload").code == 0
    assert len(receipts(built)) == 2


def test_a_save_that_needs_no_swap_mends_a_failed_one(built: Project) -> None:
    assert saved(built, "main.py", "nonsense", 1)["result"] == "failed"
    built.write("web/a.notes", "second")
    built.write("web/main.py", PROGRAM)
    until(lambda: services(built)["web"]["source"]["live"])
    assert reloaded(built)[1] == 0
    assert not services(built)["web"]["stale"]


def test_a_signal_makes_the_program_read_its_source_again(built: Project, port: int) -> None:
    before = services(built)["web"]
    receipt = saved(built, "a.rules", "second")
    assert (receipt["result"], receipt["note"]) == ("live", "sent USR1: only rules changed")
    assert stages(receipt) == ["signal"]
    now = services(built)["web"]
    assert now["pid"] == before["pid"]
    assert now["source"]["live"]
    assert get(port) == "one second first"


@pytest.mark.parametrize(("rules", "why"), [("end", "it ended with 1"), ("ill", "GET / answered 500")])
def test_what_a_signal_makes_ill_is_started_anew(built: Project, port: int, rules: str, why: str) -> None:
    built.write("web/a.rules", rules)
    assert reloaded(built)[1] == 1
    _, receipt, *_ = receipts(built)
    assert receipt["result"] == "failed"
    assert [stage["name"] for stage in receipt["stages"] if not stage["ok"]][:2] == ["signal", "probe"]
    assert "sent USR1: only rules changed; started anew" in receipt["note"]
    assert why in receipt["note"]
    built.write("web/a.rules", "mended")
    assert reloaded(built)[1] == 0
    assert get(port) == "one mended first"


def test_another_start_never_builds_again(built: Project, port: int) -> None:
    before = services(built)["web"]
    receipt = saved(built, "a.template", "second")
    assert (receipt["result"], receipt["note"]) == ("live", "only templates changed")
    assert "build" not in stages(receipt)
    now = services(built)["web"]
    assert now["pid"] != before["pid"]
    assert now["source"]["live"]
    assert get(port) == "one first second"
    assert output(built, "web", "build").count("building") == 1
    saved(built, "main.py", PROGRAM.replace("one", "two"))
    assert get(port) == "two first second"
    assert output(built, "web", "build").count("building") == 2


def test_another_start_builds_when_code_changed_as_well(built: Project, port: int) -> None:
    built.write("web/main.py", "nonsense")
    assert reloaded(built)[1] == 1
    built.write("web/a.template", "second")
    assert reloaded(built)[1] == 1  # the program is still broken, and was not left out of the build
    built.write("web/main.py", PROGRAM.replace("one", "two"))
    assert reloaded(built)[1] == 0
    assert get(port) == "two first second"


SLOW = """
import pathlib, time
from hybrid_tasks.api import ReloadAction, ReloadPlan, hookimpl

@hookimpl
def stack_reload(service, burst):
    (service.directory.parent / "asked").touch()
    time.sleep(0.3)
    return ReloadPlan(ReloadAction.LEAVE, "only notes changed")
"""


def test_bug_a_restart_took_the_receipt_of_a_save_for_its_own(project: Project) -> None:
    """Somebody asks for it while a save is being looked at."""
    project.write("hybrid_plugins.py", SLOW)
    plain(project, {"web": 'dir = "web"\ncommand = ["sleep", "1000"]'})
    notes = project.write("web/notes", "first")
    started(project)
    before = services(project)["web"]["pid"]
    notes.write_text("second")
    until((project.root / "asked").exists)
    told, code = ask(project, "restart", services=["web"], timeout=60.0)
    assert code == 0
    assert [receipt["trigger"] for receipt in told["receipts"]] == ["restart"]
    assert services(project)["web"]["pid"] != before


def test_bug_a_restart_that_a_save_ended_was_forgotten_when_that_was_undone(project: Project) -> None:
    plain(project, {"web": 'dir = "web"\nbuild = ["sh", "build.sh"]\ncommand = ["sleep", "1000"]'})
    notes = project.write("web/notes", "first")
    project.write("web/build.sh", "echo x >> ../builds\nuntil [ -e ../go ]; do sleep 0.01; done\n")
    go, builds = project.write("go", ""), project.root / "builds"
    started(project)
    before = services(project)["web"]["pid"]
    go.unlink()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, project, "restart", services=["web"], timeout=60.0)
        until(lambda: builds.read_text().count("x") == 2)
        notes.write_text("second")
        until(lambda: builds.read_text().count("x") == 3)
        notes.write_text("first")
        until(lambda: asked.done() or builds.read_text().count("x") == 4)
        go.touch()
        told, code = asked.result(60)
    assert code == 0
    assert [receipt["trigger"] for receipt in told["receipts"]] == ["restart"]
    assert services(project)["web"]["pid"] != before


def test_bug_a_restart_that_failed_made_unchanged_source_stale(project: Project) -> None:
    plain(project, {"web": 'dir = "web"\nbuild = ["sh", "build.sh"]\ncommand = ["sleep", "1000"]'})
    project.write("web/build.sh", "test ! -e ../broken")
    started(project)
    pid = services(project)["web"]["pid"]
    project.write("broken", "")
    restarted = project.inv("dev-restart", "web")
    assert restarted.code == 1
    assert "web  still runs its old version\n" in restarted.out
    told = services(project)["web"]
    assert (told["pid"], told["stale"], told["source"]["live"]) == (pid, False, True)
    assert told["detail"].startswith("the last restart failed: ")
    waited = project.inv("dev-wait", "--reload")
    assert (waited.code, waited.out) == (0, "web: live, nothing to do\n")
    again = project.inv("dev-start")
    assert (again.code, again.out.split()[:3]) == (0, ["web", "healthy", "since"])


def test_bug_a_restart_that_a_start_of_its_own_cancelled_went_on_for_ever(project: Project) -> None:
    program = "date +%s%N > made; sleep 0.3; echo ready; exec sleep 1000"
    plain(project, {"web": f'dir = "web"\ncommand = ["sh", "-c", "{program}"]\nhealth = {{log = "^ready$"}}'})
    project.write("web/notes", "first")
    started(project)
    before = services(project)["web"]["pid"]
    assert ask(project, "restart", services=["web"], timeout=30.0)[1] == 0
    now = services(project)["web"]
    assert (now["state"], now["healthy"], now["pid"] == before) == ("held", True, False)
    assert len(receipts(project)) < 10
