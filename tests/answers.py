"""What a supervisor says about services, in every state one can be in."""

from __future__ import annotations

import time


def receipt(service: str, result: str = "live", **more: object) -> dict[str, object]:
    stages = [
        {"name": "plan", "ms": 1.0, "ok": True},
        {"name": "build", "ms": 400.0, "ok": result == "live"},
        {"name": "probe", "ms": 399.0, "ok": True},
        {"name": "retire", "ms": 9000.0, "ok": True},
    ]
    return {"schema": 1, "id": "r1", "service": service, "result": result, "stages": stages, "error": None, **more}


AGO = 335.0
"""Shown as 6 min for the next 55 seconds."""


def service(name: str, word: str = "running", **more: object) -> dict[str, object]:
    running = word == "running"
    return {
        "name": name,
        "stack": "python",
        "runtime": "native",
        "state": word,
        "word": word,
        "detail": "",
        "cure": "",
        "wanted": True,
        "optional": False,
        "healthy": running,
        "address": "http://127.0.0.1:8000",
        "urls": [],
        "pid": 4121 if running else None,
        "since": time.time() - AGO if running else None,
        "restarts": 0,
        "cpu": 1.25 if running else None,
        "memory": 48_300_000 if running else None,
        "launch": "beside" if running else "",
        "swap": None,
        "stale": False,
        "source": {"running": "a", "disk": "a", "live": running},
        "last_receipt": None,
        **more,
    }


EVERYTHING = [
    service("web", last_receipt=receipt("web")),
    service(
        "api",
        launch="replace",
        last_receipt=receipt("api", "failed"),
        address="127.0.0.1:8080",
        cpu=100.0,
        memory=1_200_000_000,
        restarts=3,
        stale=True,
        detail="the last save failed: main.go:3:5: undefined: x",
        source={"live": False},
    ),
    service(
        "worker",
        healthy=False,
        address=None,
        detail="GET /healthz: 500",
        remarks=["air: cannot keep the last good version"],
    ),
    service(
        "engine", "blocked", detail="`cargo` is missing", cure="curl https://sh.rustup.rs -sSf | sh", optional=True
    ),
    service("mailer", "crashed", detail="ended with 1", source=None),
    service("loop", "held", detail="every build changes `gen/out.py`", cure='ignore = ["gen/"]'),
    service("report", "waiting", detail="waits for api"),
    service("built", "building", swap={"stage": "build"}),
    service("tried", swap={"stage": "probe"}, source={"live": False}),
    service("seed", "finished", address=None),
    service("old", "stopped", wanted=False),
]
HEALTHY = {
    "name": "web",
    "word": "running",
    "healthy": True,
    "wanted": True,
    "address": "http://127.0.0.1:8000",
    "since": 1.0,
}
LIVE = {"service": "web", "result": "live", "stages": [{"name": "build", "ms": 800.0, "ok": True}]}
