"""`inv dev-debug SERVICE --stacks`: what every thread of a running program is doing."""

from __future__ import annotations

from pathlib import Path

from hybrid_tasks.cli.paint import harmless
from hybrid_tasks.control.client import call


def show(root: Path, service: str, *, end: bool) -> int:
    """Print the stacks of a running service.

    Args:
        root: the project.
        service: which.
        end: also when it ends by that.
    """
    result, code = call(root, "stacks", {"service": service, "end": end})
    lines = result.get("lines") if isinstance(result, dict) else None
    for line in lines or ():
        print("\n".join(harmless(str(line))) if str(line).strip() else "")
    return code
