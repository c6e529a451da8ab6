"""What the tests look for on this machine: each name that a `needs` marker or HYBRID_REQUIRE may say."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAMS = {
    "air": ("air",),
    "bacon": ("bacon",),
    "bash": ("bash",),
    "caddy": ("caddy",),
    "cargo-watch": ("cargo-watch",),
    "dlv": ("dlv",),
    "fish": ("fish",),
    "gdb": ("gdb",),
    "gdbserver": ("gdbserver",),
    "go": ("go",),
    "lldb": ("lldb-dap", "lldb-vscode", *(f"{name}-{version}" for name in ("lldb-dap", "lldb-vscode") for version in range(14, 25))),
    "mold": ("mold",),
    "node": ("node",),
    "pyspy": ("py-spy",),
    "rust": ("cargo",),
    "shellcheck": ("shellcheck",),
    "strace": ("strace",),
    "tmux": ("tmux",),
    "zsh": ("zsh",),
}  # fmt: skip
MODULES = {"debugpy": "debugpy"}
OTHERS = ("compose", "linux", "userns")
KNOWN = frozenset({*PROGRAMS, *MODULES, *OTHERS})


def add_what_ci_built() -> None:
    """Put the tools that `.ci/tools build` made, and those of this environment, at the end of PATH."""
    script = Path(__file__).parents[1] / ".ci" / "tools"
    built = subprocess.run([script, "path"], capture_output=True, text=True).stdout.strip() if script.exists() else ""
    folders = [folder for folder in (*built.split(":"), str(Path(sys.executable).parent)) if Path(folder).is_dir()]
    os.environ["PATH"] = os.pathsep.join(dict.fromkeys([*os.environ.get("PATH", "").split(os.pathsep), *folders]))


def compose() -> str | None:
    """The program that is Compose: the one that HYBRID_COMPOSE_BIN names, or one on PATH."""
    return shutil.which(os.environ.get("HYBRID_COMPOSE_BIN") or "docker-compose")


def present(name: str) -> bool:
    """Whether this machine has what a test needs."""
    if name in PROGRAMS:
        return any(shutil.which(program) for program in PROGRAMS[name])
    if name in MODULES:
        return importlib.util.find_spec(MODULES[name]) is not None
    if name == "compose":
        docker = shutil.which("docker")
        plugin = [docker, "compose", "version"]
        return compose() is not None or (
            docker is not None and subprocess.run(plugin, capture_output=True).returncode == 0
        )
    if name == "userns":
        return (
            subprocess.run(["unshare", "-Urm", "true"], capture_output=True).returncode == 0
            if shutil.which("unshare")
            else False
        )
    assert name == "linux", f"no test can need `{name}`: not in tests/tooling.py"
    return sys.platform.startswith("linux")
