"""How a service is swapped: beside what runs, or in its place."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hybrid_tasks.model.probe import TcpProbe
from hybrid_tasks.model.service import Launch, Service
from hybrid_tasks.supervisor.berths import Berth
from hybrid_tasks.supervisor.crew import Crew
from hybrid_tasks.supervisor.listening import Way
from hybrid_tasks.supervisor.setting import Setting


def test_bug_two_listeners_of_their_own_were_started_on_one_port(tmp_path: Path) -> None:
    nothing: Any = SimpleNamespace(leave=None)
    crew = Crew(Service("web", tmp_path, port=8000, launch=Launch.BESIDE), nothing, nothing)
    crew._settle(Setting(crew.service, TcpProbe(), Way()))
    assert crew.beside
    crew._berths.take("run", Berth("127.0.0.1", 8000))
    crew._settle(Setting(crew.service, TcpProbe(), Way()))
    assert not crew.beside
    assert "both need port 8000" in crew.note
    crew.service = Service("web", tmp_path, port=8001, launch=Launch.BESIDE)
    crew._settle(Setting(crew.service, TcpProbe(), Way()))
    assert crew.beside
