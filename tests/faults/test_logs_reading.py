"""Readers of logs while files rotate, readers stop or die, and lines have no end; the writer is the real one."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from logwriter import EPOCH, JobWriter
from waiting import until

from hybrid_tasks.shim.logfile import LogFile

SEGMENT = 1 << 16  # the smallest segment the writer makes
CAP = 8 * SEGMENT
SHOW = """
import re, sys
from pathlib import Path
from hybrid_tasks.logs.query import Query
from hybrid_tasks.logs.show import show
options = eval(sys.argv[2])
with open(1, "wb", buffering=0, closefd=False) as out:
    code = show(Path(sys.argv[1]), Query(**options), out, out.isatty())
# Not ru_maxrss: that is inherited from the parent over exec.
status = Path("/proc/self/status").read_text()
print(int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) // 1024, file=sys.stderr)
sys.exit(code)
"""


class Reader:
    """A process that shows logs into a pipe of ours."""

    def __init__(self, project_logs: Path, **options: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SHOW, str(project_logs), repr(options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self.out = self.process.stdout.fileno()
        self.read = b""

    def until(self, end: bytes, timeout: float = 60) -> None:
        """Read until this has come."""
        deadline = time.monotonic() + timeout
        begin = max(0, len(self.read) - len(end))
        while self.read.find(end, begin) < 0:
            ready, _, _ = select.select([self.out], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{end!r} did not come; the last lines are {self.read[-300:]!r}"
            data = os.read(self.out, 1 << 16)
            assert data, f"the reader ended early: {self.read[-300:]!r}"
            begin = max(0, len(self.read) - len(end))
            self.read += data

    def end(self, number: int = signal.SIGINT) -> tuple[int, bytes]:
        """Send a signal and give the exit code and what was said about it."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


@pytest.fixture
def readers() -> Iterator[list[Reader]]:
    started: list[Reader] = []
    yield started
    for reader in started:
        reader.process.kill()
        with contextlib.suppress(ValueError):
            reader.process.communicate()


def log_file(project_logs: Path, service: str = "api", run: str = "00000000000a") -> LogFile:
    log = LogFile(os.fsencode(project_logs / service), f"20260131T120000.000000-instance-{run}".encode(), CAP)
    log.open()
    return log


def line(number: int) -> bytes:
    return b"%08d %s\n" % (number, b"." * 60)


def numbers(read: bytes) -> list[int]:
    return [int(match) for match in re.findall(rb"^api \| (\d{8}) ", read, re.MULTILINE)]


