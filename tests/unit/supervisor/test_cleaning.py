"""What `dev-clean` lists and what it leaves alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_tasks.control.messages import Request
from hybrid_tasks.errors import HybridError, WrongInput
from hybrid_tasks.supervisor.cleaning import _remove, answer
from hybrid_tasks.supervisor.loaded import Loaded, load

ARGS = {"caches": False, "volumes": False, "images": False, "apply": False, "paths": (), "commands": ()}
TEXT = '[services.web]\ncommand = ["true"]\n[services.api]\ncommand = ["true"]\n'


def test_what_a_running_service_uses_was_left_out_in_silence(shop: Callable[[str], Loaded], tmp_path: Path) -> None:
    loaded = shop(TEXT)
    for name in ("web", "api"):
        (tmp_path / ".hybrid/artefacts" / name).mkdir(parents=True)
        (tmp_path / ".hybrid/artefacts" / name / "program").write_bytes(bytes(7))
    web, api = (str(tmp_path / ".hybrid/artefacts" / name) for name in ("web", "api"))
    assert answer(loaded, Request("clean", ARGS), frozenset({"web"})) == {
        "paths": [{"path": api, "bytes": 7}],
        "commands": [],
        "skipped": [{"path": web, "bytes": 7, "service": "web", "why": "in use by web"}],
    }
    with pytest.raises(WrongInput, match="ours to remove"):
        answer(loaded, Request("clean", {**ARGS, "apply": True, "paths": (web,)}), frozenset({"web"}))
    assert Path(web).exists()
    answer(loaded, Request("clean", {**ARGS, "apply": True, "paths": (web,)}))
    assert not Path(web).exists()


@pytest.mark.parametrize("linked", [".hybrid", ".hybrid/logs", ".hybrid/artefacts", ".hybrid/logs/web"])
def test_sec_38_bug_a_link_led_the_cleaning_out_of_the_project(linked: str, tmp_path: Path) -> None:
    root, outside = tmp_path / "project", tmp_path / "outside"
    for name in ("logs/web", "artefacts/web", "web"):
        (outside / name).mkdir(parents=True)
        (outside / name / "decoy").touch()
    root.mkdir()
    (root / "hybrid.toml").write_text(TEXT)
    (root / linked).parent.mkdir(parents=True, exist_ok=True)
    (root / linked).symlink_to(outside if linked == ".hybrid" else outside / Path(linked).name)
    loaded = load(root, {})
    listed = answer(loaded, Request("clean", ARGS))
    assert isinstance(listed, dict)
    agreed = tuple(found["path"] for found in listed["paths"])
    assert set(agreed) <= {str(root / linked)}
    answer(loaded, Request("clean", {**ARGS, "apply": True, "paths": agreed}))
    assert len(list(outside.rglob("decoy"))) == 3
    assert os.path.lexists(root / linked) == (linked != ".hybrid/logs/web")


def test_bug_a_link_put_in_the_way_after_the_listing_was_followed(tmp_path: Path) -> None:
    (tmp_path / "outside/web").mkdir(parents=True)
    (tmp_path / "root/.hybrid").mkdir(parents=True)
    (tmp_path / "root/.hybrid/logs").symlink_to(tmp_path / "outside")
    with pytest.raises(HybridError, match="cannot remove"):
        _remove(tmp_path / "root/.hybrid/logs/web", tmp_path / "root")
    assert (tmp_path / "outside/web").is_dir()
