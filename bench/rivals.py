"""One service kept up to date by one tool: hybrid-tasks, others, or *bare*: built and restarted by hand at once."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import asking, projects, sources, tools
from bench.running import Program, running
from hybrid_tasks.testing.project import Project, free_port

REPLACE = "hybrid-tasks replace"
OURS = ("hybrid-tasks beside", REPLACE)
FRONT = "hybrid-tasks front"
"""Through the front (extra `gateway`), as services that take no socket."""
WARM, COLD = "hybrid-tasks warm", "hybrid-tasks cold"
"""Python alone: forked with its libraries loaded, as where nothing is said, and with `driver = "engine"`."""
BARE = "bare"
SERVER = ("-m", "uvicorn", "main:app", "--port")


@dataclass(frozen=True, slots=True)
class Kept:
    """A service that a tool keeps up to date.

    `by_hand` is what has to be done after a save where nobody watches; `project` is there for hybrid-tasks only.
    """

    stack: str
    port: int
    root: Path
    by_hand: Callable[[], None] = lambda: None
    project: Project | None = None

    @property
    def file(self) -> Path:
        """The file that is edited."""
        return self.root / sources.FILES[self.stack]

    def save(self, word: str) -> float:
        """Save a version that answers a word, do what has to be done by hand, and give the time of the save."""
        text = sources.text(self.stack, word)
        begin = time.perf_counter()
        self.file.write_text(text)
        self.by_hand()
        return begin


def commands(stack: str, port: int) -> dict[str, list[str] | None]:
    """Give what starts each other tool; None: it is not here."""
    uvicorn = [sys.executable, *SERVER, str(port)]
    own = {
        "python": {
            "uvicorn --reload": ("uvicorn", ["main:app", "--port", str(port), "--reload"]),
            "watchfiles": ("watchfiles", ["--filter", "python", " ".join(uvicorn), "."]),
            "watchexec": ("watchexec", ["-q", "-r", "-e", "py", "--", *uvicorn]),
        },
        "go": {
            "air": ("air", []),
            "air, delay 0": ("air", ["-build.delay", "0"]),
            "watchexec, go run": ("watchexec", ["-q", "-r", "-e", "go", "--", "go", "run", "."]),
        },
        "rust": {
            "cargo-watch": ("cargo-watch", ["-q", "-x", "run -q"]),
            "watchexec, cargo run": ("watchexec", ["-q", "-r", "-e", "rs", "--", "cargo", "run", "-q"]),
        },
    }
    found = {
        name: (tools.find_or_install(program), words)
        for name, (program, words) in own[sources.LANGUAGES[stack]].items()
    }
    return {name: [program, *words] if program else None for name, (program, words) in found.items()}


def names(stack: str, ours: tuple[str, ...] = OURS) -> tuple[list[str], list[str]]:
    """Give the tools for a stack, bare ones and ours first; and which of the others are missing."""
    others = commands(stack, 0)
    bare = [BARE, "bare, no DWARF"] if stack == "go" else [BARE]
    return [*bare, *ours, *(name for name, words in others.items() if words)], [
        name for name, words in others.items() if not words
    ]


@contextlib.contextmanager
def kept(name: str, stack: str) -> Iterator[Kept]:
    """A service that a tool keeps up to date, answering `zero`; ended afterwards."""
    opened = _ours if name.startswith("hybrid-tasks") else _bare if name.startswith(BARE) else _other
    with opened(name, stack) as service:
        yield service


@contextlib.contextmanager
def _ours(name: str, stack: str) -> Iterator[Kept]:
    port = free_port()
    listen = {REPLACE: "own", FRONT: "front"}.get(name, "inherit")
    files = sources.project(stack, port, f'listen = "{listen}"')
    if name == COLD:
        files["hybrid.toml"] = files["hybrid.toml"].replace('app = "main:app"', 'app = "main:app"\ndriver = "engine"')
    with projects.project(files) as made:
        projects.start(made)
        if name == WARM:
            asking.until(lambda: made.status()["web"]["warm"] == "ready")
        yield Kept(stack, port, made.root / "web", project=made)


@contextlib.contextmanager
def _other(name: str, stack: str) -> Iterator[Kept]:
    port = free_port()
    with projects.folder() as place:
        root = written(place / "web", stack)
        words = commands(stack, port)[name] or []
        with running(words, root, projects.environment({"PORT": str(port)}), place / "log"):
            asking.until(lambda: asking.answers(port))
            yield Kept(stack, port, root)


@contextlib.contextmanager
def _bare(name: str, stack: str) -> Iterator[Kept]:
    port = free_port()
    with projects.folder() as place:
        root = written(place / "web", stack)
        env = projects.environment({"PORT": str(port)})
        build, serve = by_hand(name, stack, port, place)
        built(build, root, env)
        now = [Program(serve, root, env, place / "log")]

        def again() -> None:
            if built(build, root, env):
                now.pop().kill()
                now.append(Program(serve, root, env, place / "log"))

        try:
            asking.until(lambda: asking.answers(port))
            yield Kept(stack, port, root, again)
        finally:
            now.pop().kill()


def by_hand(name: str, stack: str, port: int, place: Path) -> tuple[list[str], list[str]]:
    """Give what builds a service (nothing: no words), and what starts it."""
    if sources.LANGUAGES[stack] == "python":
        return [], [sys.executable, *SERVER, str(port)]
    if stack == "go":
        flags = ["-ldflags=-w"] if name != BARE else []
        return ["go", "build", *flags, "-o", str(place / "server"), "."], [str(place / "server")]
    return ["cargo", "build", "-q"], [str(place / "web/target/debug/bench")]


def built(words: list[str], root: Path, env: dict[str, str]) -> bool:
    """Build, and say whether that went well."""
    return not words or subprocess.run(words, cwd=root, env=env, check=False, capture_output=True).returncode == 0


def written(root: Path, stack: str) -> Path:
    """Write the sources of a service that answers `zero`."""
    for name, text in sources.service(stack, "zero").items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root
