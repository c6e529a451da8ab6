"""The one place that prints errors and turns whatever came out of a task into an exit code."""

from __future__ import annotations

import contextlib
import errno
import io
import signal
import sys
from collections.abc import Callable, Iterable

from invoke.exceptions import Exit

from hybrid_tasks import compiled
from hybrid_tasks.cli.gone import READER_GONE, abandon
from hybrid_tasks.cli.paint import Paint, harmless
from hybrid_tasks.errors import Code, HybridError


def conclude(task: str, body: Callable[[], int | None]) -> None:
    """Run a task to its end.

    Args:
        task: its name, for the report.
        body: gives an exit code, or None for 0.

    Raises:
        Exit: the code is not 0; everything there is to say was printed.
    """
    if sys.stdout is None:  # closed by who called us
        sys.stdout = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an ASCII terminal, a name that is not UTF-8
    try:
        with compiled():
            code = body() or Code.DONE
        sys.stdout.flush()
    except Exit:
        raise
    except HybridError as error:
        print_error(error)
        code = error.code
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # more of it must not disturb our own end
        _say(["", "interrupted"])
        code = Code.INTERRUPTED
    except BrokenPipeError:
        abandon()
        code = READER_GONE
    except Exception as error:  # noqa: BLE001 - the last place before the user
        code = _unexpected(task, error)
    if code:
        raise Exit(code=int(code))


def print_error(error: HybridError) -> None:
    """Print a mistake on standard error, its lines as `errors.py` wrote them and nothing a terminal would obey."""
    paint = Paint.of(sys.stderr)
    lines = [line for entry in error.lines() for line in harmless(entry)]
    _say(paint.red("error:") + line[6:] if line.startswith("error:") else line for line in lines)


def _say(lines: Iterable[str]) -> None:
    """Write to standard error; when even that is closed or full there is nobody to tell."""
    if sys.stderr is None:
        return
    if _unwritable():
        abandon()
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()


def _unexpected(task: str, error: Exception) -> int:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EIO, errno.EDQUOT} and error.filename is None:
        abandon()
        _say([f"error: cannot write the output: {error.strerror}"])
        return Code.FAILED
    import platform
    import traceback
    from importlib.metadata import version

    trace = "".join(traceback.format_exception(error)).rstrip()
    versions = f"hybrid-tasks {version('hybrid-tasks')}, invoke {version('invoke')}, Python {platform.python_version()}"
    _say(
        [
            f"error: unexpected {type(error).__name__} in `{task}`: {error}",
            " hint: this is our mistake; please report it with the lines below",
            "--- report ---",
            f"{versions}, {platform.system()} {platform.release()} {platform.machine()}",
            *harmless(trace),
            "--- end ---",
        ]
    )
    return Code.UNEXPECTED


def _unwritable() -> bool:
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        return True
    return False
