"""How a block of lines looks: prefix, colour and time, one line's colours never in the next line."""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from typing import Protocol

from hybrid_tasks.logs.colours import colour_of, usable
from hybrid_tasks.logs.escapes import RESET, clean, plain, strip
from hybrid_tasks.logs.events import EVENT, told
from hybrid_tasks.logs.index import DROPPED, STREAM_NAMES
from hybrid_tasks.logs.lines import cut_long
from hybrid_tasks.logs.merge import Block
from hybrid_tasks.logs.probed import Probed
from hybrid_tasks.logs.units import stamp

_STYLES = {"error": "2;31", "warning": "2;33"}
"""Of events; others are only dim."""


class Look(Protocol):
    """Turns a block into the bytes to write."""

    def __call__(self, block: Block) -> bytes:
        """The bytes of one block."""


class Raw:
    """The bytes as the services wrote them; our own notes are left out.

    Only where another job goes on after an unfinished line, a line end is put between the two.
    """

    def __init__(self) -> None:
        self._unfinished: tuple[str, str] | None = None

    def __call__(self, block: Block) -> bytes:
        """The bytes of one block."""
        if block.stream == DROPPED:
            return b""
        between = b"\n" if self._unfinished not in {None, block.job.key} else b""
        self._unfinished = None if block.data.endswith(b"\n") else block.job.key
        return between + block.data


def as_json(block: Block, *, exact: bool = False, probed: Probed | None = None) -> bytes:
    """One JSON object a line: service, stream, time (epoch seconds), role, run, text.

    Args:
        block: what to show.
        exact: escapes stay in the texts, long lines whole.
        probed: finds the lines that answer our own probes; `probe` is true there.
    """
    job, stream = block.job, STREAM_NAMES.get(block.stream, "stdout")
    if job.role == EVENT:
        stream = EVENT
    known = {"service": job.service, "stream": stream, "time": round(block.time, 6), "role": job.role, "run": job.run}
    # The same for the whole block; only the texts are encoded line by line.
    if job.role == EVENT:
        return "".join([f"{json.dumps({**known, **event, **known})}\n" for event in told(block.data)]).encode()
    head = json.dumps(known)[:-1] + ', "text": '
    data = block.data if exact else strip(cut_long(block.data)).replace(b"\r\n", b"\n")
    texts = data.decode("utf-8", "replace").removesuffix("\n").split("\n")
    if probed is not None and (ours := probed.lines(block)):
        ends = ["}\n" if number not in ours else ', "probe": true}\n' for number in range(len(texts))]
        pairs = zip(texts, ends, strict=True)
        return "".join([f"{head}{encode_basestring_ascii(text)}{end}" for text, end in pairs]).encode()
    return "".join([f"{head}{encode_basestring_ascii(text)}}}\n" for text in texts]).encode()


class Prefixed:
    """`name | line`, the names aligned.

    Args:
        names: the services that may come, for the width.
        colours: whether somebody's terminal shows colours; else no escape is written at all.
        timestamps: each line with its time.
        announced: what a service's log folder says about its colour.
    """

    def __init__(
        self,
        names: list[str],
        *,
        colours: bool,
        timestamps: bool = False,
        announced: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._names = names
        self._colours = colours
        self._timestamps = timestamps
        self._announced = announced
        self._width = max((len(plain(name)) for name in names), default=0)
        self._prefixes: dict[str, bytes] = {}

    def __call__(self, block: Block) -> bytes:
        """The bytes of one block."""
        if block.job.role == EVENT:
            data = self._events(block.data)
        else:
            data = clean(cut_long(block.data), colours=self._colours)
        prefix = self._prefix(block.job.service)
        if self._timestamps:
            prefix += stamp(block.time).encode() + b" "
        if not data:
            return b""
        # One replacement for the whole block: this is where the speed comes from.
        reset = RESET if self._colours and b"\x1b" in data else b""
        body = data.removesuffix(b"\n").replace(b"\n", reset + b"\n" + prefix)
        return b"".join((prefix, body, reset, b"\n"))

    def _events(self, data: bytes) -> bytes:
        """What we say ourselves stands out from what services say, and stays behind it."""
        lines = []
        for event in told(data):
            text = f"-- {plain(event.get('text', ''))}"
            style = _STYLES.get(event.get("level", ""), "2")
            lines.append(f"\x1b[{style}m{text}\n" if self._colours else f"{text}\n")
        return "".join(lines).encode()

    def _prefix(self, service: str) -> bytes:
        known = self._prefixes.get(service)
        if known is not None:
            return known
        name = plain(service)
        if len(name) > self._width:  # a service that came into being while we follow
            self._width = len(name)
            self._prefixes.clear()
        text = f"{name.ljust(self._width)} | ".encode()
        if self._colours:
            announced = self._announced(service)
            colour = announced if usable(announced) else colour_of(service, self._names)
            text = f"\x1b[{colour}m".encode() + text + RESET
        self._prefixes[service] = text
        return text
