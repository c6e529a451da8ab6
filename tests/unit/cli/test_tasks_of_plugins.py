"""Tasks that plugins bring: found without loading, under their name, and broken ones left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk
from listing import listed

from hybrid_tasks.cli import plugin_tasks


def installed(folder: Path, name: str, entry_points: str, **files: str) -> None:
    """A distribution as pip leaves it."""
    metadata = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(entry_points)
    for module, text in files.items():
        (folder / f"{module}.py").write_text(text)


GOOD = 'from invoke import task\n@task\ndef reload(c, hard=False):\n    """Reload the gateway."""\n    print(\'reloaded\', hard)\n'
HELPLESS = "@task(help={'nope': 'x'})\ndef broken(c):\n    pass\n"


def test_tasks_of_plugins_are_under_their_name(desk: Desk, tmp_path: Path) -> None:
    installed(
        tmp_path,
        "hybrid-gateway",
        "[hybrid_tasks]\ngateway = boom\n\n[hybrid_tasks.tasks]\ngateway = gw_tasks\n",
        gw_tasks=GOOD,
        boom="raise SystemExit('loaded')",
    )
    env = {"PYTHONPATH": str(tmp_path)}
    assert listed(desk, env=env)["gateway.reload"] == "Reload the gateway."
    done = desk.run("gateway.reload", "--hard", env=env)
    assert (done.stdout, done.stderr, done.returncode) == ("reloaded True\n", "", 0)


@pytest.mark.parametrize("words", ["other, gateway", "GateWay", "hybrid-gateway-plugin", "Hybrid_Gateway.plugin"])
def test_bug_tasks_of_a_plugin_switched_off_by_its_distribution_stayed(desk: Desk, tmp_path: Path, words: str) -> None:
    points = "[hybrid_tasks.tasks]\ngateway = gw_tasks\n"
    installed(tmp_path, "hybrid-gateway-plugin", points, gw_tasks=GOOD)
    installed(tmp_path, "hybrid-gateway", "[hybrid_tasks.tasks]\nkept = kept_tasks\n", kept_tasks=GOOD)
    env = {"PYTHONPATH": str(tmp_path)}
    assert {"gateway.reload", "kept.reload"} <= listed(desk, env=env).keys()
    left = listed(desk, env={**env, "HYBRID_DISABLE_PLUGINS": words})
    assert "gateway.reload" not in left
    assert "kept.reload" in left


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            GOOD + HELPLESS,
            "warning: task `broken` of plugin `gateway` (hybrid_gateway-1.0) is left out: Help field was set",
        ),
        (
            "import no_such_module\n",
            "warning: the tasks of plugin `gateway` (hybrid_gateway-1.0) do not load: ModuleNotFoundError",
        ),
        (
            "raise SystemExit(3)\n",
            "warning: the tasks of plugin `gateway` (hybrid_gateway-1.0) do not load: SystemExit: 3",
        ),
        ("def (\n", "warning: the tasks of plugin `gateway` (hybrid_gateway-1.0) do not load: SyntaxError"),
        ("from invoke import task\n@task\ndef broken():\n    pass\n", "warning: "),
        (GOOD + "@task\ndef many(c, *args):\n    pass\n", ""),
    ],
    ids=["help", "import", "exit", "syntax", "no context", "star"],
)
def test_a_broken_task_of_a_plugin_is_named_and_the_rest_goes_on(
    desk: Desk, tmp_path: Path, text: str, warning: str
) -> None:
    installed(tmp_path, "hybrid-gateway", "[hybrid_tasks.tasks]\ngateway = gw_tasks\n", gw_tasks=text)
    done = desk.run("--list", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0
    assert "dev-start" in done.stdout
    assert "broken" not in done.stdout
    assert done.stderr.startswith(warning)
    assert "Traceback" not in done.stderr
    assert ("gateway.reload" in done.stdout) == (text.startswith(GOOD))


def test_entry_points_are_read_as_they_are_written(tmp_path: Path) -> None:
    installed(
        tmp_path,
        "one",
        "[console_scripts]\nx = y:z\n[hybrid_tasks.tasks]\n# no\nb = pkg.tasks:ns [extra]\n\n a=other\n[zzz]\nc = d\n",
    )
    installed(tmp_path, "two", "[hybrid_tasks.tasks]\na = second\n")
    installed(tmp_path, "three", "[hybrid_tasks]\nq = r\n")
    (tmp_path / "four-1.dist-info").mkdir()
    (tmp_path / "five-1.dist-info").write_text("a file")
    found = list(plugin_tasks.find([str(tmp_path), str(tmp_path), "/nowhere", str(tmp_path / "five-1.dist-info")]))
    assert found == [("b", "pkg.tasks", "one-1.0"), ("a", "other", "one-1.0")]


def test_a_plugin_named_like_a_task_of_ours_is_left_out(desk: Desk, tmp_path: Path) -> None:
    installed(tmp_path, "x", "[hybrid_tasks.tasks]\ndev-start = gw_tasks\n", gw_tasks=GOOD)
    done = desk.run("--list", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0
    assert done.stderr == "warning: tasks of plugin `dev-start` are left out: there is a task of that name\n"
