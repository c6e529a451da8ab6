"""What reading a file says beside the values: origins, what was overridden, warnings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hybrid_tasks.env.files import examine, read
from hybrid_tasks.env.variable import Variable, named, source
from hybrid_tasks.model.service import Origin


def variables(
    folder: Path, text: str, shell: Mapping[str, str] | None = None, **more: Mapping[str, str]
) -> dict[str, Variable]:
    (folder / ".env").write_text(text)
    return {variable.name: variable for variable in read(folder / ".env", shell or {}, root=folder, **more)}


def test_origin_is_the_line_of_the_name(tmp_path: Path) -> None:
    found = variables(tmp_path, '# c\n\nA="1\n2"\nexport B=1\n')
    assert found["A"].origin == Origin(tmp_path / ".env", 3)
    assert source(found["B"], tmp_path) == ".env:5"
    assert source(found["B"]) == f"{tmp_path}/.env:5"


def test_last_of_a_name_wins_and_remembers(tmp_path: Path) -> None:
    found = variables(tmp_path, "A=1\nB=x\nA=2\nA=3\n")
    assert len(found) == 2
    assert (found["A"].value, str(found["A"].origin)) == ("3", f"{tmp_path}/.env:4")
    assert [(older.value, source(older, tmp_path)) for older in found["A"].overrode] == [
        ("2", ".env:3"),
        ("1", ".env:1"),
    ]


def test_unset_is_empty_and_carried_as_a_warning(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = variables(tmp_path, "A=1\nB=x$NOPE-${NOPE}$NADA\nC=${NOPE:-1}${A:-$NADA}\n")
    assert found["B"].value == "x-"
    assert len(found["B"].warnings) == 2
    assert found["B"].warnings[0].startswith(".env:2 B: `$NOPE` is not set, so it is empty; write `$$`")
    assert found["C"].warnings == ()
    assert capfd.readouterr() == ("", "")


def test_the_warning_of_a_password_does_not_show_a_piece_of_it(tmp_path: Path) -> None:
    found = variables(tmp_path, "DB_PASSWORD=p@ss$canary\n")
    assert found["DB_PASSWORD"].value == "p@ss"
    (warning,) = found["DB_PASSWORD"].warnings
    assert "canary" not in warning
    assert warning.startswith(".env:1 DB_PASSWORD: the name after a `$` is not set")


def test_text_after_a_closing_quote_warns_without_showing_it(tmp_path: Path) -> None:
    found = variables(tmp_path, 'A="a"canary\nB=1\n')
    assert set(found) == {"A", "B"}
    (warning,) = found["A"].warnings
    assert warning.startswith(".env:1 A: the text after its closing quote is read as a variable; write")
    assert "canary" not in warning


def test_values_of_earlier_files_stand_behind_the_files_own(tmp_path: Path) -> None:
    before = {"X": "before", "Y": "before"}
    found = variables(tmp_path, "A=$X$Z\nX=own\nB=$X\nC=$Y\nY\n", {"Z": "shell"}, before=before)
    assert {name: variable.value for name, variable in found.items()} == {
        "A": "beforeshell",
        "X": "own",
        "B": "own",
        "C": "before",
    }


def test_what_is_good_is_there_beside_the_mistakes(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nB C=1\nD=2\n")
    reading = examine(tmp_path / ".env", {})
    assert [variable.name for variable in reading.variables] == ["A", "D"]
    assert len(reading.mistakes) == 1


def test_a_circle_ends_empty(tmp_path: Path) -> None:
    found = variables(tmp_path, "A=${A}\nB=${C}\nC=${B}\n")
    assert {variable.value for variable in found.values()} == {""}
    assert [len(variable.warnings) for variable in found.values()] == [1, 1, 0]


def test_a_file_is_named_relative_to_the_project_and_on_one_line(tmp_path: Path) -> None:
    assert named(tmp_path / "a" / ".env", tmp_path) == "a/.env"
    assert named(Path("/x/.env"), tmp_path) == "/x/.env"
    assert named(Path("/x/a\n\x1b[2J.env")) == "/x/a\\n\\x1b[2J.env"
