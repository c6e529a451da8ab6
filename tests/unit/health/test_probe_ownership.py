"""Whose answer it is: strangers on the port, answers that came too fast, and queues of what starts."""

from __future__ import annotations

import asyncio
import re
import socket

import pytest
from answering import GET, asking, says, silent

from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.probes import ask
from hybrid_tasks.model.probe import Probe, TcpProbe
from hybrid_tasks.model.verdict import Healthy, Unhealthy


class Told:
    """An ownership that is told what to say, once for each time it is asked; the last word stays."""

    def __init__(self, *answers: bool | None, name: str = "`node` (pid 4121)") -> None:
        self.answers = list(answers)
        self.name = name
        self.asked = 0

    def belongs(self, connection: socket.socket) -> bool | None:
        assert connection.getpeername()
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def stranger(self, connection: socket.socket) -> str:
        return self.name


@pytest.mark.parametrize("probe", [GET, TcpProbe()])
@pytest.mark.parametrize(("name", "words"), [("`node` (pid 4121)", "`node` (pid 4121)"), ("", "another process")])
def test_a_stranger_that_answers_is_not_accepted(probe: Probe, name: str, words: str) -> None:
    told = Told(None, False, name=name)
    verdict = asking(says(b"HTTP/1.1 200 OK\r\n\r\n"), probe, ownership=told)
    assert isinstance(verdict, Unhealthy)
    assert re.fullmatch(rf"port \d+ is answered by {re.escape(words)}, not by this service", verdict.reason)


def test_a_stranger_that_is_seen_only_after_its_answer_is_not_accepted() -> None:
    told = Told(*[None] * 6, False)  # the last look comes after the answer
    verdict = asking(says(b"HTTP/1.1 200 OK\r\n\r\n"), ownership=told)
    assert isinstance(verdict, Unhealthy)
    assert "not by this service" in verdict.reason


def test_an_answer_that_nobody_can_be_held_to_is_not_accepted_and_asked_for_twice() -> None:
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(1)
        await says(b"HTTP/1.1 200 OK\r\n\r\n")(reader, writer)

    verdict = asking(answer, ownership=Told(None))
    assert isinstance(verdict, Unhealthy)
    assert verdict.reason.startswith("it cannot be told which process answers on port")
    assert len(asked) == 2


def test_an_answer_that_came_too_fast_is_proved_the_second_time() -> None:
    assert asking(says(b"HTTP/1.1 200 OK\r\n\r\n"), ownership=Told(*[None] * 7, True)) == Healthy()


def test_bug_an_instance_that_was_just_accepting_was_called_another_process() -> None:
    """The kernel has the connection accepted a moment before the process has its descriptor."""
    told = Told(None, False, False, True, name="")
    assert asking(says(b"HTTP/1.1 200 OK\r\n\r\n"), ownership=told) == Healthy()
    assert told.asked == 4
    assert asking(silent, TcpProbe(), ownership=Told(False, True, name="")) == Healthy()


def test_who_has_a_connection_is_looked_for_twice_at_most() -> None:
    """It takes a look at every process of the machine."""

    class Counted(Told):
        looks = 0

        def stranger(self, connection: socket.socket) -> str:
            self.looks += 1
            return super().stranger(connection)

    told = Counted(False, name="")
    verdict = asking(silent, TcpProbe(), ownership=told)
    assert isinstance(verdict, Unhealthy)
    assert "is answered by another process" in verdict.reason
    assert (told.looks, told.asked > 3) == (2, True)


def test_a_connection_that_somebody_had_only_for_a_moment_is_waited_for() -> None:
    answers = [False, *[None] * 30, True]
    assert asking(silent, TcpProbe(), ownership=Told(*answers, name="")) == Healthy()


def test_a_failing_look_at_processes_is_no_crash() -> None:
    class Gone(Told):
        def belongs(self, connection: socket.socket) -> bool | None:
            if super().belongs(connection) is None:
                raise ProcessLookupError
            return True

    assert asking(says(b"HTTP/1.1 200 OK\r\n\r\n"), ownership=Gone(None, True)) == Healthy()


def test_a_question_waits_in_the_queue_of_an_instance_that_starts() -> None:
    """An inherited socket takes connections before the program does: one question is enough, and it is not late."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            started = asyncio.Event()

            class Starting(Told):
                def belongs(self, connection: socket.socket) -> bool | None:
                    return True if started.is_set() else None

            at = Asked(port=listener.getsockname()[1], ownership=Starting(None), timeout=0.1, patience=20)
            asking = asyncio.ensure_future(ask(GET, at))
            done, _ = await asyncio.wait({asking}, timeout=0.5)
            assert not done  # five timeouts long
            connection, _ = await asyncio.get_running_loop().sock_accept(listener)
            with connection:
                started.set()
                assert (await asyncio.get_running_loop().sock_recv(connection, 1000)).startswith(b"GET /healthz ")
                await asyncio.get_running_loop().sock_sendall(connection, b"HTTP/1.1 200 OK\r\n\r\n")
                assert await asking == Healthy()

    asyncio.run(main())


def test_once_accepted_the_question_has_its_ordinary_deadline() -> None:
    verdict = asking(silent, ownership=Told(*[None] * 8, True), timeout=0.1, patience=25)
    assert verdict == Unhealthy("GET /healthz: no answer within 0.1 s")


def test_a_connection_nobody_accepts_is_not_a_healthy_tcp_port() -> None:
    verdict = asking(silent, TcpProbe(), ownership=Told(None), timeout=0.1)
    assert isinstance(verdict, Unhealthy)
    assert verdict.reason.endswith("was not accepted within 0.1 s")
    assert asking(silent, TcpProbe(), ownership=Told(None, None, True)) == Healthy()
    assert asking(silent, TcpProbe()) == Healthy()
