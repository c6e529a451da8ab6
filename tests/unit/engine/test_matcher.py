"""Which files count: layers of rules, roots asked for by name, includes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hybrid_tasks.engine.matcher import Matcher
from hybrid_tasks.model.watching import Watch


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "shop"
    for directory in ("api/gen", "api/node_modules/x", "shared"):
        (root / directory).mkdir(parents=True)
    return root


def write(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines))


def test_gitignore_of_the_project_and_of_every_directory_down_to_the_service(project: Path) -> None:
    write(project / ".gitignore", "*.tmp")
    write(project / "api/.gitignore", "/gen", "*.cfg")
    write(project / "shared/.gitignore", "*.txt")
    matcher = Matcher(project, Watch((project / "api",)))
    assert not matcher.counts(project / "api/a.tmp")
    assert not matcher.counts(project / "api/a.cfg")
    assert not matcher.counts(project / "api/gen/a.go")
    assert matcher.ignored(project / "api/gen", is_dir=True)
    assert matcher.counts(project / "api/a.txt")  # a sibling's rules do not apply
    assert not matcher.counts(project / "shared/a.go")  # outside the roots


def test_a_nested_gitignore_takes_in_again(project: Path) -> None:
    write(project / ".gitignore", "*.pb.go")
    write(project / "api/gen/.gitignore", "!*.pb.go")
    matcher = Matcher(project, Watch((project / "api",)))
    assert matcher.counts(project / "api/gen/x.pb.go")
    assert not matcher.counts(project / "api/x.pb.go")


def test_the_services_own_lines_win_over_git_and_over_the_built_in_ones(project: Path) -> None:
    write(project / ".gitignore", "*.gen.go")
    matcher = Matcher(project, Watch((project / "api",), ignore=("!*.gen.go", "!node_modules", "/docs/")))
    assert matcher.counts(project / "api/x.gen.go")
    assert matcher.counts(project / "api/node_modules/x/index.js")
    assert matcher.ignored(project / "api/docs", is_dir=True)
    assert not matcher.ignored(project / "api/gen/docs", is_dir=True)  # relative to the root


def test_gitignore_can_be_left_alone(project: Path) -> None:
    write(project / "api/.gitignore", "*.go")
    assert Matcher(project, Watch((project / "api",)), gitignore=False).counts(project / "api/a.go")


def test_a_root_asked_for_by_name_is_watched_though_git_ignores_it(project: Path) -> None:
    write(project / ".gitignore", "gen", "*.tmp")
    write(project / "api/gen/.gitignore", "*.md")
    matcher = Matcher(project, Watch((project / "api/gen", project / "api")))
    assert matcher.counts(project / "api/gen/x.go")
    assert not matcher.counts(project / "api/gen/x.md")  # what stands inside still applies
    assert not matcher.counts(project / "api/x.tmp")


def test_a_home_under_git_that_ignores_everything_hides_no_project(project: Path) -> None:
    (project.parent / ".git").mkdir()
    write(project.parent / ".gitignore", "*")
    assert Matcher(project, Watch((project / "api",))).counts(project / "api/main.go")


def test_rules_of_the_git_checkout_around_the_project_apply(project: Path) -> None:
    (project.parent / ".git").mkdir()
    write(project.parent / ".gitignore", "*.secret")
    matcher = Matcher(project, Watch((project / "api",)))
    assert not matcher.counts(project / "api/x.secret")
    assert os.fspath(project.parent / ".gitignore") in matcher.above


def test_without_git_nothing_above_the_project_applies(project: Path) -> None:
    write(project.parent / ".gitignore", "*.go")
    assert Matcher(project, Watch((project / "api",))).counts(project / "api/x.go")


def test_only_included_files_count_but_directories_are_entered_all_the_same(project: Path) -> None:
    matcher = Matcher(project, Watch((project / "api",), include=("*.go", "go.mod", "/assets/", "!skip.go")))
    counted = {name: matcher.counts(project / "api" / name) for name in (
        "a.go", "gen/b.go", "go.mod", "README.md", "assets/logo.svg", "gen/assets/logo.svg", "skip.go", "gen/skip.go",
    )}  # fmt: skip
    assert [name for name, counts in counted.items() if counts] == ["a.go", "gen/b.go", "go.mod", "assets/logo.svg"]
    assert not matcher.ignored(project / "api/gen", is_dir=True)


def test_a_single_file_as_root_counts_whatever_the_rules_say(project: Path) -> None:
    write(project / ".gitignore", ".env")
    write(project / "api/.env", "A=1")
    watch = Watch((project / "api", project / "api/.env"), include=("*.go",))
    assert Matcher(project, watch).counts(project / "api/.env")


def test_a_gitignore_that_is_a_fifo_does_not_hang(project: Path) -> None:
    os.mkfifo(project / "api/.gitignore")
    assert Matcher(project, Watch((project / "api",))).counts(project / "api/a.go")


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf*.md\n", b"*.md\r\n", b"\xff\xfe\n*.md\n"])
def test_byte_order_marks_crlf_and_odd_bytes_in_a_gitignore(project: Path, content: bytes) -> None:
    (project / "api/.gitignore").write_bytes(content)
    assert not Matcher(project, Watch((project / "api",))).counts(project / "api/a.md")


def test_two_thousand_directories_deep(project: Path) -> None:
    deep = project / "api" / "/".join(["d"] * 2000)
    assert Matcher(project, Watch((project / "api",))).counts(deep / "a.go")


def test_what_is_apart_is_left_out_unless_it_is_a_root(project: Path) -> None:
    apart = (project / "hybrid.toml", project / "api", project / "shared")
    matcher = Matcher(project, Watch((project, project / "api/gen"), ignore=("!api",), apart=apart))
    assert not matcher.counts(project / "hybrid.toml")
    assert not matcher.counts(project / "api/main.go")
    assert matcher.ignored(project / "shared", is_dir=True)
    assert matcher.counts(project / "api/gen/x.go")
    assert matcher.counts(project / "api/gen/hybrid.toml"), "another file of that name"
    assert matcher.counts(project / "main.go")
