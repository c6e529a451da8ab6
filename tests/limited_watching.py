"""Watches a tree under lowered inotify limits and prints what happened, as JSON; run inside `unshare -Ur`.

Arguments: the directory, the limit to lower (`watches` or `instances`), its value, `start` or `later`.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from receiver import Receiver

from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.model.watching import Watch


def main() -> None:
    root, limit, value, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    setting = Path(f"/proc/sys/user/max_inotify_{limit}")
    if when == "start":
        setting.write_text(value)
    told = Receiver()
    observer = Observer(told, root, interval=0.1)
    observer.watch("api", Watch((root / "api",)))
    observer.watch("small", Watch((root / "small",)))
    if when == "later":
        setting.write_text(value)
        for number in range(int(value) + 5):
            (root / "api" / f"later{number}").mkdir()
        told.hears_of_everything()
    warnings, polled = observer.warnings(), [str(path) for path in observer.polled()]
    watches = observer.watch_count()
    found = []
    for path in (
        "api/main.go",
        "api/d3/sub/x.go",
        "small/y.go",
        "api/later1/z.go" if when == "later" else "api/d1/z.go",
    ):
        told.clear()
        began = time.monotonic()
        (root / path).write_text("saved")
        found.append(told.hears(root / path))
        took = time.monotonic() - began
    setting.write_text("100000")
    observer.check()
    told.clear()
    (root / "api/main.go").write_text("saved again")
    found.append(told.hears(root / "api/main.go"))
    after = observer.warnings()
    observer.close()
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("hybrid-")]
    print(
        json.dumps(
            {
                "warnings": warnings,
                "polled": polled,
                "found": found,
                "took": took,
                "after": after,
                "left": left,
                "watches": watches,
            }
        )
    )


if __name__ == "__main__":
    main()
