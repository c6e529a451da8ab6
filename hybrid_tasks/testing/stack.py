"""The contract of a stack plugin: inherit from `StackContract`, describe one small service, run pytest."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from hybrid_tasks.testing.project import Project, free_port, get


class StackContract:
    """What every stack keeps, on the real engine with real processes.

    A subclass names its stack and gives a service whose answer to `GET /` is a word of its source, and which
    answers `GET /healthz`.

    Example:
        class TestNode(StackContract):
            stack = "node"

            def source(self, word):
                return {"server.js": SERVER.replace("WORD", word)}

            def broken(self):
                return {"server.js": "this is not javascript"}
    """

    stack: ClassVar[str]
    settings: ClassVar[str] = ""
    """More lines for the service's table in `hybrid.toml`."""

    @abstractmethod
    def source(self, word: str) -> dict[str, str]:
        """Give the files of a service that answers with `word`; it listens on the port in `PORT`."""

    @abstractmethod
    def broken(self) -> dict[str, str]:
        """Give the changed files of a version that does not build, or does not start."""

    @pytest.fixture
    def port(self) -> int:
        """A free port."""
        return free_port()

    @pytest.fixture
    def project(self, tmp_path: Path, port: int) -> Iterator[Project]:
        """A project with the service `sample`, stopped and checked for leftovers at the end."""
        project = Project(tmp_path / "project", tmp_path / "state")
        project.write(
            "hybrid.toml",
            f'[services.sample]\nstack = "{self.stack}"\ndir = "sample"\nport = {port}\nport_env = "PORT"\n'
            f'health = {{http = "/healthz", start_period = 60}}\n{self.settings}\n',
        )
        self.save(project, self.source("one"))
        yield project
        assert project.close() == [], "processes were left behind"

    def save(self, project: Project, files: dict[str, str]) -> None:
        """Write files of the service."""
        for name, text in files.items():
            project.write(f"sample/{name}", text)

    def test_it_is_detected(self, project: Project) -> None:
        """Without `stack =` the stack is found from the files."""
        text = (project.root / "hybrid.toml").read_text("utf-8")
        project.write("hybrid.toml", text.replace(f'stack = "{self.stack}"\n', ""))
        done = project.inv("dev-config", "--json")
        assert done.code == 0, done.err
        assert json.loads(done.out)["services"]["sample"]["stack"] == self.stack

    def test_it_starts_reloads_and_stops(self, project: Project, port: int) -> None:
        """A start ends healthy, a save is live, the port is free after the stop."""
        done = project.inv("dev-start")
        assert done.code == 0, done.out + done.err
        assert get(port) == "one"
        self.save(project, self.source("two"))
        done = project.inv("dev-wait", "--reload")
        assert done.code == 0, done.out + done.err
        assert get(port) == "two"
        assert project.inv("dev-stop").code == 0
        with pytest.raises(OSError, match=r"refused|reset"):
            get(port)

    def test_a_broken_save_does_no_harm(self, project: Project, port: int) -> None:
        """The old version serves, the failure is told, and the mended save is live."""
        assert project.inv("dev-start").code == 0
        self.save(project, self.broken())
        done = project.inv("dev-wait", "--reload")
        assert done.code == 1, done.out + done.err
        assert get(port) == "one"
        assert project.status()["sample"]["stale"] is True
        self.save(project, self.source("three"))
        assert project.inv("dev-wait", "--reload").code == 0
        assert get(port) == "three"

    def test_what_it_says_may_be_cleaned_is_inside_the_service(self, project: Project) -> None:
        """`dev-clean --caches` lists nothing outside `.hybrid/` and the service's directory."""
        done = project.inv("dev-clean", "--caches", "--dry-run", "--json")
        assert done.code == 0, done.err
        inside = (project.root / "sample", project.root / ".hybrid")
        for entry in json.loads(done.out)["paths"]:
            assert Path(entry["path"]).is_relative_to(inside[0]) or Path(entry["path"]).is_relative_to(inside[1])
