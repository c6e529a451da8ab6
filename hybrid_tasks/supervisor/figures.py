"""Processor time and memory of what runs, sampled when somebody asks."""

from __future__ import annotations

import contextlib
import time

from hybrid_tasks.process.children import family


class Figures:
    """Remembers the last sample of every instance, so that two questions give a rate."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, float]] = {}

    def of(self, run: str, pid: int) -> tuple[float, int]:
        """Sample the tree of processes of an instance.

        Args:
            run: the instance's run id.
            pid: its main process.

        Returns:
            per cent of one core since the last sample (since its start at first), and resident bytes.
        """
        import psutil  # not before somebody asks: it takes 10 ms

        spent, memory, begun = 0.0, 0, time.time()
        for member in family(pid):
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(member)
                with process.oneshot():
                    times = process.cpu_times()
                    spent += times.user + times.system
                    memory += process.memory_info().rss
                    begun = process.create_time() if member == pid else begun
        now = time.time()
        before, since = self._last.get(run, (0.0, begun))
        self._last[run] = (spent, now)
        return max(0.0, spent - before) / max(now - since, 0.001) * 100, memory
