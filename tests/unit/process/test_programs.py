"""What a program finds when it starts: everything as a login shell would have it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from dispositions import ignored
from jobbing import PROJECT, python_spec, says, spec, with_jobs

from hybrid_tasks.process.jobs import Jobs, StartFailed
from hybrid_tasks.process.ports import listeners

LOOK = """
import os, json, signal, sys
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
print(json.dumps({
    "pid": os.getpid(), "sid": os.getsid(0), "group": os.getpgid(0), "cwd": os.getcwd(), "umask": os.umask(0),
    "fds": sorted(int(f) for f in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + f)),
    "stdin": os.readlink("/proc/self/fd/0"), "blocked": status["SigBlk"], "ignored": status["SigIgn"],
    "env": dict(os.environ), "argv": sys.argv[1:],
}))
"""


def look(tmp_path: Path, *words: str, **more: object) -> dict[str, object]:
    async def play(jobs: Jobs) -> dict[str, object]:
        job = await jobs.start(python_spec(tmp_path, LOOK, *words, **more))
        assert (await job.wait()).code == 0, job.tail()
        return {"job": job, **json.loads(job.tail(1)[0])}

    return with_jobs(play)


def test_a_program_has_a_clean_place_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "ü").mkdir()
    seen = look(tmp_path / "logs", cwd=tmp_path / "ü")
    assert seen["pid"] == seen["sid"] == seen["group"] == seen["job"].pid
    assert seen["cwd"] == str(tmp_path / "ü")
    assert seen["fds"] == [0, 1, 2]
    assert seen["stdin"] == "/dev/null"
    assert int(str(seen["blocked"]), 16) == 0
    umask = os.umask(0)
    os.umask(umask)
    assert seen["umask"] == umask


def test_no_signal_is_ignored_whatever_we_ignore(tmp_path: Path) -> None:
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGHUP, signal.SIGUSR1)}
    try:
        seen = look(tmp_path)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    # The Python that looks ignores SIGPIPE and SIGXFSZ by itself.
    assert ignored(str(seen["ignored"])) == 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)


def test_a_shell_gets_sigpipe(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> int:
        job = await jobs.start(spec(tmp_path, "sh", "-c", "grep SigIgn /proc/self/status"))
        await job.wait()
        return ignored(job.tail(1)[0].split()[1])

    assert with_jobs(play) == 0


def test_the_environment_is_the_given_one_and_our_marks(tmp_path: Path) -> None:
    odd = {"A": "a=b\nc", "Ü": "ü", "BYTES": os.fsdecode(b"\xff\xfe"), "EMPTY": ""}
    seen = look(tmp_path, env=odd)
    env = dict(seen["env"])
    assert env.pop("HYBRID_PROJECT") == PROJECT
    assert env.pop("HYBRID_SERVICE") == "api"
    assert env.pop("HYBRID_RUN") == seen["job"].run
    env.pop("LC_CTYPE", None)  # Python's own
    assert env == odd


def test_arguments_arrive_byte_for_byte(tmp_path: Path) -> None:
    words = ["", " ", "a b", "'\"$(x)`;\n", "-x", "ü", os.fsdecode(b"\xff")]
    assert look(tmp_path, *words)["argv"] == words


def test_listeners_are_inherited_from_three_on(tmp_path: Path) -> None:
    code = LOOK + "import socket\nprint([socket.socket(fileno=n).getsockname()[1] for n in (3, 4, 5)])"

    async def play(jobs: Jobs) -> None:
        sockets = tuple(socket.create_server(("127.0.0.1", 0)) for _ in range(3))
        job = await jobs.start(python_spec(tmp_path, code, listeners=sockets))
        await job.wait()
        *_, seen, ports = job.tail()
        seen = json.loads(seen)
        assert seen["fds"] == [0, 1, 2, 3, 4, 5]
        assert json.loads(ports) == [listener.getsockname()[1] for listener in sockets]
        assert seen["env"]["LISTEN_FDS"] == "3"
        assert seen["env"]["LISTEN_PID"] == str(job.pid)
        assert seen["env"]["LISTEN_FDNAMES"] == "api:api:api"
        port = sockets[0].getsockname()[1]
        for listener in sockets:
            listener.close()
        # Nobody else holds it: neither the shim nor the template.
        socket.create_server(("127.0.0.1", port)).close()

    with_jobs(play)


def test_a_listener_is_the_programs_alone(tmp_path: Path) -> None:
    """A copy in the shim would stay in the port's group and swallow clients when the program is gone."""

    async def play(jobs: Jobs) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            code = "import os, signal; os.close(3); os.write(1, b'closed\\n'); signal.pause()"
            job = await jobs.start(python_spec(tmp_path, code, listeners=(listener,)))
            await says(job, "closed")
            assert listeners(port)
        assert not listeners(port)

    with_jobs(play)


