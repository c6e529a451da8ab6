"""The warm parent of one service: started beside it once it runs, asked to fork, replaced when it is behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hybrid_tasks.errors import HybridError
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.plan import ReloadAction, ReloadPlan, StartPlan
from hybrid_tasks.model.receipt import REBUILT
from hybrid_tasks.model.service import Service, Stop
from hybrid_tasks.model.verdict import Unhealthy, Verdict
from hybrid_tasks.model.watching import Burst
from hybrid_tasks.plugin import routing
from hybrid_tasks.process.jobs import Cold, Job, JobSpec, WarmParent
from hybrid_tasks.supervisor.remarks import Remarks
from hybrid_tasks.supervisor.site import Site
from hybrid_tasks.supervisor.warming import parent_of

SETTLE = 0.5
"""Seconds a new instance has the processors for itself before a parent is made for the next one."""
LONGEST = 8.0
"""Seconds at most before another parent is made in the place of one that has ended by itself."""
MOST_ENDS = 3
"""Forks in a row that may be ended by a signal before they serve, until none is tried any more."""
NOTIFY_SOCKET = "NOTIFY_SOCKET"
STARTING = "the warm parent is starting"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a parent was made for; an instance that differs in any of it has to be started cold."""

    command: Command
    env: Mapping[str, str]


