from __future__ import annotations

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_tasks.cli.here import only, seconds, verbatim
from hybrid_tasks.cli.paint import Paint, harmless, is_live
from hybrid_tasks.cli.progress import Progress
from hybrid_tasks.cli.status import report
from hybrid_tasks.cli.summary import span, summary
from hybrid_tasks.cli.tables import Column, cut, table, width
from hybrid_tasks.errors import WrongInput
from hybrid_tasks.model.events import Event

PLAIN = Paint(on=False)
COLUMNS = [Column("NAME"), Column("SIZE", right=True, drop=2), Column("NOTE", drop=1)]
ROWS = [["web", "12", "all is well"], ["datenbänk", "1", ""], ["日本", "1234", "x"]]


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "terminal", "on"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm"}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "", "TERM": "xterm"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, True),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_when_there_is_colour(environ: dict[str, str], terminal: bool, on: bool) -> None:
    assert Paint.of(Terminal() if terminal else io.StringIO(), environ).on is on


def test_a_closed_stream_is_no_terminal() -> None:
    closed = io.StringIO()
    closed.close()
    assert not Paint.of(closed, {"TERM": "xterm"}).on
    assert not Paint.of(None, {"TERM": "xterm"}).on
    assert not is_live(Terminal(), {"TERM": "xterm", "CI": "true"})
    assert is_live(Terminal(), {"TERM": "xterm"})


@pytest.mark.parametrize(
    ("text", "columns"), [("web", 3), ("日本", 4), ("é", 1), ("e\u0301", 1), ("👍", 2), ("", 0), ("a\u200bb", 2)]
)
def test_width_is_what_a_terminal_needs(text: str, columns: int) -> None:
    assert width(text) == columns


@given(st.text(max_size=30), st.integers(0, 40))
def test_a_cut_text_fits(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns


def test_a_table_is_aligned() -> None:
    assert table(COLUMNS, ROWS, PLAIN) == [
        "NAME       SIZE  NOTE",
        "web          12  all is well",
        "datenbänk     1",
        "日本       1234  x",
    ]


def test_a_narrow_terminal_drops_columns_and_then_cuts() -> None:
    assert table(COLUMNS, ROWS, PLAIN, 24)[1] == "web        all is well"
    assert table(COLUMNS, ROWS, PLAIN, 12)[0] == "NAME"
    wide = table([Column("NAME")], [["x" * 100]], PLAIN, 20)
    assert wide[1] == "x" * 19 + "…"
    assert table(COLUMNS, ROWS, PLAIN, 1)[1] == "web"


def test_a_column_without_content_is_left_out() -> None:
    assert table(COLUMNS, [["web", "", ""]], PLAIN) == ["NAME", "web"]


@given(st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), max_size=4), st.integers(30, 120))
def test_every_line_of_a_table_fits(rows: list[list[str]], limit: int) -> None:
    assert all(width(line) <= limit for line in table(COLUMNS, rows, PLAIN, limit))


ESCAPES = [
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\",
    "\x1bPq\x1b\\",
    "\x1b[6n",
    "\x1b[?1049h",
    "\x9b2J",
    "\u202eevil",
    "good\rerror: fake",
    "\x07",
    "\x08\x08\x08",
]


@pytest.mark.parametrize("payload", ESCAPES)
@pytest.mark.parametrize("paint", [Paint(on=True), PLAIN], ids=["terminal", "pipe"])
def test_sec_31_nothing_a_service_says_moves_the_terminal(payload: str, paint: Paint) -> None:
    service = {
        "name": f"web{payload}",
        "word": "crashed",
        "wanted": True,
        "detail": f"because {payload}",
        "cure": f"do {payload}",
        "address": payload,
        "since": 1.0,
    }
    receipt = {"service": f"web{payload}", "result": "failed", "error": f"line\n{payload}", "stages": []}
    document = {"project": payload, "services": [service], "warnings": [payload]}
    lines = [*report(document, paint, None, 2.0), *summary({"services": [service], "receipts": [receipt]}, paint)]
    progress = Progress(io.StringIO(), live=False, paint=paint)
    progress.hear(Event("note", 0.0, None, {"text": payload}))
    progress.hear(Event("state", 0.0, f"web{payload}", {"word": "crashed", "detail": payload}))
    text = "\n".join(lines) + progress.out.getvalue()  # type: ignore[attr-defined]
    for allowed in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"):
        text = text.replace(allowed, "") if paint.on else text
    assert not set(text) & {chr(code) for code in (*range(32), *range(127, 160)) if chr(code) != "\n"}
    assert "\u202e" not in text


