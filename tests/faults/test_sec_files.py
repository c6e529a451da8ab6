"""Where we write: under our own folders only, never through a link that waits there, never over a neighbour's things."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from kills import kill, supervisors
from seat import started
from shop import app, python_service
from waiting import until

from hybrid_tasks.control.paths import state_dir
from hybrid_tasks.testing.project import Project, free_port

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]

MORE = '[services.plain]\ncommand = ["sh", "-c", "echo hello; exec sleep 1000"]\n[steps.migrate]\nrun = "true"\n'
SESSION = """set -e
inv() { "$PYTHON" -m invoke "$@" >/dev/null; }
inv dev-start
inv dev-status
inv dev-restart plain
cat "$EDITED" > web/main.py
inv dev-wait --reload
inv dev-logs
inv dev-env web
inv dev-migrate
inv dev-debug web true
inv dev-stop
inv dev-clean --yes --caches
"""
WRITING = (
    "open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,"
    "chmod,fchmodat,chown,lchown,fchownat,truncate,utimensat,mknod,mknodat,setxattr,bind"
)
CALL = re.compile(r"\d+ +(\w+)\((.*)")
NAMED = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, |sun_path=)?"((?:[^"\\]|\\.)*)"')
RANDOM = re.compile(r"(hybrid-tasks-)?[a-z0-9_]{8}")


def kept(folder: Path) -> dict[str, tuple[int, bytes]]:
    """What a tree holds: every path with its mode and content."""
    found = {str(path): path.lstat() for path in folder.rglob("*")}
    regular = {name: stat.S_ISREG(about.st_mode) for name, about in found.items()}
    return {name: (about.st_mode, Path(name).read_bytes() if regular[name] else b"") for name, about in found.items()}


def written(trace: Path, root: Path) -> Iterator[Path]:
    """Every path that something in the trace was to make, change or remove."""
    for line in trace.read_text(errors="replace").splitlines():
        if not (call := CALL.match(line)):
            continue
        name, rest = call.groups()
        if name in {"open", "openat"} and not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", rest):
            continue
        if name == "bind" and "sun_path=" not in rest:
            continue
        found = NAMED.findall(rest)
        for folder, path in found if name.startswith(("rename", "link")) else found[-1:]:
            yield Path(os.path.normpath(root / folder / path))


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A folder for sockets with a path that is short enough for them, wherever the tests keep their files."""
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        yield Path(folder)


