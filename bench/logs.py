"""How fast `dev-logs` reads, filters and prefixes: a Markdown table, compared within one run.

    python bench/logs.py [lines] [rounds]

Each row reads log files of the shim's format in a process of its own and writes to a real pseudo-terminal (or a
pipe) that is drained as fast as possible. `cat` of the same prefixed bytes is the limit of the terminal itself.
"""

from __future__ import annotations

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
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
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
    print(
        f"{lines:,} lines of 75 bytes, median of {rounds}; lines/s from the first byte on, and with the process start\n"
    )
    print("| what | lines/s | with start | ms |")
    print("|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "cat"
        sample.write_bytes(b"".join(b"\x1b[36mapi | \x1b[0m" + line(n, PLAIN) for n in range(lines)))
        report("limit: cat of the prefixed bytes to a terminal", ["cat", str(sample)], lines, rounds, terminal=True)
        for name, kind, services, per_record, options, terminal in rows:
            logs = Path(folder) / "logs"
            for number in range(services):
                write_logs(logs, f"api{number}", kind, lines // services, per_record, began=began + number * 5e-6)
            argv = [sys.executable, "-c", SHOW, str(logs), options]
            report(name, argv, lines, rounds, terminal=terminal)
            shutil.rmtree(logs)


def report(name: str, argv: list[str], lines: int, rounds: int, *, terminal: bool) -> None:
    """Measure one row and print it."""
    runs = [drain(argv, terminal=terminal) for _ in range(rounds)]
    assert all(ends == lines for _, _, ends in runs), "lines were lost"
    streaming = statistics.median(spent - first for first, spent, _ in runs)
    whole = statistics.median(spent for _, spent, _ in runs)
    print(f"| {name} | {lines / streaming:,.0f} | {lines / whole:,.0f} | {whole * 1000:.0f} |", flush=True)


if __name__ == "__main__":
    main()
