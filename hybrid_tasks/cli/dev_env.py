"""`inv dev-env`: the environment of a service, with where each value comes from."""

from __future__ import annotations

from invoke.context import Context

from hybrid_tasks.cli.declare import SERVICE, dev_task


@dev_task(
    takes=SERVICE,
    service="the service; its name alone does as well",
    explain="show where each value comes from",
    format="dotenv, shell or json",
    show_secrets="print secrets as they are",
    json="the same as --format json",
)
def dev_env(
    _c: Context,
    service: str | None = None,
    explain: bool = False,
    format: str = "dotenv",  # noqa: A002 - the flag's name
    show_secrets: bool = False,
    json: bool = False,
) -> int:
    """Print the environment of a service, secrets masked.

    Example: inv dev-env api --explain
    """
    from hybrid_tasks.cli import here
    from hybrid_tasks.config.nearest import suggestion
    from hybrid_tasks.control.once import consult
    from hybrid_tasks.env import explain as printing
    from hybrid_tasks.env.masking import masked
    from hybrid_tasks.errors import WrongInput

    chosen = "json" if json else format
    if chosen not in printing.FORMATS:
        raise WrongInput(f"there is no format `{chosen}`", suggestion(chosen, printing.FORMATS))
    root = here.project()
    if not service:
        names = here.table_names(root, "services")
        raise WrongInput("which service?", f"inv dev-env {names[0] if names else 'SERVICE'}")
    result, code = consult(root, "env", {"service": service})
    told = result if isinstance(result, dict) else {}
    variables = [variable for variable in told.get("variables") or () if isinstance(variable, dict)]
    if explain:
        print(printing.explained(variables, reveal=show_secrets), end="")
        return code
    values = {str(variable.get("name")): str(variable.get("value")) for variable in variables}
    shown = values if show_secrets else {name: masked(name, value) for name, value in values.items()}
    print(printing.FORMATS[chosen](shown), end="")
    return code
