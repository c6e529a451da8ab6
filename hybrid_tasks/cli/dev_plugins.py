"""`inv dev-plugins`: every plugin, where it comes from, and what is wrong with it."""

from __future__ import annotations

from invoke.context import Context

from hybrid_tasks.cli.declare import dev_task


@dev_task(json="print one JSON object")
def dev_plugins(_c: Context, json: bool = False) -> int:
    """List plugins, and what is wrong with any of them.

    Exits with 4 when one is broken.

    Example: inv dev-plugins
    """
    import json as json_module
    import sys

    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.paint import Paint, harmless, is_terminal, size
    from hybrid_tasks.cli.tables import Column, table
    from hybrid_tasks.control.once import consult
    from hybrid_tasks.errors import Code

    result, code = consult(here.project(), "plugins", {})
    told = result if isinstance(result, dict) else {}
    plugins = [plugin for plugin in told.get("plugins") or () if isinstance(plugin, dict)]
    broken = [plugin for plugin in plugins if plugin.get("error") or plugin.get("muted")]
    code = code or (Code.PLUGIN if broken else Code.DONE)
    if json:
        print(json_module.dumps({"schema": 1, **told}, indent=2))
        return code
    paint = Paint.of(sys.stdout)
    columns = [
        Column("PLUGIN", colour=paint.bold),
        Column("DISTRIBUTION"),
        Column("VERSION", drop=2),
        Column("STATE", colour=lambda text: (paint.green if text == "ok" else paint.red)(text)),
        Column("LOADED IN", right=True, drop=3),
        Column("HOOKS", drop=4),
    ]
    rows = [
        [
            str(plugin.get("name", "")),
            str(plugin.get("distribution") or plugin.get("source") or ""),
            str(plugin.get("version") or ""),
            "broken" if plugin.get("error") else "muted" if plugin.get("muted") else "ok",
            f"{float(plugin['load_ms']):.0f} ms" if plugin.get("load_ms") is not None else "",
            " ".join(str(hook) for hook in plugin.get("hooks") or ()),
        ]
        for plugin in plugins
    ]
    limit = size(sys.stdout)[0] if is_terminal(sys.stdout) else None
    print("\n".join(table(columns, rows, paint, limit)))
    for plugin in broken:
        for line in harmless(f"{plugin.get('name')}: {plugin.get('error') or plugin.get('muted')}"):
            print(f"  {line}")
    return code
