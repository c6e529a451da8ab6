"""Plugins: found, loaded one by one, asked with a deadline, and never able to take anything else down.

What lives here: the hook specifications, the loader, the host that asks plugins, the typed fronts on the
hooks, and the answers for services that no plugin knows.
What does not: any stack or runtime (those are packages in `plugins/`), starting or ending a process.
Read `stack_specs.py` first, then `loading.py`, `host.py` and `routing.py`.
"""
