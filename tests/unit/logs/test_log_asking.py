"""From what a user wrote to a query."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hybrid_tasks.errors import Code, Mistakes, WrongInput
from hybrid_tasks.logs.asking import AFTER, BEFORE, around, asked, check, the_receipt
from hybrid_tasks.logs.query import Query
from hybrid_tasks.logs.units import moment

NOON = datetime(2026, 1, 31, 12, 0, 0).timestamp()  # noqa: DTZ001 - the user's clock


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("10m", 600),
        ("2h", 7200),
        ("90s", 90),
        ("1h30m", 5400),
        ("1d", 86400),
        ("1w", 604800),
        ("250ms", 0.25),
        ("1.5h", 5400),
        (" 10m ", 600),
    ],
)
def test_spans(text: str, ago: float) -> None:
    assert moment(text, NOON) == pytest.approx(NOON - ago)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("11:30", -0.5),
        ("11:30:30", -0.5 + 30 / 3600),
        ("12:00", 0),
        ("12:01", -24 + 1 / 60),
        ("9:00", -3),
        ("23:59", -12 - 1 / 60),
    ],
)
def test_a_time_of_day_is_the_last_one(text: str, hours: float) -> None:
    assert moment(text, NOON) == pytest.approx(NOON + hours * 3600)


def test_dates_are_local_unless_they_say_otherwise() -> None:
    assert moment("2026-01-31T12:00", 0) == NOON
    assert moment("2026-01-31 12:00:00", 0) == NOON
    assert moment("2026-01-31", 0) == NOON - 43200
    assert moment("2026-01-31T12:00:00Z", 0) == datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()
    assert moment("2026-01-31T12:00:00+05:30", 0) == datetime(2026, 1, 31, 6, 30, tzinfo=UTC).timestamp()
    assert moment("1769860800", 0) == 1769860800.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "10",
        "10x",
        "m",
        "-5m",
        "25:00",
        "12:60",
        "yesterday",
        "2026-13-01",
        "10 m",
        "٣h",
        "\x1b[31m",
        "9" * 400,
        "0000-01-01",
        "1e3m",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(WrongInput) as caught:
        moment(text, NOON)
    assert caught.value.code is Code.WRONG
    assert "write 10m, 2h, 14:30" in caught.value.hint
    assert "\x1b" not in caught.value.message


def test_a_query_is_read_as_a_whole() -> None:
    query = asked(
        services=("api",), since="10m", tail="5", level="warn", grep="a+", ignore_case=True, now=NOON, follow=True
    )
    assert (query.services, query.since, query.tail, query.level, query.follow) == (("api",), NOON - 600, 5, 30, True)
    assert query.grep is not None
    assert query.grep.search("xAAx")
    assert asked() == Query()
    assert asked(tail="all") == Query()
    assert asked(tail=0).tail == 0


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(Mistakes) as caught:
        asked(since="x", tail="-1", level="loud", grep="(")
    assert [mistake.message.split("`")[1] for mistake in caught.value.mistakes] == [
        "--since x",
        "--tail -1",
        "--level loud",
        "--grep (",
    ]


@pytest.mark.parametrize("tail", ["x", "-1", "1.5", "", "٣", "1" * 10, "\x1b"])
def test_no_number_of_lines(tail: str) -> None:
    with pytest.raises(WrongInput, match="no number of lines"):
        asked(tail=tail)


@pytest.mark.parametrize("pattern", ["(", "[", "*", "(?P<x", "a{2,1}", "(?<=a+)b"])
def test_no_regular_expression(pattern: str) -> None:
    with pytest.raises(WrongInput, match="no regular expression"):
        asked(grep=pattern)


def test_unknown_services_are_named_with_the_closest_known_one(tmp_path: Path) -> None:
    (tmp_path / "llm-api").mkdir()
    (tmp_path / "web").mkdir()
    assert check(tmp_path, ["web"]) == []
    assert check(tmp_path, ["worker", "web"], lambda: ["worker", "web"]) == ["worker"]
    with pytest.raises(WrongInput) as caught:
        check(tmp_path, ["llm-apy"])
    assert caught.value.lines() == ["error: there is no service `llm-apy`", " hint: did you mean `llm-api`?"]
    with pytest.raises(WrongInput) as caught:
        check(tmp_path, ["wroker"], lambda: ["worker"])
    assert "`worker`" in caught.value.hint
    with pytest.raises(WrongInput) as caught:
        check(tmp_path, ["zzz"])
    assert caught.value.hint == "known: `llm-api`, `web`"
    with pytest.raises(Mistakes):
        check(tmp_path, ["zzz", "yyy"])
    with pytest.raises(WrongInput) as caught:
        check(tmp_path / "none", ["zzz"])
    assert "dev-start" in caught.value.hint


def test_the_configuration_is_not_asked_for_what_has_logs(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()

    def configured() -> list[str]:
        raise AssertionError("asked without need")

    assert check(tmp_path, ["web"], configured) == []


RECEIPTS = [
    {
        "id": "01a",
        "service": "api",
        "result": "failed",
        "at": 100.0,
        "stages": [{"name": "build", "ms": 1500, "ok": True}, {"name": "probe", "ms": 500}],
    },
    {"id": "01b", "service": "web", "result": "live", "at": 200.0, "stages": []},
]


def test_a_receipt_is_a_window_in_time() -> None:
    query = around(Query(), the_receipt(RECEIPTS, "01a"))
    assert query.services == ("api",)
    assert (query.since, query.until, query.build) == (100.0 - BEFORE, 102.0 + AFTER, True)
    assert around(Query(services=("db",)), RECEIPTS[1]).services == ("db",)
    assert around(Query(), {"id": "x"}).until == AFTER
    assert around(Query(), RECEIPTS[0] | {"ended": 109.5}).until == 109.5 + AFTER, "it waited for quiet"


def test_a_receipt_is_named_by_its_beginning_or_as_the_last() -> None:
    receipts = [*RECEIPTS, {"id": "02c", "service": "api", "result": "cancelled"}]
    assert the_receipt(receipts, "02")["id"] == "02c"
    assert the_receipt(receipts, "last")["id"] == "01b", "what was cancelled told nobody anything"
    assert the_receipt(receipts, "last", ["api"])["id"] == "01a"


@pytest.mark.parametrize(
    ("wanted", "services", "words", "hint"),
    [
        ("01z", [], "there is no receipt `01z`", "the nearest: 01b (web live), 01a (api failed); or `--at last`"),
        ("zz", [], "there is no receipt `zz`", "the nearest: 01a (api failed), 01b (web live); or `--at last`"),
        ("", [], "there is no receipt ``", "the nearest: 01a"),
        ("01", [], "2 receipts begin with `01`", "say more of it: 01a (api failed), 01b (web live)"),
        ("last", ["db"], "there is no receipt yet", "the first start or save writes one"),
    ],
)
def test_no_such_receipt(wanted: str, services: list[str], words: str, hint: str) -> None:
    with pytest.raises(WrongInput) as caught:
        the_receipt(RECEIPTS, wanted, services)
    assert caught.value.message == words
    assert caught.value.hint.startswith(hint)
    with pytest.raises(WrongInput, match="there is no receipt"):
        the_receipt([], wanted, services)


def test_without_a_clock_it_is_now() -> None:
    since = asked(since="1h").since
    assert since is not None
    assert abs(time.time() - 3600 - since) < 60
