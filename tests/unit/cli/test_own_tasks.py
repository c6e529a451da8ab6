"""A project's own tasks beside ours, however its `tasks.py` is written."""

from __future__ import annotations

import subprocess
import sys

from desk import TASKS, Desk
from fakes import canned
from listing import listed

OWN = """
from invoke import task

@task
def build(c, target="all"):
    \"\"\"Build it.\"\"\"
    print("building", target)

{lines}

@task(aliases=["ship"])
def deploy(c, where):
    \"\"\"Ship it.\"\"\"
    print("deploying to", where)
"""


def test_own_tasks_stay_beside_ours(desk: Desk) -> None:
    """Adding the two lines to a `tasks.py` takes nothing away, whether its tasks come before or after them."""
    (desk.root / "tasks.py").write_text(OWN.format(lines=TASKS))
    names = listed(desk)
    assert names["build"] == "Build it."
    assert names["deploy"] == "Ship it."
    assert "dev-start" in names
    assert desk.run("build", "--target", "web").stdout == "building web\n"
    assert desk.run("deploy", "dev-start").stdout == "deploying to dev-start\n"
    assert desk.run("ship", "prod", "build").stdout == "deploying to prod\nbuilding all\n"
    with desk.supervised({"stop": canned({"services": []})}) as fake:
        done = desk.run("build", "dev-stop", "web", "deploy", "prod")
    assert done.stdout == "building all\nnothing was running\ndeploying to prod\n"
    assert fake.asked("stop") == [{"services": ("web",), "kill": False}]


def test_own_mistakes_are_told_by_invoke_as_ever(desk: Desk) -> None:
    (desk.root / "tasks.py").write_text(OWN.format(lines=TASKS))
    for words in (["deploy"], ["build", "--nope"], ["xyzzy"]):
        done = desk.run(*words)
        assert done.returncode == 1
        assert "error:" not in done.stderr


def test_a_task_added_by_hand_is_there_once(desk: Desk) -> None:
    (desk.root / "tasks.py").write_text(OWN.format(lines=TASKS) + "\nns.add_task(build, name='make-it')\n")
    names = listed(desk)
    assert "make-it" in names or "build" in names
    assert desk.run("make-it").stdout == "building all\n"
    assert "build" not in desk.run("--list").stdout.split()[:4]


def test_a_collection_of_their_own_may_hold_ours(desk: Desk) -> None:
    (desk.root / "tasks.py").write_text(
        "from invoke import Collection, task\nfrom hybrid_tasks import tasks\n"
        "@task\ndef hidden(c):\n    pass\n"
        "ns = Collection()\nns.add_collection(tasks(), name='hybrid')\n"
    )
    names = desk.run("--list").stdout
    assert "hybrid.dev-start" in names
    assert "hidden" not in names, "what they left out stays out"
    with desk.supervised({"start": canned({"services": []})}) as fake:
        assert desk.run("hybrid.dev-start", "web").returncode == 0
    assert fake.asked("start")[0]["services"] == ("web",)


def test_asking_twice_for_the_tasks_is_harmless(desk: Desk) -> None:
    (desk.root / "tasks.py").write_text("from hybrid_tasks import tasks\ntasks()\nns = tasks()\n")
    with desk.supervised({"start": canned({"services": []})}) as fake:
        assert desk.run("dev-start", "web").returncode == 0
    assert fake.asked("start")[0]["services"] == ("web",)


def test_importing_tasks_elsewhere_works(desk: Desk) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import tasks; print('dev-start' in tasks.ns.task_names)"],
        cwd=desk.root,
        env=desk.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_without_a_tasks_file_there_is_python_m(desk: Desk) -> None:
    (desk.root / "tasks.py").unlink()
    with desk.supervised({"stop": canned({"services": []})}) as fake:
        done = subprocess.run(
            [sys.executable, "-m", "hybrid_tasks", "dev-stop", "web"],
            cwd=desk.root,
            env=desk.environ,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (done.stdout, done.stderr, done.returncode) == ("nothing was running\n", "", 0)
    assert fake.asked("stop")[0]["services"] == ("web",)
