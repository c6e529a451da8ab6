from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_tasks.cli.declare import Words
from hybrid_tasks.cli.rewriting import Known, rewrite

CORE = {"--help": False, "-h": False, "--echo": False, "-e": False, "--command-timeout": True, "-T": True}
TASKS = {
    "dev-start": Known(Words("service", many=True), {**CORE, "--mode": True, "--build": False, "--service": True}),
    "dev-stop": Known(Words("service", many=True), {**CORE, "--service": True}),
    "dev-logs": Known(Words("service", many=True), {**CORE, "--follow": False, "-f": False, "--tail": True}),
    "dev-debug": Known(Words("service", rest="words"), {**CORE, "--words": True, "--service": True}),
    "dev-test": Known(Words("service", many=True, tail="words"), {**CORE, "--words": True}),
    "dev-env": Known(Words("service"), {**CORE, "--format": True}),
    "dev-status": Known(None, CORE),
    "deploy": Known(None, {**CORE, "--target": True}, required=1),
}


def done(line: str, tail: list[str] | None = None) -> list[str]:
    return rewrite(line.split(), tail, TASKS, TASKS.__getitem__)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ""),
        ("dev-start", "dev-start"),
        ("dev-start web", "dev-start --service web"),
        ("dev-start web api", "dev-start --service web --service api"),
        ("dev-start --build web", "dev-start --build --service web"),
        ("dev-start web --build", "dev-start --service web --build"),
        ("dev-start --mode dev web", "dev-start --mode dev --service web"),
        ("dev-start --mode=dev web", "dev-start --mode=dev --service web"),
        ("dev-start web --mode dev api", "dev-start --service web --mode dev --service api"),
        ("dev-start --service web api", "dev-start --service web --service api"),
        ("dev-start --mode", "dev-start --mode"),
        ("dev-start --mode dev-stop web", "dev-start --mode dev-stop --service web"),
        ("dev-start --help", "dev-start --help"),
        ("dev-start web --help", "dev-start --service web --help"),
        ("dev-start -T 5 web", "dev-start -T 5 --service web"),
        ("dev-start -e web", "dev-start -e --service web"),
        ("dev-stop dev-start", "dev-stop dev-start"),
        ("dev-stop web dev-start api", "dev-stop --service web dev-start --service api"),
        ("dev-stop web dev-status", "dev-stop --service web dev-status"),
        ("dev-status web", "dev-status web"),
        ("dev-logs web -f", "dev-logs --service web -f"),
        ("dev-logs -f web --tail 5 api", "dev-logs -f --service web --tail 5 --service api"),
        ("dev-env web", "dev-env --service web"),
        ("dev-env web api", "dev-env --service web api"),
        ("dev-env web dev-start", "dev-env --service web dev-start"),
        ("dev-env --format json web", "dev-env --format json --service web"),
        ("dev-debug", "dev-debug"),
        ("dev-debug web", "dev-debug --service web"),
        ("dev-debug --help", "dev-debug --help"),
        ("dev-debug web --help", "dev-debug --service web --help"),
        ("dev-debug dev-status", "dev-debug dev-status"),
        ("deploy dev-start", "deploy dev-start"),
        ("deploy dev-start web", "deploy dev-start web"),
        ("deploy prod dev-start web", "deploy prod dev-start --service web"),
        ("deploy --target dev-start prod dev-stop web", "deploy --target dev-start prod dev-stop --service web"),
        ("unknown dev-start web", "unknown dev-start --service web"),
        ("dev-start -", "dev-start --service -"),
    ],
)
def test_words_become_flags(line: str, expected: str) -> None:
    assert done(line) == expected.split()


@pytest.mark.parametrize(
    ("tokens", "tail", "command"),
    [
        (["dev-debug", "web", "python"], None, ["python"]),
        (["dev-debug", "web", "python", "-c", "print(1)", "--flag"], None, ["python", "-c", "print(1)", "--flag"]),
        (["dev-debug", "web", "dev-start", "api"], None, ["dev-start", "api"]),
        (["dev-debug", "web", "ls", "--help"], None, ["ls", "--help"]),
        (["dev-debug", "web", "a b", "", "$(x)", ";", "'", '"', "\n"], None, ["a b", "", "$(x)", ";", "'", '"', "\n"]),
        (["dev-debug", "web", "cmd", "x"], ["-y", "z"], ["cmd", "x", "--", "-y", "z"]),
        (["dev-debug", "web", "cmd"], [], ["cmd", "--"]),
        (["dev-debug", "web"], ["-y", "z"], ["-y", "z"]),
    ],
)
def test_a_command_stays_as_it_is(tokens: list[str], tail: list[str] | None, command: list[str]) -> None:
    out = rewrite(tokens, tail, TASKS, TASKS.__getitem__)
    at = out.index("--words")
    assert json.loads(out[at + 1]) == command
    assert out[:at] + out[at + 2 :] == ["dev-debug", "--service", "web"]


def test_what_follows_two_dashes_goes_to_the_last_task_that_wants_it() -> None:
    assert done("dev-test web dev-status", ["-k", "a b"]) == [
        "dev-test",
        "--words",
        '["-k", "a b"]',
        "--service",
        "web",
        "dev-status",
    ]
    assert done("dev-start web", ["-k"]) == ["dev-start", "--service", "web"]
    assert done("deploy prod", ["-k"]) == ["deploy", "prod"]
    assert done("dev-test", []) == ["dev-test"]


def test_10_000_words() -> None:
    out = done("dev-start " + "web " * 10_000)
    assert len(out) == 20_001


@given(st.lists(st.text(max_size=8), min_size=1, max_size=8))
def test_every_command_reaches_the_service_word_for_word(words: list[str]) -> None:
    words = ["run", *words]
    out = rewrite(["dev-debug", "web", *words], None, TASKS, TASKS.__getitem__)
    assert json.loads(out[out.index("--words") + 1]) == words


@given(st.lists(st.sampled_from([*TASKS, *CORE, "--mode", "web", "-", "x=y", "--a=b", ""]), max_size=12))
def test_nothing_is_lost_and_order_is_kept(tokens: list[str]) -> None:
    out = rewrite(tokens, None, TASKS, TASKS.__getitem__)
    if "--words" in out:
        at = out.index("--words")
        out = out[:at] + json.loads(out[at + 1])
    added = ["--service"] * (len(out) - len(tokens))
    left = list(out)
    for flag in added:
        left.remove(flag)
    assert sorted(left) == sorted(tokens)
