"""The shim: the parent of one job, which reaps it, writes its log and leaves nothing behind.

What lives here: the template process that forks shims, the start of a program, its pipes and log files,
and the end of everything it started. Standard library only: it runs as a directory
(`python -I -S -B .../hybrid_tasks/shim FD`) without site packages, small and quick to fork.
What does not: anything about services, plugins or configuration. Nothing of ours is imported here, and
nobody imports it; `hybrid_tasks.process` talks to it over a socket.
Read `__main__.py` and `template.py` first, then `job.py`, which is the life of one job.
"""
