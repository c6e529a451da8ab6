"""The Go stack finds a service's program and the packages it is made of by reading, without the go tool."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import hybrid_stack_go as stack
import pytest
from hybrid_stack_go.modules import program

from hybrid_tasks.api import Burst, Change, ChangeKind, Listen, Place, ReloadAction, Service, WrongInput

MAIN = "package main\n\nfunc main() {}\n"
MOD = "module example.com/shop\n\ngo 1.21\n"


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def service(directory: Path, **given) -> Service:
    return Service(**{"name": "api", "directory": directory, "stack": "go", **given})


def target(given: Service) -> str:
    return stack.stack_start(given, Place(given.directory / "artefacts")).build.command.argv[-1]


SHAPES = {
    "at the top": ({"main.go": MAIN}, "."),
    "another file name": ({"x.go": "package main\n", "y.go": MAIN}, "."),
    "one below cmd": ({"cmd/thing/main.go": MAIN}, "./cmd/thing"),
    "named like the service": ({"cmd/api/main.go": MAIN, "cmd/server/main.go": MAIN}, "./cmd/api"),
    "the usual name": ({"cmd/server/main.go": MAIN, "cmd/migrate/main.go": MAIN}, "./cmd/server"),
    "top before below": ({"main.go": MAIN, "cmd/server/main.go": MAIN}, "."),
    "deep": ({"services/a/cmd/run/main.go": MAIN}, "./services/a/cmd/run"),
    "licence first": ({"main.go": "/* (c)\npackage no */\n// package neither\n\npackage main\nfunc main() {}"}, "."),
    "decoys": (
        {
            "vendor/x/main.go": MAIN, "testdata/main.go": MAIN, "tool/go.mod": MOD, "tool/main.go": MAIN,
            "gen.go": "//go:build ignore\n\n" + MAIN, "main_test.go": MAIN, "_old/main.go": MAIN,
            "cmd/real/main.go": MAIN,
        },
        "./cmd/real",
    ),
    "dockerfile": (
        {"cmd/a/main.go": MAIN, "cmd/b/main.go": MAIN, "Dockerfile": "RUN go mod download && \\\n CGO_ENABLED=0 go build -o /bin/b ./cmd/b"},
        "./cmd/b",
    ),
    "dockerfile of the repository": (
        {"cmd/a/main.go": MAIN, "cmd/b/main.go": MAIN, "Dockerfile": "RUN go build -o /b ./services/api/cmd/b"},
        "./cmd/b",
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_program_is_found(tmp_path: Path, shape: str) -> None:
    files, expected = SHAPES[shape]
    lay(tmp_path, {"go.mod": MOD, **files})
    assert target(service(tmp_path)) == expected


def test_two_services_of_one_directory(tmp_path: Path) -> None:
    lay(tmp_path, {"go.mod": MOD, "cmd/api/main.go": MAIN, "cmd/worker/main.go": MAIN})
    assert target(service(tmp_path)) == "./cmd/api"
    assert target(service(tmp_path, name="worker")) == "./cmd/worker"
    for spelled in ("./cmd/worker", "cmd/worker", "cmd/worker/main.go"):
        assert target(service(tmp_path, options=stack.GoOptions(main=spelled))) == "./cmd/worker"


def test_what_is_not_clear_is_asked(tmp_path: Path) -> None:
    lay(tmp_path, {"go.mod": MOD, "cmd/a/main.go": MAIN, "cmd/b/main.go": MAIN})
    with pytest.raises(WrongInput, match=r"`api` may be any of \./cmd/a, \./cmd/b") as caught:
        target(service(tmp_path))
    assert caught.value.hint == 'choose one: [services.api.go] main = "./cmd/a"'
    with pytest.raises(WrongInput, match="does not exist"):
        target(service(tmp_path, options=stack.GoOptions(main="cmd/c")))
    empty = lay(tmp_path / "empty", {"go.mod": MOD, "lib.go": "package lib\n"})
    with pytest.raises(WrongInput, match="no main package was found"):
        target(service(empty))
    assert stack.stack_watch(service(empty)).roots[0] == empty


def test_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOFLAGS", raising=False)
    monkeypatch.setenv("GOENV", "off")
    lay(tmp_path, {"go.mod": MOD, "main.go": MAIN})
    place = Place(tmp_path / "artefacts")

    def words(**given) -> tuple[str, ...]:
        return stack.stack_start(service(tmp_path, **given), place).build.command.argv

    plan = stack.stack_start(service(tmp_path, args=("-v",)), place)
    artefact = str(tmp_path / "artefacts" / "api")
    assert words() == ("go", "build", "-buildvcs=false", "-ldflags=-w", "-o", artefact, ".")
    assert str(plan.build.artefact) == artefact
    assert plan.build.command.env == {"GOGC": "400"}
    assert not stack.stack_start(service(tmp_path, env={"GOGC": "50"}), place).build.command.env, (
        "the user's own counts"
    )
    assert plan.program.argv == ("{artefact}", "-v")
    assert plan.listen is Listen.OWN
    assert plan.check is None
    assert words(options=stack.GoOptions(flags=("-tags=dev",)))[2:5] == ("-buildvcs=false", "-ldflags=-w", "-tags=dev")
    monkeypatch.setenv("GOFLAGS", "-ldflags=-s")
    assert words()[2:5] == ("-buildvcs=false", "-ldflags=-w", "-ldflags=-s -w")
    assert words(env={"GOFLAGS": "-race"})[2:5] == ("-buildvcs=false", "-ldflags=-w", "-o"), "the service's own counts"
    debugged = stack.stack_start(service(tmp_path), replace(place, debug_port=4000)).build.command.argv
    assert debugged[2:5] == ("-buildvcs=false", "-ldflags=-s -s=0 -w=0", "-gcflags=all=-N -l")


def test_a_program_that_takes_a_socket_is_known_by_its_source(tmp_path: Path) -> None:
    web = 'package web\n\nimport "os"\n\nvar fds = os.Getenv("LISTEN_FDS")\n'
    main = 'package main\n\nimport "example.com/shop/internal/web"\n\nfunc main() { web.Serve() }\n'
    lay(tmp_path, {"go.mod": MOD, "cmd/api/main.go": main, "internal/web/web.go": web, "cmd/other/main.go": MAIN})
    place = Place(tmp_path / "artefacts")
    assert stack.stack_start(service(tmp_path), place).listen is Listen.INHERIT
    assert stack.stack_start(service(tmp_path, name="other"), place).listen is Listen.OWN
    (tmp_path / "internal/web/web.go").write_text("package web\n")
    assert stack.stack_start(service(tmp_path), place).listen is Listen.OWN
    activation = 'package web\n\nimport a "github.com/coreos/go-systemd/v22/activation"\n'
    (tmp_path / "internal/web/web.go").write_text(activation)
    assert stack.stack_start(service(tmp_path), place).listen is Listen.INHERIT


def test_packages_outside_the_directory_are_watched(tmp_path: Path) -> None:
    lay(tmp_path, {
        "go.mod": MOD + "\nreplace (\n\texample.com/kit v1.0.0 => ../kit\n)\nreplace example.com/gone => example.com/x v1\n",
        "services/api/main.go": (
            'package main\n\nimport (\n\t"fmt"\n\tw "example.com/shop/internal/web"\n\t_ "example.com/kit/log"\n'
            '\t// "example.com/shop/internal/unused"\n)\n\nfunc main() {}\n'
        ),
        "internal/web/web.go": 'package web\n\nimport "example.com/shop/internal/store"\n',
        "internal/web/web_test.go": 'package web\n\nimport "example.com/shop/internal/fixtures"\n',
        "internal/store/store.go": 'package store\n\nimport _ "embed"\n\n//go:embed all:sql "a.txt"\nvar x string\n',
        "internal/unused/u.go": "package unused\n",
        "internal/fixtures/f.go": "package fixtures\n",
    })  # fmt: skip
    kit = lay(
        tmp_path.parent / f"{tmp_path.name}-kit", {"go.mod": "module example.com/kit\n", "log/log.go": "package log\n"}
    )
    (tmp_path.parent / "kit").symlink_to(kit)
    watch = stack.stack_watch(service(tmp_path / "services" / "api"))
    assert watch.roots == (
        tmp_path / "services" / "api",
        *sorted((kit / "log", tmp_path / "internal" / "store", tmp_path / "internal" / "web")),
        tmp_path / "go.mod",
    )
    assert {"**/sql", "**/sql/**", "**/a.txt"} <= set(watch.include)
    assert "*_test.go" in watch.ignore


def test_a_workspaces_modules_are_found(tmp_path: Path) -> None:
    lay(tmp_path, {
        "go.work": "go 1.21\n\nuse (\n\t./api\n\t./shared\n)\nuse ./more\n",
        "api/go.mod": "module example.com/api\n",
        "api/main.go": 'package main\n\nimport "example.com/shared"\nimport `example.com/more/deep`\n\nfunc main() {}\n',
        "shared/go.mod": "module example.com/shared\n", "shared/s.go": "package shared\n",
        "more/go.mod": "module example.com/more\n", "more/deep/d.go": "package deep\n",
    })  # fmt: skip
    assert set(program(tmp_path / "api")) == {tmp_path / "api", tmp_path / "shared", tmp_path / "more" / "deep"}
    assert tmp_path / "go.work" in stack.stack_watch(service(tmp_path / "api")).roots


def test_what_is_detected(tmp_path: Path) -> None:
    def detect(files: dict[str, str], command: tuple[str, ...] | None = None):
        root = tmp_path / str(len(list(tmp_path.iterdir())))
        root.mkdir()
        return stack.stack_detect(lay(root, files), None, command)

    top = detect({"go.mod": MOD, "main.go": MAIN})
    assert (top.evidence, dict(top.options)) == ("go.mod and package main in .", {})
    below = detect({"go.mod": MOD, "cmd/x/main.go": MAIN})
    assert (below.evidence, dict(below.options)) == ("go.mod and package main in ./cmd/x", {"main": "./cmd/x"})
    several = detect({"go.mod": MOD, "cmd/x/main.go": MAIN, "cmd/y/main.go": MAIN})
    assert (several.evidence, dict(several.options)) == ("go.mod and several programs: ./cmd/x, ./cmd/y", {})
    docker = detect({"go.mod": MOD, "cmd/x/main.go": MAIN, "cmd/y/main.go": MAIN, "Dockerfile": "RUN go build ./cmd/y"})
    assert (docker.evidence, dict(docker.options)) == ("Dockerfile builds ./cmd/y", {})
    root = tmp_path / str(len(list(tmp_path.iterdir())) - 1)
    assert dict(stack.stack_detect(root, root / "Dockerfile", None).options) == {"main": "./cmd/y"}
    assert target(service(root)) == "./cmd/y"
    assert target(service(root, name="x")) == "./cmd/x"
    command = detect({"go.mod": MOD, "cmd/x/main.go": MAIN}, ("go", "run", "./cmd/x", "--flag"))
    library = detect({"go.mod": MOD, "lib.go": "package lib\n"})
    loose = detect({"main.go": MAIN})
    scores = [one.score for one in (command, docker, top, several, loose, library)]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 6
    assert detect({"main.py": ""}) is None


def test_a_change_of_dependencies_is_told(tmp_path: Path) -> None:
    def reason(*names: str) -> str:
        plan = stack.stack_reload(Burst(tuple(Change(tmp_path / name, ChangeKind.MODIFIED) for name in names)))
        assert plan.action is ReloadAction.REBUILD
        return plan.reason

    assert reason("a.go") == ""
    assert reason("a.go", "go.mod") == "go.mod changed"
    assert reason("vendor/modules.txt") == "modules.txt changed"
