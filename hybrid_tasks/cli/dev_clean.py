"""`inv dev-clean`: lists exactly what would be removed, asks, and removes only that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from invoke.context import Context

from hybrid_tasks.cli.declare import dev_task


@dev_task(
    caches="also the stacks' caches and build folders",
    volumes="also the volumes of containers",
    images="also images that were built",
    yes="do not ask",
    dry_run="only list",
    json="print the list as one JSON object, and remove only with --yes",
)
def dev_clean(  # noqa: PLR0917 - Invoke passes every flag by name
    c: Context,
    caches: bool = False,
    volumes: bool = False,
    images: bool = False,
    yes: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> int:
    """Remove this project's builds and logs, after asking.

    Everything is listed with its size first, and exactly what was listed is removed.

    Example: inv dev-clean --caches --dry-run
    """
    import json as json_module
    import shlex
    import sys

    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.paint import is_terminal
    from hybrid_tasks.cli.terminal import run
    from hybrid_tasks.control.once import consult
    from hybrid_tasks.errors import Code, WrongInput

    root = here.project()
    args = {"caches": caches, "volumes": volumes, "images": images}
    result, _ = consult(root, "clean", args)
    found: dict[str, Any] = result if isinstance(result, dict) else {}
    paths = [str(entry.get("path")) for entry in found.get("paths") or () if isinstance(entry, dict)]
    print(json_module.dumps({"schema": 1, **found}) if json else "\n".join(listed(found, str(root))))
    nothing = not paths and not found.get("commands")
    if nothing or dry_run or c.config.run.dry or (json and not yes):
        return Code.DONE
    if not yes:
        if not is_terminal(sys.stdin) or not is_terminal(sys.stdout):
            raise WrongInput("nothing is removed without a yes", "run it in a terminal, or add --yes")
        if not agreed():
            print("nothing was removed")
            return Code.DONE
    agreed_to = [shlex.join(map(str, command)) for command in found.get("commands") or ()]
    done, _ = consult(root, "clean", {**args, "apply": True, "paths": paths, "commands": agreed_to})
    if not json:
        print("removed")
    left = done.get("commands") if isinstance(done, dict) else None
    return next((code for command in left or () if (code := run(command, "dev-clean"))), Code.DONE)


def agreed() -> bool:
    """Ask on the terminal; anything but a yes is a no."""
    try:
        return input("remove all of this? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        print()
        return False


def listed(found: dict[str, Any], root: str) -> list[str]:
    """What would be removed, one line each, with sizes and the sum; then what is left out and why."""
    import shlex

    from hybrid_tasks.cli.paint import harmless
    from hybrid_tasks.logs.units import human

    entries = [entry for entry in found.get("paths") or () if isinstance(entry, dict)]
    sizes = [human(int(entry.get("bytes") or 0)) for entry in entries]
    widest = max(map(len, sizes), default=0)
    lines = [
        f"{size:>{widest}}  {' '.join(harmless(str(entry.get('path')).removeprefix(root + '/')))}"
        for size, entry in zip(sizes, entries, strict=True)
    ]
    lines += ["run: " + " ".join(harmless(shlex.join(map(str, command)))) for command in found.get("commands") or ()]
    if not lines:
        lines = ["nothing to remove"]
    if len(entries) > 1:
        lines.append(f"{human(sum(int(entry.get('bytes') or 0) for entry in entries))} in all")
    return [*lines, *_skipped(found, root)]


def _skipped(found: dict[str, Any], root: str) -> Iterator[str]:
    from hybrid_tasks.cli.paint import harmless
    from hybrid_tasks.logs.units import human

    for entry in found.get("skipped") or ():
        if isinstance(entry, dict):
            size = human(int(entry.get("bytes") or 0))
            path = str(entry.get("path")).removeprefix(root + "/")
            cure = "; run `inv dev-stop` first" if entry.get("service") else ""
            yield " ".join(harmless(f"skipped: {path} ({size}): {entry.get('why')}{cure}"))
