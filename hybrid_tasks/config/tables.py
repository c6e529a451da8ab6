"""Every key of `hybrid.toml`: its kind, its default and one sentence about it. The JSON schema comes from here."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from hybrid_tasks.config import kinds
from hybrid_tasks.config.kinds import expected


class Table(BaseModel):
    """A table of the file: strict kinds, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class ProjectTable(Table):
    """The project as a whole."""

    name: kinds.Text | None = Field(
        default=None, description="Name of the project; the directory's name when left out.", examples=["shop"]
    )
    compose: kinds.Paths | None = Field(
        default=None, description="Compose files, relative to the project.", examples=[["docker-compose.yml"]]
    )
    env: kinds.Paths | None = Field(
        default=None,
        description="Env files for every service, later ones win; `.env.local` is added if present.",
        examples=[[".env"]],
    )
    default_mode: kinds.Text | None = Field(
        default=None, description="Mode used when `--mode` is not given.", examples=["hybrid"]
    )
    pass_env: kinds.Variables = Field(
        default=[],
        description="Variables of your shell that services get beside the usual ones.",
        examples=[["API_TOKEN"]],
    )


class ModeTable(Table):
    """A named choice of compose files, profiles, env files and what runs natively."""

    compose: kinds.Paths = Field(
        default=[],
        description="Compose files of this mode, in the place of the project's.",
        examples=[["docker-compose.yml"]],
    )
    profiles: kinds.Names = Field(default=[], description="Compose profiles of this mode.", examples=[["infra"]])
    env: kinds.Paths = Field(
        default=[], description="Env files of this mode, laid over the project's.", examples=[["config/dev.env"]]
    )
    native: kinds.Names | None = Field(
        default=None,
        description="Services that run from source in this mode, the rest in containers; all when left out.",
        examples=[["api"]],
    )
    hot_reload: kinds.Flag = Field(
        default=True, description="False: sources are never watched nor mounted.", examples=[False]
    )


class EndpointTable(Table):
    """A further port of a service."""

    port: kinds.Port = Field(description="Number of the port on this machine.", examples=[9090])
    inside_port: kinds.Port | None = Field(
        default=None, description="Number inside a container where it differs.", examples=[90]
    )
    path: kinds.UrlPath = Field(
        default="", description="Path that belongs to the address shown for it.", examples=["/metrics"]
    )
    listen: kinds.Listening = Field(
        default="auto", description="Who owns this socket, as `listen` of the service.", examples=["own"]
    )


class HealthTable(Table):
    """How a service is asked whether it is well, by one of the first six keys, and how often."""

    http: kinds.UrlPath | None = Field(
        default=None, description="Healthy when this path answers 200 to 399.", examples=["/healthz"]
    )
    tcp: kinds.Yes | None = Field(
        default=None, description="Healthy when the port accepts a connection.", examples=[True]
    )
    exec: kinds.Words | None = Field(
        default=None, description="Healthy when this command ends with 0.", examples=[["pg_isready"]]
    )
    log: kinds.Pattern | None = Field(
        default=None,
        description="Healthy once a line of output matches this regular expression.",
        examples=["listening on"],
    )
    notify: kinds.Yes | None = Field(
        default=None, description="Healthy once the service sends READY=1 to NOTIFY_SOCKET.", examples=[True]
    )
    alive: kinds.Yes | None = Field(default=None, description="Healthy as long as the process lives.", examples=[True])
    interval: kinds.Interval = Field(default=10.0, description="Seconds between probes.", examples=[10])
    timeout: kinds.Patience = Field(default=2.0, description="Seconds after which one probe has failed.", examples=[2])
    retries: kinds.Retries = Field(
        default=3, description="Failures in a row that make the service unhealthy.", examples=[3]
    )
    start_period: kinds.Patience = Field(
        default=30.0, description="Seconds a new instance has to answer.", examples=[30]
    )


class StopTable(Table):
    """How an instance is asked to end."""

    signal: kinds.Signal = Field(default="TERM", description="Signal it gets first, without SIG.", examples=["INT"])
    grace: kinds.Grace = Field(default=2.0, description="Seconds until it is killed.", examples=[2])


def _health(value: object) -> object:
    if isinstance(value, str):
        return {"http": value}
    if isinstance(value, dict):
        return value
    raise expected("a path or a table", value, 'write `health = "/healthz"`, or `health = {tcp = true}`')


def _endpoint(value: object) -> object:
    if isinstance(value, dict):
        return value
    return {"port": value}


Health = Annotated[HealthTable, BeforeValidator(_health, json_schema_input_type=kinds.UrlPath | HealthTable)]
Endpoint = Annotated[EndpointTable, BeforeValidator(_endpoint, json_schema_input_type=kinds.Port | EndpointTable)]


