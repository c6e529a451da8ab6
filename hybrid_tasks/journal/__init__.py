"""What must outlive the supervisor: the wanted state, the run ids it gave out, and a receipt for every swap.

What lives here: three small files in the state folder, how they survive a kill at any moment, and how a receipt is
put into words.
What does not: live state (`supervisor/unit.py`) and logs (`logs/`).
Read `state.py` first.
"""
