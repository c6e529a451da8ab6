"""The front on `stack_debug`: which debugger a service's stack knows, and what `hybrid.toml` lays over its plan."""

from __future__ import annotations

from hybrid_tasks.errors import WrongInput
from hybrid_tasks.model.plan import DebugPlan, Place
from hybrid_tasks.model.service import Service
from hybrid_tasks.plugin import defaults
from hybrid_tasks.plugin.host import Host


def debug_plan(host: Host, service: Service, place: Place) -> DebugPlan:
    """Say how the service runs under a debugger; may be called from any thread and blocks as long as a hook may.

    Raises:
        HybridError: its stack knows none, or says why it cannot.
    """
    given = {"service": service, "place": place, "command": ()}
    answer: DebugPlan | None = host.ask(
        "stack_debug", DebugPlan, lambda: None, given, stack=service.stack, runtime=service.runtime
    )
    if answer is None or answer.port is None:
        stacks = {host.guests.record(guest).stack for guest in host.guests.having("stack_debug")}
        known = ", ".join(sorted(name for name in stacks if name is not None))
        stack = f"the stack `{service.stack}`" if service.stack else "a service without a `stack`"
        raise WrongInput(
            f"{stack} knows no debugger",
            f"stacks with a debugger: {known}; `inv dev-debug {service.name} COMMAND` runs any command in its place",
            subject=f"service `{service.name}`",
        )
    return defaults.debugged(service, place, answer)
