"""The Rust stack finds a service's binary and the packages it is made of by reading manifests."""

from __future__ import annotations

from pathlib import Path

import hybrid_stack_rust as stack
import pytest

from hybrid_tasks.api import (
    Burst,
    CargoExecutable,
    Change,
    ChangeKind,
    Listen,
    Place,
    ReloadAction,
    Service,
    WrongInput,
)

ONE = '[package]\nname = "shop-api"\nversion = "0.1.0"\n'
BIN = '[[bin]]\nname = "{}"\npath = "{}"\n'


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


PLACE = Place(Path("artefacts"))


def member(name: str, *more: str) -> str:
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\n' + "\n".join(more)


def service(directory: Path, **given) -> Service:
    return Service(**{"name": "api", "directory": directory, "stack": "rust", **given})


def target(given: Service) -> str:
    build = stack.stack_start(given, PLACE).build
    assert isinstance(build.artefact, CargoExecutable)
    words = build.command.argv
    assert words[words.index("--package") + 1] == build.artefact.package
    assert words[words.index("--bin") + 1] == build.artefact.binary
    return f"{build.artefact.package}/{build.artefact.binary}"


WORKSPACE = {
    "Cargo.toml": '[workspace]\nmembers = ["crates/*", "./tools/x"]\nexclude = ["crates/old"]\n',
    "crates/web/Cargo.toml": member("shop-web"), "crates/web/src/main.rs": "",
    "crates/store/Cargo.toml": member("store"), "crates/store/src/lib.rs": "",
    "crates/old/Cargo.toml": member("api"), "crates/old/src/main.rs": "",
}  # fmt: skip

