"""What reaches a terminal and what reaches a pipe."""

from __future__ import annotations

import io
import json
import os
import re
import select
from pathlib import Path

import pytest
from logwriter import EPOCH, JobWriter

from hybrid_tasks.errors import Code, WrongInput
from hybrid_tasks.logs.asking import asked
from hybrid_tasks.logs.colours import colour_of
from hybrid_tasks.logs.query import Query
from hybrid_tasks.logs.show import ReaderGoneError, Sink, show
from hybrid_tasks.logs.store import announce


def shown(project_logs: Path, *, terminal: bool = False, **options: object) -> str:
    out = io.BytesIO()
    assert show(project_logs, asked(**options), out, terminal) == Code.DONE  # type: ignore[arg-type]
    return out.getvalue().decode()


def test_names_are_aligned_and_coloured(tmp_path: Path) -> None:
    api, web = JobWriter(tmp_path, "api"), JobWriter(tmp_path, "web-ui", started=EPOCH + 1)
    announce(api.folder, "api", "36", api.run, "instance", EPOCH, api.path)
    api.write("a\nb\n").end()
    web.write("c\n").end()
    assert shown(tmp_path) == "api    | a\napi    | b\nweb-ui | c\n"
    assert shown(tmp_path, services=("api",)) == "api | a\napi | b\n"
    web_colour = colour_of("web-ui", ["api", "web-ui"])
    assert shown(tmp_path, terminal=True) == (
        "\x1b[36mapi    | \x1b[0ma\n\x1b[36mapi    | \x1b[0mb\n" + f"\x1b[{web_colour}mweb-ui | \x1b[0mc\n"
    )


@pytest.mark.parametrize("colour", ["31m\x1b]0;x\x07", "", None, 7])
def test_a_colour_nobody_chose_is_not_printed(tmp_path: Path, colour: object) -> None:
    JobWriter(tmp_path).write("a\n").end()
    (tmp_path / "api" / "current.json").write_text(json.dumps({"colour": colour}))
    assert shown(tmp_path, terminal=True) == f"\x1b[{colour_of('api')}mapi | \x1b[0ma\n"


def test_a_colour_never_leaks_into_the_next_line(tmp_path: Path) -> None:
    JobWriter(tmp_path).write(b"\x1b[31mred\nstill?\n").end()
    for line in shown(tmp_path, terminal=True).splitlines():
        assert line.endswith("\x1b[0m")
    assert shown(tmp_path) == "api | red\napi | still?\n"


def test_only_colours_reach_a_terminal_and_nothing_a_pipe_but_raw_is_exact(tmp_path: Path) -> None:
    nasty = b"\x1b]0;t\x07\x1b[2J\x1b[31mred\x1b[0m\x9b1m\xff\x00\r10%\r\xe2\x80\xae\nno end \x1b]52;c;QQ=="
    job = JobWriter(tmp_path).write(nasty).end()
    on_terminal = shown(tmp_path, terminal=True)
    assert "\x1b" not in re.sub(r"\x1b\[[0-9;]*m", "", on_terminal)
    assert "\x1b" not in shown(tmp_path)
    assert shown(tmp_path) == "api | red\ufffd1m\ufffd␀\napi | 10%\napi | \\u202e\napi | no end ␛]52;c;QQ==\n"
    out = io.BytesIO()
    assert show(tmp_path, Query(raw=True), out, terminal=False) == Code.DONE
    assert out.getvalue() == nasty == job.path.read_bytes()


def test_a_half_sequence_and_a_half_character_at_the_border_of_two_reads(tmp_path: Path) -> None:
    job = JobWriter(tmp_path)
    for byte in "é\x1b[31mx\x1b]0;title\x07→\n".encode():
        job.write(bytes((byte,)))
    job.end()
    assert shown(tmp_path) == "api | éx→\n"
    assert "\x1b[31mx→\x1b[0m\n" in shown(tmp_path, terminal=True)


def test_a_fake_prefix_stands_behind_the_real_one(tmp_path: Path) -> None:
    JobWriter(tmp_path).write("ok\rweb | all is well\x1b[1A\x1b[2Kdb | trust me\n").end()
    assert [line.split(" | ")[0] for line in shown(tmp_path).splitlines()] == ["api", "api"]


def test_a_folder_with_a_hostile_name(tmp_path: Path) -> None:
    JobWriter(tmp_path, "a\x1b]0;x\x07\nb").write("x\n").end()
    assert shown(tmp_path) == "a b | x\n"


