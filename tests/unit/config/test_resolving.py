"""A right configuration becomes a project with every path absolute and every default filled in."""

from __future__ import annotations

import pytest

from hybrid_tasks.config.inputs import inputs
from hybrid_tasks.config.resolve import configuration, load, preferences
from hybrid_tasks.config.selection import mode_set
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.info import RuntimeInfo
from hybrid_tasks.model.probe import AliveProbe, ExecProbe, HttpProbe, LogProbe, Pace, TcpProbe
from hybrid_tasks.model.service import Endpoint, Launch, Listen, Origin, Restart, Service, Stop
from hybrid_tasks.model.watching import Debounce

EVERYTHING = """
[project]
name = "store"
compose = ["docker-compose.yml"]
env = ["config/hybrid.env"]
default_mode = "hybrid"
pass_env = ["API_TOKEN"]

[modes.hybrid]
compose = ["docker-compose.yml"]
profiles = ["infra"]
env = ["services/api/own.env"]
native = ["api", "worker"]
hot_reload = true

[services.api]
stack = "go"
dir = "services/api"
runtime = "native"
build = "make api"
check = ["vet", "{changed}"]
args = ["--verbose"]
env = {LOG_LEVEL = "debug", RETRIES = 3, RATIO = 0.5, TRACE = true}
env_file = ["config/hybrid.env"]
port = 8080
ports = {metrics = 9090, debug = {port = 2345, inside_port = 2, path = "/debug", listen = "own"}}
host = "localhost"
port_env = "HTTP_PORT"
listen = "inherit"
launch = "beside"
health = {http = "/healthz", interval = 5, timeout = 1, retries = 2, start_period = 9}
needs = ["step:migrate", "worker", "worker"]
watch = ["../../shared"]
ignore = ["*.gen.go"]
debounce = 0.1
restart = "always"
optional = true
stop = {signal = "INT", grace = 5}
[services.api.go]
main = "./cmd/server"

[services.worker]
command = "python 'my worker.py'"

[gateway]
kind = "kong"
[cluster]
profile = "store"
[steps.migrate]
run = "docker compose run --rm migrator"
dir = "config"
needs = ["worker"]
[plugins]
prefer = {go = "hybrid-stack-go"}
"""


@pytest.fixture
def project(loaded, root):
    (root / "docker-compose.yml").write_text("services: {}\n")
    return loaded(EVERYTHING)


def test_every_key_of_a_service(project, root):
    api = project.services["api"]
    assert api == Service(
        name="api",
        directory=root / "services/api",
        stack="go",
        build=("make", "api"),
        check=("vet", "{changed}"),
        args=("--verbose",),
        env={"LOG_LEVEL": "debug", "RETRIES": "3", "RATIO": "0.5", "TRACE": "true"},
        env_file=(root / "config/hybrid.env",),
        port=8080,
        ports=(Endpoint("metrics", 9090), Endpoint("debug", 2345, 2, "/debug", Listen.OWN)),
        host="127.0.0.1",
        port_env="HTTP_PORT",
        listen=Listen.INHERIT,
        launch=Launch.BESIDE,
        health=HttpProbe("/healthz"),
        pace=Pace(5, 1, 2, 9),
        needs=("step:migrate", "worker"),
        watch=(root / "shared",),
        ignore=("*.gen.go",),
        debounce=Debounce(quiet=0.1),
        restart=Restart.ALWAYS,
        optional=True,
        stop=Stop("INT", 5),
        options=api.options,
    )
    assert api.apart == (root / "services/api/own.env",)
    assert api.origin == Origin(root / "hybrid.toml", 16)
    assert api.options.main == "./cmd/server"


