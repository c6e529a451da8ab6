"""What was tried of a service: its last receipt, and the version that is not to be tried again."""

from __future__ import annotations

from hybrid_tasks.model.receipt import Receipt, Result
from hybrid_tasks.supervisor.site import Site


class History:
    """The swaps of one service, written to the journal and told to whoever listens.

    Args:
        site: has the journal and the bus.
    """

    def __init__(self, site: Site) -> None:
        self.last: Receipt | None = None
        self.tried: set[str] = set()
        """Sources that failed or ended: such a version is not tried again until its content changes."""
        self._site = site

    def add(self, receipt: Receipt, on_disk: str | None) -> None:
        """Write down a swap.

        Args:
            receipt: of the swap.
            on_disk: the fingerprint of the tree now.
        """
        if receipt.result is Result.FAILED:
            self.tried.add(receipt.fingerprint)
        elif receipt.result is Result.UNCHANGED or (receipt.result is Result.LIVE and receipt.fingerprint == on_disk):
            self.tried.clear()  # saved once more, a bad version is to be told once more
        if receipt.result is not Result.CANCELLED:
            self.last = receipt
        self._site.receipts.add(receipt)

    def failed(self, fingerprint: str | None) -> bool:
        """Whether the last swap that was not cancelled tried this source and failed.

        Args:
            fingerprint: of the source.
        """
        return self.failing and self.last is not None and self.last.fingerprint == fingerprint

    def lived(self, fingerprint: str | None) -> bool:
        """Whether the last swap that was not cancelled made this source live.

        Args:
            fingerprint: of the source.
        """
        return self.last is not None and not self.failing and self.last.fingerprint == fingerprint

    @property
    def failing(self) -> bool:
        """Whether the last swap that was not cancelled has failed."""
        return self.last is not None and self.last.result is Result.FAILED

    def went_back(self, fingerprint: str, serving: str | None) -> Receipt | None:
        """Give the failed swap after which the source went back to what serves, if that is what happened.

        Args:
            fingerprint: of the tree now.
            serving: of what serves.
        """
        last = self.last
        if last is None or last.result is not Result.FAILED or last.fingerprint == fingerprint:
            return None
        return last if fingerprint == serving else None
