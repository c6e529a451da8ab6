"""A command on the user's own terminal: as if typed there, and the terminal as it was afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from hybrid_tasks.errors import Code, HybridError

SHELL_SIGNAL = 128


def become(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> NoReturn:
    """Replace this process by a command, which gets the terminal, every signal and our exit code.

    Args:
        argv: the command, byte for byte.
        env: its complete environment; its PATH is searched.
        cwd: the directory it runs in.

    Raises:
        HybridError: it cannot be executed.
        OSError: there is no such directory.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    # Python ignores these two, and what is ignored stays so in the command.
    with handled({signal.SIGPIPE: signal.SIG_DFL, signal.SIGXFSZ: signal.SIG_DFL}), contextlib.chdir(cwd):
        try:
            os.execvpe(argv[0], list(argv), dict(env))
        except OSError as error:
            raise _cannot(argv[0], cwd, error) from error


def run(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> int:
    """Run a command on the terminal and wait for it.

    Ctrl+C and the quit key are the command's; a TERM or a hang-up sent to us is passed on to it.

    Args:
        argv: the command, byte for byte.
        env: its complete environment; its PATH is searched.
        cwd: the directory it runs in.

    Returns:
        its exit code; 128 plus the number when a signal ended it, as a shell says it.

    Raises:
        HybridError: it cannot be executed.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    # Handlers that do nothing, instead of ignoring: what is ignored would be ignored by the command as well.
    ours = {signal.SIGINT: _nothing, signal.SIGQUIT: _nothing, signal.SIGTERM: pass_on, signal.SIGHUP: pass_on}
    with restored(), handled(ours):
        try:
            process = subprocess.Popen(list(argv), env=dict(env), cwd=cwd)
        except OSError as error:
            raise _cannot(argv[0], cwd, error) from error
        with process:
            for number in early:
                process.send_signal(number)
            code = process.wait()
    return code if code >= 0 else SHELL_SIGNAL - code


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Put the terminal's modes and its foreground process group back at the end, whatever a command did to them."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:  # there is none
        yield
        return
    import termios

    try:
        modes = termios.tcgetattr(terminal)
        foreground = os.tcgetpgrp(terminal)
        try:
            yield
        finally:
            # Being in the background meanwhile, we would be stopped for touching it.
            before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            with contextlib.suppress(OSError, termios.error):
                os.tcsetpgrp(terminal, foreground)
                termios.tcsetattr(terminal, termios.TCSADRAIN, modes)
            signal.signal(signal.SIGTTOU, before)
    finally:
        os.close(terminal)


Handler = Callable[[int, FrameType | None], object] | signal.Handlers


@contextlib.contextmanager
def handled(handlers: Mapping[signal.Signals, Handler]) -> Iterator[None]:
    """Handle signals differently for a while.

    Args:
        handlers: the handler for each signal.
    """
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Let the command decide what a key means."""


def _cannot(program: str, cwd: Path, error: OSError) -> HybridError:
    if error.filename is not None and Path(os.fsdecode(error.filename)) == cwd:
        return HybridError(f"cannot enter the directory `{cwd}`: {str(error.strerror).lower()}")
    if isinstance(error, FileNotFoundError):
        return HybridError(f"`{program}` was not found", "install it, or name its path", Code.NOT_FOUND)
    return HybridError(f"cannot execute `{program}`: {str(error.strerror).lower()}", code=Code.NOT_EXECUTABLE)