class ServiceTable(Table):
    """One program of the project; the options of its stack are a table of their own in it (`[services.api.go]`)."""

    stack: kinds.Text | None = Field(
        default=None, description="Language of the service; detected when left out.", examples=["go"]
    )
    dir: kinds.Path = Field(
        default=".", description="Its directory, relative to the project.", examples=["services/api"]
    )
    runtime: kinds.Text = Field(default="native", description="Where it runs.", examples=["native"])
    command: kinds.Words | None = Field(
        default=None,
        description="Program to run instead of the stack's; `{port}` in a word is the port.",
        examples=[["npm", "run", "dev"]],
    )
    build: kinds.Words | None = Field(
        default=None, description="Command that builds it, instead of the stack's.", examples=[["make", "api"]]
    )
    check: kinds.Words | None = Field(
        default=None, description="Cheap syntax check, instead of the stack's.", examples=[["ruff", "check"]]
    )
    args: kinds.Arguments = Field(
        default=[], description="Arguments added to the program; `{port}` is the port.", examples=[["--verbose"]]
    )
    env: dict[kinds.Variable, kinds.VariableValue] = Field(
        default={}, description="Variables of this service.", examples=[{"LOG_LEVEL": "debug"}]
    )
    env_file: kinds.Paths = Field(
        default=[],
        description="Env files of this service, relative to the project, later ones win.",
        examples=[["config/hybrid.env"]],
    )
    port: kinds.Port | None = Field(default=None, description="Port it serves on.", examples=[8080])
    ports: dict[str, Endpoint] = Field(
        default={}, description="Further ports by name: a number or a table.", examples=[{"metrics": 9090}]
    )
    host: kinds.Address = Field(default="127.0.0.1", description="Address it binds.", examples=["127.0.0.1"])
    port_env: kinds.Variable | None = Field(
        default=None, description="Variable that tells it the port.", examples=["HTTP_PORT"]
    )
    listen: kinds.Listening = Field(
        default="auto",
        description="Who owns the socket: `inherit` takes ours, `front` is behind a proxy, `own` binds itself.",
        examples=["inherit"],
    )
    launch: kinds.Launching = Field(
        default="auto",
        description="Whether a new instance starts `beside` the old one or `replace`s it.",
        examples=["replace"],
    )
    health: Health | None = Field(
        default=None, description="Path that answers 200 when it is well, or a table.", examples=["/healthz"]
    )
    needs: kinds.Names = Field(
        default=[],
        description="Services (`db`) and steps (`step:migrate`) that come first.",
        examples=[["db", "step:migrate"]],
    )
    watch: kinds.Paths = Field(
        default=[],
        description="Files and directories to watch beside its own, relative to `dir`.",
        examples=[["../shared"]],
    )
    ignore: kinds.Lines = Field(
        default=[], description="Gitignore lines of files that do not count.", examples=[["*.gen.go"]]
    )
    debounce: kinds.Quiet | None = Field(
        default=None,
        description="Seconds of quiet before a switch; the stack's (0.015) when left out.",
        examples=[0.015],
    )
    restart: kinds.Restarting = Field(
        default="auto", description="What happens when it ends by itself.", examples=["auto"]
    )
    optional: kinds.Flag = Field(
        default=False, description="True: a missing toolchain blocks it without failing the start.", examples=[True]
    )
    stop: StopTable = Field(
        default=StopTable(), description="How it is asked to end.", examples=[{"signal": "TERM", "grace": 2}]
    )


class StepTable(Table):
    """A one-shot command: `inv dev-NAME`, or `needs = ["step:NAME"]`."""

    run: kinds.Words = Field(description="Command to run once, without a shell.", examples=["./migrate.sh up"])
    dir: kinds.Path = Field(default=".", description="Directory it runs in, relative to the project.", examples=["db"])
    needs: kinds.Names = Field(default=[], description="Services and steps that come first.", examples=[["db"]])


class GatewayTable(Table):
    """The proxy in front of the services."""

    kind: kinds.GatewayKind = Field(default="caddy", description="Which proxy.", examples=["caddy"])


class ClusterTable(Table):
    """The local Kubernetes cluster."""

    provider: kinds.Text = Field(
        default="minikube", description="`minikube`, `kind`, or a kubectl context.", examples=["minikube"]
    )
    profile: kinds.Text | None = Field(
        default=None, description="Name of the cluster; the project's when left out.", examples=["shop"]
    )
    memory: kinds.Megabytes = Field(default=4096, description="Memory of the cluster, in MB.", examples=[4096])
    cpus: kinds.Cores = Field(default=2, description="Processors of the cluster.", examples=[2])


class PluginsTable(Table):
    """Which plugin answers where several could."""

    prefer: dict[str, kinds.Text] = Field(
        default={},
        description="The distribution that owns a name which several claim.",
        examples=[{"go": "hybrid-stack-go"}],
    )


class File(Table):
    """Everything `hybrid.toml` may say."""

    project: ProjectTable | None = Field(default=None, description="Name, files and defaults of the project.")
    modes: dict[str, ModeTable] = Field(default={}, description="Named choices of what runs where.")
    services: dict[str, ServiceTable] = Field(default={}, description="The programs of the project.")
    gateway: GatewayTable | None = Field(default=None, description="The proxy that routes to the services.")
    cluster: ClusterTable | None = Field(default=None, description="The Kubernetes cluster on this machine.")
    steps: dict[str, StepTable] = Field(default={}, description="One-shot commands.")
    plugins: PluginsTable | None = Field(default=None, description="Choices between plugins.")