def test_harmless_keeps_lines_and_ordinary_text() -> None:
    assert harmless("a\nb") == ["a", "b"]
    assert harmless("größe 👍") == ["größe 👍"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0 s"),
        (0.84, "0.8 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (99, "99 s"),
        (100, "2 min"),
        (3600, "60 min"),
        (7200, "2 h"),
        (86400, "24 h"),
        (200_000, "2 d"),
    ],
)
def test_durations(value: float, text: str) -> None:
    assert span(value) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("120", 120), ("90s", 90), ("2m", 120), ("1.5", 1.5), ("500ms", 0.5), ("1h", 3600), (" 5 ", 5), ("0", 0)],
)
def test_timeouts(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "x", "-1", "1d", "1e9", "nan", "inf", "1 s", "1,5", "٣", "12345678", "1.2345"])
def test_wrong_timeouts(text: str) -> None:
    with pytest.raises(WrongInput, match="is not a duration"):
        seconds(text)


@pytest.mark.parametrize("words", ["", "x", "{}", "[1]", '"x"', "null", "[" * 10_000, '["a\\u0000b"]'])
def test_wrong_words(words: str) -> None:
    with pytest.raises(WrongInput):
        verbatim(words)
    assert verbatim(None) == []


def test_names_once_and_in_order() -> None:
    assert only(["b", "a", "b"]) == ["b", "a"]
    assert only(None) == []


def state(name: str, word: str, **more: object) -> Event:
    return Event("state", 0.0, name, {"word": word, **more})


def test_a_pipe_gets_one_line_a_change() -> None:
    out = io.StringIO()
    progress = Progress(out, live=False, paint=PLAIN)
    for event in (
        state("db", "waiting"),
        Event("stage", 0.0, "db", {"stage": "plan"}),
        state("db", "waiting", detail="waits for web"),
        Event("stage", 0.0, "web", {"stage": "build"}),
        Event("stage", 0.0, "web", {"stage": "build"}),
        state("web", "building"),
        Event("stage", 0.0, "web", {"stage": "launch"}),
        Event("stage", 0.0, "web", {"stage": "probe"}),
        state("web", "running", healthy=False),
        state("web", "running", healthy=True),
        Event("stage", 0.0, "web", {"stage": "retire"}),
        state("web", "running", healthy=True),
        Event("receipt", 0.0, "web", {"result": "live"}),
        state("web", "running", healthy=True),
        Event("note", 0.0, None, {"text": "restored what ran before: web"}),
        state("old", "running", healthy=True),
        state("sick", "running", healthy=False),
        state("api", "blocked", detail="`go` is missing"),
        Event("receipt", 0.0, "db", {"result": "failed"}),
        Event("held", 0.0, "ui", {"reason": "it writes into itself"}),
        state("old", "running", healthy=True, wanted=False),
        Event("unheard-of", 0.0, "ui", {}),
        Event("state", 0.0, None, {"word": "running"}),
    ):
        progress.hear(event)
        progress.tick()
    assert out.getvalue().splitlines() == [
        "db: waits for web",
        "web: building",
        "web: starting",
        "web: waiting for its health",
        "web: healthy",
        "restored what ran before: web",
        "old: healthy",
        "sick: running, not healthy yet",
        "api: blocked: `go` is missing",
        "db: failed",
        "ui: held: it writes into itself",
        "old: stopping",
    ]


