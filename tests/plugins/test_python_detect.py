"""The Python stack recognises a service by command, Dockerfile, source or manifest, without importing it."""

from __future__ import annotations

from pathlib import Path

import hybrid_stack_python as stack
import pytest
from hybrid_stack_python.commands import Hint, dockerfile_command, hint
from hybrid_stack_python.entry import Application, Module, Script
from hybrid_stack_python.finding import read

from hybrid_tasks.api import Listen, Place, Service, WrongInput

FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
FACTORY = "from starlette.applications import Starlette\n\ndef create_app(debug=False) -> Starlette:\n    return Starlette()\n"


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


SHAPES = {
    "plain": ({"main.py": FASTAPI}, "main:app", "."),
    "other attribute": ({"service.py": FASTAPI.replace("app =", "api: FastAPI =")}, "service:api", "."),
    "module alias": ({"app.py": "import fastapi as f\nx = f.FastAPI()"}, "app:x", "."),
    "package": ({"shop/__init__.py": "", "shop/web.py": FASTAPI}, "shop.web:app", "."),
    "src layout": ({"src/shop/__init__.py": "", "src/shop/main.py": FASTAPI}, "shop.main:app", "src"),
    "src itself": ({"src/main.py": FASTAPI}, "main:app", "src"),
    "app folder without init": ({"app/main.py": FASTAPI}, "app.main:app", "."),
    "run from inside the folder": (
        {"app/main.py": "from routes import r\n" + FASTAPI, "app/routes.py": "r = 1"},
        "main:app",
        "app",
    ),
    "relative import": (
        {"app/main.py": "from .routes import r\n" + FASTAPI, "app/routes.py": "r = 1"},
        "app.main:app",
        ".",
    ),
    "in the package's init": ({"shop/__init__.py": FASTAPI}, "shop:app", "."),
    "factory": ({"main.py": FACTORY}, "main:create_app", "."),
    "object made by a factory": ({"main.py": FACTORY + "service = create_app()\n"}, "main:service", "."),
    "raw asgi": ({"main.py": "async def app(scope, receive, send):\n    pass\n"}, "main:app", "."),
    "django": (
        {
            "conf/__init__.py": "",
            "conf/asgi.py": "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()",
        },
        "conf.asgi:application",
        ".",
    ),
    "under try": (
        {"main.py": "from fastapi import FastAPI\ntry:\n    app = FastAPI()\nexcept ValueError:\n    raise\n"},
        "main:app",
        ".",
    ),
    "broken source": ({"main.py": FASTAPI + "def f(:\n"}, "main:app", "."),
    "newer grammar": ({"main.py": "type X = int\n" + FASTAPI}, "main:app", "."),
    "tests beside it": (
        {"tests/main.py": FASTAPI, "test_app.py": FASTAPI, "conftest.py": FASTAPI, "server.py": FASTAPI},
        "server:app",
        ".",
    ),
    "main before others": ({"aaa.py": FASTAPI, "main.py": FASTAPI}, "main:app", "."),
    "byte order mark": ({"main.py": "\ufeff" + FASTAPI}, "main:app", "."),
    "virtual environment beside it": ({"v/pyvenv.cfg": "", "v/main.py": FASTAPI, "zz.py": FASTAPI}, "zz:app", "."),
    "dockerfile": (
        {"a.py": FASTAPI, "b.py": FASTAPI, "Dockerfile": 'FROM x\nCMD ["uvicorn", "b:app", "--port", "80"]'},
        "b:app",
        ".",
    ),
    "dockerfile of another root": (
        {"app/b.py": FASTAPI, "a.py": FASTAPI, "Dockerfile": "CMD uvicorn b:app"},
        "b:app",
        "app",
    ),
    "stale dockerfile": ({"a.py": FASTAPI, "Dockerfile": "CMD uvicorn gone:app"}, "a:app", "."),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_applications_are_found(tmp_path: Path, shape: str) -> None:
    files, spelled, root = SHAPES[shape]
    found = read(lay(tmp_path, files))
    assert isinstance(found, Application)
    assert (found.spelled, found.root) == (spelled, tmp_path / root)
    assert found.factory == (shape == "factory")


def test_an_argument_makes_a_function_no_factory(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {"lib.py": "from fastapi import FastAPI\ndef create_app(settings):\n    return FastAPI()\n", "main.py": ""},
    )
    assert read(tmp_path) == Script(tmp_path / "main.py")


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        ({"main.py": "print(1)"}, "main.py"),
        ({"one.py": "", "two.py": "if __name__ == '__main__':\n    pass"}, "two.py"),
        ({"worker.py": "", "helper.py": ""}, "worker.py"),
        ({"__main__.py": ""}, "__main__.py"),
        ({"jobs/__main__.py": "", "jobs/__init__.py": ""}, "-m jobs"),
        ({"src/jobs/__main__.py": "", "src/jobs/__init__.py": ""}, "-m jobs in src"),
        ({"main.py": "", "other.py": "", "Dockerfile": "ENTRYPOINT python /app/other.py --x"}, "other.py"),
    ],
)
def test_scripts_are_found(tmp_path: Path, files: dict[str, str], entry: str) -> None:
    found = read(lay(tmp_path, files))
    expected = {
        "-m jobs": Module("jobs", tmp_path),
        "-m jobs in src": Module("jobs", tmp_path / "src"),
    }.get(entry, Script(tmp_path / entry))
    assert found == expected


