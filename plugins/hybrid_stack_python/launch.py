"""Runs a program as `python -m MODULE` or `python SCRIPT` would, but never from bytecode that hides an edit.

    python launch.py [--learn FILE] ROOT -m MODULE ARGUMENTS...
    python launch.py [--learn FILE] ROOT SCRIPT ARGUMENTS...

This file runs inside the service, by the service's interpreter (3.8 or later): standard library only, and no
import that is not needed by every service anyway.

CPython trusts a cached `.pyc` when it records the source's modification time *in whole seconds* and its size.
Two saves of equal size within one second therefore run the old code. Asking for a file's "path stats" is the
importer's first step, so this is where it is put right: source changed less than two seconds ago has no stats
(then nothing is read from the cache and nothing written to it, also by an instance that a newer save overtakes),
and a `.pyc` not at least two seconds younger than its source's last change is removed. Installed packages and
the standard library keep their caches as they are, so a cold start costs no more than it did.

With `--learn` the names of the libraries that the program loads are written to FILE, one a line, for
`warm_parent.py` to load beforehand: those it imports itself, which bring the others. A cold start begins the file anew.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def _distrust_fresh_bytecode(learn: "Callable[[str], None]") -> None:
    import _frozen_importlib_external as external
    import os
    import time

    margin = 2.0
    library = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120 - no pathlib in every service's start
    original = external.SourceFileLoader.path_stats

    def path_stats(self: external.SourceFileLoader, path: str) -> "dict[str, float]":
        if path.startswith(library) or "/site-packages/" in path or "/dist-packages/" in path:
            learn(self.name)
            return dict(original(self, path))
        # ctime: unlike mtime it cannot be set back by `cp -p`, `rsync -t` or an archive.
        status = os.stat(path)  # noqa: PTH116
        changed = max(status.st_mtime, status.st_ctime)
        if changed > time.time() - margin:
            raise OSError("changed a moment ago: neither read nor write bytecode")
        try:
            cached = external.cache_from_source(path)
            fresh = os.stat(cached).st_mtime < changed + margin  # noqa: PTH116
        except (OSError, NotImplementedError):
            fresh = False
        if fresh:
            os.unlink(cached)  # noqa: PTH108 - where that is forbidden its OSError means the same as above
        return {"mtime": status.st_mtime, "size": status.st_size}

    external.SourceFileLoader.path_stats = path_stats  # type: ignore[method-assign]


def _learner(file: "str | None", program: str, *, forked: bool) -> "Callable[[str], None]":
    import os

    if file is None:
        return lambda _name: None
    modules = sys.modules  # our own names are gone when this is called
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    begin = 0 if forked else os.O_TRUNC
    outermost = ""

    def learn(name: str) -> None:
        nonlocal begin, outermost
        loading = getattr(modules.get(outermost), "__spec__", None)
        if getattr(loading, "_initializing", False) or name == program or name.endswith("__main__"):
            return  # another library imports it; or it is what runs
        outermost = name
        try:  # opened each time: a descriptor of ours would be in the way of a program that closes all it has
            if begin:
                os.makedirs(os.path.dirname(file), exist_ok=True)  # noqa: PTH103, PTH120
            descriptor = os.open(file, flags | begin, 0o600)
        except OSError:
            return
        begin = 0
        try:
            os.write(descriptor, name.encode() + b"\n")
        except OSError:
            pass
        finally:
            os.close(descriptor)

    return learn


def _as_module(root: str, arguments: "list[str]") -> "Callable[[], object]":
    import runpy

    sys.argv[:] = ["-m", *arguments[1:]]
    sys.path[0] = root
    return lambda: runpy._run_module_as_main(arguments[0])  # type: ignore[attr-defined] # noqa: SLF001 - as `-m` does


def _as_script(arguments: "list[str]") -> "Callable[[], object]":
    import _frozen_importlib_external as external

    script = arguments[0]
    sys.argv[:] = arguments
    sys.path[0] = script.rpartition("/")[0]
    with open(script, "rb") as file:  # noqa: PTH123
        code = compile(file.read(), script, "exec", dont_inherit=True)
    here = sys.modules["__main__"].__dict__
    here.update(__file__=script, __doc__=None, __loader__=external.SourceFileLoader("__main__", script))
    return lambda: exec(code, here)  # noqa: S102 - what `python SCRIPT` does


def _prepared() -> "Callable[[], object]":
    words = sys.argv[1:]
    file = None
    if words[0] == "--learn":
        file, words = words[1], words[2:]
    root, kind, *rest = words
    _distrust_fresh_bytecode(_learner(file, rest[0] if kind == "-m" else "", forked="FORKED" in globals()))
    run = _as_module(root, rest) if kind == "-m" else _as_script([kind, *rest])
    namespace = sys.modules["__main__"].__dict__
    for name in [name for name in namespace if not (name.startswith("__") and name.endswith("__"))]:  # FORKED too
        del namespace[name]
    return run


if __name__ == "__main__":
    _prepared()()
