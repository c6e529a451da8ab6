"""Paths: what a key names must be there, and a service's directory inside the project."""

from __future__ import annotations

import pytest

SERVICE = '[services.api]\ncommand = "x"\n'

PATHS = [
    (
        "dir missing",
        'dir = "services/ap"',
        "services.api.dir: `services/ap` does not exist",
        "did you mean `services/api`?",
    ),
    ("dir nowhere near", 'dir = "zzz/yyy"', "dir: `zzz/yyy` does not exist", "create it"),
    ("dir a file", 'dir = "services/api/go.mod"', "is a file, not a directory", "`services/api`"),
    ("dir below a file", 'dir = "services/api/go.mod/x"', "does not exist", "create it"),
    ("dir outside", 'dir = "../other"', "`../other` is outside the project", "directory of the project"),
    ("dir outside and back", 'dir = "services/../../other"', "is outside the project", "directory of the project"),
    ("dir absolute outside", 'dir = "/etc"', "`/etc` is outside the project", "directory of the project"),
    ("dir home", 'dir = "~/api"', "`~/api` does not exist", "`~` is not expanded"),
    ("dir backslash", "dir = 'services\\api'", "does not exist", "`services/api`"),
    ("dir of 300 characters", f'dir = "{"a" * 300}"', "cannot be looked at: file name too long", "create it"),
    ("dir empty", 'dir = ""', 'dir: expected a path, got ""', "services/api"),
    ("dir line break", 'dir = "a\\nb"', 'got "a\\nb"', "services/api"),
    (
        "env_file missing",
        'env_file = ["config/hybrd.env"]',
        "env_file[0]: `config/hybrd.env` does not exist",
        "`config/hybrid.env`",
    ),
    ("env_file a directory", 'env_file = ["config"]', "`config` is a directory, not a file", "a file in it"),
    (
        "env_file from dir",
        'dir = "services/api"\nenv_file = ["own.env"]',
        "`own.env` does not exist in the project's directory",
        "`services/api/own.env`",
    ),
    (
        "watch missing",
        'dir = "services/api"\nwatch = ["../sharde"]',
        "`../sharde` does not exist (seen from `services/api`)",
        "create it",
    ),
    ("watch close", 'watch = ["shraed"]', "watch[0]: `shraed` does not exist", "did you mean `shared`?"),
]


@pytest.mark.parametrize(("lines", "words", "cure"), [case[1:] for case in PATHS], ids=[case[0] for case in PATHS])
def test_paths(one, lines, words, cure):
    one(SERVICE + lines + "\n", str(2 + len(lines.split("\n"))), words, cure)


FILES = [
    ("project env", '[project]\nenv = [".env"]\n' + SERVICE, "2", "project.env[0]: `.env` does not exist", "create it"),
    (
        "compose",
        '[project]\ncompose = ["docker-compose.yml"]\n' + SERVICE,
        "2",
        "project.compose[0]: `docker-compose.yml` does not",
        "create it",
    ),
    (
        "mode compose",
        '[modes.dev]\ncompose = ["x.yml"]\n' + SERVICE,
        "2",
        "modes.dev.compose[0]: `x.yml` does not exist",
        "create it",
    ),
    (
        "mode env",
        '[modes.dev]\nenv = ["config/x.env"]\n' + SERVICE,
        "2",
        "modes.dev.env[0]: `config/x.env` does not exist",
        "create it",
    ),
    (
        "step dir",
        '[steps.m]\nrun = "x"\ndir = "../db"\n' + SERVICE,
        "3",
        "steps.m.dir: `../db` is outside the project",
        "project",
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "words", "cure"), [case[1:] for case in FILES], ids=[case[0] for case in FILES]
)
def test_files(one, text, line, words, cure):
    one(text, line, words, cure)


def test_missing_env_beside_its_example(one, root):
    (root / ".env.example").write_text("A=1\n")
    one('[project]\nenv = [".env"]\n' + SERVICE, "2", "does not exist", "cp .env.example .env")


def test_dangling_link(one, root):
    (root / "services/gone").symlink_to("nowhere")
    one(SERVICE + 'dir = "services/gone"\n', "3", "is a link to nothing", "create it")


def test_pipe_for_an_env_file(one, root):
    import os

    os.mkfifo(root / "x.env")
    one(SERVICE + 'env_file = ["x.env"]\n', "3", "is neither a file nor a directory", "create it")


def test_two_wrong_elements_are_two_mistakes(refused):
    mistakes = refused(SERVICE + 'watch = [\n  "a",\n  "shared",\n  "b",\n]\n')
    assert [mistake.message for mistake in mistakes] == [
        "hybrid.toml:4 services.api.watch[0]: `a` does not exist",
        "hybrid.toml:6 services.api.watch[2]: `b` does not exist",
    ]


def test_a_directory_without_permission(one, root):
    import os

    if os.geteuid() == 0:
        pytest.skip("root may enter every directory")
    (root / "services/locked").mkdir(mode=0)
    one(SERVICE + 'dir = "services/locked"\n', "3", "permission denied", "create it")


def test_absolute_paths_inside_are_fine(loaded, root):
    project = loaded(
        SERVICE + f'dir = "{root}/services/api"\nenv_file = ["{root}/config/hybrid.env"]\nwatch = ["{root}/shared"]\n'
    )
    assert project.services["api"].directory == root / "services/api"
    assert project.services["api"].env_file == (root / "config/hybrid.env",)
    assert project.services["api"].watch == (root / "shared",)


def test_a_linked_directory_keeps_the_name_it_has_in_the_project(loaded, root, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    assert loaded(SERVICE + 'dir = "linked"\n').services["api"].directory == root / "linked"


def test_watch_may_be_outside_and_may_be_a_file(loaded, root, tmp_path):
    (tmp_path / "lib").mkdir()
    project = loaded(SERVICE + 'watch = ["../lib", "shared/api.proto"]\n')
    assert project.services["api"].watch == (tmp_path / "lib", root / "shared/api.proto")
