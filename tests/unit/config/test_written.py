"""A project is told in words that `hybrid.toml` takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

from hybrid_tasks.config.literals import pairs
from hybrid_tasks.config.written import key_of, written
from hybrid_tasks.model.project import Project
from hybrid_tasks.model.service import Service

Load = Callable[..., Project]
EVERYTHING = """
[project]
name = "store"
env = ["config/hybrid.env"]
pass_env = ["API_TOKEN"]
[modes.hybrid]
profiles = ["infra"]
env = ["services/api/own.env"]
native = ["api"]
hot_reload = false
[steps.migrate]
run = "docker compose run"
dir = "config"
needs = ["bell"]
[gateway]
kind = "kong"
[cluster]
memory = 4000
[services.full]
stack = "go"
dir = "services/api"
build = "make api"
check = ["vet", "{changed}"]
args = ["--verbose"]
env_file = ["config/hybrid.env"]
port = 8080
ports = {metrics = 9090, debug = {port = 2345, inside_port = 2, path = "/debug", listen = "own"}}
host = "::1"
port_env = "HTTP_PORT"
listen = "inherit"
launch = "beside"
health = {http = "/healthz", interval = 5, timeout = 1, retries = 2, start_period = 9}
needs = ["step:migrate"]
watch = ["../../shared"]
ignore = ["*.gen.go"]
restart = "always"
optional = true
stop = {signal = "INT", grace = 5}
[services.full.go]
main = "./cmd/server"
[services.api]
dir = "services/api"
[services."a.b"]
command = ["sleep", "10"]
health = {exec = ["./up", "x y"]}
env = {EMPTY = "", TEXT = "a\\n#b"}
debounce = 1.5
[services.cloud]
command = "true"
runtime = "cloud"
health = {log = 'up \\w+'}
[services.cloud.cloud]
region = "eu"
[services.ui]
command = "true"
health = {alive = true}
[services.bell]
command = "true"
port = 9100
health = {tcp = true}
[services.note]
command = "true"
health = {notify = true}
"""


def told(project: Project) -> str:
    return "".join(
        f"{name} = {value}\n" for table, one in written(project).items() for name, value in pairs(table, one)
    )


def without_places(project: Project) -> Project:
    services = {name: replace(service, origin=None) for name, service in project.services.items()}
    steps = {name: replace(step, origin=None) for name, step in project.steps.items()}
    return replace(project, services=services, steps=steps, mode=None)


def test_bug_keys_were_told_that_hybrid_toml_does_not_take(loaded: Load) -> None:
    project = loaded(EVERYTHING)
    again = loaded(told(project))
    assert without_places(again) == without_places(project)
    assert told(again) == told(project)


def test_every_key_is_that_of_a_field(loaded: Load) -> None:
    project = loaded(EVERYTHING)
    for name, keys in written(project)["services"].items():  # type: ignore[attr-defined]
        known = {key_of(field.name, project.services[name]) for field in fields(Service)}
        assert keys.keys() <= known
        assert known - keys.keys() >= {"name", "origin", "environ", "evidence", "hot_reload"}
