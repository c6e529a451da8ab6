"""What may be shown of a value: secrets are known by the variable's name, or by the look of a URL or DSN."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

MASK = "****"
"""What stands for a secret, whatever its length."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET = frozenset(
    re.findall(
        r"\w+",
        "PASSWORD PASSWORDS PASSWD PASSPHRASE PASSCODE PASS SECRET SECRETS TOKEN KEY KEYS APIKEY CREDENTIAL "
        "CREDENTIALS CREDS DSN AUTH AUTHORIZATION BEARER SALT PEPPER PAT JWT SIGNATURE",
    )
)
_ENDINGS = ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "ACCESSKEY", "PRIVATEKEY", "SECRETKEY")
_OPEN_KEYS = frozenset(("PUBLIC", "PRIMARY", "FOREIGN", "PARTITION", "SORT", "ROUTING"))
"""Words before KEY that make it no secret."""
_ABOUT = frozenset(
    re.findall(
        r"\w+",
        "ALG ALGORITHM AUDIENCE COUNT DAYS DIR DIRECTORY DISABLED DOMAIN ENABLED ENDPOINT EXPIRES EXPIRY FILE FORMAT "
        "HEADER HOST HOURS ISSUER LENGTH LIFETIME LIMIT METHOD MINUTES MODE NAME PATH PORT PREFIX PROVIDER REALM "
        "REQUIRED SECONDS SIZE SOCK TIMEOUT TTL TYPE URI URL VERSION",
    )
)
"""Last words that make a name speak about a secret instead of holding one: `TOKEN_TTL`, `AUTH_URL`."""

_CHOSEN = frozenset({"env", "gateway", "cluster"})
"""Tables of the configuration whose keys are named by the user or by a plugin."""

_USER = re.compile(r"[^\s:/@?#]*:")
_AUTHORITY_END = re.compile(r"[/?#]")
_MYSQL = re.compile(r"^([^\s:@/]+):(.+)@(?=(?:tcp6?|unix)\()")
_PAIR = re.compile(
    r"(?i)(?<![a-z0-9_.-])([a-z0-9_.-]*(?:password|passwd|pwd|secret|token|api_?key|access_?key|signature))(\s*=\s*)"
    r"(\"[^\"]*\"|'[^']*'|[^&;,\s]+)"
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")


def secret_name(name: str) -> bool:
    """Whether a variable of this name looks as if it held a secret.

    Args:
        name: the name, in any spelling (`DB_PASSWORD`, `dbPassword`, `db-password`).

    Returns:
        True for `API_KEY`, False for `PUBLIC_KEY`, `KEYBOARD`, `TOKEN_TTL`.
    """
    words = [word.upper() for word in _WORDS.findall(name)]
    if not words or words[-1] in _ABOUT:
        return False
    for before, word in zip(["", *words], words, strict=False):
        if word in {"KEY", "KEYS"} and before in _OPEN_KEYS:
            continue
        if word in _SECRET or word.endswith(_ENDINGS) or (word == "PWD" and len(words) > 1 and before != "OLD"):
            return True
    return False


def masked(name: str, value: str) -> str:
    """The value as it may be shown.

    Args:
        name: the variable.
        value: its value.

    Returns:
        `****` for a secret, the value with only the password hidden for `scheme://user:password@…` and
        `password=…`, everything else as it is. An empty value stays empty.
    """
    if value and (secret_name(name) or _PRIVATE_KEY.search(value)):
        return MASK
    first, *rest = value.split("://")
    value = "://".join((first, *map(_without_password, rest)))
    value = _MYSQL.sub(rf"\1:{MASK}@", value)
    return _PAIR.sub(rf"\1\2{MASK}", value)


def masked_within(value: Any, key: str = "", *, names: bool = False, also: Collection[str] = ()) -> Any:
    """Configuration as it may be shown: mappings and lists with every text in them masked.

    Args:
        value: what was read from a file.
        key: the name it has.
        names: whether that name is the user's choice, as those of variables and of a plugin's options are; a word
            of ours (`pass_env`) says nothing about its value.
        also: tables whose keys a plugin has named.
    """
    if isinstance(value, Mapping):
        chosen = names or key in _CHOSEN or key in also
        return {name: masked_within(item, str(name), names=chosen, also=also) for name, item in value.items()}
    if isinstance(value, list | tuple):
        before = ("", *map(str, value))
        flags = (word if word.startswith("-") and "=" not in word else "" for word in before)
        return [
            MASK if isinstance(item, str) and secret_name(flag) else masked_within(item, key, names=names, also=also)
            for flag, item in zip(flags, value, strict=False)
        ]
    return masked(key if names else "", value) if isinstance(value, str) else value


def is_secret(name: str, value: str) -> bool:
    """Whether something of this variable must not be shown.

    Args:
        name: the variable.
        value: its value.

    Returns:
        True when `masked` would hide anything.
    """
    return masked(name, value) != value


def printable(text: str) -> str:
    r"""The text on one line, with everything that could move a terminal's cursor written as an escape.

    Args:
        text: anything.

    Returns:
        the same text, `\n` for a line break.
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _without_password(rest: str) -> str:
    """What follows `://`, its password hidden; an unescaped `/` or `@` inside the password is part of it."""
    user = _USER.match(rest)
    if user is None:
        return rest
    run = rest.split(maxsplit=1)[0]
    slash = _AUTHORITY_END.search(run, user.end())
    at = run.rfind("@", user.end(), len(run) if slash is None else slash.start())
    if at < 0:
        at = run.rfind("@", user.end())
    return rest if at < 0 else user.group() + MASK + rest[at:]
