"""The plans of the Python stack, really run: uvicorn on an inherited socket, scripts, checks, kept copies."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hybrid_stack_python as stack
import pytest
from hybrid_stack_python.starting import HERE
from waiting import until

from hybrid_tasks.api import Burst, Change, ChangeKind, Command, Listen, Place, ReloadAction, Service, WrongInput

APP = """
import words
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def home(request):
    return PlainTextResponse(words.WORD)

app = Starlette(routes=[Route("/", home)])
"""


def clean_environ() -> dict[str, str]:
    """The environment of a service: what this machine's shell says about Python must not change it."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


def service(directory: Path, **given) -> Service:
    return Service(**{"name": "web", "directory": directory, "stack": "python", "port": 8000, **given})


@pytest.fixture
def app(tmp_path: Path) -> Path:
    directory = tmp_path / "web"
    directory.mkdir()
    (directory / "app.py").write_text(APP)
    (directory / "words.py").write_text('WORD = "one"\n')
    return directory


@contextmanager
def running(command: Command, descriptor: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command.argv,
        cwd=command.cwd,
        env={**clean_environ(), **command.env},
        pass_fds=[] if descriptor is None else [descriptor],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def served(plan_of, directory: Path, **given) -> str:
    """Serve on a listening socket of ours and give the answer to one request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        os.set_inheritable(listener.fileno(), True)
        place = Place(directory / "artefacts", port, listen_fd=listener.fileno(), **given)
        with running(plan_of(place).program, listener.fileno()):
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60).read().decode()


def test_an_application_is_served_on_the_inherited_socket(app: Path) -> None:
    plan = stack.stack_start(service(app), Place(app / "artefacts", 8000))
    assert plan.listen is Listen.INHERIT
    assert plan.build is None
    assert served(lambda place: stack.stack_start(service(app), place), app) == "one"


def test_an_application_binds_its_port_where_nothing_is_inherited(app: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    plan = stack.stack_start(service(app, args=("--log-level", "warning")), Place(app / "artefacts", port))

    def answer() -> bytes:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60).read()
        except OSError:
            return b""

    with running(plan.program):
        assert until(answer, timeout=60) == b"one"


def test_arguments_of_the_plan(app: Path) -> None:
    plan = stack.stack_start(service(app, args=("--log-level", "debug")), Place(app / "artefacts", 81, host="0.0.0.0"))
    words = " ".join(plan.program.argv)
    assert f"-m uvicorn app:app --app-dir {app} --host 0.0.0.0 --port 81 --timeout-graceful-shutdown 1" in words
    assert words.endswith("--log-level debug")
    assert "--reload" not in words
    assert plan.program.cwd == app
    with pytest.raises(WrongInput, match="`web` has no port"):
        stack.stack_start(service(app), Place(app / "artefacts"))


def test_a_kept_copy_of_the_source_runs_instead(app: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(app, kept)
    (app / "words.py").write_text("raise SystemExit('the broken version')\n")
    assert served(lambda place: stack.stack_start(service(app), place), app, source=kept) == "one"
    (app / "script.py").write_text("import words\n")
    given = service(app, options=stack.PythonOptions(script="script.py"))
    program = stack.stack_start(given, Place(app / "artefacts", source=kept)).program
    assert program.argv[-2:] == (str(kept), str(kept / "script.py"))
    assert program.cwd == app


def check(plan: Command, *files: Path) -> subprocess.CompletedProcess[str]:
    place = plan.argv.index("{changed}")
    argv = [*plan.argv[:place], *map(str, files), *plan.argv[place + 1 :]]
    return subprocess.run(argv, cwd=plan.cwd, capture_output=True, text=True, check=False)


def test_the_check_names_file_and_line_of_every_mistake(app: Path) -> None:
    plan = stack.stack_start(service(app), Place(app / "artefacts", 8000)).check
    broken, blank, text = app / "broken.py", app / "blank.py", app / "notes.txt"
    broken.write_text("x = 1\ndef f(:\n    pass\n")
    blank.write_text("if x:\npass\n")
    text.write_text("def (")
    assert check(plan).returncode == 0
    assert check(plan, app / "app.py", text, app / "gone.py").returncode == 0
    done = check(plan, broken, app / "app.py", blank)
    assert done.returncode == 1
    assert f"{broken}:2: SyntaxError: invalid syntax" in done.stderr
    assert f"{blank}:2: IndentationError" in done.stderr
    for data in (b"\0", b"# coding: nonsense\n", b"\xff\xfe", b"x = " + b"(" * 500):
        broken.write_bytes(data)
        done = check(plan, broken)
        assert done.returncode == 1
        assert f"{broken}:1: " in done.stderr
        assert "Traceback" not in done.stderr
    assert not list(app.rglob("*.pyc"))


@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_the_files_that_run_in_the_service_suit_its_python(app: Path, version: str) -> None:
    found = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))
    if not found:
        pytest.skip(f"Python {version} is not on this machine")
    (app / "show.py").write_text("import words; print(words.WORD)")
    launch = [str(found[0]), str(HERE / "launch.py"), str(app), str(app / "show.py")]
    assert subprocess.run(launch, capture_output=True, text=True, check=True).stdout == "one\n"
    given = service(app, options=stack.PythonOptions(script="show.py", python=str(found[0])))
    plan = stack.stack_start(given, Place(app / "artefacts")).check
    (app / "match.py").write_text("match 1:\n    case 1: pass\n")
    assert check(plan, app / "match.py").returncode == (1 if version == "3.8" else 0)


def test_what_a_save_asks_for(app: Path) -> None:
    cache = app / "__pycache__"
    cache.mkdir()
    for name in ("words.cpython-311.pyc", "words.cpython-311.opt-1.pyc", "wordsmith.cpython-311.pyc"):
        (cache / name).touch()

    def burst(*names: str) -> Burst:
        return Burst(tuple(Change(app / name, ChangeKind.MODIFIED) for name in names))

    plan = stack.stack_reload(burst("words.py"))
    assert plan.action is ReloadAction.RESTART
    assert sorted(file.name for file in plan.stale) == ["words.cpython-311.opt-1.pyc", "words.cpython-311.pyc"]
    for name in ("requirements-dev.txt", "uv.lock", "pyproject.toml", "poetry.lock", ".python-version"):
        plan = stack.stack_reload(burst("words.py", name))
        assert (plan.action, plan.reason) == (ReloadAction.REBUILD, f"{name} changed")


def test_tests_are_run_with_the_interpreter_that_can(app: Path) -> None:
    (app / "test_words.py").write_text("import words\ndef test_word(): assert words.WORD == 'one'\n")
    command = stack.stack_test(service(app), ("-q", "-k", "not b and word"))
    assert command.argv[1:] == ("-m", "pytest", "-q", "-k", "not b and word")
    assert subprocess.run(command.argv, cwd=command.cwd, check=False, stdout=subprocess.DEVNULL).returncode == 0


def test_caches_are_cleaned_but_no_environment(app: Path) -> None:
    for name in (
        "__pycache__",
        "pkg/__pycache__",
        ".pytest_cache",
        ".venv/lib/__pycache__",
        "node_modules/__pycache__",
    ):
        (app / name).mkdir(parents=True)
    (app / ".venv" / "pyvenv.cfg").touch()
    paths = {str(path.relative_to(app)) for path in stack.stack_clean(service(app)).paths}
    assert paths == {"__pycache__", "pkg/__pycache__", ".pytest_cache"}


def test_the_watch_leaves_data_alone(app: Path) -> None:
    watch = stack.stack_watch(service(app))
    assert watch.roots == (app,)
    assert {"*.py", "*.html", "requirements*.txt"} <= set(watch.include)
    assert not {"*", "*.json", "*.db"} & set(watch.include)


def test_nothing_to_start_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="no ASGI application and no script") as caught:
        stack.stack_start(service(tmp_path), Place(tmp_path))
    assert "[services.web.python] app" in caught.value.hint
    with pytest.raises(WrongInput, match=r"nowhere\.py does not exist"):
        stack.stack_start(service(tmp_path, options=stack.PythonOptions(script="nowhere.py")), Place(tmp_path))


def test_options_exclude_each_other() -> None:
    for given in ({"app": "a:b", "script": "x"}, {"factory": True}, {"app": "nonsense"}, {"reload": True}):
        with pytest.raises(ValueError, match=r"exclude|needs|match|Extra"):
            stack.PythonOptions(**given)
