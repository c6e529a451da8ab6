"""`inv dev-clean`: nothing without a yes, and exactly what was listed."""

from __future__ import annotations

import json

import pytest
from desk import Desk, golden
from fakes import canned


def found(desk: Desk) -> dict[str, object]:
    return {
        "paths": [
            {"path": str(desk.root / ".hybrid" / "artefacts" / "web"), "bytes": 12_400_000},
            {"path": str(desk.root / ".hybrid" / "logs" / "web"), "bytes": 812},
            {"path": "/elsewhere/target", "bytes": 0},
        ],
        "commands": [],
    }


@pytest.mark.parametrize("words", [["--dry-run"], [], ["--json"]])
def test_clean_only_lists_without_a_yes(desk: Desk, words: list[str]) -> None:
    with desk.supervised({"clean": canned(found(desk))}) as fake:
        done = desk.run("dev-clean", "--caches", *words)
    assert all(args["apply"] is False for args in fake.asked("clean"))
    assert fake.asked("clean")[0]["caches"] is True
    if words == ["--dry-run"]:
        golden("clean", done.stdout)
    if words == ["--json"]:
        assert json.loads(done.stdout)["paths"][0]["bytes"] == 12_400_000
    if not words:
        assert done.stderr == "error: nothing is removed without a yes\n hint: run it in a terminal, or add --yes\n"
    assert done.returncode == (0 if words else 2)


def test_clean_removes_exactly_what_it_listed(desk: Desk) -> None:
    listed = found(desk)
    with desk.supervised({"clean": canned(listed)}) as fake:
        done = desk.run("dev-clean", "--yes")
    assert done.returncode == 0
    assert done.stdout.endswith("removed\n")
    first, second = fake.asked("clean")
    assert not first["apply"]
    assert second["apply"]
    paths = listed["paths"]
    assert isinstance(paths, list)
    assert second["paths"] == tuple(entry["path"] for entry in paths)


def test_clean_said_nothing_to_remove_while_services_run(desk: Desk) -> None:
    path = desk.root / ".hybrid" / "artefacts" / "web"
    skipped = [{"path": str(path), "bytes": 11_000_000, "service": "web", "why": "in use by web"}]
    with desk.supervised({"clean": canned({"paths": [], "commands": [], "skipped": skipped})}):
        done = desk.run("dev-clean")
        as_json = desk.run("dev-clean", "--json")
    assert done.stdout == (
        "nothing to remove\nskipped: .hybrid/artefacts/web (11 MB): in use by web; run `inv dev-stop` first\n"
    )
    assert json.loads(as_json.stdout)["skipped"] == skipped
    assert (done.returncode, as_json.returncode) == (0, 0)


def test_clean_of_nothing_asks_nothing(desk: Desk) -> None:
    with desk.supervised({"clean": canned({"paths": [], "commands": []})}) as fake:
        done = desk.run("dev-clean")
    assert (done.returncode, done.stdout) == (0, "nothing to remove\n")
    assert len(fake.asked("clean")) == 1
