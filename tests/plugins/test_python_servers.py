"""Applications behind hypercorn and gunicorn: what is recognised, and that they take our socket, also in a swap."""

from __future__ import annotations

import os
import socket
import subprocess
import urllib.request
from pathlib import Path

import hybrid_stack_python as stack
import pytest
from hybrid_stack_python.interpreter import Interpreter
from pydantic import ValidationError
from waiting import until

from hybrid_tasks.api import Listen, Place, Service, StartPlan, Stop, ToolMissing

WSGI = """
def make():
    def answer(environ, start_response):
        start_response("200 OK", [("Content-Length", "3")])
        return [b"one"]
    return answer

app = make()
"""
ASGI = """
def make():
    async def answer(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
        await send({"type": "http.response.body", "body": b"one"})
    return answer

async def app(scope, receive, send):
    await make()(scope, receive, send)
"""
SERVERS = {"gunicorn": WSGI, "hypercorn": ASGI, "uvicorn": ASGI}
# As the shim does: descriptor 3, and the variables that only the process they name may use.
HAND_ON = 'exec 3<&"$0"; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'

every = pytest.mark.parametrize("server", SERVERS)


def plan_of(directory: Path, server: str | None, place: Place, app: str = "main:app") -> StartPlan:
    options = stack.PythonOptions(app=app, server=server)
    return stack.stack_start(Service("web", directory, stack="python", port=8000, options=options), place)


@every
@pytest.mark.parametrize("app", ["main:app", "main:make"])
def test_the_application_is_served_on_the_inherited_socket(tmp_path: Path, server: str, app: str) -> None:
    (tmp_path / "main.py").write_text(SERVERS[server])
    options = stack.PythonOptions(app=app, server=server, factory=app == "main:make")
    service = Service("web", tmp_path, stack="python", port=8000, options=options)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        plan = stack.stack_start(service, Place(tmp_path / "artefacts", port, listen_fd=3))
        assert plan.listen is Listen.INHERIT
        assert answer_of(plan, port, listener) == b"one"


@every
def test_the_application_binds_where_nothing_is_inherited(tmp_path: Path, server: str) -> None:
    (tmp_path / "main.py").write_text(SERVERS[server])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert answer_of(plan_of(tmp_path, server, Place(tmp_path / "artefacts", port)), port) == b"one"


@every
@pytest.mark.parametrize(("grace", "seconds"), [(10, "9"), (2.5, "2"), (2, "1"), (0.2, "1")])
def test_bug_requests_under_way_had_one_second_whatever_the_grace(
    tmp_path: Path, server: str, grace: float, seconds: str
) -> None:
    options = stack.PythonOptions(app="main:app", server=server)
    service = Service("web", tmp_path, stack="python", port=8000, options=options, stop=Stop(grace=grace))
    words = stack.stack_start(service, Place(tmp_path / "artefacts", 8000)).program.argv
    flag = "--timeout-graceful-shutdown" if server == "uvicorn" else "--graceful-timeout"
    assert words[words.index(flag) + 1] == seconds


@every
def test_a_kept_copy_is_what_is_imported(tmp_path: Path, server: str) -> None:
    here, kept = tmp_path / "here", tmp_path / "kept"
    for folder, text in ((here, "raise SystemExit('the broken version')"), (kept, SERVERS[server])):
        folder.mkdir()
        (folder / "main.py").write_text(text)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        plan = plan_of(here, server, Place(tmp_path / "artefacts", port, listen_fd=3, source=kept))
        assert answer_of(plan, port, listener) == b"one"


def answer_of(plan: StartPlan, port: int, listener: socket.socket | None = None) -> bytes:
    """Run the program of a plan and ask it."""
    hand_on = () if listener is None else ("bash", "-c", HAND_ON, str(listener.fileno()))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.Popen(
        [*hand_on, *plan.program.argv],
        cwd=plan.program.cwd,
        env={**environ, **plan.program.env},
        pass_fds=() if listener is None else (listener.fileno(),),
        start_new_session=True,
    )

    def ask() -> bytes:
        assert process.poll() is None, "it ended"
        try:
            return bytes(urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30).read())
        except OSError:
            return b""

    try:
        return until(ask, timeout=60)
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("gunicorn --workers 4 -b 0.0.0.0:8000 main:app", {"app": "main:app", "server": "gunicorn"}),
        ("gunicorn -k uvicorn.workers.UvicornWorker main:app", {"app": "main:app"}),
        ("hypercorn main:app --bind 0.0.0.0:8000", {"app": "main:app", "server": "hypercorn"}),
        ("python -m hypercorn main:app", {"app": "main:app", "server": "hypercorn"}),
        ("granian --interface asgi main:app", {"app": "main:app"}),
    ],
)
def test_the_server_is_found_in_the_command(tmp_path: Path, command: str, options: dict[str, str]) -> None:
    (tmp_path / "main.py").write_text(WSGI)
    found = stack.stack_detect(tmp_path, None, tuple(command.split()))
    assert found is not None
    assert dict(found.options) == options
    assert found.needs_port
    (tmp_path / "Dockerfile").write_text(f"FROM python\nCMD {command}\n")
    plan = stack.stack_start(Service("web", tmp_path, stack="python", port=81), Place(tmp_path / "a", 81))
    assert plan.program.argv[plan.program.argv.index("-m") + 1] == options.get("server", "uvicorn")


def test_a_command_s_hypercorn_that_is_not_here_is_uvicorn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "main.py").write_text(ASGI)
    monkeypatch.setattr(Interpreter, "has", lambda _self, package: package == "uvicorn")
    plan = plan_of(tmp_path, "hypercorn", Place(tmp_path / "a", 81))
    assert plan.program.argv[plan.program.argv.index("-m") + 1] == "uvicorn"
    with pytest.raises(ToolMissing, match="gunicorn"):
        plan_of(tmp_path, "gunicorn", Place(tmp_path / "a", 81))


def test_a_server_needs_an_application() -> None:
    assert stack.PythonOptions(server="gunicorn").app is None
    with pytest.raises(ValidationError, match="`server` serves an application, not `script`"):
        stack.PythonOptions(server="gunicorn", script="main.py")
