"""What pydantic found, in our words: what was expected, what is there, and what to write instead."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Mapping

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from hybrid_tasks.config.kinds import MISTAKE
from hybrid_tasks.config.literals import key as toml_key
from hybrid_tasks.config.literals import literal
from hybrid_tasks.config.nearest import closest, suggestion
from hybrid_tasks.config.words import either, shown

_NOUNS = (
    ("string", "a text"),
    ("int", "a whole number"),
    ("float", "a number"),
    ("bool", "true or false"),
    ("list", "a list"),
    ("tuple", "a list"),
    ("set", "a list"),
    ("frozen_set", "a list"),
    ("dict", "a table"),
    ("mapping", "a table"),
    ("model", "a table"),
    ("path", "a path"),
)
_BOUNDS = {
    "greater_than": ("gt", "a number above {0}"),
    "greater_than_equal": ("ge", "a number of at least {0}"),
    "less_than": ("lt", "a number below {0}"),
    "less_than_equal": ("le", "a number of at most {0}"),
}
_SCHEMA = "`inv dev-config --schema` describes every key"


def explain(
    error: ErrorDetails, model: type[BaseModel], written: Iterable[str | int], known: Iterable[str] = ()
) -> tuple[str, str]:
    """Say what is wrong with one value.

    Args:
        error: of pydantic's list.
        model: the model that was validated.
        written: the key as the file has it (`health` where the error is about `health.http`).
        known: names its top level knows beside the fields of the model.

    Returns:
        what is wrong, and the cure.
    """
    loc = [part for part in error["loc"] if part != "[key]"]
    name = next((part for part in reversed(list(written)) if isinstance(part, str)), "")
    kind, details = error["type"], error.get("ctx", {})
    if kind == MISTAKE:
        return error["msg"], str(details["cure"]).replace("{key}", toml_key(name))
    if kind == "extra_forbidden":
        inner = table_at(model, loc[:-1])
        return "unknown key", suggestion(name, [*keys(inner), *(known if inner is model else ())], _SCHEMA)
    if kind in {"value_error", "assertion_error"}:
        return re.sub(r"^[A-Z]\w+ error, |^Assertion failed, ", "", error["msg"]), _example(model, loc, name)
    if kind == "missing":
        return "is missing", _example(model, loc, name)
    choices = tuple(re.findall(r"'([^']*)'", str(details.get("expected", ""))))
    if kind in {"literal_error", "enum"} and choices:
        word = closest(str(error["input"]), choices) or choices[0]
        cure = f"write `{toml_key(name)} = {literal(word)}`"
        return f"expected {either(choices)}, got {shown(error['input'])}", cure
    return f"expected {_expected(kind, details, error['msg'])}, got {shown(error['input'])}", _example(model, loc, name)


def keys(model: type[BaseModel]) -> list[str]:
    """Give the keys a model accepts, by the names a file uses."""
    return [_written(name, field) for name, field in model.model_fields.items()]


def table_at(model: type[BaseModel], loc: Iterable[str | int]) -> type[BaseModel]:
    """Give the model of the innermost table on the way to a place."""
    for part in loc:
        field = _field(model, part)
        inner = _inner(field.annotation) if field else None
        model = inner or model
    return model


def _expected(kind: str, details: Mapping[str, object], message: str) -> str:
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return words.format(details.get(name))
    if kind == "string_pattern_mismatch":
        return f"a text that matches `{details.get('pattern')}`"
    if kind.endswith(("_type", "_parsing", "_from_float", "_attributes_type")):
        for start, noun in _NOUNS:
            if kind.startswith(start):
                return noun
    return re.sub(r"^(input|value) should (be|have) ", "", message[:1].lower() + message[1:])


def _example(model: type[BaseModel], loc: list[str | int], name: str) -> str:
    field = _field(table_at(model, loc[:-1]), name)
    if field is None or not field.examples:
        return _SCHEMA
    return f"write `{toml_key(name)} = {literal(field.examples[0])}`"


def _written(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return alias if isinstance(alias, str) else field.alias or name


def _field(model: type[BaseModel], part: str | int) -> FieldInfo | None:
    return next((field for name, field in model.model_fields.items() if _written(name, field) == part), None)


def _inner(annotation: object) -> type[BaseModel] | None:
    """The model inside an annotation such as `dict[str, Annotated[EndpointTable, …]] | None`."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation if issubclass(annotation, BaseModel) else None
    found = (_inner(argument) for argument in typing.get_args(annotation))
    return next((model for model in found if model is not None), None)
