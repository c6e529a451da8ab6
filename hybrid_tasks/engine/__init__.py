"""The engine: notices a save, decides whether it matters, and swaps the running version for the new one.

Watching: `observer` says where to look (`inotify` or `portable` events, `polling` where there are none, `delivery`
to the engine), `snapshot` knows the content of a service's files (`ledger`, `fingerprint`, `content`), `plan` walks
what is watched by the rules of `matcher` (`rules`, `ignored`). `bursts`, `gitops` and `storms` decide when a change
is acted on. The swap: `order` says what, `roles` with whom, `swap` how, with `builder`, `keeping` and `steering`.
What does not live here: who wants which service (supervisor), how a process is started (process), what healthy means
(health). Nothing here changes a service's state; it reports.
Read `snapshot.py` and `swap.py` first.
"""
