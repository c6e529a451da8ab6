"""The door of a real supervisor: no network, and a closed table of questions."""

from __future__ import annotations

import json
import os
import random
import socket
from pathlib import Path
from typing import Any

import pytest
from kills import supervisors
from seat import ask, output, services, started
from shop import python_service

from hybrid_tasks.control.messages import OPERATIONS, VERSION
from hybrid_tasks.control.paths import known_socket
from hybrid_tasks.process.socktable import LISTEN, _rows
from hybrid_tasks.testing.project import Project, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]


def ours(project: Project) -> set[int]:
    """The supervisor and the shims below it: everything of the project that is no service."""
    found = set(supervisors(project))
    while below := {int(child) for pid in found for child in children(pid) if not marked(int(child))} - found:
        found |= below
    return found


def children(pid: int) -> list[str]:
    return [child for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]


def marked(pid: int) -> bool:
    return b"HYBRID_SERVICE=" in Path(f"/proc/{pid}/environ").read_bytes()


def listened(pids: set[int]) -> set[tuple[str, int]]:
    """Every TCP address on which one of these processes has a listening socket."""
    held = {str(link.readlink()) for pid in pids for link in Path(f"/proc/{pid}/fd").iterdir() if os.path.lexists(link)}
    return {local for state, local, _, _, inode in _rows() if state == LISTEN and f"socket:[{inode}]" in held}


def test_sec_5_we_listen_on_nothing_but_the_ports_of_services(project: Project, port: int) -> None:
    project.write("hybrid.toml", '[services.plain]\ncommand = ["sleep", "1000"]\n')
    started(project)
    before = ours(project)
    assert len(before) >= 3, "the supervisor, the template and a shim"
    assert listened(before) == set()
    assert project.inv("dev-stop").code == 0

    python_service(project, port)
    started(project)
    assert listened(ours(project)) == {("127.0.0.1", port)}, "the group of a steered socket has a member of ours"


def raw(project: Project, message: object) -> dict[str, Any]:
    """Say something at the door that no client of ours would say, and give the last frame."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(30)
        link.connect(str(known_socket(project.root, project.environ)))
        link.sendall(json.dumps(message).encode() + b"\n")
        *_, last = link.makefile("rb")
    answer = json.loads(last)
    assert isinstance(answer, dict)
    return answer


NAMES = [
    "__class__", "__init__", "__globals__", "a.b.c", "start.__call__", "os.system", "_start", "_HANDLERS", "init.load",
    "START", "start ", " start", "start\n", "start\0", "../start", "", "0", "x" * 1_000_000, "\u202estart", "\u017ftart",
]  # fmt: skip


def test_sec_6_only_what_the_table_names_can_be_asked(project: Project, port: int) -> None:
    python_service(project, port)
    started(project)
    pid = services(project)["web"]["pid"]
    for name in NAMES:
        error = raw(project, {"v": VERSION, "op": name})["error"]
        assert error["message"].startswith("unknown request"), name[:40]
        assert len(error["message"]) < 100
    for op in (0, None, True, [], ["start"], {"start": 1}, 1.5):
        assert "unknown request" in raw(project, {"v": VERSION, "op": op})["error"]["message"]
    for op in OPERATIONS:
        if op != "shutdown":
            for name in ("__class__", "self", "estate", "a.b.c", "x" * 100_000):
                error = raw(project, {"v": VERSION, "op": op, "args": {name: "x"}})["error"]
                assert f"`{op}` has no argument" in error["message"]
    assert services(project)["web"]["pid"] == pid
    assert get(port) == "zero"


def test_sec_6_wrong_arguments_do_nothing_and_break_nothing(project: Project, port: int) -> None:
    """Every question with arguments of every kind; what is not acted upon is one mistake, never a failure of ours."""
    python_service(project, port)
    started(project)
    pid = services(project)["web"]["pid"]
    chance = random.Random(seed := random.randrange(10**6))
    odd = ["../../x", "a.b.c", "__class__", "\0", "", "*", "-x", "/etc/passwd", "x" * 1000, "\ud800", "web\n"]
    values: list[object] = [*odd, None, True, -1, 10**400, 1.5, [], [1], odd, {}, {"a": 1}, [["web"]]]
    acting = {"start", "stop", "restart", "shutdown"}
    for op, table in OPERATIONS.items():
        for _ in range(0 if op == "shutdown" else 15):
            args = {name: chance.choice(values) for name in table if chance.random() < 0.7}
            if op in acting:
                args["services"] = [chance.choice(odd)]
            if op == "wait":
                args["timeout"] = chance.choice([0, "x", None])
            told = raw(project, {"v": VERSION, "op": op, "args": args, "env": {"PATH": os.environ["PATH"]}})
            assert ("error" in told) != ("result" in told), (seed, op, args)
            assert told.get("error", {}).get("code") != 70, (seed, op, args, told)
            assert op not in acting or "error" in told, (seed, op, args)
    assert services(project)["web"]["pid"] == pid
    assert ask(project, "status")[1] == 0
    assert "Traceback" not in output(project, "web")
