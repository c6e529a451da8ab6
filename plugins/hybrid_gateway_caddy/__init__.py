"""Caddy as the front of services that cannot take a socket from us.

What lives here: the claim to the name and Caddy's configuration (`rendering.py`).
What does not: starting Caddy, telling it which instance serves (it reads that from a file), ending it.
"""

from __future__ import annotations

from collections.abc import Mapping

from hybrid_gateway_caddy.rendering import FILE, configuration
from hybrid_tasks.api import GatewayInfo, GatewaySettings, Route, Tool, hookimpl

CADDY = Tool("caddy", "pip install 'hybrid-tasks[gateway]'", ("version",))


@hookimpl
def gateway_info() -> GatewayInfo:
    """Claim `caddy`; with a whole configuration on its command line it looks for no other."""
    front = ("caddy", "run", "--config", f"{{folder}}/{FILE}")
    return GatewayInfo("caddy", "Caddy", tools=(CADDY,), front=front)


@hookimpl
def gateway_render(routes: tuple[Route, ...], settings: GatewaySettings) -> Mapping[str, str]:
    """Give the one file that Caddy reads."""
    return {FILE: configuration(routes, settings)}
