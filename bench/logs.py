"""How fast lines get from a service into its log, and from there through `dev-logs` to a terminal.

Into the log: a program prints prepared lines through its real shim; *bare* is the same program writing the file
itself. Out of it: each row reads log files of the shim's format in a process of its own and writes to a real
pseudo-terminal (or a pipe) that is drained as fast as possible. `cat` of the same prefixed bytes is the limit.
"""

from __future__ import annotations

import asyncio
import os
import pty
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import tty
from pathlib import Path

from bench import table
from hybrid_tasks.model.command import Command
from hybrid_tasks.process.jobs import Jobs, JobSpec

LINES, ROUNDS = 200_000, 5
GOALS = ("plain, one service, to a terminal", "coloured, to a terminal", "OSC and CSI taken out, to a terminal")
ROOT = Path(__file__).resolve().parent.parent
RECORD = struct.Struct("<QIdB")
SHOW = """
import sys
from pathlib import Path
from hybrid_tasks.logs.asking import asked
from hybrid_tasks.logs.show import show
import json
options = json.loads(sys.argv[2])
with open(1, "wb", buffering=0, closefd=False) as out:
    sys.exit(show(Path(sys.argv[1]), asked(**options), out, out.isatty()))
"""


def line(number: int, body: bytes) -> bytes:
    head = b"2026-01-31 12:00:00,%03d INFO %07d " % (number % 1000, number)
    return (head + body)[:74].ljust(74, b".") + b"\n"


PLAIN = b"handler answered GET /orders/17 with 200"
KINDS = {
    "plain": lambda n: line(n, PLAIN),
    "coloured": lambda n: b"\x1b[32mINFO\x1b[0m " + line(n, PLAIN)[13:],
    "UTF-8": lambda n: line(n, "größer → weiter".encode() + PLAIN[:10])[:74] + b"\n",
    "escapes": lambda n: b"\x1b]0;t\x07\x1b[2K" + line(n, PLAIN)[10:],
}


def write_logs(folder: Path, service: str, kind: str, lines: int, per_record: int, *, began: float) -> None:
    """Write one job's log."""
    (folder / service).mkdir(parents=True)
    log_path = folder / service / f"20260131T120000.000000-instance-{service.encode().hex():0>12.12}.log"
    make = KINDS[kind]
    offset = 0
    with log_path.open("wb") as log, log_path.with_suffix(".idx").open("wb") as index:
        index.write(b"HYBLOG1\n")
        for first in range(0, lines, per_record):
            data = b"".join(make(n) for n in range(first, min(lines, first + per_record)))
            log.write(data)
            index.write(RECORD.pack(offset, len(data), began + first * 1e-5, 1))
            offset += len(data)
        index.write(RECORD.pack(0, 0, began + 1e3, 4))


def drain(argv: list[str], *, terminal: bool) -> tuple[float, float, int]:
    """Run a program and read all it prints: seconds to the first byte, to the end, and line ends."""
    if terminal:
        ours, theirs = pty.openpty()
        tty.setraw(theirs)  # no \r added, so that bytes can be compared
    else:
        ours, theirs = os.pipe()
    begin = time.perf_counter()
    child = subprocess.Popen(argv, stdout=theirs, cwd=ROOT)
    os.close(theirs)
    first, ends = 0.0, 0
    while True:
        try:
            data = os.read(ours, 1 << 16)
        except OSError:
            break
        if not data:
            break
        first = first or time.perf_counter() - begin
        ends += data.count(b"\n")
    spent = time.perf_counter() - begin
    os.close(ours)
    assert child.wait() == 0
    return first, spent, ends


def main() -> None:
    """Print the tables."""
    into_the_log(LINES, ROUNDS)
    out_of_the_log(LINES, ROUNDS)


