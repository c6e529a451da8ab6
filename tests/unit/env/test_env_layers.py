"""The layers of a service's environment: order, origins, what passes, and all mistakes at once."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from hybrid_tasks.env.environment import Environment
from hybrid_tasks.env.explain import dotenv, explained
from hybrid_tasks.env.layers import LARGEST_VALUE, resolve
from hybrid_tasks.errors import Mistakes
from hybrid_tasks.model.project import Mode, Project
from hybrid_tasks.model.service import Origin, Service

CLIENT = {"PATH": "/bin", "HOME": "/nowhere/kim", "SECRET_THING": "no", "X": "shell"}


def service(root: Path, env: Mapping[str, str] | None = None, env_file: tuple[str, ...] = ()) -> Service:
    return Service(
        "api",
        root / "api",
        env=MappingProxyType(dict(env or {})),
        env_file=tuple(root / name for name in env_file),
        origin=Origin(root / "hybrid.toml", 7),
    )


def project(root: Path, **more: object) -> Project:
    return replace(
        Project("shop", root, root / "hybrid.toml", MappingProxyType({}), env=(root / ".env",)),
        **more,  # type: ignore[arg-type]
    )


def write(root: Path, name: str, text: str) -> Path:
    (root / name).write_text(text)
    (root / name).chmod(0o600)
    return root / name


def sources(environment: Environment, name: str) -> list[tuple[object, object]]:
    """Value and source of a variable, then of what it overrode."""
    (entry,) = [entry for entry in environment.explain() if entry["name"] == name]
    older = entry["overrode"]
    assert isinstance(older, list)
    return [(entry["value"], entry["source"]), *((below["value"], below["source"]) for below in older)]


def test_every_layer_wins_over_the_one_before(tmp_path: Path) -> None:
    write(tmp_path, ".env", "\nTZ=env\n")
    write(tmp_path, ".env.local", "TZ=local\n")
    write(tmp_path, "mode.env", "# c\nTZ=mode\n")
    write(tmp_path, "one.env", "TZ=one\n")
    write(tmp_path, "two.env", "TZ=two1\nTZ=two2\n")
    write(tmp_path, "extra.env", "TZ=extra\n")
    shop = project(tmp_path, modes={"dev": Mode("dev", env=(tmp_path / "mode.env",))}, mode="dev")
    api = service(tmp_path, {"TZ": "table"}, ("one.env", "two.env"))
    found = resolve(shop, api, {"TZ": "shell"}, (tmp_path / "extra.env",), {"TZ": "set"})
    assert sources(found, "TZ") == [
        ("set", "--set"),
        ("extra", "extra.env:1"),
        ("table", "services.api.env"),
        ("two2", "two.env:2"),
        ("two1", "two.env:1"),
        ("one", "one.env:1"),
        ("mode", "mode.env:2"),
        ("local", ".env.local:1"),
        ("env", ".env:2"),
        ("shell", "client environment"),
    ]
    assert [layer.name for layer in found.layers] == [
        "hybrid-tasks",
        "client environment",
        ".env",
        ".env.local",
        "mode",
        "services.api.env_file",
        "services.api.env_file",
        "services.api.env",
        "--env",
        "--set",
    ]
    assert found.values() == {"PYTHONUNBUFFERED": "1", "TZ": "set"}
    assert found.warnings == ()


def test_the_mode_of_a_call_wins_over_the_projects(tmp_path: Path) -> None:
    write(tmp_path, "dev.env", "A=dev\n")
    write(tmp_path, "prod.env", "A=prod\n")
    shop = project(tmp_path, modes={"dev": Mode("dev", env=(tmp_path / "dev.env",))}, mode="dev")
    assert resolve(shop, service(tmp_path), {}).values()["A"] == "dev"
    assert resolve(shop, service(tmp_path), {}, mode_env=[tmp_path / "prod.env"]).values()["A"] == "prod"
    assert "A" not in resolve(shop, service(tmp_path), {}, mode_env=()).values()


def test_a_default_env_file_may_be_missing_and_a_named_one_may_not(tmp_path: Path) -> None:
    assert resolve(project(tmp_path), service(tmp_path), {}).values() == {"PYTHONUNBUFFERED": "1"}
    with pytest.raises(Mistakes) as raised:
        resolve(
            project(tmp_path, env=(tmp_path / "no.env",)),
            service(tmp_path, env_file=("neither.env",)),
            {},
            [Path("/nor/this.env")],
        )
    assert [mistake.message for mistake in raised.value.mistakes] == [
        "no.env: does not exist",
        "neither.env: does not exist",
        "/nor/this.env: does not exist",
    ]


def test_a_dangling_env_file_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to("nowhere")
    with pytest.raises(Mistakes, match=r"^\.env: does not exist$"):
        resolve(project(tmp_path), service(tmp_path), {})


def test_sec_what_is_not_allow_listed_stays_with_the_client(tmp_path: Path) -> None:
    found = resolve(project(tmp_path), service(tmp_path), {**CLIENT, "PYTHONPATH": "p", "HYBRID_RUN": "r"})
    assert sources(found, "PATH") == [("/bin", "client environment")]
    assert set(found.values()) == {"HOME", "PATH", "PYTHONUNBUFFERED"}


def test_pass_env_adds_names_and_patterns_but_never_these(tmp_path: Path) -> None:
    client = {"AWS_REGION": "eu", "AWS_KEY": "k", "TERM": "x", "PYTHONPATH": "p", "HYBRID_RUN": "r", "OTHER": "o"}
    found = resolve(project(tmp_path, pass_env=("AWS_*", "TERM")), service(tmp_path), client)
    assert set(found.values()) == {"AWS_REGION", "AWS_KEY", "TERM", "PYTHONUNBUFFERED"}
    every = resolve(project(tmp_path, pass_env=("*", "PYTHONPATH", "HYBRID_*")), service(tmp_path), client)
    assert set(every.values()) == {"AWS_REGION", "AWS_KEY", "TERM", "OTHER", "PYTHONUNBUFFERED"}
    assert [re.findall("`(.*?)` of project.pass_env is never passed", warning) for warning in every.warnings] == [
        ["PYTHONPATH"],
        ["HYBRID_*"],
    ]


def test_sec_the_marks_of_a_process_can_be_set_by_nobody(tmp_path: Path) -> None:
    write(tmp_path, ".env", "HYBRID_RUN=x\nA=1\n")
    found = resolve(project(tmp_path), service(tmp_path, {"HYBRID_PROJECT": "x"}), {}, sets={"HYBRID_SERVICE": "x"})
    assert set(found.values()) == {"A", "PYTHONUNBUFFERED"}
    assert len(found.warnings) == 3


def test_sec_a_service_never_sees_the_secrets_of_another(tmp_path: Path) -> None:
    write(tmp_path, "a.env", "A_TOKEN=canary\n")
    write(tmp_path, "b.env", "B_TOKEN=canary\n")
    found = resolve(project(tmp_path), service(tmp_path, env_file=("b.env",)), {})
    assert "A_TOKEN" not in found.values()
    assert found.values()["B_TOKEN"] == "canary"


def test_what_python_needs_behind_a_pipe_is_lowest(tmp_path: Path) -> None:
    assert sources(resolve(project(tmp_path), service(tmp_path), {}), "PYTHONUNBUFFERED") == [("1", "hybrid-tasks")]
    write(tmp_path, ".env", "PYTHONUNBUFFERED=\n")
    assert resolve(project(tmp_path), service(tmp_path), {}).values()["PYTHONUNBUFFERED"] == ""


def test_colours_only_when_asked_for_and_not_refused(tmp_path: Path) -> None:
    shop, api = project(tmp_path), service(tmp_path)
    assert "FORCE_COLOR" not in resolve(shop, api, {}).values()
    assert resolve(shop, api, {}, colour=True).values()["FORCE_COLOR"] == "1"
    assert "FORCE_COLOR" not in resolve(shop, api, {"NO_COLOR": "1"}, colour=True).values()


# interpolation across layers


def test_in_files_the_shell_comes_first_even_when_it_does_not_pass(tmp_path: Path) -> None:
    write(tmp_path, ".env", "X=file\nA=${X}\nX2=file\nB=${X2}\nSECRET_THING\n")
    found = resolve(project(tmp_path), service(tmp_path), CLIENT).values()
    assert (found["A"], found["X"], found["B"], found["SECRET_THING"]) == ("shell", "file", "file", "no")


def test_the_services_files_see_the_projects_first_and_then_each_other(tmp_path: Path) -> None:
    write(tmp_path, ".env", "P=project\nQ=project\n")
    write(tmp_path, ".env.local", "Q=local\nR=${P}-${Q}\n")
    write(tmp_path, "one.env", "P=one\nO=one\nA=${P}-${Q}-${O}\n")
    write(tmp_path, "two.env", "O=two\nB=${O}-${A}\n")
    write(tmp_path, "extra.env", "C=${B}-${T}\n")
    api = service(tmp_path, {"T": "table"}, ("one.env", "two.env"))
    found = resolve(project(tmp_path), api, {}, [tmp_path / "extra.env"]).values()
    assert found["R"] == "project-local"
    assert found["A"] == "project-local-one"
    assert found["B"] == "two-project-local-one"
    assert found["C"] == "two-project-local-one-table"
    assert found["P"] == "one"


def test_the_table_sees_what_the_service_would_see_below_it(tmp_path: Path) -> None:
    write(tmp_path, ".env", "X=file\n")
    write(tmp_path, "one.env", "Y=one\n")
    api = service(
        tmp_path,
        {"A": "${X}", "B": "$Y-${SECRET_THING}", "PATH": "bin:${PATH}", "C": "$A", "D": "$$", "E": "${NO:-d}"},
        ("one.env",),
    )
    found = resolve(project(tmp_path), api, CLIENT)
    values = found.values()
    assert (values["A"], values["B"], values["PATH"], values["D"], values["E"]) == (
        "file",
        "one-no",
        "bin:/bin",
        "$",
        "d",
    )
    assert values["C"] == ""  # the table is not its own source
    assert [warning.split(" is not set")[0] for warning in found.warnings] == ["hybrid.toml:7 services.api.env.C: `$A`"]


def test_sets_are_taken_as_they_are(tmp_path: Path) -> None:
    found = resolve(project(tmp_path), service(tmp_path), CLIENT, sets={"A": "$X ${", "B": ""})
    assert (found.values()["A"], found.values()["B"]) == ("$X ${", "")


def test_all_mistakes_of_all_layers_at_once(tmp_path: Path) -> None:
    write(tmp_path, ".env", "A B=1\nC=${\n")
    write(tmp_path, "one.env", "D=${C:?}\nE='\n")
    api = service(tmp_path, {"F": "${", "G": "${NO:?ask}", "": "x", "H=": "x", "I": "\0"}, ("one.env",))
    with pytest.raises(Mistakes) as raised:
        resolve(project(tmp_path), api, {}, sets={"J=": "1"})
    assert [mistake.message for mistake in raised.value.mistakes] == [
        ".env:1 a variable name cannot contain a blank (column 2)",
        ".env:2 C: `${` is not followed by a variable name",
        "one.env:2 E: the quote `'` is never closed",
        "hybrid.toml:7 services.api.env.F: `${` is not followed by a variable name",
        "hybrid.toml:7 services.api.env.G: `NO` is required and empty or not set",
        "hybrid.toml:7 services.api.env `` is no variable name",
        "hybrid.toml:7 services.api.env `H=` is no variable name",
        "hybrid.toml:7 services.api.env I: a NUL character",
        "--set `J=` is no variable name",
    ]
    assert all(mistake.hint for mistake in raised.value.mistakes)


# warnings


def test_warnings_are_carried_once_and_hold_no_value(tmp_path: Path) -> None:
    file = write(tmp_path, ".env", "DB_PASSWORD=canary$canary\nA=$NO\nB=$NO\n")
    file.chmod(0o644)
    shop = project(tmp_path, env=(file, file))
    warnings = resolve(shop, service(tmp_path), {}).warnings
    assert len(warnings) == 4
    assert "canary" not in "".join(warnings)
    assert sum("chmod 600 .env" in warning for warning in warnings) == 1


def test_a_value_no_program_can_be_given_is_warned_of(tmp_path: Path) -> None:
    fits = {"FITS": "x" * (LARGEST_VALUE - len("FITS="))}
    large = {"LARGE": "é" * 100_000}
    found = resolve(project(tmp_path), service(tmp_path), {}, sets={**fits, **large})
    assert [warning.split("`")[1] for warning in found.warnings] == ["LARGE"]
    assert subprocess.run([sys.executable, "-S", "-c", ""], env=fits, timeout=60).returncode == 0
    if sys.platform == "linux":
        with pytest.raises(OSError, match="Argument list too long"):
            subprocess.run([sys.executable, "-S", "-c", ""], env={"FITS": fits["FITS"] + "x"}, timeout=60)


def test_bytes_of_the_client_that_are_no_text_pass_unchanged(tmp_path: Path) -> None:
    odd = {"LANG": "\udce9", "TZ": "\ud800"}
    found = resolve(project(tmp_path), service(tmp_path), odd)
    assert found.values() == {**odd, "PYTHONUNBUFFERED": "1"}
    assert "LANG=\\udce9  (client environment)" in explained(found.explain())


def test_sec_explaining_and_warning_show_no_secret(tmp_path: Path) -> None:
    write(
        tmp_path,
        ".env",
        'API_KEY=canary\nURL=x://u:canary@h/\nAPI_KEY=canary2\nP="-----BEGIN PRIVATE KEY-----\ncanary"\n',
    )
    found = resolve(project(tmp_path), service(tmp_path, {"TOKEN": "$API_KEY"}), {}, sets={"DB_PASSWORD": "canary"})
    text = explained(found.explain())
    assert "canary" not in text + "".join(found.warnings)
    assert "API_KEY=****  (.env:3)\n    instead of ****  (.env:1)\n" in text
    assert {entry["name"] for entry in found.explain() if entry["secret"]} == {
        "API_KEY",
        "DB_PASSWORD",
        "P",
        "TOKEN",
        "URL",
    }


def test_what_is_printed_as_a_file_gives_the_same_environment(tmp_path: Path) -> None:
    first = resolve(project(tmp_path), service(tmp_path, {"A": "it's $$5", "B": "x\ny"}), CLIENT)
    write(tmp_path, ".env", dotenv(first.values()))
    assert resolve(project(tmp_path), service(tmp_path), {}).values() == first.values()
