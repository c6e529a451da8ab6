"""Sizes and moments in the words of people."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta

from hybrid_tasks.errors import WrongInput
from hybrid_tasks.logs.escapes import plain

_THOUSAND = 1000
_SPAN = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SPANS = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+", re.ASCII)
_ONE_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])", re.ASCII)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_EPOCH = re.compile(r"\d{9,11}(?:\.\d+)?", re.ASCII)


def human(size: int) -> str:
    """A number of bytes as people write it: `812 bytes`, `9.1 kB`, `50 MB`."""
    if size < _THOUSAND:
        return f"{size} bytes"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= _THOUSAND
        if value < _THOUSAND:
            return f"{value:.1f}".removesuffix(".0") + f" {unit}"
    return f"{value:.0f} TB"


def clock(moment: float) -> str:
    """The local time of day of a moment in epoch seconds: `14:30:05`."""
    return time.strftime("%H:%M:%S", time.localtime(moment))


def stamp(moment: float) -> str:
    """Local date and time to the millisecond: `2026-01-31 14:30:05.120`."""
    whole = int(moment // 1)
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(whole)) + f".{int((moment - whole) * 1000):03d}"


def moment(text: str, now: float, option: str = "--since") -> float:
    """The moment a user means.

    Args:
        text: `10m`, `1h30m`, `14:30`, `2026-01-31`, `2026-01-31T14:30:05Z` or epoch seconds; without an offset it
            is local time, and a time of day that has not come yet is yesterday's.
        now: epoch seconds.
        option: what to name in the error.

    Returns:
        epoch seconds.

    Raises:
        WrongInput: it is none of these.
    """
    wanted = text.strip()
    if _SPANS.fullmatch(wanted):
        return now - sum(float(number) * _SPAN[unit] for number, unit in _ONE_SPAN.findall(wanted))
    if match := _CLOCK.fullmatch(wanted):
        hour, minute, second = (int(part or 0) for part in match.groups())
        today = datetime.fromtimestamp(now).replace(hour=hour, minute=minute, second=second, microsecond=0)  # noqa: DTZ006 - the user's clock
        return (today if today.timestamp() <= now else today - timedelta(days=1)).timestamp()
    if _EPOCH.fullmatch(wanted):
        return float(wanted)
    try:
        return datetime.fromisoformat(wanted).timestamp()
    except (ValueError, OverflowError):
        raise WrongInput(
            f"`{option} {plain(text)}` is no time", hint="write 10m, 2h, 14:30 or 2026-01-31T14:30"
        ) from None
