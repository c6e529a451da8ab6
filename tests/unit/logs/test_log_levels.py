"""How bad a line is, in the formats people use."""

from __future__ import annotations

import pytest

from hybrid_tasks.errors import WrongInput
from hybrid_tasks.logs.levels import DEBUG, ERROR, INFO, WARNING, Levels, named, threshold

LINES = [
    # Python: logging's default, common formats, uvicorn, loguru, structlog
    ("WARNING:root:disk is nearly full", WARNING),
    ("2026-01-31 12:00:00,123 - api.db - ERROR - lost connection", ERROR),
    ("2026-01-31 12:00:00 | DEBUG    | grpc_clients.asr   | connect:42   | trying", DEBUG),
    ("INFO:     Started server process [4121]", INFO),
    ("CRITICAL:root:no space", ERROR),
    ("[2026-01-31 12:00:00 +0000] [4121] [INFO] Booting worker", INFO),
    ("2026-01-31T12:00:00Z [warning  ] slow query  [api] ms=900", None),
    ("[31/Jan/2026 12:00:00] ERROR [django.request:241] Internal Server Error: /x", ERROR),
    # Go: slog text and JSON, log + word, zap, logrus, klog
    ("time=2026-01-31T12:00:00.000Z level=WARN msg=slow ms=900", WARNING),
    ("2026/01/31 12:00:00 INFO listening addr=:8080", INFO),
    ('{"time":"2026-01-31T12:00:00Z","level":"ERROR","msg":"lost INFO"}', ERROR),
    ('{"level":"warn","ts":1769860800.1,"caller":"x.go:3","msg":"x"}', WARNING),
    ('time="2026-01-31T12:00:00Z" level=fatal msg="INFO is not it"', ERROR),
    ("E0131 12:00:00.000000    1 reflector.go:138] failed", ERROR),
    ("I0131 12:00:00.000000    1 main.go:1] ready", INFO),
    # Rust: env_logger, tracing, its right-aligned form
    ("[2026-01-31T12:00:00Z WARN  api::db] slow", WARNING),
    ("[2026-01-31T12:00:00Z DEBUG hyper] x", DEBUG),
    ("2026-01-31T12:00:00.000000Z  INFO api: listening", INFO),
    ("  2026-01-31T12:00:00.000000Z ERROR api: lost", ERROR),
    (" WARN api: slow", WARNING),
    ("[TRACE] x", DEBUG),
    # Node: pino's numbers, winston, npm; Java; nginx; postgres; syslog words
    ('{"level":30,"time":1769860800000,"msg":"ERROR"}', INFO),
    ('{"level":50,"msg":"x"}', ERROR),
    ('{"severity":"NOTICE","message":"x"}', INFO),
    ('{"log.level": "error", "message":"x"}', ERROR),
    ("error: connect ECONNREFUSED 127.0.0.1:5432", ERROR),
    ("warn: deprecated", WARNING),
    ("2026-01-31 12:00:00.000  WARN 1 --- [main] c.e.Api : slow", WARNING),
    ("2026/01/31 12:00:00 [error] 31#31: *1 connect() failed", ERROR),
    ("2026-01-31 12:00:00 UTC [71] FATAL:  role does not exist", ERROR),
    ("[W] short", WARNING),
    ("ERR lost", ERROR),
    # compilers
    ("error[E0425]: cannot find value `x`", ERROR),
    ("warning: unused variable: `y`", WARNING),
    # nothing is named
    ("listening on :8080", None),
    ("GET /ERROR/17 200", None),
    ("INFORMATION_SCHEMA is there", None),
    ("an error happened", None),
    ("", None),
    ("{}", None),
    ("{not json ERROR", ERROR),
]


@pytest.mark.parametrize(("line", "level"), LINES)
def test_the_level_of_a_line(line: str, level: int | None) -> None:
    assert named(line) == level


def told(text: str, unnamed: int = INFO) -> list[int]:
    levels = Levels(unnamed)
    return [levels.of(line) for line in text.splitlines()]


def test_a_traceback_belongs_to_the_line_that_announced_it() -> None:
    text = """\
INFO:root:begin
WARNING:root:failed, trying again
Traceback (most recent call last):
  File "x.py", line 3, in f
    raise ValueError("no")
ValueError: no

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "x.py", line 5, in g
KeyError: 'INFO'
plain print
INFO:root:end"""
    assert told(text) == [INFO] + [WARNING] * 11 + [INFO, INFO]


def test_a_traceback_nobody_announced_is_an_error() -> None:
    assert told('DEBUG:root:x\nTraceback (most recent call last):\n  File "x"\nOSError\nnext') == [
        DEBUG,
        ERROR,
        ERROR,
        ERROR,
        INFO,
    ]


def test_a_go_panic_is_an_error_to_its_end() -> None:
    text = "INFO x\npanic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/x/main.go:4 +0x1d\nexit status 2"
    assert told(text) == [INFO] + [ERROR] * 6


def test_a_rust_panic_is_an_error() -> None:
    text = "thread 'main' panicked at src/main.rs:3:5:\nboom\nnote: run with `RUST_BACKTRACE=1`\n[2026-01-31T12:00:00Z INFO  api] on"
    assert told(text) == [ERROR, ERROR, ERROR, INFO]


def test_indented_lines_go_on() -> None:
    assert told("ERROR x\n  detail\n\tdetail\n}\nplain") == [ERROR] * 4 + [INFO]


def test_what_names_no_level_has_that_of_its_job() -> None:
    assert told("./x.go:3:5: undefined: y", ERROR) == [ERROR]


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("debug", DEBUG),
        ("INFO", INFO),
        ("warn", WARNING),
        ("warning", WARNING),
        ("error", ERROR),
        (" err ", ERROR),
        ("critical", ERROR),
    ],
)
def test_levels_people_ask_for(name: str, rank: int) -> None:
    assert threshold(name) == rank


@pytest.mark.parametrize("name", ["", "loud", "5", "\x1b[31m"])
def test_no_level(name: str) -> None:
    with pytest.raises(WrongInput) as caught:
        threshold(name)
    assert "use debug, info, warning or error" in caught.value.hint
    assert "\x1b" not in caught.value.message
