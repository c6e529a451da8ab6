"""Tasks that only ask: plugins, doctor and configuration."""

from __future__ import annotations

import json

from desk import Desk, golden
from fakes import canned


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


def test_the_doctor_said_ok_of_an_optional_service_without_its_tool(desk: Desk) -> None:
    check = {"name": "api", "ok": True, "word": "missing", "detail": "`go` is missing", "hint": "install Go"}
    with desk.supervised({"doctor": canned({"checks": [check]})}):
        done = desk.run("dev-doctor")
    assert (done.returncode, done.stdout) == (0, "missing  api  `go` is missing\n         hint: install Go\n")


def test_the_configuration_is_printed_flat_or_as_it_is(desk: Desk) -> None:
    web = {"stack": "python", "port": 8000, "needs": [], "command": ["a", "b"], "python": {"api_key": "t0p"}}
    config = {
        "file": "/srv/hybrid.toml",
        "mode": "dev",
        "warnings": ["take care"],
        "unwatched": ["web"],
        "detected": {"web": "app.py"},
        "project": {"name": "shop"},
        "services": {"web": web},
    }
    with desk.supervised({"config": canned(config)}) as fake:
        done = desk.run("dev-config")
        assert json.loads(desk.run("dev-config", "--json", "--show-secrets").stdout) == config
        assert json.loads(desk.run("dev-config", "--schema").stdout) == config
    golden("config", done.stdout)
    assert [args["schema"] for args in fake.asked("config")] == [False, False, True]
