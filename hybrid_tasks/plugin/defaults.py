"""What holds when no plugin says otherwise, and what `hybrid.toml` lays over a plugin's answer."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

from hybrid_tasks.errors import WrongInput
from hybrid_tasks.model.command import NO_VARIABLES, Command
from hybrid_tasks.model.plan import Build, DebugPlan, Place, StartPlan
from hybrid_tasks.model.probe import AliveProbe, Probe, TcpProbe
from hybrid_tasks.model.service import Listen, Service
from hybrid_tasks.model.watching import Watch

ARTEFACT = "{artefact}"
"""The word that stands for what a build makes, in `command` and `build` of `hybrid.toml` and in plans."""

PORT = "{port}"
"""Stands for the service's port in any word of `command` and `args` of `hybrid.toml`."""


def watch(service: Service) -> Watch:
    """Watch everything below the service's directory."""
    return Watch((service.directory,))


def health(service: Service) -> Probe:
    """Ask for a connection where there is a port, else only whether the process lives."""
    return AliveProbe() if service.port is None else TcpProbe()


def widened(service: Service, found: Watch) -> Watch:
    """Add the roots and the ignore lines of `hybrid.toml` to what a stack watches, and leave out what is apart."""
    roots = tuple(dict.fromkeys((*found.roots, *service.watch)))
    ignore, apart = (*found.ignore, *service.ignore), (*found.apart, *service.apart)
    return dataclasses.replace(found, roots=roots, ignore=ignore, apart=apart)


def port_variables(service: Service, port: int | None) -> dict[str, str]:
    """Give the variable that tells a program its port: that of `port_env`, else PORT; none without a port."""
    return {} if port is None else {service.port_env or "PORT": str(port)}


def settled(service: Service, place: Place, plan: StartPlan | None) -> StartPlan | None:
    """Lay the service's own `command`, `build`, `check`, `listen` and port over a stack's plan.

    Args:
        service: as `hybrid.toml` describes it.
        place: where the instance will run.
        plan: the stack's, or None when the service has none.

    Returns:
        the plan that holds, or None when nobody knows how the service starts.

    Raises:
        WrongInput: the parts do not fit together.
    """
    if plan is not None and plan.driver is not None:
        _fits(service, plan.driver.name)
    if service.command is not None:
        ours = plan.program if plan is not None else Command((), service.directory)
        argv = (*service.command, *service.args)
        # A program of the user's own takes an inherited socket only when the user says so.
        # The user's words are relative to the service's directory; a kept copy of it stands in for it whole.
        program, listen = dataclasses.replace(ours, argv=argv, cwd=place.source or service.directory), Listen.OWN
        plan = plan or StartPlan(program)
        cold = "it has a command of its own" if plan.warm is not None else plan.cold
        plan = dataclasses.replace(plan, program=program, warm=None, cold=cold)
    elif plan is None:
        return None
    else:
        program, listen = plan.program, plan.listen
    if service.listen in {Listen.INHERIT, Listen.OWN}:
        listen = service.listen
    check = plan.check if service.check is None else Command(service.check, service.directory)
    build = plan.build if service.build is None else _own_build(service, place, program)
    return dataclasses.replace(
        plan, program=_with_port(service, place, program), check=check, build=build, listen=listen
    )


def _fits(service: Service, driver: str) -> None:
    """Refuse keys that say how the engine works where another does that work."""
    keys = {"command": service.command, "build": service.build, "check": service.check}
    set_ones = [key for key, words in keys.items() if words is not None]
    if service.listen is Listen.INHERIT:
        set_ones.append("listen")
    if set_ones:
        raise WrongInput(
            f"services.{service.name}.{set_ones[0]} is for our engine, and `{driver}` is to drive the service",
            f"remove `{set_ones[0]}` (`{driver}` has a configuration of its own), or `driver`",
            subject=f"service `{service.name}`",
        )


def debugged(service: Service, place: Place, plan: DebugPlan) -> DebugPlan:
    """Lay the service's own `build` and port over a stack's way to debug it.

    Args:
        service: as `hybrid.toml` describes it.
        place: where the instance will run.
        plan: the stack's.
    """
    build = plan.build if service.build is None else _own_build(service, place, plan.command)
    return dataclasses.replace(plan, command=_with_port(service, place, plan.command), build=build)


def _own_build(service: Service, place: Place, program: Command) -> Build:
    words = service.build or ()
    names_it = any(ARTEFACT in word for word in words)
    if ARTEFACT in program.argv and not names_it:
        raise WrongInput(
            f"services.{service.name}.build does not say where its result goes",
            f"write the program to `{ARTEFACT}` (a word of `build`), or set `command` to what `build` makes",
            subject=f"service `{service.name}`",
        )
    artefact = place.artefacts / service.name if names_it else place.artefacts
    argv = tuple(word.replace(ARTEFACT, str(artefact)) for word in words)
    return Build(Command(argv, service.directory), artefact)


def _with_port(service: Service, place: Place, program: Command) -> Command:
    if place.port is None:
        return program
    env = MappingProxyType({**port_variables(service, place.port), **(program.env or NO_VARIABLES)})
    argv = tuple(word.replace(PORT, str(place.port)) for word in program.argv)
    return dataclasses.replace(program, argv=argv, env=env)
