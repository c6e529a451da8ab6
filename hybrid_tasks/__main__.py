"""`python -m hybrid_tasks dev-init`: the same tasks where there is no `tasks.py` yet."""

from __future__ import annotations

from importlib.metadata import version

from invoke.program import Program

from hybrid_tasks.cli.app import collection
from hybrid_tasks.cli.positionals import install


def main() -> None:
    """Run our tasks without a `tasks.py`."""
    tasks = collection(beside={})
    program = Program(
        namespace=tasks, name="hybrid-tasks", binary="python -m hybrid_tasks", version=version("hybrid-tasks")
    )
    install(program, tasks, {})
    program.run()


if __name__ == "__main__":
    main()
