"""The plans of the Rust stack, really built and run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import hybrid_stack_rust as stack
import pytest

from hybrid_tasks.api import Place, Service

pytestmark = pytest.mark.needs("rust")
PLACE = Place(Path("artefacts"))


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    manifest = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2021"\n'
    test = '\n#[test]\nfn good() {}\n\n#[test]\nfn bad() { panic!("bad") }\n'
    return lay(tmp_path / "ws", {
        "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["api", "word"]\n',
        "api/Cargo.toml": manifest.format("shop-api")
        + '[[bin]]\nname = "served"\npath = "src/main.rs"\n[dependencies]\nword = { path = "../word" }\n',
        "api/src/main.rs": 'fn main() { println!("{} {:?}", word::WORD, std::env::args().nth(1)); }\n' + test,
        "word/Cargo.toml": manifest.format("word"),
        "word/src/lib.rs": 'pub const WORD: &str = "one";\n',
    })  # fmt: skip


def build(given: Service) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Build as the plan says; gives the executables named for the plan's artefact."""
    found = stack.stack_start(given, PLACE).build
    argv, cwd = found.command.argv, found.command.cwd
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return done, [
        message["executable"]
        for message in messages
        if message["reason"] == "compiler-artifact"
        and message["executable"]
        and message["target"]["name"] == found.artefact.binary
    ]


def test_the_binary_is_told_by_cargo(workspace: Path) -> None:
    given = Service("api", workspace, stack="rust", args=("x",))
    for _ in range(2):  # also when nothing had to be built
        done, [executable] = build(given)
        assert done.returncode == 0, done.stderr
        assert Path(executable).name == "served"
        argv = [executable if word == "{artefact}" else word for word in stack.stack_start(given, PLACE).program.argv]
        assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == 'one Some("x")\n'
    # A mistake in a dependency: people read standard error, the engine reads only JSON on standard output.
    (workspace / "word" / "src" / "lib.rs").write_text("pub const WORD: &str = 1;\n")
    done, found = build(given)
    assert done.returncode == 101
    assert found == []
    assert "error[E0308]: mismatched types" in done.stderr
    assert "word/src/lib.rs:1:24" in done.stderr
    assert "E0308" not in done.stdout


def test_tests_are_run(workspace: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = stack.stack_test(Service("api", workspace / "api", stack="rust"), arguments)
        return subprocess.run(command.argv, cwd=command.cwd, capture_output=True, text=True, check=False)

    done = run()
    assert done.returncode == 101
    assert "test good ... ok" in done.stdout
    assert run("good", "--", "--exact").returncode == 0
