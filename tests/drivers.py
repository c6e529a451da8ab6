"""Services that a driver starts and restarts: how each is written, and what it leaves of a broken save."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from languages import LANGUAGES, Language, table
from seat import reloaded, services
from shop import app

from hybrid_tasks.testing.project import Project, get

BROKEN = {"go": "package main\n\nfunc main() { undefined() }\n", "rust": "fn main() { undefined() }\n"}


@dataclass(frozen=True)
class Driven:
    """A driver: the stack's table, what a broken save leaves to clients, and what it names of the mistake."""

    name: str
    language: Language
    options: str
    serves_broken: bool
    broken: str
    named: str
    texts: dict[str, str] = field(default_factory=dict)

    def text(self, word: str) -> str:
        return app(word) if "app" in self.options else self.language.text(word)

    @property
    def title(self) -> str:
        return "uvicorn --reload" if self.name == "uvicorn" else self.name

    @property
    def main(self) -> str:
        return self.language.main


def driven(driver: str, stack: str, *, serves_broken: bool, broken: str, named: str, more: str = "") -> Driven:
    options = f'[services.web.{stack}]\ndriver = "{driver}"\n{more}'
    return Driven(driver, LANGUAGES[stack], options, serves_broken, broken, named)


GO, RUST = BROKEN["go"], BROKEN["rust"]
PYTHON = "import a_module_that_is_nowhere\n"
EVERY = {
    "air": driven("air", "go", serves_broken=True, broken=GO, named="main.go:3"),
    "cargo-watch": driven("cargo-watch", "rust", serves_broken=False, broken=RUST, named="main.rs:1"),
    "bacon": driven("bacon", "rust", serves_broken=False, broken=RUST, named="main.rs:1"),
    "uvicorn": driven(
        "uvicorn", "python", serves_broken=False, broken=PYTHON, named="main.py", more='app = "main:app"'
    ),
    "watchdog": driven("watchdog", "python", serves_broken=False, broken=PYTHON, named="main.py"),
}
NEEDS = {"air": ("go", "air"), "cargo-watch": ("rust", "cargo-watch"), "bacon": ("rust", "bacon")}
ALL = [pytest.param(one, id=name, marks=pytest.mark.needs(*NEEDS.get(name, ()))) for name, one in EVERY.items()]
AIR = [pytest.param(EVERY["air"], id="air", marks=pytest.mark.needs("go", "air"))]


def lay(project: Project, one: Driven, port: int, more: str = "") -> Path:
    project.write("hybrid.toml", table(one.language, port, f"{more}\n{one.options}"))
    for file, text in one.language.more:
        project.write(f"web/{file}", text)
    return project.write(f"web/{one.main}", one.text("one"))


def web(project: Project) -> dict[str, Any]:
    return services(project)["web"]


def saved(project: Project, one: Driven, text: str) -> tuple[dict[str, Any], int]:
    """Save, wait for what becomes of it, and give the receipt and the exit code."""
    if one.name == "uvicorn":  # what was saved when it looks for the first time after a start, 0.25 s later, it takes
        threading.Event().wait(0.5)  # for what was started; and it does not say when it has looked
    (project.root / "web" / one.main).write_text(text)
    told, code = reloaded(project)
    return told["receipts"][0], code


def answers(port: int) -> str:
    """What a client is told; empty when nobody answers within a second."""
    try:
        return get(port, timeout=1.0)
    except OSError:
        return ""
