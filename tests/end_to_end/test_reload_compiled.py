"""S1: whatever is saved, and however, the final version serves: with Go and Rust, which have to be built."""

from __future__ import annotations

import random
import threading

import pytest
from editors import STYLES, save
from languages import LANGUAGES, Language, table, written
from seat import reloaded, services, started
from shop import receipts

from hybrid_tasks.testing.project import Project, get

pytestmark = pytest.mark.timeout(300)

COMPILED = [pytest.param(LANGUAGES[name], id=name, marks=pytest.mark.needs(name)) for name in ("go", "rust")]


@pytest.mark.parametrize("language", COMPILED)
def test_s1_thirty_saves_in_every_style(project: Project, language: Language, port: int) -> None:
    chance = random.Random(20261121)
    project.write("hybrid.toml", table(language, port))
    written(project, language, "zero")
    started(project)
    file = project.root / "web" / language.main
    styles = [*STYLES, *chance.choices(STYLES, k=30 - len(STYLES))]
    chance.shuffle(styles)
    for number, style in enumerate(styles):
        save(style, file, language.text(f"n{number}"))
        if chance.random() < 0.25:
            assert reloaded(project)[1] == 0
            assert get(port) == f"n{number}", style
        else:
            threading.Event().wait(chance.uniform(0, 0.5))
    assert reloaded(project)[1] == 0
    assert get(port) == f"n{len(styles) - 1}"
    swaps = [r for r in receipts(project) if r["result"] == "live" and r["trigger"] == "save"]
    assert len(swaps) <= len(styles)
    assert [r["error"] for r in receipts(project) if r["result"] == "failed"] == [], "no half of a file was built"
    assert services(project)["web"]["source"]["live"] is True


@pytest.mark.parametrize("language", COMPILED)
def test_two_saves_of_one_size_within_a_second_never_run_the_old_code(
    project: Project, language: Language, port: int
) -> None:
    project.write("hybrid.toml", table(language, port))
    written(project, language, "v10")
    started(project)
    file = project.root / "web" / language.main
    for number in range(11, 19):
        file.write_text(language.text(f"v{number}"))
        assert reloaded(project)[1] == 0
        assert get(port) == f"v{number}"
