"""The printed forms: read back unchanged by our parser and by a shell."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_tasks.env.explain import FORMATS, as_json, dotenv, explained, shell
from hybrid_tasks.env.files import read
from hybrid_tasks.errors import Mistakes

NASTY = {
    "EMPTY": "",
    "PLAIN": "a/b:c@d%e+f,g-1.0",
    "BLANK": " a  b ",
    "TAB": "\ta\t",
    "HASH": "a #b",
    "QUOTES": "a'b\"c`d",
    "SINGLE": "it's",
    "BACKSLASH": "a\\",
    "BACKSLASHES": "\\\\n\\'\\\"\\$X",
    "DOLLAR": "$X ${X} $$ $(id) ${X:-",
    "LINES": "a\nb\r\nc\rd\n",
    "UNICODE": "größe 漢字 \u2028\u00a0 \ufeff",
    "CONTROL": "\x01\x1b[31m\x7f",
    "EXPORT": "export A=1; rm -rf /",
    "JSON": '{"a": ["$b", \'c\']}',
    "PEM": "-----BEGIN X-----\nab+/=\n-----END X-----\n",
    "EQUALS": "=a=b=",
    "STAR": "* ~ ? [a]",
    "BANG": "!! !x",
}

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
texts = st.text(alphabet=st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]))
special = st.lists(st.sampled_from([*"'\"\\$`{}#= \n\r\tax0!", "$$", "\\n", "${", " #"])).map("".join)
environments = st.dictionaries(names, texts | special, max_size=6)


def reread(text: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".env").write_bytes(text.encode())
        return {variable.name: variable.value for variable in read(Path(folder) / ".env", {})}


def sourced(text: str, names: list[str]) -> dict[str, str]:
    """What a POSIX shell exports after `eval` of the text."""
    answer = subprocess.run(
        ["/bin/sh", "-c", 'eval "$1"; exec env -0', "sh", text], env={}, capture_output=True, timeout=60, check=True
    )
    found = dict(entry.split("=", 1) for entry in answer.stdout.decode().split("\0") if entry)
    return {name: found[name] for name in names}


def test_dotenv_is_read_back() -> None:
    assert reread(dotenv(NASTY)) == NASTY


def test_shell_is_read_back() -> None:
    assert sourced(shell(NASTY), list(NASTY)) == NASTY


def test_json_is_read_back() -> None:
    assert json.loads(as_json(NASTY)) == NASTY
    assert as_json(NASTY).isascii()
    assert list(FORMATS) == ["dotenv", "shell", "json"]


@settings(max_examples=300)
@given(environments)
def test_any_dotenv_is_read_back(values: dict[str, str]) -> None:
    assert reread(dotenv(values)) == values


@settings(max_examples=25, deadline=None)
@given(
    environments.filter(
        lambda values: not {"PATH", "IFS", "PWD", "OLDPWD", "_", "PS4", "ENV", "PPID", "OPTIND", "LINENO"} & set(values)
    )
)
def test_any_shell_text_is_read_back(values: dict[str, str]) -> None:
    assert sourced(shell(values), list(values)) == values


def test_plain_values_stay_readable() -> None:
    assert dotenv({"A": "1", "B": "x y", "C": "it's"}) == "A=1\nB='x y'\nC=\"it's\"\n"
    assert shell({"A": "1", "B": "it's"}) == "export A='1'\nexport B='it'\\''s'\n"


def test_sec_a_name_cannot_smuggle_a_command() -> None:
    values = {"A;touch pwned": "1", "B\ntouch pwned": "2", "C": "'; touch pwned; '", "$(touch pwned)": "3", "D": "4"}
    text = shell(values)
    assert sourced(text, ["C", "D"]) == {"C": values["C"], "D": "4"}
    assert [line[0] for line in text.splitlines()] == ["#", "#", "e", "#", "e"]
    assert reread(dotenv(values)) == {"C": values["C"], "D": "4"}


def test_names_a_file_or_a_shell_cannot_hold_are_named() -> None:
    assert dotenv({"A.B-c": "1", "A B": "2"}) == 'A.B-c=1\n# "A B" is left out: no name for an env file\n'
    assert shell({"A.B": "1"}) == '# "A.B" is left out: no name for a shell\n'


def test_a_value_that_is_no_text_is_left_out_of_a_file() -> None:
    assert dotenv({"A": "\udce9"}) == "# A is left out: its value is not UTF-8\n"
    assert json.loads(as_json({"A": "\udce9"})) == {"A": "\udce9"}


@given(texts)
def test_a_file_written_by_hand_is_not_needed(text: str) -> None:
    """Whatever the parser accepts can be written again."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".env").write_bytes(text.encode())
        try:
            values = {variable.name: variable.value for variable in read(Path(folder) / ".env", {})}
        except Mistakes:
            return
    simple = {name: value for name, value in values.items() if name.isascii() and "[" not in name and "]" not in name}
    assert reread(dotenv(simple)) == simple


ENTRIES = [
    {
        "name": "PORT",
        "value": "8080",
        "source": "services.api.env",
        "secret": False,
        "overrode": [{"value": "80", "source": ".env:3"}],
    },
    {
        "name": "API_KEY",
        "value": "canary",
        "source": ".env:4",
        "secret": True,
        "overrode": [{"value": "canary2", "source": "client environment"}],
    },
    {"name": "URL", "value": "x://u:canary@h", "source": ".env:5", "secret": True, "overrode": []},
    {"name": "LINES", "value": "a\n\x1b[2Jb", "source": ".env:6", "secret": False},
    {"name": "LONG", "value": "x" * 5000, "source": ".env:7", "secret": False},
]


def test_explained_names_value_source_and_what_was_overridden() -> None:
    assert explained(ENTRIES) == (
        "PORT=8080  (services.api.env)\n"
        "    instead of 80  (.env:3)\n"
        "API_KEY=****  (.env:4)\n"
        "    instead of ****  (client environment)\n"
        "URL=x://u:****@h  (.env:5)\n"
        "LINES=a\\n\\x1b[2Jb  (.env:6)\n"
        f"LONG={'x' * 300}… (5000 characters)  (.env:7)\n"
    )


def test_sec_explained_shows_a_secret_only_when_asked() -> None:
    assert "canary" not in explained(ENTRIES)
    assert explained(ENTRIES, reveal=True).count("canary") == 3


def test_explaining_needs_nothing_heavy() -> None:
    code = "import sys, hybrid_tasks.env.explain; print([m for m in ('dotenv', 'pydantic', 'asyncio', 'rich') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert answer.stdout.strip() == "[]", answer.stderr


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_of_nothing(form: str) -> None:
    assert FORMATS[form]({}).strip() in {"", "{}"}
