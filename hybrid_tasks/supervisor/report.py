"""The status document: what `dev-status` prints, for people and for programs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from hybrid_tasks.journal.gist import gist, last_words
from hybrid_tasks.model.debugging import Debugging
from hybrid_tasks.model.probe import HttpProbe
from hybrid_tasks.model.receipt import Receipt, Result
from hybrid_tasks.model.service import Endpoint, Service
from hybrid_tasks.model.status import Blocked, Crashed, Held, Unit, Waiting, stale, word
from hybrid_tasks.model.verdict import Healthy, Unhealthy
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor.crashes import how_ended
from hybrid_tasks.supervisor.debugged import Seen, look
from hybrid_tasks.supervisor.figures import Figures
from hybrid_tasks.supervisor.leftovers import still_runs
from hybrid_tasks.supervisor.loaded import Loaded
from hybrid_tasks.supervisor.setting import Setting
from hybrid_tasks.supervisor.unit import ServiceUnit

_PAUSED = "paused in the debugger"
_ATTEMPTS = {
    "save": "save",
    "config": "change of the configuration",
    "restart": "restart",
    "debug": "start under the debugger",
}


def document(
    loaded: Loaded | None, units: Iterable[ServiceUnit], figures: Figures, *, began: float, notes: list[str]
) -> dict[str, object]:
    """Describe everything.

    Args:
        loaded: the project, None before the first command that needed it.
        units: of all services that were ever wanted.
        figures: samples processor time and memory.
        began: when the supervisor started, in seconds since the epoch.
        notes: what else the user should read.

    Returns:
        schema 1 of the status document; additions only.
    """
    known = {unit.service.name: unit for unit in units}
    configured = loaded.project.services if loaded else {}
    removed = {name: unit.service for name, unit in known.items() if name not in configured and not unit.stopped}
    services = {**configured, **removed}
    return {
        "schema": 1,
        "project": loaded.project.name if loaded else "",
        "mode": loaded.project.mode if loaded else None,
        "supervisor": {"pid": os.getpid(), "since": began},
        "services": [service_status(service, known.get(name), figures) for name, service in services.items()],
        **configuration(loaded, known.values()),
        "warnings": [
            *(loaded.project.warnings if loaded else ()),
            *(still_runs(service) for name, service in removed.items() if loaded and known[name].state.serving),
            *notes,
        ],
    }


def configuration(loaded: Loaded | None, units: Iterable[ServiceUnit]) -> dict[str, object]:
    """Say whether the next acting command would read something new, and what is wrong with that.

    Args:
        loaded: the project as it was read last.
        units: of all services that were ever wanted.

    Returns:
        `configuration_changed`, and `configuration_mistakes` with the message and the hint of each.
    """
    if loaded is None:
        return {"configuration_changed": False, "configuration_mistakes": []}
    configured = loaded.project.services
    wanted = [unit for unit in units if unit.state.wanted and unit.service.name in configured]
    behind = (unit.behind(configured[unit.service.name]) for unit in wanted)
    edited = loaded.changed()
    wrong = loaded.mistakes(time.monotonic()) if edited else []
    return {
        "configuration_changed": edited or any(behind),
        "configuration_mistakes": [{"message": each.message, "hint": each.hint} for each in wrong],
    }


def standing(unit: ServiceUnit) -> dict[str, object]:
    """Describe what a service is, in the few words of which there may be many a second."""
    return _standing(unit.state, unit, _under(unit))


def service_status(service: Service, unit: ServiceUnit | None, figures: Figures | None = None) -> dict[str, object]:
    """Describe one service.

    Args:
        service: as configured; what runs is described as it was configured when it was started.
        unit: its live state, None when it was never wanted.
        figures: None leaves processor time and memory out.
    """
    state = unit.state if unit else Unit(service.name)
    instance = state.serving
    setting = unit.setting if unit else None
    if setting is not None:
        service = setting.service  # what runs may be configured differently
    cpu, memory = figures.of(instance.run, instance.pid) if figures and instance else (None, None)
    running = instance.fingerprint if instance else None
    disk = unit.source.current.fingerprint if unit and unit.source.current else None
    urls = [{"name": "", "url": url}] if (url := _url(service, setting)) else []
    urls += [{"name": port.name, "url": _further(service, port)} for port in service.ports]
    under = _under(unit)
    return {
        "name": service.name,
        "stack": service.stack,
        "runtime": service.runtime,
        **_standing(state, unit, under),
        "cure": state.rest.cure if isinstance(state.rest, Blocked | Held) else "",
        "optional": service.optional,
        "address": urls[0]["url"] if urls else None,
        "urls": urls,
        "pid": instance.pid if instance else None,
        "since": instance.started if instance else None,
        "restarts": state.restarts,
        "cpu": cpu,
        "memory": memory,
        "swap": {"stage": state.swap.stage, "since": state.swap.since} if state.swap else None,
        "launch": instance.launch if instance else "",
        "listen": unit.crew.listening if unit and instance else "",
        "remarks": [*unit.crew.remarks.lines(), *lost(unit.job), *_words(under)] if unit else [],
        "debugger": _debugger(*under) if under else None,
        "stale": stale(state) or (bool(running and disk) and running != disk and state.swap is None),
        "source": {"running": running, "disk": disk, "live": running is not None and running == disk},
        "warm": unit.crew.warmth.state if unit else "",
        "last_receipt": state.last_receipt.as_json() if state.last_receipt else None,
    }


def lost(job: Job | None) -> list[str]:
    """Say what is lost of an instance's output, and why: a line, or none when nothing is.

    Args:
        job: the instance.
    """
    if job is None or not (job.log_trouble or job.dropped):
        return []
    lines = f"{job.dropped:,} {'line' if job.dropped == 1 else 'lines'}"
    if job.log_trouble is None:
        return [f"{lines} of its log were dropped"]
    return [f"log cannot be written: {job.log_trouble}" + (f"; {lines} dropped" if job.dropped else "")]


def _standing(state: Unit, unit: ServiceUnit | None, under: tuple[Debugging, Seen] | None) -> dict[str, object]:
    return {
        "state": word(state),
        "word": word(state),
        "detail": (unit.source.waiting if unit else None)
        or detail(state, str(unit.site.project.root) if unit else "")
        or (_PAUSED if under and _paused(*under) else ""),
        "wanted": state.wanted,
        "healthy": isinstance(state.verdict, Healthy) and state.serving is not None,
    }


def _under(unit: ServiceUnit | None) -> tuple[Debugging, Seen] | None:
    """Say which debugger a service runs under, and how it fares there."""
    # Asked once: this runs in a thread, while the loop may end what serves.
    setting, job = (unit.setting, unit.job) if unit is not None else (None, None)
    if setting is None or job is None or (at := setting.way.debugging) is None:
        return None
    return at, look(job, at)


def _paused(debugging: Debugging, seen: Seen) -> bool:
    return seen.stopped and not seen.held(debugging)


def _debugger(debugging: Debugging, seen: Seen) -> dict[str, object]:
    known = {"adapter": debugging.adapter, "port": debugging.port, "address": debugging.address, "note": debugging.note}
    return {**known, "paused": _paused(debugging, seen), "attached": seen.attached, "wait": debugging.wait}


def _words(under: tuple[Debugging, Seen] | None) -> list[str]:
    return [under[1].words(under[0])] if under else []


def detail(state: Unit, root: str = "") -> str:
    """Say in a few words why a service is in its state.

    Args:
        state: of the service.
        root: the project's directory; files are named relative to it.
    """
    if isinstance(state.rest, Held):
        return state.rest.reason
    if (awaited := _awaited(state)) is not None:
        return awaited
    if state.serving is not None and isinstance(state.verdict, Unhealthy):
        return state.verdict.reason
    last = state.last_receipt
    if state.serving is not None and last is not None and last.result is Result.FAILED:
        return f"the last {_ATTEMPTS.get(last.trigger, 'start')} failed: {gist(last.error or '', root)}"
    if state.serving is not None:
        return "" if last is None else f"started again: it {last.note}" if last.trigger == "crash" else last.note
    match state.rest:
        case Blocked(reason=reason):
            return reason
        case Crashed() as crashed:
            return "; ".join(filter(None, (_crash(crashed, state.last_receipt, root), crashed.reason)))
        case Waiting(on=on) if on:
            return "waits for " + ", ".join(on)
        case _:
            return ""


def _awaited(state: Unit) -> str | None:
    """Say what a swap that is under way waits for; None where what was before it is worth more."""
    if state.swap is None or state.swap.stage == "gate":
        return None
    if state.serving is None:
        return state.swap.note  # what it rested for is over
    if state.swap.stage not in {"launch", "probe"}:
        return state.swap.note or None
    if not state.swap.note and isinstance(state.verdict, Unhealthy):
        return None
    awaited = f": {state.swap.note}" if state.swap.note else ", its health is waited for"
    return f"a new version is on trial{awaited}"


def _crash(crashed: Crashed, last: Receipt | None, root: str) -> str:
    """Say why it does not run: its last version never did, or how it ended, with its last words."""
    if last is not None and last.result is Result.FAILED and crashed.tail == tuple((last.error or "").splitlines()):
        return gist(last.error or "", root)
    return ": ".join(filter(None, (how_ended(crashed.code), last_words(crashed.tail, root))))


def _host(service: Service) -> str:
    if service.host in {"0.0.0.0", "localhost", "::"}:  # noqa: S104 - shown only
        return "127.0.0.1"
    return f"[{service.host}]" if ":" in service.host else service.host


def _url(service: Service, setting: Setting | None) -> str | None:
    if service.port is None:
        return None
    probe = setting.probe if setting else service.health
    address = f"{_host(service)}:{service.port}"
    return f"http://{address}" if isinstance(probe, HttpProbe) else address


def _further(service: Service, port: Endpoint) -> str:
    """Give the address of a further port; with a path it is one for a browser."""
    address = f"{_host(service)}:{port.port}"
    return f"http://{address}{port.path}" if port.path else address
