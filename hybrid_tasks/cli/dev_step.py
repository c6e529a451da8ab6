"""`inv dev-step NAME`: a one-shot command of the project, after what it needs."""

from __future__ import annotations

from invoke.context import Context

from hybrid_tasks.cli.declare import Words, dev_task


@dev_task(takes=Words("step"), step="the step; its name alone does as well")
def dev_step(_c: Context, step: str | None = None) -> int:
    """Run a one-shot step of the project.

    It runs on this terminal, after what it needs was started; `inv dev-NAME` does the same.

    Example: inv dev-step migrate
    """
    return run_step(step)


def run_step(name: str | None) -> int:
    """Run a step.

    Args:
        name: of `[steps.NAME]`.

    Returns:
        the exit code of its command.
    """
    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.terminal import run
    from hybrid_tasks.control.once import consult
    from hybrid_tasks.errors import WrongInput

    root = here.project()
    if not name:
        names = here.table_names(root, "steps")
        raise WrongInput("which step?", f"steps: {', '.join(names)}" if names else "add [steps.NAME] to hybrid.toml")
    result, code = consult(root, "step", {"name": name})
    told = result if isinstance(result, dict) else {}
    needs = [str(need) for need in told.get("needs") or ()]
    services = [need for need in needs if not need.startswith("step:")]
    for need in needs:
        if need.startswith("step:") and (code := run_step(need.removeprefix("step:"))):
            return code
    if services:
        from hybrid_tasks.cli.acting import act

        if code := act(root, "start", {"services": services}, start=True, as_json=False):
            return code
    return code or run(told, f"step `{name}`")
