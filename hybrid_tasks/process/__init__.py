"""Starting, watching and ending processes, and knowing which is which; no other room touches one.

What lives here: jobs (every program we start, each under a shim of its own), identity and marks of
processes, ending what carries our marks, sockets and their owners, the user's terminal, and starting
a process that outlives us. `jobs` and `stopping` belong to an asyncio loop; the rest is plain.
What does not: services, restarts and policies; they are the supervisor's.
Read `jobs.py` first, then `job.py` and the neighbouring room `shim`, which is the other end of its socket.
"""
