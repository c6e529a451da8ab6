"""Asking another service, with the standard library only."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any


class NotAnswering(Exception):
    """A neighbour is down, slow, or says something that is not JSON."""


@dataclass(frozen=True)
class Neighbour:
    """Another service at its address."""

    url: str
    timeout: float = 2.0

    def get(self, path: str) -> Any:
        """Give the JSON answer to `GET path`."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=self.timeout) as answer:  # noqa: S310 - our own addresses
                return json.load(answer)
        except (OSError, ValueError) as error:
            raise NotAnswering(f"{self.url}{path}: {error}") from error
