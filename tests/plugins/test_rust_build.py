"""Where cargo builds a service and with which linker: what is said, and what cargo and rustc make of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import hybrid_stack_rust as stack
import pytest
from pydantic import ValidationError

from hybrid_tasks.api import Place, Service

MANIFEST = '[package]\nname = "api"\nversion = "0.1.0"\nedition = "2021"\n'
MAIN = 'fn main() { println!("{}", if cfg!(asked) { "asked" } else { "not asked" }); }\n'


@pytest.fixture
def crate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "RUSTFLAGS"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "api"
    (root / "src").mkdir(parents=True)
    (root / "Cargo.toml").write_text(MANIFEST)
    (root / "src" / "main.rs").write_text(MAIN)
    return root


def words(crate: Path, env: dict[str, str] | None = None, **options) -> tuple[str, ...]:
    given = Service("api", crate, stack="rust", env=env or {}, options=stack.RustOptions(**options))
    plan = stack.stack_start(given, Place(crate.parent / "artefacts", cache=crate.parent / "cache"))
    return plan.build.command.argv[7:]


def test_it_builds_in_a_directory_of_its_own(crate: Path) -> None:
    own = ("--target-dir", str(crate.parent / "cache" / "target"))
    assert words(crate) == own
    assert words(crate, flags=("--locked",)) == (*own, "--locked")
    assert words(crate, target_dir="shared") == ()
    assert words(crate, target_dir="../built") == ("--target-dir", str(crate / "../built"))


@pytest.mark.parametrize("where", ["env", "variable", "flags", "settings", "settings above", "old settings", "home"])
def test_a_target_directory_that_cargo_was_told_stays(crate: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARGO_HOME", str(crate.parent / "home"))
    env, flags = {}, ()
    places = {
        "settings": crate / ".cargo" / "config.toml",
        "settings above": crate.parent / ".cargo" / "config.toml",
        "old settings": crate / ".cargo" / "config",
        "home": crate.parent / "home" / "config.toml",
    }
    if where == "env":
        env = {"CARGO_TARGET_DIR": "/fast"}
    elif where == "variable":
        monkeypatch.setenv("CARGO_BUILD_TARGET_DIR", "/fast")
    elif where == "flags":
        flags = ("--target-dir=/fast",)
    else:
        places[where].parent.mkdir()
        places[where].write_text('[build]\ntarget-dir = "/fast"\n')
    assert words(crate, env, flags=flags) == flags
    assert words(crate, env, target_dir="own")[:1] == ("--target-dir",), "unless the user says that ours is wanted"


def test_settings_of_other_things_change_nothing(crate: Path) -> None:
    settings = crate / ".cargo" / "config.toml"
    settings.parent.mkdir()
    for text in ("[build]\njobs = 1\n", "this is [not TOML", 'build = "x"\n'):
        settings.write_text(text)
        assert words(crate)[:1] == ("--target-dir",)


def test_a_linker_is_an_argument_of_this_binary_alone(crate: Path) -> None:
    given = Service("api", crate, stack="rust", options=stack.RustOptions(linker="lld", flags=("--locked",)))
    plan = stack.stack_start(given, Place(crate.parent / "artefacts"))
    assert plan.build.command.argv[:2] == ("cargo", "rustc")
    assert plan.build.command.argv[-4:] == ("--locked", "--", "-C", "link-arg=-fuse-ld=lld")
    assert [tool.executable for tool in plan.tools] == ["ld.lld"]
    with pytest.raises(ValidationError, match="linker"):
        stack.RustOptions(linker="gold")


@pytest.mark.needs("rust", "mold")
@pytest.mark.parametrize("where", ["nowhere", "RUSTFLAGS", "build.rustflags", "target.rustflags"])
def test_the_linker_that_was_asked_for_links_beside_the_users_flags(crate: Path, where: str) -> None:
    env = dict(os.environ)
    (crate / ".cargo").mkdir()
    settings = crate / ".cargo" / "config.toml"
    if where == "RUSTFLAGS":
        env["RUSTFLAGS"] = "--cfg asked"
    elif where == "build.rustflags":
        settings.write_text('[build]\nrustflags = ["--cfg", "asked"]\n')
    elif where == "target.rustflags":
        settings.write_text('[target.\'cfg(unix)\']\nrustflags = ["--cfg", "asked"]\n')
    done = subprocess.run(
        ("cargo", "rustc", *("--message-format=short", "--package", "api", "--bin", "api"), *words(crate, linker="mold")),
        cwd=crate, env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    program = crate.parent / "cache" / "target" / "debug" / "api"
    assert b"mold" in program.read_bytes(), "a linker writes its name into the section .comment"
    said = subprocess.run([program], capture_output=True, text=True).stdout.strip()
    assert said == ("not asked" if where == "nowhere" else "asked")
    assert shutil.which("mold")
