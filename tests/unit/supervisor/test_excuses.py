"""What clients read on a port whose service does not serve."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hybrid_tasks.model.receipt import Receipt, Result, Stage
from hybrid_tasks.model.status import Blocked, Crashed, Finished, InFlight, Stopped, Unit, Waiting
from hybrid_tasks.supervisor.excuses import excuse

WEB = Unit("web", wanted=True, rest=None)
MISTAKE = "main.go:3: undefined: foo\nmain.go:4: and more"


def failed(stage: str) -> Receipt:
    stages = (Stage("plan", 1.0, ok=True), Stage(stage, 1.0, ok=False))
    return Receipt("1", "web", "save", Result.FAILED, "replace", "f", 0.0, stages=stages, error=MISTAKE)


@pytest.mark.parametrize(
    ("unit", "title", "text"),
    [
        (replace(WEB, swap=InFlight("build", 0.0)), "web is being built", ""),
        (replace(WEB, swap=InFlight("build", 0.0), last_receipt=failed("build")), "web is being built", MISTAKE),
        (replace(WEB, rest=Crashed(1, tuple(MISTAKE.splitlines())), last_receipt=failed("build")), "web did not build", MISTAKE),
        (replace(WEB, last_receipt=failed("check")), "web did not pass its check", MISTAKE),
        (replace(WEB, last_receipt=failed("plan")), "web could not be started", MISTAKE),
        (replace(WEB, rest=Crashed(-9, ("last", "words"))), "web ended by SIGKILL", "last\nwords"),
        (replace(WEB, rest=Crashed(1, ("other",)), last_receipt=failed("build")), "web ended with 1", "other"),
        (replace(WEB, rest=Blocked("`go` is missing", "install Go")), "web: `go` is missing", "install Go"),
        (replace(WEB, rest=Waiting(("db", "step:migrate"))), "web waits for db, step:migrate", ""),
        (replace(WEB, rest=Finished()), "web has finished", ""),
        (replace(WEB, rest=Stopped()), "web does not run at the moment", ""),
    ],
)  # fmt: skip
def test_the_title_says_what_it_does_and_the_text_what_went_wrong(unit: Unit, title: str, text: str) -> None:
    notice = excuse(unit)
    assert (notice.title, notice.text) == (title, text)
