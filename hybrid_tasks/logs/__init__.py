"""The readers of the log files, with or without a supervisor.

What lives here: finding the files of a service (`store`), reading one job's bytes in order (`segment`,
`reader`), merging jobs by time (`merge`, `follow`), joining what arrived in parts (`lines`), keeping what a
terminal must not see away from it (`escapes`), and what `dev-logs` prints (`query`, `render`, `show`).

What does not: writing what jobs print (the `shim` does; only `events`, our own lines between theirs, are written
here), deciding what runs, parsing `hybrid.toml`. Nothing heavy is imported here: no pydantic, asyncio or invoke.

Read `store.py` first (what is on disk), then `query.py` (how a question becomes blocks of lines). The fast path
moves blocks of a quarter of a megabyte and never looks at a single line.
"""
