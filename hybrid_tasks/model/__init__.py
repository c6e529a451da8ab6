"""The nouns of hybrid-tasks: frozen dataclasses that every other room may hold and none may change.

What lives here: the shapes (project, service, command, plan, probe, verdict, status, receipt, event).
What does not: anything that reads a file, starts a process or knows a plugin.
Read `service.py` first, then `plan.py` and `status.py`.
"""