def test_the_rest_of_the_file(project, root):
    assert (project.name, project.root, project.file, project.mode) == ("store", root, root / "hybrid.toml", "hybrid")
    assert project.compose == (root / "docker-compose.yml",)
    assert project.env == (root / "config/hybrid.env",)
    assert project.pass_env == ("API_TOKEN",)
    assert project.gateway == {"kind": "kong"}
    assert project.cluster == {"provider": "minikube", "profile": "store", "memory": 4096, "cpus": 2}
    mode = project.modes["hybrid"]
    assert (mode.compose, mode.profiles, mode.env) == (
        (root / "docker-compose.yml",),
        ("infra",),
        (root / "services/api/own.env",),
    )
    assert (mode.native, mode.hot_reload) == (("api", "worker"), True)
    step = project.steps["migrate"]
    assert (step.run, step.directory, step.needs) == (
        ("docker", "compose", "run", "--rm", "migrator"),
        root / "config",
        ("worker",),
    )
    assert step.origin.line == EVERYTHING.split("\n").index("[steps.migrate]") + 1
    assert list(project.services) == ["api", "worker"]


def test_a_text_command_is_split_once(project):
    assert project.services["worker"].command == ("python", "my worker.py")
    assert project.services["worker"].stack is None


def test_defaults(loaded, root):
    project = loaded('[services.ui]\ncommand = ["npm", "run", "dev"]\n')
    ui = project.services["ui"]
    assert ui == Service(name="ui", directory=root, command=("npm", "run", "dev"))
    assert ui.apart == tuple(root / name for name in ("hybrid.toml", "hybrid_plugins.py", ".env", ".env.local"))
    assert ui.origin == Origin(root / "hybrid.toml", 1)
    assert (project.name, project.mode, project.env, project.compose, project.warnings) == ("shop", None, (), (), ())


def test_a_list_command_is_taken_as_it_is(loaded):
    words = ["printf", "%s\\n", "a b", "$HOME", "&&", "", "ü", "-"]
    text = "[services.x]\ncommand = [" + ", ".join(f"'{word}'" for word in words) + "]\n"
    assert loaded(text).services["x"].command == tuple(words)


HEALTH = [
    ('"/up"', HttpProbe("/up")),
    ('{http = "/up?full=1"}', HttpProbe("/up?full=1")),
    ("{tcp = true}", TcpProbe()),
    ("{log = 'ready in \\d+ ms'}", LogProbe("ready in \\d+ ms")),
    ("{alive = true}", AliveProbe()),
    ("{interval = 3}", None),
]


@pytest.mark.parametrize(("written", "probe"), HEALTH, ids=[written for written, _ in HEALTH])
def test_health(loaded, written, probe):
    assert loaded(f'[services.x]\ncommand = "x"\nport = 1\nhealth = {written}\n').services["x"].health == probe


def test_an_exec_probe_runs_in_the_services_directory(loaded, root):
    service = loaded('[services.x]\ndir = "services/web"\ncommand = "x"\nhealth = {exec = "pg_isready -q"}\n').services[
        "x"
    ]
    assert service.health == ExecProbe(Command(("pg_isready", "-q"), root / "services/web"))


def test_the_stack_is_detected(loaded):
    text = "".join(f'[services.{name}]\ndir = "services/{name}"\n' for name in ("api", "web", "stock"))
    assert {name: service.stack for name, service in loaded(text).services.items()} == {
        "api": "go",
        "web": "python",
        "stock": "rust",
    }


def test_env_files_are_there_by_themselves(loaded, root):
    text = '[services.x]\ncommand = "x"\n'
    (root / ".env").write_text("A=1\n")
    assert loaded(text).env == (root / ".env",)
    (root / ".env.local").write_text("A=2\n")
    assert loaded(text).env == (root / ".env", root / ".env.local")
    assert loaded('[project]\nenv = ["config/hybrid.env"]\n' + text).env == (
        root / "config/hybrid.env",
        root / ".env.local",
    )
    assert loaded('[project]\nenv = [".env.local", ".env"]\n' + text).env == (root / ".env.local", root / ".env")


def test_compose_files_are_found(loaded, root):
    for name in ("docker-compose.yml", "docker-compose.override.yml"):
        (root / name).write_text("services: {}\n")
    assert loaded('[services.x]\ncommand = "x"\n').compose == (
        root / "docker-compose.yml",
        root / "docker-compose.override.yml",
    )


