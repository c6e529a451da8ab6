"""A job as the supervisor describes it, checked and in the types the shim works with."""

from __future__ import annotations

from .frames import TYPE_CHECKING
from .spawn import Program

if TYPE_CHECKING:
    from .frames import Message


class Request:
    """How a program is asked to end, and where its output goes.

    Args:
        message: `stop`, `grace`, `log_dir`, `log_stem`, `log_cap`.
    """

    def __init__(self, message: Message) -> None:
        self.stop_signal: int = message["stop"]
        self.grace: float = message["grace"]
        """Seconds between the stop signal and SIGKILL."""
        self.log_dir: bytes = message["log_dir"]
        self.log_stem: bytes = message["log_stem"]
        self.log_cap: int = message["log_cap"]
        """Bytes that all logs in that directory may take."""


def program(message: Message, listeners: list[int]) -> Program:
    """What to run.

    Args:
        message: `argv`, `env`, `cwd`, `names`.
        listeners: the descriptors that came with it.
    """
    return Program(
        argv=message["argv"], env=message["env"], cwd=message["cwd"], listeners=listeners, names=message["names"]
    )
