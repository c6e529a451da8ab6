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
    jobs = Surroundings(site)
    given = jobs.given(service)
    assert given.values["SECRET"] == "hunter2"
    assert not jobs.moved(service, given)
    assert "hunter2" not in repr(given)
    site.client = {"PATH": "/usr/bin", "TOKEN": "a"}  # another terminal
    assert not jobs.moved(service, given)
    site.client = {"PATH": "/bin", "TOKEN": "b"}  # asked for by the project
    assert jobs.moved(service, given)
    site.client = {"PATH": "/bin", "TOKEN": "a"}
    (tmp_path / ".env").write_text("SECRET=hunter3\n")
    assert jobs.moved(service, given)
    assert not jobs.moved(service, jobs.given(service))