def test_a_restart_is_told_once_while_the_old_instance_stays_healthy() -> None:
    """The state of a service that is being replaced is `running` and `healthy` all the time."""
    out = io.StringIO()
    progress = Progress(out, live=False, paint=PLAIN)
    progress.hear(state("web", "running", healthy=True))
    for stage in ("plan", "check", "build", "launch", "probe", "switch", "retire"):
        progress.hear(Event("stage", 0.0, "web", {"stage": stage}))
        progress.hear(state("web", "running", healthy=True))
    progress.hear(Event("receipt", 0.0, "web", {"result": "live"}))
    lines = ["healthy", "checking", "building", "starting", "waiting for its health", "healthy"]
    assert out.getvalue().splitlines() == [f"web: {line}" for line in lines]


def test_seconds_are_told_although_the_receipt_comes_later() -> None:
    now = [10.0]
    progress = Progress(io.StringIO(), live=False, paint=PLAIN, clock=lambda: now[0])
    progress.hear(state("web", "waiting", detail="waits for api"))
    now[0] = 20.0
    progress.hear(Event("stage", 0.0, "web", {"stage": "launch"}))
    now[0] = 20.5
    progress.hear(Event("stage", 0.0, "web", {"stage": "probe"}))
    now[0] = 21.2
    running = {"name": "web", "word": "running", "healthy": True}
    assert summary({"services": [running]}, PLAIN, progress.took()) == ["web  healthy in 1.2 s"]
    progress.hear(Event("receipt", 0.0, "web", {"result": "live"}))
    assert progress.took() == {}


def screen(written: str) -> list[str]:
    """What a terminal shows after this was written to it."""
    lines, row = [""], 0
    while written:
        if written.startswith("\x1b["):
            body, final = "", ""
            for at, character in enumerate(written[2:], 2):
                if character.isalpha():
                    body, final, written = written[2:at], character, written[at + 1 :]
                    break
            if final == "A":
                row -= int(body)
            elif final == "J":
                lines[row:] = [""]
            continue
        character, written = written[0], written[1:]
        if character == "\n":
            row += 1
            if row == len(lines):
                lines.append("")
        else:
            lines[row] += character
    return [line for line in lines if line]


def test_a_terminal_gets_a_block_that_is_redrawn_and_taken_away() -> None:
    out, now = Terminal(), [100.0]
    progress = Progress(out, live=True, paint=PLAIN, clock=lambda: now[0])
    progress.hear(Event("stage", 0.0, "web", {"stage": "build"}))
    progress.hear(Event("stage", 0.0, "database", {"stage": "launch"}))
    now[0] = 103.4
    progress.tick()
    assert [line[2:] for line in screen(out.getvalue())] == ["web       building  3 s", "database  starting  3 s"]
    progress.hear(Event("note", 0.0, None, {"text": "look here"}))
    progress.hear(Event("receipt", 0.0, "web", {"result": "live"}))
    assert screen(out.getvalue())[0] == "look here"
    assert screen(out.getvalue())[1] == "✓ web       healthy"
    progress.clear()
    assert screen(out.getvalue()) == ["look here"]


def test_a_low_terminal_shows_what_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_tasks.cli.progress.size", lambda _: (40, 6))
    out = Terminal()
    progress = Progress(out, live=True, paint=PLAIN)
    for number in range(20):
        progress.hear(Event("stage", 0.0, f"s{number}", {"stage": "build"}))
    for number in range(17):
        progress.hear(Event("receipt", 0.0, f"s{number}", {"result": "live"}))
    assert [line[2:5] for line in screen(out.getvalue())] == ["s17", "s18", "s19"]
    assert all(width(line) < 40 for line in screen(out.getvalue()))


def test_an_ascii_terminal_gets_no_braille() -> None:
    out = Terminal()
    out.encoding = "ascii"  # type: ignore[misc]
    progress = Progress(out, live=True, paint=PLAIN)
    progress.hear(Event("stage", 0.0, "web", {"stage": "build"}))
    progress.hear(Event("receipt", 0.0, "web", {"result": "live"}))
    progress.hear(state("api", "crashed", detail="ended with 1"))
    assert out.getvalue().isascii()


def test_a_stopped_clock_does_not_matter_to_the_report() -> None:
    future = {"name": "web", "word": "running", "healthy": True, "since": time.time() + 60}
    assert "0.0 s" in "\n".join(report({"services": [future]}, PLAIN, None))
