"""Words on the command line: wrong ones, odd ones, and very many."""

from __future__ import annotations

import pytest
from desk import Desk
from fakes import refusing

from hybrid_tasks.errors import WrongInput


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["dev-env"], "error: which service?\n hint: inv dev-env web\n"),
        (["dev-debug"], "error: which service?\n hint: inv dev-debug web [COMMAND…]\n"),
        (["dev-step"], "error: which step?\n hint: steps: migrate\n"),
        (["dev-env", "web", "--format", "jsn"], "error: there is no format `jsn`\n hint: did you mean `json`?\n"),
        (
            ["dev-env", "web", "api"],
            "error: `dev-env` takes one service; `api` is one too many\n hint: see `inv --help dev-env`\n",
        ),
        (
            ["dev-start", "--timeout", "soon"],
            "error: `soon` is not a duration\n for:  `--timeout`\n hint: write seconds, or 90s, 2m, 1h\n",
        ),
        (["dev-start", "--moed", "x"], "error: `dev-start` has no flag `--moed`\n hint: did you mean `--mode`?\n"),
        (["dev-start", "--xyzzy"], "error: `dev-start` has no flag `--xyzzy`\n hint: see `inv --help dev-start`\n"),
        (["dev-start", "--mode"], "error: `--mode` of `dev-start` needs a value\n hint: see `inv --help dev-start`\n"),
        (
            ["dev-status", "web"],
            "error: `dev-status` takes no words, and there is no task `web`\n hint: see `inv --help dev-status`\n",
        ),
        (["dev-stat"], "error: there is no task `dev-stat`\n hint: did you mean `inv dev-status`?\n"),
        (["dev-strat"], "error: there is no task `dev-strat`\n hint: did you mean `inv dev-start`?\n"),
        (["dev-zzzzzz"], "error: there is no task `dev-zzzzzz`\n hint: see `inv --list`\n"),
        (["dev-completion", "tcsh"], "error: there is no completion for `tcsh`\n hint: known: `bash`, `fish`, `zsh`\n"),
        (
            ["dev-debug", "web", "--words", "x"],
            'error: `--words` is not a JSON list of texts\n hint: write \'["pytest", "-k", "x"]\'\n',
        ),
        (["dev-status", "--json=x"], None),
        (["dev-start", "-x"], "error: `dev-start` has no flag `-x`\n hint: see `inv --help dev-start`\n"),
    ],
)
def test_wrong_words_get_one_mistake_with_its_cure_and_exit_2(
    desk: Desk, words: list[str], message: str | None
) -> None:
    with desk.supervised({}) as fake:
        done = desk.run(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    if message is not None:
        assert done.stderr == message
    assert "Traceback" not in done.stderr
    assert not fake.requests, "nothing is asked before the words are right"


NASTY = [
    "a b",
    "$(touch x)",
    ";",
    "'",
    '"',
    "\\",
    "*",
    "é",
    "-",
    "--",
    "\n",
    "\t",
    "%s",
    "{}",
    "\x1b[2J",
    "--flag=x",
    "",
    "=",
    "#",
    "~",
    "x" * 2000,
]


def test_sec_27_names_reach_the_supervisor_as_they_were_written(desk: Desk) -> None:
    names = [name for name in NASTY if not name.startswith("-")]
    unknown = WrongInput("there is no such service")
    with desk.supervised({"start": refusing(unknown)}) as fake:
        done = desk.run("dev-start", *names)
    assert done.returncode == 2
    assert fake.asked("start")[0]["services"] == tuple(dict.fromkeys(names))


def test_bytes_that_are_no_text_survive(desk: Desk) -> None:
    with desk.supervised({"start": refusing(WrongInput("there is no service"))}) as fake:
        done = desk.run("dev-start", b"caf\xe9")
    assert done.returncode == 2
    assert fake.asked("start")[0]["services"] == (b"caf\xe9".decode("utf-8", "surrogateescape"),)


def test_10_000_names_are_one_request(desk: Desk) -> None:
    with desk.supervised({"start": refusing(WrongInput("there is no service"))}) as fake:
        done = desk.run("dev-start", *(f"s{number}" for number in range(10_000)))
    assert done.returncode == 2
    assert len(fake.asked("start")[0]["services"]) == 10_000
