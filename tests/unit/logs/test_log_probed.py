"""Lines that answer our own health probes are left out of the view, never of the file, and only when that is proved."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from logwriter import EPOCH, JobWriter

from hybrid_tasks.logs.asking import asked
from hybrid_tasks.logs.probed import CAP, FILE, SPAN, note
from hybrid_tasks.logs.query import Query
from hybrid_tasks.logs.show import show

OURS = ("127.0.0.1", 50001)
UVICORN = 'INFO:     127.0.0.1:50001 - "GET /healthz HTTP/1.1" 200 OK'


@pytest.fixture
def job(tmp_path: Path) -> JobWriter:
    """An instance that was asked at EPOCH + 10."""
    job = JobWriter(tmp_path)
    note(job.folder, EPOCH + 10, job.run, OURS, "/healthz")
    return job


def shown(project_logs: Path, **options: object) -> str:
    out = io.BytesIO()
    show(project_logs, asked(**options), out, terminal=False)  # type: ignore[arg-type]
    return out.getvalue().decode()


@pytest.mark.parametrize(
    "line",
    [
        UVICORN,
        UVICORN.replace("200 OK", "204 No Content"),
        '\x1b[32mINFO\x1b[0m:     127.0.0.1:50001 - "\x1b[1mGET /healthz HTTP/1.1\x1b[0m" \x1b[32m200 OK\x1b[0m',
        '{"remote": "127.0.0.1:50001", "path": "/healthz", "status":200}',
        "time=2026-01-31T14:30:05.120Z remote=127.0.0.1:50001 path=/healthz status=200 took=1.5ms",
        UVICORN.replace("200 OK", "500 Internal Server Error"),
        '\x1b[32mINFO\x1b[0m: 127.0.0.1:50001 - "\x1b[1mGET /healthz HTTP/1.1\x1b[0m" \x1b[91m503 Unavailable\x1b[0m',
    ],
)  # fmt: skip
def test_what_is_provably_an_answer_to_us_is_left_out(tmp_path: Path, job: JobWriter, line: str) -> None:
    job.write(f"before\n{line}\nafter\n", at=EPOCH + 10.2).end()
    assert shown(tmp_path) == "api | before\napi | after\n"
    assert len(shown(tmp_path, probes=True).splitlines()) == 3
    assert shown(tmp_path, raw=True) == f"before\n{line}\nafter\n"
    marks = [json.loads(line).get("probe") for line in shown(tmp_path, json=True).splitlines()]
    assert marks == [None, True, None]


@pytest.mark.parametrize(
    "line",
    [
        UVICORN.replace("50001", "50002"),
        UVICORN.replace("50001", "500011"),
        UVICORN.replace("127.0.0.1", "127.0.0.2"),
        UVICORN.replace("127.0.0.1", "10.127.0.0.1"),
        UVICORN.replace("/healthz", "/orders"),
        UVICORN.replace("200 OK", "500 Internal Server Error").replace("INFO", "ERROR"),
        '{"remote": "127.0.0.1:50001", "path": "/healthz", "status": 500, "why": "no database"}',
        UVICORN.replace(" 200 OK", ""),
        '127.0.0.1 - - "GET /healthz HTTP/1.1" 200 -',
        "127.0.0.1:50001 GET /healthz 503 230 bytes",
    ],
)  # fmt: skip
def test_everything_else_stays(tmp_path: Path, job: JobWriter, line: str) -> None:
    job.write(f"{line}\n", at=EPOCH + 10.2).end()
    assert len(shown(tmp_path).splitlines()) == 1
    assert "probe" not in json.loads(shown(tmp_path, json=True))


def test_another_instance_and_another_time_are_somebody_elses(tmp_path: Path, job: JobWriter) -> None:
    job.write(f"{UVICORN} too early\n", at=EPOCH + 2).write(f"{UVICORN} ours\n", at=EPOCH + 12)
    job.write(f"{UVICORN} too late\n", at=EPOCH + 80).end()
    JobWriter(tmp_path, "api").write(f"{UVICORN} another run\n", at=EPOCH + 11).end()
    JobWriter(tmp_path, "web").write(f"{UVICORN} another service\n", at=EPOCH + 11).end()
    told = shown(tmp_path)
    assert "ours" not in told
    assert all(words in told for words in ("too early", "too late", "another run", "another service"))


@pytest.mark.parametrize("written", ["::1:50001", "[::1]:50001"])
def test_ipv6_as_servers_write_it(tmp_path: Path, written: str) -> None:
    job = JobWriter(tmp_path)
    note(job.folder, EPOCH, job.run, ("::1", 50001), "/healthz")
    job.write(f"{written} GET /healthz 200\nfe80::1:50001 GET /healthz 200\n", at=EPOCH).end()
    assert shown(tmp_path) == "api | fe80::1:50001 GET /healthz 200\n"


def test_a_level_a_pattern_and_a_tail_are_asked_of_what_is_left(tmp_path: Path, job: JobWriter) -> None:
    job.write("one\n", at=EPOCH + 1)
    for number in range(40):
        port = 51000 + number
        note(job.folder, EPOCH + 10 + number, job.run, ("127.0.0.1", port), "/healthz")
        job.write(UVICORN.replace("50001", str(port)) + "\n", at=EPOCH + 10.1 + number)
    job.write("two\n", at=EPOCH + 60).end()
    assert shown(tmp_path, tail=2) == "api | one\napi | two\n"
    assert shown(tmp_path, grep="healthz") == ""
    assert shown(tmp_path, level="info", since=str(EPOCH + 5)) == "api | two\n"


def test_a_block_covers_no_more_time_than_a_probe_can_be_found_in(tmp_path: Path, job: JobWriter) -> None:
    for number in range(100):
        job.write(f"{number}\n", at=EPOCH - 500 + 5 * number)
    job.write(f"{UVICORN}\n", at=EPOCH + 10.1).end()
    assert SPAN < 500
    assert shown(tmp_path).splitlines() == [f"api | {number}" for number in range(100)]


def test_a_probe_that_is_noted_while_somebody_follows(tmp_path: Path, job: JobWriter) -> None:
    job.write("one\n", at=EPOCH)
    out = io.BytesIO()

    def ended() -> bool:
        if b"two" not in out.getvalue():
            note(job.folder, EPOCH + 20, job.run, ("127.0.0.1", 50009), "/new")
            answer = UVICORN.replace("50001", "50009").replace("healthz", "new")
            job.write(f"{answer}\ntwo\n", at=EPOCH + 20.1)
            return False
        return True

    show(tmp_path, Query(follow=True), out, terminal=False, ended=ended)
    assert out.getvalue().decode() == "api | one\napi | two\n"


def test_a_terminal_is_told_how_many_were_left_out(tmp_path: Path, job: JobWriter) -> None:
    job.write(f"{UVICORN}\n", at=EPOCH + 10.1).end()
    notes: list[str] = []
    show(tmp_path, Query(), io.BytesIO(), terminal=True, note=notes.append)
    assert notes == ["left out 1 line by which services answer our own health probes; --probes shows them"]


def test_the_notes_are_bounded_and_damage_is_passed_over(tmp_path: Path, job: JobWriter) -> None:
    file = job.folder / FILE
    file.write_bytes(b"\xff\xfe rubbish\n1 2 3\n\nx y z 1 /p\n" + file.read_bytes())
    job.write(f"{UVICORN}\n", at=EPOCH + 10.1).end()
    assert shown(tmp_path) == ""
    for number in range(3 * CAP // 40):
        note(job.folder, EPOCH + number, job.run, ("127.0.0.1", number % 60000), "/healthz")
    sizes = [path.stat().st_size for path in job.folder.glob(f"{FILE}*")]
    assert len(sizes) <= 2
    assert sum(sizes) <= 2 * (CAP + 100)


def test_a_folder_that_cannot_be_written_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    note(tmp_path / "in the way", EPOCH, "r", OURS, "/")
    assert [file.name for file in tmp_path.iterdir()] == ["in the way"]


def test_bug_the_first_probe_was_not_noted_where_nothing_had_been_logged(tmp_path: Path) -> None:
    note(tmp_path / "logs" / "web", EPOCH, "r", OURS, "/")
    assert [file.name for file in (tmp_path / "logs" / "web").iterdir()] == [FILE]
