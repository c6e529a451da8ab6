"""How bad a line is: the level it names in one of the usual formats, or that of the line it continues."""

from __future__ import annotations

import re

from hybrid_tasks.errors import WrongInput
from hybrid_tasks.logs.escapes import plain

DEBUG, INFO, WARNING, ERROR = 10, 20, 30, 40
NAMES = {"debug": DEBUG, "info": INFO, "warning": WARNING, "error": ERROR}

_RANKS = {
    **dict.fromkeys(("trace", "debug", "dbg", "verbose", "finest", "finer", "fine"), DEBUG),
    **dict.fromkeys(("info", "inf", "information", "notice", "note", "log", "help"), INFO),
    **dict.fromkeys(("warning", "warn", "wrn"), WARNING),
    **dict.fromkeys(
        (
            "error",
            "err",
            "critical",
            "crit",
            "fatal",
            "ftl",
            "panic",
            "severe",
            "emergency",
            "emerg",
            "alert",
            "dpanic",
        ),
        ERROR,
    ),
}
_LETTERS = {"T": DEBUG, "D": DEBUG, "I": INFO, "W": WARNING, "E": ERROR, "F": ERROR, "C": ERROR}
_LOOK = 200  # bytes of a line in which a level is expected

_JSON = re.compile(r'"(?:level|severity|lvl|levelname|log\.level|log_level|loglevel|@l)"\s*:\s*(?:"([A-Za-z]+)"|(\d+))')
_PAIR = re.compile(r'(?<![\w.])(?:level|lvl|severity|levelname|loglevel)=["\']?([A-Za-z]+)')
_KLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d")
_WORD = re.compile(
    r"(?<![A-Za-z0-9_/])"
    r"(?:(TRACE|DEBUG|VERBOSE|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|PANIC|SEVERE|ALERT|EMERG|DBG|INF|WRN|ERR|FTL)"
    r"|[\[<](trace|debug|info|notice|warn|warning|error|crit|critical|fatal|alert|emerg|[TDIWEFC])[\]>])"
    r"(?![A-Za-z0-9_])"
)
# Rust's tracing aligns levels to the right; everything else that begins with a blank continues a line.
_ALIGNED = re.compile(r" {1,2}(?:\d{4}-\d\d-\d\dT\S+ +)?(TRACE|DEBUG|INFO|WARN|ERROR) ")
_OPENING = re.compile(
    r"(trace|debug|info|notice|note|help|warn|warning|error|fatal|critical|panic)(?:\[\w+\]| error)?: ", re.IGNORECASE
)
_FAILED = re.compile(
    r"(?:panic: |fatal error: |thread '.*' (?:\(\d+\) )?panicked at |Traceback \(most recent call last\)"
    r"|Unhandled |Uncaught )"
)
_CONTINUED = re.compile(
    r"(?:\s|$|\d+ +\||Caused by|During handling of the above|The above exception was|stack backtrace:|goroutine \d"
    r"|note: run with|[)}\]]+[,;]?$)"
)
_EXCEPTION = re.compile(r"[\w.]*(?:Error|Exception|Interrupt|Exit|Warning|Iteration)(?::|$)")
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?::|$)")


class Levels:
    """The level of each line of one stream, in their order.

    Args:
        unnamed: the level of lines that name none and continue none.
    """

    def __init__(self, unnamed: int = INFO) -> None:
        self._unnamed = self._level = unnamed
        self._failing = False

    def of(self, line: str) -> int:
        """The level of the next line."""
        if _FAILED.match(line):
            # A traceback belongs to the warning or error that announced it; one that nothing announced is an error.
            if self._level < WARNING:
                self._level = ERROR
            self._failing = True
        elif not _CONTINUED.match(line) or _ALIGNED.match(line):
            self._begin(line)
        return self._level

    def _begin(self, line: str) -> None:
        """A line that does not look like the continuation of another one."""
        if self._failing and _EXCEPTION.match(line):  # the last line of a traceback, whatever words it holds
            self._failing = False
            return
        found = named(line)
        if found is not None:
            self._level, self._failing = found, False
        elif not self._failing:
            self._level = self._unnamed
        elif _RAISED.match(line):
            self._failing = False


def named(line: str) -> int | None:
    """The level a line names, None when it names none.

    Knows `INFO` as a word, `level=info`, JSON (`"level":"warn"`, pino's numbers), Python's logging, Go's log and
    slog, Rust's env_logger, klog, brackets and the `error:` of compilers.
    """
    if line.lstrip()[:1] == "{" and (match := _JSON.search(line)):
        return _rank(match[1]) if match[1] else _number(int(match[2][:6]))
    if line[:1].isspace():
        return _rank(match[1]) if (match := _ALIGNED.match(line)) else None
    head = line[:_LOOK]
    if (match := _PAIR.search(line, 0, _LOOK * 2)) and (rank := _rank(match[1])) is not None:
        return rank
    if match := _KLOG.match(head):
        return _LETTERS[match[1]]
    if match := _OPENING.match(head):
        return _rank(match[1])
    if match := _WORD.search(head):
        word = match[1] or match[2]
        return _LETTERS.get(word) if len(word) == 1 else _rank(word)
    return None


def threshold(name: str) -> int:
    """The rank of `--level NAME`.

    Raises:
        WrongInput: there is no such level.
    """
    rank = _rank(name.strip())
    if rank is None:
        raise WrongInput(f"`--level {plain(name)}` is no level", hint="use debug, info, warning or error")
    return rank


def _rank(word: str) -> int | None:
    return _RANKS.get(word.lower())


def _number(value: int) -> int:
    """Pino and bunyan count 10 to 60 upwards."""
    return min(ERROR, max(DEBUG, value // 10 * 10 - 10))
