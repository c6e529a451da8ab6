"""`HOT_RELOAD_ENABLED=false` and `<SERVICE>_HOT_RELOAD=0`, in the environment and in `.env`, and env files that are wrong."""

from __future__ import annotations

import pytest

from hybrid_tasks.config.switches import switch_name
from hybrid_tasks.errors import Mistakes

TEXT = '[services.llm-api]\ncommand = "x"\n[services.ui]\ncommand = "y"\n'


def watched(project):
    return {name: service.hot_reload for name, service in project.services.items()}


@pytest.mark.parametrize(
    ("environ", "env", "expected"),
    [
        ({}, "", (True, True)),
        ({"HOT_RELOAD_ENABLED": "false"}, "", (False, False)),
        ({"HOT_RELOAD_ENABLED": "0"}, "", (False, False)),
        ({"HOT_RELOAD_ENABLED": "Off"}, "", (False, False)),
        ({"HOT_RELOAD_ENABLED": "true"}, "", (True, True)),
        ({"HOT_RELOAD_ENABLED": ""}, "", (True, True)),
        ({}, "HOT_RELOAD_ENABLED=false\n", (False, False)),
        ({}, "LLM_API_HOT_RELOAD=0\n", (False, True)),
        ({"LLM_API_HOT_RELOAD": "1"}, "LLM_API_HOT_RELOAD=0\n", (True, True)),
        ({"HOT_RELOAD_ENABLED": "true"}, "HOT_RELOAD_ENABLED=false\n", (True, True)),
        ({"UI_HOT_RELOAD": "no"}, "", (True, False)),
        ({"HOT_RELOAD_ENABLED": "false", "UI_HOT_RELOAD": "1"}, "", (False, False)),
    ],
)
def test_switches(loaded, root, environ, env, expected):
    (root / ".env").write_text(env)
    assert tuple(watched(loaded(TEXT, environ=environ)).values()) == expected


def test_the_env_file_of_the_mode_counts(loaded, root):
    (root / "quiet.env").write_text("UI_HOT_RELOAD=0\n")
    text = '[modes.quiet]\nenv = ["quiet.env"]\n' + TEXT
    assert watched(loaded(text))["ui"]
    assert not watched(loaded(text, mode="quiet"))["ui"]


def test_names():
    assert switch_name("llm-api") == "LLM_API_HOT_RELOAD"
    assert switch_name("a.b_c") == "A_B_C_HOT_RELOAD"


def mistakes(loaded, *args, **rest):
    with pytest.raises(Mistakes) as caught:
        loaded(*args, **rest)
    return [(mistake.message, mistake.hint) for mistake in caught.value.mistakes]


def test_a_switch_in_a_file_that_is_neither(loaded, root):
    (root / ".env").write_text("A=1\nHOT_RELOAD_ENABLED=flase\n")
    ((message, hint),) = mistakes(loaded, TEXT)
    assert message == '.env:2 HOT_RELOAD_ENABLED: expected true or false, got "flase"'
    assert "HOT_RELOAD_ENABLED=false" in hint


def test_a_switch_in_the_environment_that_is_neither(loaded):
    ((message, _),) = mistakes(loaded, TEXT, environ={"UI_HOT_RELOAD": "maybe"})
    assert message == 'the environment UI_HOT_RELOAD: expected true or false, got "maybe"'


def test_mistakes_of_env_files_come_with_those_of_the_configuration(loaded, root):
    (root / ".env").write_text('A="open\n')
    (root / "own.env").write_text("B=${C:?must be set}\n")
    found = mistakes(loaded, TEXT + 'prot = 1\nenv_file = ["own.env"]\n')
    assert [message.split(" ")[0] for message, _ in found] == ["hybrid.toml:5", ".env:1", "own.env:1"]


def test_an_env_file_of_two_services_is_told_once(loaded, root):
    (root / "own.env").write_text('A="open\n')
    text = TEXT.replace('"x"\n', '"x"\nenv_file = ["own.env"]\n').replace('"y"\n', '"y"\nenv_file = ["own.env"]\n')
    assert len(mistakes(loaded, text)) == 1


def test_values_of_the_project_are_there_for_the_env_file_of_a_service(loaded, root):
    (root / ".env").write_text("C=1\n")
    (root / "own.env").write_text("B=${C:?must be set}\nD=${E:?and this}\n")
    assert loaded(TEXT + 'env_file = ["own.env"]\n', environ={"E": "1"})
