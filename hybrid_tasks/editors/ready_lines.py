"""The lines of `dev-debug SERVICE --debugger` that programs wait for; an editor's file may hold them for years."""

from __future__ import annotations

MARK = "[hybrid]"
"""Begins each of these lines; the name of the service and one of these words follow."""
COMING = "is coming up under the debugger"
READY = "is ready for the debugger on"
FAILED = "stays as it was:"
AGAIN = "waits for the next save"
OVER = "runs without the debugger"
GONE = "is stopped"