def test_services_of_one_directory_are_told_apart_by_name(tmp_path: Path) -> None:
    runs = "if __name__ == '__main__':\n    pass\n"
    lay(tmp_path, {
        "main.py": FASTAPI, "admin_page.py": FASTAPI, "worker.py": runs, "library.py": "x = 1\n",
        "cron/__main__.py": "", "Dockerfile": "CMD uvicorn main:app",
    })  # fmt: skip

    def program(name: str) -> str:
        service = Service(name, tmp_path, stack="python", port=80)
        return " ".join(stack.stack_start(service, Place(tmp_path / "artefacts", 80)).program.argv)

    assert "uvicorn main:app" in program("web")
    assert "uvicorn main:app" in program("library")
    assert "uvicorn admin_page:app" in program("admin-page")
    assert program("worker").endswith(str(tmp_path / "worker.py"))
    assert program("cron").endswith("-m cron")
    found = stack.stack_detect(tmp_path, None, None)
    assert (found.evidence, dict(found.options)) == ("Dockerfile runs `uvicorn main:app`", {})
    assert dict(stack.stack_detect(tmp_path, tmp_path / "Dockerfile", None).options) == {"app": "main:app"}


def test_an_application_that_can_run_itself_is_settled_at_once(tmp_path: Path) -> None:
    """Once settled, a save that breaks the application is a broken application and not suddenly a script."""
    lay(tmp_path, {"main.py": FASTAPI + "if __name__ == '__main__':\n    run(app)\n"})
    assert dict(stack.stack_detect(tmp_path, None, None).options) == {"app": "main:app"}
    (tmp_path / "main.py").write_text("import nowhere\n")
    service = Service("web", tmp_path, stack="python", port=80, options=stack.PythonOptions(app="main:app"))
    plan = stack.stack_start(service, Place(tmp_path, 80))
    assert plan.listen is Listen.INHERIT
    assert "main:app" in plan.program.argv


def test_a_factory_is_recognised_where_it_is_only_named(tmp_path: Path) -> None:
    lay(tmp_path, {"main.py": FACTORY + "app = create_app()\n"})
    service = Service("web", tmp_path, stack="python", port=80, options=stack.PythonOptions(app="main:create_app"))
    assert "--factory" in stack.stack_start(service, Place(tmp_path, 80)).program.argv
    given = stack.PythonOptions(app="main:create_app", factory=False)
    plain = Service("web", tmp_path, stack="python", port=80, options=given)
    assert "--factory" not in stack.stack_start(plain, Place(tmp_path, 80)).program.argv


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("uvicorn app.main:app --host 0.0.0.0", Hint(app=("app.main", "app"))),
        ("/venv/bin/python3.11 -m uvicorn --factory main:make", Hint(app=("main", "make"), factory=True)),
        ("poetry run uvicorn main:app", Hint(app=("main", "app"))),
        ("uv run --frozen uvicorn main:app", Hint(app=("main", "app"))),
        ("gunicorn -k uvicorn.workers.UvicornWorker main:app", Hint(app=("main", "app"))),
        ("gunicorn shop.wsgi:application", Hint(app=("shop.wsgi", "application"), server="gunicorn")),
        ("hypercorn main:create()", Hint(app=("main", "create"), factory=True, server="hypercorn")),
        ("fastapi run app/main.py --port 80", Hint(file="app/main.py")),
        ("python -u -X dev worker.py --fast", Hint(script="worker.py")),
        ("python -m shop.jobs", Hint(module="shop.jobs")),
        ("python -c pass", None),
        ("npm run dev", None),
        ("go run .", None),
    ],
)
def test_commands_are_read(words: str, expected: Hint | None) -> None:
    assert hint(words.split()) == expected
    assert hint(["sh", "-c", f"migrate && exec {words}"]) == expected


