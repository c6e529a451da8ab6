"""The host: it loads every plugin of a project and asks them in order."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from hybrid_tasks.errors import PluginBroken
from hybrid_tasks.model.info import GatewayInfo, RuntimeInfo, StackInfo
from hybrid_tasks.plugin.admission import admit, manager
from hybrid_tasks.plugin.claims import Claims, read_claims
from hybrid_tasks.plugin.deadline import DEADLINE, Aside
from hybrid_tasks.plugin.disabled import disabled_names, plain
from hybrid_tasks.plugin.guests import Guest, Guests, Told
from hybrid_tasks.plugin.loading import installed, local
from hybrid_tasks.plugin.records import PluginRecord

T = TypeVar("T")
Subjects = frozenset[tuple[str, str | None]]
"""What a question is about: kinds (`stack`, `runtime`, `gateway`) with the name of each, where there is one."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Host:
    """Every plugin of one project; safe to ask from several threads.

    Args:
        guests: the plugins that were taken in, and the records of all.
        claims: the stacks, runtimes and gateways they bring.
    """

    def __init__(self, guests: Guests, claims: Claims) -> None:
        self.guests = guests
        self._claims = claims

    @classmethod
    def load(
        cls,
        root: Path | None,
        disabled: Iterable[str] = (),
        prefer: Mapping[str, str] = _NOTHING,
        *,
        environ: Mapping[str, str] | None = None,
        deadline: float = DEADLINE,
        on_muted: Told | None = None,
    ) -> Host:
        """Find and load every plugin; a broken one is in `plugins` with its reason and does no harm.

        Args:
            root: the project's directory, where `hybrid_plugins.py` may lie.
            disabled: names of plugins or distributions to leave out, besides `HYBRID_DISABLE_PLUGINS`.
            prefer: the distribution that brings a name which several claim.
            environ: where `HYBRID_DISABLE_PLUGINS` is read (default: this process's environment).
            deadline: seconds a plugin has for its import and for each hook.
            on_muted: told when a plugin is muted, from the thread that asked it.

        Raises:
            PluginBroken: two plugins claim one name and `prefer` does not decide.
        """
        off = {plain(name) for name in disabled} | disabled_names(os.environ if environ is None else environ)
        pm, guests = manager(), Guests(deadline, Aside(), on_muted)
        for candidate in (*installed(), *local(root)):
            record = candidate.record
            key = f"{record.distribution}:{record.name}"
            if plain(record.name) in off or plain(record.distribution) in off:
                guests.records[key] = dataclasses.replace(record, muted="it is named in HYBRID_DISABLE_PLUGINS")
                continue
            guests.records[key], plugin = admit(pm, candidate, deadline, guests.aside)
            if plugin is not None:
                guests.seat(key, pm, plugin)
        return cls(guests, read_claims(guests, prefer))

    @property
    def plugins(self) -> tuple[PluginRecord, ...]:
        """Every plugin, broken and muted ones too, in the order they were loaded."""
        return tuple(self.guests.records.values())

    @property
    def stacks(self) -> Mapping[str, StackInfo]:
        """The stacks by name."""
        return self._claims.stacks

    @property
    def runtimes(self) -> Mapping[str, RuntimeInfo]:
        """The runtimes by name."""
        return self._claims.runtimes

    @property
    def gateways(self) -> Mapping[str, GatewayInfo]:
        """The gateways by name."""
        return self._claims.gateways

    def silent(self, name: str) -> PluginRecord | None:
        """Give the plugin that would have brought this stack, runtime or gateway, had it not failed or been off."""
        for record in self.plugins:
            if record.trouble and name in {*record.claimed, record.name}:
                return record
        return None

    def forgive(self) -> None:
        """Ask plugins again that were muted while they worked (for an acting command, not for a save)."""
        self.guests.forgive()

    def ask(
        self,
        hook: str,
        expected: Any,
        default: Callable[[], T],
        arguments: Mapping[str, object],
        *,
        stack: str | None = None,
        runtime: str | None = None,
        gateway: str | None = None,
    ) -> T:
        """Give the first answer that is not None: `hybrid_plugins.py`, the claiming plugin, other plugins, default.

        Args:
            hook: its name.
            expected: the type an answer must have.
            default: asked last; its answer may be None.
            arguments: the hook's arguments by name.
            stack: the stack in question: plugins that claim another are not asked.
            runtime: the runtime in question.
            gateway: the gateway in question.

        Raises:
            PluginBroken: the claiming plugin is broken.
            HybridError: a plugin said deliberately that it cannot (in its own words).
        """
        about = frozenset({("stack", stack), ("runtime", runtime), ("gateway", gateway)})
        asked = self._involved(hook, about)

        def first() -> T:
            for guest in asked:
                if guest.hooks[hook].wrapper:
                    continue
                try:
                    answer: T | None = self.guests.ask(guest, hook, expected, arguments)
                except PluginBroken:
                    if self._claimed_by(guest, about):
                        raise
                    continue
                if answer is not None:
                    return answer
            return default()

        answer: Callable[[], T] = first
        for guest in reversed([g for g in asked if g.hooks[hook].wrapper]):
            answer = functools.partial(self.guests.wrap, guest, hook, expected, arguments, answer)
        return answer()

    def _claimed_by(self, guest: Guest, about: Subjects) -> bool:
        record = self.guests.record(guest)
        claims = {("stack", record.stack), ("runtime", record.runtime), ("gateway", record.gateway)}
        return any(name is not None for _, name in claims & about)

    def _involved(self, hook: str, about: Subjects) -> list[Guest]:
        def rank(guest: Guest) -> int | None:
            record = self.guests.record(guest)
            mine = self._claimed_by(guest, about)
            if not mine and record.claimed:
                return None
            return 0 if record.local else 1 if mine else 2

        ranked = [(rank(guest), guest) for guest in self.guests.having(hook)]
        return [guest for place in range(3) for number, guest in ranked if number == place]
