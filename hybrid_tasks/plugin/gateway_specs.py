"""The hooks of a gateway plugin: how a real proxy is told where services are."""

from __future__ import annotations

from collections.abc import Mapping

from hybrid_tasks.model.info import GatewayInfo
from hybrid_tasks.model.routes import GatewaySettings, Route
from hybrid_tasks.plugin.markers import hookspec


@hookspec
def gateway_info() -> GatewayInfo | None:
    """Claim a gateway's name, and say how it stands in front of services.

    Example:
        @hookimpl
        def gateway_info():
            return GatewayInfo(name="caddy", title="Caddy", front=("caddy", "run", "--config", "{folder}/caddy.json"))
    """


@hookspec(firstresult=True)
def gateway_render(routes: tuple[Route, ...], settings: GatewaySettings) -> Mapping[str, str] | None:
    """Give the gateway's files, by their names in the folder of the settings.

    Example:
        @hookimpl
        def gateway_render(routes, settings):
            return {"caddy.json": json.dumps({"apps": {"http": {"servers": servers(routes)}}})}
    """
