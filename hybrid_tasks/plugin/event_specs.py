"""The hook of observers: told what happens, never asked."""

from __future__ import annotations

from hybrid_tasks.model.events import Event
from hybrid_tasks.plugin.markers import hookspec


@hookspec
def on_event(event: Event) -> None:
    """Hear of one event, after it happened.

    Example:
        @hookimpl
        def on_event(event):
            if event.kind == "receipt":
                print(event.service, event.data["result"])
    """
