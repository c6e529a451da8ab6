"""`inv dev-init`: services are found, decoys are not, and what is written loads without mistakes."""

from __future__ import annotations

import contextlib
import os
import socket

import pytest

from hybrid_tasks.config.discover import discover
from hybrid_tasks.config.resolve import load
from hybrid_tasks.errors import Mistakes
from hybrid_tasks.plugin.host import Host

MAIN = "package main\n\nfunc main() {}\n"
APP = "from starlette.applications import Starlette\n\napp = Starlette()\n"


@pytest.fixture(scope="module")
def host():
    return Host.load(None, environ={})


@pytest.fixture
def found(tmp_path, host):
    """Lay files out, discover, and load what was written."""

    def do(files, name="shop"):
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        before = sorted(root.rglob("*"))
        result = discover(root, host)
        assert sorted(root.rglob("*")) == before, "something was written"
        if result.services:
            (root / "hybrid.toml").write_text(result.text)
            project = load(root, host, environ={})
            assert list(project.services) == [one.name for one in result.services]
            for one in result.services:
                assert project.services[one.name].directory == (root / one.dir)
        return result

    return do


def summary(result):
    return {one.name: (one.stack, one.dir, dict(one.options)) for one in result.services}


def test_one_of_each_language(found):
    result = found({
        "services/api/go.mod": "module api\n",
        "services/api/main.go": MAIN,
        "services/stock/Cargo.toml": '[package]\nname = "stock"\nversion = "0.1.0"\n',
        "services/stock/src/main.rs": "fn main() {}\n",
        "services/front/requirements.txt": "starlette\n",
        "services/front/main.py": APP,
    })  # fmt: skip
    assert summary(result) == {
        "api": ("go", "services/api", {}),
        "front": ("python", "services/front", {"app": "main:app"}),
        "stock": ("rust", "services/stock", {}),
    }
    assert [line.split(" ")[0] for line in result.evidence] == ["services/api:", "services/front:", "services/stock:"]


def test_two_programs_of_one_module(found):
    result = found({
        "llm/go.mod": "module llm\n",
        "llm/cmd/server/main.go": MAIN,
        "llm/cmd/worker/main.go": MAIN,
        "llm/cmd/lib/lib.go": "package lib\n",
        "llm/tools/gen.go": "//go:build ignore\n\n" + MAIN,
        "llm/cmd/server/main_test.go": MAIN,
    })  # fmt: skip
    assert summary(result) == {
        "llm-server": ("go", "llm", {"main": "./cmd/server"}),
        "llm-worker": ("go", "llm", {"main": "./cmd/worker"}),
    }


def test_a_cargo_workspace(found):
    result = found({
        "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
        "crates/api/Cargo.toml": '[package]\nname = "shop-api"\nversion = "0.1.0"\n',
        "crates/api/src/main.rs": "fn main() {}\n",
        "crates/lib/Cargo.toml": '[package]\nname = "lib"\nversion = "0.1.0"\n',
        "crates/lib/src/lib.rs": "\n",
        "crates/jobs/Cargo.toml": '[package]\nname = "jobs"\nversion = "0.1.0"\n[[bin]]\nname = "nightly"\npath = "src/bin/n.rs"\n',
        "crates/jobs/src/bin/n.rs": "fn main() {}\n",
        "crates/jobs/src/bin/hourly/main.rs": "fn main() {}\n",
    })  # fmt: skip
    assert summary(result) == {
        "api": ("rust", "crates/api", {}),
        "jobs-hourly": ("rust", "crates/jobs", {"bin": "hourly", "package": "jobs"}),
        "jobs-nightly": ("rust", "crates/jobs", {"bin": "nightly", "package": "jobs"}),
    }
    assert any("crates/lib" in line and "no service" in line for line in result.evidence)


def test_decoys(found):
    decoys = (
        "node_modules/x",
        "vendor/y",
        "testdata",
        ".venv/z",
        "target/w",
        "load-tests",
        "loadtest",
        ".hidden",
        "ignored/in",
        "copied",
    )
    files = {f"{place}/go.mod": "module decoy\n" for place in decoys} | {f"{place}/main.go": MAIN for place in decoys}
    files |= {"copied/pyvenv.cfg": "", ".gitignore": "/ignored/\n", "api/go.mod": "module api\n", "api/main.go": MAIN}
    assert summary(found(files)) == {"api": ("go", "api", {})}


