"""The closest known name, and the words for it."""

from __future__ import annotations

import pytest

from hybrid_tasks.config.nearest import closest, suggestion

KEYS = ["stack", "dir", "command", "env", "env_file", "port", "ports", "needs", "health", "go"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("stak", "stack"),
        ("Stack", "stack"),
        ("env-file", "env_file"),
        ("ENV FILE", "env_file"),
        ("depends_on", "needs"),
        ("healthcheck", "health"),
        ("golang", "go"),
        ("comm", "command"),
        ("xyzzy", None),
        ("", None),
        ("ü", None),
    ],
)
def test_closest(word, meant):
    assert closest(word, KEYS) == meant


def test_bug_another_name_was_offered_for_the_beginning_of_one():
    tasks = ["dev-start", "dev-status", "dev-stop", "dev-step"]
    assert closest("dev-stat", tasks) == "dev-status"
    assert closest("dev-strat", tasks) == "dev-start"
    assert closest("dev-sta", tasks) == "dev-start", "several begin so: the closest"


def test_a_synonym_that_is_not_known_is_not_offered():
    assert closest("depends_on", ["port"]) is None


def test_suggestion():
    assert suggestion("prot", KEYS) == "did you mean `port`?"
    assert suggestion("xyzzy", ["b", "a"]) == "known: `a`, `b`"
    assert suggestion("xyzzy", []) == ""
    assert suggestion("xyzzy", [], "write it") == "write it"
    assert suggestion("xyzzy", map(str, range(13)), "see the list") == "see the list"


def test_thousands_of_names_are_not_compared_letter_by_letter():
    names = [f"service-{n}" for n in range(20_000)]
    assert closest("sevrice-1", names) is None
    assert closest("SERVICE_77", names) == "service-77"
