from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_tasks.control import codec, messages
from hybrid_tasks.errors import HybridError, Mistakes, NotRunning, WrongInput, from_json
from hybrid_tasks.model.events import Event

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth + b"\n"


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_a_frame_is_one_ascii_line_and_reads_back(message: dict[str, object]) -> None:
    frame = codec.encode(message)
    assert frame.isascii()
    assert frame.count(b"\n") == 1
    assert frame.endswith(b"\n")
    assert codec.decode(frame) == message


def test_undecodable_bytes_of_an_environment_survive() -> None:
    value = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert codec.decode(codec.encode({"LATIN": value})) == {"LATIN": value}


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (b"", "not JSON"),
        (b"\n", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe{}\n", "not JSON"),
        (b"[]\n", "a list, not an object"),
        (b"null\n", "a NoneType, not an object"),
        (b'"x"\n', "a str, not an object"),
        (b'{"a":NaN}\n', "NaN is not allowed"),
        (b'{"a":Infinity}\n', "Infinity is not allowed"),
        (b'{"a":' + b"9" * 5000 + b"}\n", "not JSON"),
        (nested(21), "nested deeper than 20"),
        (nested(100_000), "nested deeper than 20"),
        (b'{"a":' + b"[" * 200_000, "nested deeper than 20"),
        (b'{"a":"' + b"x" * codec.REQUEST_LIMIT + b'"}\n', "above the limit of 1048576"),
    ],
)
def test_garbage_is_named(frame: bytes, words: str) -> None:
    with pytest.raises(WrongInput, match=words.replace("(", r"\(")):
        codec.decode(frame)


def test_twenty_levels_are_allowed() -> None:
    assert codec.decode(nested(20))


def request(**changes: object) -> dict[str, object]:
    return {"v": 1, "op": "start", "args": {}, "env": {"A": "1"}, "cwd": "/", **changes}


def test_a_request_gets_every_argument_of_its_table() -> None:
    read = messages.read_request(request(args={"services": ["web"], "timeout": 3}))
    assert read.args == {
        "services": ("web",),
        "mode": None,
        "all": False,
        "build": False,
        "timeout": 3.0,
        "dry_run": False,
        "attached": False,
    }
    assert read.env == {"A": "1"}
    assert read.cwd == "/"


@pytest.mark.parametrize("op", messages.OPERATIONS)
def test_every_operation_crosses_the_wire(op: str) -> None:
    asked = messages.ask(op, {}, {"A": "1"}, "/somewhere")
    read = messages.read_request(codec.decode(codec.encode(asked.as_json())))
    assert read.op == op
    assert set(read.args) == set(messages.OPERATIONS[op])
    if op != "shutdown":
        assert (read.env is not None) == (op in messages.ACTING)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (request(op="__class__"), "unknown request `__class__`"),
        (request(op="start.__init__"), "unknown request"),
        (request(op=["start"]), "unknown request"),
        (request(op=None), "unknown request"),
        (request(op="x" * 1000), "unknown request `" + "x" * 40 + "`"),
        (request(args=[]), "is not an object"),
        (request(args={"__class__": 1}), "has no argument `__class__`"),
        (request(args={"services": "web"}), "`services` of `start` is not a list of names"),
        (request(args={"services": [1]}), "is not a list of names"),
        (request(args={"services": {"a": 1}}), "is not a list of names"),
        (request(args={"mode": 3}), "`mode` of `start` is not text"),
        (request(args={"build": 1}), "`build` of `start` is not yes or no"),
        (request(args={"timeout": "3"}), "`timeout` of `start` is not a number"),
        (request(args={"timeout": True}), "is not a number"),
        (request(args={"timeout": -1}), "is not a number"),
        (request(args={"timeout": 10**400}), "is not a number"),
        (request(env=[]), "`env` of `start` is not an object of texts"),
        (request(env={"A": 1}), "`env` of `start` is not an object of texts"),
        (request(cwd=1), "`cwd` of `start` is not text"),
        ({}, "different versions"),
        (request(v=2), "different versions"),
        (request(v="1"), "different versions"),
        (request(v=True), "different versions"),
    ],
)
def test_only_the_closed_table_is_understood(message: dict[str, object], words: str) -> None:
    with pytest.raises(HybridError, match=words.replace("(", r"\(").replace(".", r"\.")):
        messages.read_request(message)


@settings(max_examples=300)
@given(
    st.dictionaries(
        st.sampled_from(["v", "op", "args", "env", "cwd", "x"]), JSON | st.sampled_from([1, *messages.OPERATIONS])
    )
)
def test_no_message_does_anything_but_fit_or_be_named(message: dict[str, object]) -> None:
    with contextlib.suppress(WrongInput, NotRunning):
        assert messages.read_request(message).op in messages.OPERATIONS


def test_shutdown_is_understood_in_every_version() -> None:
    assert messages.read_request({"v": 99, "op": "shutdown", "new": [1]}).op == "shutdown"
    assert messages.read_request({"op": "shutdown", "args": {"kill": True}}).args == {"kill": True}


def test_events_and_mistakes_read_back_as_they_were() -> None:
    event = Event("state", 12.5, "web", {"word": "running"})
    frame = codec.decode(codec.encode(messages.event_frame(event)))
    assert messages.read_event(frame["event"]) == event
    both = Mistakes([WrongInput("hybrid.toml:3 a", "b"), WrongInput("hybrid.toml:9 c", subject="service `d`")])
    read = codec.decode(codec.encode(messages.error_frame(both)))["error"]
    assert isinstance(read, dict)
    assert from_json(read).lines() == both.lines()


@given(JSON)
def test_an_event_of_nonsense_is_an_empty_one(data: object) -> None:
    event = messages.read_event(data)
    json.dumps(dict(event.data))
    assert isinstance(event.kind, str)
