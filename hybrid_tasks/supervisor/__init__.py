"""All live state of a project belongs to one asyncio loop, and this room is that loop.

What lives here: `run.py` (the lock) and `lifetime.py` (the socket, the end), `unit.py` (the only owner of a service's
state), `deciding.py` (what is done next), `swapping.py` (what a swap may change), `crew.py` (the hands of a swap, with
`consulting.py`, `starting.py` and `probing.py`), `kept.py` (the last good version), `order.py` (who starts first),
`requests.py` (what a client may ask), `answers.py` (what can be answered without a running service), `sweep.py`,
`bus.py`.
What does not: how a swap goes (`engine/swap.py`), how a process is started or ended (`process/`).
Read `unit.py` first.
"""
