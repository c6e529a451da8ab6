"""Which saves restart a service, and which are none of its business."""

from __future__ import annotations

import pytest
from seat import ask, output, plain, reloaded, services, started

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(120)]
SLEEPS = 'command = ["sh", "-c", "echo started; exec sleep 1000"]\n'


def starts(project: Project, service: str = "all") -> int:
    return output(project, service).count("started")


def test_bug_a_command_restarted_at_saves_of_the_configuration_and_of_other_services(project: Project) -> None:
    for file in ("source", "web/main.py", "web/lib/shared.py", "notes/a.txt", ".env"):
        project.write(file, "")
    plain(project, {"all": SLEEPS, "web": f'dir = "web"\n{SLEEPS}'})
    started(project)
    for file in (".env", "hybrid_plugins.py", "tasks.py", "web/main.py", "web/new.py", "hybrid.toml"):
        project.write(file, (project.root / file).read_text() + "\n" if (project.root / file).exists() else "")
        assert reloaded(project)[1] == 0
    assert starts(project, "web") == 3
    assert starts(project) == 1
    for number, file in enumerate(("source", "notes/a.txt", "other/new/deep.txt")):
        project.write(file, "other")
        assert reloaded(project)[1] == 0
        assert starts(project) == 2 + number
    plain(project, {"all": f'{SLEEPS}watch = ["web/lib", ".env"]\n', "web": f'dir = "web"\n{SLEEPS}'})
    started(project)
    before = starts(project)
    for file in ("web/main.py", "web/lib/shared.py", ".env"):
        project.write(file, "A=1\n")
        assert reloaded(project)[1] == 0
    assert starts(project) == before + 2, "what `watch` names is watched"


@pytest.mark.parametrize("named", [True, False])
def test_bug_a_service_that_was_added_below_another_restarted_it(project: Project, named: bool) -> None:
    project.write("web/main.py", "")
    plain(project, {"all": SLEEPS})
    started(project)
    project.write("web/main.py", "one")
    assert reloaded(project)[1] == 0
    assert starts(project) == 2
    plain(project, {"web": f'dir = "web"\nenv_file = ["own.env"]\n{SLEEPS}', "all": SLEEPS})
    project.write("own.env", "A=1\n")
    assert reloaded(project)[1] == 0
    assert starts(project) == 3, "nobody has said yet that it is another's"
    started(project, *(["web"] if named else []))
    assert reloaded(project)[1] == 0
    assert not ask(project, "status")[0]["configuration_changed"]
    for number, text in enumerate(("two", "three"), 2):
        project.write("web/main.py", text)
        assert reloaded(project)[1] == 0
        assert (starts(project), starts(project, "web")) == (3, number)
    project.write("source", "")
    assert reloaded(project)[1] == 0
    assert services(project)["all"]["last_receipt"]["files"] == ["source"]
    plain(project, {"all": SLEEPS})
    started(project)
    assert reloaded(project, "all")[1] == 0
    assert starts(project) == 4, "and it is one again when the other one has gone"
    project.write("web/main.py", "four")
    assert reloaded(project, "all")[1] == 0
    assert starts(project) == 5
