"""The contract of a runtime plugin: inherit from `RuntimeContract`, name the runtime, run pytest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from hybrid_tasks.testing.project import Project, free_port, get

PROGRAM = """
import http.server, os

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = os.environ["GREETING"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""


class RuntimeContract:
    """What every runtime keeps, on the real engine: start, environment, commands inside, stop, nothing left."""

    runtime: ClassVar[str]
    settings: ClassVar[str] = ""
    """More lines for the service's table in `hybrid.toml`."""
    command: ClassVar[list[str]] = ["python3", "-u", "server.py"]

    @pytest.fixture
    def port(self) -> int:
        """A free port."""
        return free_port()

    @pytest.fixture
    def project(self, tmp_path: Path, port: int) -> Iterator[Project]:
        """A project with the service `sample`, stopped and checked for leftovers at the end."""
        project = Project(tmp_path / "project", tmp_path / "state")
        words = ", ".join(f'"{word}"' for word in self.command)
        project.write("sample/server.py", PROGRAM)
        project.write(
            "hybrid.toml",
            f'[services.sample]\nruntime = "{self.runtime}"\ndir = "sample"\ncommand = [{words}]\nport = {port}\n'
            f'port_env = "PORT"\nhealth = "/"\nenv = {{GREETING = "hello from here"}}\n{self.settings}\n',
        )
        yield project
        assert project.close() == [], "processes were left behind"

    def test_a_service_runs_with_its_environment_and_stops(self, project: Project, port: int) -> None:
        """It is healthy after the start, has its variables, and is gone after the stop."""
        done = project.inv("dev-start")
        assert done.code == 0, done.out + done.err
        assert get(port) == "hello from here"
        assert project.inv("dev-stop").code == 0
        with pytest.raises(OSError, match=r"refused|reset"):
            get(port)

    def test_a_command_runs_inside(self, project: Project) -> None:
        """`dev-debug SERVICE COMMAND` has the service's directory and environment, and passes the code through."""
        done = project.inv("dev-debug", "sample", "sh", "-c", 'echo "$GREETING"; ls; exit 7')
        assert done.out.splitlines() == ["hello from here", "server.py"]
        assert done.code == 7
