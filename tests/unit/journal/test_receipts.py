"""Receipts are one line each and outlive damage."""

from __future__ import annotations

from pathlib import Path

from hybrid_tasks.journal import receipts
from hybrid_tasks.journal.receipts import Receipts
from hybrid_tasks.journal.runs import Runs
from hybrid_tasks.model.receipt import Receipt, Result, Stage


def receipt(number: int) -> Receipt:
    stages = (Stage("build", 1500.0, ok=True), Stage("probe", 500.0, ok=True))
    return Receipt(f"r{number}", "api", "save", Result.LIVE, "beside", "f", 100.0 + number, stages=stages)


def test_receipts_come_back_in_order(tmp_path: Path) -> None:
    file = tmp_path / "receipts.jsonl"
    journal = Receipts(file)
    for number in range(3):
        journal.add(receipt(number))
    assert [found["id"] for found in receipts.read(file)] == ["r0", "r1", "r2"]


def test_a_half_line_of_a_killed_writer_spoils_only_itself(tmp_path: Path) -> None:
    file = tmp_path / "receipts.jsonl"
    journal = Receipts(file)
    journal.add(receipt(0))
    with file.open("ab") as half:
        half.write(b'{"schema": 1, "id": "ha')
    journal.add(receipt(1))
    assert [found["id"] for found in receipts.read(file)] == ["r0", "r1"]


def test_an_older_generation_is_kept_and_no_more(tmp_path: Path) -> None:
    file = tmp_path / "receipts.jsonl"
    journal = Receipts(file, cap=1000)
    for number in range(20):
        journal.add(receipt(number))
    found = [str(one["id"]) for one in receipts.read(file)]
    assert found[-1] == "r19"
    assert 3 < len(found) < 20
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) < 3000


def test_runs_are_known_until_they_are_forgotten(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "runs")
    runs.add("a1")
    runs.add("b2")
    again = Runs(tmp_path / "runs")
    assert again.known() == {"a1", "b2"}
    again.forget()
    runs.add("c3")
    assert again.known() == {"c3"}
    runs.close()
    again.close()


def test_bug_a_receipt_that_cannot_be_written_ended_the_swap(tmp_path: Path) -> None:
    journal = Receipts(tmp_path / "gone" / "receipts.jsonl")
    journal.add(receipt(0))
    assert "No such file" in journal.trouble
    (tmp_path / "gone").mkdir()
    journal.add(receipt(1))
    assert journal.trouble == ""
    assert [found["id"] for found in receipts.read(tmp_path / "gone" / "receipts.jsonl")] == ["r1"]
