"""Valid files, broken at random: every one is a project or mistakes with a place and a cure, never anything else."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybrid_tasks.config.literals import key as written
from hybrid_tasks.config.literals import literal
from hybrid_tasks.config.reading import LARGEST
from hybrid_tasks.errors import Mistakes

EXAMPLES = {"ci": 500, "soak": 20_000}.get(os.environ.get("HYPOTHESIS_PROFILE", "ci"), 500)
LENIENT = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

names = st.sampled_from(["api", "web", "worker", "db", "a.b", "x" * 63])
modes = st.sampled_from(["dev", "hybrid", "prod"])
words = st.lists(st.sampled_from(["npm", "run", "--flag", "a b", "$HOME", "ü"]), min_size=1, max_size=3)
paths = st.sampled_from([".", "services/api", "services/web", "shared"])
seconds = st.one_of(st.integers(1, 60), st.floats(0.05, 60))
pace = st.fixed_dictionaries(
    {}, optional={"interval": seconds, "timeout": seconds, "retries": st.integers(1, 9), "start_period": seconds}
)
probe = st.sampled_from([{"alive": True}, {"log": "ready"}, {"exec": ["true"]}, {}])
health = st.builds(lambda a, b: a | b, probe, pace)

service = st.fixed_dictionaries(
    {"command": words | st.just("npm run dev")},
    optional={
        "dir": paths,
        "args": words,
        "env": st.dictionaries(st.sampled_from(["A", "LOG_LEVEL", "_x"]), st.text(max_size=4).filter(lambda t: "\0" not in t) | st.integers() | st.booleans()),
        "env_file": st.just(["config/hybrid.env"]),
        "health": health,
        "needs": st.lists(names, max_size=2),
        "ignore": st.just(["*.tmp"]),
        "debounce": st.floats(0, 60),
        "restart": st.sampled_from(["auto", "always", "never"]),
        "optional": st.booleans(),
        "launch": st.sampled_from(["auto", "beside", "replace"]),
        "host": st.sampled_from(["127.0.0.1", "0.0.0.0", "::1", "localhost"]),
        "stop": st.fixed_dictionaries({}, optional={"signal": st.sampled_from(["TERM", "INT"]), "grace": seconds}),
    },
)  # fmt: skip

document = st.fixed_dictionaries(
    {"services": st.dictionaries(names, service, min_size=1, max_size=4)},
    optional={
        "project": st.fixed_dictionaries({}, optional={"name": st.just("shop"), "pass_env": st.just(["TOKEN"])}),
        "modes": st.dictionaries(
            modes, st.fixed_dictionaries({}, optional={"hot_reload": st.booleans(), "profiles": st.just(["infra"])})
        ),
        "gateway": st.just({"kind": "kong"}),
        "cluster": st.fixed_dictionaries({}, optional={"cpus": st.integers(1, 8)}),
        "steps": st.dictionaries(st.sampled_from(["migrate", "seed"]), st.fixed_dictionaries({"run": words})),
    },
)


def without_circles(data):
    """Let services need only those before them, so that the file is valid."""
    before: list[str] = []
    for name, written_table in data["services"].items():
        table = dict(written_table)
        if "needs" in table:
            table["needs"] = [need for need in table["needs"] if need in before]
        data["services"][name] = table
        before.append(name)
    return data


def as_toml(data):
    lines = []

    def table(path, content):
        lines.append("[" + ".".join(written(part) for part in path) + "]")
        deeper = {}
        for name, value in content.items():
            if isinstance(value, dict) and len(path) < 2:
                deeper[name] = value
            else:
                lines.append(f"{written(name)} = {literal(value)}")
        for name, value in deeper.items():
            table((*path, name), value)

    for name, content in data.items():
        table((name,), content)
    return "\n".join(lines) + "\n"


valid = document.map(without_circles).map(as_toml)

JUNK = st.sampled_from([
    "=", "[", "]", "{", "}", '"', "'", '"""', "'''", "#", ",", ".", "\\", "\n", "\r", "\t", " ", "\0", "\x1b[2J", "\ufeff", "\u202e", "é", "🚀",
    "nan", "-inf", "1e999", "9" * 400, "0x", "true", "[[services]]", "[services]", "[services.api]", "a.b.c.d = 1", "1979-05-27", "{}", "[]", "-1", "0",
])  # fmt: skip
VALUES = st.sampled_from(
    [
        "",
        "x",
        '"x"',
        "-1",
        "0",
        "1.5",
        "true",
        "[]",
        "[1]",
        '["a", 2]',
        "{}",
        "{a = 1}",
        "nan",
        "inf",
        "1979-05-27",
        '"' + "y" * 300 + '"',
        "'''\nx'''",
        "99999999999",
    ]
)


