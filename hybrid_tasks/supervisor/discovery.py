"""`dev-init`: what a directory seems to hold, before there is a project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hybrid_tasks.config.discover import discover
from hybrid_tasks.plugin.host import Host


def discovered(root: Path, environ: Mapping[str, str]) -> object:
    """Look for services.

    Args:
        root: the directory.
        environ: of the client.

    Returns:
        evidence for people, and the texts of the files to write.
    """
    found = discover(root, Host.load(root, environ=environ))
    services = [one.name for one in found.services]
    return {"evidence": list(found.evidence), "services": services, "files": {"hybrid.toml": found.text}}
