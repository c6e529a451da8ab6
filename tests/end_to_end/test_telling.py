"""What people are told of a real project: its configuration, its log, its receipts."""

from __future__ import annotations

import json

import pytest
from seat import plain, started
from waiting import until

from hybrid_tasks.testing.project import Project

SECRETS = """
[services.web]
command = ["sleep", "60"]
[services.web.env]
API_TOKEN = "t0p-secret"
DB_URL = "postgres://joe:hunter2@db/x"
"""


def test_bug_dev_config_printed_the_secrets_of_an_env_table(project: Project) -> None:
    project.write("hybrid.toml", SECRETS)
    for words in ((), ("--json",)):
        told = project.inv("dev-config", *words).out
        assert "API_TOKEN" in told
        assert "t0p-secret" not in told
        assert "hunter2" not in told
    assert "t0p-secret" in project.inv("dev-config", "--show-secrets").out


@pytest.mark.parametrize("ends_with", [0, 1])
def test_bug_every_exec_probe_left_a_log(project: Project, ends_with: int) -> None:
    asks = f"echo asked >> asked; test -e well || exit {ends_with}"
    project.write("web/well", "")
    health = f'health = {{exec = ["sh", "-c", "{asks}"], interval = 0.05, retries = 1000}}'
    plain(project, {"web": f'dir = "web"\ncommand = ["sleep", "60"]\nignore = ["*"]\n{health}'})
    started(project)
    (project.root / "web" / "well").unlink()
    asked = project.root / "web" / "asked"
    before = len(asked.read_text().split())
    until(lambda: len(asked.read_text().split()) > before + 10, 30)
    folder = project.root / ".hybrid" / "logs" / "web"
    assert len(list(folder.glob("*-probe-*.log"))) <= 2  # the last that failed, and one under way
    assert [job["role"] for job in json.loads((folder / "current.json").read_text())["jobs"]] == ["instance"]
    project.inv("dev-stop")
    assert len(list(folder.glob("*-probe-*.idx"))) <= 2