def test_a_dockerfile_is_read_to_its_last_stage(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text('FROM a\nCMD ["old"]\nFROM b\n# CMD no\nENTRYPOINT ["tini", "--"]\ncmd ["uvicorn", \\\n  "m:a"]\n')
    assert dockerfile_command(file) == ("tini", "--", "uvicorn", "m:a")
    assert dockerfile_command(tmp_path / "none") == ()


def test_a_test_file_became_the_program_when_the_application_was_gone(tmp_path: Path) -> None:
    runs = "import unittest\nif __name__ == '__main__':\n    unittest.main()\n"
    lay(tmp_path, {
        "test_web.py": FASTAPI + runs, "web_test.py": FASTAPI + runs, "conftest.py": FASTAPI + runs,
        "tests/app.py": FASTAPI, "tests/__main__.py": "", "requirements.txt": "",
    })  # fmt: skip
    assert read(tmp_path) is None
    for name in ("web", "test_web", "web-test", "conftest"):
        with pytest.raises(WrongInput, match="no ASGI application and no script was found"):
            stack.stack_start(Service(name, tmp_path, stack="python", port=80), Place(tmp_path, 80))


@pytest.mark.parametrize(
    "text",
    [
        "import http.server as h\nif __name__ == '__main__':\n    h.HTTPServer(('', 1), h.BaseHTTPRequestHandler).serve_forever()\n",
        "import socketserver\nwith socketserver.TCPServer(('', 1), None) as httpd:\n    httpd.serve_forever()\n",
    ],
)
@pytest.mark.parametrize("name", ["server", "listing"])
def test_a_plain_server_script_was_overlooked(tmp_path: Path, name: str, text: str) -> None:
    lay(tmp_path, {f"{name}.py": text, "library.py": "def f(s):\n    s.serve_forever()\n"})
    found = stack.stack_detect(tmp_path, None, None)
    assert (found.evidence, dict(found.options)) == (f"server script {name}.py", {"script": f"{name}.py"})
    assert found.score > stack.stack_detect(lay(tmp_path / "x", {"main.py": "print()"}), None, None).score


@pytest.mark.parametrize(
    ("files", "own"),
    [
        ({"tasks.py": "", "site/main.py": FASTAPI}, True),
        ({"requirements.txt": "", "site/requirements.txt": "", "site/main.py": FASTAPI}, True),
        ({"requirements.txt": "", "site/main.py": FASTAPI}, False),
        ({"run.py": "", "shop/__init__.py": "", "shop/main.py": FASTAPI}, False),
        ({"run.py": "", "shop/main.py": "from .routes import r\n" + FASTAPI}, False),
        ({"run.py": "", "shop/main.py": "from shop import routes\n" + FASTAPI}, False),
        ({"run.py": "", "src/main.py": FASTAPI}, False),
    ],
)
def test_an_application_below_is_a_service_of_the_folder_that_holds_it(
    tmp_path: Path, files: dict[str, str], own: bool
) -> None:
    found = stack.stack_detect(lay(tmp_path, files), None, None)
    assert ("a service of its own" in found.evidence) == own
    assert (found.score < 30) == own
    assert found.needs_port


def test_a_folder_called_like_a_standard_module_is_no_package(tmp_path: Path) -> None:
    found = read(lay(tmp_path, {"requirements.txt": "", "site/main.py": FASTAPI}))
    assert isinstance(found, Application)
    assert (found.spelled, found.root) == ("main:app", tmp_path / "site")


def test_scores_say_how_sure_we_are(tmp_path: Path) -> None:
    def detect(files: dict[str, str], command: tuple[str, ...] | None = None):
        root = tmp_path / str(len(list(tmp_path.iterdir())))
        root.mkdir()
        return stack.stack_detect(lay(root, files), None, command)

    command = detect({"main.py": FASTAPI}, ("uvicorn", "main:app"))
    docker = detect({"main.py": FASTAPI, "Dockerfile": "CMD uvicorn main:app"})
    source = detect({"main.py": FASTAPI})
    script = detect({"main.py": "print()"})
    manifest = detect({"requirements.txt": ""})
    found = [command, docker, source, script, manifest]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert source.evidence == "ASGI application `app` in main.py"
    assert dict(source.options) == {"app": "main:app"}
    assert dict(script.options) == {}
    assert "requirements.txt" in manifest.evidence
    assert detect({"package.json": "{}"}) is None
    assert stack.stack_detect(tmp_path / "gone", None, None) is None
