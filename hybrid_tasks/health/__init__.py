"""Whether an instance is well: it is asked, by rules that no other process can satisfy in its place.

What lives here: asking once (`probes.py`), asking until the first good answer and from then on
(`monitor.py`), and the little HTTP, output and notify readers they need. What does not: who starts, stops or
restarts anything, how a port is steered, and how it is found out which process has a socket (`Ownership` is
given to us).
Read `asked.py` first, then `probes.py` and `monitor.py`.
"""
