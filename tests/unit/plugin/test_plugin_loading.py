"""Strangers' plugins are loaded one by one, and each way of being broken is named and hurts nobody."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hybrid_tasks.errors import Code, PluginBroken
from hybrid_tasks.plugin.host import Host
from hybrid_tasks.plugin.records import PluginRecord

GOOD = """
    @hookimpl
    def stack_info():
        return StackInfo(name="good", title="Good")

    @hookimpl
    def stack_start(service, place):
        return StartPlan(Command(("true",), service.directory))
"""


def load(**given) -> Host:
    return Host.load(None, environ={}, **given)


def record(host: Host, distribution: str) -> PluginRecord:
    return next(record for record in host.plugins if record.distribution == distribution)


def test_a_stranger_brings_his_stack(install) -> None:
    dist = install(GOOD, name="good", version="3.1")
    host = load()
    assert host.stacks["good"].title == "Good"
    found = record(host, dist)
    assert (found.name, found.version, found.stack, found.trouble) == ("good", "3.1", "good", None)
    assert found.hooks == ("stack_info", "stack_start")
    assert found.load_ms > 0


BROKEN = {
    "raises at import": ("1 / 0", "ZeroDivisionError: division by zero (stranger_"),
    "misses a dependency": ("import no_such_package", "No module named 'no_such_package'"),
    "exits at import": ("raise SystemExit(3)", "SystemExit: 3"),
    "has a syntax error": ("def f(:\n    pass", "SyntaxError"),
    "has no hooks": ("X = 1", "no function marked `@hookimpl`"),
    "misspells a hook": ("@hookimpl\ndef stack_strat(service, place): pass", "did you mean `stack_start`?"),
    "takes an unknown argument": ("@hookimpl\ndef stack_start(service, plaice): pass", "'plaice'"),
    "is asynchronous": ("@hookimpl\nasync def stack_start(service, place): pass", "`stack_start` is `async def`"),
    "wraps": (
        "@hookimpl(wrapper=True)\ndef stack_start(service, place): return (yield)",
        "only hybrid_plugins.py may wrap",
    ),
    "raises in its info": ("@hookimpl\ndef stack_info(): 1 / 0", "`stack_info` raised ZeroDivisionError"),
    "exits in its info": ("@hookimpl\ndef stack_info(): raise SystemExit", "`stack_info` raised SystemExit"),
    "answers nonsense in its info": ("@hookimpl\ndef stack_info(): return 'go'", "answer is str, not StackInfo"),
    "has a wrong field in its info": (
        "@hookimpl\ndef stack_info(): return StackInfo(name='x', title='X', tools=['go'])",
        "answer.tools is list, not tuple of Tool",
    ),
    "is too new": (
        GOOD.replace('title="Good"', 'title="Good", api=2'),
        "speaks version 2 of the hooks and this hybrid-tasks speaks 1: upgrade hybrid-tasks",
    ),
    "cannot start": ("@hookimpl\ndef stack_info(): return StackInfo(name='x', title='X')", "has no `stack_start`"),
    "takes a service key": (GOOD.replace('name="good"', 'name="port"'), "`port`, which is a key of every service"),
    "has a bad name": (GOOD.replace('name="good"', 'name="../x"'), "claims the stack name `../x`"),
    "has options of a wrong kind": (
        GOOD.replace('title="Good"', 'title="Good", options=dict'),
        "options `dict` are not a pydantic model class",
    ),
    "cannot plan": ("@hookimpl\ndef runtime_info(): return RuntimeInfo(name='moon', title='M')", "no `runtime_plan`"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_named_and_the_rest_is_loaded(install, case: str) -> None:
    source, words = BROKEN[case]
    bad = install(source, name="bad")
    good = install(GOOD, name="good", distribution="zz-good") if "good" not in source else None
    host = load()
    error = record(host, bad).error
    assert error is not None
    assert words in error
    assert "\n" not in error
    assert host.silent("bad") == record(host, bad)
    if good:
        assert record(host, good).trouble is None
        assert "good" in host.stacks


def test_an_import_that_hangs_is_given_up(install) -> None:
    bad = install("import threading; threading.Event().wait(60)", name="bad")
    install(GOOD, name="good")
    began = time.monotonic()
    host = load(deadline=0.3)
    assert record(host, bad).error == "its import did not end within 0.3 s"
    assert "good" in host.stacks
    assert time.monotonic() - began < 30


def test_what_a_plugin_prints_does_not_reach_standard_output(install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("print('at import')\n@hookimpl\ndef stack_info():\n    print('in a hook')", name="loud")
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    load()
    assert sys.stdout is out
    assert out.getvalue() == ""
    assert err.getvalue() == "at import\nin a hook\n"


def test_keyboard_interrupt_is_the_users(install) -> None:
    install("raise KeyboardInterrupt", name="bad")
    with pytest.raises(KeyboardInterrupt):
        load()


def test_two_distributions_of_one_stack_are_both_named(install) -> None:
    first = install(GOOD, name="good")
    second = install(GOOD, name="better")
    with pytest.raises(PluginBroken) as caught:
        load()
    assert caught.value.code is Code.PLUGIN
    assert (
        f"`{first}` (plugin `good`) and `{second}` (plugin `better`) both bring the stack `good`"
        in caught.value.message
    )
    assert f'prefer = {{ good = "{second}" }}' in caught.value.hint
    assert load(disabled=[first]).stacks["good"].title == "Good"


def test_prefer_decides_between_two(install) -> None:
    first = install(GOOD, name="good")
    second = install(GOOD.replace('"Good"', '"Better"'), name="good")
    for chosen, title, other in ((first, "Good", second), (second.replace("-", "_").upper(), "Better", first)):
        host = load(prefer={"good": chosen})
        assert host.stacks["good"].title == title
        assert record(host, other).muted == "`[plugins] prefer` gives the stack `good` to another"


def test_one_entry_point_name_in_two_distributions_is_no_fault(install) -> None:
    first, second = install(GOOD, name="same"), install("@hookimpl\ndef on_event(event): pass", name="same")
    host = load()
    assert record(host, first).trouble is None
    assert record(host, second).trouble is None


def test_one_module_registered_twice_is_taken_in_once(install, tmp_path: Path) -> None:
    dist = install(GOOD, name="one")
    points = next((tmp_path / "site").glob("*.dist-info")) / "entry_points.txt"
    module = points.read_text().split("= ")[1].strip()
    points.write_text(points.read_text() + f"two = {module}\n")
    host = load()
    errors = {found.name: found.error for found in host.plugins if found.distribution == dist}
    assert errors == {"one": None, "two": f"`{module}` is registered twice"}
    assert "good" in host.stacks


@pytest.mark.parametrize("word", ["good", "HYBRID_good.Dist", " good , other"])
def test_the_environment_leaves_plugins_out(install, word: str) -> None:
    dist = install(GOOD, name="good", distribution="hybrid-good-dist")
    host = Host.load(None, environ={"HYBRID_DISABLE_PLUGINS": word})
    assert "good" not in host.stacks
    assert record(host, dist).muted == "it is named in HYBRID_DISABLE_PLUGINS"
    assert host.silent("good") == record(host, dist)


def test_the_projects_own_plugin_file(tmp_path: Path) -> None:
    (tmp_path / "hybrid_plugins.py").write_text(
        "from __future__ import annotations\n"
        "import sys\n"
        "from dataclasses import dataclass\n"
        "from hybrid_tasks.api import hookimpl\n"
        "assert sys.modules[__name__].__file__ == __file__\n"
        "@dataclass\nclass X:\n    y: int\n"
        "@hookimpl\ndef on_event(event): pass\n"
    )
    host = Host.load(tmp_path, environ={})
    found = record(host, "hybrid_plugins.py")
    assert found.trouble is None
    assert found.local
    assert found.source == str(tmp_path / "hybrid_plugins.py")
    assert not (tmp_path / "__pycache__").exists()


def test_a_broken_plugin_file_says_where(tmp_path: Path) -> None:
    (tmp_path / "hybrid_plugins.py").write_text("\n\nboom\n")
    found = record(Host.load(tmp_path, environ={}), "hybrid_plugins.py")
    assert found.error == "its import failed: NameError: name 'boom' is not defined (hybrid_plugins.py:3)"
    assert "hybrid_plugins" not in sys.modules


def test_two_edits_of_the_plugin_file_in_one_second_are_told_apart(tmp_path: Path) -> None:
    seen = []
    for word in ("a", "b"):
        (tmp_path / "hybrid_plugins.py").write_text(f"raise RuntimeError('{word}')")
        seen.append(record(Host.load(tmp_path, environ={}), "hybrid_plugins.py").error)
    assert ["RuntimeError: a" in str(seen[0]), "RuntimeError: b" in str(seen[1])] == [True, True]


def test_the_door_is_light() -> None:
    heavy = "{'pydantic', 'watchdog', 'asyncio', 'psutil', 'docker', 'rich', 'invoke', 'dotenv', 'pathspec'}"
    code = f"import sys, hybrid_tasks.api; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_damaged_metadata_still_has_a_name(install, tmp_path: Path) -> None:
    install(GOOD, name="good")
    next((tmp_path / "site").glob("*.dist-info/METADATA")).write_text("")
    found = record(load(), "an unnamed distribution")
    assert (found.version, found.trouble) == ("", None)
