"""The door for plugin authors: everything a plugin may import, and nothing else of hybrid-tasks.

A plugin is a module (or a package) named in the entry-point group `hybrid_tasks` that holds functions
marked `@hookimpl`. Its `*_info` hook claims a name; it is then asked only about services that use it.
"""

from __future__ import annotations

from hybrid_tasks.errors import HybridError, ToolMissing, WrongInput
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.events import Event
from hybrid_tasks.model.info import API_VERSION, Detected, GatewayInfo, RuntimeInfo, StackInfo, Tool
from hybrid_tasks.model.plan import (
    Build,
    CargoExecutable,
    CleanPlan,
    DebugPlan,
    Driver,
    Place,
    ReloadAction,
    ReloadPlan,
    RunPlan,
    StartPlan,
    Target,
)
from hybrid_tasks.model.probe import AliveProbe, ExecProbe, HttpProbe, LogProbe, NotifyProbe, Pace, Probe, TcpProbe
from hybrid_tasks.model.project import Project
from hybrid_tasks.model.routes import GatewaySettings, Route
from hybrid_tasks.model.service import Endpoint, Launch, Listen, Restart, Service, Stop
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Unknown, Verdict
from hybrid_tasks.model.watching import Burst, Change, ChangeKind, Debounce, Watch
from hybrid_tasks.plugin.markers import hookimpl

__all__ = [
    "API_VERSION",
    "AliveProbe",
    "Build",
    "Burst",
    "CargoExecutable",
    "Change",
    "ChangeKind",
    "CleanPlan",
    "Command",
    "Debounce",
    "DebugPlan",
    "Detected",
    "Driver",
    "Endpoint",
    "Event",
    "ExecProbe",
    "GatewayInfo",
    "GatewaySettings",
    "Healthy",
    "HttpProbe",
    "HybridError",
    "Launch",
    "Listen",
    "LogProbe",
    "NotifyProbe",
    "Pace",
    "Place",
    "Probe",
    "Project",
    "ReloadAction",
    "ReloadPlan",
    "Restart",
    "Route",
    "RunPlan",
    "RuntimeInfo",
    "Service",
    "StackInfo",
    "StartPlan",
    "Stop",
    "Target",
    "TcpProbe",
    "Tool",
    "ToolMissing",
    "Unhealthy",
    "Unknown",
    "Verdict",
    "Watch",
    "WrongInput",
    "hookimpl",
]
