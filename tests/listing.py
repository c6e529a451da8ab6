"""What `inv --list` says, as a mapping."""

from __future__ import annotations

import json

from desk import Desk


def listed(desk: Desk, **options: object) -> dict[str, str]:
    done = desk.run("--list", "--list-format", "json", **options)  # type: ignore[arg-type]
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    names = {task["name"]: task["help"] for task in data["tasks"]}
    for collection in data["collections"]:
        names |= {f"{collection['name']}.{task['name']}": task["help"] for task in collection["tasks"]}
    return names
