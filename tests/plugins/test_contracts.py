"""The built-in plugins keep the contracts that the kit ships, on the real engine."""

from __future__ import annotations

import pytest
from programs import APP, GO, GO_FILES, RUST, RUST_FILES, SCRIPT

from hybrid_tasks.testing.runtime import RuntimeContract
from hybrid_tasks.testing.stack import StackContract


class TestPythonApplication(StackContract):
    stack = "python"
    settings = '[services.sample.python]\napp = "main:app"'

    def source(self, word: str) -> dict[str, str]:
        return {"main.py": APP.replace("WORD", word).replace("LENGTH", str(len(word)))}

    def broken(self) -> dict[str, str]:
        return {"main.py": "async def app(scope, receive, send:\n    pass\n"}


class TestPythonApplicationThatDiesAtImport(TestPythonApplication):
    def broken(self) -> dict[str, str]:
        return {"main.py": "import a_module_that_is_nowhere\n"}


class TestPythonScript(StackContract):
    stack = "python"

    def source(self, word: str) -> dict[str, str]:
        return {"main.py": SCRIPT.replace("WORD", word)}

    def broken(self) -> dict[str, str]:
        return {"main.py": "raise SystemExit('no')\n"}


@pytest.mark.needs("go")
class TestGo(StackContract):
    stack = "go"

    def source(self, word: str) -> dict[str, str]:
        return {**GO_FILES, "main.go": GO.replace("WORD", word)}

    def broken(self) -> dict[str, str]:
        return {"main.go": "package main\n\nfunc main() { undefined() }\n"}


@pytest.mark.needs("rust")
class TestRust(StackContract):
    stack = "rust"

    def source(self, word: str) -> dict[str, str]:
        return {**RUST_FILES, "src/main.rs": RUST.replace("WORD", word)}

    def broken(self) -> dict[str, str]:
        return {"src/main.rs": "fn main() { undefined() }\n"}


class TestNative(RuntimeContract):
    runtime = "native"