def into_the_log(lines: int, rounds: int) -> None:
    """Measure the way from a program's output to its log file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "lines"
        source.write_bytes(b"".join(line(n, PLAIN) for n in range(lines)))
        bare, ours, memory = [], [], []
        for number in range(rounds):
            bare.append(bare_copy(source, folder / "bare.log"))
            seconds, mib = asyncio.run(through_shim(source, folder / f"logs{number}", lines))
            ours.append(seconds)
            memory.append(mib)
    rate = lines / statistics.median(ours)
    rows = [
        ("bare: the program writes the file", f"{lines / statistics.median(bare):,.0f}", table.ms(bare), ""),
        ("through the shim", f"{rate:,.0f}", table.ms(ours), reached(rate, 1_000_000)),
    ]
    table.show((f"{lines:,} lines of 75 bytes into the log", "lines/s", "ms with start", "goal"), rows)
    print(f"no line lost; most memory of a shim {max(memory):.1f} MiB\n")


def bare_copy(source: Path, target: Path) -> float:
    with target.open("wb") as out:
        begin = time.perf_counter()
        subprocess.run(["cat", str(source)], stdout=out, check=True)
        return time.perf_counter() - begin


async def through_shim(source: Path, log_dir: Path, lines: int) -> tuple[float, float]:
    """Run a program under a shim until all it printed is in the log; seconds, and the shim's memory in MiB."""
    jobs = Jobs("0" * 16)
    await jobs.open()
    try:
        command = Command(("sh", "-c", f"cat {source}; exec sleep 60"), source.parent)
        begin = time.perf_counter()
        job = await jobs.start(JobSpec("api", "instance", command, dict(os.environ), log_dir))
        while written(log_dir) < lines * 75:  # noqa: ASYNC110 - nobody tells when a file has grown
            await asyncio.sleep(0.001)
        spent = time.perf_counter() - begin
        assert job.shim is not None
        peak = most_memory(job.shim.pid)
        await job.stop(0)
    finally:
        await jobs.close()
    assert line_ends(log_dir) == lines, "lines were lost"
    return spent, peak


def written(log_dir: Path) -> int:
    return sum(file.stat().st_size for file in log_dir.glob("*.log"))


def line_ends(log_dir: Path) -> int:
    return sum(file.read_bytes().count(b"\n") for file in log_dir.glob("*.log"))


def most_memory(pid: int) -> float:
    """Give the most memory a process ever had, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(row.split()[1]) / 1024 for row in status.splitlines() if row.startswith("VmHWM"))


def reached(rate: float, goal: int) -> str:
    return f">= {goal:,} {'reached' if rate >= goal else 'MISSED'}"


def out_of_the_log(lines: int, rounds: int) -> None:
    """Measure reading, filtering and prefixing."""
    began = time.time() - 5000
    rows = [  # name, kind, services, lines per record, options, to a terminal
        ("plain, one service, to a terminal", "plain", 1, 800, "{}", True),
        ("coloured, to a terminal", "coloured", 1, 800, "{}", True),
        ("UTF-8, to a terminal", "UTF-8", 1, 800, "{}", True),
        ("OSC and CSI taken out, to a terminal", "escapes", 1, 800, "{}", True),
        ("a record a line, to a terminal", "plain", 1, 1, "{}", True),
        ("two services line by line, to a terminal", "plain", 2, 1, "{}", True),
        ("two services in blocks, to a terminal", "plain", 2, 800, "{}", True),
        ("plain, to a pipe", "plain", 1, 800, "{}", False),
        ("coloured, to a pipe", "coloured", 1, 800, "{}", False),
        ("--timestamps", "plain", 1, 800, '{"timestamps": true}', True),
        ("--grep answered", "plain", 1, 800, '{"grep": "answered"}', True),
        ("--level info", "plain", 1, 800, '{"level": "info"}', True),
        ("--json", "plain", 1, 800, '{"json": true}', False),
        ("--raw to a pipe", "plain", 1, 800, '{"raw": true}', False),
    ]
    rows_of = []
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "cat"
        sample.write_bytes(b"".join(b"\x1b[36mapi | \x1b[0m" + line(n, PLAIN) for n in range(lines)))
        limit = "limit: cat of the prefixed bytes to a terminal"
        rows_of.append(row_of(limit, ["cat", str(sample)], lines, rounds, terminal=True))
        for name, kind, services, per_record, options, terminal in rows:
            logs = Path(folder) / "logs"
            for number in range(services):
                write_logs(logs, f"api{number}", kind, lines // services, per_record, began=began + number * 5e-6)
            argv = [sys.executable, "-c", SHOW, str(logs), options]
            rows_of.append(row_of(name, argv, lines, rounds, terminal=terminal))
            shutil.rmtree(logs)
    heads = (
        f"{lines:,} lines out of the log, median of {rounds}",
        "lines/s after the first",
        "with start",
        "ms",
        "goal",
    )
    table.show(heads, rows_of)


def row_of(name: str, argv: list[str], lines: int, rounds: int, *, terminal: bool) -> tuple[str, ...]:
    """Measure one row of the table."""
    runs = [drain(argv, terminal=terminal) for _ in range(rounds)]
    assert all(ends == lines for _, _, ends in runs), "lines were lost"
    streaming = lines / statistics.median(spent - first for first, spent, _ in runs)
    whole = statistics.median(spent for _, spent, _ in runs)
    goal = reached(streaming, 500_000) if name in GOALS else ""
    return name, f"{streaming:,.0f}", f"{lines / whole:,.0f}", f"{whole * 1000:.0f}", goal
