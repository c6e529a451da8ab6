"""`inv dev-config`: the configuration as it is understood, or the schema of `hybrid.toml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from invoke.context import Context

from hybrid_tasks.cli.declare import dev_task


@dev_task(
    schema="print the JSON schema of hybrid.toml, plugins' tables included",
    show_secrets="print secrets as they are",
    json="print one JSON object",
)
def dev_config(_c: Context, schema: bool = False, show_secrets: bool = False, json: bool = False) -> int:
    """Check the configuration; print it with its defaults, secrets masked.

    Example: inv dev-config --schema > hybrid.schema.json
    """
    import json as json_module

    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.paint import harmless
    from hybrid_tasks.control.once import consult
    from hybrid_tasks.env.masking import masked_within

    result, code = consult(here.project(), "config", {"schema": schema})
    told: dict[str, Any] = result if isinstance(result, dict) else {}
    if not (schema or show_secrets):
        told = masked_within(told, also=_plugins_tables(told))
    if schema or json:
        print(json_module.dumps(told, indent=2))
        return code
    for line in _lines(told):
        print(" ".join(harmless(line)))
    return code


def _plugins_tables(told: Mapping[str, Any]) -> set[str]:
    services = (told.get("services") or {}).values()
    return {str(service[key]) for service in services for key in ("stack", "runtime") if service.get(key)}


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The configuration as a `hybrid.toml`, where it comes from and what was found as comments."""
    from hybrid_tasks.config.literals import key, pairs

    mode = f", mode {told['mode']}" if told.get("mode") else ""
    yield f"# {told.get('file') or told.get('root')}{mode}"
    yield from (f"# warning: {warning}" for warning in told.get("warnings") or ())
    for name in told.get("unwatched") or ():
        yield f"# hot reload is off: {name}"
    found = {f"services.{key(name)}.stack": evidence for name, evidence in (told.get("detected") or {}).items()}
    for table in ("project", "modes", "services", "gateway", "cluster", "steps"):
        for name, value in pairs(table, told.get(table)):
            comment = f"  # found: {found[name]}" if name in found else ""
            yield f"{name} = {value}{comment}"
