"""What CI uses: pinned to the last package, built once, and scripts that shellcheck accepts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
import tooling
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from waiting import until

CI = Path(__file__).parents[2] / ".ci"
PROGRAMS = {"air", "dlv", "docker-compose", "cargo-watch", "bacon"}
# Stands where `go`, `cargo` and pip stand: notes that it was called, waits for leave, then brings the program.
BUILDER = """#!/bin/sh
echo "$*" >> "$NOTES"
case "$1 $2" in
    "install --quiet") while [ "$1" != --root ]; do shift; done; to=$2/bin/$3 ;;
    "install "*) to=$GOBIN/$(basename "${2%@*}") ;;
    "-m pip") while [ "$1" != --dest ]; do shift; done
        echo new > docker-compose && chmod +x docker-compose && tar -czf "$2/x.tar.gz" docker-compose && exit ;;
esac
echo half > "$to"
while [ ! -e "$LEAVE" ]; do sleep 0.02; done
echo whole > "$to" && chmod +x "$to"
"""


def needed(requirement: str, extras: frozenset[str], seen: set[Requirement]) -> set[str]:
    """The names of everything that a requirement brings, itself included."""
    parsed = Requirement(requirement)
    if parsed.marker and not any(parsed.marker.evaluate({"extra": extra}) for extra in extras | {""}):
        return set()
    name = canonicalize_name(parsed.name)
    if parsed in seen:
        return set()
    seen.add(parsed)
    try:
        further = requires(name) or []
    except PackageNotFoundError:
        further = []
    return {name}.union(*(needed(each, frozenset(parsed.extras), seen) for each in further))


def test_every_package_that_ci_installs_is_pinned_exactly() -> None:
    lines = [line for line in (CI / "constraints.txt").read_text().splitlines() if line and line[0] != "#"]
    pins = {canonicalize_name(line.split("==")[0]) for line in lines}
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.+!-]+", line)] == []
    ours = Requirement("hybrid-tasks").name
    extras = frozenset(re.findall(r"extra == ['\"]([\w-]+)", "\n".join(requires(ours) or [])))
    brought = {"editables"}.union(*(needed(each, extras, set()) for each in requires(ours) or []))
    assert sorted(brought - pins) == [], "add a line to .ci/constraints.txt: NAME==VERSION"
    assert {"pytest", "packaging", "debugpy"} <= brought


@pytest.mark.needs("shellcheck")
@pytest.mark.parametrize("script", ["run", "tools"])
def test_the_scripts_of_ci_are_clean(script: str) -> None:
    told = subprocess.run(["shellcheck", str(CI / script)], capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (0, "")


class Building:
    """A cache of its own, in which stand-ins of the builders count their calls."""

    def __init__(self, folder: Path) -> None:
        self.cache, self.notes, self.leave = folder / "cache", folder / "notes", folder / "leave"
        programs = folder / "programs"
        programs.mkdir()
        for name in ("go", "cargo", "python3"):
            (programs / name).write_text(BUILDER)
            (programs / name).chmod(0o755)
        named = {"NOTES": str(self.notes), "LEAVE": str(self.leave), "HYBRID_CI_CACHE": str(self.cache)}
        self.env = {**os.environ, **named, "PATH": f"{programs}:{os.environ['PATH']}"}
        self.folder = folder

    def start(self, script: Path = CI / "tools") -> subprocess.Popen[bytes]:
        return subprocess.Popen([script, "build"], env=self.env, cwd=self.folder, start_new_session=True)

    def calls(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    def ready(self) -> dict[str, str]:
        """Each program that may be used, and what is in it."""
        listed = subprocess.run([CI / "tools", "path"], env=self.env, capture_output=True, text=True, check=True)
        found = [file for folder in listed.stdout.strip().split(":") for file in Path(folder).glob("*")]
        return {file.name: file.read_text().strip() for file in found}


def test_two_builds_at_once_make_each_tool_once(tmp_path: Path) -> None:
    building = Building(tmp_path)
    both = [building.start(), building.start()]
    until(lambda: len(building.calls()) == 1)
    building.leave.touch()
    assert [process.wait(30) for process in both] == [0, 0]
    assert building.ready().keys() == PROGRAMS
    assert len(building.calls()) == len(PROGRAMS)
    assert building.start().wait(30) == 0
    assert len(building.calls()) == len(PROGRAMS), "what is there is kept"


def test_a_killed_build_leaves_nothing_that_is_taken_for_a_tool(tmp_path: Path) -> None:
    building = Building(tmp_path)
    process = building.start()
    until(lambda: any(tmp_path.rglob("bin/air")))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
    assert building.ready() == {}
    building.leave.touch()
    assert building.start().wait(30) == 0
    assert building.ready()["air"] == "whole"
    assert list(building.cache.glob("building-*")) == []


def test_another_version_is_built_beside(tmp_path: Path) -> None:
    building = Building(tmp_path)
    building.leave.touch()
    assert building.start().wait(30) == 0
    newer = tmp_path / "tools"
    newer.write_text((CI / "tools").read_text().replace("v1.67.4", "v9.0.0"))
    newer.chmod(0o755)
    assert building.start(newer).wait(30) == 0
    assert len(building.calls()) == len(PROGRAMS) + 1
    assert (building.cache / "air-v9.0.0" / "bin" / "air").exists()
    assert building.ready().keys() == PROGRAMS, "the other checkout keeps its own"


def test_ci_requires_every_part_that_a_test_can_need() -> None:
    lists = re.findall(r"^parts\+?=\((.*)\)$", (CI / "run").read_text(), re.MULTILINE)
    assert set(" ".join(lists).split()) == tooling.KNOWN


@pytest.mark.parametrize(("lint", "build", "tests", "code"), [(0, 0, 0, 0), (0, 0, 7, 7), (1, 0, 0, 1), (0, 3, 0, 3)])
def test_bug_ci_failed_although_every_test_had_passed(
    tmp_path: Path, lint: int, build: int, tests: int, code: int
) -> None:
    """The script ends as what it runs has ended, and leaves neither its HOME nor a build behind."""
    programs = {
        ".ci/run": (CI / "run").read_text(),
        ".ci/tools": f"#!/bin/sh\n[ $1 != build ] || exit {build}\n",
        "bin/go": "#!/bin/sh\necho a; echo b; echo c\n",
        "bin/make": f'#!/bin/sh\necho "$HOME" > home\n[ "$1" = lint ] && exit {lint} || exit {tests}\n',
    }
    for name, text in programs.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "HYBRID_CI_CACHE": str(tmp_path / "cache")}
    done = subprocess.run([tmp_path / ".ci/run"], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    assert not Path((tmp_path / "home").read_text().strip()).exists()
