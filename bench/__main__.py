"""`python -m bench [name…]`: run the named benches, or all of them, and print their tables.

`name:part` measures a part of a bench: `python -m bench reload:go`.
"""

from __future__ import annotations

import sys
from importlib import import_module

from bench import machine

BENCHES = ("cli", "start20", "reload", "growth", "idle", "logs", "broken", "bursts")
"""In this order; each is a module here with a `main()`."""


def main() -> int:
    """Run what the command line names, and give the exit code."""
    names = sys.argv[1:] or BENCHES
    if unknown := [name for name in names if name.partition(":")[0] not in BENCHES]:
        print(f"no bench `{unknown[0]}`; there are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    print(machine.line())
    for word in names:
        name, _, part = word.partition(":")
        module = import_module(f"bench.{name}")
        print(f"\n## {name}\n\n{(module.__doc__ or '').splitlines()[0]}\n", flush=True)
        module.main(*filter(None, [part]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
