"""The tasks of this repository: those of hybrid-tasks, for the sample project, and its own beside them."""

import os
import shlex
import sys
from pathlib import Path

from invoke import Context, task

from hybrid_tasks import tasks

ns = tasks()
PYTHON = shlex.quote(sys.executable)
AT_ONCE = max(3, os.cpu_count() or 1)
"""Tests that run beside each other: most of them wait for processes, so two processors have room for three."""


def _needs_of_tests(c: Context) -> None:
    """Install what the tests need, once."""
    c.run(
        f"{PYTHON} -m pip install --quiet --disable-pip-version-check -e '.[test,sample,debug,gateway]'",
        in_stream=False,
    )


@task(help={"select": "a pytest expression, as for pytest -k"})
def test(c: Context, select: str = "") -> None:
    """Run every test this machine can run, and say which it could not. Example: inv test --select logs"""
    _needs_of_tests(c)
    chosen = f" -k {shlex.quote(select)}" if select else ""
    done = c.run(f"{PYTHON} -m pytest -n {AT_ONCE} --dist worksteal{chosen}", warn=True, in_stream=False)
    sys.exit(done.return_code if done else 1)


@task
def lint(c: Context) -> None:
    """Check style, types and the stairs of imports. Example: inv lint"""
    _needs_of_tests(c)
    tools = Path(sys.executable).parent
    for words in ("ruff check .", "ruff format --check .", "mypy", "lint-imports"):
        c.run(f"{shlex.quote(str(tools))}/{words}", in_stream=False, echo=True)


@task
def readme(c: Context) -> None:
    """Write the table of tasks into the README. Example: inv readme"""
    c.run(f"{PYTHON} tests/task_table.py", in_stream=False)


@task
def bench(c: Context) -> None:
    """Measure this project beside other tools and print the tables. Example: inv bench"""
    c.run(f"{PYTHON} -m bench", in_stream=False)


ns.add_task(readme)
ns.add_task(test)
ns.add_task(lint)
ns.add_task(bench)