@st.composite
def broken(draw):
    """A valid file with up to five things done to it: at a line, in a line, to a key, to a value."""
    lines = draw(valid).split("\n")
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        kind = draw(st.integers(0, 7))
        if kind == 0:
            lines.pop(at)
            lines = lines or [""]
        elif kind == 1:
            lines.insert(at, line)
        elif kind == 2 and "=" in line:
            lines[at] = line.split("=", 1)[0] + "= " + draw(VALUES)
        elif kind == 3 and "=" in line:
            name, value = line.split("=", 1)
            place = draw(st.integers(0, max(len(name) - 1, 0)))
            lines[at] = name[:place] + draw(st.sampled_from(["", "x", "-", "."])) + name[place + 1 :] + "=" + value
        elif kind == 4:
            place = draw(st.integers(0, len(line)))
            lines[at] = line[:place] + draw(JUNK) + line[place:]
        elif kind == 5:
            place = draw(st.integers(0, len(line)))
            lines[at] = line[:place]
        elif kind == 6:
            other = draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        else:
            lines[at] = line.replace(
                "services", draw(st.sampled_from(["service", "steps", "modes", "Services", "project"]))
            )
    return "\n".join(lines)


@pytest.fixture
def tried(loaded, refused):
    """Load a file; where it is wrong, hold what is true of every error."""

    def do(content: str | bytes):
        try:
            return loaded(content)
        except Mistakes:
            return refused(content)

    return do


@LENIENT
@given(text=valid)
def test_what_the_grammar_gives_is_valid(loaded, text):
    assert loaded(text).services.keys() == tomllib.loads(text)["services"].keys()


@LENIENT
@given(text=broken())
def test_broken_files(tried, text):
    tried(text.encode("utf-8", "surrogatepass"))


@LENIENT
@given(text=valid, at=st.floats(0, 1), junk=st.binary(max_size=4))
def test_bytes_thrown_in(tried, text, at, junk):
    content = text.encode()
    place = int(at * len(content))
    tried(content[:place] + junk + content[place:])


@LENIENT
@given(st.binary(max_size=200))
def test_anything(tried, content):
    tried(content)


nonsense = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    "services",
    "modes",
    "steps",
    "project",
    "gateway",
    "cluster",
    "plugins",
    "api",
    "health",
    "env",
    "ports",
    "stop",
    "go",
    "needs",
    "command",
    "port",
    "run",
    "http",
    "native",
    "prefer",
    "main",
]


@LENIENT
@given(path=st.lists(st.sampled_from(KEYS), min_size=1, max_size=4), value=nonsense)
def test_any_value_at_any_key(tried, path, value):
    tried(f"{'.'.join(path)} = {literal(value)}\n")


LARGE = {
    "unknown keys": "[services.api]\n" + "".join(f"key{n} = 1\n" for n in range(40_000)),
    "bad services": "".join(f"[services.s{n}]\nprot = 1\n" for n in range(15_000)),
    "bad names": "".join(f"[services.S{n}]\n" for n in range(20_000)),
    "unknown needs": "[services.api]\ncommand = 'x'\nneeds = [" + ", ".join(f"'n{n}'" for n in range(40_000)) + "]\n",
    "a long list": "[services.api]\ncommand = [" + "1," * 200_000 + "]\n",
    "long words": "[services.api]\n" + "x" * 400_000 + " = '" + "y" * 400_000 + "'\n",
}


@pytest.mark.parametrize("name", LARGE)
def test_large_files_are_told_in_few_words(name, refused):
    text = LARGE[name]
    assert len(text) < LARGEST
    mistakes = refused(text)
    assert 1 <= len(mistakes) <= 100
    assert sum(len(line) for mistake in mistakes for line in mistake.lines()) < 40_000


def test_nothing_is_left_behind(root: Path, tried):
    tried("[services.api]\nport = 'x'\n")
    assert sorted(path.name for path in root.iterdir()) == ["config", "hybrid.toml", "services", "shared"]
