"""Who is asked in which order, what `hybrid.toml` decides, and what a plugin that breaks while it works does."""

from __future__ import annotations

import dataclasses
import textwrap
import threading
from pathlib import Path

import pytest

from hybrid_tasks.errors import HybridError, PluginBroken, WrongInput
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.events import Event
from hybrid_tasks.model.plan import Build, Place, ReloadAction, StartPlan
from hybrid_tasks.model.probe import AliveProbe, HttpProbe, TcpProbe
from hybrid_tasks.model.project import Project
from hybrid_tasks.model.service import Listen, Service
from hybrid_tasks.model.watching import Burst, Change, ChangeKind, Debounce
from hybrid_tasks.plugin import routing
from hybrid_tasks.plugin.host import Host
from hybrid_tasks.plugin.records import PluginRecord

INFO = """
    @hookimpl
    def stack_info():
        return StackInfo(name="good", title="Good")
"""
START = """
    @hookimpl
    def stack_start(service, place):
        build = Build(Command(("make",), service.directory), place.artefacts / "x")
        check = Command(("lint",), service.directory)
        return StartPlan(Command(("{artefact}", *service.args), service.directory), check, build, Listen.INHERIT)
"""
RUNTIME = """
    @hookimpl
    def runtime_info():
        return RuntimeInfo(name="moon", title="Moon")
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "artefacts", port=8080)


def service(tmp_path: Path, **given) -> Service:
    return Service(**{"name": "api", "directory": tmp_path, "stack": "good", "port": 8080, **given})


def load(root: Path | None = None, **given) -> Host:
    return Host.load(root, environ={}, **given)


def tweak(root: Path, source: str) -> None:
    (root / "hybrid_plugins.py").write_text(
        f"from hybrid_tasks.api import *\nfrom hybrid_tasks.api import hookimpl\n{source}"
    )


def of(host: Host, distribution: str) -> PluginRecord:
    return next(record for record in host.plugins if record.distribution == distribution)


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


@pytest.mark.parametrize(
    "body",
    [
        "    1 / 0\n    yield\n",
        "    yield\n    1 / 0\n",
        "    yield\n    yield\n",
        "    yield\n    return 7\n",
        "    return\n    yield\n",
    ],
)
def test_a_broken_wrapper_changes_nothing_and_is_muted(install, tmp_path: Path, body: str) -> None:
    install(INFO + START)
    tweak(tmp_path, f"@hookimpl(wrapper=True)\ndef stack_debounce(service):\n{body}")
    host = load(tmp_path)
    assert routing.debounce(host, service(tmp_path)) == Debounce()
    assert "`stack_debounce`" in str(of(host, "hybrid_plugins.py").muted)
    assert routing.debounce(host, service(tmp_path)) == Debounce()


def test_a_tweak_that_breaks_does_not_stop_the_stack(install, tmp_path: Path, place: Place) -> None:
    install(INFO + START)
    tweak(tmp_path, "@hookimpl\ndef stack_start(service, place):\n    return {}['x']\n")
    told: list[PluginRecord] = []
    host = load(tmp_path, on_muted=told.append)
    for _ in range(2):
        assert routing.start_plan(host, service(tmp_path), place).program.argv == ("{artefact}",)
    assert [record.muted for record in told] == ["`stack_start` raised KeyError: 'x' (hybrid_plugins.py:5)"]


WRONG = {
    "stack_start": ("(service, place)", "'uvicorn app'", "answer is str, not StartPlan"),
    "stack_reload": ("(service, burst)", "ReloadPlan('rebuild')", "answer.action is str, not ReloadAction"),
    "stack_debounce": ("(service)", "Debounce(quiet='1 s')", "answer.quiet is str, not float"),
    "stack_health": ("(service)", "'/healthz'", "answer is str, not HttpProbe or TcpProbe"),
    "stack_watch": ("(service)", "Watch((str(service.directory),))", "answer.roots[0] is str, not Path"),
    "stack_test": (
        "(service, arguments)",
        "Command('go test', service.directory)",
        "answer.argv is str, not tuple of str",
    ),
    "stack_clean": ("(service)", "CleanPlan(commands=(('rm',),))", "answer.commands[0] is tuple, not Command"),
    "stack_debug": ("(service, place, command)", "True", "answer is bool, not DebugPlan"),
}


def call(host: Host, hook: str, given: Service, place: Place) -> object:
    change = Burst((Change(given.directory / "a.py", ChangeKind.MODIFIED),))
    return {
        "stack_start": lambda: routing.start_plan(host, given, place),
        "stack_reload": lambda: routing.reload_plan(host, given, change),
        "stack_debounce": lambda: routing.debounce(host, given),
        "stack_health": lambda: routing.health(host, given),
        "stack_watch": lambda: routing.watch(host, given),
        "stack_test": lambda: routing.test_command(host, given, ()),
        "stack_clean": lambda: routing.clean_plan(host, given),
        "stack_debug": lambda: routing.debug_plan(host, given, place, ()),
    }[hook]()


FAILURES = {
    "wrong type": None,
    "raises": ("[][1]", "raised IndexError: list index out of range (stranger_"),
    "exits": ("exit(3)", "raised SystemExit: 3"),
    "hangs": ("__import__('threading').Event().wait(60)", "did not answer within 0.2 s"),
    "is lazy": ("(x for x in ())", "gave a wrong answer: answer is generator, not"),
}


@pytest.mark.parametrize("hook", WRONG)
@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_of_every_hook_names_the_distribution(
    install, tmp_path: Path, place: Place, hook: str, failure: str
) -> None:
    arguments, expression, words = WRONG[hook]
    if (other := FAILURES[failure]) is not None:
        expression, words = other
    start = "" if hook == "stack_start" else START
    dist = install(INFO + start + f"\n    @hookimpl\n    def {hook}{arguments}: return {expression}", name="odd")
    host = load(deadline=0.2 if failure == "hangs" else 10.0)
    with pytest.raises(PluginBroken) as caught:
        call(host, hook, service(tmp_path), place)
    assert f"plugin `odd` of {dist} 1.2 is broken: `{hook}` " in caught.value.message
    assert words in caught.value.message
    assert "HYBRID_DISABLE_PLUGINS=odd" in caught.value.hint
    with pytest.raises(PluginBroken, match="is not asked any more"):
        routing.start_plan(host, service(tmp_path), place)
    assert routing.start_plan(host, service(tmp_path, stack=None, command=("x",)), place).program.argv == ("x",)


def test_a_stack_may_say_that_it_cannot(install, tmp_path: Path, place: Place) -> None:
    dist = install(
        INFO + "\n    @hookimpl\n    def stack_start(service, place): raise WrongInput('no main', 'write one')"
    )
    host = load()
    with pytest.raises(WrongInput, match="no main"):
        routing.start_plan(host, service(tmp_path), place)
    assert of(host, dist).trouble is None
    own = routing.start_plan(host, service(tmp_path, command=("./run",)), place)
    assert own.program.argv == ("./run",)


def test_a_muted_plugin_is_asked_again_when_forgiven(install, tmp_path: Path, place: Place) -> None:
    flag = tmp_path / "flag"
    failing = (
        f"\n    @hookimpl\n    def stack_debounce(service): return None if os.path.exists({str(flag)!r}) else {{}}[0]"
    )
    dist = install("import os\n" + textwrap.dedent(INFO + START + failing))
    host = load()
    with pytest.raises(PluginBroken):
        routing.debounce(host, service(tmp_path))
    flag.touch()
    host.forgive()
    assert of(host, dist).trouble is None
    assert routing.debounce(host, service(tmp_path)) == Debounce()


def test_a_file_that_vanishes_under_a_hook_mutes_nobody(install, tmp_path: Path, place: Place) -> None:
    flag = tmp_path / "flag"
    failing = f"\n    @hookimpl\n    def stack_debounce(service): open({str(flag)!r}).close()"
    dist = install(INFO + START + failing)
    tweak(tmp_path, "@hookimpl\ndef stack_start(service, place): open('/nowhere/at/all')")
    host = load(tmp_path)
    with pytest.raises(PluginBroken, match=f"of {dist} 1.2 failed: `stack_debounce` raised FileNotFoundError"):
        routing.debounce(host, service(tmp_path))
    flag.touch()
    assert routing.debounce(host, service(tmp_path)) == Debounce()
    assert routing.start_plan(host, service(tmp_path), place).listen is Listen.INHERIT
    assert [record.trouble for record in host.plugins if record.distribution in {dist, "hybrid_plugins.py"}] == [
        None
    ] * 2


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


def test_a_stack_whose_plugin_was_not_loaded(install, tmp_path: Path, place: Place) -> None:
    install("1 / 0", name="good")
    with pytest.raises(PluginBroken, match=r"the stack `good` comes from plugin `good` .*ZeroDivisionError"):
        routing.start_plan(load(), service(tmp_path), place)


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


def test_observers_hear_everything_and_disturb_nobody(install, tmp_path: Path) -> None:
    install("@hookimpl\ndef on_event(event): 1 / 0", distribution="aa-broken")
    heard = tmp_path / "heard"
    body = f"with open({str(heard)!r}, 'a') as file: file.write(event.kind)\n        return 5"
    install(INFO + START + f"\n    @hookimpl\n    def on_event(event):\n        {body}")
    host = load()
    for kind in ("state ", "receipt "):
        routing.tell(host, Event(kind, 0.0))
    assert heard.read_text() == "state receipt "
    assert "ZeroDivisionError" in str(of(host, "aa-broken").muted)
