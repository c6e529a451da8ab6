"""Node services that only know PORT, and the proxy that stands in front of them."""

from __future__ import annotations

import subprocess

from languages import Language

from hybrid_tasks.testing.project import Project

NODE = Language(
    "",
    "main.js",
    """
const http = require("http");
START
const server = http.createServer((request, answer) => {
  if (request.url === "/healthz") { answer.statusCode = 200; return answer.end(); }
  if (request.url === "/slow") return setTimeout(() => answer.end("WORD"), 1500);
  answer.end("WORD");
});
server.listen(process.env.PORT, "127.0.0.1");
""",
    "process.exit(1);",
    "while (true) {}",
    lambda port: f'process.env.PORT = "{port}";',
)


def node(project: Project, port: int, name: str = "web", more: str = "") -> str:
    """Write a Node service and give its table."""
    project.write(f"{name}/main.js", NODE.text("zero"))
    return (
        f'[services.{name}]\ncommand = ["node", "main.js"]\ndir = "{name}"\nport = {port}\nport_env = "PORT"\n'
        f'health = {{http = "/healthz", start_period = 5}}\n{more}\n'
    )


def fronts(project: Project) -> list[int]:
    """The pids of the project's proxies."""
    state = str(project.root.parent / "state")
    found = subprocess.run(["pgrep", "-f", f"caddy run --config {state}"], capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split()]


def alive(pid: int) -> bool:
    """Whether there is a process of this number."""
    return subprocess.run(["kill", "-0", str(pid)], capture_output=True).returncode == 0
