"""What is seen of a program under a debugger from outside."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from hybrid_tasks.model.debugging import Debugging
from hybrid_tasks.process import ports
from hybrid_tasks.supervisor import debugged

pytestmark = pytest.mark.needs("linux")


@pytest.fixture
def job() -> Any:
    """A job whose processes have no sockets: there is no such process."""
    return SimpleNamespace(shim=None, pid=2**22 + 1)


def test_who_connects_to_the_debugger_has_attached(job: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        debugger = Debugging(server.getsockname()[1])
        assert not debugged.look(job, debugger).attached
        with socket.create_connection(server.getsockname()):
            assert debugged.look(job, debugger).attached
        assert not debugged.look(job, debugger).attached


def test_bug_a_connection_that_delve_closed_while_it_was_looked_at_counted_as_attached(
    job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())

        def closing(_: Iterable[int]) -> set[int]:
            client.close()
            return set()

        monkeypatch.setattr(ports, "inodes_of", closing)
        assert not debugged.look(job, Debugging(server.getsockname()[1])).attached