def test_a_library_is_evidence_and_no_service(found):
    result = found({"lib/go.mod": "module lib\n", "lib/lib.go": "package lib\n"})
    assert result.services == ()
    assert result.evidence == ("lib: go.mod, but no main package: no service",)


def test_packages_of_an_application_are_no_services_of_their_own(found):
    result = found({
        "web/requirements.txt": "starlette\n",
        "web/app/__init__.py": "",
        "web/app/main.py": APP,
        "web/app/admin/__init__.py": "",
        "web/app/admin/main.py": APP,
    })  # fmt: skip
    assert list(summary(result)) == ["web"]


def test_source_without_a_manifest(found):
    assert list(summary(found({"web/main.py": APP, "scripts/clean.py": "if __name__ == '__main__':\n    pass\n"}))) == [
        "web"
    ]


def test_one_application_became_two_services(found):
    assert summary(found({"tasks.py": "x = 1\n", "site/main.py": APP, "site/requirements.txt": "starlette\n"})) == {
        "site": ("python", "site", {"app": "main:app"})
    }


def test_a_script_without_a_manifest_was_passed_over_in_silence(found):
    result = found({
        "app/server.py": "import http.server as h\nif __name__ == '__main__':\n    h.HTTPServer(('', 1), None).serve_forever()\n",
        "jobs/clean.py": "if __name__ == '__main__':\n    pass\n",
    })  # fmt: skip
    assert summary(result) == {"app": ("python", "app", {"script": "server.py"})}
    assert "jobs: script clean.py: passed over, for nothing shows that it keeps running" in result.evidence


def test_what_dev_init_wrote_did_not_start_for_want_of_a_port(found):
    files = {f"{name}/main.py": APP for name in "abc"}
    files |= {"b/Dockerfile": "EXPOSE 8002\n", "go/go.mod": "module x\n", "go/main.go": MAIN}
    result = found(files)
    assert [(one.name, one.port) for one in result.services] == [("a", 8000), ("b", 8002), ("c", 8001), ("go", None)]
    assert "\nport = 8001\n" in result.text
    assert result.text.count("#port = ") == 1


def test_procfile(found, host):
    result = found({
        "Procfile": "web: gunicorn -b :$PORT main\nclock: python 'my clock.py'\n# comment\nno line\nrelease_job: a && b\nassets: PORT=1 npm run dev\n",
    })  # fmt: skip
    assert {one.name: (one.command, one.port) for one in result.services} == {
        "web": (("sh", "-c", "exec gunicorn -b :$PORT main"), 5000),
        "clock": (("python", "my clock.py"), None),
        "release_job": (("sh", "-c", "a && b"), None),
        "assets": (("sh", "-c", "PORT=1 npm run dev"), None),
    }
    assert result.evidence[0] == ".: Procfile `web`"


def test_a_procfile_for_development_comes_first_and_a_stack_may_know_its_command(found):
    result = found({
        "Procfile": "web: production\n",
        "Procfile.dev": "api: go run ./cmd/api\n",
        "go.mod": "module shop\n",
        "cmd/api/main.go": MAIN,
    })  # fmt: skip
    assert summary(result) == {"api": ("go", ".", {"main": "./cmd/api"})}
    assert '#command = ["go", "run", "./cmd/api"]' in result.text


def test_bug_an_application_of_a_procfile_was_written_twice_and_without_its_port(found):
    result = found({
        "site/main.py": APP,
        "site/requirements.txt": "starlette\n",
        "shop/main.py": APP,
        "shop/requirements.txt": "starlette\n",
        "backend/go.mod": "module backend\n",
        "backend/main.go": MAIN,
        "ticker/run.sh": "#!/bin/sh\n",
        "Procfile": "web: cd site && uvicorn main:app --port 9000\n"
        "ticker: ./ticker/run.sh\n"
        "shop: uvicorn shop.main:app --port=9001 --workers 2\n",
    })  # fmt: skip
    told = {one.name: (one.stack, one.dir, one.port) for one in result.services}
    assert told == {
        "web": ("python", "site", 9000),
        "ticker": (None, ".", None),
        "shop": ("python", ".", 9001),
        "backend": ("go", "backend", None),
    }
    assert {"site: Procfile `web`, recognised by python", "shop: run by Procfile `shop`"} <= set(result.evidence)


