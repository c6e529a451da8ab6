"""What people should read of a service beside its state: one line a topic, from whoever knows it."""

from __future__ import annotations


class Remarks:
    """The remarks on one service, in the order in which their topics first came up."""

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}

    def say(self, topic: str, line: str | None) -> None:
        """Put a remark in the place of the one there was on its topic.

        Args:
            topic: what it is about (`driver`, `front`, `warm`); never shown.
            line: one line without the service's name, as `dev-status` prints it; None or empty: nothing any more.
        """
        if line:
            self._lines[topic] = line
        else:
            self._lines.pop(topic, None)

    def lines(self) -> list[str]:
        """The remarks that hold now."""
        return list(self._lines.values())
