"""The environment a service is started with, and whether that would be another one now."""

from __future__ import annotations

from hybrid_tasks.env.environment import Environment
from hybrid_tasks.env.layers import CLIENT, resolve
from hybrid_tasks.env.passing import passes
from hybrid_tasks.errors import HybridError
from hybrid_tasks.model.service import Origin, Service
from hybrid_tasks.plugin import routing
from hybrid_tasks.supervisor.setting import Given
from hybrid_tasks.supervisor.site import Site


class Surroundings:
    """What the jobs of one service are given.

    Args:
        site: what all units share.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def given(self, service: Service) -> Given:
        """Give the environment of a job started now. Reads files.

        Raises:
            Mistakes: an env file or table is wrong.
        """
        resolved = resolve(self._site.project, service, self._site.client)
        return Given({**resolved.values(), **routing.port_variables(service)}, _places(resolved))

    def moved(self, service: Service, given: Given) -> bool:
        """Whether an environment is not what a job would be given now. Reads files."""
        try:
            return self.given(service).own() != given.own()
        except HybridError:
            return True


def _places(environment: Environment) -> dict[str, str]:
    """Where variables come from; what every terminal has of its own does not count."""
    return {
        name: variable.origin.file.name if isinstance(variable.origin, Origin) else variable.origin.split()[-1]
        for name, variable in environment.variables().items()
        if variable.origin != CLIENT or not passes(name, ())
    }
