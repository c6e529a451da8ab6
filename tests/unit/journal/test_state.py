"""The state file survives whatever happens to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybrid_tasks.journal import state as statefile
from hybrid_tasks.journal.state import State, StateNewer

STATE = State("/p", "boot", "dev", ("api", "web"), {"PATH": "/bin"}, 7)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    statefile.write(file, STATE)
    assert statefile.read(file) == STATE
    assert file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["state.json"]


def test_the_previous_state_comes_back_when_the_file_is_cut_at_any_byte(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    statefile.write(file, STATE)
    older = State("/p", "boot", "dev", ("api",))
    statefile.write(file, older)
    statefile.write(file, STATE)
    whole, previous = file.read_bytes(), file.with_name("state.json.previous").read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        file.with_name("state.json.previous").write_bytes(previous)
        assert statefile.read(file) == older, length
        assert not file.exists()
        for corrupt in tmp_path.glob("*.corrupt-*"):
            assert corrupt.read_bytes() == whole[:length]
            corrupt.unlink()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_flipped_bit_is_never_believed(tmp_path: Path, position: int, bit: int) -> None:
    file = tmp_path / "state.json"
    statefile.write(file, STATE)
    data = bytearray(file.read_bytes())
    data[position % len(data)] ^= 1 << bit
    file.write_bytes(data)
    file.with_name("state.json.previous").unlink(missing_ok=True)
    try:
        assert statefile.read(file) in (None, STATE)
    except StateNewer:
        assert json.loads(data)["schema"] > 1


@pytest.mark.parametrize("text", ["", "{}", "null", "[]", "[" * 100_000, '{"schema": 1}', '{"schema": 1, "state": 3}'])
def test_rubbish_is_set_aside(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    assert statefile.read(file) is None
    assert [p.read_text() for p in tmp_path.glob("state.json.corrupt-*")] == [text]


def test_a_directory_or_a_link_in_its_place_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.mkdir()
    assert statefile.read(file) is None
    (tmp_path / "elsewhere").write_text("mine")
    file.symlink_to(tmp_path / "elsewhere")
    assert statefile.read(file) is None
    statefile.write(file, STATE)
    assert (tmp_path / "elsewhere").read_text() == "mine"


def test_a_newer_schema_is_refused_with_both_versions(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text('{"schema": 9}')
    with pytest.raises(StateNewer, match=r"schema 9, this one knows 1"):
        statefile.read(file)
    assert file.read_text() == '{"schema": 9}'
