"""Every mistake we can name: one small class each, lowercase words, names in backticks, then the cure."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """Exit codes of every task."""

    DONE = 0
    FAILED = 1
    WRONG = 2
    UNREACHABLE = 3
    PLUGIN = 4
    UNEXPECTED = 70
    TIMED_OUT = 124
    NOT_EXECUTABLE = 126
    NOT_FOUND = 127
    INTERRUPTED = 130


class HybridError(Exception):
    """A mistake with its cure, printed as one line and at most two more.

    Args:
        message: what is wrong; `file:line` first where there is one.
        hint: what to do about it.
        code: the exit code.
        subject: what it is about (`service `api``), printed as the `for:` line.
    """

    code: Code = Code.FAILED

    def __init__(self, message: str, hint: str = "", code: Code | None = None, subject: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.subject = subject
        if code is not None:
            self.code = code

    def lines(self) -> list[str]:
        """The lines to print."""
        lines = [f"error: {self.message}"]
        if self.subject:
            lines.append(f" for:  {self.subject}")
        if self.hint:
            lines.append(f" hint: {self.hint}")
        return lines

    def as_json(self) -> dict[str, object]:
        """The error as it crosses the wire; `from_json` reads it back."""
        return {"message": self.message, "hint": self.hint, "code": int(self.code), "subject": self.subject}


class WrongInput(HybridError):
    """The configuration or the arguments are wrong."""

    code = Code.WRONG


class Mistakes(WrongInput):
    """Several mistakes found together.

    Args:
        mistakes: the single errors, in the order to print them.
    """

    def __init__(self, mistakes: list[HybridError]) -> None:
        super().__init__("\n".join(mistake.message for mistake in mistakes))
        self.mistakes = mistakes

    def lines(self) -> list[str]:
        """The lines of every mistake."""
        return [line for mistake in self.mistakes for line in mistake.lines()]

    def as_json(self) -> dict[str, object]:
        """All mistakes, each as its own error."""
        return {**super().as_json(), "mistakes": [mistake.as_json() for mistake in self.mistakes]}


class NotRunning(HybridError):
    """Nothing of the project runs, or its supervisor cannot be reached."""

    code = Code.UNREACHABLE


class StoppedMeanwhile(HybridError):
    """What was being started was stopped by somebody else before it was up."""

    def __init__(self) -> None:
        super().__init__("stopped by `inv dev-stop` before all of it was up")


class PortTaken(HybridError):
    """Somebody else listens on a port that a service needs."""


class SteeringUnavailable(HybridError):
    """Connections cannot be steered between instances here; the service is replaced instead."""


class ToolMissing(HybridError):
    """A service cannot run on this machine yet: something it needs is not installed; the hint installs it."""


class PluginBroken(HybridError):
    """A plugin failed; its distribution is named."""

    code = Code.PLUGIN


class TimedOut(HybridError):
    """What was waited for did not happen in time."""

    code = Code.TIMED_OUT


def from_json(data: dict[str, object]) -> HybridError:
    """Rebuild an error that came over the wire.

    Args:
        data: what `as_json` gave.

    Returns:
        an error with the same words and exit code.
    """
    inner = data.get("mistakes")
    if isinstance(inner, list):
        return Mistakes([from_json(mistake) for mistake in inner if isinstance(mistake, dict)])
    code = data.get("code")
    return HybridError(
        str(data.get("message", "")),
        str(data.get("hint", "")),
        Code(code) if isinstance(code, int) and code in set(Code) else Code.FAILED,
        str(data.get("subject", "")),
    )