def flood(log: LogFile, first: int, size: int) -> int:
    """Write about `size` bytes in reads that do not end at line ends; gives the next number."""
    data = b"".join(line(number) for number in range(first, first + size // len(line(0))))
    for at in range(0, len(data), 5000):
        log.write(1, data[at : at + 5000])
    return first + size // len(line(0))


@pytest.mark.parametrize("rotations", [20, pytest.param(200, marks=pytest.mark.soak)])
def test_a_follower_sees_each_line_once_over_rotations(tmp_path: Path, readers: list[Reader], rotations: int) -> None:
    log = log_file(tmp_path)
    readers.append(reader := Reader(tmp_path, follow=True))
    written = 0
    while log._segment <= rotations:
        written = flood(log, written, SEGMENT // 2)
        reader.until(b" %08d " % (written - 1))
    log.end(0)
    reader.until(line(written - 1))
    assert reader.end()[0] == 130
    assert numbers(reader.read) == list(range(written))
    assert b"skipped" not in reader.read
    kept = sum(path.stat().st_size for path in (tmp_path / "api").iterdir())
    assert kept <= CAP + SEGMENT + 5000


def test_a_stopped_reader_is_overtaken_and_told_so(tmp_path: Path, readers: list[Reader]) -> None:
    log = log_file(tmp_path)
    readers.append(reader := Reader(tmp_path, follow=True))
    written = flood(log, 0, 1000)
    reader.until(line(written - 1))
    reader.process.send_signal(signal.SIGSTOP)
    before = written
    written = flood(log, written, 30 * SEGMENT)  # the writer does not wait for anybody
    assert log.dropped == 0
    assert log.trouble is None
    reader.process.send_signal(signal.SIGCONT)
    reader.until(line(written - 1))
    log.end(0)
    assert reader.end()[0] == 130
    seen = numbers(reader.read)
    assert seen == sorted(set(seen))
    assert seen[: before + 1] == list(range(before + 1))
    assert seen[-1] == written - 1
    [skipped] = re.findall(rb"-- skipped (\d+) older log files", reader.read)
    assert int(skipped) > 15
    missing = written - len(seen)
    assert 0 < missing * len(line(0)) <= (int(skipped) + 1) * (SEGMENT + 5000)


def test_many_readers_see_the_same(tmp_path: Path, readers: list[Reader]) -> None:
    log = log_file(tmp_path)
    readers.extend(Reader(tmp_path, follow=True) for _ in range(6))
    written = 0
    for _ in range(6):
        written = flood(log, written, SEGMENT // 2)
        for reader in readers:
            reader.until(line(written - 1))
    readers[0].end(signal.SIGKILL)  # a reader that dies is nobody's matter
    written = flood(log, written, SEGMENT)
    log.end(0)
    for reader in readers[1:]:
        reader.until(line(written - 1))
        assert numbers(reader.read) == list(range(written))


def test_two_services_are_followed_side_by_side(tmp_path: Path, readers: list[Reader]) -> None:
    logs = {"api": log_file(tmp_path), "web": log_file(tmp_path, "web", "00000000000b")}
    readers.append(reader := Reader(tmp_path, follow=True))
    for number in range(300):
        for name, log in logs.items():
            log.write(1, b"%s %d\n" % (name.encode(), number))
        if number % 50 == 0:
            reader.until(b"web | web %d\n" % number)
    reader.until(b"web | web 299\n")
    for log in logs.values():
        log.end(0)
    for name in ("api", "web"):
        found = re.findall(rb"^%b \| %b (\d+)$" % (name.encode(), name.encode()), reader.read, re.MULTILINE)
        assert [int(number) for number in found] == list(range(300))


@pytest.mark.parametrize("mode", [{}, {"json": True}, {"raw": True}, {"timestamps": True}, {"tail": 5}, {"level": 30}])
def test_a_line_of_fifty_megabytes_is_shown_in_little_memory(
    tmp_path: Path, readers: list[Reader], mode: dict[str, object]
) -> None:
    job = JobWriter(tmp_path)
    for _ in range(50):
        job.write(b"x" * 1_000_000)
    job.write(b"\nERROR next\n").end()

    def peak(project_logs: Path) -> tuple[int, int, bytes]:
        readers.append(reader := Reader(project_logs, **mode))
        size, tail = 0, b""
        while data := os.read(reader.out, 1 << 16):
            size, tail = size + len(data), (tail + data)[-200:]
        _, err = reader.process.communicate(timeout=60)
        assert reader.process.returncode == 0, err
        return int(err), size, tail

    JobWriter(tmp_path / "small").write("ERROR next\n").end()
    small = peak(tmp_path / "small")[0]
    big, size, tail = peak(tmp_path)
    assert big - small < 24  # MB
    assert b"ERROR next" in tail
    if mode.get("raw"):
        assert size == job.offset
    else:
        assert size < 20_000
        assert "level" in mode or "tail" in mode or b"(50 MB)" in tail


def test_fifty_megabytes_that_never_end_do_not_grow_a_follower(tmp_path: Path, readers: list[Reader]) -> None:
    log = LogFile(os.fsencode(tmp_path / "api"), b"20260131T120000.000000-instance-00000000000a", 1 << 30)
    log.open()
    readers.append(reader := Reader(tmp_path, follow=True))
    log.write(1, b"begin\n")
    reader.until(b"begin\n")
    for _ in range(800):
        log.write(1, b"x" * 65536)
    log.write(2, b"err\n")
    reader.until(b"err\n")
    log.write(1, b"\nend\n")
    reader.until(b"end\n")
    log.end(0)
    code, err = reader.end()
    assert code == 130
    assert "… (52.4 MB)\n".encode() in reader.read
    assert int(err) < 40  # MB


# --- `inv dev-logs` itself


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tasks.py").write_text("from hybrid_tasks import tasks\n\nns = tasks()\n")
    (tmp_path / "hybrid.toml").write_text('[services.api]\ncommand = ["true"]\n')
    return tmp_path


def dev_logs(*words: str) -> list[str]:
    return [sys.executable, "-m", "invoke", "dev-logs", *words]


def environment(project: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(project), "TERM": "xterm", "PYTHONWARNINGS": "default"}


@pytest.mark.parametrize("words", [("-f", "--tail", "all"), ()])
def test_head_takes_what_it_wants_and_nobody_complains(project: Path, words: tuple[str, ...]) -> None:
    JobWriter(project / ".hybrid" / "logs").write(b"".join(line(n) for n in range(20_000)))
    command = " ".join(dev_logs(*words)) + " | head -n 2"
    done = subprocess.run(
        ["bash", "-c", command], cwd=project, env=environment(project), capture_output=True, timeout=60
    )
    assert numbers(done.stdout) == [0, 1]
    assert done.stderr == b""


def test_a_follower_ends_when_its_reader_is_gone_though_nothing_comes(project: Path) -> None:
    JobWriter(project / ".hybrid" / "logs").write("api\n")
    process = subprocess.Popen(
        dev_logs("-f"), cwd=project, env=environment(project), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"api | api\n"
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


class Terminal:
    """`inv dev-logs` on a terminal of its own."""

    def __init__(self, project: Path, *words: str) -> None:
        self.ours, self.theirs = pty.openpty()
        settings = termios.tcgetattr(self.theirs)
        settings[1] &= ~termios.OPOST
        termios.tcsetattr(self.theirs, termios.TCSANOW, settings)
        # The terminal becomes the controlling one of the new session when its leader opens it.
        script = ["setsid", "sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(self.theirs), *dev_logs(*words)]
        self.process = subprocess.Popen(script, cwd=project, env=environment(project))
        self.read = b""

    def until(self, end: bytes, timeout: float = 60) -> None:
        deadline = time.monotonic() + timeout
        while end not in self.read:
            ready, _, _ = select.select([self.ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{end!r} did not come: {self.read!r}"
            self.read += os.read(self.ours, 1 << 16)

    def close(self) -> None:
        for fd in (self.ours, self.theirs):
            if fd >= 0:
                os.close(fd)
        self.ours = self.theirs = -1


@pytest.fixture
def terminal(project: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_one(*words: str) -> Terminal:
        opened.append(Terminal(project, *words))
        return opened[-1]

    yield open_one
    for each in opened:
        each.process.kill()
        each.process.wait()
        each.close()


def test_ctrl_c_on_a_terminal_ends_with_130_and_says_nothing(project: Path, terminal: Callable[..., Terminal]) -> None:
    JobWriter(project / ".hybrid" / "logs").write(b"\x1b[32mgreen\x1b]0;owned\x07\n")
    following = terminal("-f")
    following.until(b"green\x1b[0m\n")
    os.write(following.ours, b"\x03")
    assert following.process.wait(60) == 130
    following.until(b"^C\x1b[0m\n")
    assert following.read.endswith(b"green\x1b[0m\n^C\x1b[0m\n")
    assert b"owned" not in following.read


def test_a_closed_terminal_ends_the_follower(project: Path, terminal: Callable[..., Terminal]) -> None:
    JobWriter(project / ".hybrid" / "logs").write("there\n")
    following = terminal("-f")
    following.until(b"there")
    following.close()
    following.process.wait(60)


def test_logs_are_read_without_supervisor_and_with_a_broken_configuration(project: Path) -> None:
    JobWriter(project / ".hybrid" / "logs", started=EPOCH).write("here\n").end()
    (project / "hybrid.toml").write_text("this is [ no toml")
    done = subprocess.run(dev_logs("api"), cwd=project, env=environment(project), capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"api | here\n", b"")


def test_nothing_heavy_is_loaded_to_read_logs(tmp_path: Path) -> None:
    code = (
        "import sys, hybrid_tasks.logs.show, hybrid_tasks.logs.asking, hybrid_tasks.logs.store;"
        "print(sorted({'pydantic', 'asyncio', 'watchdog', 'invoke', 'pluggy', 'psutil', 'difflib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, cwd=tmp_path)
    assert done.stdout == b"[]\n", done.stderr


def test_an_idle_follower_costs_next_to_nothing(tmp_path: Path, readers: list[Reader]) -> None:
    for number in range(10):
        JobWriter(tmp_path, f"s{number}").write("x\n")
    readers.append(reader := Reader(tmp_path, follow=True))
    reader.until(b"s9 | x\n")
    stat = Path(f"/proc/{reader.process.pid}/stat")

    def spent() -> int:
        fields = stat.read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    switches = Path(f"/proc/{reader.process.pid}/status")

    def waits() -> int:
        return int(re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", switches.read_text(), re.MULTILINE)[0])

    begin, first = waits(), spent()
    until(lambda: waits() >= begin + 40, timeout=60)
    assert spent() - first <= 10  # hundredths of a second, for about ten seconds of waiting
