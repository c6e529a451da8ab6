"""What `tasks()` gives to a project's `tasks.py`: ours, the project's own, its steps, and those of plugins."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import TASKS, Desk, at_a_desk, golden
from fakes import canned

from hybrid_tasks.cli import app, plugin_tasks
from hybrid_tasks.cli.here import table_names


@pytest.fixture
def desk() -> Iterator[Desk]:
    with at_a_desk() as made:
        yield made


def listed(desk: Desk, **options: object) -> dict[str, str]:
    done = desk.run("--list", "--list-format", "json", **options)  # type: ignore[arg-type]
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    names = {task["name"]: task["help"] for task in data["tasks"]}
    for collection in data["collections"]:
        names |= {f"{collection['name']}.{task['name']}": task["help"] for task in collection["tasks"]}
    return names


def test_the_list(desk: Desk) -> None:
    done = desk.run("--list")
    golden("list", done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


@pytest.mark.parametrize("name", [task.replace("_", "-") for task in app.TASKS])
@pytest.mark.parametrize("words", [["--help", "{}"], ["{}", "--help"], ["-h", "{}"], ["{}", "-h"]], ids="_".join)
def test_every_task_has_help_with_an_example(desk: Desk, name: str, words: list[str]) -> None:
    done = desk.run(*(word.format(name) for word in words))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"inv {name}" in done.stdout.partition("Example:")[2]
    options = done.stdout.partition("Options:\n")[2]
    assert options.strip() == "none" or all(
        len(line.split(maxsplit=1)) == 2 for line in options.splitlines() if line.lstrip().startswith("--")
    ), "every flag is explained"


def test_every_task_that_prints_data_prints_json() -> None:
    without = {task.name for task in app.ours() if not any(arg.name == "json" for arg in task.get_arguments())}
    assert without == {"dev_debug", "dev_test", "dev_completion", "dev_step"}


def test_flags_are_stable() -> None:
    """No letter is handed out by chance: the only short flag is the one we chose."""
    short = {
        (task.name, name)
        for task in app.ours()
        for argument in task.get_arguments()
        for name in argument.names
        if len(name) == 1
    }
    assert short == {("dev_logs", "f")}


def test_asking_for_flags_twice_keeps_the_help_texts() -> None:
    """Invoke takes the texts out of the task when it is asked for the first time."""
    (task, *_) = app.ours()
    first = [argument.help for argument in task.get_arguments()]
    assert first == [argument.help for argument in task.get_arguments()]
    assert all(first)


HEAVY = """
import json, sys
sys.argv[1:] = json.loads(sys.argv[1])
from invoke.main import program
code = 0
try:
    program.run()
except SystemExit as end:
    code = end.code
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""


