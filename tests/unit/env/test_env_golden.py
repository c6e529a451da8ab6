"""Our reading of the written table against the frozen answers of Compose."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from dotenv_table import CASES, Case, golden

from hybrid_tasks.env.files import examine
from hybrid_tasks.env.statements import statements

TABLE = golden()


def test_the_frozen_table_is_of_the_written_cases() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 100
    assert set(TABLE) == {case.name for case in CASES}
    for case in CASES:
        entry = TABLE[case.name]
        data = base64.b64decode(str(entry["bytes"])) if "bytes" in entry else str(entry["file"]).encode()
        assert (data, entry["shell"]) == (case.data, dict(case.shell)), case.name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_we_read_what_compose_reads(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "case.env"
    file.write_bytes(case.data)
    answer = TABLE[case.name].get("values")
    reading = examine(file, case.shell)
    assert all(re.match(rf"{re.escape(str(file))}:\d+ ", mistake.message) for mistake in reading.mistakes)
    ours = None if reading.mistakes else {variable.name: variable.value for variable in reading.variables}
    if case.stricter:
        assert answer is not None
        assert ours != answer
    else:
        assert ours == answer


@pytest.mark.parametrize("case", [case for case in CASES if isinstance(case.text, str)], ids=lambda case: case.name)
def test_python_dotenv_reads_only_what_it_reads_like_compose(case: Case) -> None:
    text = case.text.removeprefix("\ufeff")
    assert list(statements(text)) == list(statements(text, agree=False))
