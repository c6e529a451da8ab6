"""Runs a program and lets debuggers in: whoever connects to the port gets a debugger that is attached to it.

    python door.py PORT run|hold dap|gdb DEBUGGER LINK PROGRAM ARGUMENTS...

An adapter of lldb and gdbserver attach to one process and end with their client. Behind this door the program runs
freely until somebody connects, and on after he has left; the port stays the same whatever the program's number is.
`dap`: the adapter speaks the Debug Adapter Protocol on its standard streams; an `attach` that names no process is
completed, and the adapter of a client that vanished is told to detach. `gdb`: gdbserver. `hold` stops the program
at its first instruction until a debugger has come. LINK, where it is not empty, becomes a link to the program: the
path that debuggers know it by while versions come and go. Its end is ours, with its exit code or signal.

This file is run by itself: standard library only.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO, Any, cast
else:

    def cast(_kind: object, value: object) -> object:
        """Do without the import of `typing`, which is only for the type checker."""
        return value


PTRACE_TRACEME, PTRACE_DETACH = 0, 17
PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, ctypes.c_ulong(-1)
PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
NAMES_A_PROCESS = ("pid", "program", "waitFor", "attachCommands", "coreFile", "gdb-remote-port")
LEAVING = 5.0
"""Seconds that an adapter has to detach after its client has gone."""
LOOK = 0.01
COMING = 30.0
"""Seconds that a debugger has to attach, before what its client says is passed on all the same."""


def start(words: "list[str]", *, hold: bool) -> int:
    """Start the program in a group of its own; `hold`: stopped at its first instruction."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgid(0, 0)
            if library is not None:
                # Where only ancestors may attach (Yama), the program itself may allow more.
                library.prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0)
                if hold:
                    library.ptrace(PTRACE_TRACEME, 0, 0, 0)
            os.execvp(words[0], words)
        except OSError as error:
            sys.stderr.write(f"{words[0]}: {error.strerror}\n")
        os._exit(127)
    if hold and library is not None:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            library.ptrace(PTRACE_DETACH, pid, 0, signal.SIGSTOP)
        else:
            leave(status)
    return pid


def pass_signal(pid: int, number: int) -> None:
    """Give the program a signal that was meant for it; a stopped one would not notice."""
    with suppress(OSError):
        os.kill(pid, number)
        os.kill(pid, signal.SIGCONT)


def leave(status: int) -> None:
    """End as the program did."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        with suppress(OSError):  # KILL and STOP have nothing else
            signal.signal(-code, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0) if sys.platform == "linux" else None  # no second core file
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)


class Held:
    """A program that waits for its first debugger.

    Args:
        pid: the program.
        held: whether it does.
    """

    def __init__(self, pid: int, *, held: bool) -> None:
        self._pid = pid
        self._held = held
        self._lock = threading.Lock()

    def release(self) -> None:
        """Let the program go on under the debugger that is attaching, once it is."""
        with self._lock:
            deadline = time.monotonic() + COMING
            while self._held and time.monotonic() < deadline:
                if self._attached():
                    # While it is traced this only takes the stop away; the debugger decides when it runs.
                    os.kill(self._pid, signal.SIGCONT)
                    self._held = False
                time.sleep(LOOK)

    def _attached(self) -> bool:
        """Whether a debugger has stopped it and waits for commands: earlier its own stop would get lost."""
        try:
            tracer = next(int(line.split()[1]) for line in _lines(self._pid, "status") if line.startswith("TracerPid:"))
            return tracer > 0 and _state(self._pid) == "t" and _state(tracer) == "S"
        except (OSError, StopIteration):
            return False


def _lines(pid: int, name: str) -> "list[str]":
    with open(f"/proc/{pid}/{name}") as file:  # noqa: PTH123
        return file.read().splitlines()


def _state(pid: int) -> str:
    return _lines(pid, "stat")[0].rpartition(")")[2].split()[0]


def messages(stream: "IO[bytes]") -> "Any":
    """Read the frames of the Debug Adapter Protocol."""
    while True:
        size = 0
        while (line := stream.readline()).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        if not line:
            return
        body = stream.read(size)
        if len(body) < size:
            return
        yield json.loads(body)


def frame(message: "Any") -> bytes:
    """Write one."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def completed(message: "Any", pid: int) -> "Any":
    """Name the process in an `attach` that does not."""
    arguments = message.get("arguments") or {}
    if message.get("command") == "attach" and not any(arguments.get(name) for name in NAMES_A_PROCESS):
        return {**message, "arguments": {**arguments, "pid": pid}}
    return message