def modules(desk: Desk, *words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", HEAVY, json.dumps(words)],
        cwd=desk.root,
        env=desk.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    code, names = json.loads(done.stderr)
    assert code == 0
    return set(names)


FORBIDDEN = {
    "docker",
    "pydantic",
    "watchdog",
    "pluggy",
    "psutil",
    "rich",
    "textual",
    "tomllib",
    "dotenv",
    "pathspec",
    "colorlog",
}


def test_a_list_loads_nothing_heavy_and_no_plugin(desk: Desk) -> None:
    ours = modules(desk, "--list")
    (desk.root / "tasks.py").write_text("from invoke import task\n@task\ndef x(c):\n    pass\n")
    empty = modules(desk, "--list")
    extra = {name.partition(".")[0] for name in ours - empty} - {"hybrid_tasks"}
    assert not extra & FORBIDDEN
    assert not any(name.startswith(("hybrid_stack_", "hybrid_runtime_")) for name in ours)
    assert not any(name.startswith("asyncio") for name in ours - empty)
    assert {"hybrid_tasks.control", "hybrid_tasks.cli.outcome", "hybrid_tasks.model"} & ours == set()


def test_a_status_loads_nothing_heavy(desk: Desk) -> None:
    with desk.supervised({"status": canned({"schema": 1, "services": [{"name": "web"}]})}):
        names = modules(desk, "dev-status")
    assert not {name.partition(".")[0] for name in names} & FORBIDDEN
    assert "hybrid_tasks.control.server" not in names


OWN = """
from invoke import task

@task
def build(c, target="all"):
    \"\"\"Build it.\"\"\"
    print("building", target)

{lines}

@task(aliases=["ship"])
def deploy(c, where):
    \"\"\"Ship it.\"\"\"
    print("deploying to", where)
"""


def test_own_tasks_stay_beside_ours(desk: Desk) -> None:
    """Adding the two lines to a `tasks.py` takes nothing away, whether its tasks come before or after them."""
    (desk.root / "tasks.py").write_text(OWN.format(lines=TASKS))
    names = listed(desk)
    assert names["build"] == "Build it."
    assert names["deploy"] == "Ship it."
    assert "dev-start" in names
    assert desk.run("build", "--target", "web").stdout == "building web\n"
    assert desk.run("deploy", "dev-start").stdout == "deploying to dev-start\n"
    assert desk.run("ship", "prod", "build").stdout == "deploying to prod\nbuilding all\n"
    with desk.supervised({"stop": canned({"services": []})}) as fake:
        done = desk.run("build", "dev-stop", "web", "deploy", "prod")
    assert done.stdout == "building all\nnothing was running\ndeploying to prod\n"
    assert fake.asked("stop") == [{"services": ("web",), "kill": False}]


def test_own_mistakes_are_told_by_invoke_as_ever(desk: Desk) -> None:
    (desk.root / "tasks.py").write_text(OWN.format(lines=TASKS))
    for words in (["deploy"], ["build", "--nope"], ["xyzzy"]):
        done = desk.run(*words)
        assert done.returncode == 1
        assert "error:" not in done.stderr


def test_a_task_added_by_hand_is_there_once(desk: Desk) -> None:
    (desk.root / "tasks.py").write_text(OWN.format(lines=TASKS) + "\nns.add_task(build, name='make-it')\n")
    names = listed(desk)
    assert "make-it" in names or "build" in names
    assert desk.run("make-it").stdout == "building all\n"
    assert "build" not in desk.run("--list").stdout.split()[:4]


def test_a_collection_of_their_own_may_hold_ours(desk: Desk) -> None:
    (desk.root / "tasks.py").write_text(
        "from invoke import Collection, task\nfrom hybrid_tasks import tasks\n"
        "@task\ndef hidden(c):\n    pass\n"
        "ns = Collection()\nns.add_collection(tasks(), name='hybrid')\n"
    )
    names = desk.run("--list").stdout
    assert "hybrid.dev-start" in names
    assert "hidden" not in names, "what they left out stays out"
    with desk.supervised({"start": canned({"services": []})}) as fake:
        assert desk.run("hybrid.dev-start", "web").returncode == 0
    assert fake.asked("start")[0]["services"] == ("web",)


def test_asking_twice_for_the_tasks_is_harmless(desk: Desk) -> None:
    (desk.root / "tasks.py").write_text("from hybrid_tasks import tasks\ntasks()\nns = tasks()\n")
    with desk.supervised({"start": canned({"services": []})}) as fake:
        assert desk.run("dev-start", "web").returncode == 0
    assert fake.asked("start")[0]["services"] == ("web",)


def test_importing_tasks_elsewhere_works(desk: Desk) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import tasks; print('dev-start' in tasks.ns.task_names)"],
        cwd=desk.root,
        env=desk.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.parametrize(
    ("file", "text", "names"),
    [
        (
            "hybrid.toml",
            "[steps.migrate]\n[ steps . seed ]\n[steps.'x']\n[steps.\"load-data\"]\n#[steps.no]\n",
            ["migrate", "seed", "x", "load-data"],
        ),
        ("hybrid.toml", "\ufeff[steps.migrate]\r\nrun = 'x'\r\n[steps.migrate.env]\r\n", ["migrate"]),
        ("hybrid.toml", "this is [not toml\n  [steps.a_b]\n", ["a_b"]),
        (
            "pyproject.toml",
            "[tool.hybrid]\n[tool.hybrid.steps.migrate]\n[steps.no]\n[tool.other.steps.no]\n",
            ["migrate"],
        ),
        ("hybrid.toml", "", []),
    ],
)
def test_steps_are_found_without_parsing(tmp_path: Path, file: str, text: str, names: list[str]) -> None:
    (tmp_path / file).write_bytes(text.encode())
    assert table_names(tmp_path, "steps") == names


def test_steps_are_tasks_and_ours_win_over_a_step_of_their_name(desk: Desk) -> None:
    with (desk.root / "hybrid.toml").open("a") as file:
        file.write('[steps.start]\nrun = "x"\n[steps.load_data]\nrun = "x"\n')
    names = listed(desk)
    assert names["dev-migrate"] == "Run the project's step `migrate`."
    assert names["dev-load-data"] == "Run the project's step `load_data`."
    assert names["dev-start"].startswith("Start services")
    with desk.supervised({"step": canned({})}) as fake:
        desk.run("dev-load-data")
    assert fake.asked("step") == [{"name": "load_data"}]


def installed(folder: Path, name: str, entry_points: str, **files: str) -> None:
    """A distribution as pip leaves it."""
    metadata = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(entry_points)
    for module, text in files.items():
        (folder / f"{module}.py").write_text(text)


GOOD = 'from invoke import task\n@task\ndef reload(c, hard=False):\n    """Reload the gateway."""\n    print(\'reloaded\', hard)\n'
HELPLESS = "@task(help={'nope': 'x'})\ndef broken(c):\n    pass\n"


def test_tasks_of_plugins_are_under_their_name(desk: Desk, tmp_path: Path) -> None:
    installed(
        tmp_path,
        "hybrid-gateway",
        "[hybrid_tasks]\ngateway = boom\n\n[hybrid_tasks.tasks]\ngateway = gw_tasks\n",
        gw_tasks=GOOD,
        boom="raise SystemExit('loaded')",
    )
    env = {"PYTHONPATH": str(tmp_path)}
    assert listed(desk, env=env)["gateway.reload"] == "Reload the gateway."
    done = desk.run("gateway.reload", "--hard", env=env)
    assert (done.stdout, done.stderr, done.returncode) == ("reloaded True\n", "", 0)
    assert "gateway.reload" not in listed(desk, env={**env, "HYBRID_DISABLE_PLUGINS": "other, gateway"})


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            GOOD + HELPLESS,
            "warning: task `broken` of plugin `gateway` (hybrid_gateway-1.0) is left out: Help field was set",
        ),
        (
            "import no_such_module\n",
            "warning: the tasks of plugin `gateway` (hybrid_gateway-1.0) do not load: ModuleNotFoundError",
        ),
        (
            "raise SystemExit(3)\n",
            "warning: the tasks of plugin `gateway` (hybrid_gateway-1.0) do not load: SystemExit: 3",
        ),
        ("def (\n", "warning: the tasks of plugin `gateway` (hybrid_gateway-1.0) do not load: SyntaxError"),
        ("from invoke import task\n@task\ndef broken():\n    pass\n", "warning: "),
        (GOOD + "@task\ndef many(c, *args):\n    pass\n", ""),
    ],
    ids=["help", "import", "exit", "syntax", "no context", "star"],
)
def test_a_broken_task_of_a_plugin_is_named_and_the_rest_goes_on(
    desk: Desk, tmp_path: Path, text: str, warning: str
) -> None:
    installed(tmp_path, "hybrid-gateway", "[hybrid_tasks.tasks]\ngateway = gw_tasks\n", gw_tasks=text)
    done = desk.run("--list", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0
    assert "dev-start" in done.stdout
    assert "broken" not in done.stdout
    assert done.stderr.startswith(warning)
    assert "Traceback" not in done.stderr
    assert ("gateway.reload" in done.stdout) == (text.startswith(GOOD))


def test_entry_points_are_read_as_they_are_written(tmp_path: Path) -> None:
    installed(
        tmp_path,
        "one",
        "[console_scripts]\nx = y:z\n[hybrid_tasks.tasks]\n# no\nb = pkg.tasks:ns [extra]\n\n a=other\n[zzz]\nc = d\n",
    )
    installed(tmp_path, "two", "[hybrid_tasks.tasks]\na = second\n")
    installed(tmp_path, "three", "[hybrid_tasks]\nq = r\n")
    (tmp_path / "four-1.dist-info").mkdir()
    (tmp_path / "five-1.dist-info").write_text("a file")
    found = list(plugin_tasks.find([str(tmp_path), str(tmp_path), "/nowhere", str(tmp_path / "five-1.dist-info")]))
    assert found == [("b", "pkg.tasks", "one-1.0"), ("a", "other", "one-1.0")]


def test_a_plugin_named_like_a_task_of_ours_is_left_out(desk: Desk, tmp_path: Path) -> None:
    installed(tmp_path, "x", "[hybrid_tasks.tasks]\ndev-start = gw_tasks\n", gw_tasks=GOOD)
    done = desk.run("--list", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0
    assert done.stderr == "warning: tasks of plugin `dev-start` are left out: there is a task of that name\n"


def test_without_a_tasks_file_there_is_python_m(desk: Desk) -> None:
    (desk.root / "tasks.py").unlink()
    with desk.supervised({"stop": canned({"services": []})}) as fake:
        done = subprocess.run(
            [sys.executable, "-m", "hybrid_tasks", "dev-stop", "web"],
            cwd=desk.root,
            env=desk.environ,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (done.stdout, done.stderr, done.returncode) == ("nothing was running\n", "", 0)
    assert fake.asked("stop")[0]["services"] == ("web",)
