"""A project on disk, plugins that stand in for the real ones, and the one assertion for every wrong file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

import pytest
from pydantic import BaseModel, Field, model_validator

from hybrid_tasks.config.resolve import load
from hybrid_tasks.errors import Code, HybridError, Mistakes
from hybrid_tasks.model.info import Detected, RuntimeInfo, StackInfo
from hybrid_tasks.model.project import Project
from hybrid_tasks.plugin.records import PluginRecord

PLACE = re.compile(r"(hybrid\.toml|pyproject\.toml):[1-9][0-9]*(:[1-9][0-9]*)? \S")


class GoOptions(BaseModel):
    """Options of the stand-in for Go."""

    main: str = Field(default=".", description="Package with the program.", examples=["./cmd/server"])
    driver: Literal["engine", "air"] = Field(default="engine", description="What reloads it.")
    tags: tuple[str, ...] = Field(default=(), description="Build tags.", examples=[["dev"]])
    jobs: int = Field(default=1, ge=1, description="Parallel jobs.")


class RustOptions(BaseModel):
    """Options of the stand-in for Rust."""

    bin: str | None = Field(default=None, description="Name of the program.")
    example: str | None = Field(default=None, description="Example to run instead.")
    features: list[str] = Field(default=[], description="Features to build with.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.bin and self.example:
            raise ValueError("`bin` and `example` exclude each other")
        return self


class CloudOptions(BaseModel):
    """Options of the stand-in runtime."""

    region: str = Field(description="Where.", examples=["eu"])


def stacks() -> dict[str, StackInfo]:
    return {
        "go": StackInfo("go", "Go", markers=("go.mod",), options=GoOptions),
        "python": StackInfo("python", "Python", markers=("pyproject.toml", "requirements.txt")),
        "rust": StackInfo("rust", "Rust", markers=("Cargo.toml",), options=RustOptions),
    }


@dataclass
class Plugins:
    """Stands in for the plugin host."""

    stacks: Mapping[str, StackInfo] = field(default_factory=stacks)
    runtimes: Mapping[str, RuntimeInfo] = field(
        default_factory=lambda: {
            "native": RuntimeInfo("native", "this machine"),
            "cloud": RuntimeInfo("cloud", "there", options=CloudOptions),
        }
    )
    plugins: tuple[PluginRecord, ...] = ()

    def detect(self, directory: Path, command: tuple[str, ...] | None) -> list[tuple[str, Detected]]:
        found = [
            (name, Detected(80, marker, {"main": "./cmd/found"} if name == "go" else {}))
            for name, stack in self.stacks.items()
            for marker in stack.markers
            if (directory / marker).is_file()
        ]
        return sorted(found, key=lambda pair: (-pair[1].score, pair[0]))


TREE = {
    "services/api/go.mod": "module api\n",
    "services/web/requirements.txt": "starlette\n",
    "services/stock/Cargo.toml": "[package]\n",
    "services/both/go.mod": "module both\n",
    "services/both/requirements.txt": "flask\n",
    "services/empty/notes.txt": "nothing\n",
    "shared/api.proto": "syntax\n",
    "config/hybrid.env": "LEVEL=debug\n",
    "services/api/own.env": "LEVEL=info\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project's directory with sources and no configuration."""
    root = tmp_path / "shop"
    for name, text in TREE.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.fixture
def plugins() -> Plugins:
    return Plugins()


@pytest.fixture
def loaded(root: Path, plugins: Plugins) -> Callable[..., Project]:
    """Write a configuration and load it."""

    def do(
        text: str | bytes | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        mode: str | None = None,
        name: str = "hybrid.toml",
    ) -> Project:
        if text is not None:
            (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(root, plugins, environ=environ or {}, mode=mode, detect=plugins.detect)

    return do


@pytest.fixture
def refused(root: Path, loaded: Callable[..., Project]) -> Callable[..., list[HybridError]]:
    """Load a wrong configuration, hold what is true of every error, and give the mistakes."""

    def do(text: str | bytes | None = None, **rest: object) -> list[HybridError]:
        name = str(rest.get("name", "hybrid.toml"))
        if text is not None:
            (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        before = snapshot(root)
        with pytest.raises(Mistakes) as caught:
            loaded(**rest)
        hold(caught.value)
        assert snapshot(root) == before, "something was written"
        return caught.value.mistakes

    return do


def hold(mistakes: Mistakes) -> None:
    """What is true of every error of a configuration."""
    assert mistakes.code is Code.WRONG
    assert mistakes.mistakes
    for mistake in mistakes.mistakes:
        assert PLACE.match(mistake.message), mistake.message
        assert mistake.code is Code.WRONG
        assert mistake.hint, f"no cure: {mistake.message}"
        for line in mistake.lines():
            assert line.isprintable(), line
            assert "Traceback" not in line
            assert len(line) < 400
    lines = [int(re.match(r"[a-z.]+:(\d+)", mistake.message)[1]) for mistake in mistakes.mistakes]
    assert lines == sorted(lines)


def snapshot(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything below a directory: mode, time of change and content."""
    return {
        str(path.relative_to(root)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() and path.stat().st_size else b"",
        )
        for path in root.rglob("*")
    }


@pytest.fixture
def one(refused: Callable[..., list[HybridError]]) -> Callable[..., None]:
    """Hold that a wrong configuration gives exactly one mistake with this place, these words and this cure."""

    def do(text: str | bytes | None, place: str, words: str, cure: str, **rest: object) -> None:
        mistakes = refused(text, **rest)
        told = "\n".join(line for mistake in mistakes for line in mistake.lines())
        assert len(mistakes) == 1, told
        assert mistakes[0].message.startswith(f"hybrid.toml:{place} "), told
        assert words in mistakes[0].message, told
        assert cure in mistakes[0].hint, told

    return do
