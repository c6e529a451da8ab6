"""The driver air: which configuration it gets, and what is in the one that is made."""

from __future__ import annotations

import tomllib
from pathlib import Path

import hybrid_stack_go as stack
import pytest

from hybrid_tasks.api import Debounce, Listen, Place, Service, WrongInput

MAIN = "package main\n\nfunc main() {}\n"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("GOFLAGS", raising=False)
    monkeypatch.setenv("GOENV", "off")
    root = tmp_path / "my shop \N{ROCKET}"
    (root / "cmd" / "api").mkdir(parents=True)
    (root / "go.mod").write_text("module shop\n\ngo 1.21\n")
    (root / "cmd" / "api" / "main.go").write_text(MAIN)
    return root


def plan(module: Path, **given):
    options = stack.GoOptions(driver="air", **given.pop("options", {}))
    place = Place(module.parent / "artefacts", port=8080, listen_fd=3)
    return stack.stack_start(Service("api", module, stack="go", options=options, **given), place)


def test_a_configuration_is_made_where_the_user_has_none(module: Path) -> None:
    (module.parent / "shared").mkdir()
    found = plan(
        module,
        args=("a b", "$HOME"),
        watch=(module.parent / "shared", module / "inside"),
        options={"flags": ("-ldflags=-X main.v=1",)},
    )
    config = module.parent / "artefacts" / "air.toml"
    assert found.program.argv == ("air", "-c", str(config), "--", "'a b'", "'$HOME'")
    assert found.program.cwd == module
    assert (found.build, found.check, found.listen) == (None, None, Listen.OWN)
    assert [(tool.executable, "go install" in tool.install) for tool in found.tools] == [("air", True)]
    assert found.driver is not None
    assert found.driver.name == "air"
    [(name, text)] = found.files.items()
    assert name == "air.toml"
    table = tomllib.loads(text)
    folder = str(module.parent / "artefacts" / "air")
    assert (table["root"], table["tmp_dir"]) == (str(module), folder)
    build = table["build"]
    flags = "-buildvcs=false -ldflags=-w '-ldflags=-X main.v=1 -w'"
    assert build["cmd"] == f"go build {flags} -o {folder}/api ./cmd/api"
    assert build["entrypoint"] == [f"{folder}/api"]
    assert build["include_dir"] == [str(module.parent / "shared")]
    assert {"go", "mod", "html", "yaml"} <= set(build["include_ext"])
    assert (build["send_interrupt"], build["kill_delay"], build["stop_on_error"]) == (True, "500ms", False)
    assert build["delay"] == 100


@pytest.mark.parametrize(("quiet", "delay"), [(0.5, 500), (2.0, 2000), (0.0, 1)])
def test_the_services_quiet_time_is_its_delay(module: Path, quiet: float, delay: int) -> None:
    """Never none: it would build several times for one save."""
    [text] = plan(module, debounce=Debounce(quiet)).files.values()
    assert tomllib.loads(text)["build"]["delay"] == delay


@pytest.mark.parametrize("name", [".air.toml", ".config/air.toml"])
def test_the_users_own_is_taken_as_it_is(module: Path, name: str) -> None:
    own = module / name
    own.parent.mkdir(exist_ok=True)
    own.write_text('[build]\ncmd = "make"\n')
    found = plan(module)
    assert found.program.argv == ("air", "-c", str(own))
    assert found.files == {}


def test_what_cannot_be_read_is_told_with_its_line(module: Path) -> None:
    own = module / ".air.toml"
    for text, told in (
        ("[build]\ncmd = make\n", f"{own}:2: invalid value"),
        ("[build\n", f"{own}:1: "),
        ("\n\n= 1\n", f"{own}:3: "),
    ):
        own.write_text(text)
        with pytest.raises(WrongInput) as caught:
            plan(module)
        assert caught.value.message.startswith(told), caught.value.message
        assert "(at line" not in caught.value.message
    own.write_bytes(b'cmd = "\xff"\n')
    with pytest.raises(WrongInput, match=r"air\.toml: "):
        plan(module)


@pytest.mark.parametrize("table", ["silent = true", "main_only = true"])
def test_that_failed_builds_cannot_be_seen_is_said(module: Path, table: str) -> None:
    (module / ".air.toml").write_text(f"[log]\n{table}\n")
    driver = plan(module).driver
    assert driver is not None
    assert "say nothing of a build that failed" in driver.remark
    (module / ".air.toml").write_text(f"[log]\n{table.replace('true', 'false')}\n")
    driver = plan(module).driver
    assert driver is not None
    assert driver.remark == ""


def test_a_debugger_is_the_engines_and_so_is_a_service_that_is_not_reloaded(module: Path) -> None:
    options = stack.GoOptions(driver="air")
    place = Place(module.parent / "artefacts", debug_port=4000)
    for found in (
        stack.stack_start(Service("api", module, stack="go", options=options), place),
        plan(module, hot_reload=False),
    ):
        assert found.driver is None
        assert found.build is not None
