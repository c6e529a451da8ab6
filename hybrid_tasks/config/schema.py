"""The JSON schema of `hybrid.toml`, for editors and for `inv dev-config --schema`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, create_model

from hybrid_tasks.config import naming
from hybrid_tasks.config.tables import File, ServiceTable
from hybrid_tasks.model.info import RuntimeInfo, StackInfo
from hybrid_tasks.plugin.host import Host

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(host: Host) -> dict[str, Any]:
    """Describe every key, options tables of the installed plugins included.

    Args:
        host: the loaded plugins.

    Returns:
        a JSON schema (draft 2020-12) in which every key has a description.
    """
    tables: dict[str, Any] = {}
    infos: list[tuple[str, StackInfo | RuntimeInfo]] = [
        ("runtime", host.runtimes[name]) for name in sorted(host.runtimes)
    ]
    infos += [("stack", host.stacks[name]) for name in sorted(host.stacks)]
    for kind, info in infos:
        model: Any = info.options
        if model is not None and issubclass(model, BaseModel):
            tables[info.name] = (model | None, Field(default=None, description=f"Options of the {kind} {info.title}."))
    service: Any = create_model("ServiceTable", __base__=ServiceTable, __doc__=ServiceTable.__doc__, **tables)
    services: Any = (dict[str, service], File.model_fields["services"])
    file = create_model("File", __base__=File, __doc__=File.__doc__, services=services)
    schema: dict[str, Any] = _tidied(file.model_json_schema())
    for names, rule in (("services", naming.SERVICE), ("modes", naming.SERVICE), ("steps", naming.STEP)):
        schema["properties"][names]["propertyNames"] = {"pattern": f"^{rule.pattern}$"}
    return {"$schema": DIALECT, "title": "hybrid.toml", **schema}


def _tidied(part: Any, *, names: bool = False) -> Any:
    """Leave out the titles pydantic makes of names, and the null that TOML does not have."""
    if isinstance(part, list):
        return [_tidied(one) for one in part]
    if not isinstance(part, dict):
        return part
    if names:
        return {name: _tidied(one) for name, one in part.items()}
    kept = {key: value for key, value in part.items() if key != "title" and not (key == "default" and value is None)}
    choices = [one for one in kept.get("anyOf", []) if one != {"type": "null"}]
    if len(choices) == 1:
        del kept["anyOf"]
        kept = {**choices[0], **kept}
    elif choices:
        kept["anyOf"] = choices
    return {key: _tidied(value, names=key in {"properties", "$defs"}) for key, value in kept.items()}
