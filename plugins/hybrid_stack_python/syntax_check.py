"""Compiles the files it is given and prints every mistake as `file:line: ...`; writes nothing, imports nothing.

This file runs by the *service's* interpreter (3.8 or later), so it is that Python's grammar that decides.
"""

import sys
import warnings


def _mistake(path: str) -> "str | None":
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - no pathlib in a check that runs at every save
            compile(file.read(), path, "exec", dont_inherit=True)
    except FileNotFoundError:
        return None  # removed, or an editor is between two renames: what is missing shows at the import
    except SyntaxError as error:
        # Also IndentationError and TabError. An encoding mistake has no line.
        place = f"{path}:{error.lineno or 1}"
        text = (error.text or "").rstrip()
        marked = f"\n    {text.lstrip()}" if text else ""
        if text and error.offset:
            marked += "\n    " + " " * max(0, error.offset - 1 - len(text) + len(text.lstrip())) + "^"
        return f"{place}: {type(error).__name__}: {error.msg}{marked}"
    except (ValueError, RecursionError, MemoryError, OSError) as error:
        return f"{path}:1: {type(error).__name__}: {error}"
    return None


def _main(paths: "list[str]") -> int:
    warnings.simplefilter("ignore")
    sources = [path for path in paths if path.endswith((".py", ".pyw"))]
    mistakes = [mistake for mistake in map(_mistake, sources) if mistake is not None]
    for mistake in mistakes:
        sys.stderr.write(mistake + "\n")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
