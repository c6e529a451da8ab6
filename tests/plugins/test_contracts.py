"""The built-in plugins keep the contracts that the kit ships, on the real engine."""

from __future__ import annotations

import pytest
from languages import LANGUAGES
from shop import app

from hybrid_tasks.testing.runtime import RuntimeContract
from hybrid_tasks.testing.stack import StackContract

CARGO = """[package]
name = "sample-service"
version = "0.1.0"
edition = "2021"

[[bin]]
name = "served"
path = "src/main.rs"
"""


class TestPythonApplication(StackContract):
    stack = "python"
    settings = '[services.sample.python]\napp = "main:app"'

    def source(self, word: str) -> dict[str, str]:
        return {"main.py": app(word)}

    def broken(self) -> dict[str, str]:
        return {"main.py": "async def app(scope, receive, send:\n    pass\n"}


class TestPythonApplicationThatDiesAtImport(TestPythonApplication):
    def broken(self) -> dict[str, str]:
        return {"main.py": "import a_module_that_is_nowhere\n"}


class TestPythonScript(StackContract):
    stack = "python"

    def source(self, word: str) -> dict[str, str]:
        return LANGUAGES["python"].files(word)

    def broken(self) -> dict[str, str]:
        return {"main.py": "raise SystemExit('no')\n"}


@pytest.mark.needs("go")
class TestGo(StackContract):
    stack = "go"

    def source(self, word: str) -> dict[str, str]:
        return LANGUAGES["go"].files(word)

    def broken(self) -> dict[str, str]:
        return {"main.go": "package main\n\nfunc main() { undefined() }\n"}


@pytest.mark.needs("rust")
class TestRust(StackContract):
    stack = "rust"

    def source(self, word: str) -> dict[str, str]:
        return {**LANGUAGES["rust"].files(word), "Cargo.toml": CARGO}

    def broken(self) -> dict[str, str]:
        return {"src/main.rs": "fn main() { undefined() }\n"}


class TestNative(RuntimeContract):
    runtime = "native"
