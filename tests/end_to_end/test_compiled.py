"""Saves of Go and Rust services: the last content always wins, and what fails never replaces what worked (S1, S6, S7)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from programs import GO, GO_FILES, RUST, RUST_FILES

from hybrid_tasks.testing.project import Project, free_port, get

pytestmark = pytest.mark.timeout(600)

STACKS = [
    pytest.param(("go", GO_FILES, "main.go", GO), id="go", marks=pytest.mark.needs("go")),
    pytest.param(("rust", RUST_FILES, "src/main.rs", RUST), id="rust", marks=pytest.mark.needs("rust")),
]
DIES = {"go": 'panic("no")', "rust": 'panic!("no");'}


class Shop:
    """A running service of one stack."""

    def __init__(self, project: Project, port: int, name: str, text: str, stack: str) -> None:
        self.project, self.port, self.stack = project, port, stack
        self.file = project.root / "sample" / name
        self._text = text

    def save(self, word: str, beginning: str = "") -> None:
        head = "func main() {" if self.stack == "go" else "fn main() {"
        self.file.write_text(self._text.replace("WORD", word).replace(head, head + "\n" + beginning, 1))

    def wait(self) -> int:
        return self.project.inv("dev-wait", "--reload").code


@pytest.fixture
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    stack, files, name, text = request.param
    project, port = Project(tmp_path / "project", tmp_path / "state"), free_port()
    health = 'health = {http = "/healthz", start_period = 5}'
    project.write(
        "hybrid.toml",
        f'[services.sample]\nstack = "{stack}"\ndir = "sample"\nport = {port}\nport_env = "PORT"\n{health}\n',
    )
    for other, content in files.items():
        project.write(f"sample/{other}", content)
    project.write(f"sample/{name}", text.replace("WORD", "zero"))
    done = project.inv("dev-start")
    assert done.code == 0, done.out + done.err
    yield Shop(project, port, name, text, stack)
    assert project.close() == []


@pytest.mark.parametrize("shop", STACKS, indirect=True)
def test_s7_saves_during_a_build_end_with_the_last_content(shop: Shop) -> None:
    chance = random.Random(20261121)
    for number in range(6):
        for version in range(chance.randint(1, 4)):
            shop.save(f"n{number}v{version}")
        shop.save(f"n{number}")
        assert shop.wait() == 0
        assert get(shop.port) == f"n{number}"


@pytest.mark.parametrize("shop", STACKS, indirect=True)
def test_s6_a_version_that_dies_at_its_start_gives_way_to_the_old_one(shop: Shop) -> None:
    shop.save("dead", DIES[shop.stack])
    assert shop.wait() == 1
    assert get(shop.port) == "zero"
    sample = shop.project.status()["sample"]
    assert (sample["state"], sample["stale"]) == ("running", True)
    assert sample["last_receipt"]["launch"] == "replace"
    shop.save("alive")
    assert shop.wait() == 0
    assert get(shop.port) == "alive"
