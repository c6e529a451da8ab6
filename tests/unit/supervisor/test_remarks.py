"""What people should read of a service beside its state."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hybrid_tasks.model.service import Endpoint, Service
from hybrid_tasks.model.status import Instance, Unit
from hybrid_tasks.supervisor.crew import Crew
from hybrid_tasks.supervisor.remarks import Remarks
from hybrid_tasks.supervisor.report import lost, service_status


def test_one_line_a_topic_in_their_order() -> None:
    remarks = Remarks()
    remarks.say("driver", "air: cannot keep the last good version")
    remarks.say("debugging", "attach to 127.0.0.1:5678")
    remarks.say("driver", "bacon: cannot keep the last good version")
    assert remarks.lines() == ["bacon: cannot keep the last good version", "attach to 127.0.0.1:5678"]
    remarks.say("driver", None)
    remarks.say("never said", None)
    assert remarks.lines() == ["attach to 127.0.0.1:5678"]


def test_the_report_shows_them_and_how_a_running_service_listens(tmp_path: Path) -> None:
    site: Any = SimpleNamespace(leave=None, project=SimpleNamespace(root=tmp_path))
    service = Service("web", tmp_path, port=8000)
    crew = Crew(service, site, site)
    crew.remarks.say("driver", "air: cannot keep the last good version")
    source = SimpleNamespace(current=None, waiting=None)
    stopped: Any = SimpleNamespace(state=Unit("web"), source=source, crew=crew, site=site, setting=None, job=None)
    assert service_status(service, stopped)["listen"] == ""
    serving = Instance("run", 1, 1.0, "f", "replace", 8000)
    running: Any = SimpleNamespace(
        state=Unit("web", serving=serving), source=source, crew=crew, site=site, setting=None, job=None
    )
    told = service_status(service, running)
    assert told["remarks"] == ["air: cannot keep the last good version"]
    assert told["listen"] == "own"
    assert service_status(service, None)["remarks"] == []


def test_the_report_shows_the_path_of_a_further_port(tmp_path: Path) -> None:
    ports = (Endpoint("metrics", 9090, path="/metrics"), Endpoint("grpc", 9091))
    told = service_status(Service("web", tmp_path, port=8000, ports=ports), None)
    assert told["urls"] == [
        {"name": "", "url": "127.0.0.1:8000"},
        {"name": "metrics", "url": "http://127.0.0.1:9090/metrics"},
        {"name": "grpc", "url": "127.0.0.1:9091"},
    ]


@pytest.mark.parametrize(
    ("trouble", "dropped", "said"),
    [
        (None, 0, []),
        ("Not a directory", 0, ["log cannot be written: Not a directory"]),
        ("No space left on device", 1234, ["log cannot be written: No space left on device; 1,234 lines dropped"]),
        ("No space left on device", 1, ["log cannot be written: No space left on device; 1 line dropped"]),
        (None, 1234, ["1,234 lines of its log were dropped"]),
    ],
)
def test_what_is_lost_of_a_log_is_said(trouble: str | None, dropped: int, said: list[str]) -> None:
    job: Any = SimpleNamespace(log_trouble=trouble, dropped=dropped)
    assert lost(job) == said
    assert lost(None) == []
