"""S5: a save that cannot be built or imported: the old version answers every request, the error is named, the fix is live."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from languages import LANGUAGES, Language, table, written
from seat import reloaded, services, started
from shop import Load, app, python_service
from waiting import until

from hybrid_tasks.testing.project import Project, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]

# What is wrong, and what the error must say beside the file and the line.
BROKEN: dict[str, dict[str, tuple[str, str]]] = {
    "python": {
        "syntax": ("def broken(:", "SyntaxError"),
        "type": ("len(7)", "TypeError"),
        "missing module": ("import nowhere_at_all", "nowhere_at_all"),
    },
    "go": {
        "syntax": ("func {", "syntax error"),
        "type": ('var number int = "text"; _ = number', "cannot use"),
        "missing module": ("nowhere.Call()", "undefined: nowhere"),
        "link": ("missing()", "missing function body|undefined"),
    },
    "rust": {
        "syntax": ("let = ;", "expected"),
        "type": ('let _number: i32 = "text";', "mismatched types"),
        "missing module": ("nowhere::call();", "nowhere"),
        "link": ('extern "C" { fn nowhere_at_all(); } unsafe { nowhere_at_all() }', "nowhere_at_all"),
    },
}
LONG = 31.0  # seconds: beyond the safety tick of the watching


def python_version(word: str, statement: str = "") -> str:
    return f"{app(word)}\n{statement}\n"


def compiled(language: Language) -> Callable[..., str]:
    def version(word: str, statement: str = "") -> str:
        text = language.text(word, statement)
        return text + "\nfunc missing()\n" if statement == "missing()" else text

    return version


def check(
    project: Project, port: int, main: Path, version: Callable[..., str], broken: Mapping[str, tuple[str, str]]
) -> None:
    place = re.compile(rf"{re.escape(main.name)}(:|\", line )\d+")
    for number, (kind, (statement, words)) in enumerate(broken.items()):
        pid = services(project)["web"]["pid"]
        with Load(port) as load:
            main.write_text(version(f"bad{number}", statement))
            told, code = reloaded(project)
            assert code == 1, kind
            error = told["receipts"][0]["error"]
            assert re.search(words, error), (kind, error)
            assert kind == "link" or place.search(error), (kind, error)
            assert len(error.splitlines()) <= 25, "at most a screen"
            if kind == "syntax" and main.suffix == ".py":
                threading.Event().wait(LONG)
            before = sum(load.answers.values())
            until(lambda load=load, before=before: sum(load.answers.values()) > before + 100)
        assert load.failures == [], kind
        assert len(load.answers) == 1, "the old version serves, and nothing else"
        assert services(project)["web"]["pid"] == pid, "nobody has touched it"
        main.write_text(version(f"fixed{number}"))
        assert reloaded(project)[1] == 0
        assert get(port) == f"fixed{number}"


def test_s5_broken_python(project: Project, port: int) -> None:
    main = python_service(project, port)
    started(project)
    check(project, port, main, python_version, BROKEN["python"])


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.needs(name)) for name in ("go", "rust")])
def test_s5_broken_builds(project: Project, port: int, name: str) -> None:
    language = LANGUAGES[name]
    project.write("hybrid.toml", table(language, port, 'launch = "replace"'))
    written(project, language, "good")
    started(project)
    check(project, port, project.root / "web" / language.main, compiled(language), BROKEN[name])
