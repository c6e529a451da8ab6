"""What is said while the supervisor works: a line for what lasts, or a block that is redrawn."""

from __future__ import annotations

import io

import pytest
from memory_terminal import Terminal

from hybrid_tasks.cli.paint import Paint
from hybrid_tasks.cli.progress import LASTS, Progress
from hybrid_tasks.cli.summary import summary
from hybrid_tasks.cli.tables import width
from hybrid_tasks.model.events import Event

PLAIN = Paint(on=False)


def state(name: str, word: str, **more: object) -> Event:
    return Event("state", 0.0, name, {"word": word, **more})


class Clock:
    """A time that is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def piped() -> tuple[io.StringIO, Progress, Clock]:
    out, clock = io.StringIO(), Clock()
    return out, Progress(out, live=False, paint=PLAIN, clock=clock), clock


def test_a_pipe_gets_one_line_for_what_lasts() -> None:
    out, progress, clock = piped()
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
        clock.now += LASTS
        progress.tick()
        progress.tick()
    assert out.getvalue().splitlines() == [
        "db: waits for web",
        "web: building",
        "web: starting",
        "web: waiting for its health",
        "web: healthy",
        "restored what ran before: web",
        "sick: running, not healthy yet",
        "api: blocked: `go` is missing",
        "db: failed",
        "ui: held: it writes into itself",
        "old: stopping",
    ]


def test_bug_a_pipe_got_a_line_for_every_stage_of_a_start_that_took_no_time() -> None:
    out, progress, clock = piped()
    for stage in ("plan", "check", "build", "launch", "probe", "switch"):
        for name in ("web", "api"):
            progress.hear(Event("stage", 0.0, name, {"stage": stage}))
        clock.now += LASTS / 10
        progress.tick()
    progress.hear(Event("receipt", 0.0, "web", {"result": "live"}))
    assert out.getvalue() == ""
    progress.hear(Event("receipt", 0.0, "api", {"result": "failed"}))
    assert out.getvalue() == "", "the summary that comes next tells why"


def test_bug_a_failure_was_told_twice_in_a_pipe() -> None:
    """By the line of a service, and at once after it by the summary; a start that goes on says so before that."""
    out, progress, clock = piped()
    progress.hear(Event("stage", 0.0, "api", {"stage": "launch"}))
    progress.hear(state("api", "crashed", detail="it ended with 3"))
    progress.hear(Event("receipt", 0.0, "api", {"result": "failed"}))
    progress.tick()
    assert out.getvalue() == ""
    clock.now += LASTS
    progress.tick()
    progress.tick()
    assert out.getvalue() == "api: crashed: it ended with 3\n"


def test_where_no_summary_follows_a_failure_is_told_at_once() -> None:
    out = io.StringIO()
    progress = Progress(out, live=False, paint=PLAIN, summed=False)
    progress.hear(Event("receipt", 0.0, "api", {"result": "failed"}))
    assert out.getvalue() == "api: failed\n"


def test_what_a_stage_waits_for_is_told_until_it_goes_on() -> None:
    out, progress, clock = piped()
    for note in ("", "waiting for cargo's lock", "waiting for cargo's lock", ""):
        progress.hear(Event("stage", 0.0, "web", {"stage": "build", "note": note}))
        clock.now += LASTS
        progress.tick()
    lines = ["building", "building: waiting for cargo's lock", "building"]
    assert out.getvalue().splitlines() == [f"web: {line}" for line in lines]


def test_a_restart_is_told_once_while_the_old_instance_stays_healthy() -> None:
    """The state of a service that is being replaced is `running` and `healthy` all the time."""
    out, progress, clock = piped()
    progress.hear(state("web", "running", healthy=True))
    for stage in ("plan", "check", "build", "launch", "probe", "switch", "retire"):
        progress.hear(Event("stage", 0.0, "web", {"stage": stage}))
        progress.hear(state("web", "running", healthy=True))
        clock.now += LASTS
        progress.tick()
    progress.hear(Event("receipt", 0.0, "web", {"result": "live"}))
    lines = ["checking", "building", "starting", "waiting for its health", "healthy"]
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
