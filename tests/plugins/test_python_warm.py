"""A fork of a warm parent is what a cold start would be, in what it sees and in how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from jobbing import becomes, says, with_jobs
from warming import output, place, warmed

from hybrid_tasks.process.jobs import Cold, Exit, Jobs, StartFailed

pytestmark = pytest.mark.needs("linux")

SEES = r"""
import asyncio, gc, json, logging, multiprocessing, os, random, resource, signal, socket, subprocess, sys, threading, time
import neighbour

def twice(n):
    return n * 2, os.getpid() != 0

def main():
    seen = {}
    me = sys.modules["__main__"]
    names = ("__name__", "__file__", "__doc__", "__package__", "__builtins__", "__annotations__", "__cached__")
    seen["main"] = {name: repr(getattr(me, name, "missing")) for name in names}
    seen["loader"] = type(me.__loader__).__name__
    seen["spec"] = getattr(me.__spec__, "name", None)
    seen["globals"] = sorted(name for name in globals() if name.startswith("_"))
    seen["argv"], seen["path"], seen["flags"] = sys.argv, sys.path, list(sys.flags)
    seen["orig_argv"] = getattr(sys, "orig_argv", None)
    seen["executable"], seen["prefix"] = sys.executable, sys.prefix
    seen["finders"] = [getattr(f, "__name__", type(f).__name__) for f in sys.meta_path]
    seen["env"] = {k: v for k, v in os.environ.items() if k not in ("HYBRID_RUN", "LISTEN_PID")}
    seen["c env"] = subprocess.run(["sh", "-c", "echo $COLOUR $NEW"], stdout=subprocess.PIPE).stdout.decode("utf-8", "surrogateescape")
    seen["listen pid"] = os.environ.get("LISTEN_PID") == str(os.getpid())
    seen["cwd"] = os.getcwd()
    seen["files"] = {}
    for fd in sorted(os.listdir("/proc/self/fd"), key=int):
        try:
            seen["files"][fd] = os.readlink("/proc/self/fd/" + fd).split(":")[0]
        except OSError:
            pass
    seen["inheritable"] = [os.get_inheritable(fd) for fd in (0, 1, 2)]
    seen["blocking"] = [os.get_blocking(fd) for fd in (1, 2)]
    seen["signals"] = {n: str(signal.getsignal(n)).split(" at ")[0] for n in range(1, 32)}
    status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    seen["status"] = {name: status[name] for name in ("SigBlk", "SigIgn", "SigCgt", "Threads", "Umask")}
    seen["comm"] = open("/proc/self/comm").read()
    seen["session"] = [os.getpgid(0) == os.getpid(), os.getsid(0) == os.getpid()]
    seen["nice"], seen["policy"] = os.nice(0), os.sched_getscheduler(0)
    seen["cpus"] = sorted(os.sched_getaffinity(0))
    seen["limits"] = [resource.getrlimit(n) for n in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE, resource.RLIMIT_STACK)]
    seen["streams"] = [(s.isatty(), s.encoding, s.errors, s.line_buffering, getattr(s, "write_through", None)) for s in (sys.stdin, sys.stdout, sys.stderr)]
    seen["stdin"] = sys.stdin.read()
    seen["threads"] = [t.name for t in threading.enumerate()], threading.current_thread() is threading.main_thread()
    seen["native"] = threading.main_thread().native_id == threading.get_native_id()
    seen["gc"] = gc.isenabled(), gc.get_threshold(), len(gc.callbacks)
    seen["logging"] = logging.makeLogRecord({}).relativeCreated < 60000, logging.getLogger().handlers, logging.root.level
    seen["age"] = time.process_time() < 5
    async def many():
        done = await asyncio.gather(*(asyncio.sleep(0.01, n) for n in range(5)))
        process = await asyncio.create_subprocess_exec("echo", "hello", stdout=subprocess.PIPE)
        return done, (await process.communicate())[0].decode()
    seen["asyncio"] = asyncio.run(many())
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            seen["pool " + method] = pool.map(twice, [1, 2])
    process = multiprocessing.current_process()
    seen["process"] = process.name, process.daemon, multiprocessing.parent_process() if sys.version_info >= (3, 8) else None
    thread = threading.Thread(target=lambda: seen.update(thread=True))
    thread.start(); thread.join()
    seen["neighbour"] = neighbour.__file__
    print(json.dumps(seen))

