"""Every task through the real `inv`, against a supervisor that says what it was told to say."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk, at_a_desk, golden
from fakes import canned, refusing

from hybrid_tasks.errors import Mistakes, NotRunning, TimedOut, WrongInput
from hybrid_tasks.model.events import Event


@pytest.fixture
def desk() -> Iterator[Desk]:
    with at_a_desk() as made:
        yield made


def receipt(service: str, result: str = "live", **more: object) -> dict[str, object]:
    stages = [
        {"name": "plan", "ms": 1.0, "ok": True},
        {"name": "build", "ms": 400.0, "ok": result == "live"},
        {"name": "probe", "ms": 399.0, "ok": True},
        {"name": "retire", "ms": 9000.0, "ok": True},
    ]
    return {"schema": 1, "id": "r1", "service": service, "result": result, "stages": stages, "error": None, **more}


AGO = 335.0
"""Shown as 6 min for the next 55 seconds."""


def service(name: str, word: str = "running", **more: object) -> dict[str, object]:
    running = word == "running"
    return {
        "name": name,
        "stack": "python",
        "runtime": "native",
        "state": word,
        "word": word,
        "detail": "",
        "cure": "",
        "wanted": True,
        "optional": False,
        "healthy": running,
        "address": "http://127.0.0.1:8000",
        "urls": [],
        "pid": 4121 if running else None,
        "since": time.time() - AGO if running else None,
        "restarts": 0,
        "cpu": 1.25 if running else None,
        "memory": 48_300_000 if running else None,
        "launch": "beside",
        "stale": False,
        "source": {"running": "a", "disk": "a", "live": running},
        "last_receipt": None,
        **more,
    }


EVERYTHING = [
    service("web"),
    service(
        "api",
        address="127.0.0.1:8080",
        cpu=100.0,
        memory=1_200_000_000,
        restarts=3,
        stale=True,
        detail="the last save failed: main.go:3:5: undefined: x",
        source={"live": False},
    ),
    service("worker", healthy=False, address=None, detail="GET /healthz: 500"),
    service(
        "engine", "blocked", detail="`cargo` is missing", cure="curl https://sh.rustup.rs -sSf | sh", optional=True
    ),
    service("mailer", "crashed", detail="ended with 1", source=None),
    service("loop", "held", detail="every build changes `gen/out.py`", cure='ignore = ["gen/"]'),
    service("report", "waiting", detail="waits for api"),
    service("seed", "finished", address=None),
    service("old", "stopped", wanted=False),
]
STARTED = {
    "receipts": [
        receipt("web"),
        receipt("api", "failed", error="# shop/api\n./main.go:3:5: undefined: x\n./main.go:9:1: missing return"),
        receipt(
            "mailer",
            "failed",
            error="Traceback (most recent call last):\nKeyError: 'SMTP'",
            stages=[{"name": "probe", "ms": 1, "ok": False}],
        ),
    ],
    "services": EVERYTHING,
}


def test_start_shows_addresses_first_and_then_what_is_in_the_way(desk: Desk) -> None:
    events = [
        Event("note", 0.0, None, {"text": "restored what ran before: web"}),
        Event("stage", 0.0, "web", {"stage": "build"}),
        Event("state", 0.0, "web", service("web")),
        Event("receipt", 0.0, "web", receipt("web")),
        Event("receipt", 0.0, "api", {"result": "failed"}),
    ]
    with desk.supervised({"start": canned(STARTED, 1, *events)}) as fake:
        done = desk.run("dev-start", "web", "api")
    golden("start", done.stdout)
    assert done.stderr == ""
    assert done.returncode == 1
    assert fake.asked("start") == [
        {
            "services": ("web", "api"),
            "mode": None,
            "all": False,
            "build": False,
            "timeout": 120.0,
            "dry_run": False,
            "attached": False,
        }
    ]
    assert fake.requests[0].env is not None
    assert fake.requests[0].env["HOME"] == desk.environ["HOME"]


def test_every_flag_of_start_reaches_the_supervisor(desk: Desk) -> None:
    with desk.supervised({"start": canned({"services": [service("web")], "receipts": []})}) as fake:
        done = desk.run("dev-start", "--mode", "hybrid", "--build", "web", "--all", "--timeout=2m")
    assert (done.returncode, done.stderr) == (0, "")
    (args,) = fake.asked("start")
    assert (args["mode"], args["build"], args["all"], args["timeout"]) == ("hybrid", True, True, 120.0)
    assert args["services"] == ("web",)


def test_start_in_json_is_one_receipt_a_line(desk: Desk) -> None:
    note = Event("note", 0.0, None, {"text": "restored what ran before: web"})
    with desk.supervised({"start": canned(STARTED, 1, note)}):
        done = desk.run("dev-start", "--json")
    assert [json.loads(line)["service"] for line in done.stdout.splitlines()] == ["web", "api", "mailer"]
    assert done.stderr == "restored what ran before: web\n"
    assert done.returncode == 1


PLAN = {
    "plan": [
        {
            "service": "api",
            "wave": 0,
            "action": "start",
            "build": ["go", "build", "-o", "next"],
            "command": ["./next", "a b"],
            "cwd": "/srv/api",
            "why": "",
        },
        {
            "service": "engine",
            "wave": 0,
            "action": "blocked",
            "build": None,
            "command": [],
            "cwd": "/srv/engine",
            "why": "blocked: `cargo` is missing",
        },
        {
            "service": "web",
            "wave": 1,
            "action": "start",
            "build": None,
            "command": ["uvicorn", "--fd", "3"],
            "cwd": "/srv/web",
            "why": "",
        },
    ]
}


@pytest.mark.parametrize("words", [["dev-start", "--dry-run"], ["--dry", "dev-start"]])
def test_a_dry_run_prints_the_plan(desk: Desk, words: list[str]) -> None:
    with desk.supervised({"start": canned(PLAN)}) as fake:
        done = desk.run(*words)
    golden("plan", done.stdout)
    assert fake.asked("start")[0]["dry_run"] is True


def test_a_dry_run_in_json(desk: Desk) -> None:
    with desk.supervised({"start": canned(PLAN)}):
        assert json.loads(desk.run("dev-start", "--dry-run", "--json").stdout) == PLAN


def test_mistakes_are_printed_once_and_the_exit_code_is_theirs(desk: Desk) -> None:
    both = Mistakes(
        [
            WrongInput("hybrid.toml:12 services.api.port: `eighty` is not a number", "write port = 8080"),
            WrongInput("hybrid.toml:14 services.api.neds: there is no such key", "did you mean `needs`?"),
        ]
    )
    with desk.supervised({"start": refusing(both)}):
        done = desk.run("dev-start")
    golden("mistakes", done.stderr)
    assert (done.stdout, done.returncode) == ("", 2)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WrongInput("there is no service `wbe`", "did you mean `web`?"), 2),
        (TimedOut("not healthy after 1 s: web", "they stay up; see `inv dev-logs web`"), 124),
        (NotRunning("nothing runs here"), 3),
    ],
)
def test_the_exit_code_is_that_of_the_mistake(desk: Desk, error: WrongInput, code: int) -> None:
    with desk.supervised({"start": refusing(error)}):
        done = desk.run("dev-start", "wbe", "--timeout", "1")
    assert done.returncode == code
    assert done.stderr.splitlines()[0] == f"error: {error.message}"
    assert "Traceback" not in done.stderr


def test_status_is_a_table(desk: Desk) -> None:
    moment = time.time() - AGO
    document = {
        "schema": 1,
        "project": "shop",
        "mode": "hybrid",
        "supervisor": {"pid": 1, "since": 0.0},
        "services": [{**status, "since": status["since"] and moment} for status in EVERYTHING],
        "configuration_changed": True,
        "warnings": ["`.env` can be read by everybody: chmod 600 .env"],
    }
    with desk.supervised({"status": canned(document, 1)}):
        done = desk.run("dev-status")
        as_json = desk.run("dev-status", "--json")
    golden("status", done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(as_json.stdout) == document
    assert as_json.returncode == 1


def test_status_of_nothing_exits_with_3_and_starts_nothing(desk: Desk) -> None:
    done = desk.run("dev-status")
    assert done.returncode == 3
    assert done.stderr == "error: nothing runs here\n hint: start it with `inv dev-start`\n"
    assert not (Path(desk.environ["XDG_STATE_HOME"])).exists()


def test_stop_says_what_it_stopped(desk: Desk) -> None:
    note = Event("note", 0.0, None, {"text": "`web` needs it and is stopped as well"})
    answer = {"services": [service("web", "stopped"), service("api", "stopped")]}
    with desk.supervised({"stop": canned(answer, 0, note)}) as fake:
        done = desk.run("dev-stop", "api")
        as_json = desk.run("dev-stop", "--json")
    golden("stop", done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert fake.asked("stop")[0] == {"services": ("api",), "kill": False}
    assert [entry["name"] for entry in json.loads(as_json.stdout)["services"]] == ["web", "api"]


def test_stop_ends_a_supervisor_of_another_version(desk: Desk) -> None:
    newer = NotRunning("the running supervisor and this command are of different versions (protocol 2 and 1)")
    with desk.supervised({"stop": refusing(newer), "shutdown": canned({})}) as fake:
        done = desk.run("dev-stop")
    assert (done.returncode, done.stdout) == (0, "ended the supervisor and all that it ran\n")
    assert [request.op for request in fake.requests] == ["stop", "shutdown"]


def test_a_task_name_starts_the_next_task(desk: Desk) -> None:
    answers = {"stop": canned({"services": []}), "start": canned({"services": [service("web")], "receipts": []})}
    with desk.supervised(answers) as fake:
        done = desk.run("dev-stop", "dev-start", "web")
    assert done.returncode == 0
    assert [(request.op, request.args["services"]) for request in fake.requests] == [("stop", ()), ("start", ("web",))]


def test_a_failed_task_is_the_last(desk: Desk) -> None:
    with desk.supervised({"stop": refusing(WrongInput("no")), "start": canned({})}) as fake:
        assert desk.run("dev-stop", "dev-start").returncode == 2
    assert [request.op for request in fake.requests] == ["stop"]


def test_restart_and_wait_pass_their_flags(desk: Desk) -> None:
    answer = canned({"services": [service("web")], "receipts": [receipt("web")]})
    with desk.supervised({"restart": answer, "wait": answer}) as fake:
        restart = desk.run("dev-restart", "web", "--timeout", "5")
        wait = desk.run("dev-wait", "--reload", "web")
        as_json = desk.run("dev-wait", "--json")
    assert fake.asked("restart") == [{"services": ("web",), "timeout": 5.0}]
    assert fake.asked("wait")[0] == {"services": ("web",), "reload": True, "timeout": 120.0}
    assert restart.stdout == wait.stdout == "web  http://127.0.0.1:8000  healthy in 0.8 s\n"
    assert json.loads(as_json.stdout)["result"] == "live"


def test_wait_never_starts_anything(desk: Desk) -> None:
    done = desk.run("dev-wait", "--reload")
    assert (done.returncode, done.stdout) == (3, "")
    assert not (Path(desk.environ["XDG_STATE_HOME"])).exists()


VARIABLES = {
    "variables": [
        {"name": "PORT", "value": "8000", "source": "hybrid.toml:5", "secret": False},
        {"name": "DB_PASSWORD", "value": "hunter2", "source": ".env:1", "secret": True},
        {"name": "DB_URL", "value": "postgres://me:hunter2@localhost/db", "source": ".env:2", "secret": True},
        {"name": "GREETING", "value": "it's $5", "source": ".env:3", "secret": False},
    ]
}


@pytest.mark.parametrize(
    "words",
    [["web"], ["web", "--explain"], ["--format", "shell", "web"], ["web", "--json"]],
    ids=["dotenv", "explain", "shell", "json"],
)
def test_sec_17_an_environment_is_printed_with_its_secrets_masked(
    desk: Desk, words: list[str], request: pytest.FixtureRequest
) -> None:
    with desk.supervised({"env": canned(VARIABLES)}) as fake:
        done = desk.run("dev-env", *words)
    golden(f"env-{request.node.callspec.id}", done.stdout)
    assert "hunter2" not in done.stdout + done.stderr
    assert fake.asked("env") == [{"service": "web"}]


def test_secrets_are_printed_when_asked_for(desk: Desk) -> None:
    with desk.supervised({"env": canned(VARIABLES)}):
        assert json.loads(desk.run("dev-env", "web", "--json", "--show-secrets").stdout)["DB_PASSWORD"] == "hunter2"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["dev-env"], "error: which service?\n hint: inv dev-env web\n"),
        (["dev-debug"], "error: which service?\n hint: inv dev-debug web [COMMAND…]\n"),
        (["dev-step"], "error: which step?\n hint: steps: migrate\n"),
        (["dev-env", "web", "--format", "jsn"], "error: there is no format `jsn`\n hint: did you mean `json`?\n"),
        (
            ["dev-env", "web", "api"],
            "error: `dev-env` takes one service; `api` is one too many\n hint: see `inv --help dev-env`\n",
        ),
        (
            ["dev-start", "--timeout", "soon"],
            "error: `soon` is not a duration\n for:  `--timeout`\n hint: write seconds, or 90s, 2m, 1h\n",
        ),
        (["dev-start", "--moed", "x"], "error: `dev-start` has no flag `--moed`\n hint: did you mean `--mode`?\n"),
        (["dev-start", "--xyzzy"], "error: `dev-start` has no flag `--xyzzy`\n hint: see `inv --help dev-start`\n"),
        (["dev-start", "--mode"], "error: `--mode` of `dev-start` needs a value\n hint: see `inv --help dev-start`\n"),
        (
            ["dev-status", "web"],
            "error: `dev-status` takes no words, and there is no task `web`\n hint: see `inv --help dev-status`\n",
        ),
        (["dev-strat"], "error: there is no task `dev-strat`\n hint: did you mean `inv dev-start`?\n"),
        (["dev-zzzzzz"], "error: there is no task `dev-zzzzzz`\n hint: see `inv --list`\n"),
        (["dev-completion", "tcsh"], "error: there is no completion for `tcsh`\n hint: known: `bash`, `fish`, `zsh`\n"),
        (
            ["dev-debug", "web", "--words", "x"],
            'error: `--words` is not a JSON list of texts\n hint: write \'["pytest", "-k", "x"]\'\n',
        ),
        (["dev-status", "--json=x"], None),
        (["dev-start", "-x"], "error: `dev-start` has no flag `-x`\n hint: see `inv --help dev-start`\n"),
    ],
)
def test_wrong_words_get_one_mistake_with_its_cure_and_exit_2(
    desk: Desk, words: list[str], message: str | None
) -> None:
    with desk.supervised({}) as fake:
        done = desk.run(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    if message is not None:
        assert done.stderr == message
    assert "Traceback" not in done.stderr
    assert not fake.requests, "nothing is asked before the words are right"


NASTY = [
    "a b",
    "$(touch x)",
    ";",
    "'",
    '"',
    "\\",
    "*",
    "é",
    "-",
    "--",
    "\n",
    "\t",
    "%s",
    "{}",
    "\x1b[2J",
    "--flag=x",
    "",
    "=",
    "#",
    "~",
    "x" * 2000,
]


def test_sec_27_names_reach_the_supervisor_as_they_were_written(desk: Desk) -> None:
    names = [name for name in NASTY if not name.startswith("-")]
    unknown = WrongInput("there is no such service")
    with desk.supervised({"start": refusing(unknown)}) as fake:
        done = desk.run("dev-start", *names)
    assert done.returncode == 2
    assert fake.asked("start")[0]["services"] == tuple(dict.fromkeys(names))


def test_bytes_that_are_no_text_survive(desk: Desk) -> None:
    with desk.supervised({"start": refusing(WrongInput("there is no service"))}) as fake:
        done = desk.run("dev-start", b"caf\xe9")
    assert done.returncode == 2
    assert fake.asked("start")[0]["services"] == (b"caf\xe9".decode("utf-8", "surrogateescape"),)


def test_10_000_names_are_one_request(desk: Desk) -> None:
    with desk.supervised({"start": refusing(WrongInput("there is no service"))}) as fake:
        done = desk.run("dev-start", *(f"s{number}" for number in range(10_000)))
    assert done.returncode == 2
    assert len(fake.asked("start")[0]["services"]) == 10_000


def test_plugins_are_listed_and_a_broken_one_is_exit_4(desk: Desk) -> None:
    plugins = {
        "plugins": [
            {
                "name": "go",
                "distribution": "hybrid-tasks",
                "version": "0.1.0",
                "hooks": ["stack_start", "stack_info"],
                "load_ms": 1.4,
            },
            {
                "name": "bad",
                "distribution": "hybrid-bad",
                "version": "2",
                "hooks": [],
                "load_ms": None,
                "error": "ImportError: no module named `bad`",
            },
            {
                "name": "slow",
                "distribution": "hybrid-slow",
                "version": "",
                "hooks": [],
                "load_ms": 3.0,
                "muted": "`stack_start` did not answer within 10 s",
            },
        ]
    }
    with desk.supervised({"plugins": canned(plugins)}):
        done = desk.run("dev-plugins")
        as_json = desk.run("dev-plugins", "--json")
    golden("plugins", done.stdout)
    assert done.returncode == as_json.returncode == 4
    assert json.loads(as_json.stdout) == {"schema": 1, **plugins}


def test_the_doctor_says_what_to_mend(desk: Desk) -> None:
    checks = {
        "checks": [
            {"name": "python", "ok": True, "detail": "3.11.7", "hint": ""},
            {
                "name": "file watches",
                "ok": False,
                "detail": "8192 directories can be watched",
                "hint": "sudo sysctl fs.inotify.max_user_watches=524288",
            },
        ]
    }
    with desk.supervised({"doctor": canned(checks)}):
        done = desk.run("dev-doctor")
        as_json = desk.run("dev-doctor", "--json")
    golden("doctor", done.stdout)
    assert done.returncode == as_json.returncode == 1
    assert json.loads(as_json.stdout) == {"schema": 1, **checks}


def test_the_configuration_is_printed_flat_or_as_it_is(desk: Desk) -> None:
    config = {"name": "shop", "file": None, "services": {"web": {"port": 8000, "needs": [], "command": ["a", "b"]}}}
    with desk.supervised({"config": canned(config)}) as fake:
        done = desk.run("dev-config")
        assert json.loads(desk.run("dev-config", "--json").stdout) == config
        assert json.loads(desk.run("dev-config", "--schema").stdout) == config
    golden("config", done.stdout)
    assert [args["schema"] for args in fake.asked("config")] == [False, False, True]


def found(desk: Desk) -> dict[str, object]:
    return {
        "paths": [
            {"path": str(desk.root / ".hybrid" / "artefacts" / "web"), "bytes": 12_400_000},
            {"path": str(desk.root / ".hybrid" / "logs" / "web"), "bytes": 812},
            {"path": "/elsewhere/target", "bytes": 0},
        ],
        "commands": [],
    }


@pytest.mark.parametrize("words", [["--dry-run"], [], ["--json"]])
def test_clean_only_lists_without_a_yes(desk: Desk, words: list[str]) -> None:
    with desk.supervised({"clean": canned(found(desk))}) as fake:
        done = desk.run("dev-clean", "--caches", *words)
    assert all(args["apply"] is False for args in fake.asked("clean"))
    assert fake.asked("clean")[0]["caches"] is True
    if words == ["--dry-run"]:
        golden("clean", done.stdout)
    if words == ["--json"]:
        assert json.loads(done.stdout)["paths"][0]["bytes"] == 12_400_000
    if not words:
        assert done.stderr == "error: nothing is removed without a yes\n hint: run it in a terminal, or add --yes\n"
    assert done.returncode == (0 if words else 2)


def test_clean_removes_exactly_what_it_listed(desk: Desk) -> None:
    listed = found(desk)
    with desk.supervised({"clean": canned(listed)}) as fake:
        done = desk.run("dev-clean", "--yes")
    assert done.returncode == 0
    assert done.stdout.endswith("removed\n")
    first, second = fake.asked("clean")
    assert not first["apply"]
    assert second["apply"]
    paths = listed["paths"]
    assert isinstance(paths, list)
    assert second["paths"] == tuple(entry["path"] for entry in paths)


def test_clean_of_nothing_asks_nothing(desk: Desk) -> None:
    with desk.supervised({"clean": canned({"paths": [], "commands": []})}) as fake:
        done = desk.run("dev-clean")
    assert (done.returncode, done.stdout) == (0, "nothing to remove\n")
    assert len(fake.asked("clean")) == 1


def test_there_is_no_project(desk: Desk) -> None:
    (desk.root / "hybrid.toml").unlink()
    done = desk.run("dev-status")
    assert done.returncode == 2
    assert done.stderr == (
        "error: there is no project here: neither this directory nor one above has a `hybrid.toml`\n"
        " hint: write one with `inv dev-init`\n"
    )


def test_a_folder_of_the_project_is_the_project(desk: Desk) -> None:
    inside = desk.root / "services" / "web"
    inside.mkdir(parents=True)
    with desk.supervised({"status": canned({"schema": 1, "services": []})}):
        assert desk.run("dev-status", cwd=inside).returncode == 0


def test_an_unexpected_error_is_a_report_to_paste(desk: Desk) -> None:
    with desk.supervised({"status": canned({"schema": 1, "services": [{"since": "not a number"}]})}):
        done = desk.run("dev-status")
    assert done.returncode == 70
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error: unexpected ValueError in `dev-status`: could not convert")
    assert lines[1] == " hint: this is our mistake; please report it with the lines below"
    assert lines[2] == "--- report ---"
    assert lines[3].startswith("hybrid-tasks 0.")
    assert lines[-1] == "--- end ---"
