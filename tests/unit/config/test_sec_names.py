"""Names become files and words become arguments: neither may mean anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_tasks.config.splitting import NotWords, split
from hybrid_tasks.model.project import Project

PATHS = [
    "../../x",
    "/etc/x",
    "a/b",
    "CON",
    "a\0b",
    "x" * 300,
    "..",
    ".",
    ".hidden",
    "-rf",
    "a\\b",
    "a\nb",
    "~",
    "$HOME",
    "con\u0301",
]
KINDS = {"services": 'command = "x"', "modes": "hot_reload = false", "steps": 'run = "x"'}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PATHS, ids=[ascii(name[:12]) for name in PATHS])
def test_sec_23_a_name_that_could_be_a_path_is_refused(refused: Callable, kind: str, name: str) -> None:
    service = '[services.ok]\ncommand = "x"\n'
    [mistake] = refused(f"{service}[{kind}.{json.dumps(name, ensure_ascii=True)}]\n{KINDS[kind]}\n")
    assert "is not a name" in mistake.message or "300 characters" in mistake.message


LITERAL = ["$HOME", "${HOME}", "$(id)", "`id`", "*", "~", "{a,b}", "%s", "!x"]


@pytest.mark.parametrize("word", LITERAL)
def test_sec_28_a_text_is_split_and_nothing_in_it_is_filled_in(
    loaded: Callable[..., Project], root: Path, word: str
) -> None:
    text = f"[services.x]\ncommand = 'printf {word} \"a b\"'\n[steps.y]\nrun = 'printf {word} \"a b\"'\n"
    project = loaded(text)
    assert project.services["x"].command == ("printf", word, "a b")
    assert project.steps["y"].run == ("printf", word, "a b")


@pytest.mark.parametrize("text", ["a && b", "a || b", "a | b", "a; b", "a > b", "a < b", "a &", "a 2>&1", "a >> b"])
def test_sec_28_a_text_that_needs_a_shell_is_refused_with_the_way_to_ask_for_one(text: str) -> None:
    with pytest.raises(NotWords, match="needs a shell") as wrong:
        split(text)
    assert f'["sh", "-c", "{text}"]' in wrong.value.cure