if __name__ == "__main__":
    main()
    sys.exit(3)
"""

OTHERS = sorted(
    str(path)
    for minor in (8, 9, 10, 12, 13, 14)
    for path in Path(sys.base_prefix).parent.glob(f"3.{minor}.*/bin/python3")  # as version managers install them
)


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {name: (one[name], other.get(name)) for name in one if one[name] != other.get(name)}


@pytest.mark.parametrize("python", [sys.executable, *OTHERS])
@pytest.mark.parametrize("words", [("main.py", "a b"), ("-m", "pkg.tool", "a b")], ids=["script", "module"])
def test_a_fork_sees_what_a_cold_start_sees(tmp_path: Path, python: str, words: tuple[str, ...]) -> None:
    where = place(tmp_path, python, {"main.py": SEES, "pkg/__init__.py": "", "pkg/tool.py": SEES})
    (where.service / "neighbour.py").write_text("")
    first = words if words[0] == "-m" else (str(where.service / words[0]), *words[1:])

    async def play(jobs: Jobs) -> None:
        cold = await jobs.start(where.program(*first))
        lines = await output(cold)
        assert cold.code == 3, "\n".join(lines)
        modules = "asyncio logging multiprocessing subprocess random json tempfile concurrent.futures socket ssl"
        parent = await warmed(jobs, where, *first, modules=modules)
        warm = await jobs.fork(where.program(*first), parent)
        told = await output(warm)
        assert warm.code == 3, "\n".join(told)
        assert differences(json.loads(lines[0]), json.loads(told[0])) == {}

    with_jobs(play)


def test_environment_directory_and_sockets_arrive_as_given(tmp_path: Path) -> None:
    import socket
    from dataclasses import replace

    where = place(tmp_path, files={"main.py": SEES, "neighbour.py": ""})
    main = str(where.service / "main.py")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def play(jobs: Jobs) -> None:
            parent = await warmed(jobs, where, main, modules="json ssl")
            given = where.program(main)
            env = {"PATH": os.environ["PATH"], "NEW": "ü\udcff $X", "EMPTY": ""}
            forked = await jobs.fork(replace(given, env=env, listeners=(listener,)), parent)
            seen = json.loads((await output(forked))[0])
            marks = {"HYBRID_PROJECT", "HYBRID_SERVICE", "LISTEN_FDS", "LISTEN_FDNAMES", "LC_CTYPE"}
            assert {k: v for k, v in seen["env"].items() if k not in marks} == env
            assert seen["c env"].strip().endswith("$X")
            assert seen["listen pid"] is True
            assert seen["files"]["3"] == "socket"
            assert listener.fileno() >= 0
            again = await jobs.fork(given, parent)
            assert "3" not in json.loads((await output(again))[0])["files"]

        with_jobs(play)


DRAWS = """
import json, random, secrets, sys, tempfile, uuid, library
print(json.dumps([random.random(), library.own.random(), library.fixed.random(), tempfile.mktemp(), str(uuid.uuid4())]))
"""


def test_random_numbers_differ_between_forks(tmp_path: Path) -> None:
    where = place(tmp_path, files={"main.py": DRAWS})
    where.library("library", "import random\nown = random.Random()\nfixed = random.Random(42)\n")
    main = str(where.service / "main.py")

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="library tempfile uuid secrets")
        drawn = [json.loads((await output(await jobs.fork(where.program(main), parent)))[0]) for _ in range(3)]
        for number, column in enumerate(zip(*drawn, strict=True)):
            assert len(set(column)) == (1 if number == 2 else 3), column

    with_jobs(play)


def test_what_runs_is_learned_and_what_a_fork_loads_besides_is_loaded_for_the_next(tmp_path: Path) -> None:
    where = place(tmp_path, files={"main.py": "import sys; import outer; print('lazy' in sys.modules)"})
    where.library("outer", "import inner\n")
    where.library("inner", "")
    where.library("lazy", "")
    main = where.service / "main.py"

    async def play(jobs: Jobs) -> None:
        where.learned.write_text("of_an_earlier_run\n")
        await output(await jobs.start(where.program(str(main))))
        assert where.learned.read_text().split() == ["outer"], "it brings `inner`; a cold start begins anew"
        parent = await warmed(jobs, where, str(main))
        assert await output(await jobs.fork(where.program(str(main)), parent)) == ["False"]
        main.write_text("import sys; import outer; print('lazy' in sys.modules); import lazy")
        assert await output(await jobs.fork(where.program(str(main)), parent)) == ["False"]
        assert where.learned.read_text().split() == ["outer", "lazy"]
        while await output(await jobs.fork(where.program(str(main)), parent)) != ["True"]:  # noqa: ASYNC110
            await asyncio.sleep(2.5)  # it looks when it has been left alone for so long

    with_jobs(play)


def test_a_library_may_change_the_environment_when_it_is_imported(tmp_path: Path) -> None:
    where = place(
        tmp_path, files={"main.py": "import os, library; print(os.environ.get('SET'), os.environ.get('COLOUR'))"}
    )
    where.library("library", "import os\nos.environ['SET'] = 'by a library'\ndel os.environ['COLOUR']\n")
    main = str(where.service / "main.py")

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="library")
        assert await output(await jobs.fork(where.program(main), parent)) == ["by a library None"]

    with_jobs(play)


def test_changed_source_is_compiled_before_it_runs(tmp_path: Path) -> None:
    from dataclasses import replace

    where = place(tmp_path, files={"main.py": "print('ran')", "lazy.py": "def broken(:\n"})
    main = str(where.service / "main.py")

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="json")
        given = where.program(main)
        broken = await jobs.fork(replace(given, check=(where.service / "lazy.py",)), parent)
        lines = await output(broken)
        assert broken.exit == Exit(1)
        assert lines[0].startswith(f"{where.service}/lazy.py:1: SyntaxError")
        assert await output(await jobs.fork(replace(given, check=(Path(main),)), parent)) == ["ran"]

    with_jobs(play)


def test_exits_and_tracebacks_are_those_of_a_cold_start(tmp_path: Path) -> None:
    where = place(tmp_path)
    main = where.service / "main.py"
    programs = {
        "import sys; sys.exit(7)": 7,
        "1 / 0": 1,
        "import os; os._exit(9)": 9,
        "import os; os.kill(os.getpid(), 11)": -11,
        "import atexit; atexit.register(print, 'bye')": 0,
        "import threading; threading.Thread(target=print, args=('from a thread',)).start()": 0,
    }

    async def play(jobs: Jobs) -> None:
        main.write_text("")
        parent = await warmed(jobs, where, str(main), modules="threading atexit")
        for text, code in programs.items():
            main.write_text(text)
            cold = await output(await jobs.start(where.program(str(main))))
            job = await jobs.fork(where.program(str(main)), parent)
            warm = await output(job)
            assert job.exit == Exit(code), text
            assert [line for line in warm if "File" not in line][-2:] == [line for line in cold if "File" not in line][
                -2:
            ]

    with_jobs(play)


def test_a_directory_that_is_gone_and_another_interpreter_are_told_apart(tmp_path: Path) -> None:
    from dataclasses import replace

    from hybrid_tasks.model.command import Command

    where = place(tmp_path, files={"main.py": ""})
    main = str(where.service / "main.py")

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="json")
        given = where.program(main)
        nowhere = Command(given.command.argv, where.folder / "nowhere")
        with pytest.raises(StartFailed, match="cannot enter the directory"):
            await jobs.fork(replace(given, command=nowhere), parent)
        other = Command((sys.executable, *given.command.argv[1:]), given.command.cwd)
        with pytest.raises(Cold, match="started in another way"):
            await jobs.fork(replace(given, command=other), parent)
        assert (await (await jobs.fork(given, parent)).wait()) == Exit(0)
        await becomes(lambda: list(jobs.live.values()) == [parent.job])

    with_jobs(play)


def test_signals_end_a_fork_as_they_end_a_cold_start(tmp_path: Path) -> None:
    text = "import signal, sys, time\nsignal.signal(15, lambda *_: sys.exit(5))\nprint('ready')\ntime.sleep(99)"
    where = place(tmp_path, files={"main.py": text})
    main = str(where.service / "main.py")

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="json")
        forked = await jobs.fork(where.program(main), parent)
        await says(forked, "ready")
        assert await forked.stop() == Exit(5)
        forked = await jobs.fork(where.program(main), parent)
        await says(forked, "ready")
        forked.signal("INT")
        assert (await forked.wait()).code == -signal.SIGINT
        assert parent.job.exit is None

    with_jobs(play)
