"""Ports for instances behind the front."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from hybrid_tasks.process import spares
from hybrid_tasks.process.ports import connections, listening
from hybrid_tasks.process.spares import spare_port

pytestmark = pytest.mark.needs("linux")


def test_a_spare_port_is_free_and_not_one_that_outgoing_connections_take() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(50):
        port = spare_port()
        assert spares.LOWEST <= port < lowest
        with socket.create_server(("0.0.0.0", port)):
            pass


def test_ports_that_are_taken_or_wanted_by_others_are_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    first = spare_port()
    monkeypatch.setattr(spares, "LOWEST", first)
    monkeypatch.setattr(spares, "_first_ephemeral", lambda: first + 3)
    with socket.create_server(("127.0.0.1", first)):
        assert {spare_port({first + 1}) for _ in range(20)} == {first + 2}
        with socket.create_server(("::1", first + 2), family=socket.AF_INET6), pytest.raises(OSError, match="no spare"):
            spare_port({first + 1})


def test_open_connections_of_a_port_are_counted_and_listeners_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert connections(port) == []
        assert port in listening({os.getpid()}).values()
        with socket.create_connection(("127.0.0.1", port)):
            assert connections(port) == [0], "not accepted yet"
            accepted, _ = server.accept()
            with accepted:
                assert connections(port) == [os.fstat(accepted.fileno()).st_ino]
    assert port not in listening({os.getpid()}).values()
