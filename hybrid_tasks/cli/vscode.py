"""`inv dev-init --vscode`: adds to VS Code's files how each service is debugged."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_tasks.cli import here
from hybrid_tasks.cli.paint import harmless
from hybrid_tasks.cli.summary import entries
from hybrid_tasks.control.once import consult
from hybrid_tasks.editors import inserting, replacing, vscode
from hybrid_tasks.editors.inserting import Added
from hybrid_tasks.editors.places import Misread
from hybrid_tasks.editors.replacing import Found
from hybrid_tasks.errors import HybridError, Mistakes, WrongInput


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one file: as it was found, the text it is to hold, and what was added to each of its lists."""

    found: Found
    text: str
    lists: Mapping[str, Added]

    @property
    def fresh(self) -> list[str]:
        """The names of what is added."""
        return [name for one in self.lists.values() for name in one.fresh]


def write(*, only_show: bool, as_json: bool) -> int:
    """Add what is missing to VS Code's files, and say what was there already.

    Args:
        only_show: print what would be in them, and write nothing.
        as_json: the same as one JSON object.

    Returns:
        the exit code.

    Raises:
        WrongInput: the configuration or a file of VS Code's has mistakes, or nothing can be debugged.
        HybridError: a file cannot be read or written.
    """
    root = here.project()
    result, code = consult(root, "attachments", {}, alone=True)
    told = entries(result if isinstance(result, dict) else {}, "services")
    attach = {str(one["service"]): one["attach"] for one in told if one.get("attach")}
    left_out = {str(one["service"]): str(one.get("why") or "") for one in told if not one.get("attach")}
    if not attach:
        hint = "; ".join(f"`{name}`: {why}" for name, why in left_out.items())
        raise WrongInput("there is no service with a debugger", hint)
    outcomes = _outcomes(root, vscode.files(root, _program(root), attach))
    if as_json:
        print(_document(outcomes, attach, left_out))
        return code
    if only_show:
        for one in outcomes:
            if one.fresh:
                print(f"--- {one.found.name}")
                print("\n".join(harmless(one.text.replace("\r\n", "\n"))), end="")
    else:
        replacing.replace([(one.found, one.found.with_text(one.text)) for one in outcomes if one.fresh])
    for line in _lines(outcomes, left_out, only_show=only_show):
        print(" ".join(harmless(line)))
    return code


def _outcomes(root: Path, files: tuple[vscode.File, ...]) -> list[Outcome]:
    """Read the files and work out what each is to hold; all mistakes at once."""
    outcomes: list[Outcome] = []
    mistakes: list[HybridError] = []
    for file in files:
        try:
            outcomes.append(_outcome(replacing.find(root, file.name), file))
        except HybridError as mistake:
            mistakes.append(mistake)
    if mistakes:
        raise mistakes[0] if len(mistakes) == 1 else Mistakes(mistakes)
    return outcomes


def _outcome(found: Found, file: vscode.File) -> Outcome:
    text, lists = found.text, {}
    for key, ours in file.lists.items():
        try:
            lists[key] = inserting.added(text, key, file.called, ours, file.version)
        except Misread as error:
            raise found.mistake(error) from None
        text = lists[key].text
    return Outcome(found, text, lists)


def _program(root: Path) -> str:
    """Give the `inv` that an editor starts: that of an environment in the project, else the one on its PATH."""
    own = Path(os.path.realpath(sys.prefix), "bin", "inv")
    return str(own) if own.is_relative_to(root) and own.is_file() else "inv"


def _lines(outcomes: list[Outcome], left_out: Mapping[str, str], *, only_show: bool) -> Iterator[str]:
    for one in outcomes:
        if one.fresh:
            yield f"{'would add' if only_show else 'added'} {_quoted(one.fresh)} to {one.found.name}"
        if changed := [name for added in one.lists.values() for name in added.changed]:
            yield f"{_quoted(changed)} in {one.found.name}: not as it would be written now, left as it is"
    for name, why in left_out.items():
        yield f"left out `{name}`: {why}"
    if not any(one.fresh for one in outcomes):
        yield "nothing to add: VS Code knows every service with a debugger"


def _quoted(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _document(outcomes: list[Outcome], attach: Mapping[str, Any], left_out: Mapping[str, str]) -> str:
    import json

    files = {
        one.found.name: {
            "added": one.fresh,
            "there": [name for added in one.lists.values() for name in added.same],
            "changed": [name for added in one.lists.values() for name in added.changed],
            "text": one.text,
        }
        for one in outcomes
    }
    return json.dumps({"schema": 1, "services": attach, "left_out": left_out, "files": files}, indent=2)
