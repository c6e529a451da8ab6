"""Who starts before whom."""

from __future__ import annotations

from pathlib import Path

from hybrid_tasks.model.project import Step
from hybrid_tasks.model.service import Service
from hybrid_tasks.supervisor.order import needed_steps, step_needs, waves, with_dependants, with_needs

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


STEPS = {
    name: Step(name, ("true",), Path("/p"), needs)
    for name, needs in {"migrate": ("step:create", "lone"), "create": ("db",), "other": ("api",)}.items()
}


def test_bug_steps_in_between_were_not_looked_through() -> None:
    services = {**SERVICES, "late": Service("late", Path("/p"), needs=("step:create",))}
    assert with_dependants(services, ["lone"], STEPS) == ("web", "api", "lone")
    assert with_dependants(services, ["db"], STEPS) == ("web", "api", "db", "late")
    assert waves(services, ["late", "db"], STEPS) == (("db",), ("late",))
    assert waves(services, ["api", "db", "lone"], STEPS) == (("db", "lone"), ("api",))


def test_steps_that_are_asked_for_have_waves_of_their_own() -> None:
    steps = needed_steps(SERVICES, ["web", "api"], STEPS)
    assert steps == ("step:migrate", "step:create")
    found = waves(SERVICES, ["api", "db", "lone", *steps], STEPS)
    assert found == (("db", "lone"), ("step:create",), ("step:migrate",), ("api",))


def test_steps_are_not_services() -> None:
    assert step_needs(SERVICES["api"].needs) == ("migrate",)
