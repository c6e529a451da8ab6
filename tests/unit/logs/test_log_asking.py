"""From what a user wrote to a query."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hybrid_tasks.errors import Code, Mistakes, WrongInput
from hybrid_tasks.logs.asking import AFTER, BEFORE, asked, at_receipt, check
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
    assert caught.value.hint == "known: llm-api, web"
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
        "at": 100.0,
        "stages": [{"name": "build", "ms": 1500, "ok": True}, {"name": "probe", "ms": 500}],
    },
    {"id": "01b", "service": "web", "at": 200.0, "stages": []},
]


def test_a_receipt_is_a_window_in_time() -> None:
    query = at_receipt(Query(), RECEIPTS, "01a")
    assert query.services == ("api",)
    assert query.at == (100.0 - BEFORE, 102.0 + AFTER)
    assert at_receipt(Query(services=("db",)), RECEIPTS, "01b").services == ("db",)
    assert at_receipt(Query(), [{"id": "x"}], "x").at == (-BEFORE, AFTER)


@pytest.mark.parametrize(
    ("wanted", "words"), [("zz", "there is no receipt"), ("01", "more than one receipt"), ("", "there is no receipt")]
)
def test_no_such_receipt(wanted: str, words: str) -> None:
    with pytest.raises(WrongInput, match=words):
        at_receipt(Query(), RECEIPTS, wanted)


def test_without_a_clock_it_is_now() -> None:
    since = asked(since="1h").since
    assert since is not None
    assert abs(time.time() - 3600 - since) < 60
