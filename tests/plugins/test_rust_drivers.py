"""The drivers cargo-watch and bacon: their words, and the job that is made for bacon."""

from __future__ import annotations

import tomllib
from pathlib import Path

import hybrid_stack_rust as stack
import pytest
from pydantic import ValidationError

from hybrid_tasks.api import Debounce, Listen, Place, Service

RUN = ("cargo", "run", "--package", "api", "--bin", "api", "--profile", "fast", "--target-dir")


@pytest.fixture
def crate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "api"
    (root / "src").mkdir(parents=True)
    (root / "Cargo.toml").write_text('[package]\nname = "api"\nversion = "0.1.0"\n')
    (root / "src" / "main.rs").write_text("fn main() {}\n")
    return root


def plan(crate: Path, driver: str, *, debug_port: int | None = None, **given):
    options = stack.RustOptions(driver=driver, profile="fast", **given.pop("options", {}))
    place = Place(crate.parent / "artefacts", cache=crate.parent / "cache", debug_port=debug_port)
    return stack.stack_start(Service("api", crate, stack="rust", options=options, args=("a b",), **given), place)


def test_cargo_watch_runs_cargo_itself_and_not_through_a_shell(crate: Path) -> None:
    """Else it ends the shell of what it started and not the program, which keeps the port."""
    found = plan(crate, "cargo-watch", watch=(crate.parent / "shared",), debounce=Debounce(2.0))
    assert found.program.argv == (
        *("cargo-watch", "--no-process-group", "--use-shell=none", "--delay", "2"),
        *("--watch", str(crate), "--watch", str(crate.parent / "shared"), "--ignore", "*/.hybrid/**", "--"),
        *(*RUN, str(crate.parent / "cache" / "target"), "--", "a b"),
    )
    assert (found.build, found.listen, found.files) == (None, Listen.OWN, {})
    assert found.driver is not None
    assert "deprecated" in found.driver.remark
    assert found.tools[0].install == "cargo install --locked cargo-watch"


def test_a_job_is_made_for_bacon(crate: Path) -> None:
    found = plan(crate, "bacon")
    assert found.program.argv == ("bacon", "--headless", "--job", "hybrid")
    assert found.program.env == {"BACON_CONFIG": str(crate.parent / "artefacts" / "bacon.toml")}
    job = tomllib.loads(found.files["bacon.toml"])["jobs"]["hybrid"]
    assert job["command"] == [*RUN, str(crate.parent / "cache" / "target"), "--", "a b"]
    assert (job["watch"], job["default_watch"], job["grace_period"]) == ([str(crate)], False, "100ms")
    assert (job["on_change_strategy"], job["background"]) == ("kill_then_restart", False)


def test_a_job_of_the_users_own_is_taken(crate: Path) -> None:
    found = plan(crate, "bacon", options={"job": "run-long"})
    assert found.program.argv == ("bacon", "--headless", "--job", "run-long")
    assert (found.files, found.program.env) == ({}, {})


def test_a_debugger_is_the_engines_and_so_is_a_service_that_is_not_reloaded(crate: Path) -> None:
    for driver in ("bacon", "cargo-watch"):
        for found in (plan(crate, driver, debug_port=4000), plan(crate, driver, hot_reload=False)):
            assert found.driver is None
            assert found.build is not None


def test_options_that_do_not_go_together() -> None:
    for options in ({"driver": "bacon", "linker": "mold"}, {"job": "run"}, {"driver": "cargo-watch", "job": "run"}):
        with pytest.raises(ValidationError):
            stack.RustOptions(**options)