MODES = '[modes.half]\nnative = ["a"]\n[modes.still]\nhot_reload = false\n[services.a]\ncommand = "x"\n[services.b]\ncommand = "y"\n'


def test_a_mode_that_never_reloads(loaded):
    assert [service.hot_reload for service in loaded(MODES).services.values()] == [True, True]
    assert [service.hot_reload for service in loaded(MODES, mode="still").services.values()] == [False, False]


def test_the_rest_of_a_mode_is_left_out_while_nothing_runs_containers(loaded):
    project = loaded(MODES, mode="half")
    assert mode_set(project) == ("a",)
    assert project.warnings == ("mode `half` runs `b` in containers, and no `compose` runtime is installed: left out",)
    assert mode_set(loaded(MODES)) == ("a", "b")
    assert mode_set(loaded(MODES, mode="still")) == ("a", "b")


def test_the_rest_of_a_mode_runs_in_containers_where_something_can(loaded, plugins):
    plugins.runtimes = {**plugins.runtimes, "compose": RuntimeInfo("compose", "Compose")}
    project = loaded(MODES, mode="half")
    assert {name: service.runtime for name, service in project.services.items()} == {"a": "native", "b": "compose"}
    assert mode_set(project) == ("a", "b")
    assert project.warnings == ()


def test_the_default_mode_is_used_and_another_can_be_asked_for(loaded):
    text = '[project]\ndefault_mode = "half"\n' + MODES
    assert loaded(text).mode == "half"
    assert loaded(text, mode="still").mode == "still"


def test_pyproject(loaded, root):
    project = loaded('[project]\nname = "x"\n[tool.hybrid.services.api]\ndir = "services/api"\n', name="pyproject.toml")
    assert project.file == root / "pyproject.toml"
    assert project.services["api"].origin == Origin(root / "pyproject.toml", 3)
    assert project.name == "shop"


def test_a_root_behind_a_link_is_the_real_one(loaded, root, tmp_path, plugins):
    loaded('[services.x]\ncommand = "x"\n')
    (tmp_path / "link").symlink_to(root)
    assert load(tmp_path / "link", plugins, environ={}, detect=plugins.detect).root == root


def test_preferences_are_read_before_any_plugin(root):
    def written(text: str) -> dict[str, str]:
        (root / "hybrid.toml").write_text(text)
        return preferences(configuration(root))

    assert written("[services.x]\ncommand = 'x'\n") == {}
    assert written(EVERYTHING) == {"go": "hybrid-stack-go"}
    assert written("[plugins]\nprefer = {a = 1, b = 'x'}\n") == {"b": "x"}


def test_the_same_file_gives_the_same_project(loaded, root):
    (root / "docker-compose.yml").write_text("services: {}\n")
    assert loaded(EVERYTHING) == loaded(EVERYTHING)


def test_the_files_it_came_from_and_those_that_could_be_made(project, root):
    names = ("hybrid.toml", "pyproject.toml", ".env", ".env.local", "config/hybrid.env", "services/api/own.env")
    assert inputs(project) == tuple(root / name for name in names)


def test_listening_behind_the_front(loaded):
    service = '[services.x]\ncommand = "x"\nport = 1\nlisten = "front"\nlaunch = "beside"\n'
    assert loaded(service).services["x"].listen is Listen.FRONT


@pytest.mark.parametrize(("quiet", "limit"), [("0.5", 10.0), ("2", 10.0), ("12", 24.0), ("60", 120.0)])
def test_bug_a_quiet_time_above_ten_seconds_was_cut_to_ten(loaded, quiet, limit):
    """The limit to which a stream of saves delays a switch was shorter than the quiet time itself."""
    found = loaded(f'[services.x]\ncommand = "x"\ndebounce = {quiet}\n').services["x"].debounce
    assert found == Debounce(float(quiet), limit)
