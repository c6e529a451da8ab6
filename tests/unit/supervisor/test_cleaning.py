"""What `dev-clean` lists and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_tasks.control.messages import Request
from hybrid_tasks.errors import WrongInput
from hybrid_tasks.supervisor.cleaning import answer
from hybrid_tasks.supervisor.loaded import Loaded

ARGS = {"caches": False, "volumes": False, "images": False, "apply": False, "paths": ()}
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
