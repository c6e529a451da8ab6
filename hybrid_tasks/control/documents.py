"""The shapes of results, for whoever fills or reads them; nothing imports this at run time."""

from __future__ import annotations

from typing import Any, TypedDict


class ServiceStatus(TypedDict, total=False):
    """One service of `dev-status --json`.

    `word` is the status word, `detail` why, `cure` what to do; `address` is the first URL (or `host:port`), `urls`
    all of them; `since` seconds since the epoch, `cpu` per cent of one core, `memory` bytes; `listen` is `inherit`,
    `front` or `own`, empty where nothing listens; `remarks` is what people should read beside the state, a line each;
    `swap` is the stage of the swap that is under way, and since when; `debugger` is
    `{adapter, port, address, note, paused, attached, wait}` while it runs under one.
    """

    name: str
    stack: str | None
    runtime: str
    state: str
    word: str
    detail: str
    cure: str
    wanted: bool
    optional: bool
    healthy: bool
    address: str | None
    urls: list[dict[str, str]]
    pid: int | None
    since: float | None
    restarts: int
    cpu: float | None
    memory: int | None
    swap: dict[str, Any] | None
    launch: str
    listen: str
    remarks: list[str]
    debugger: dict[str, Any] | None
    stale: bool
    source: dict[str, Any]
    last_receipt: dict[str, Any] | None


class StatusDocument(TypedDict, total=False):
    """The result of `status`: what `dev-status --json` prints (schema 1, additions only)."""

    schema: int
    project: str
    mode: str | None
    supervisor: dict[str, Any]
    services: list[ServiceStatus]
    configuration_changed: bool
    configuration_mistakes: list[dict[str, str]]
    warnings: list[str]


class StartResult(TypedDict, total=False):
    """The result of `start`, `restart` and `wait` (it alone tells of the configuration); of a dry run `plan`.

    `plan` entries: `{"service", "wave", "action", "command", "cwd", "why"}`; a step stands there as `step:NAME`.
    """

    receipts: list[dict[str, Any]]
    configuration_changed: bool
    configuration_mistakes: list[dict[str, str]]
    services: list[ServiceStatus]
    plan: list[dict[str, Any]]
