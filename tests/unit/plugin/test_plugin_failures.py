"""What a plugin that breaks while it works does: it is named, muted, and disturbs nobody else."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from strangers import INFO, RUNTIME, START, load, of, service, tweak

from hybrid_tasks.errors import PluginBroken, WrongInput
from hybrid_tasks.model.events import Event
from hybrid_tasks.model.plan import Place
from hybrid_tasks.model.project import Project
from hybrid_tasks.model.service import Endpoint, Listen, Service
from hybrid_tasks.model.watching import Burst, Change, ChangeKind, Debounce
from hybrid_tasks.plugin import routing
from hybrid_tasks.plugin.debuggers import debug_plan
from hybrid_tasks.plugin.host import Host
from hybrid_tasks.plugin.records import PluginRecord


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "artefacts", port=8080)


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
        "stack_debug": lambda: debug_plan(host, given, place),
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


WRONG_RUNTIME = {
    "runtime_plan": ("(services, plans, envs)", "[RunPlan(services)]", "answer is list, not tuple of RunPlan"),
    "runtime_stop": ("(services)", "('docker stop',)", "answer[0] is str, not Command"),
    "runtime_logs": ("(service, since)", "['logs']", "answer is list, not Command"),
    "runtime_exec": ("(service, command, terminal)", "Command(command, '.')", "answer.cwd is str, not Path"),
    "runtime_target": ("(service, endpoint, seen_from)", "Target('x', '80')", "answer.port is str, not int"),
    "runtime_clean": ("(project)", "CleanPlan(volumes=(None,))", "answer.volumes[0] is NoneType, not str"),
}


@pytest.mark.parametrize("hook", WRONG_RUNTIME)
@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_of_a_runtime_names_the_distribution(install, tmp_path: Path, hook: str, failure: str) -> None:
    arguments, expression, words = WRONG_RUNTIME[hook]
    if (other := FAILURES[failure]) is not None:
        expression, words = other
    plan = "" if hook == "runtime_plan" else "\n    @hookimpl\n    def runtime_plan(services, plans, envs): return ()"
    dist = install(RUNTIME + plan + f"\n    @hookimpl\n    def {hook}{arguments}: return {expression}", name="odd")
    host, given = load(deadline=0.2 if failure == "hangs" else 10.0), service(tmp_path, stack=None, runtime="moon")
    asked = {
        "runtime_plan": lambda: routing.run_plans(host, (given,), {}, {}),
        "runtime_stop": lambda: routing.stop_commands(host, (given,)),
        "runtime_logs": lambda: routing.log_follower(host, given, 0.0),
        "runtime_exec": lambda: routing.exec_command(host, given, (), terminal=True),
        "runtime_target": lambda: routing.target(host, given, Endpoint("http", 80), "native"),
        "runtime_clean": lambda: routing.project_clean(host, Project("p", tmp_path, None, {"api": given})),
    }
    with pytest.raises(PluginBroken) as caught:
        asked[hook]()
    assert f"plugin `odd` of {dist} 1.2 is broken: `{hook}` " in caught.value.message
    assert words in caught.value.message
    native = service(tmp_path, stack=None, command=("x",))
    assert routing.exec_command(host, native, ("x",), terminal=True).argv == ("x",)


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


def test_a_stack_whose_plugin_was_not_loaded(install, tmp_path: Path, place: Place) -> None:
    install("1 / 0", name="good")
    with pytest.raises(PluginBroken, match=r"the stack `good` comes from plugin `good` .*ZeroDivisionError"):
        routing.start_plan(load(), service(tmp_path), place)


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
