"""Who is asked in which order, and what `hybrid.toml` decides."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import pytest
from strangers import INFO, RUNTIME, START, load, service, tweak

from hybrid_tasks.errors import HybridError, PluginBroken, WrongInput
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.info import Tool
from hybrid_tasks.model.plan import Build, Place, ReloadAction, ReloadPlan, StartPlan
from hybrid_tasks.model.probe import AliveProbe, HttpProbe, TcpProbe
from hybrid_tasks.model.project import Project
from hybrid_tasks.model.service import Listen
from hybrid_tasks.model.watching import Burst, Debounce
from hybrid_tasks.plugin import routing


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "artefacts", port=8080)


def test_the_claiming_plugin_is_asked_about_its_services_only(install, tmp_path: Path) -> None:
    install(INFO + START + "\n    @hookimpl\n    def stack_debounce(service): return Debounce(quiet=9.0)")
    host = load()
    assert routing.debounce(host, service(tmp_path)) == Debounce(quiet=9.0)
    assert routing.debounce(host, service(tmp_path, stack=None)) == Debounce()
    assert routing.debounce(host, service(tmp_path, stack="other")) == Debounce()


def test_order_of_answers(install, tmp_path: Path) -> None:
    answer = "@hookimpl\ndef stack_debounce(service): return {}"
    bystander = install(answer.format("Debounce(quiet=4.0)"), name="bystander", distribution="aa-first")
    assert routing.debounce(load(tmp_path), service(tmp_path)) == Debounce(quiet=4.0)
    install(INFO + START + "\n    @hookimpl\n    def stack_debounce(service): return Debounce(quiet=3.0)")
    assert routing.debounce(load(tmp_path), service(tmp_path)) == Debounce(quiet=3.0)
    assert routing.debounce(load(tmp_path), service(tmp_path, stack="other")) == Debounce(quiet=4.0)
    tweak(tmp_path, answer.format("Debounce(quiet=2.0) if service.name == 'api' else None"))
    assert routing.debounce(load(tmp_path), service(tmp_path)) == Debounce(quiet=2.0)
    assert routing.debounce(load(tmp_path), service(tmp_path, name="web")) == Debounce(quiet=3.0)
    assert routing.debounce(load(tmp_path), service(tmp_path, debounce=Debounce(quiet=1.0))) == Debounce(quiet=1.0)
    assert bystander == "aa-first"


def test_a_tweak_wraps_the_answer_of_everybody_below(install, tmp_path: Path) -> None:
    install(INFO + START)
    source = "import dataclasses\n@hookimpl(wrapper=True)\ndef stack_debounce(service):\n    found = yield\n"
    tweak(tmp_path, source + "    return dataclasses.replace(found, limit=found.limit + 1)\n")
    assert routing.debounce(load(tmp_path), service(tmp_path)) == Debounce(limit=11.0)


def test_hooks_may_be_asked_from_many_threads(install, tmp_path: Path, place: Place) -> None:
    install(INFO + START)
    host, failures = load(), []

    def ask() -> None:
        try:
            for _ in range(20):
                assert routing.start_plan(host, service(tmp_path), place).listen is Listen.INHERIT
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_service_of_only_a_command(tmp_path: Path, place: Place) -> None:
    given = service(
        tmp_path, stack=None, command=("npm", "run", "dev"), args=("-v",), watch=(tmp_path / "s",), ignore=("*.x",)
    )
    host = load()
    plan = routing.start_plan(host, given, place)
    assert plan == StartPlan(Command(("npm", "run", "dev", "-v"), tmp_path, plan.program.env))
    assert dict(plan.program.env) == {"PORT": "8080"}
    assert routing.reload_plan(host, given, Burst(())).action is ReloadAction.REBUILD
    assert routing.health(host, given) == TcpProbe()
    assert routing.health(host, dataclasses.replace(given, port=None)) == AliveProbe()
    assert routing.health(host, dataclasses.replace(given, health=HttpProbe("/h"))) == HttpProbe("/h")
    found = routing.watch(host, given)
    assert (found.roots, found.include, found.ignore) == ((tmp_path, tmp_path / "s"), (), ("*.x",))
    assert routing.test_command(host, given, ()) is None


def test_nobody_knows_how_it_starts(tmp_path: Path, place: Place) -> None:
    with pytest.raises(HybridError, match="nobody knows how `api` starts"):
        routing.start_plan(load(), service(tmp_path, stack=None), place)


def test_hybrid_toml_wins_over_the_stack(install, tmp_path: Path, place: Place) -> None:
    install(INFO + START)
    host = load()
    plain = routing.start_plan(host, service(tmp_path), place)
    assert (plain.listen, plain.program.argv) == (Listen.INHERIT, ("{artefact}",))
    plan = routing.start_plan(
        host, service(tmp_path, command=("./run", "{artefact}"), check=("c",), port_env="P"), place
    )
    assert plan.program.argv == ("./run", "{artefact}")
    assert dict(plan.program.env) == {"P": "8080"}
    assert plan.check == Command(("c",), tmp_path)
    assert plan.build == plain.build
    assert plan.listen is Listen.OWN
    assert routing.start_plan(host, service(tmp_path, listen=Listen.OWN), place).listen is Listen.OWN
    plan = routing.start_plan(host, service(tmp_path, command=("x",), listen=Listen.INHERIT), place)
    assert plan.listen is Listen.INHERIT
    plan = routing.start_plan(host, service(tmp_path, build=("make", "OUT={artefact}")), place)
    artefact = place.artefacts / "api"
    assert plan.build == Build(Command(("make", f"OUT={artefact}"), tmp_path), artefact)
    with pytest.raises(WrongInput, match=r"services\.api\.build does not say where its result goes"):
        routing.start_plan(host, service(tmp_path, build=("make",)), place)
    assert routing.start_plan(host, service(tmp_path, build=("make",), command=("./a",)), place).build == Build(
        Command(("make",), tmp_path), place.artefacts
    )


def test_detection_asks_every_stack_and_survives_a_broken_one(install, tmp_path: Path) -> None:
    detect = "\n    @hookimpl\n    def stack_detect(directory, dockerfile, command): {}\n"
    for name, body in (
        ("low", "return Detected(10, 'a bit')"),
        ("high", "return Detected(99, str(command))"),
        ("none", "return None"),
        ("bad", "return 1 / 0"),
        ("zero", "return Detected(0, 'no')"),
    ):
        install(INFO.replace("good", name) + START + detect.format(body), name=name)
    host = load()
    found = [(name, answer.evidence) for name, answer in routing.detect(host, tmp_path, command=("run",))]
    assert [pair for pair in found if pair[0] in {"low", "high", "none", "bad", "zero"}] == [
        ("high", "('run',)"),
        ("low", "a bit"),
    ]
    assert "ZeroDivisionError" in str(host.silent("bad"))


def test_a_runtime_must_cover_what_it_was_given(install, tmp_path: Path) -> None:
    install(
        RUNTIME
        + "\n    @hookimpl\n    def runtime_plan(services, plans, envs):\n        return (RunPlan(services[:1]),)"
    )
    host = load()
    one, two = service(tmp_path, runtime="moon"), service(tmp_path, name="web", runtime="moon")
    assert [plan.services for plan in routing.run_plans(host, (one,), {}, {})] == [(one,)]
    with pytest.raises(PluginBroken, match="runtime `moon` does not start `api`"):
        routing.run_plans(host, (one, two), {}, {})
    with pytest.raises(PluginBroken, match="runtime `mars` does not start"):
        routing.run_plans(host, (dataclasses.replace(one, runtime="mars"),), {}, {})
    with pytest.raises(PluginBroken, match="cannot run a command inside"):
        routing.exec_command(host, one, ("sh",), terminal=True)
    assert routing.stop_commands(host, (one,)) == ()


def test_only_what_lies_inside_is_ever_cleaned(install, tmp_path: Path) -> None:
    inner, outer = tmp_path / "svc", tmp_path / "outer"
    (inner / "target").mkdir(parents=True)
    outer.mkdir()
    (inner / "link").symlink_to(outer)
    clean = "CleanPlan((service.directory / 'target', service.directory, service.directory / '..' / 'outer', "
    clean += "service.directory / 'link', service.directory / 'link' / 'deep'))"
    install(INFO + START + f"\n    @hookimpl\n    def stack_clean(service): return {clean}")
    install(
        RUNTIME + "\n    @hookimpl\n    def runtime_plan(services, plans, envs): return ()\n"
        "\n    @hookimpl\n    def runtime_clean(project): return CleanPlan((project.root / 'x', project.root.parent))"
    )
    host = load()
    given = service(inner, runtime="moon")
    assert routing.clean_plan(host, given).paths == (inner / "target", inner / "link")
    project = Project("p", tmp_path, None, {"api": given})
    assert routing.project_clean(host, project).paths == (tmp_path / "x",)


def test_a_signal_that_there_is_none_of_is_refused_where_the_plugin_names_it() -> None:
    with pytest.raises(ValueError, match="there is no signal 'NONSENSE'"):
        ReloadPlan(ReloadAction.SIGNAL, signal="NONSENSE")


DRIVEN = INFO + (
    "\n    @hookimpl\n    def stack_start(service, place):\n"
    "        return StartPlan(Command(('air',), service.directory), driver=Driver('air'))"
)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"command": ("x",)}, "command"),
        ({"build": ("make", "{artefact}")}, "build"),
        ({"check": ("vet",)}, "check"),
        ({"listen": Listen.INHERIT}, "listen"),
    ],
)
def test_what_the_engine_would_do_otherwise_is_refused_with_a_driver(
    install, tmp_path: Path, place: Place, given: dict[str, object], key: str
) -> None:
    install(DRIVEN)
    with pytest.raises(WrongInput, match=f"services.api.{key} is for our engine, and `air` is to drive") as caught:
        routing.start_plan(load(), service(tmp_path, **given), place)
    assert caught.value.hint.startswith(f"remove `{key}`")
    assert routing.start_plan(load(), service(tmp_path, listen=Listen.OWN), place).driver is not None


def test_a_plans_own_tools_are_looked_for_on_the_path_of_the_service(tmp_path: Path) -> None:
    plan = StartPlan(Command(("gow",), tmp_path), tools=(Tool("gow", "go install gow"), Tool("sh", "")))
    assert [tool.executable for tool in routing.lacking(plan)] == ["gow"]
    (tmp_path / "gow").write_text("#!/bin/sh\n")
    (tmp_path / "gow").chmod(0o755)
    assert [tool.executable for tool in routing.lacking(plan, str(tmp_path))] == ["sh"]
