"""The launcher of Python services: like `python`, but it never runs the bytecode of an overtaken save."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hybrid_stack_python.starting import HERE
from waiting import until


def clean_environ() -> dict[str, str]:
    """The environment of a service: what this machine's shell says about Python must not change it."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    directory = tmp_path / "web"
    directory.mkdir()
    (directory / "words.py").write_text('WORD = "one"\n')
    return directory


def test_two_saves_of_equal_size_in_one_second_never_run_the_old_code(app: Path) -> None:
    """CPython's own rule (whole seconds and size) runs the old code here, which the test shows too."""
    command = "import words; print(words.WORD)"
    source = app / "words.py"
    launcher = [sys.executable, str(HERE / "launch.py"), str(app), str(app / "show.py")]
    (app / "show.py").write_text(command)

    def shown(argv: list[str]) -> str:
        done = subprocess.run(argv, cwd=app, env=clean_environ(), capture_output=True, text=True, check=True)
        return done.stdout.strip()

    second = 1_700_000_000
    for number, word in enumerate(("one", "two", "six", "ten")):
        source.write_text(f'WORD = "{word}"\n')
        os.utime(source, (second + number / 10, second + number / 10))
        assert shown(launcher) == word
    # The trap is real: bytecode of an earlier version that somebody else wrote, in the same second.
    source.write_text('WORD = "one"\n')
    os.utime(source, (second, second))
    assert shown([sys.executable, "-c", command]) == "one"
    source.write_text('WORD = "two"\n')
    os.utime(source, (second + 0.5, second + 0.5))
    assert shown([sys.executable, "-c", command]) == "one"
    assert shown(launcher) == "two"

    def mended() -> bool:
        assert shown(launcher) == "two"
        return shown([sys.executable, "-c", command]) == "two"

    until(mended, timeout=30, every=0.2)


def test_settled_source_is_cached_as_usual(app: Path) -> None:
    """Once the last save is two seconds old its bytecode is written, and read again by the next start."""
    source = app / "words.py"
    (app / "show.py").write_text("import words")
    launcher = [sys.executable, str(HERE / "launch.py"), str(app), str(app / "show.py")]

    def cached() -> list[Path]:
        subprocess.run(launcher, cwd=app, env=clean_environ(), check=True)
        return list((app / "__pycache__").glob("words.*.pyc"))

    assert source.exists()
    [bytecode] = until(cached, timeout=30, every=0.2)
    before = bytecode.stat().st_mtime_ns
    until(lambda: cached() and bytecode.stat().st_mtime_ns - source.stat().st_ctime_ns > 2_000_000_000, timeout=30)
    kept = bytecode.stat().st_mtime_ns
    assert kept >= before
    assert cached()[0].stat().st_mtime_ns == kept


def test_a_launched_script_cannot_tell(tmp_path: Path) -> None:
    script = tmp_path / "show.py"
    script.write_text(
        "import sys, json, neighbour\n"
        "names = sorted(n for n in globals() if not n.startswith('__'))\n"
        "print(json.dumps([sys.argv, sys.path[0], __name__, __file__, __spec__, __package__, __doc__, names]))\n"
        "assert sys.modules['__main__'].sys is sys\n"
    )
    (tmp_path / "neighbour.py").write_text("")
    argv = [str(script), "a b", "-x"]
    run = {"cwd": tmp_path, "env": clean_environ(), "capture_output": True, "text": True, "check": True}
    plain = subprocess.run([sys.executable, *argv], **run).stdout
    assert subprocess.run([sys.executable, str(HERE / "launch.py"), str(tmp_path), *argv], **run).stdout == plain
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    shutil.copy(script, tmp_path / "pkg" / "__main__.py")
    text = (tmp_path / "pkg" / "__main__.py").read_text().replace("__spec__,", "__spec__.name,")
    (tmp_path / "pkg" / "__main__.py").write_text(text)
    words = ["-m", "pkg", "a b"]
    plain = subprocess.run([sys.executable, *words], **run).stdout
    assert subprocess.run([sys.executable, str(HERE / "launch.py"), str(tmp_path), *words], **run).stdout == plain


def test_exit_code_and_traceback_of_a_launched_script(tmp_path: Path) -> None:
    script = tmp_path / "fails.py"
    script.write_text("import sys\nif len(sys.argv) > 1:\n    sys.exit(7)\n1 / 0\n")
    launch = [sys.executable, str(HERE / "launch.py"), str(tmp_path), str(script)]
    assert subprocess.run([*launch, "x"], check=False).returncode == 7
    done = subprocess.run(launch, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f'File "{script}", line 4' in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
