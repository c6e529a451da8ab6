"""The files in which editors keep how to debug: what we write into them beside what the user has there.

What lives here: the lines an editor waits for, the entries of VS Code, and JSON with comments that is added to without
a change of any other byte.
What does not: how a debugger is reached (each stack's plugin says that), and the task that writes (`cli/vscode.py`).
Read `vscode.py` first.
"""
