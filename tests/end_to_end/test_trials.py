"""What is told of a new version while it is on trial: what it is that does not let it serve."""

from __future__ import annotations

from kills import background
from seat import ask, reloaded, services, started
from shop import app, python_service
from waiting import until

from hybrid_tasks.testing.project import Project

ANSWERED = "GET /healthz answered 500"


def test_bug_why_a_version_on_trial_does_not_serve_was_told_only_at_its_end(project: Project, port: int) -> None:
    main = python_service(project, port)
    started(project)
    main.write_text("import nowhere\n")
    assert reloaded(project)[1] == 1
    assert services(project)["web"]["detail"].startswith("the last save failed: web/main.py:1: ModuleNotFound")
    main.write_text(app("one", health=500))
    waiting = background(project, "dev-wait", "--reload")
    trial = "a new version is on trial"
    until(lambda: (one := services(project)["web"])["swap"] and one["detail"] == f"{trial}: {ANSWERED}")
    assert waiting.wait(60) == 1
    assert services(project)["web"]["detail"] == f"the last save failed: not healthy within 3 s: {ANSWERED}"


def test_bug_an_excerpt_held_nothing_but_the_answers_to_our_own_probes(project: Project, port: int) -> None:
    main = python_service(project, port)
    started(project)
    main.write_text(app("one", health=500) + 'print("looks fine to me", flush=True)\n')
    told, code = reloaded(project)
    assert code == 1
    first, *lines = told["receipts"][0]["error"].splitlines()
    assert first == f"not healthy within 3 s: {ANSWERED}"
    assert "looks fine to me" in lines
    assert not [line for line in lines if "GET" in line or "select" in line], "what it does is to wait"
    assert '"GET /healthz' not in project.inv("dev-logs").out
    assert '"GET /healthz' in project.inv("dev-logs", "--probes").out
    ask(project, "stop", services=[])
