"""Receipts in words."""

from __future__ import annotations

from typing import Any

import pytest

from hybrid_tasks.journal import words
from hybrid_tasks.journal.gist import gist, last_words

BESIDE = [("plan", 3.2), ("launch", 60.0), ("check", 70.0), ("probe", 12.0), ("switch", 1.0)]
REPLACE = [("plan", 3.0), ("check", 5.0), ("build", 400.0), ("retire", 20.0), ("launch", 10.0), ("probe", 5.0)]


def receipt(stages: list[tuple[str, float]] = BESIDE, **more: object) -> dict[str, Any]:
    return {"trigger": "save", "files": [], "stages": [{"name": n, "ms": ms, "ok": True} for n, ms in stages], **more}


def test_how_long_until_it_was_live() -> None:
    assert words.spent(receipt()) == pytest.approx(76.2), "a check beside the launch takes no time of its own"
    assert words.spent(receipt(REPLACE)) == pytest.approx(443.0), "the old instance went first"
    assert words.spent(receipt([("plan", 1.0), ("launch", 2.0), ("switch", 1.0), ("retire", 9000.0)])) == 4.0
    assert words.stages(receipt()) == "plan 3, launch 60, check 70, probe 12, switch 1"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.4, "0 ms"), (84.4, "84 ms"), (999.4, "999 ms"), (999.6, "1.0 s"), (9949, "9.9 s"), (45e3, "45 s")],
)
def test_short_times(value: float, text: str) -> None:
    assert words.milliseconds(value) == text


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"files": ["web/app.py"]}, "web/app.py saved"),
        ({"files": ["a.py", "b.py", "c.py"]}, "a.py and 2 more saved"),
        ({}, "saved"),
        ({"trigger": "start"}, ""),
        ({"trigger": "restart"}, "restarted"),
        ({"trigger": "config"}, "configuration changed"),
        ({"trigger": "crash", "note": "ended by SIGKILL"}, "it ended by SIGKILL"),
        ({"trigger": "crash"}, "it had ended by itself"),
    ],
)
def test_what_it_was_made_for(more: dict[str, Any], text: str) -> None:
    assert words.cause(receipt(**more)) == text


PYTHON = """it ended with 1 before it was healthy
Traceback (most recent call last):
  File "/shop/web/main.py", line 7, in <module>
    import views
  File "/shop/web/views.py", line 3, in <module>
    import nowhere
ModuleNotFoundError: No module named 'nowhere'"""
CHAINED = f"""{PYTHON}

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/shop/web/main.py", line 9, in <module>
    raise RuntimeError("no views") from None
RuntimeError: no views"""
RUST = """error[E0425]: cannot find value `x` in this scope
  --> src/main.rs:4:13
   |"""
NODE = """/shop/ui/server.js:12
  const x = ;
            ^

SyntaxError: Unexpected token ';'"""
NOTE = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"
RUST_PANIC = f"""it ended with 101 before it was healthy

thread 'main' (15760) panicked at src/main.rs:43:5:
rust boom
{NOTE}"""
OLD_RUST_PANIC = f"""it ended with 101 before it was healthy
thread 'main' panicked at 'rust boom', /shop/src/main.rs:43:5
{NOTE}"""
GO_PANIC = """it ended with 2 before it was healthy
panic: no database

goroutine 1 [running]:
main.main()"""


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("/shop/web/main.py:1: SyntaxError: invalid syntax\n    def x(:\n         ^", "web/main.py:1: SyntaxError: invalid syntax"),
        (PYTHON, "web/views.py:3: ModuleNotFoundError: No module named 'nowhere'"),
        (CHAINED, "web/main.py:9: RuntimeError: no views"),
        (RUST, "src/main.rs:4:13: error[E0425]: cannot find value `x` in this scope"),
        (NODE, "ui/server.js:12: SyntaxError: Unexpected token ';'"),
        ("./main.go:3:5: undefined: x\n./main.go:4:5: undefined: y", "./main.go:3:5: undefined: x"),
        (GO_PANIC, "it ended with 2 before it was healthy: panic: no database"),
        ("it ended by SIGSEGV before it was healthy\nloading\nreading", "it ended by SIGSEGV before it was healthy: reading"),
        ("not healthy within 3 s: GET /healthz answered 500\nlog", "not healthy within 3 s: GET /healthz answered 500"),
        ("", ""),
        ("\n \n", ""),
    ],
)  # fmt: skip
def test_the_line_that_says_most(error: str, line: str) -> None:
    assert gist(error, "/shop") == line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (RUST_PANIC, "src/main.rs:43:5: rust boom"),
        (RUST_PANIC.replace("5:\nrust boom", "5:\n\nrust boom\nat all"), "src/main.rs:43:5: rust boom"),
        (OLD_RUST_PANIC, "src/main.rs:43:5: rust boom"),
        (f"it ended with 1 before it was healthy\nno database\n{NOTE}", "it ended with 1 before it was healthy: no database"),
        (f"it ended with 1 before it was healthy\n{NOTE}", "it ended with 1 before it was healthy"),
    ],
)  # fmt: skip
def test_bug_what_a_rust_panic_said_most_was_the_note_about_backtraces(error: str, line: str) -> None:
    assert gist(error, "/shop") == line


def test_bug_a_crashed_rust_program_had_the_note_about_backtraces_for_its_last_words() -> None:
    tail = RUST_PANIC.splitlines()[1:]
    assert last_words(tail) == "src/main.rs:43:5: rust boom"
    assert last_words(["reading /shop/x", NOTE, ""]) == "reading /shop/x"
    assert last_words(OLD_RUST_PANIC.splitlines()[1:], "/shop") == "src/main.rs:43:5: rust boom"
    assert last_words([]) == ""


def test_the_stage_that_failed() -> None:
    assert words.failing(receipt()) == ""
    failed = [{"name": "plan", "ms": 1, "ok": True}, {"name": "check", "ms": 1, "ok": False}]
    assert words.failing({"stages": failed}) == "check"


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"result": "live", "files": ["a.py"]}, "live in 76 ms (plan 3, launch 60, check 70, probe 12, switch 1), a.py saved"),
        (
            {"result": "live", "stages": [], "files": ["go.mod"], "note": "full rebuild: go.mod changed"},
            "live, go.mod saved, full rebuild: go.mod changed",
        ),
        ({"result": "unchanged", "files": ["a.py"]}, "live, saved back to what runs"),
        ({"result": "unchanged", "files": ["a.md"], "note": "no source"}, "live, a.md saved, no swap needed: no source"),
        ({"result": "failed", "trigger": "start"}, "failed"),
        ({"result": "failed", "stages": [{"name": "build", "ok": False}]}, "failed in build, saved"),
        ({"result": "cancelled", "files": ["a.py"]}, "cancelled, a.py saved"),
    ],
)  # fmt: skip
def test_how_it_ended(more: dict[str, Any], text: str) -> None:
    assert words.outcome(receipt() | more) == text


def test_what_goes_on_after_a_failure() -> None:
    built = {"stages": [{"name": "build", "ms": 1, "ok": False}]}
    driven = {"stages": [{"name": "driver", "ms": 1, "ok": False}]}
    assert words.remains(built, healthy=False) == "the version before goes on"
    assert words.remains(driven, healthy=True) == "what its driver left still answers"
    assert words.remains(driven, healthy=False) == "nothing answers"
