"""What happened to services, put into the log of each between its own lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from hybrid_tasks.journal import words
from hybrid_tasks.journal.gist import gist
from hybrid_tasks.logs.events import EventLog
from hybrid_tasks.model.events import Event
from hybrid_tasks.model.status import Blocked, Crashed, Finished, Held, Rest, Stopped, Unit
from hybrid_tasks.model.verdict import Healthy, Unhealthy
from hybrid_tasks.supervisor.crashes import how_ended


class Chronicle:
    """Hears what is published and writes down what somebody who reads a log wants to know.

    Args:
        root: of the project; files are named relative to it.
        logs: the log folder of a service.
        state: what a service is now.
    """

    def __init__(self, root: Path, logs: Callable[[str], Path], state: Callable[[str], Unit]) -> None:
        self._root = str(root)
        self._logs = logs
        self._state = state
        self._files: dict[str, EventLog] = {}
        self._before: dict[str, Unit] = {}
        self._untold: dict[str, str] = {}  # runs that serve already, of swaps whose receipts are still to come

    def hear(self, event: Event) -> None:
        """Take an event of the bus."""
        if event.service is None:
            return
        if event.kind == "receipt":
            self._swapped(event.service, event.data)
            if self._untold.pop(event.service, None) is not None:
                self._changed(event.service)
        elif event.kind == "state":
            self._changed(event.service)

    def close(self) -> None:
        """End every log."""
        for file in self._files.values():
            file.close()

    def _swapped(self, name: str, receipt: Mapping[str, object]) -> None:
        result, cause = receipt.get("result"), words.cause(receipt)
        more = {"receipt": str(receipt.get("id"))}
        if result == "live":
            trigger, took = receipt.get("trigger"), words.milliseconds(words.spent(receipt))
            what = {"start": "started", "crash": "started again"}.get(str(trigger), "live again")
            note = "" if trigger == "crash" else str(receipt.get("note") or "")
            self._write(name, "live", f"{what}: {', '.join(filter(None, (cause, took, note)))}", **more)
        elif result == "unchanged":
            text = words.outcome(receipt).removeprefix("live, ")
            self._write(name, "unchanged", text, **more)
        elif result == "failed":
            what = {"save": "save", "restart": "restart", "config": "restart"}.get(str(receipt.get("trigger")), "start")
            state = self._state(name)
            healthy = isinstance(state.verdict, Healthy)
            outcome = f", {words.remains(receipt, healthy=healthy)}" if state.serving is not None else _outlook(state)
            why = gist(str(receipt.get("error") or ""), self._root)
            self._write(name, "failed", f"{what} failed{outcome}: {why}", "error", **more)

    def _changed(self, name: str) -> None:
        """Tell what no receipt tells: the end of what served, its health, and why nothing is started."""
        now, before = self._state(name), self._before.get(name, Unit(name))
        run, was = now.serving.run if now.serving else "", before.serving.run if before.serving else ""
        if run and run != was and now.swap is not None:
            self._untold[name] = run
        elif was and not run and was == self._untold.get(name):
            return  # it has ended already: told once its start is
        self._before[name] = now
        if now.serving is None and before.serving is not None and isinstance(now.rest, Crashed):
            self._write(name, "crashed", f"crashed {_how(now.rest.code)}{_outlook(now)}", "error")
        if now.rest != before.rest:
            self._rested(name, now.rest)
        if run and run == was:
            sick, sick_before = isinstance(now.verdict, Unhealthy), isinstance(before.verdict, Unhealthy)
            if isinstance(now.verdict, Unhealthy) and not sick_before:
                self._write(name, "unhealthy", f"not healthy any more: {now.verdict.reason}", "warning")
            elif sick_before and not sick:
                self._write(name, "healthy", "healthy again")

    def _rested(self, name: str, rest: Rest | None) -> None:
        match rest:
            case Finished():
                self._write(name, "finished", "finished (ended with 0)")
            case Blocked(reason=reason, cure=cure):
                self._write(name, "blocked", "; ".join(filter(None, (f"blocked: {reason}", cure))), "error")
            case Held(reason=reason, cure=cure):
                self._write(name, "held", "; ".join(filter(None, (f"held: {reason}", cure))), "warning")
            case Stopped():
                self._write(name, "stopped", "stopped")
            case _:
                return

    def _write(self, name: str, event: str, text: str, level: str = "info", **more: str) -> None:
        if name not in self._files:
            self._files[name] = EventLog(self._logs(name))
        receipt = f" (receipt {more['receipt']})" if "receipt" in more else ""
        self._files[name].add(event, " ".join(text.split()) + receipt, level, **more)


def _how(code: int) -> str:
    """`with 3`, `by SIGKILL`."""
    return how_ended(code).removeprefix("ended ")


def _outlook(state: Unit) -> str:
    """What comes next where nothing serves."""
    reason = state.rest.reason if isinstance(state.rest, Crashed) else ""
    return f", {reason}" if reason else ""
