"""The ports of debuggers: told or settled, the same on every machine, and never two alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hybrid_tasks.model.debugging import COUNT, FIRST, debug_ports
from hybrid_tasks.model.service import Endpoint, Service


@dataclass(frozen=True)
class Options:
    debug_port: int | None = None


def service(name: str, told: int | None = None, port: int | None = None, *further: int) -> Service:
    ports = tuple(Endpoint(str(one), one) for one in further)
    return Service(name, Path("/p"), options=Options(told), port=port, ports=ports)


NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12)
PORTS = st.integers(FIRST, FIRST + 40)


def test_it_follows_from_the_names_alone() -> None:
    assert debug_ports("shop", [service("api"), service("web")]) == {"api": 24989, "web": 20835}
    assert debug_ports("shop", [service("api")])["api"] == 24989
    assert debug_ports("other", [service("api")])["api"] != 24989


def test_a_told_one_holds_and_what_is_taken_is_left_out() -> None:
    assert debug_ports("shop", [service("api", 2345)]) == {"api": 2345}
    for taken in (service("web", 24989), service("web", None, 24989), service("web", None, 80, 24989)):
        assert debug_ports("shop", [service("api"), taken])["api"] == 24990


@given(st.dictionaries(NAMES, st.tuples(st.none() | PORTS, st.none() | PORTS), max_size=60), NAMES)
def test_no_two_are_alike_and_none_is_a_services_own(
    known: dict[str, tuple[int | None, int | None]], name: str
) -> None:
    told = {one: port for one, (port, _) in known.items()}
    services = [service(one, port, own) for one, (port, own) in known.items()]
    ports = debug_ports(name, services)
    assert ports == debug_ports(name, reversed(services)), "whatever the order"
    assert {one: port for one, port in ports.items() if told[one] is not None} == {
        one: port for one, port in told.items() if port is not None
    }
    settled = [port for one, port in ports.items() if told[one] is None]
    others = set(told.values()) | {own for _, own in known.values()}
    assert len(set(settled)) == len(settled)
    assert others.isdisjoint(settled)
    assert all(FIRST <= port < FIRST + COUNT for port in settled)
