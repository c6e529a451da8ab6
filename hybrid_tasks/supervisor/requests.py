"""What a client may ask of the running supervisor: one coroutine a question."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from hybrid_tasks.control.gate import CUT
from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.server import Reply
from hybrid_tasks.errors import Code, NotRunning, StoppedMeanwhile, TimedOut, WrongInput
from hybrid_tasks.model.events import Event
from hybrid_tasks.model.receipt import Receipt, Result
from hybrid_tasks.model.status import Finished
from hybrid_tasks.model.verdict import Healthy
from hybrid_tasks.supervisor import cleaning
from hybrid_tasks.supervisor.answers import ANSWERS, check_environments, chosen, service_of
from hybrid_tasks.supervisor.awaiting import come_up, excused, swapped_since, until
from hybrid_tasks.supervisor.debugging import debug
from hybrid_tasks.supervisor.estate import Estate
from hybrid_tasks.supervisor.halting import alone, release, spared, stop, undo
from hybrid_tasks.supervisor.halts import Halted
from hybrid_tasks.supervisor.leftovers import settle
from hybrid_tasks.supervisor.loaded import Loaded, load
from hybrid_tasks.supervisor.order import with_dependants, with_needs
from hybrid_tasks.supervisor.report import configuration, document
from hybrid_tasks.supervisor.retelling import opened, result, told
from hybrid_tasks.supervisor.unit import ServiceUnit

Handler = Callable[[Estate, Request, Reply], Awaitable[None]]
Starter = Callable[[Estate, Request, Reply, Halted], Awaitable[None]]


async def answer(estate: Estate, request: Request, reply: Reply) -> None:
    """Answer one request.

    Args:
        estate: everything the supervisor has.
        request: checked against the closed table.
        reply: where events and the last frame go.
    """
    starter, handler = _STARTERS.get(request.op), _HANDLERS.get(request.op)
    if starter is not None and not request.args.get("dry_run"):
        await _started(starter, estate, request, reply)
        return
    if handler is not None:
        await handler(estate, request, reply)
        return
    if request.op not in ANSWERS:
        raise WrongInput(f"`{request.op}` is asked without a supervisor")
    reply.result(await asyncio.to_thread(ANSWERS[request.op], await _as_asked(estate, request), request))


async def _started(starter: Starter, estate: Estate, request: Request, reply: Reply) -> None:
    """Answer what starts something, and say so when it is not to come up any more."""
    with estate.halts.start() as halted:
        try:
            await starter(estate, request, reply, halted)
        except asyncio.CancelledError:
            if halted.everything:
                reply.error(StoppedMeanwhile())
            raise


async def _as_asked(estate: Estate, request: Request) -> Loaded:
    """Give the project as it would be in the mode that is asked about; what runs stays in its own."""
    loaded = await estate.load(request.env)
    mode = request.args.get("mode")
    if mode in {None, loaded.project.mode}:
        return loaded
    return await asyncio.to_thread(load, estate.root, request.env or {}, mode, loaded.host)


async def _status(estate: Estate, _request: Request, reply: Reply) -> None:
    units, notes = list(estate.units.values()), estate.all_notes()
    told = await asyncio.to_thread(document, estate.loaded, units, estate.figures, began=estate.began, notes=notes)
    wanted = [unit for unit in estate.units.values() if unit.state.wanted]
    well = all(
        isinstance(unit.state.verdict, Healthy) or isinstance(unit.state.rest, Finished) or excused(unit)
        for unit in wanted
    )
    reply.result(told, Code.UNREACHABLE if not wanted else Code.DONE if well else Code.FAILED)


async def _targets(estate: Estate, request: Request, reply: Reply) -> tuple[str, ...]:
    """Say what a start is to bring about, once all of it can be read."""
    loaded = await estate.load(request.env, request.args["mode"], acting=True)
    names = request.args["services"]
    if not names and not request.args["all"] and (restored := estate.restorable()):
        if request.args["mode"] is None and (mode := estate.earlier_mode()) is not None:
            loaded = await estate.load(request.env, mode, acting=True)
        reply.event(Event("note", time.time(), None, {"text": "restored what ran before: " + ", ".join(restored)}))
        names = restored
    project = loaded.project
    targets = with_needs(project.services, chosen(loaded, names), project.steps)
    await settle(estate, reply)
    for warning in await asyncio.to_thread(check_environments, loaded, targets, request.env or {}):
        reply.event(Event("note", time.time(), None, {"text": f"warning: {warning}"}))
    return targets


async def _start(estate: Estate, request: Request, reply: Reply, halted: Halted) -> None:
    targets, attached = await _targets(estate, request, reply), request.args["attached"]
    await opened(estate, reply)
    with told(estate, reply, targets):
        units = [estate.unit(name) for name in targets]
        changed = [await estate.reconfigured(unit) for unit in units]
        swapped: dict[str, Receipt | None] = {}
        for unit, anew in spared(estate, units, changed, halted):
            trigger = "restart" if request.args["build"] else "config" if anew else "start"
            if trigger != "start":
                swapped[unit.service.name] = unit.state.last_receipt
            unit.want(trigger, reply)
            if attached:
                unit.borrowers = {reply}  # it takes over what runs already
        estate.taken_over()
        estate.remember()

        def done(unit: ServiceUnit) -> Code | None:
            name = unit.service.name
            return swapped_since(unit, swapped[name]) if name in swapped else come_up(unit)

        try:
            code = await until(estate, reply, units, done, request.args["timeout"])
            if reply.cancelled.is_set():
                code = Code.INTERRUPTED
                await undo(estate, reply, alone(units, reply))
            elif units and all(unit.service.name in halted and not unit.state.wanted for unit in units):
                raise StoppedMeanwhile
            await estate.memory.kept()
            reply.result(result(units), code)
        except TimedOut as late:
            reply.error(late)
    if attached:
        await reply.closed.wait()
        await stop(estate, alone(units, reply))
    release(units, reply, for_good=not attached and not reply.cancelled.is_set())


async def _restart(estate: Estate, request: Request, reply: Reply, halted: Halted) -> None:
    loaded = await estate.load(request.env, acting=True)
    services = loaded.project.services
    running = tuple(name for name, unit in estate.units.items() if unit.state.wanted)
    if not running:
        raise NotRunning("nothing runs here", "start it with `inv dev-start`")
    named = chosen(loaded, request.args["services"] or tuple(name for name in running if name in services))
    needed = with_needs(services, named, loaded.project.steps)
    targets = tuple(name for name in needed if name in named or name not in running)
    await settle(estate, reply)
    await asyncio.to_thread(check_environments, loaded, targets, request.env or {})
    await opened(estate, reply)
    with told(estate, reply, targets):
        units = [estate.unit(name) for name in targets]
        changed = [await estate.reconfigured(unit) for unit in units]
        before = {unit.service.name: unit.state.last_receipt for unit in units}
        for unit, _ in spared(estate, units, changed, halted):
            unit.want("restart")
        estate.taken_over()
        estate.remember()

        def done(unit: ServiceUnit) -> Code | None:
            return swapped_since(unit, before[unit.service.name])

        code = await until(estate, reply, units, done, request.args["timeout"])
        await estate.memory.kept()
    reply.result(result(units), code)


async def _stop(estate: Estate, request: Request, reply: Reply) -> None:
    services = estate.loaded.project.services if estate.loaded else {}
    names = request.args["services"]
    if names and estate.loaded:
        services = {**services, **{name: unit.service for name, unit in estate.units.items() if name not in services}}
        chosen(estate.loaded, tuple(name for name in names if name not in estate.units))
        names = with_dependants(services, names, estate.loaded.project.steps)
    estate.halts.add(names)
    estate.taken_over()
    targets = tuple(names or estate.units)
    with told(estate, reply, targets):
        await stop(estate, targets, kill=request.args["kill"])
    stopped = [estate.units[name] for name in targets if name in estate.units]
    note = {"note": CUT} if estate.halts.starts and not stopped else {}
    reply.result({**result(stopped), **note})
    if estate.idle() and not (names and estate.halts.starts):  # a start that still loads has more to start
        estate.ending.set()  # what was asked for is done; the next start makes a fresh supervisor


async def _wait(estate: Estate, request: Request, reply: Reply) -> None:
    loaded = estate.loaded or await estate.load(None)
    wanted = tuple(name for name, unit in estate.units.items() if unit.state.wanted)
    names = chosen(loaded, request.args["services"]) if request.args["services"] else wanted
    if idle := [name for name in names if name not in wanted]:
        raise NotRunning(f"not started: {', '.join(idle)}", f"inv dev-start {' '.join(idle)}")
    if not wanted:
        raise NotRunning("nothing runs here", "start it with `inv dev-start`")
    units = [estate.units[name] for name in names]
    done = come_up
    if request.args["reload"]:
        numbers = {unit.service.name: unit.compare() for unit in units}

        def done(unit: ServiceUnit) -> Code | None:
            ended = unit.settled(numbers[unit.service.name])
            if not unit.state.wanted:
                return Code.FAILED
            if ended is None:
                return None
            return Code.DONE if ended is Result.LIVE or excused(unit) else Code.FAILED

    with told(estate, reply, names):
        code = await until(estate, reply, units, done, request.args["timeout"])
    files = await asyncio.to_thread(configuration, estate.loaded, list(estate.units.values()))
    reply.result({**result(units), **files}, code)


async def _clean(estate: Estate, request: Request, reply: Reply) -> None:
    loaded = await estate.load(request.env)
    running = frozenset(name for name, unit in estate.units.items() if not unit.stopped)
    reply.result(await asyncio.to_thread(cleaning.answer, loaded, request, running))


async def _stacks(estate: Estate, request: Request, reply: Reply) -> None:
    service = service_of(estate.loaded or await estate.load(None), request.args["service"])
    unit = estate.units.get(service.name)
    if unit is None or unit.setting is None or unit.job is None:
        raise NotRunning(f"`{service.name}` does not run", f"inv dev-start {service.name}")
    lines = await unit.crew.stacks(unit.job, end=request.args["end"])
    reply.result({"service": service.name, "lines": lines})


async def _shutdown(estate: Estate, request: Request, reply: Reply) -> None:
    await stop(estate, tuple(estate.units), kill=request.args["kill"])
    reply.result({})
    estate.ending.set()


_STARTERS: dict[str, Starter] = {"start": _start, "restart": _restart, "debug": debug}
_HANDLERS: dict[str, Handler] = {
    "stop": _stop,
    "status": _status,
    "wait": _wait,
    "clean": _clean,
    "stacks": _stacks,
    "shutdown": _shutdown,
}
