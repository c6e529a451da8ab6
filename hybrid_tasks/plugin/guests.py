"""The plugins that were taken in, and the one way to call a function of theirs."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pluggy

from hybrid_tasks.errors import HybridError, PluginBroken
from hybrid_tasks.plugin.admission import described
from hybrid_tasks.plugin.answers import misfit
from hybrid_tasks.plugin.deadline import Aside, Overdue, within
from hybrid_tasks.plugin.records import PluginRecord

_log = logging.getLogger(__name__)

Told = Callable[[PluginRecord], None]


@dataclass(frozen=True, slots=True)
class Guest:
    """A plugin that was taken in: its key in the records and its functions by hook name."""

    key: str
    hooks: Mapping[str, pluggy.HookImpl]


class Guests:
    """All plugins of a host with what is known of each; the one that fails is muted here.

    Args:
        seconds: how long a call may take.
        aside: where plugins print.
        on_muted: told when a plugin is muted, from the thread that called it.
    """

    def __init__(self, seconds: float, aside: Aside, on_muted: Told | None = None) -> None:
        self.records: dict[str, PluginRecord] = {}
        self.seconds = seconds
        self.aside = aside
        self.on_muted = on_muted
        self._guests: list[Guest] = []
        self._failed: set[str] = set()

    def seat(self, key: str, pm: pluggy.PluginManager, plugin: object) -> None:
        """Take in a plugin that `pm` has registered."""
        callers = pm.get_hookcallers(plugin) or ()
        hooks = {c.name: impl for c in callers for impl in c.get_hookimpls() if impl.plugin is plugin}
        self._guests.append(Guest(key, hooks))

    def having(self, hook: str) -> Iterator[Guest]:
        """Give everybody who implements a hook, in the order they were loaded, muted ones too."""
        return (guest for guest in self._guests if hook in guest.hooks)

    def record(self, guest: Guest) -> PluginRecord:
        """Give what is known of a plugin now."""
        return self.records[guest.key]

    def note(self, guest: Guest, **facts: Any) -> None:
        """Write down what was learned of a plugin."""
        self.records[guest.key] = dataclasses.replace(self.records[guest.key], **facts)

    def forgive(self) -> None:
        """Call plugins again that were muted because a call failed."""
        for key in tuple(self._failed):
            self._failed.discard(key)
            self.records[key] = dataclasses.replace(self.records[key], muted=None)

    def call(self, guest: Guest, function: Callable[[], Any], hook: str, expected: Any) -> Any:
        """Run one function of one plugin; its answer fits `expected` or is None.

        Raises:
            PluginBroken: it is muted, or failed just now (and is muted from here on, unless it was an `OSError`).
            HybridError: raised by the plugin itself to say that it cannot.
        """
        record = self.record(guest)
        if record.trouble:
            raise PluginBroken(f"{record.title} is not asked any more: {record.trouble}", record.cure)
        try:
            answer = within(function, self.seconds, self.aside)
        except (KeyboardInterrupt, HybridError):
            raise
        except Overdue:
            reason = f"`{hook}` did not answer within {self.seconds:g} s"
        except OSError as error:
            # Files come and go while a hook reads them (a checkout): it fails this once and is asked again.
            raise PluginBroken(f"{record.title} failed: {_raised(hook, error, record)}") from error
        except BaseException as error:  # noqa: BLE001 - SystemExit and everything else a hook can raise
            _log.warning("%s failed in %s", record.title, hook, exc_info=error)
            reason = _raised(hook, error, record)
        else:
            wrong = None if answer is None else misfit(answer, expected)
            if wrong is None:
                return answer
            reason = f"`{hook}` gave a wrong answer: {wrong}"
        raise self._mute(guest, reason)

    def ask(self, guest: Guest, hook: str, expected: Any, arguments: Mapping[str, object]) -> Any:
        """Give one plugin's answer to one hook; raises as `call` does."""
        impl = guest.hooks[hook]
        return self.call(guest, lambda: _invoke(impl, arguments), hook, expected)

    def wrap(
        self, guest: Guest, hook: str, expected: Any, arguments: Mapping[str, object], inner: Callable[[], Any]
    ) -> Any:
        """Give `inner`'s answer as a wrapper of one plugin changes it; a broken wrapper changes nothing.

        Raises:
            HybridError: `inner` failed, or the wrapper said deliberately that it cannot.
        """
        impl = guest.hooks[hook]
        try:
            generator = self.call(guest, lambda: _entered(impl, arguments), hook, object)
        except PluginBroken:
            return inner()
        try:
            answer = inner()
        except HybridError:
            generator.close()
            raise
        try:
            return self.call(guest, lambda: _left(generator, answer), hook, expected)
        except PluginBroken:
            return answer

    def _mute(self, guest: Guest, reason: str) -> PluginBroken:
        self.note(guest, muted=reason)
        self._failed.add(guest.key)
        record = self.record(guest)
        if self.on_muted is not None:
            self.on_muted(record)
        return PluginBroken(f"{record.title} is broken: {reason}", record.cure)


def _raised(hook: str, error: BaseException, record: PluginRecord) -> str:
    return f"`{hook}` raised {described(error, record.module)}"


def _invoke(impl: pluggy.HookImpl, arguments: Mapping[str, object]) -> object:
    return impl.function(*(arguments[name] for name in impl.argnames))


def _entered(impl: pluggy.HookImpl, arguments: Mapping[str, object]) -> Any:
    generator: Any = _invoke(impl, arguments)
    next(generator)
    return generator


def _left(generator: Any, answer: object) -> object:
    try:
        generator.send(answer)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("a wrapper yields exactly once")
