"""`inv dev-doctor`: what this machine and this project lack, each with the line that mends it."""

from __future__ import annotations

from invoke.context import Context

from hybrid_tasks.cli.declare import dev_task


@dev_task(json="print one JSON object")
def dev_doctor(_c: Context, json: bool = False) -> int:
    """Say what this machine or this project lacks.

    Exits with 1 when something has to be mended.

    Example: inv dev-doctor
    """
    import json as json_module
    import sys

    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.paint import Paint, harmless
    from hybrid_tasks.cli.tables import width
    from hybrid_tasks.control.once import consult
    from hybrid_tasks.errors import Code

    result, code = consult(here.project(), "doctor", {})
    told = result if isinstance(result, dict) else {}
    checks = [check for check in told.get("checks") or () if isinstance(check, dict)]
    code = code or (Code.DONE if all(check.get("ok") for check in checks) else Code.FAILED)
    if json:
        print(json_module.dumps({"schema": 1, **told}, indent=2))
        return code
    paint = Paint.of(sys.stdout)
    names = [" ".join(harmless(str(check.get("name", "")))) for check in checks]
    widest = max(map(width, names), default=0)
    words = [" ".join(harmless(str(check.get("word") or ("ok" if check.get("ok") else "FAIL")))) for check in checks]
    column = max(4, *map(width, words)) if words else 0
    for name, word, check in zip(names, words, checks, strict=True):
        colour = paint.red if not check.get("ok") else paint.green if word == "ok" else paint.yellow
        mark = colour(word + " " * (column - width(word)))
        detail = " ".join(harmless(str(check.get("detail") or "")))
        print(f"{mark}  {name}{' ' * (widest - width(name))}  {detail}".rstrip())
        if check.get("hint"):
            print(f"{' ' * column}  hint: {' '.join(harmless(str(check['hint'])))}")
    return code
