"""Stacks, runtimes and the options tables of plugins."""

from __future__ import annotations

import dataclasses

import pytest

from hybrid_tasks.model.info import Detected
from hybrid_tasks.plugin.records import PluginRecord

API = '[services.api]\ndir = "services/api"\n'

CASES = [
    (
        "stack typo",
        API + 'stack = "golang"\n',
        "3",
        'services.api.stack: there is no stack "golang"',
        "did you mean `go`?",
    ),
    (
        "stack not installed",
        API + 'stack = "elixir"\n',
        "3",
        'there is no stack "elixir"',
        "known: `go`, `python`, `rust`; others come with a plugin, such as `pip install hybrid-stack-elixir`",
    ),
    (
        "stack that is no name",
        API + 'stack = "rm -rf /; x"\n',
        "3",
        "there is no stack",
        "known: `go`, `python`, `rust`",
    ),
    (
        "runtime compose",
        API + 'runtime = "compose"\n',
        "3",
        'services.api.runtime: there is no runtime "compose"',
        "`native`",
    ),
    (
        "runtime kubernetes",
        API + 'runtime = "kubernetes"\n',
        "3",
        'runtime: there is no runtime "kubernetes"',
        "pip install hybrid-runtime-kubernetes",
    ),
    ("runtime typo", API + 'runtime = "navite"\n', "3", 'there is no runtime "navite"', "did you mean `native`?"),
    (
        "nothing detected",
        '[services.x]\ndir = "services/empty"\n',
        "1",
        "services.x: no installed stack recognises `services/empty`",
        'set `stack` to "go", "python" or "rust", or set `command =',
    ),
    ("nothing detected at the root", "[services.x]\n", "1", "no installed stack recognises `.`", "correct `dir`"),
    (
        "a tie",
        '[services.x]\ndir = "services/both"\n',
        "1",
        "2 stacks recognise `services/both` equally: `go` (go.mod), `python` (requirements.txt)",
        'set `stack` to "go" or "python"',
    ),
    (
        "option key",
        API + '[services.api.go]\nmian = "."\n',
        "4",
        "services.api.go.mian: unknown key",
        "did you mean `main`?",
    ),
    (
        "option kind",
        API + "[services.api.go]\nmain = 3\n",
        "4",
        "services.api.go.main: expected a text, got 3",
        'write `main = "./cmd/server"`',
    ),
    (
        "option choice",
        API + '[services.api.go]\ndriver = "aire"\n',
        "4",
        'services.api.go.driver: expected "engine" or "air", got "aire"',
        'write `driver = "air"`',
    ),
    (
        "option list",
        API + '[services.api.go]\ntags = "dev"\n',
        "4",
        'services.api.go.tags: expected a list, got "dev"',
        'write `tags = ["dev"]`',
    ),
    (
        "option element",
        API + '[services.api.go]\ntags = ["dev", 1]\n',
        "4",
        "services.api.go.tags[1]: expected a text, got 1",
        'tags = ["dev"]',
    ),
    (
        "option number as text",
        API + '[services.api.go]\njobs = "2"\n',
        "4",
        'services.api.go.jobs: expected a whole number, got "2"',
        "inv dev-config",
    ),
    (
        "option range",
        API + "[services.api.go]\njobs = 0\n",
        "4",
        "services.api.go.jobs: expected a number of at least 1, got 0",
        "inv dev-config",
    ),
    (
        "option float",
        API + "[services.api.go]\njobs = 1.5\n",
        "4",
        "services.api.go.jobs: expected a whole number, got 1.5",
        "inv dev-config",
    ),
    ("options no table", API + 'go = "./cmd"\n', "3", "services.api.go: expected a table", "[services.api.go]"),
    (
        "options of another stack",
        API + '[services.api.rust]\nbin = "x"\n',
        "3",
        "services.api.rust: the service's stack is `go`, so this table is never read",
        'set `stack = "rust"`',
    ),
    (
        "options of a command",
        '[services.ui]\ncommand = "x"\n[services.ui.go]\n',
        "3",
        "services.ui.go: the service is a plain command, so this table is never read",
        'set `stack = "go"`',
    ),
    (
        "options of no installed stack",
        API + '[services.api.node]\nmain = "x"\n',
        "3",
        "services.api.node: unknown table",
        "pip install hybrid-stack-node",
    ),
    (
        "options of a stack without any",
        '[services.web]\ndir = "services/web"\n[services.web.python]\n',
        "3",
        "services.web.python: the stack `python` has no options",
        "remove",
    ),
    (
        "options typo",
        API + '[services.api.golang]\nmain = "x"\n',
        "3",
        "services.api.golang: unknown table",
        "did you mean `go`?",
    ),
    (
        "runtime option missing",
        API + 'runtime = "cloud"\n',
        "1",
        "services.api.cloud.region: is missing",
        'region = "eu"',
    ),
    (
        "runtime option",
        API + 'runtime = "cloud"\n[services.api.cloud]\nregion = 1\n',
        "5",
        "services.api.cloud.region: expected a text",
        'region = "eu"',
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "words", "cure"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_plugins(one, text, line, words, cure):
    one(text, line, words, cure)


def test_a_wrong_directory_is_no_second_mistake_about_the_stack(one):
    one('[services.api]\ndir = "services/ap"\n[services.api.go]\nmain = "."\n', "2", "does not exist", "services/api")


def test_detected_options_lie_under_the_written_ones(loaded):
    assert loaded(API).services["api"].options.main == "./cmd/found"
    assert loaded(API + '[services.api.go]\nmain = "./cmd/mine"\n').services["api"].options.main == "./cmd/mine"
    assert loaded(API + 'stack = "go"\n').services["api"].options.main == "./cmd/found"


def test_lists_of_a_file_are_tuples_where_the_plugin_says_so(loaded):
    assert loaded(API + '[services.api.go]\ntags = ["a"]\n').services["api"].options.tags == ("a",)


def test_an_own_command_is_not_asked_for_its_stack(loaded, plugins, monkeypatch):
    def never(directory, command):
        raise AssertionError("asked")

    monkeypatch.setattr(plugins, "detect", never)
    assert loaded('[services.both]\ndir = "services/both"\ncommand = "x"\n').services["both"].stack is None


def test_what_was_detected_gives_way_to_what_was_written(loaded, plugins, monkeypatch):
    monkeypatch.setattr(
        plugins, "detect", lambda directory, command: [("rust", Detected(90, "Cargo.toml", {"bin": "found"}))]
    )
    service = '[services.stock]\ndir = "services/stock"\n'
    assert loaded(service).services["stock"].options.bin == "found"
    written = loaded(service + '[services.stock.rust]\nexample = "tour"\n').services["stock"].options
    assert (written.bin, written.example) == (None, "tour")


def test_two_options_that_exclude_each_other(one):
    text = '[services.stock]\ndir = "services/stock"\n[services.stock.rust]\nbin = "a"\nexample = "b"\n'
    one(text, "3", "services.stock.rust: `bin` and `example` exclude each other", "inv dev-config --schema")


def test_a_detected_option_that_is_nonsense_counts_as_none(loaded, plugins, monkeypatch):
    monkeypatch.setattr(
        plugins, "detect", lambda directory, command: [("go", Detected(90, "go.mod", {"jobs": "many"}))]
    )
    assert loaded(API).services["api"].options.jobs == 1


BROKEN = PluginRecord(
    "elixir", "hybrid-stack-elixir", "1.0", "m", "entry point", error="its import failed: ImportError"
)


def test_a_service_of_a_broken_plugin_does_not_stop_the_project(loaded, plugins):
    plugins.plugins = (BROKEN,)
    project = loaded(API + '[services.x]\nstack = "elixir"\n[services.x.elixir]\nanything = 1\n')
    assert project.services["x"].stack == "elixir"
    assert project.services["x"].options is None
    assert project.warnings == ()


def test_a_service_nobody_recognises_may_be_that_of_a_broken_plugin(loaded, plugins):
    plugins.plugins = (BROKEN,)
    project = loaded(API + '[services.x]\ndir = "services/empty"\n')
    assert project.services["x"].stack == "elixir"
    (warning,) = project.warnings
    assert "plugin `elixir` of hybrid-stack-elixir 1.0" in warning
    assert "ImportError" in warning


def test_a_muted_observer_is_no_excuse(one, plugins):
    plugins.plugins = (dataclasses.replace(BROKEN, name="bell", error=None, muted="it raised", hooks=("on_event",)),)
    one('[services.x]\ndir = "services/empty"\n', "1", "no installed stack recognises", "set `stack`")


def test_without_any_stack_the_cure_is_a_command(one, plugins):
    plugins.stacks = {}
    one(API, "1", "no installed stack recognises `services/api`", 'set `command = ["program", "argument"]`')