def test_without_listeners_there_is_no_word_of_them(tmp_path: Path) -> None:
    assert not [name for name in look(tmp_path)["env"] if name.startswith("LISTEN")]


def test_the_path_searched_is_the_programs_own(tmp_path: Path) -> None:
    for directory, mode in (("plain", 0o644), ("good", 0o755), ("late", 0o755)):
        tool = tmp_path / directory / "tool"
        tool.parent.mkdir()
        tool.write_text(f"#!/bin/sh\necho {directory}\n")
        tool.chmod(mode)

    async def play(jobs: Jobs) -> None:
        path = ":".join(str(tmp_path / name) for name in ("none", "plain", "good", "late"))
        job = await jobs.start(spec(tmp_path / "logs", "tool", env={"PATH": path}))
        assert (await job.wait()).code == 0
        assert job.tail() == ["good"]
        with pytest.raises(StartFailed, match="permission denied"):
            await jobs.start(spec(tmp_path / "logs", "tool", env={"PATH": f"{tmp_path}/plain:{tmp_path}/none"}))

    with_jobs(play)


def failing(tmp_path: Path) -> dict[str, tuple[dict[str, object], str]]:
    (tmp_path / "text").write_text("no program\n")
    (tmp_path / "text").chmod(0o755)
    (tmp_path / "script").write_text("#!/no/such/interpreter -x\n")
    (tmp_path / "script").chmod(0o755)
    return {
        "missing": ({"argv": ["no-such-tool"]}, "`no-such-tool` was not found"),
        "path": ({"argv": ["/no/such/tool"]}, "`/no/such/tool` does not exist"),
        "cwd": ({"argv": ["true"], "cwd": tmp_path / "none"}, f"cannot enter the directory `{tmp_path}/none`"),
        "directory": ({"argv": ["/"]}, "cannot execute `/`: permission denied"),
        "format": ({"argv": [str(tmp_path / "text")]}, "exec format error"),
        "interpreter": ({"argv": [str(tmp_path / "script")]}, "its interpreter is missing (/no/such/interpreter -x)"),
        "long": ({"argv": ["true", "x" * (1 << 18)]}, "cannot execute `true`: argument list too long"),
        "nul": ({"argv": ["true", "a\0b"]}, "cannot execute `true`: invalid argument"),
        "name": ({"argv": ["true"], "env": {"A=B": "c"}}, "cannot execute `true`: invalid argument"),
        "empty": ({"argv": []}, "the command is empty"),
    }


@pytest.mark.parametrize(
    "case", ["missing", "path", "cwd", "directory", "format", "interpreter", "long", "nul", "name", "empty"]
)
def test_what_cannot_start_says_why(case: str, tmp_path: Path) -> None:
    asked, words = failing(tmp_path)[case]
    argv = asked.pop("argv")

    async def play(jobs: Jobs) -> None:
        with pytest.raises(StartFailed) as raised:
            await jobs.start(spec(tmp_path / "logs", *argv, **asked))
        assert words in raised.value.message
        assert raised.value.subject == "service `api`"
        assert raised.value.missing == {"missing": "no-such-tool", "path": "/no/such/tool"}.get(case)
        assert not jobs.live
        # And the next one starts.
        job = await jobs.start(spec(tmp_path / "logs", "true"))
        assert (await job.wait()).code == 0

    with_jobs(play)


def test_an_environment_of_a_megabyte_arrives(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], **{f"V{number}": "x" * 100_000 for number in range(10)}}
    seen = look(tmp_path, env=env)
    assert sum(len(value) for name, value in seen["env"].items() if name.startswith("V")) == 1_000_000


def test_python_is_the_one_of_the_shims(tmp_path: Path) -> None:
    async def play(_: Jobs) -> None:
        jobs = Jobs(PROJECT, python="/no/such/python")
        with pytest.raises(StartFailed, match="cannot start a process"):
            await jobs.start(spec(tmp_path, "true"))
        await jobs.close()

    with_jobs(play)
    assert sys.executable