def test_bug_ports_were_given_by_who_listened_at_the_moment(found):
    with socket.socket() as busy:
        with contextlib.suppress(OSError):
            busy.bind(("127.0.0.1", 8000))
            busy.listen()
        assert [one.port for one in found({"a/main.py": APP}).services] == [8000]


def test_the_port_of_a_dockerfile(found):
    files = {
        f"{name}/{file}": text
        for name in "ab"
        for file, text in {"go.mod": "module x\n", "main.go": MAIN, "Dockerfile": "FROM x\nEXPOSE 8080\n"}.items()
    }
    files |= {"c/go.mod": "module c\n", "c/main.go": MAIN, "c/Dockerfile": "EXPOSE 1\nEXPOSE 2\n"}
    assert [(one.name, one.port) for one in found(files).services] == [("a", 8080), ("b", None), ("c", None)]


def test_names(found):
    files = {}
    for place in ("My API", "setup", "a/web", "b/web", "ü", "x" * 80):
        files |= {f"{place}/go.mod": "module x\n", f"{place}/main.go": MAIN}
    assert sorted(summary(found(files))) == sorted(["my-api", "setup-2", "web", "b-web", "service", "x" * 50])


def test_a_root_that_is_the_service(found):
    result = found({"go.mod": "module x\n", "main.go": MAIN}, name='Odd "näme"\n')
    assert summary(result) == {"odd-n-me": ("go", ".", {})}


def test_a_tie_is_said(found):
    result = found(
        {"both/go.mod": "module x\n", "both/main.go": MAIN, "both/requirements.txt": "x\n", "both/main.py": APP}
    )
    (one,) = result.services
    assert one.stack == "go"
    assert "; or is it python (ASGI application `app` in main.py)?" in one.evidence


def test_nothing(found, tmp_path, host):
    result = found({"README.md": "# nothing\n", "docker-compose.yml": "services: {}\n"})
    assert result.services == ()
    assert result.evidence == ("docker-compose.yml: this version runs no containers; the file is found by itself",)
    assert "#[services.api]" in result.text
    (tmp_path / "shop/hybrid.toml").write_text(result.text)
    with pytest.raises(Mistakes, match="has no services"):
        load(tmp_path / "shop", host, environ={})


def test_a_wrong_env_file_leaves_no_service_out(tmp_path, host):
    (tmp_path / "go.mod").write_text("module x\n")
    (tmp_path / "main.go").write_text(MAIN)
    (tmp_path / ".env").write_text('A="open\n')
    assert len(discover(tmp_path, host).services) == 1


def test_odd_trees_do_not_stop_it(found, tmp_path):
    root = tmp_path / "shop"
    (root / "a").mkdir(parents=True)
    (root / "a/loop").symlink_to(root)
    (root / "line\nbreak").mkdir()
    (root / "line\nbreak/go.mod").write_text("module x\n")
    for name in ("Procfile.dev", ".gitignore", "Dockerfile", "a/Dockerfile"):
        os.mkfifo(root / name)
    (root / "Procfile").mkdir()
    (root / "c").mkdir()
    (root / "c/Cargo.toml").write_bytes(b"\xff\xfe[package")
    (root / os.fsdecode(b"caf\xe9")).mkdir()
    result = found({"api/go.mod": "module api\n", "api/main.go": MAIN})
    assert list(summary(result)) == ["api"]


def test_a_gitignore_that_is_none(found, tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/.gitignore").write_bytes(b"!\n\xff[z-a]\n")
    assert len(found({"api/go.mod": "module api\n", "api/main.go": MAIN}).services) == 1


def test_the_text_says_what_to_do_next(found):
    text = found({"api/go.mod": "module api\n", "api/main.go": MAIN}).text
    assert "# go.mod and package main in ." in text
    assert '[services.api]\nstack = "go"\ndir = "api"\n#port = 8080' in text
    assert all(len(line) <= 120 for line in text.splitlines())