@pytest.mark.needs("strace")
@pytest.mark.parametrize("place", ["xdg", "home"])
def test_sec_22_25_a_session_writes_only_into_folders_of_ours(
    project: Project, port: int, place: str, runtime: Path
) -> None:
    """Where the state's path is too long for a socket, the temporary folder serves, under names nobody can foresee."""
    project.environ["XDG_RUNTIME_DIR"] = str(runtime)
    python_service(project, port, f'env = {{PYTHONDONTWRITEBYTECODE = "1"}}\n{MORE}')
    above = project.root.parent
    edited = above / "edited.py"
    edited.write_text(app("one"))
    home = above / "home" / ("long" * 20 if place == "home" else "short")
    temporary, trace = above / "temporary", above / "trace"
    for folder in (home, temporary):
        folder.mkdir(parents=True)
    settings = {"HOME": home, "TMPDIR": temporary, "PYTHON": sys.executable, "EDITED": edited}
    env = {**project.environ, **{name: str(value) for name, value in settings.items()}, "PYTHONDONTWRITEBYTECODE": "1"}
    ours = [project.root / ".hybrid", Path(env["XDG_STATE_HOME"], "hybrid-tasks"), Path(env["XDG_RUNTIME_DIR"])]
    if place == "home":
        env = {name: value for name, value in env.items() if not name.startswith("XDG_")}
        ours = [project.root / ".hybrid", home / ".local" / "state" / "hybrid-tasks"]
    words = ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-s", "4096", "-e", f"trace={WRITING}", "-o", str(trace)]
    done = subprocess.run(
        [*words, "sh", "-c", SESSION], cwd=project.root, env=env, capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stdout + done.stderr

    touched = set(written(trace, project.root))
    assert sum(path.is_relative_to(ours[0]) for path in touched) > 10, "the trace shows what we write"
    # Nothing is below the devices; and a fork writes into its own memory what `ps` shows of it.
    devices = [Path("/dev/tty"), Path("/dev/null"), Path("/proc/self/mem")]
    harmless = [*ours, project.root / "web" / "main.py", *devices]
    elsewhere = {path for path in touched if not any(path.is_relative_to(folder) for folder in harmless)}
    ways = {parent for folder in ours for parent in folder.parents}
    below = {path for path in elsewhere - ways if path.is_relative_to(temporary)}
    assert elsewhere - ways - below == set()
    names = {path.relative_to(temporary).parts[0] for path in below - {temporary}}
    assert [name for name in names if not RANDOM.fullmatch(name)] == []
    assert any(name.startswith("hybrid-tasks-") for name in names) == (place == "home")
    assert list(temporary.iterdir()) == [], "nothing stays there"


LINKS = [".hybrid", ".hybrid/logs", ".hybrid/logs/web", ".hybrid/artefacts", ".hybrid/artefacts/web"]
LINKS += [".hybrid/cache", ".hybrid/cache/web"]


@pytest.mark.parametrize("link", LINKS)
def test_sec_24_bug_a_link_in_a_clone_led_us_into_a_folder_of_the_user(project: Project, port: int, link: str) -> None:
    """Old logs and builds are removed there: a repository must not say where `there` is."""
    python_service(project, port)
    precious = project.root.parent / "precious"
    (precious / "folder").mkdir(parents=True)
    (precious / "folder" / "file.log").write_text("precious")
    before = kept(precious)
    (project.root / link).parent.mkdir(parents=True, exist_ok=True)
    (project.root / link).symlink_to(precious)
    done = project.inv("dev-start")
    assert done.code == 2
    assert f"`{project.root / link}` is a link" in done.err
    assert f"hint: remove it: rm {project.root / link}" in done.err
    assert kept(precious) == before
    assert project.survivors() == []


def predictable(project: Project) -> set[str]:
    """The files we made, by their path below the project and below its state folder."""
    state = state_dir(project.root, project.environ)
    found = [(f"{top}/{path.relative_to(folder)}", path)
             for top, folder in (("root", project.root / ".hybrid"), ("state", state)) for path in folder.rglob("*")]  # fmt: skip
    return {name for name, path in found if stat.S_ISREG(path.lstat().st_mode)}


def test_sec_24_links_planted_where_our_files_go_are_not_followed(tmp_path: Path) -> None:
    """Names that are the same in two sessions can be foreseen; each in turn is a link to a file of the user."""

    def session(name: str) -> Project:
        project = Project(tmp_path / name, tmp_path / f"state of {name}")
        python_service(project, free_port(), MORE)
        return project

    seen = []
    for name in ("one", "two"):
        project = session(name)
        started(project)
        assert project.inv("dev-restart", "web").code == 0
        seen.append(predictable(project))
        assert project.close() == []
    names = sorted(seen[0] & seen[1])
    assert {"root/logs/web/current.json", "root/.gitignore", "state/state.json", "state/lock"} <= set(names)
    for number, name in enumerate(names):
        project = session(f"n{number}")
        top, _, below = name.partition("/")
        state = state_dir(project.root, project.environ)
        path = {"root": project.root / ".hybrid", "state": state}[top] / below
        path.parent.mkdir(parents=True, mode=0o700)
        state.mkdir(parents=True, mode=0o700, exist_ok=True)
        decoy = tmp_path / "decoy"
        decoy.write_text("the user's own")
        decoy.chmod(0o640)
        path.symlink_to(decoy)
        done = project.inv("dev-start")
        assert done.code == 0 or f"`{path}` is a link" in done.err, done.err
        assert done.err.count("Traceback") == 0
        project.inv("dev-status")
        assert project.close() == []
        kill(supervisors(project))
        assert (decoy.read_text(), stat.S_IMODE(decoy.stat().st_mode)) == ("the user's own", 0o640), name


def test_sec_37_cleaning_leaves_a_neighbour_of_the_same_names_alone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    here, decoy = (Project(tmp_path / name / "shop", state) for name in ("here", "decoy"))
    for project in (here, decoy):
        python_service(project, free_port(), MORE)
        (project.root / "web" / "__pycache__").mkdir()
        started(project)
        project.inv("dev-wait", "--reload")
    until(lambda: decoy.status()["web"]["warm"] == "ready")  # then nothing of it writes any more
    assert here.inv("dev-stop").code == 0
    before = kept(decoy.root), kept(state_dir(decoy.root, decoy.environ))
    lives = decoy.status()["web"]["pid"]
    done = here.inv("dev-clean", "--yes", "--caches")
    assert (done.code, done.err) == (0, "")
    assert "removed" in done.out
    assert list((here.root / ".hybrid" / "logs").iterdir()) == []
    assert (here.root / "web" / "main.py").exists()
    assert (kept(decoy.root), kept(state_dir(decoy.root, decoy.environ))) == before
    assert decoy.status()["web"]["pid"] == lives
    assert decoy.close() == []
    assert here.survivors() == []


@pytest.mark.needs("userns")
def test_sec_38_bug_cleaning_emptied_what_was_mounted_in_our_folder(project: Project, port: int) -> None:
    python_service(project, port)
    precious = project.root.parent / "precious"
    precious.mkdir()
    (precious / "file").touch()
    for below in ("logs/web/mounted", "artefacts/web"):
        (project.root / ".hybrid" / below).mkdir(parents=True)
    (project.root / ".hybrid" / "logs" / "web" / "old.log").touch()
    script = (
        'for place in logs/web/mounted artefacts/web; do mount --bind "$1" ".hybrid/$place"; done\n'
        '"$2" -m invoke dev-clean --yes'
    )
    words = ["unshare", "-Urm", "sh", "-c", script, "sh", str(precious), sys.executable]
    done = subprocess.run(words, cwd=project.root, env=project.environ, capture_output=True, text=True, timeout=60)
    assert (precious / "file").exists(), done.stdout
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("something is mounted there") == 2
    assert shutil.which("unshare")
