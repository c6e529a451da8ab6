"""Whether what runs was given another environment than it would be now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hybrid_tasks.supervisor.loaded import Loaded
from hybrid_tasks.supervisor.surroundings import Surroundings


def test_bug_an_edited_env_file_was_not_noticed(shop: Callable[[str], Loaded], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET=hunter2\n")
    loaded = shop('[project]\npass_env = ["TOKEN"]\n[services.web]\ncommand = ["true"]\n')
    service = loaded.project.services["web"]
    site: Any = SimpleNamespace(project=loaded.project, client={"PATH": "/bin", "TOKEN": "a"})
    given = Surroundings(site)
    assert not given.moved(service)
    assert given.values(service, instance=True)["SECRET"] == "hunter2"
    assert not given.moved(service)
    assert "hunter2" not in repr(vars(given))
    site.client = {"PATH": "/usr/bin", "TOKEN": "a"}  # another terminal
    assert not given.moved(service)
    site.client = {"PATH": "/bin", "TOKEN": "b"}  # asked for by the project
    assert given.moved(service)
    site.client = {"PATH": "/bin", "TOKEN": "a"}
    (tmp_path / ".env").write_text("SECRET=hunter3\n")
    assert given.moved(service)
    given.values(service)  # a build
    assert given.moved(service)
    given.values(service, instance=True)
    assert not given.moved(service)
