"""The two pluggy markers of this project."""

from __future__ import annotations

import pluggy

PROJECT = "hybrid_tasks"
"""The pluggy project name and the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
