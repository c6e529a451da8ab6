"""The names of the tasks: no service may be called like one, for `inv dev-start setup` would run the task `setup`."""

from __future__ import annotations

TASKS: tuple[str, ...] = (
    "cluster-deploy",
    "cluster-down",
    "cluster-logs",
    "cluster-status",
    "cluster-up",
    "db-console",
    "db-migrate",
    "db-reset",
    "db-seed",
    "dev-clean",
    "dev-completion",
    "dev-config",
    "dev-dash",
    "dev-debug",
    "dev-doctor",
    "dev-env",
    "dev-exec",
    "dev-init",
    "dev-logs",
    "dev-plugins",
    "dev-restart",
    "dev-run",
    "dev-start",
    "dev-status",
    "dev-step",
    "dev-stop",
    "dev-switch",
    "dev-test",
    "dev-wait",
    "health-check",
    "setup",
)
"""Every task of hybrid-tasks, of this version and of the planned ones."""


def step_task(step: str) -> str:
    """Give the name of the task that runs a one-shot step: `migrate` is `inv dev-migrate`."""
    return f"dev-{step}"