def test_every_line_with_its_time(tmp_path: Path) -> None:
    JobWriter(tmp_path, step=0.25).write("a\nb\n").write("c\n").end()
    lines = [line.split(" ", 4) for line in shown(tmp_path, timestamps=True).splitlines()]
    assert [(line[3][-3:], line[4]) for line in lines] == [("000", "a"), ("000", "b"), ("250", "c")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", line[2]) for line in lines)


def test_json_is_one_object_a_line(tmp_path: Path) -> None:
    job = JobWriter(tmp_path, step=1.0)
    job.write(b'\x1b[31mred\x1b[0m "q" \xff\r\n').err("e\u202e\n").end()
    first, second = [json.loads(line) for line in shown(tmp_path, json=True).splitlines()]
    assert first == {
        "service": "api",
        "stream": "stdout",
        "time": EPOCH,
        "role": "instance",
        "run": job.run,
        "text": 'red "q" \ufffd',
    }
    assert second == {**first, "stream": "stderr", "time": EPOCH + 1, "text": "e\\u202e"}
    assert json.loads(shown(tmp_path, json=True, raw=True).splitlines()[0])["text"] == '\x1b[31mred\x1b[0m "q" \ufffd\r'
    assert shown(tmp_path, json=True).isascii()


def test_json_lines_are_cut_like_others(tmp_path: Path) -> None:
    JobWriter(tmp_path).write("x" * 20_000 + "\n").end()
    assert json.loads(shown(tmp_path, json=True))["text"] == "x" * 8192 + "… (20 kB)"
    assert len(json.loads(shown(tmp_path, json=True, raw=True))["text"]) == 20_000


def test_raw_puts_a_line_end_only_between_jobs(tmp_path: Path) -> None:
    JobWriter(tmp_path, "a").write("no end").end()
    JobWriter(tmp_path, "b", started=EPOCH + 5).write("x\n").end()
    out = io.BytesIO()
    show(tmp_path, Query(raw=True), out, terminal=True)
    assert out.getvalue() == b"no end\nx\n"


@pytest.mark.parametrize("moment", [float("nan"), float("inf"), -1e18, 1e300])
def test_impossible_times_do_not_stop_the_reading(tmp_path: Path, moment: float) -> None:
    JobWriter(tmp_path).write("x\n", at=moment).write("y\n").dropped(5, 1).end()
    for options in ({"timestamps": True}, {"json": True}, {}):
        assert "y" in shown(tmp_path, **options)


def test_what_is_not_there_yet_is_said(tmp_path: Path) -> None:
    notes: list[str] = []
    assert (
        show(
            tmp_path,
            Query(services=("api",)),
            io.BytesIO(),
            terminal=False,
            configured=lambda: ["api"],
            note=notes.append,
        )
        == 0
    )
    assert show(tmp_path, Query(), io.BytesIO(), terminal=False, note=notes.append) == 0
    assert notes == ["nothing logged yet by `api`", "nothing logged yet: `inv dev-start` starts the services"]
    with pytest.raises(WrongInput, match="there is no service `apy`"):
        show(tmp_path, Query(services=("apy",)), io.BytesIO(), terminal=False, configured=lambda: ["api"])


def test_ctrl_c_ends_with_130(tmp_path: Path) -> None:
    JobWriter(tmp_path).write("x\n")

    def ended() -> bool:
        raise KeyboardInterrupt

    out = io.BytesIO()
    assert show(tmp_path, Query(follow=True), out, terminal=True, ended=ended) == Code.INTERRUPTED
    assert out.getvalue().endswith(b"x\n")


def test_following_ends_when_told(tmp_path: Path) -> None:
    JobWriter(tmp_path).write("x\n")
    assert show(tmp_path, Query(follow=True), io.BytesIO(), terminal=False, ended=lambda: True) == Code.DONE


def test_the_end_of_a_reader_is_noticed_while_nothing_comes() -> None:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "wb", buffering=0) as out:
        sink = Sink(out)
        assert sink.idle(0.001) is False
        os.close(ours)
        with pytest.raises(ReaderGoneError):
            sink.idle(60)


def test_a_reader_that_goes_away_is_no_mistake(tmp_path: Path) -> None:
    JobWriter(tmp_path).write(b"x" * 70 + b"\n" * 100_000).end()
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "wb") as out:  # buffered: nothing may be left for the close
        assert show(tmp_path, Query(), out, terminal=False) == Code.DONE


def test_a_terminal_that_somebody_made_non_blocking_gets_everything(tmp_path: Path) -> None:
    JobWriter(tmp_path).write(b"".join(b"%d\n" % n for n in range(50_000))).end()
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    child = os.fork()
    if child == 0:
        os.close(ours)
        with os.fdopen(theirs, "wb", buffering=0) as out:
            os._exit(show(tmp_path, Query(raw=True), out, terminal=False))
    os.close(theirs)
    read = b""
    while data := os.read(ours, 65536):
        read += data
        select.select([ours], [], [], 10)
    os.close(ours)
    assert os.waitpid(child, 0)[1] == 0
    assert read.count(b"\n") == 50_000


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    JobWriter(tmp_path).write("x\n").end()
    with Path("/dev/full").open("wb", buffering=0) as out, pytest.raises(OSError, match="No space left"):
        show(tmp_path, Query(), out, terminal=False)
