"""Our arguments of `go build` beside the user's own: what is said, and what the go tool makes of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hybrid_stack_go.flags import arguments, settings

STAMP = "-buildvcs=false"


@pytest.mark.parametrize(
    ("own", "elsewhere", "expected"),
    [
        ((), (), (STAMP, "-ldflags=-w")),
        (("-tags=dev",), (), (STAMP, "-ldflags=-w", "-tags=dev")),
        (("-ldflags=-X main.v=1", "-race"), (), (STAMP, "-ldflags=-w", "-ldflags=-X main.v=1 -w", "-race")),
        (("--ldflags", "-X main.v=1", "-race"), (), (STAMP, "-ldflags=-w", "-ldflags=-X main.v=1 -w", "-race")),
        (("-ldflags=",), (), (STAMP, "-ldflags=-w", "-ldflags=-w")),
        (("-ldflags=all=-X main.v=1",), (), (STAMP, "-ldflags=-w", "-ldflags=all=-X main.v=1 -w")),
        (("-ldflags=-w=0",), (), (STAMP, "-ldflags=-w", "-ldflags=-w=0")),
        (("-ldflags=all=-s -w",), (), (STAMP, "-ldflags=-w", "-ldflags=all=-s -w")),
        ((), ("-ldflags=-s", "-mod=mod"), (STAMP, "-ldflags=-w", "-ldflags=-s -w")),
        (("-ldflags=-X a.b=1",), ("-ldflags=-s",), (STAMP, "-ldflags=-w", "-ldflags=-s -w", "-ldflags=-X a.b=1 -w")),
        (("-buildvcs=true",), (), ("-ldflags=-w", "-buildvcs=true")),
        ((), ("-buildvcs",), ("-ldflags=-w",)),
        (("-gcflags=-m",), (), (STAMP, "-ldflags=-w", "-gcflags=-m")),
    ],
)
def test_ours_and_theirs(own: tuple[str, ...], elsewhere: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert arguments(own, elsewhere) == expected


def test_for_a_debugger(tmp_path: Path) -> None:
    assert arguments((), debug=True) == (STAMP, "-gcflags=all=-N -l")
    assert arguments(("-gcflags=-m", "-tags=a", "-ldflags", "-s"), debug=True) == (
        STAMP,
        "-ldflags=-s -s=0 -w=0",
        "-gcflags=all=-N -l",
        "-gcflags=-m -N -l",
        "-tags=a",
    )


def test_where_goflags_are_kept(tmp_path: Path) -> None:
    """`go env -w GOFLAGS=…` writes them into a file."""
    kept = tmp_path / "go" / "env"
    kept.parent.mkdir()
    kept.write_text("GOPROXY=direct\nGOFLAGS=-mod=mod '-ldflags=-X main.v=1'\n")
    assert settings({"GOENV": str(kept)}) == ("-mod=mod", "-ldflags=-X main.v=1")
    assert settings({"XDG_CONFIG_HOME": str(tmp_path)}) == ("-mod=mod", "-ldflags=-X main.v=1")
    assert settings({"GOENV": str(kept), "GOFLAGS": "-race"}) == ("-race",)
    assert settings({"GOENV": str(kept), "GOFLAGS": ""}) == ("-mod=mod", "-ldflags=-X main.v=1"), "empty is not set"
    assert settings({"GOENV": "off"}) == ()
    assert settings({"GOFLAGS": "it's unbalanced"}) == ("it's", "unbalanced")


@pytest.mark.needs("go")
@pytest.mark.parametrize(
    ("own", "goflags", "debug", "said", "dwarf"),
    [
        pytest.param((), "", False, "nothing", False, id="nobody said anything"),
        pytest.param(("-ldflags=-X main.word=own",), "", False, "own", False, id="the user's own"),
        pytest.param(("-ldflags=-X 'main.word=own word'",), "", False, "own word", False, id="the user's, quoted"),
        pytest.param(("-ldflags=all=-X main.word=own",), "", False, "own", False, id="the user's, with a pattern"),
        pytest.param((), "-ldflags=-X=main.word=env", False, "env", False, id="of GOFLAGS"),
        pytest.param(("-ldflags=-w=0 -X main.word=own",), "", False, "own", True, id="the user wants DWARF"),
        pytest.param(("-ldflags=-s -w -X main.word=own",), "", True, "own", True, id="for a debugger"),
        pytest.param((), "-ldflags=-s", True, "nothing", True, id="for a debugger, stripped by GOFLAGS"),
    ],
)
def test_a_users_flags_hold_beside_ours(
    tmp_path: Path, own: tuple[str, ...], goflags: str, *, debug: bool, said: str, dwarf: bool
) -> None:
    (tmp_path / "go.mod").write_text("module svc\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text('package main\n\nvar word = "nothing"\n\nfunc main() { print(word) }\n')
    env = {**os.environ, "GOFLAGS": goflags, "GOENV": "off"}
    words = ("go", "build", *arguments(own, settings(env), debug=debug), "-o", "program", ".")
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert subprocess.run([tmp_path / "program"], capture_output=True, text=True).stderr == said
    assert (b".debug_info" in (tmp_path / "program").read_bytes()) is dwarf


@pytest.mark.needs("go")
def test_a_program_without_dwarf_still_names_the_line_of_a_panic(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module svc\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text('package main\n\nfunc main() {\n\tpanic("no")\n}\n')
    words = ("go", "build", *arguments(()), "-o", "program", ".")
    assert subprocess.run(words, cwd=tmp_path).returncode == 0
    told = subprocess.run([tmp_path / "program"], capture_output=True, text=True).stderr
    assert "main.go:4" in told
