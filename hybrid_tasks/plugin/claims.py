"""Which plugin brings which stack, runtime and gateway, and what happens when two bring the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from hybrid_tasks.errors import HybridError, PluginBroken
from hybrid_tasks.model.info import API_VERSION, GatewayInfo, RuntimeInfo, StackInfo
from hybrid_tasks.plugin.disabled import plain
from hybrid_tasks.plugin.guests import Guest, Guests
from hybrid_tasks.plugin.records import LOCAL, PluginRecord

Info = TypeVar("Info", StackInfo, RuntimeInfo, GatewayInfo)

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")

SERVICE_KEYS = frozenset({
    "stack", "dir", "runtime", "command", "build", "check", "args", "env", "env_file", "port", "ports", "host",
    "port_env", "listen", "launch", "health", "needs", "watch", "ignore", "debounce", "restart", "optional", "stop",
})  # fmt: skip
"""Keys of a service: a stack's options table stands beside them, so no stack may be called like one."""

REQUIRED = {"stack": "stack_start", "runtime": "runtime_plan", "gateway": "gateway_render"}
"""The one hook without which a claim is empty."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The stacks, the runtimes and the gateways by name, as the plugins that bring them describe them."""

    stacks: Mapping[str, StackInfo]
    runtimes: Mapping[str, RuntimeInfo]
    gateways: Mapping[str, GatewayInfo]


def read_claims(guests: Guests, prefer: Mapping[str, str]) -> Claims:
    """Ask every plugin what it brings, and write down in its record what it does.

    Args:
        guests: the plugins.
        prefer: the distribution that brings a name which several claim.

    Raises:
        PluginBroken: two plugins claim one name and `prefer` does not decide.
    """
    return Claims(
        _settle(guests, "stack", StackInfo, prefer),
        _settle(guests, "runtime", RuntimeInfo, prefer),
        _settle(guests, "gateway", GatewayInfo, prefer),
    )


def _settle(guests: Guests, kind: str, noun: type[Info], prefer: Mapping[str, str]) -> dict[str, Info]:
    found: dict[str, list[tuple[Guest, Info]]] = {}
    for guest in guests.having(f"{kind}_info"):
        info = _claim(guests, guest, kind, noun)
        if info is not None:
            found.setdefault(info.name, []).append((guest, info))
    settled = {}
    for name, pairs in found.items():
        lost = losers(kind, name, [guests.record(guest) for guest, _ in pairs], prefer)
        for guest, info in pairs:
            if guests.record(guest) in lost:
                guests.note(guest, muted=f"`[plugins] prefer` gives the {kind} `{name}` to another")
            else:
                settled[name] = info
    return settled


def _claim(guests: Guests, guest: Guest, kind: str, noun: type[Info]) -> Info | None:
    if guests.record(guest).trouble:
        return None
    try:
        info: Info | None = guests.ask(guest, f"{kind}_info", noun, {})
    except HybridError as error:
        # Not merely muted: without its claim nobody could ask it later either.
        guests.note(guest, error=guests.record(guest).muted or error.message)
        return None
    if info is None:
        return None
    reason = unfit(kind, info, guests.record(guest).hooks)
    guests.note(guest, **{kind: info.name}, error=reason)
    return None if reason else info


def unfit(kind: str, info: StackInfo | RuntimeInfo | GatewayInfo, hooks: tuple[str, ...]) -> str | None:
    """Say why a plugin's claim cannot stand, or None when it can.

    Args:
        kind: `stack`, `runtime` or `gateway`.
        info: what its `*_info` hook gave.
        hooks: the hooks it implements.
    """
    if info.api != API_VERSION:
        newer = "upgrade hybrid-tasks" if info.api > API_VERSION else "upgrade the plugin"
        return f"it speaks version {info.api} of the hooks and this hybrid-tasks speaks {API_VERSION}: {newer}"
    if not NAME.fullmatch(info.name):
        return f"it claims the {kind} name `{info.name}`; names are lower case letters, digits, `_`, `.` and `-`"
    if info.name in SERVICE_KEYS:
        return f"it claims the {kind} name `{info.name}`, which is a key of every service"
    if REQUIRED[kind] not in hooks:
        return f"it claims the {kind} `{info.name}` but has no `{REQUIRED[kind]}`"
    model = info.options
    if model is not None and not (hasattr(model, "model_validate") and hasattr(model, "model_json_schema")):
        return f"its options `{model.__name__}` are not a pydantic model class"
    return None


def losers(kind: str, name: str, claimants: list[PluginRecord], prefer: Mapping[str, str]) -> list[PluginRecord]:
    """Give those who must leave a name to another.

    Args:
        kind: `stack`, `runtime` or `gateway`.
        name: the name that is claimed.
        claimants: everybody who claims it.
        prefer: `[plugins] prefer` of `hybrid.toml`: the distribution that brings a name.

    Raises:
        PluginBroken: several claim it and nothing decides.
    """
    chosen = [record for record in claimants if plain(record.distribution) == plain(prefer.get(name, ""))]
    if len(claimants) < 2 or len(chosen) == 1:  # noqa: PLR2004 - one claimant is the normal case
        return [record for record in claimants if chosen and record not in chosen]
    named = " and ".join(_named(record) for record in claimants)
    other = next((r.distribution for r in reversed(claimants) if r.distribution != LOCAL), LOCAL)
    raise PluginBroken(
        f"{named} both bring the {kind} `{name}`",
        f'choose one in hybrid.toml (`[plugins]` `prefer = {{ {name} = "{other}" }}`) or uninstall the other',
    )


def _named(record: PluginRecord) -> str:
    return f"`{LOCAL}`" if record.local else f"`{record.distribution}` (plugin `{record.name}`)"
