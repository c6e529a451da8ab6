"""Bringing plugins in one by one: imported with a deadline, registered, and checked before anybody asks them.

A plugin that is not taken in leaves a record with the reason and nothing else.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pluggy

from hybrid_tasks.plugin import event_specs, gateway_specs, runtime_specs, stack_specs
from hybrid_tasks.plugin.deadline import Aside, Overdue, within
from hybrid_tasks.plugin.loading import Candidate
from hybrid_tasks.plugin.markers import PROJECT
from hybrid_tasks.plugin.records import LOCAL, PluginRecord

_log = logging.getLogger(__name__)

SPECS = (stack_specs, runtime_specs, gateway_specs, event_specs)


class Unfit(Exception):
    """Why a plugin is not taken in."""


def manager() -> pluggy.PluginManager:
    """Give a plugin manager that knows every hook and no plugin."""
    pm = pluggy.PluginManager(PROJECT)
    for specs in SPECS:
        pm.add_hookspecs(specs)
    return pm


def admit(
    pm: pluggy.PluginManager, candidate: Candidate, seconds: float, aside: Aside
) -> tuple[PluginRecord, object | None]:
    """Import one plugin and register it.

    Args:
        pm: the manager it is registered with.
        candidate: what was found.
        seconds: how long its import may take.
        aside: where its printing is sent.

    Returns:
        its record, and the plugin itself or None when the record says why not.

    Raises:
        KeyboardInterrupt: the user wants to stop.
    """
    record, began = candidate.record, time.perf_counter()
    plugin: object | None = None
    reason: str | None = None
    hooks: tuple[str, ...] = ()
    try:
        plugin = within(candidate.bring, seconds, aside)
        hooks = _register(pm, plugin, record)
    except KeyboardInterrupt:
        raise
    except Unfit as error:
        reason = str(error)
    except Overdue:
        reason = f"its import did not end within {seconds:g} s"
    except BaseException as error:  # noqa: BLE001 - SystemExit and everything else a module can raise
        _log.warning("%s cannot be imported", record.title, exc_info=error)
        reason = f"its import failed: {described(error, candidate.record.module)}"
    took = (time.perf_counter() - began) * 1000
    record = dataclasses.replace(record, hooks=hooks, load_ms=round(took, 2), error=reason)
    return record, None if reason else plugin


def described(error: BaseException, module: str) -> str:
    """Give an exception as one line: its class, its words and the last line of the plugin it came through."""
    words = " ".join(str(error).split())
    text = f"{type(error).__name__}: {words}" if words else type(error).__name__
    if isinstance(error, SyntaxError):
        return text
    package = module.partition(":")[0].partition(".")[0]
    place = ""
    trace = error.__traceback__
    while trace is not None:
        name = str(trace.tb_frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] == package:
            place = f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})"
        trace = trace.tb_next
    return text + place


def _register(pm: pluggy.PluginManager, plugin: object, record: PluginRecord) -> tuple[str, ...]:
    key = f"{record.distribution}:{record.name}"
    try:
        pm.register(plugin, key)
    except pluggy.PluginValidationError as error:
        raise Unfit(_validation(str(error))) from None
    except ValueError:
        raise Unfit(f"`{record.module}` is registered twice") from None
    try:
        hooks = list(_hooks_of(pm, plugin))
        _vet(pm, hooks, local_file=record.local)
    except Unfit:
        pm.unregister(plugin)
        raise
    return tuple(sorted({name for name, _ in hooks}))


def _validation(text: str) -> str:
    # pluggy's words are several lines with the plugin's and the function's repr; the useful one is in the middle.
    argument = re.search(r"hook '(\w+)'.*?Argument\(s\) (\{.*?\}) are declared in the hookimpl", text, re.DOTALL)
    if argument:
        return f"`{argument[1]}` takes arguments the hook does not have: {argument[2].strip('{}')}"
    return " ".join(text.split())


def _hooks_of(pm: pluggy.PluginManager, plugin: object) -> Iterator[tuple[str, pluggy.HookImpl]]:
    for caller in pm.get_hookcallers(plugin) or ():
        for impl in caller.get_hookimpls():
            if impl.plugin is plugin:
                yield caller.name, impl


def _vet(pm: pluggy.PluginManager, hooks: list[tuple[str, pluggy.HookImpl]], *, local_file: bool) -> None:
    if not hooks:
        raise Unfit("it has no function marked `@hookimpl`")
    known = [name for specs in SPECS for name in vars(specs)]
    for name, impl in hooks:
        caller = getattr(pm.hook, name)
        if not caller.has_spec() and not impl.optionalhook:
            close = difflib.get_close_matches(name, known, 1)
            raise Unfit(f"there is no hook `{name}`" + (f", did you mean `{close[0]}`?" if close else ""))
        if inspect.iscoroutinefunction(impl.function) or inspect.isasyncgenfunction(impl.function):
            raise Unfit(f"`{name}` is `async def`; hooks are plain functions that return plans")
        if (impl.wrapper or impl.hookwrapper) and not local_file:
            raise Unfit(f"`{name}` is a wrapper; only {LOCAL} may wrap")
        if impl.hookwrapper:
            raise Unfit(f"`{name}` is an old-style wrapper; use `@hookimpl(wrapper=True)`")
