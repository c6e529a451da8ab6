"""The kit for plugin authors: contracts that a stack or a runtime must keep, checked on the real engine.

What lives here: `project.py` (a throw-away project with a supervisor of its own), `stack.py` and `runtime.py`
(test classes to inherit from). What does not: anything hybrid-tasks itself needs to run.
Read `stack.py` first; it needs pytest.
"""
