"""Colours, escapes, durations and words."""

from __future__ import annotations

import io
import time

import pytest
from memory_terminal import Terminal

from hybrid_tasks.cli.here import only, seconds, verbatim
from hybrid_tasks.cli.paint import Paint, harmless, is_live
from hybrid_tasks.cli.progress import Progress
from hybrid_tasks.cli.status import report
from hybrid_tasks.cli.summary import span, summary
from hybrid_tasks.errors import WrongInput
from hybrid_tasks.model.events import Event

PLAIN = Paint(on=False)


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


def test_a_stopped_clock_does_not_matter_to_the_report() -> None:
    future = {"name": "web", "word": "running", "healthy": True, "since": time.time() + 60}
    assert "0.0 s" in "\n".join(report({"services": [future]}, PLAIN, None))
