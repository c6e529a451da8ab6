"""Measures this project beside other tools: `python -m bench [name…]` prints one Markdown table a bench.

What lives here: one bench a file, with a `main()` that prints its table, and what they share: `table` (rows, medians,
ratios), `machine` (where it ran), `projects` (throw-away projects), `sources` (the services), `asking` (clients),
`rivals` (other tools) and `tools` (finding those). What does not: tests; nothing here fails a build.
Read `table.py` first. Absolute times are those of one machine, and a shared one: compare within one run.
"""
