"""Who starts before whom."""

from __future__ import annotations

from pathlib import Path

from hybrid_tasks.model.service import Service
from hybrid_tasks.supervisor.order import step_needs, waves, with_dependants, with_needs

SERVICES = {
    name: Service(name, Path("/p"), needs=needs)
    for name, needs in {
        "web": ("api", "stock"),
        "api": ("db", "step:migrate"),
        "stock": (),
        "db": (),
        "lone": (),
    }.items()
}


def test_what_is_needed_comes_along() -> None:
    assert with_needs(SERVICES, ["api"]) == ("api", "db")
    assert with_needs(SERVICES, ["web"]) == ("web", "api", "stock", "db")


def test_dependants_come_along_when_stopping() -> None:
    assert with_dependants(SERVICES, ["db"]) == ("web", "api", "db")
    assert with_dependants(SERVICES, ["lone"]) == ("lone",)


def test_each_wave_needs_only_earlier_ones() -> None:
    assert waves(SERVICES, SERVICES) == (("stock", "db", "lone"), ("api",), ("web",))
    assert waves(SERVICES, ["web", "db"]) == (("web", "db"),)


def test_steps_are_not_services() -> None:
    assert step_needs(SERVICES["api"].needs) == ("migrate",)
