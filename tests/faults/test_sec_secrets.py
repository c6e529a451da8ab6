"""Twelve planted secrets: after a whole session they are where they belong, and nowhere else."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kills import supervisors
from seat import output, services
from shop import app, python_service
from waiting import until

from hybrid_tasks.control.paths import state_dir
from hybrid_tasks.testing.project import Project, free_port

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]

OF_ALL = """DB_PASSWORD=canary01-plain
API_TOKEN='canary02-quoted'
DATABASE_URL=postgres://shop:canary03-url@127.0.0.1:5432/shop
AWS_SECRET_ACCESS_KEY="canary04-double"
SERVICE_DSN=shop:canary05-dsn@tcp(127.0.0.1:3306)/shop
TLS_PEM="-----BEGIN PRIVATE KEY-----
canary06-pem
-----END PRIVATE KEY-----"
COPIED_SECRET=${DB_PASSWORD}-canary07-made
"""
OF_WEB = "STRIPE_API_KEY=canary08-web\nREDIS_URL=redis://:canary09-web@127.0.0.1/0\n"
OF_OTHER = "SMTP_PASSWORD=canary10-other\n"
TABLES = """env = {SESSION_SECRET = "canary11-table", QUERY = "https://127.0.0.1/?token=canary12-query"}
env_file = ["web.env"]
[services.other]
command = ["sleep", "1000"]
env_file = ["other.env"]
[steps.migrate]
run = "true"
"""
CANARIES = [f"canary{number:02}-".encode() for number in range(1, 13)]


def found(data: bytes) -> list[str]:
    return [canary.decode() for canary in CANARIES if canary in data]


class Watch:
    """Looks at the arguments of every process on this machine, every 50 ms."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, bytes]] = set()
        self.samples = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._end.wait(0.05):
            self.samples += 1
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = entry.read_bytes()
                except OSError:
                    continue
                self.seen |= {(canary, words) for canary in found(words)}

    @contextmanager
    def on(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._end.set()
            self._thread.join()


def planted(project: Project) -> Path:
    main = python_service(project, free_port(), TABLES)
    for name, text in {".env": OF_ALL, "web.env": OF_WEB, "other.env": OF_OTHER}.items():
        project.write(name, text).chmod(0o600)
    return main


def test_sec_17_no_secret_in_what_we_say_write_or_start(project: Project) -> None:
    main = planted(project)
    told: list[tuple[str, str]] = []

    def inv(line: str, code: int = 0) -> None:
        done = project.inv(*line.split())
        assert done.code == code, (line, done.out, done.err)
        told.append((line, done.out + done.err))

    watch = Watch()
    with watch.on():
        inv("dev-start --dry-run")
        inv("dev-start")
        for name in ("web", "other"):
            for more in ("", " --explain", " --json", " --format dotenv", " --format shell", " --format json"):
                inv(f"dev-env {name}{more}")
        for line in (
            "dev-status",
            "dev-status --json",
            "dev-config",
            "dev-plugins --json",
            "dev-plugins",
            "dev-migrate",
        ):
            inv(line)
        project.inv("dev-doctor")
        inv("dev-debug web true")
        inv("dev-restart")
        main.write_text(app("broken") + "raise SystemExit(3)\n")
        inv("dev-wait --reload", 1)
        main.write_text(app("sick", 500))
        inv("dev-wait --reload --json", 1)
        main.write_text(app("well"))
        inv("dev-wait --reload")
        (project.root / ".env").write_text(OF_ALL + 'BROKEN="canary01-unfinished\n')
        inv("dev-restart", 2)
        (project.root / ".env").write_text(OF_ALL + "canary02-is no assignment\n")
        inv("dev-start", 2)
        (project.root / ".env").write_text(OF_ALL)
        config = (project.root / "hybrid.toml").read_text()
        for wrong in ('["canary11-listed"]', '{value = "canary11-nested"}'):
            project.write("hybrid.toml", config.replace('"canary11-table"', wrong))
            inv("dev-start", 2)
        project.write("hybrid.toml", config)
        inv("dev-logs --build --timestamps")
        inv("dev-stop")
        inv("dev-clean --dry-run --json")
    assert watch.samples > 20
    assert watch.seen == set(), "arguments of a process are for everybody to read"
    assert [(line, found(text.encode())) for line, text in told if found(text.encode())] == []
    folders = (
        project.root / ".hybrid",
        state_dir(project.root, project.environ),
        Path(project.environ["XDG_RUNTIME_DIR"]),
    )
    everything = [path for folder in folders for path in folder.rglob("*")]
    kept = {path for path in everything if path.match("artefacts/other/*/source/hybrid.toml")}  # the user's own source
    files = [path for path in everything if path.is_file() and not path.is_symlink() and path not in kept]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    assert {"state.json", "receipts.jsonl", "supervisor.log", "current.json"} <= {path.name for path in files}
    assert [(str(path), found(path.read_bytes())) for path in files if found(path.read_bytes())] == []


def test_sec_20_a_process_has_its_own_secrets_and_no_others(project: Project) -> None:
    planted(project)
    project.environ["HTTPS_PROXY_PASSWORD"] = "canary12-of-the-client"
    assert project.inv("dev-start").code == 0

    def held(pid: int) -> set[str]:
        return {canary.removesuffix("-") for canary in found(Path(f"/proc/{pid}/environ").read_bytes())}

    common = {f"canary{number:02}" for number in range(1, 8)}
    now = services(project)
    assert held(now["web"]["pid"]) == common | {"canary08", "canary09", "canary11", "canary12"}
    assert held(now["other"]["pid"]) == common | {"canary10"}
    between = {
        int(line.split()[3])
        for name in ("web", "other")
        for line in [Path(f"/proc/{now[name]['pid']}/stat").read_text()]
    }
    assert between
    for pid in between:  # the shims, which outlive what they start
        assert held(pid) <= {"canary12"}
    # What the user has in the shell stays with the client and with what was started from there.
    until(lambda: supervisors(project))
    assert held(supervisors(project)[0]) <= {"canary12"}
    assert found(output(project, "web").encode()) == []
    assert os.environ.get("HTTPS_PROXY_PASSWORD") is None
