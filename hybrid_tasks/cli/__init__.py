"""The Invoke tasks: each parses its words, asks the supervisor once, prints the answer and gives an exit code.

What lives here: one file a task (`dev_start.py` …) with its flags and its text. What they share: `app.py` (the
collection), `declare.py` (what makes a task ours), `positionals.py` and `rewriting.py` (words without flags),
`outcome.py` (the one place that prints errors), `paint.py`, `tables.py`, `progress.py`, `summary.py` (how it looks),
`steps.py` (tasks of the project itself) and `plugin_tasks.py` (tasks of plugins).
What does not: any decision about services (`supervisor/`, reached only over `control/`).
Nothing heavy is imported before a task runs: `inv --list` pays for every import here.
Read `app.py` first, then `dev_status.py`.
"""
