"""Configuration: from `hybrid.toml` (or `[tool.hybrid]`) to a checked `model.Project`, or to every mistake at once.

What lives here: finding the file (`locate`, light: the thin client imports it), reading it (`reading`, `positions`),
its keys (`tables`, `kinds`), what is wrong with it (`wording`, `checks`, `places`, `stacks`, `findings`), the project
it describes (`resolve`), its JSON schema (`schema`, `reference`) and a first version of it (`discover`).
What does not: values of variables (env), starting anything, knowing a language (stack plugins).
Read `resolve.py` first, then `tables.py`.
"""
