"""Where the value of an environment variable comes from.

What lives here: reading `.env` files by Compose's rules (`files`, `statements`, `interpolation`, `contents`), laying
the sources of a service's environment over each other (`layers`, `passing`, `environment`, `variable`), what to say
about a file that others can read (`exposure`), hiding secrets (`masking`) and printing (`explain`).
`masking` and `explain` import the standard library only: clients use them too.
What does not: addresses of containers (a runtime knows them) and the marks of a started process (`process`).
Read `layers.py` first, then `files.py`.
"""