def opened(client: socket.socket, words: "list[str]") -> "tuple[subprocess.Popen[bytes], IO[bytes]]":
    """Start a debugger behind a connection; what it says to a client that has vanished is lost, not its end."""
    debugger = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    ear, mouth = cast("IO[bytes]", debugger.stdin), cast("IO[bytes]", debugger.stdout)
    threading.Thread(target=pass_on, args=(mouth, client), daemon=True).start()
    return debugger, ear


def pass_on(stream: "IO[bytes]", client: socket.socket) -> None:
    """Give a client what its debugger says, to the end."""
    while data := stream.read(1 << 16):
        with suppress(OSError):
            client.sendall(data)
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)


def serve_adapter(client: socket.socket, debugger: str, pid: int, held: Held) -> None:
    """Put an adapter behind a connection, and see that it lets go of the program in the end."""
    adapter, ear = opened(client, [debugger])
    number, said = 0, ""
    try:
        with suppress(OSError, ValueError), client.makefile("rb") as stream:
            for message in messages(stream):
                number, said = message.get("seq", number), message.get("command", said)
                if said == "configurationDone":
                    held.release()
                ear.write(frame(completed(message, pid)))
        if said != "disconnect":
            keep = {"terminateDebuggee": False}
            ear.write(frame({"seq": number + 1, "type": "request", "command": "disconnect", "arguments": keep}))
        adapter.wait(LEAVING)
    except (OSError, subprocess.TimeoutExpired):
        pass  # it has ended already, or will not: nothing more can be said to it
    finally:
        ended(adapter, client)


def serve_gdbserver(client: socket.socket, debugger: str, pid: int, held: Held) -> None:
    """Put gdbserver behind a connection; it lets go of the program when that ends."""
    server, ear = opened(client, [debugger, "--once", "--attach", "-", str(pid)])
    try:
        held.release()
        with suppress(OSError):
            while data := client.recv(1 << 16):
                ear.write(data)
        ear.close()
        server.wait(LEAVING)
    except (OSError, subprocess.TimeoutExpired):
        pass
    finally:
        ended(server, client)


def ended(debugger: "subprocess.Popen[bytes]", client: socket.socket) -> None:
    """See that nothing of a visit is left."""
    debugger.kill()
    debugger.wait()
    client.close()


def point(link: str, program: str) -> None:
    """Make a link to the program, in the place of the one there was."""
    os.makedirs(os.path.dirname(link), exist_ok=True)  # noqa: PTH103, PTH120 - no pathlib where it is not needed
    fresh = f"{link}.{os.getpid()}"
    os.symlink(os.path.abspath(program), fresh)  # noqa: PTH100, PTH211
    os.replace(fresh, link)  # noqa: PTH105


def let_in(listener: socket.socket, serve: "Callable[..., None]", *known: object) -> None:
    """Serve every connection."""
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, *known), daemon=True).start()


def main() -> None:
    """Run the program, and the door, until the program ends."""
    port, how, kind, debugger, link, *words = sys.argv[1:]
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(port)))
    if link:
        point(link, words[0])
    pid = start(words, hold=how == "hold")
    for number in PASSED_ON:
        signal.signal(number, lambda got, _: pass_signal(pid, got))
    listener.listen()
    known = (debugger, pid, Held(pid, held=how == "hold"))
    serve = serve_adapter if kind == "dap" else serve_gdbserver
    threading.Thread(target=let_in, args=(listener, serve, *known), daemon=True).start()
    _, status = os.waitpid(pid, 0)
    leave(status)


if __name__ == "__main__":
    main()
