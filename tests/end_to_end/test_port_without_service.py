"""What is heard on the port of a service that does not serve: the reason over HTTP, nothing for other protocols."""

from __future__ import annotations

import http.client
import os
import signal
import socket

import pytest
from seat import services
from shop import app, python_service

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]


def asked(port: int, accept: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/", headers={"Accept": accept})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def test_a_version_that_never_started_is_explained_with_file_and_line(project: Project, port: int) -> None:
    python_service(project, port).write_text("x = 1\nimport <nothing>\n")
    assert project.inv("dev-start").code == 1
    status, heads, text = asked(port, "*/*")
    assert status == 503
    assert text.startswith("web did not become healthy\n")
    assert 'main.py", line 2' in text
    assert heads["retry-after"] == "1"
    status, heads, page = asked(port, "text/html,*/*;q=0.8")
    assert (status, heads["content-type"]) == (503, "text/html; charset=utf-8")
    assert "<h1>web did not become healthy</h1>" in page
    assert "import &lt;nothing&gt;" in page
    with socket.create_connection(("127.0.0.1", port), timeout=30) as other:
        other.sendall(b"*1\r\n$4\r\nPING\r\n")
        assert other.recv(100) == b"", "no HTTP for somebody who speaks something else"


def test_a_crash_is_explained(project: Project, port: int) -> None:
    python_service(project, port, 'restart = "never"').write_text(app("zero"))
    assert project.inv("dev-start").code == 0
    os.kill(services(project)["web"]["pid"], signal.SIGKILL)
    status, _, text = asked(port, "*/*")
    assert (status, text.splitlines()[0]) == (503, "web ended by SIGKILL")
