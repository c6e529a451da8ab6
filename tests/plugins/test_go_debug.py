"""What Delve is given to start."""

from __future__ import annotations

from pathlib import Path

import hybrid_stack_go as stack
import pytest
from hybrid_stack_go.finding import told

from hybrid_tasks.api import Place, Service, WrongInput

MAIN = "package main\n\nfunc main() {}\n"


def lay(root: Path, *names: str) -> None:
    for name in ("go.mod", *names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(MAIN if name.endswith(".go") else "module example.com/shop\n\ngo 1.21\n")


def program(directory: Path, *command: str, **given) -> list[str]:
    """The program and its arguments, as they stand behind Delve's own words."""
    detected = stack.stack_detect(directory, None, command)
    options = stack.GoOptions(**dict(detected.options)) if detected is not None else None
    given = {"options": options, "args": ("--more",), **given}
    service = Service("api", directory, stack="go", command=command, **given)
    argv = stack.stack_debug(service, Place(directory / "artefacts", debug_port=4000)).command.argv
    return list(argv[argv.index("run") + 2 :])


def test_bug_a_path_among_the_programs_arguments_had_the_go_tool_itself_debugged(tmp_path: Path) -> None:
    lay(tmp_path, "cmd/api/main.go", "cmd/api/more.go", "cmd/other/main.go")
    (tmp_path / "config.yaml").touch()
    started = program(tmp_path, "go", "run", "./cmd/api", "--config", "./config.yaml")
    assert started == ["{artefact}", "--config", "./config.yaml", "--more"]
    started = program(tmp_path, "go", "run", "-C", "./", "-race", "./cmd/api", "./cmd/other", "x.go")
    assert started == ["{artefact}", "./cmd/other", "x.go", "--more"]
    started = program(tmp_path, "go", "run", "cmd/api/main.go", "cmd/api/more.go", "./x.yaml", "y.go")
    assert started == ["{artefact}", "./x.yaml", "y.go", "--more"]
    assert told(("go", "run", "./cmd/api", "./cmd/other"), tmp_path) == tmp_path / "cmd/api"
    assert told(("go", "build", "-o", "./cmd/api", "./cmd/other"), tmp_path) == tmp_path / "cmd/other"


@pytest.mark.parametrize("words", ["run example.com/shop/cmd/api", "run ./nowhere", "run -race", "-C cmd run ./a"])
def test_bug_go_run_of_what_is_not_found_had_the_go_tool_itself_debugged(tmp_path: Path, words: str) -> None:
    lay(tmp_path, "cmd/a/main.go", "cmd/b/main.go")
    with pytest.raises(WrongInput, match=rf"`go {words}` runs cannot be told") as caught:
        program(tmp_path, "go", *words.split())
    assert caught.value.hint == 'set [services.api.go] main = "./cmd/server" and `args` instead of `command`'


def test_bug_a_program_was_looked_for_on_the_supervisors_path_and_not_the_services(tmp_path: Path) -> None:
    lay(tmp_path, "main.go")
    tool = tmp_path / "tools" / "shopd"
    tool.parent.mkdir()
    tool.write_text("")
    tool.chmod(0o755)
    assert program(tmp_path, "shopd", "-v") == ["shopd", "-v", "--more"]
    assert program(tmp_path, "shopd", environ={"PATH": str(tool.parent)}) == [str(tool), "--more"]
