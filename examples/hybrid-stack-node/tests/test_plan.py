"""The hooks' answers, one by one, without starting anything."""

from __future__ import annotations

import json
from pathlib import Path

import hybrid_stack_node as stack
import pytest

from hybrid_tasks.api import Burst, Change, ChangeKind, Listen, Place, ReloadAction, Service, ToolMissing, WrongInput


def lay(root: Path, files: dict[str, object]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return root


def service(directory: Path, **given: object) -> Service:
    return Service(name="ui", directory=directory, stack="node", **given)  # type: ignore[arg-type]


def words(given: Service, **place: object) -> tuple[str, ...]:
    plan = stack.stack_start(given, Place(given.directory / "artefacts", **place))  # type: ignore[arg-type]
    return plan.program.argv


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"package.json": {"scripts": {"start": "node --inspect web.js --fast"}}, "web.js": ""}, ("web.js", "--fast")),
        ({"package.json": {"main": "lib/x.cjs"}, "lib/x.cjs": ""}, ("lib/x.cjs",)),
        (
            {"package.json": {"scripts": {"start": "next start"}, "main": "gone.js"}, "src/index.mjs": ""},
            ("src/index.mjs",),
        ),
        ({"server.js": "", "index.js": ""}, ("server.js",)),
        ({"package.json": "{ half", "index.js": ""}, ("index.js",)),
    ],
)
def test_the_program_is_found(tmp_path: Path, files: dict[str, object], expected: tuple[str, ...]) -> None:
    file, *arguments = expected
    assert words(service(lay(tmp_path, files))) == ("node", str(tmp_path / file), *arguments)


def test_options_arguments_and_a_kept_copy(tmp_path: Path) -> None:
    lay(tmp_path, {"server.js": "", "other.js": ""})
    options = stack.NodeOptions(script="other.js", flags=("--enable-source-maps",))
    expected = ("node", "--enable-source-maps", str(tmp_path / "other.js"), "-v")
    assert words(service(tmp_path, options=options, args=("-v",))) == expected
    kept = tmp_path / "kept"
    assert words(service(tmp_path), source=kept) == ("node", str(kept / "server.js"))


def test_what_is_missing_is_told_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="no program was found") as wrong:
        words(service(tmp_path))
    assert wrong.value.hint == 'set [services.ui.node] script = "server.js"'
    lay(tmp_path, {"package.json": {"dependencies": {"express": "5"}}, "server.js": ""})
    with pytest.raises(ToolMissing) as missing:
        words(service(tmp_path))
    assert missing.value.hint == f"cd {tmp_path} && npm install"
    with pytest.raises(WrongInput):
        words(service(tmp_path, options=stack.NodeOptions(script="gone.js")))


def test_a_program_that_takes_a_socket(tmp_path: Path) -> None:
    lay(tmp_path, {"server.js": ""})
    assert stack.stack_start(service(tmp_path), Place(tmp_path)).listen is Listen.OWN
    lay(tmp_path, {"server.js": "process.env.LISTEN_FDS"})
    assert stack.stack_start(service(tmp_path), Place(tmp_path)).listen is Listen.INHERIT


def test_what_a_save_asks_for(tmp_path: Path) -> None:
    def plan(*names: str) -> tuple[ReloadAction, str]:
        found = stack.stack_reload(Burst(tuple(Change(tmp_path / name, ChangeKind.MODIFIED) for name in names)))
        return found.action, found.reason

    assert plan("a.js") == (ReloadAction.RESTART, "")
    assert plan("a.js", "package-lock.json") == (ReloadAction.REBUILD, "package-lock.json changed")


def test_how_sure_we_are(tmp_path: Path) -> None:
    def score(files: dict[str, object], command: tuple[str, ...] | None = None) -> int:
        root = tmp_path / str(len(list(tmp_path.iterdir())))
        root.mkdir()
        found = stack.stack_detect(lay(root, files), command)
        return 0 if found is None else found.score

    program = {"package.json": {}, "server.js": ""}
    scores = [
        score(program, ("node", "server.js")),
        score(program),
        score({"server.js": ""}),
        score({"package.json": {}}),
    ]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4
    assert score({"main.py": ""}) == 0
