"""The plans of the Go stack, really built and run."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import hybrid_stack_go as stack
import pytest

from hybrid_tasks.api import Listen, Place, Service

pytestmark = pytest.mark.needs("go")

PASS_ON = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.execv(sys.argv[2], sys.argv[2:])"

SERVER = """package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

func main() {
	fmt.Println(os.Getenv("LISTEN_FDS"))
	listener, err := net.FileListener(os.NewFile(3, "socket"))
	if err != nil {
		panic(err)
	}
	http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "one") }))
}
"""


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def plan_of(directory: Path, name: str, **given):
    artefacts = directory.parent / "artefacts" / name
    artefacts.mkdir(parents=True, exist_ok=True)
    return stack.stack_start(Service(name, directory, stack="go", **given), Place(artefacts))


def build(plan) -> subprocess.CompletedProcess[str]:
    command = plan.build.command
    return subprocess.run(command.argv, cwd=command.cwd, capture_output=True, text=True, check=False)


def test_two_programs_of_one_directory_are_built_and_run(tmp_path: Path) -> None:
    main = 'package main\n\nfunc main() {{ print("{}") }}\n'
    files = {f"cmd/{name}/main.go": main.format(name) for name in ("api", "worker")}
    root = lay(tmp_path / "svc", {"go.mod": "module example.com/svc\n\ngo 1.21\n", **files})
    for name in ("api", "worker"):
        plan = plan_of(root, name)
        done = build(plan)
        assert done.returncode == 0, done.stderr
        argv = [str(plan.build.artefact) if word == "{artefact}" else word for word in plan.program.argv]
        assert subprocess.run(argv, capture_output=True, text=True, check=True).stderr == name
    assert sorted(path.name for path in root.iterdir()) == ["cmd", "go.mod"]


def test_a_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    root = lay(
        tmp_path / "svc", {"go.mod": "module svc\n\ngo 1.21\n", "main.go": "package main\n\nfunc main() { nope() }\n"}
    )
    done = build(plan_of(root, "api"))
    assert done.returncode != 0
    assert "./main.go:3:15: undefined: nope" in done.stderr


def test_a_socket_is_inherited(tmp_path: Path) -> None:
    root = lay(tmp_path / "svc", {"go.mod": "module svc\n\ngo 1.21\n", "main.go": SERVER})
    plan = plan_of(root, "api")
    assert plan.listen is Listen.INHERIT
    assert build(plan).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        # What the shim does for a job: the listener becomes descriptor 3.
        process = subprocess.Popen(
            [sys.executable, "-ISc", PASS_ON, str(listener.fileno()), str(plan.build.artefact)],
            pass_fds=[listener.fileno()],
            env={**os.environ, "LISTEN_FDS": "1"},
            stdout=subprocess.DEVNULL,
        )
        try:
            assert urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60).read() == b"one"
        finally:
            process.kill()
            process.wait()


def test_tests_are_run(tmp_path: Path) -> None:
    root = lay(tmp_path / "svc", {
        "go.mod": "module svc\n\ngo 1.21\n",
        "a/a.go": "package a\n", "a/a_test.go": 'package a\n\nimport "testing"\n\nfunc TestGood(t *testing.T) {}\n',
        "b/b.go": "package b\n", "b/b_test.go": 'package b\n\nimport "testing"\n\nfunc TestBad(t *testing.T) { t.Fail() }\n',
    })  # fmt: skip

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = stack.stack_test(Service("api", root, stack="go"), arguments)
        return subprocess.run(command.argv, cwd=command.cwd, capture_output=True, text=True, check=False)

    assert run().returncode == 1
    assert run("-run", "Good").returncode == 0
    done = run("./a", "-v")
    assert done.returncode == 0
    assert "TestBad" not in done.stdout


def test_a_debuggers_leftovers_are_cleaned(tmp_path: Path) -> None:
    root = lay(tmp_path / "svc", {"cmd/x/__debug_bin123": "", "main.go": ""})
    plan = stack.stack_clean(Service("api", root, stack="go"))
    assert plan.paths == (root / "cmd" / "x" / "__debug_bin123",)
