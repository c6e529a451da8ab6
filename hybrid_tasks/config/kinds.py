"""The kinds of value a key may have, each with the words for what was expected and how to write it.

A check raises a pydantic error of type `MISTAKE`; `wording` prints it. `{key}` in a cure stands for the key.
"""

from __future__ import annotations

import ipaddress
import math
import re
import warnings
from collections.abc import Callable
from typing import Annotated, Literal

from pathspec import GitIgnoreSpec
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from hybrid_tasks.config.nearest import closest
from hybrid_tasks.config.splitting import NotWords, split
from hybrid_tasks.config.words import either, quoted, shown

MISTAKE = "mistake"
SIGNALS = ("TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "WINCH", "KILL")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OURS = ("HYBRID_PROJECT", "HYBRID_SERVICE", "HYBRID_RUN")
"""Variables that mark a process as ours."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_PATTERN = 1000
_LONGEST_LIST = 1000


def expected(what: str, value: object, cure: str) -> PydanticCustomError:
    """Make the error for a value that is not what its key holds."""
    return PydanticCustomError(MISTAKE, "expected {what}, got {got}", {"what": what, "got": shown(value), "cure": cure})


def wrong(words: str, cure: str) -> PydanticCustomError:
    """Make the error for a value of the right kind that is wrong in another way."""
    return PydanticCustomError(MISTAKE, "{words}", {"words": words, "cure": cure})


def text(what: str, example: str) -> Callable[[object], object]:
    """Accept a text that is not empty and has no control characters."""

    def check(value: object) -> object:
        if isinstance(value, bool | int | float):
            raise expected(what, value, f"write `{{key}} = {quoted(shown(value))}`, in quotes")
        if not isinstance(value, str) or not value.strip() or _CONTROL.search(value):
            raise expected(what, value, f"write `{{key}} = {quoted(example)}`")
        return value

    return check


def whole(low: int, high: int, example: int) -> Callable[[object], object]:
    """Accept a whole number of a range."""

    def check(value: object) -> object:
        if type(value) is int and low <= value <= high:
            return value
        digits = isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", value)
        if digits and low <= int(str(value)) <= high:
            raise expected(
                f"a whole number from {low} to {high}", value, f"write `{{key}} = {int(str(value))}`, without quotes"
            )
        raise expected(f"a whole number from {low} to {high}", value, f"write `{{key}} = {example}`")

    return check


def seconds(low: float, high: float, example: float) -> Callable[[object], object]:
    """Accept a number of seconds of a range."""

    def check(value: object) -> object:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and math.isfinite(float(str(value))) and low <= float(str(value)) <= high:
            return value
        raise expected(f"a number of seconds from {low:g} to {high:g}", value, f"write `{{key}} = {example:g}`")

    return check


def flag(value: object) -> object:
    """Accept true or false."""
    if isinstance(value, bool):
        return value
    meant = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}
    word = meant.get(str(value).lower()) if isinstance(value, str | int) else None
    raise expected("true or false", value, f"write `{{key}} = {word or 'true'}`, without quotes")


def yes(value: object) -> object:
    """Accept true alone: the key chooses one of several."""
    if value is True:
        return value
    raise expected("true", value, "write `{key} = true`, or leave the key out")


def choice(*words: str) -> Callable[[object], object]:
    """Accept one of a few words."""

    def check(value: object) -> object:
        if isinstance(value, str) and value in words:
            return value
        meant = closest(value.lower().removeprefix("sig"), words) if isinstance(value, str) else None
        raise expected(either(words), value, f"write `{{key}} = {quoted(meant or words[0])}`")

    return check


def variable(value: object) -> object:
    """Accept the name of an environment variable that is not one of ours."""
    if not isinstance(value, str) or not VARIABLE.fullmatch(value):
        raise expected("the name of a variable (letters, digits and _)", value, 'write a name such as "HTTP_PORT"')
    if value in OURS:
        raise wrong(f"`{value}` marks the processes of hybrid-tasks", "choose another name")
    return value


def variable_value(value: object) -> object:
    """Accept what a variable can hold, and write numbers and booleans as text."""
    if isinstance(value, str) and "\0" not in value:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return shown(value) if abs(value) < 10**18 else str(value)
    raise expected("a text, a number, true or false", value, 'write `{key} = "value"`')


def words(value: object) -> object:
    """Accept an argument vector, or a text that is split into one once, without a shell."""
    if isinstance(value, str):
        try:
            return split(value)
        except NotWords as error:
            raise wrong(error.words, error.cure) from None
    if not isinstance(value, list):
        raise expected("a command", value, 'write `{key} = ["npm", "run", "dev"]`, or `{key} = "npm run dev"`')
    _count(value)
    if not value or value[0] == "":
        raise expected("a program and its arguments", value, 'write `{key} = ["npm", "run", "dev"]`')
    return value


def word(value: object) -> object:
    """Accept one argument of a program."""
    if isinstance(value, str) and "\0" not in value:
        return value
    cure = (
        f"write `{quoted(shown(value))}`, in quotes"
        if isinstance(value, int | float)
        else 'write texts: `["npm", "run", "dev"]`'
    )
    raise expected("a text", value, cure)


def listing(what: str, example: str) -> Callable[[object], object]:
    """Accept a list."""

    def check(value: object) -> object:
        if isinstance(value, list):
            _count(value)
            return value
        one = f"[{quoted(value)}]" if isinstance(value, str) and value else f"[{quoted(example)}]"
        raise expected(f"a list of {what}", value, f"write `{{key}} = {one}`")

    return check


def _count(value: list[object]) -> None:
    if len(value) > _LONGEST_LIST:
        raise wrong(f"a list of {len(value)} values", f"no key needs more than {_LONGEST_LIST}")


def address(value: object) -> object:
    """Accept an IP address of this machine, and `localhost` for 127.0.0.1."""
    if value == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(value)) if isinstance(value, str) else _refuse_address(value)
    except ValueError:
        return _refuse_address(value)


def _refuse_address(value: object) -> object:
    raise expected(
        "an IP address", value, 'write `{key} = "127.0.0.1"`, or "0.0.0.0" to be reached from other machines'
    )


def url_path(value: object) -> object:
    """Accept the path of a URL."""
    if isinstance(value, str) and re.fullmatch(r"/[!-~]*", value) and "#" not in value:
        return value
    path = re.match(r"https?://[^/\s]*(/[!-~]*)", value) if isinstance(value, str) else None
    example = path[1] if path else "/healthz"
    raise expected(
        "a path that starts with `/`",
        value,
        f"write `{{key}} = {quoted(example)}`; host and port are the service's own",
    )


def pattern(value: object) -> object:
    """Accept a regular expression that Python can compile."""
    if not isinstance(value, str) or not value:
        raise expected("a regular expression", value, "write `{key} = 'listening on'`")
    if len(value) > _LONGEST_PATTERN:
        raise wrong(f"a regular expression of {len(value)} characters", f"stay below {_LONGEST_PATTERN}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        cure = "write special characters as `\\.` `\\(` `\\[`, in single quotes: `{key} = 'ready \\(pid'`"
        raise wrong(f"{quoted(value)} is not a regular expression: {error}", cure) from None
    return value


def ignore_line(value: object) -> object:
    """Accept one line of a .gitignore."""
    if not isinstance(value, str) or not value.strip() or _CONTROL.search(value):
        raise expected("a gitignore line", value, 'write `["*.tmp", "build/"]`')
    try:
        GitIgnoreSpec.from_lines([value])
    except (ValueError, re.error):
        raise wrong(f"{quoted(value)} is not a gitignore line", "write a pattern such as `*.tmp` or `build/`") from None
    return value


Text = Annotated[str, BeforeValidator(text("a text", "shop"))]
Path = Annotated[str, BeforeValidator(text("a path", "services/api"))]
Variable = Annotated[str, BeforeValidator(variable)]
VariableValue = Annotated[str, BeforeValidator(variable_value, json_schema_input_type=str | int | float | bool)]
Word = Annotated[str, BeforeValidator(word)]
Words = Annotated[list[Word], BeforeValidator(words, json_schema_input_type=str | list[str])]
Arguments = Annotated[list[Word], BeforeValidator(listing("arguments", "--verbose"))]
Paths = Annotated[list[Path], BeforeValidator(listing("paths", "../shared"))]
Names = Annotated[list[Text], BeforeValidator(listing("names", "api"))]
Variables = Annotated[list[Variable], BeforeValidator(listing("names of variables", "API_TOKEN"))]
IgnoreLine = Annotated[str, BeforeValidator(ignore_line)]
Lines = Annotated[list[IgnoreLine], BeforeValidator(listing("gitignore lines", "*.tmp"))]
Port = Annotated[int, Field(ge=1, le=65535), BeforeValidator(whole(1, 65535, 8080))]
Retries = Annotated[int, Field(ge=1, le=1000), BeforeValidator(whole(1, 1000, 3))]
Megabytes = Annotated[int, Field(ge=256, le=1 << 20), BeforeValidator(whole(256, 1 << 20, 4096))]
Cores = Annotated[int, Field(ge=1, le=1024), BeforeValidator(whole(1, 1024, 2))]
Interval = Annotated[float, Field(ge=0.05, le=3600), BeforeValidator(seconds(0.05, 3600, 10))]
Patience = Annotated[float, Field(ge=0.05, le=3600), BeforeValidator(seconds(0.05, 3600, 30))]
Grace = Annotated[float, Field(ge=0, le=600), BeforeValidator(seconds(0, 600, 2))]
Quiet = Annotated[float, Field(ge=0, le=60), BeforeValidator(seconds(0, 60, 0.015))]
Flag = Annotated[bool, BeforeValidator(flag)]
Yes = Annotated[Literal[True], BeforeValidator(yes)]
Listening = Annotated[
    Literal["auto", "inherit", "front", "own"], BeforeValidator(choice("auto", "inherit", "front", "own"))
]
Launching = Annotated[Literal["auto", "beside", "replace"], BeforeValidator(choice("auto", "beside", "replace"))]
Restarting = Annotated[Literal["auto", "always", "never"], BeforeValidator(choice("auto", "always", "never"))]
Signal = Annotated[
    Literal["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "WINCH", "KILL"], BeforeValidator(choice(*SIGNALS))
]
GatewayKind = Annotated[Literal["caddy", "kong"], BeforeValidator(choice("caddy", "kong"))]
Address = Annotated[str, BeforeValidator(address)]
UrlPath = Annotated[str, BeforeValidator(url_path)]
Pattern = Annotated[str, BeforeValidator(pattern)]
