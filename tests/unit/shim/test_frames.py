"""Messages between supervisor and shims: whole whatever way they arrive, descriptors with them."""

from __future__ import annotations

import array
import os
import socket

import pytest

from hybrid_tasks.process import wire
from hybrid_tasks.shim import frames

MESSAGE = {"argv": [b"\xff\x00 echo", "ü".encode()], "env": {b"A": b"\n"}, "grace": 1.5, "n": 1 << 40, "none": None}


@pytest.mark.parametrize("step", [1, 3, 4, 5, 1000])
@pytest.mark.parametrize("stream", [frames.Stream, wire.Stream])
def test_a_stream_is_put_together_again(step: int, stream: type[frames.Stream]) -> None:
    data = frames.encode(MESSAGE) + wire.encode({"op": "stop"}) + frames.encode({})
    taker = stream()
    messages = [message for at in range(0, len(data), step) for message in taker.feed(data[at : at + step])]
    assert messages == [MESSAGE, {"op": "stop"}, {}]


def test_descriptors_arrive_with_their_message_and_are_not_inherited() -> None:
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    with ours, theirs:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [write, read]))]
        ours.sendmsg([frames.encode({"op": "fork"})], rights)
        ours.sendall(frames.encode({"second": True}))
        os.close(read)
        os.close(write)
        message, (write, read) = frames.receive(theirs)
        assert message == {"op": "fork"}
        assert not os.get_inheritable(write)
        os.write(write, b"x")
        assert os.read(read, 1) == b"x"
        assert frames.receive(theirs) == ({"second": True}, [])
        os.close(read)
        os.close(write)


@pytest.mark.parametrize("kept", [0, 2, 4, 10])
def test_a_message_cut_off_is_the_end(kept: int) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            ours.sendall(frames.encode(MESSAGE)[:kept])
        with pytest.raises(EOFError):
            frames.receive(theirs)


def test_an_absurd_length_is_the_end() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"\xff\xff\xff\xff")
        with pytest.raises(EOFError):
            frames.receive(theirs)
