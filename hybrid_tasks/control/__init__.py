"""The wire between a command and the supervisor of its project.

What lives here: where the socket is (`paths.py`), what a frame is (`codec.py`), what may be said (`messages.py`),
who is at the other end (`peer.py`), the supervisor's side (`server.py` on `binding.py` and `lastwords.py`, the only
asyncio here) and the command's side (`client.py`, `spawn.py`: standard library only, they are on the path of every
`inv`).
What does not: what an answer means (`supervisor/`) and how it is shown (`cli/`).
Read `messages.py` first.
"""