class Warmth:
    """The warm parent of one service, and why there is none.

    Args:
        service: as configured now.
        site: what all units share.
        remarks: on the service.
    """

    def __init__(self, service: Service, site: Site, remarks: Remarks) -> None:
        self.service = service
        self._remarks = remarks
        self.said = ""
        """`warm`, or `cold: ` and the reason, of the last instance; empty where the stack has no warm parents."""
        self._site = site
        self._wanted: Command | None = None
        self._cold = ""
        self._parent: WarmParent | None = None
        self._kind: _Kind | None = None
        self._behind = ""
        self._starting: asyncio.Task[None] | None = None
        self._next: _Kind | None = None
        self._refused: tuple[_Kind, str] | None = None
        self._ends = 0
        self._pause = SETTLE
        self._last: JobSpec | None = None
        self._forks: set[str] = set()
        self._changed: tuple[Path, ...] = ()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def able(self) -> bool:
        """Whether the next instance will most probably be forked."""
        fits = self._kind is not None and self._kind.command == self._wanted
        return self._usable and fits and self._starting is None

    @property
    def _usable(self) -> bool:
        return self._parent is not None and self._parent.refusal is None and not self._behind

    @property
    def state(self) -> str:
        """`ready`, `starting`, or why the next instance starts cold; empty where nobody would expect anything else."""
        if self._wanted is None:
            return self._cold
        if self.able:
            return "ready"
        if self._starting is not None:
            return "starting"
        return self.refusal or self._behind

    @property
    def refusal(self) -> str:
        """Why no instance is started warm until something else changes than the source; empty: nothing is wrong."""
        if self._ends >= MOST_ENDS:
            return f"{self._behind}, {MOST_ENDS} times"
        return self._refused[1] if self._refused is not None else ""

    def prepared(self, plan: ReloadPlan, burst: Burst) -> None:
        """Hear what changed, and what the stack answers that with."""
        self._changed = burst.files
        if plan.action is ReloadAction.REBUILD:
            self.distrust(plan.reason.removeprefix(REBUILT) or "everything is made anew")

    def planned(self, plan: StartPlan, trigger: str, *, beside: bool) -> StartPlan:
        """Hear how the next instance is planned.

        Args:
            plan: of the stack.
            trigger: why.
            beside: an older one serves until it has proved itself.

        Returns:
            the plan, without a check where the instance will look at the changed source itself.
        """
        self.said = ""
        self._wanted, self._cold = plan.warm, plan.cold
        if trigger != "save":
            self.distrust("")  # somebody asked: what was refused may go well by now
        if trigger != "save" or not (beside and self.able):
            self._changed = ()
            return plan
        return replace(plan, check=None)

    def distrust(self, reason: str) -> None:
        """Hear that what the parent has loaded is not what is wanted any more.

        Args:
            reason: why, in a few words; with none there is nothing against it, but a refusal is forgotten.
        """
        self._refused, self._ends = None, 0
        self._remark()
        if reason:
            self._behind = reason
            self._give_up()

    async def start(self, spec: JobSpec, *, tree: bool) -> Job:
        """Start an instance; `said` tells how.

        Args:
            spec: what is to be started.
            tree: it runs the source as it is on disk, and not a kept copy.

        Raises:
            StartFailed: it cannot be started.
        """
        self._last = spec
        reason = self._reason(spec)
        if reason is None:
            assert self._parent is not None  # noqa: S101 - else there is a reason
            try:
                changed = self._changed if tree else ()
                job = await self._site.jobs.fork(replace(spec, check=changed), self._parent)
            except Cold as cold:
                self._behind = reason = str(cold)
            else:
                self._forks = {*(run for run in self._forks if run in self._site.jobs.live), job.run}
                self.said = "warm" + "".join(f", without `{name}`: {why}" for name, why in self._without.items())
                return job
        self.said = f"cold: {reason}" if reason else ""
        return await self._site.jobs.start(spec)

    def doubted(self, job: Job, verdict: Verdict) -> bool:
        """Hear that an instance did not become healthy; True: its being a fork may be the cause.

        Args:
            job: the instance.
            verdict: why it is not.
        """
        if job.run not in self._forks or not isinstance(verdict, Unhealthy) or (job.code is not None and job.code >= 0):
            return False
        if job.code is None:  # it hangs, and waiting for another that hangs helps nobody
            self._behind = "the last one that was started warm did not become healthy"
            return False
        self._ends += 1
        self._behind = f"the one that was started warm ended by signal {-job.code}"
        return True

    def served(self) -> None:
        """See to it that the next instance can be forked, now that one serves."""
        spec = self._last
        if spec is None or self._wanted is None:
            self._give_up()
            self._retire()
            return
        if self.said.startswith("warm"):
            self._ends, self._pause = 0, SETTLE
        kind = self._kind_of(spec)
        hopeless = self._ends >= MOST_ENDS or (self._refused is not None and self._refused[0] == kind)
        self._remark()
        if hopeless or (self._usable and self._kind == kind) or (self._starting is not None and self._next == kind):
            return
        self._give_up()
        self._next, self._starting = kind, self._later(self._start(spec, kind))

    async def leave(self) -> None:
        """End the parent and everything that is under way for it."""
        self._refused, self._ends, self._last = None, 0, None
        self._give_up()
        self._retire()
        while self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def _without(self) -> Mapping[str, str]:
        """What the parent has left out, with the reasons."""
        return self._parent.told.get("without", {}) if self._parent is not None else {}

    def _reason(self, spec: JobSpec) -> str | None:
        """Why the next instance is to be started cold: None when it is not, empty when that needs no words."""
        if self._wanted is None:
            return self._cold
        kind, known = self._kind_of(spec), self._kind
        if self._usable and known == kind:
            return None
        if self._refused is not None and self._refused[0] == kind:
            return self._refused[1]
        if self._ends >= MOST_ENDS:
            return self.refusal
        if self._starting is not None:
            return STARTING
        if self._behind or self._parent is None or known is None:
            return self._behind
        if known.command != kind.command:
            return "the interpreter or the program is another one"
        if differing := {name for name, _ in known.env.items() ^ kind.env.items()}:
            return f"the environment changed ({', '.join(sorted(differing))})"
        return self._parent.refusal

    def _kind_of(self, spec: JobSpec) -> _Kind:
        assert self._wanted is not None  # noqa: S101 - asked before
        # Behind the front each instance has a port of its own.
        own = {NOTIFY_SOCKET, *routing.port_variables(self.service)}
        return _Kind(self._wanted, {name: value for name, value in spec.env.items() if name not in own})

    async def _start(self, like: JobSpec, kind: _Kind) -> None:
        """Make a parent, and put it in the place of the one there is."""
        env = {name: value for name, value in like.env.items() if name != NOTIFY_SOCKET}
        stop = Stop("TERM", SETTLE)
        spec = replace(like, role="warm", command=kind.command, env=env, listeners=(), check=(), stop=stop)
        await asyncio.sleep(self._pause)
        try:
            made = await parent_of(spec, self._site)
        except Cold as cold:
            self._refused = kind, str(cold)
            made = None
        self._starting, self._behind = None, ""
        self._retire()
        if made is not None:
            self._parent, self._kind = made, kind
            self._later(self._watch(made))
        self._remark()

    async def _watch(self, parent: WarmParent) -> None:
        """Wait for the end of a parent; one that ends by itself is replaced."""
        await parent.job.wait_code()
        parent.close()
        if self._parent is not parent:
            return
        self._parent, self._behind = None, parent.refusal or "the warm parent has ended"
        self._pause = min(2 * self._pause, LONGEST)
        self.served()

    def _remark(self) -> None:
        """Say what the user could do something about."""
        names = ", ".join(f"`{name}` ({why})" for name, why in self._without.items())
        left_out = f"loaded anew at each save: {names}" if names else None
        self._remarks.say("warm", f"started cold at each save: {self.refusal}" if self.refusal else left_out)

    def _retire(self) -> None:
        """End the parent; what it has forked lives on."""
        parent, self._parent, self._kind = self._parent, None, None
        if parent is not None:
            self._later(_ended(parent))

    def _give_up(self) -> None:
        """Do not make the parent that is in the making."""
        starting, self._starting = self._starting, None
        if starting is not None:
            starting.cancel()

    def _later(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _ended(parent: WarmParent) -> None:
    with contextlib.suppress(HybridError):
        await parent.stop()
