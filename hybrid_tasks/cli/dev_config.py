"""`inv dev-config`: the configuration as it is understood, or the schema of `hybrid.toml`."""

from __future__ import annotations

from collections.abc import Iterator
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
    if not (schema or show_secrets):
        result = masked_within(result)
    if schema or json:
        print(json_module.dumps(result, indent=2))
        return code
    for line in lines("", result):
        print(" ".join(harmless(line)))
    return code


def lines(key: str, value: Any) -> Iterator[str]:
    """A nested value as `key.key = value` lines; what is empty is left out."""
    import json as json_module

    if isinstance(value, dict):
        for name, item in value.items():
            yield from lines(f"{key}.{name}" if key else str(name), item)
    elif value not in (None, [], ""):
        yield f"{key} = {json_module.dumps(value, ensure_ascii=False)}"
