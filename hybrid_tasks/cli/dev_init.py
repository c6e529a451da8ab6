"""`inv dev-init`: finds the services of a directory, says how it knows, writes `hybrid.toml`; never overwrites.

With `--vscode` it is an editor that gets to know the services of a project.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from invoke.context import Context

from hybrid_tasks.cli.declare import dev_task

TASKS = "from hybrid_tasks import tasks\n\nns = tasks()\n"


@dev_task(
    dry_run="print what would be written",
    vscode="instead: add to .vscode/ of the project how each service is debugged",
    json="print what was found as one JSON object, and write nothing",
)
def dev_init(c: Context, dry_run: bool = False, vscode: bool = False, json: bool = False) -> int:
    """Find services here and write a commented hybrid.toml.

    Writes a two-line tasks.py as well if there is none; nothing is ever overwritten.

    With --vscode it adds configurations to .vscode/launch.json and .vscode/tasks.json that start each service under
    its debugger and attach to it, and touches nothing else there.

    Example: inv dev-init --dry-run
    """
    import json as json_module

    from hybrid_tasks.cli.paint import harmless
    from hybrid_tasks.config.locate import config_files
    from hybrid_tasks.control.once import consult
    from hybrid_tasks.errors import WrongInput

    only_show = dry_run or json or bool(c.config.run.dry)
    if vscode:
        from hybrid_tasks.cli.vscode import write

        return write(only_show=only_show, as_json=json)
    root = Path.cwd()
    if not only_show and (there := config_files(root)):
        raise WrongInput(f"`{there[0].name}` is there already", "nothing is overwritten; edit it, or move it away")
    result, code = consult(root, "init", {}, alone=True)
    found: dict[str, Any] = result if isinstance(result, dict) else {}
    files = {str(name): str(text) for name, text in (found.get("files") or {}).items()}
    if json:
        print(json_module.dumps({"schema": 1, **found}, indent=2))
        return code
    for line in found.get("evidence") or ():
        print(" ".join(harmless(str(line))))
    for name, text in files.items():
        if only_show:
            print(f"--- {name}\n{text}", end="")
        else:
            _write(root / name, text)
            print(f"wrote {name}")
    _tasks_file(root, only_show=only_show)
    if not only_show:
        print(
            "now: inv dev-start"
            if found.get("services")
            else "now: describe a service in hybrid.toml, then inv dev-start"
        )
    return code


def _tasks_file(root: Path, *, only_show: bool) -> None:
    """Write the two lines, or say where they go; a `tasks.py` of the user's is never touched."""
    file = next((path for path in (root / "tasks.py", root / "tasks" / "__init__.py") if path.exists()), None)
    if file is None:
        if only_show:
            print(f"--- tasks.py\n{TASKS}", end="")
        else:
            _write(root / "tasks.py", TASKS)
            print("wrote tasks.py")
        return
    if "hybrid_tasks" in file.read_text("utf-8", "replace"):
        return
    place = file.relative_to(root)
    print(f"{place} is yours and stays as it is; add these two lines to it, your own tasks stay beside ours:")
    print("\n".join(f"    {line}" for line in TASKS.splitlines() if line))


def _write(file: Path, text: str) -> None:
    """Write a new file completely or not at all; one that is there already is a mistake."""
    from hybrid_tasks.errors import HybridError, WrongInput

    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with fresh.open("x", encoding="utf-8") as target:
            target.write(text)
        os.link(fresh, file)  # unlike a rename this never replaces
    except FileExistsError:
        raise WrongInput(f"`{file.name}` is there already", "nothing is overwritten") from None
    except OSError as error:
        raise HybridError(f"cannot write `{file}`: {error.strerror}") from None
    finally:
        fresh.unlink(missing_ok=True)
