"""Saving a file as different editors and tools do."""

from __future__ import annotations

import json
import mmap
import os
from pathlib import Path

STYLES = ("truncate", "rename", "backup", "recreate", "link", "append", "touch", "double", "locked", "mapped", "many")


def save(style: str, file: Path, text: str) -> None:
    """Save a text in one of the styles; the file exists already."""
    beside = file.with_name(f".{file.name}.tmp")
    if style == "truncate":
        file.write_text(text)
    elif style == "rename":
        beside.write_text(text)
        beside.replace(file)
    elif style == "backup":
        file.rename(file.with_name(file.name + "~"))
        file.write_text(text)
        file.with_name(file.name + "~").unlink()
    elif style == "recreate":
        file.unlink()
        file.write_text(text)
    elif style == "link":
        beside.write_text(text)
        file.unlink()
        os.link(beside, file)
        beside.unlink()
    elif style == "append":
        third = len(text) // 3
        file.write_text("")
        for part in (text[:third], text[third : 2 * third], text[2 * third :]):
            with file.open("a") as end:
                end.write(part)
    elif style == "touch":
        file.write_text(text)
        os.utime(file)
    elif style == "double":
        file.write_text(text.replace("\n", "\n\n"))
        file.write_text(text)
    elif style == "locked":
        lock = file.with_name(f".#{file.name}")
        lock.symlink_to("user@host.1")
        file.write_text(text)
        lock.unlink()
    elif style == "mapped":
        _mapped(file, text.encode())
    else:
        for number in range(50):
            (file.parent / f"part_{number}{file.suffix}").write_text(_part(file.suffix, number, text))
        file.write_text(text)


def _mapped(file: Path, data: bytes) -> None:
    with file.open("r+b") as opened:
        opened.truncate(len(data))
        with mmap.mmap(opened.fileno(), len(data)) as memory:
            memory[:] = data


def _part(suffix: str, number: int, text: str) -> str:
    """A file beside the main one, that changes with it."""
    word = json.dumps(text[-200:])
    if suffix == ".go":
        return f"package main\n\nvar part{number} = {word}\n"
    return f"// {word}\n" if suffix == ".rs" else f"VALUE = {word}\n"
