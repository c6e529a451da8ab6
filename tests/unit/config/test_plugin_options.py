"""Options models of plugins we do not know: any pydantic model gets the same strictness and the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model

from hybrid_tasks.model.info import StackInfo


class RustLike(BaseModel):
    """A table in a table."""

    model_config = ConfigDict(extra="forbid")
    edition: int = 2021


class Numbers(BaseModel):
    """Kinds that the built-in stacks do not use."""

    level: Literal[1, 2] = 1
    ratio: float = Field(default=0.5, gt=0, lt=1)
    path: Path = Path()
    names: dict[str, int] = {}
    pattern: str = Field(default="a", pattern="^a+$")
    inner: RustLike = RustLike()
    free: Any = None


ODD = [
    ("level = 3", "level: expected 1 or 2, got 3"),
    ("ratio = 0", "ratio: expected a number above 0"),
    ("ratio = 1", "ratio: expected a number below 1"),
    ("ratio = nan", "ratio: expected a number"),
    ("path = 3", "path: expected a text, got 3"),
    ('names = {a = "x"}', 'names.a: expected a whole number, got "x"'),
    ("names = 1", "names: expected a table, got 1"),
    ('pattern = "b"', 'pattern: expected a text that matches `^a+$`, got "b"'),
    ("inner = {editon = 1}", "inner.editon: unknown key"),
    ("inner = 2020-01-01", 'inner: expected a table, got "2020-01-01"'),
]


@pytest.mark.parametrize(("line", "words"), ODD, ids=[line for line, _ in ODD])
def test_kinds_of_other_plugins(one, plugins, line, words):
    plugins.stacks = {"odd": StackInfo("odd", "Odd", options=Numbers)}
    one(f'[services.x]\nstack = "odd"\n[services.x.odd]\n{line}\n', "4", f"services.x.odd.{words}", "")


def test_a_plugin_that_takes_any_key(loaded, plugins):
    free = type("Free", (BaseModel,), {"model_config": ConfigDict(extra="allow"), "__doc__": "Any."})
    plugins.stacks = {"odd": StackInfo("odd", "Odd", options=free)}
    text = '[services.x]\nstack = "odd"\n[services.x.odd]\nanything = [1, 2020-01-01]\n'
    assert loaded(text).services["x"].options.anything == [1, "2020-01-01"]


def test_an_alias_is_the_name_a_file_uses(one, loaded, plugins):
    aliased = create_model("Aliased", kind=(str, Field(alias="class", default="x", description="Kind.")))
    plugins.stacks = {"odd": StackInfo("odd", "Odd", options=aliased)}
    service = '[services.x]\nstack = "odd"\n[services.x.odd]\n'
    assert loaded(service + 'class = "y"\n').services["x"].options.kind == "y"
    one(service + 'kind = "y"\n', "4", "services.x.odd.kind: unknown key", "`class`")
