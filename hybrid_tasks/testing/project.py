"""A throw-away project with a supervisor of its own, driven as a user would: through `inv`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_tasks.process.identity import project_identity

TASKS = "from hybrid_tasks import tasks\n\nns = tasks()\n"


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


class Project:
    """A project in a directory of its own; `close` stops it and says what is left.

    Args:
        root: an empty or new directory.
        state: a directory for everything that is normally kept in the user's home.
    """

    def __init__(self, root: Path, state: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        runtime = state / "run"
        runtime.mkdir(parents=True, exist_ok=True)
        runtime.chmod(0o700)
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HYBRID_", "XDG_"))},
            "XDG_STATE_HOME": str(state / "state"),
            "XDG_RUNTIME_DIR": str(runtime),
            "HYBRID_ALLOW_ROOT": "1",
        }
        self.write("tasks.py", TASKS)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project.

        Args:
            name: relative to the root.
            text: its content.

        Returns:
            its path.
        """
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    def inv(self, *words: str, timeout: float = 180.0) -> Done:
        """Run a task.

        Args:
            words: what comes after `inv`.
            timeout: seconds.

        Returns:
            exit code and output.
        """
        done = subprocess.run(
            [sys.executable, "-m", "invoke", *words],
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def status(self) -> dict[str, Any]:
        """Give the services of `dev-status --json` by name; empty when nothing runs."""
        done = self.inv("dev-status", "--json")
        document = json.loads(done.out) if done.out.startswith("{") else {}
        return {service["name"]: service for service in document.get("services", ())}

    def survivors(self) -> list[int]:
        """Pids of all processes that carry this project's mark, found without our own bookkeeping."""
        mark = f"HYBRID_PROJECT={project_identity(self.root)}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in entry.read_bytes().split(b"\0"):
                    found.append(int(entry.parent.name))
            except OSError:
                continue
        return found

    def close(self) -> list[int]:
        """Stop everything and give the pids of what is left, which is nothing."""
        self.inv("dev-stop")
        return self.survivors()


def free_port() -> int:
    """Give a port that nobody listens on now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
    return port


def get(port: int, path: str = "/", timeout: float = 10.0) -> str:
    """Ask a service as a client would.

    Args:
        port: on this machine.
        path: of the resource.
        timeout: seconds.

    Returns:
        the body.

    Raises:
        OSError: no answer, or one of 400 and above.
    """
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=timeout) as answer:
            body: bytes = answer.read()
    except urllib.error.HTTPError as error:
        error.close()  # it keeps the connection
        raise
    return body.decode()
