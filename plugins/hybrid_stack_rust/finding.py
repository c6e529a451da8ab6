"""Finding which binary of a package or a workspace a service is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hybrid_stack_rust.manifests import Package, manifest, members, package
from hybrid_stack_rust.options import RustOptions
from hybrid_tasks.api import WrongInput

USUAL = ("server", "main", "app", "api", "service")


@dataclass(frozen=True, slots=True)
class Binary:
    """One binary of one package."""

    package: Package
    name: str

    @property
    def spelled(self) -> str:
        """How it is told from the others, here and in `bin` of the options table."""
        return f"{self.package.name}/{self.name}"


def candidates(directory: Path) -> list[Binary]:
    """Give the binaries a service in this directory may be: its package's, else those of its workspace."""
    own = package(directory)
    packages = [own] if own is not None and own.binaries else members(directory)
    return [Binary(one, name) for one in packages for name in one.binaries]


def told(words: Sequence[str], found: Sequence[Binary]) -> list[Binary]:
    """Give those of the binaries that a cargo command names (`cargo build --release --bin x -p y`)."""
    names = {flag: _value(words, *spelled) for flag, spelled in (("bin", ("--bin",)), ("p", ("-p", "--package")))}
    if not any(word.rpartition("/")[2] == "cargo" for word in words):
        return []
    return [
        one
        for one in found
        if names["bin"] in {None, one.name} and names["p"] in {None, one.package.name} and (names["bin"] or names["p"])
    ]


def _value(words: Sequence[str], *flags: str) -> str | None:
    for word, following in zip(words, (*words[1:], ""), strict=True):
        if word in flags:
            return following or None
        head, _, tail = word.partition("=")
        if head in flags and tail:
            return tail
    return None


def dockerfile_binaries(file: Path, found: Sequence[Binary]) -> list[Binary]:
    """Give those of the binaries that a Dockerfile builds, as its last cargo command that names some says."""
    try:
        text = re.sub(r"\\[ \t]*\r?\n", " ", file.read_text("utf-8-sig", "replace"))
    except OSError:
        return []
    named: list[Binary] = []
    for line in re.findall(r"^[ \t]*(?:RUN|CMD|ENTRYPOINT)[ \t]+(.+)$", text, re.MULTILINE | re.IGNORECASE):
        for part in re.split(r"&&|;|\|\|", line):
            named = told([word.strip('[],"') for word in part.split()], found) or named
    return named


def narrowed(found: list[Binary], names: Sequence[str]) -> list[Binary]:
    """Give the one binary, or the one package's, that has the first of these names; else all of them."""
    for wanted in names:
        for named in (
            [one for one in found if one.name == wanted],
            [one for one in found if one.package.name == wanted and one.package.default in {None, one.name}],
        ):
            if len(named) == 1:
                return named
    return found


def _usual(found: list[Binary], directory: Path) -> list[Binary]:
    """Give what is usual: `default-run`, the directory's name, a server's name, a binary called like its package."""
    defaults = [one for one in found if one.package.default == one.name]
    if len(defaults) == 1:
        return defaults
    named = narrowed(found, (directory.name, *USUAL))
    own = [one for one in found if one.name == one.package.name]
    return own if len(named) > 1 and len(own) == 1 else named


def find_binary(name: str, directory: Path, options: RustOptions) -> Binary:
    """Give a service's binary.

    Args:
        name: the service's name, which tells several of one directory apart.
        directory: the service's directory.
        options: its options table, which decides.

    Raises:
        WrongInput: there is none, or several and nothing decides.
    """
    table = f"[services.{name}.rust]"
    if manifest(directory) is None:
        raise WrongInput(f"{directory} has no Cargo.toml", f"correct services.{name}.dir")
    every = candidates(directory)
    package, binary = options.wanted
    found = [one for one in every if package in {None, one.package.name} and binary in {None, one.name}]
    if not found:
        if every and (package or binary):
            asked, listed = "/".join(filter(None, (package, binary))), ", ".join(one.spelled for one in every)
            raise WrongInput(f"{directory} has no binary `{asked}`", f"correct {table}: there is {listed}")
        raise WrongInput(f"no package in {directory} has a binary", f"set {table} package and bin, or correct dir")
    found = narrowed(found, (name,))
    if len(found) > 1:
        found = dockerfile_binaries(directory / "Dockerfile", found) or _usual(found, directory)
    if len(found) > 1:
        listed = ", ".join(one.spelled for one in found)
        raise WrongInput(f"`{name}` may be any of {listed}", f'choose one: {table} bin = "{found[0].spelled}"')
    return found[0]
