"""L2, L3: what services write in floods is all there, whoever is killed, and the supervisor does not grow by it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from kills import gone, kill, supervisors
from seat import ask, output, plain, services, started
from waiting import until

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]

LINES = 300_000
MEGABYTE = 1024 * 1024
FLOOD = f"""import os
text = "".join(f"line {{number:07}} of a flood of output, as long as lines of a log usually are.......\\n" for number in range({LINES}))
data = memoryview(text.encode())
while data:
    data = data[os.write(1, data):]
print("done", flush=True)
import time
time.sleep(1000)
"""
# Ten thousand lines a second until TERM; the last line says how many there were.
STEADY = """import os, signal, time
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
count, begun = 0, time.monotonic()
while not asked:
    due = int((time.monotonic() - begun) * 10_000)
    if due > count:
        os.write(1, b"".join(b"steady %d\\n" % number for number in range(count, due)))
        count = due
    time.sleep(0.01)
os.write(1, b"wrote %d\\n" % count)
"""


def program(text: str) -> str:
    return f"command = {json.dumps([sys.executable, '-I', '-S', '-c', text])}\n"


def resident(pid: int) -> int:
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match
    return int(match[1]) * 1024


def test_l2_a_flood_of_three_hundred_thousand_lines(project: Project) -> None:
    plain(project, {"calm": 'command = ["sleep", "1000"]', "flood": program(FLOOD)})
    started(project, "calm")
    [supervisor] = supervisors(project)
    ask(project, "status")
    before = resident(supervisor)
    started(project, "flood")
    most = 0
    while not output(project, "flood").endswith("done\n"):
        ask(project, "status")
        most = max(most, resident(supervisor))
    assert most - before < 32 * MEGABYTE
    lines = output(project, "flood").splitlines()
    assert len(lines) == LINES + 1
    assert all(line.startswith(f"line {number:07} of") for number, line in enumerate(lines[:-1]))
    shown = project.inv("dev-logs", "flood")
    assert shown.code == 0
    assert shown.out.count("a flood of output") == LINES
    last = project.inv("dev-logs", "flood", "--tail", "3", "--no-events").out
    told = [line.partition("| ")[2][:12] for line in last.splitlines()]
    assert told == ["line 0299998", "line 0299999", "done"]


@pytest.mark.parametrize("round_", range(2))
def test_l3_every_line_is_kept_though_the_supervisor_is_killed(project: Project, round_: int) -> None:
    plain(project, {"steady": program(STEADY), "other": program(STEADY)})
    started(project)
    until(lambda: output(project, "steady").count("\n") > 10_000, timeout=30)
    kill(supervisors(project))
    gone(project, 10)
    for name in ("steady", "other"):
        *lines, last = output(project, name).splitlines()
        assert last == f"wrote {len(lines)}", "it had its grace"
        assert lines == [f"steady {number}" for number in range(len(lines))]
    done = project.inv("dev-logs")
    assert done.code == 0
    assert done.out.count("wrote") == 2, "logs are read without a supervisor"
    assert done.out.count("steady ") >= 20_000
    assert supervisors(project) == [], "and none is started for it"


def test_dev_logs_needs_no_supervisor_and_no_configuration(project: Project) -> None:
    plain(project, {"steady": program("print('hello from before', flush=True)\nimport time\ntime.sleep(1000)")})
    started(project)
    kill(supervisors(project))
    gone(project, 10)
    assert "hello from before" in project.inv("dev-logs").out
    project.write("hybrid.toml", "this is = not [valid")
    done = project.inv("dev-logs", "steady", "--tail", "5")
    assert done.code == 0, done.err
    assert [line.partition(":")[0] for line in done.out.splitlines()] == [
        "steady | hello from before",
        "steady | -- started",
        "steady | -- ended, because its supervisor had died",
    ]


def test_the_status_is_told_quickly_during_a_flood(project: Project) -> None:
    endless = "import os\nwhile True:\n    os.write(1, b'x' * 70 + b'\\n')"
    plain(project, {"flood": program(endless)})
    started(project)
    until(lambda: len(list((project.root / ".hybrid/logs/flood").glob("*.log"))) >= 1)
    for _ in range(20):
        assert services(project)["flood"]["state"] == "running"
    assert project.inv("dev-stop").code == 0
    size = sum(file.stat().st_size for file in (project.root / ".hybrid/logs/flood").glob("*.log"))
    assert size < 600 * MEGABYTE, "the log is capped"
