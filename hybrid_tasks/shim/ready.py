"""What of a job is ready: its pipes in the order in which output came, also while nobody looked.

Standard output and standard error are two pipes, and what lies in both when we look came in an order that neither
tells. The kernel does: epoll(7) queues what becomes ready, first come, first served, whether or not somebody waits.
"""

from __future__ import annotations

import select

MOST = 8  # events of one wait; a job has two pipes and three other descriptors


class Ready:
    """Waits for all that may happen to a job.

    A pipe that was told of is not told of again before `again`; what comes then has its own place in the queue.

    Args:
        others: descriptors that are never kept waiting.
        pipes: the read ends of the program's output.
        queue: an epoll descriptor that knows the pipes already (each with EPOLLONESHOT), -1 for none.
    """

    def __init__(self, others: list[int], pipes: list[int], queue: int = -1) -> None:
        self._pipes = pipes
        self._quick = select.poll()
        # Where there is no epoll (macOS), standard output counts as the first of two.
        self._plain = None if hasattr(select, "epoll") else select.poll()
        if self._plain is None:
            self._queue = select.epoll() if queue < 0 else select.epoll.fromfd(queue)
        for descriptor in others:
            self._quick.register(descriptor, select.POLLIN)
            (self._plain or self._queue).register(descriptor, select.POLLIN)
        for pipe in pipes if queue < 0 else ():
            if self._plain is None:
                self._queue.register(pipe, select.EPOLLIN | select.EPOLLONESHOT)
            else:
                self._plain.register(pipe, select.POLLIN)

    def wait(self, milliseconds: int | None) -> list[int]:
        """Wait for anything.

        Args:
            milliseconds: at most; None: for ever.

        Returns:
            what is ready, the pipes in their order.
        """
        if self._plain is not None:
            return [descriptor for descriptor, _ in self._plain.poll(milliseconds)]
        seconds = None if milliseconds is None else milliseconds / 1000
        return [descriptor for descriptor, _ in self._queue.poll(seconds, MOST)]

    def without_pipes(self, milliseconds: int | None) -> list[int]:
        """Wait for anything but output, while a chatty program rests."""
        return [descriptor for descriptor, _ in self._quick.poll(milliseconds)]

    def filled(self) -> list[int]:
        """The pipes that have something now, in their order."""
        return [descriptor for descriptor in self.wait(0) if descriptor in self._pipes]

    def again(self, pipe: int) -> None:
        """Tell of this pipe again, at once when something is left in it."""
        if self._plain is None:
            self._queue.modify(pipe, select.EPOLLIN | select.EPOLLONESHOT)

    def closed(self, pipe: int) -> None:
        """Hear that a pipe has been closed."""
        self._pipes.remove(pipe)
        if self._plain is not None:
            self._plain.unregister(pipe)  # epoll notices by itself

    def forget(self, descriptor: int) -> None:
        """Do not tell of one of the others any more; before it is closed."""
        self._quick.unregister(descriptor)
        (self._plain or self._queue).unregister(descriptor)
