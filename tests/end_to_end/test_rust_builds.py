"""Rust services: where they are built, what a build waits for, and a linker that is not there."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
from lacking import lacking
from languages import LANGUAGES, table, written
from seat import reloaded, services, started
from shop import receipts
from waiting import until

from hybrid_tasks.testing.project import Project, get

pytestmark = pytest.mark.needs("rust")
RUST = LANGUAGES["rust"]


def lay(project: Project, port: int, options: str = "", more: str = "") -> Path:
    project.write("hybrid.toml", table(RUST, port, f"{more}\n[services.web.rust]\n{options}"))
    written(project, RUST, "one")
    return project.root / "web" / RUST.main


def test_builds_of_its_own_leave_the_users_target_directory_alone(project: Project, port: int) -> None:
    lay(project, port)
    started(project)
    assert get(port) == "one"
    assert (project.root / ".hybrid" / "cache" / "web" / "target" / "debug" / "sample").is_file()
    assert not (project.root / "web" / "target").exists()
    assert project.inv("dev-stop").code == 0
    done = project.inv("dev-clean", "--yes", "--caches")
    assert done.code == 0, done.err
    assert not list((project.root / ".hybrid" / "cache").iterdir())


def test_a_shared_target_directory_is_that_of_builds_by_hand(project: Project, port: int) -> None:
    lay(project, port, 'target_dir = "shared"')
    started(project)
    assert (project.root / "web" / "target" / "debug" / "sample").is_file()
    assert not (project.root / ".hybrid" / "cache").exists()


def test_a_build_that_waits_for_another_cargo_says_so(project: Project, port: int) -> None:
    file = lay(project, port, 'target_dir = "shared"')
    started(project)
    locks = (project.root / "web" / "target" / "debug").glob(".cargo-*lock")
    held = [os.open(lock, os.O_RDWR) for lock in locks]
    for lock in held:
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        file.write_text(RUST.text("two"))
        until(lambda: services(project)["web"]["detail"] == "waiting for cargo's lock")
        assert services(project)["web"]["state"] == "running", "the old version serves meanwhile"
        assert "waiting for cargo's lock" in project.inv("dev-status").out
        assert get(port) == "one"
    finally:
        for lock in held:
            os.close(lock)
    assert reloaded(project)[1] == 0
    assert get(port) == "two"
    assert services(project)["web"]["detail"] == ""


def test_a_linker_that_is_missing_blocks_this_service_alone(project: Project, port: int, tmp_path: Path) -> None:
    """Its line to install it is told; what runs beside goes on."""
    lay(project, port, 'linker = "mold"', more="optional = true")
    with (project.root / "hybrid.toml").open("a") as file:
        file.write('[services.other]\ncommand = ["sleep", "1000"]\n')
    lacking(project, "mold")
    plan = project.inv("dev-start", "--dry-run")
    assert "blocked: `mold` is missing; install mold: `apt-get install mold`" in plan.out
    started(project)
    told = services(project)
    assert (told["web"]["state"], told["web"]["detail"]) == ("blocked", "`mold` is missing")
    assert "apt-get install mold" in told["web"]["cure"]
    assert told["other"]["state"] == "running"
    assert [receipt["error"] for receipt in receipts(project) if receipt["service"] == "web"]