SHAPES = {
    "main.rs": ({"Cargo.toml": ONE, "src/main.rs": ""}, "shop-api/shop-api"),
    "named otherwise": ({"Cargo.toml": ONE + BIN.format("served", "src/main.rs"), "src/main.rs": ""}, "shop-api/served"),
    "src/bin": ({"Cargo.toml": ONE, "src/lib.rs": "", "src/bin/run.rs": ""}, "shop-api/run"),
    "src/bin folder": ({"Cargo.toml": ONE, "src/bin/run/main.rs": "", "src/bin/run/x.rs": ""}, "shop-api/run"),
    "called like the service": ({"Cargo.toml": ONE, "src/bin/api.rs": "", "src/bin/migrate.rs": ""}, "shop-api/api"),
    "default-run": ({"Cargo.toml": ONE + 'default-run = "b"', "src/bin/a.rs": "", "src/bin/b.rs": ""}, "shop-api/b"),
    "main beside tools": ({"Cargo.toml": ONE, "src/main.rs": "", "src/bin/tool.rs": ""}, "shop-api/shop-api"),
    "no autobins": (
        {"Cargo.toml": ONE + "autobins = false\n" + BIN.format("x", "src/x.rs"), "src/main.rs": "", "src/x.rs": ""},
        "shop-api/x",
    ),
    "workspace": (WORKSPACE, "shop-web/shop-web"),
    "package and workspace": (
        {**WORKSPACE, "Cargo.toml": ONE + WORKSPACE["Cargo.toml"], "src/main.rs": ""},
        "shop-api/shop-api",
    ),
    "library and workspace": (
        {**WORKSPACE, "Cargo.toml": ONE + WORKSPACE["Cargo.toml"], "src/lib.rs": ""},
        "shop-web/shop-web",
    ),
    "default-members": (
        {
            **WORKSPACE,
            "Cargo.toml": WORKSPACE["Cargo.toml"] + 'default-members = ["tools/x"]\n',
            "tools/x/Cargo.toml": member("x"), "tools/x/src/main.rs": "",
        },
        "x/x",
    ),
    "called like a package": (
        {**WORKSPACE, "tools/x/Cargo.toml": member("api", BIN.format("b", "src/main.rs")), "tools/x/src/main.rs": ""},
        "api/b",
    ),
    "dockerfile": (
        {"Cargo.toml": ONE, "src/bin/a.rs": "", "src/bin/b.rs": "", "Dockerfile": "RUN x && cargo build --release \\\n --bin=b"},
        "shop-api/b",
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_binary_is_found(tmp_path: Path, shape: str) -> None:
    files, expected = SHAPES[shape]
    assert target(service(lay(tmp_path, files))) == expected


def test_the_options_choose(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {**WORKSPACE, "tools/x/Cargo.toml": member("x"), "tools/x/src/bin/p.rs": "", "tools/x/src/bin/q.rs": ""},
    )
    assert target(service(tmp_path, options=stack.RustOptions(package="shop-web"))) == "shop-web/shop-web"
    assert target(service(tmp_path, options=stack.RustOptions(package="x", bin="q"))) == "x/q"
    assert target(service(tmp_path, options=stack.RustOptions(bin="p"))) == "x/p"
    with pytest.raises(WrongInput, match=r"`api` may be any of x/p, x/q") as caught:
        target(service(tmp_path, options=stack.RustOptions(package="x")))
    assert caught.value.hint == 'choose one: [services.api.rust] bin = "x/p"'
    with pytest.raises(WrongInput, match="has no binary `gone`") as caught:
        target(service(tmp_path, options=stack.RustOptions(bin="gone")))
    assert "there is shop-web/shop-web, x/p, x/q" in caught.value.hint


def test_what_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match=r"has no Cargo\.toml"):
        target(service(tmp_path))
    lay(tmp_path, {"Cargo.toml": ONE, "src/lib.rs": ""})
    with pytest.raises(WrongInput, match=r"no package in .* has a binary"):
        target(service(tmp_path))
    lay(tmp_path, {"Cargo.toml": "[package\n", "src/main.rs": ""})
    with pytest.raises(WrongInput, match=r"Cargo\.toml cannot be read: .*line 1"):
        target(service(tmp_path))
    assert stack.stack_watch(service(tmp_path)).roots == (tmp_path,)
    assert stack.stack_detect(tmp_path, None, None).score < 50


def test_the_plan(tmp_path: Path) -> None:
    lay(tmp_path, {"Cargo.toml": ONE, "src/main.rs": ""})
    plan = stack.stack_start(
        service(tmp_path, args=("-v",), options=stack.RustOptions(profile="fast", flags=("--offline",))), PLACE
    )
    assert plan.build.command.argv == (
        *("cargo", "build", "--message-format=json-render-diagnostics", "--package", "shop-api", "--bin", "shop-api"),
        *("--profile", "fast", "--offline"),
    )
    assert plan.program.argv == ("{artefact}", "-v")
    assert (plan.listen, plan.check) == (Listen.OWN, None)
    (tmp_path / "src" / "net.rs").write_text('let n = std::env::var("LISTEN_FDS");')
    assert stack.stack_start(service(tmp_path), PLACE).listen is Listen.INHERIT
    (tmp_path / "src" / "net.rs").unlink()
    (tmp_path / "Cargo.toml").write_text(ONE + '[target."cfg(unix)".dependencies]\nlistenfd = "1"\n')
    assert stack.stack_start(service(tmp_path), PLACE).listen is Listen.INHERIT


def test_only_what_the_service_is_made_of_is_watched(tmp_path: Path) -> None:
    lay(tmp_path, {
        "Cargo.toml": '[workspace]\nmembers = ["a", "b", "c", "d"]\n[workspace.dependencies]\nd = { path = "d" }\n',
        "Cargo.lock": "", "rust-toolchain.toml": "",
        "a/Cargo.toml": member("a", '[dependencies]\nb = { path = "../b" }\nd.workspace = true\nserde = "1"\n'),
        "a/src/main.rs": 'const A: &str = include_str!("../page/index.txt");',
        "b/Cargo.toml": member("b", '[build-dependencies]\na = { path = "../a" }\n[dev-dependencies]\nc = { path = "../c" }\n'),
        "c/Cargo.toml": member("c"), "d/Cargo.toml": member("d"),
    })  # fmt: skip
    watch = stack.stack_watch(service(tmp_path / "a"))
    assert watch.roots == (
        *(tmp_path / name for name in "abd"),
        *(tmp_path / name for name in ("Cargo.toml", "Cargo.lock", "rust-toolchain.toml")),
    )
    assert {"*.rs", "**/index.txt"} <= set(watch.include)
    assert "target/" in watch.ignore


def test_what_is_detected(tmp_path: Path) -> None:
    def detect(files: dict[str, str], command: tuple[str, ...] | None = None):
        root = tmp_path / str(len(list(tmp_path.iterdir())))
        root.mkdir()
        return stack.stack_detect(lay(root, files), None, command)

    one = detect({"Cargo.toml": ONE, "src/main.rs": ""})
    assert (one.evidence, dict(one.options)) == ("Cargo.toml with binary shop-api/shop-api", {})
    two = {"Cargo.toml": ONE, "src/bin/a.rs": "", "src/bin/b.rs": ""}
    several = detect(two)
    assert (several.evidence, dict(several.options)) == ("Cargo.toml with binaries shop-api/a, shop-api/b", {})
    command = detect(two, ("cargo", "run", "--bin", "b"))
    assert dict(command.options) == {"bin": "shop-api/b"}
    both = {
        **WORKSPACE,
        "tools/x/Cargo.toml": member("x"),
        "tools/x/src/main.rs": "",
        "Dockerfile": "RUN cargo build -p x",
    }
    docker = detect(both)
    assert (docker.evidence, dict(docker.options)) == ("Dockerfile builds x/x", {})
    root = lay(tmp_path / "named", both)
    assert dict(stack.stack_detect(root, root / "Dockerfile", None).options) == {"bin": "x/x"}
    # What is detected is laid under what the user wrote; where they contradict each other the model must say so.
    with pytest.raises(ValueError, match="not of `shop-web`"):
        stack.RustOptions(bin="x/x", package="shop-web")
    assert target(service(root, options=stack.RustOptions(bin="x/x", package="x"))) == "x/x"
    assert target(service(root, name="shop-web")) == "shop-web/shop-web"
    library = detect({"Cargo.toml": ONE, "src/lib.rs": ""})
    scores = [found.score for found in (command, docker, one, several, library)]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 5
    assert detect({"main.py": ""}) is None


def test_a_change_of_dependencies_is_told(tmp_path: Path) -> None:
    def reason(*names: str) -> str:
        plan = stack.stack_reload(Burst(tuple(Change(tmp_path / name, ChangeKind.MODIFIED) for name in names)))
        assert plan.action is ReloadAction.REBUILD
        return plan.reason

    assert reason("src/main.rs", "config.toml") == ""
    assert reason("src/main.rs", "Cargo.lock") == "Cargo.lock changed"
    assert reason(".cargo/config.toml") == "config.toml changed"


def test_only_cargos_own_target_is_cleaned(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    assert stack.stack_clean(service(tmp_path)).paths == ()
    (tmp_path / "target" / "CACHEDIR.TAG").touch()
    assert stack.stack_clean(service(tmp_path)).paths == (tmp_path / "target",)
