"""Starting the program of a job: between fork and exec everything is made as a fresh login would have it."""

from __future__ import annotations

import errno
import fcntl
import os
import signal

from . import signals
from .kernel import die_with_parent

FIRST_LISTENER = 3


class Program:
    """What to run, in the bytes of the operating system.

    Args:
        argv: the program and its arguments.
        env: its complete environment.
        cwd: the directory it starts in.
        listeners: sockets that become descriptors 3, 4, ... of the program.
        names: the value of LISTEN_FDNAMES.
    """

    def __init__(
        self, *, argv: list[bytes], env: dict[bytes, bytes], cwd: bytes, listeners: list[int], names: bytes
    ) -> None:
        self.argv = argv
        self.env = env
        self.cwd = cwd
        self.listeners = listeners
        self.names = names


def spawn(program: Program, stdout: int, stderr: int) -> tuple[int, int]:
    """Fork and execute a program whose output goes to two pipes.

    Args:
        program: what to run.
        stdout: the write end of the pipe for its standard output.
        stderr: the same for its standard error.

    Returns:
        its pid, and a descriptor that reaches its end once the program runs. If it cannot run, the text
        `STAGE ERRNO` is read from that descriptor first.
    """
    report, tell = os.pipe()
    parent = os.getpid()
    signals.hold()  # a signal between fork and exec must end the child, not run a handler of ours
    try:
        pid = os.fork()
        if pid == 0:
            _become(program, parent, stdout, stderr, tell)
    except OSError:
        os.close(report)
        raise
    finally:
        os.close(tell)
        signals.release()
    return pid, report


def _become(program: Program, parent: int, stdout: int, stderr: int, tell: int) -> None:
    stage = "start"
    try:
        die_with_parent(signal.SIGKILL)
        if os.getppid() != parent:
            return
        os.setsid()
        stage = "cwd"
        os.chdir(program.cwd)
        stage = "start"
        tell = _place_descriptors(program.listeners, stdout, stderr, tell)
        if program.listeners:
            program.env[b"LISTEN_FDS"] = b"%d" % len(program.listeners)
            program.env[b"LISTEN_PID"] = b"%d" % os.getpid()
            program.env[b"LISTEN_FDNAMES"] = program.names
        signals.restore()
        stage = "exec"
        _execute(program)
    except OSError as error:
        os.write(tell, b"%s %d" % (stage.encode(), error.errno or 0))
    except ValueError:  # a NUL in an argument, a "=" in the name of a variable
        os.write(tell, b"%s %d" % (stage.encode(), errno.EINVAL))
    finally:
        os._exit(127)


def _place_descriptors(listeners: list[int], stdout: int, stderr: int, tell: int) -> int:
    # First away from the numbers to fill, then into place, so that nothing is overwritten on the way.
    clear = FIRST_LISTENER + len(listeners)
    away = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, clear) for one in (tell, *listeners)]
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    for number, one in enumerate(away[1:], FIRST_LISTENER):
        os.dup2(one, number)
    return away[0]


def _execute(program: Program) -> None:
    name = program.argv[0]
    if b"/" in name:
        os.execve(name, program.argv, program.env)
    failure: OSError | None = None
    for directory in program.env.get(b"PATH", os.defpath.encode()).split(b":"):
        try:
            os.execve((directory or b".") + b"/" + name, program.argv, program.env)
        except (FileNotFoundError, NotADirectoryError) as error:
            failure = failure or error
        except OSError as error:
            # Found, but not to be executed: worth more than "not found" further along, as in execvp(3).
            if failure is None or isinstance(failure, (FileNotFoundError, NotADirectoryError)):
                failure = error
    raise failure or FileNotFoundError(2, "not found")
