"""Words are data: what looks like a shell's, a format's or a terminal's reaches the program as it was written."""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

import pytest
from seat import output, started
from waiting import until

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]

PIECES = [
    "$(touch PWNED)", "`touch PWNED`", "; touch PWNED", "&& touch PWNED", "| tee PWNED", "> PWNED", "\n", "\t", "\r", "'",
    '"', "\\", "\\n", "$HOME", "${HOME}", "$$", "~", "*", "?", "[a-z]", "{a,b}", "!x", "#x", "%s", "%(x)s", "{}", "{artefact}",
    "{0.__class__}", "--", "-x", "--help", "--json", "=", "a=b", " ", "  ", "é", "日本", "🚀", "\u202e", "\x1b[2J", "\x07",
    "dev-start", "web", "&", "<(x)", "^", "@x", ":", ",", "..", "../../x", "x" * 500,
]  # fmt: skip
SHOW = "import json, os, sys; print('SAID', json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]), flush=True)"


def nasty(seed: int) -> list[str]:
    chance = random.Random(seed)
    made = ["".join(chance.choices(PIECES, k=chance.randint(1, 4))) for _ in range(250)]
    return ["", *PIECES, *made][:300]


def said(text: str) -> tuple[list[str], dict[str, str], str]:
    [line] = [line for line in text.splitlines() if line.startswith("SAID ")]
    words, env, cwd = json.loads(line.removeprefix("SAID "))
    return words, env, cwd


def test_sec_27_300_nasty_words_of_dev_debug_are_its_arguments(project: Project) -> None:
    project.write("hybrid.toml", '[services.web]\ncommand = ["sleep", "1000"]\n')
    words = nasty(seed := random.randrange(10**6))
    print("seed", seed)
    done = project.inv("dev-debug", "web", sys.executable, "-c", SHOW, *words)
    assert (done.code, done.err) == (0, "")
    assert said(done.out)[0] == words
    assert not list(project.root.rglob("PWNED"))


@pytest.mark.parametrize("name", ["a b", "$(touch PWNED)", "'", '"', "-x", "*", "#", "é🚀", "%s{}", "a;b", "a\\b"])
def test_sec_27_nasty_words_of_a_configuration_reach_the_service(tmp_path: Path, name: str) -> None:
    """As arguments, as values of variables and as the name of the project's folder and the service's."""
    project = Project(tmp_path / name, tmp_path / "state")
    words = [word for word in nasty(7) if word]
    values = {f"V{number}": word for number, word in enumerate(words)}
    arguments = [word for word in words if "{artefact}" not in word]  # which the configuration fills in

    def toml(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    table = ", ".join(f"{key} = {toml(value.replace('$', '$$'))}" for key, value in values.items())
    command = toml([sys.executable, "-c", SHOW + "; import time; time.sleep(1000)", *arguments])
    folder = project.root / "web" / name
    folder.mkdir(parents=True)
    place = toml(f"web/{name}")
    project.write("hybrid.toml", f"[services.web]\ndir = {place}\ncommand = {command}\nenv = {{{table}}}\n")
    started(project)
    until(lambda: "SAID" in output(project, "web"))
    argv, env, cwd = said(output(project, "web"))
    assert argv == arguments
    assert {key: env.get(key) for key in values} == values
    assert cwd == os.fspath(folder)
    assert project.close() == []
    assert not list(tmp_path.rglob("PWNED"))
