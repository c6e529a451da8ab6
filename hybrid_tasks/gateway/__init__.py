"""The room of real proxies: what they read, and how one of them is started in front of services.

What lives here: the files of a front and the one-line files that say where requests go (`targets.py`), and the
command that runs a front away from the user's own settings (`launching.py`).
What does not: which service is behind it and when another instance takes over (supervisor), what a proxy's
configuration looks like (its plugin), owning the ports (engine).
"""
