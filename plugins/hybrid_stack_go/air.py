"""The driver `air`: with the user's own configuration where there is one, else with a generated one.

The keys are those of air 1.67 (https://github.com/air-verse/air/blob/v1.67.4/air_example.toml). It ends the program
with SIGINT, and builds while the old one serves; after a failed build it starts the old binary again.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hybrid_tasks.api import Command, Driver, Place, Service, StartPlan, Tool, Watch, WrongInput

AIR = Tool("air", "go install github.com/air-verse/air@latest, and have `$(go env GOPATH)/bin` on PATH")
DRIVER = Driver("air", failed=r"failed to (build|run|execute pre_cmd), error")
SILENT = "its .air.toml lets air say nothing of a build that failed, so the old program counts as the new one then"
OWN = (".air.toml", ".config/air.toml")
"""Where air looks for the user's configuration, in this order."""
GENERATED = "air.toml"
DELAY = 0.1
"""Seconds that air waits after a save, where the service has no `debounce` of its own; air's own is 1 s."""
KILL_DELAY = "500ms"
"""With its unit: a bare number was nanoseconds in most versions of air."""
_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def start(service: Service, place: Place, build: Sequence[str], watch: Watch) -> StartPlan:
    """Say how air is started.

    Args:
        service: which service.
        place: where it will run.
        build: the words of a build without the name of its output, which belongs before the last one.
        watch: what the engine would watch.

    Raises:
        WrongInput: the user's configuration cannot be read.
    """
    own = next((file for name in OWN if (file := service.directory / name).is_file()), None)
    files = {} if own is not None else {GENERATED: _generated(service, place, build, watch)}
    told = _told(own) if own is not None else True
    # air puts the arguments into a line for the shell as they are.
    arguments = ("--", *(shlex.quote(word) for word in service.args)) if service.args else ()
    config = own or place.artefacts / GENERATED
    return StartPlan(
        program=Command(("air", "-c", str(config), *arguments), service.directory),
        tools=(AIR,),
        files=files,
        driver=DRIVER if told else replace(DRIVER, remark=SILENT),
    )


def _told(file: Path) -> bool:
    """Read the user's configuration, and say whether it lets air tell that a build has failed."""
    try:
        log = tomllib.loads(file.read_text("utf-8-sig")).get("log")
    except OSError as error:
        raise WrongInput(f"{file} cannot be read: {error.strerror}", "see who owns it") from None
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError
        line = _LINE.search(str(error))
        where = f"{file}:{line[1]}" if line else f"{file}"
        what = _LINE.sub("", str(error)).strip()
        raise WrongInput(f"{where}: {what[:1].lower()}{what[1:]}", "correct the file; `air` reads it too") from None
    return not (isinstance(log, Mapping) and (log.get("silent") or log.get("main_only")))


def _generated(service: Service, place: Place, build: Sequence[str], watch: Watch) -> str:
    folder = place.artefacts / "air"
    program = folder / service.name
    quiet = service.debounce.quiet if service.debounce is not None else DELAY
    roots = [root for root in (*watch.roots, *service.watch) if not root.is_relative_to(service.directory)]
    tables: Mapping[str, Mapping[str, object]] = {
        "": {"root": str(service.directory), "tmp_dir": str(folder)},
        "build": {
            "cmd": shlex.join((*build[:-1], str(program), build[-1])),
            "entrypoint": [str(program)],
            "include_ext": sorted(_extensions(watch)),
            "include_dir": [str(root) for root in roots if root.is_dir()],
            "exclude_dir": ["node_modules", "testdata", "tmp", "vendor"],
            "exclude_regex": [r"_test\.go$"],
            "exclude_unchanged": True,
            "follow_symlink": True,
            "delay": max(1, round(quiet * 1000)),
            "send_interrupt": True,
            "kill_delay": KILL_DELAY,
            "stop_on_error": False,
        },
        "misc": {"startup_banner": ""},
        "screen": {"clear_on_rebuild": False},
    }
    return "\n".join(_lines(tables))


def _lines(tables: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    yield "# Made by hybrid-tasks for a service without a .air.toml of its own; `air init` makes one to keep."
    for name, table in tables.items():
        if name:
            yield f"\n[{name}]"
        yield from (
            f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()
        )  # JSON's values are TOML's too
    yield ""


def _extensions(watch: Watch) -> Iterator[str]:
    """Give the extensions of what is watched, as air wants them; a pattern without one cannot be said to it."""
    yield from {pattern.rpartition(".")[2] for pattern in watch.include if re.search(r"\.\w+$", pattern)}
