"""The bad-input group of `.env` files: every mistake at once, with file, line and cure, and never a piece of a secret."""

from __future__ import annotations

import os
import socket
from contextlib import nullcontext
from pathlib import Path

import pytest

from hybrid_tasks.env.contents import LARGEST_FILE
from hybrid_tasks.env.files import read
from hybrid_tasks.errors import Code, Mistakes

CANARY = "s3cr3tcanary"
SHELL = {"X": "1", "EMPTY": ""}
PEM = f"-----BEGIN RSA PRIVATE KEY-----\nMII/{CANARY}+x\nabc/{CANARY}=\n-----END RSA PRIVATE KEY-----"

# name: (content, the mistakes as `line words`)
BAD: dict[str, tuple[str | bytes, list[str]]] = {
    # quotes
    "double quote never closed": (f'A="{CANARY}\n', ['1 A: the quote `"` is never closed']),
    "single quote never closed": (f"A='{CANARY}\n", ["1 A: the quote `'` is never closed"]),
    "quote never closed on the last line": (f'A=1\nB="{CANARY}', ['2 B: the quote `"` is never closed']),
    "only a quote": ('A="', ['1 A: the quote `"` is never closed']),
    "escaped closing quote": (f'A="{CANARY}\\"\n', ['1 A: the quote `"` is never closed']),
    "quote closed by the next line": ('A=1\nB="x\nC="y"\nD=1\n', ["2 B: its quote closes on line 3 and more text follows"]),
    "quote closed far below": (f"A='x\nB=1\nC='{CANARY}'\n", ["1 A: its quote closes on line 3 and more text follows"]),
    "quote inside quotes": (f'A="say "{CANARY}" now"\n', ["1 A: its quote closes and more text follows"]),
    "apostrophe inside single quotes": ("A='it's'\n", ["1 A: its quote closes and more text follows"]),
    "quote never closed, next lines fine": ('A="x\nB=1\nC D=2\n', ['1 A: the quote `"` is never closed', "3 a variable name cannot contain a blank (column 2)"]),
    "pem never closed": (f'KEY="{PEM}\nB=1\n', ['1 KEY: the quote `"` is never closed']),
    "pem without quotes": (f"KEY={PEM}\n", ["2 unexpected `/` in a variable name (column 4)", "3 unexpected `/` in a variable name (column 4)", "4 a variable name cannot contain a blank (column 9)"]),
    "yaml value never closed": ('A: "x\n', ['1 A: the quote `"` is never closed']),
    "quote never closed after export": ("export A='x\n", ["1 A: the quote `'` is never closed"]),
    "two different quotes": ("A=\"x'\nB=1\n", ['1 A: the quote `"` is never closed']),
    # names
    "blank in name": (f"A B={CANARY}\n", ["1 a variable name cannot contain a blank (column 2)"]),
    "tab in name": ("A\tB=1\n", ["1 a variable name cannot contain a blank (column 2)"]),
    "no-break space in name": ("A\u00a0B=1\n", ["1 a variable name cannot contain a blank (column 2)"]),
    "blank in name after export": ("export A B=1\n", ["1 a variable name cannot contain a blank (column 9)"]),
    "two names": ("\n\nA B\n", ["3 a variable name cannot contain a blank (column 2)"]),
    "a sentence": ("please fill this in\n", ["1 a variable name cannot contain a blank (column 7)"]),
    "slash in name": (f"A/{CANARY}=1\n", ["1 unexpected `/` in a variable name (column 2)"]),
    "plus in name": ("  A+=1\n", ["1 unexpected `+` in a variable name (column 4)"]),
    "star in name": ("A*=1\n", ["1 unexpected `*` in a variable name (column 2)"]),
    "comma in name": ("A,B=1\n", ["1 unexpected `,` in a variable name (column 2)"]),
    "semicolon comment": ("; comment\n", ["1 unexpected `;` in a variable name (column 1)"]),
    "slashes comment": ("// comment\n", ["1 unexpected `/` in a variable name (column 1)"]),
    "dollar in name": ("$A=1\n", ["1 unexpected `$` in a variable name (column 1)"]),
    "quoted name": ('"A"=1\n', ['1 unexpected `"` in a variable name (column 1)']),
    "single quoted name": ("'A'=1\n", ["1 unexpected `'` in a variable name (column 1)"]),
    "json instead": ('{\n"A": 1\n}\n', ["1 unexpected `{` in a variable name (column 1)", '2 unexpected `"` in a variable name (column 1)', "3 unexpected `}` in a variable name (column 1)"]),
    "shell line": ("if [ -f x ]; then\nA=1\nfi\n", ["1 unexpected `;` in a variable name (column 12)"]),
    "emoji in name": ("\N{ROCKET}=1\n", ["1 unexpected `\N{ROCKET}` in a variable name (column 1)"]),
    "escape in name": ("A\x1b[31m=1\n", ["1 unexpected `\\x1b` in a variable name (column 2)"]),
    "zero width space in name": ("A\u200b=1\n", ["1 unexpected `\\u200b` in a variable name (column 2)"]),
    "wide space in name": ("A\u2003=1\n", ["1 unexpected `\\u2003` in a variable name (column 2)"]),
    "second byte order mark": ("A=1\n\ufeffB=2\n", ["2 unexpected `\\ufeff` in a variable name (column 1)"]),
    "no name": (f"A=1\n={CANARY}\n", ["2 there is no name before `=`"]),
    "no name, yaml": (f": {CANARY}\n", ["1 there is no name before `:`"]),
    "no name after export": ("export =1\n", ["1 there is no name before `=`"]),
    "comment after a name alone": ("X # c\n", ["1 unexpected `#` in a variable name (column 3)"]),
    "comment right after a name alone": ("X#c\n", ["1 unexpected `#` in a variable name (column 2)"]),
    "merge conflict": ("A=1\n<<<<<<< HEAD\nB=1\n=======\nB=2\n>>>>>>> x\n", ["2 unexpected `<` in a variable name (column 1)", "4 there is no name before `=`", "6 unexpected `>` in a variable name (column 1)"]),
    # interpolation
    "required": ("A=1\nB=${NOPE:?ask Kim}\n", ["2 B: `NOPE` is required and empty or not set"]),
    "required, short": ("A=${NOPE?}\n", ["1 A: `NOPE` is required and not set"]),
    "required and empty": ("A=${EMPTY:?}\n", ["1 A: `EMPTY` is required and empty or not set"]),
    "required, circular": ("A=${A:?}\n", ["1 A: `A` is required and empty or not set"]),
    "required, set only below": ("A=${B:?}\nB=1\n", ["1 A: `B` is required and empty or not set"]),
    "required inside a default": ("A=${NOPE:-${NADA:?}}\n", ["1 A: `NADA` is required and empty or not set"]),
    "required, message with a secret": (f"P={CANARY}\nA=${{NOPE:?$P}}\n", ["2 A: `NOPE` is required and empty or not set"]),
    "brace never closed": (f"A={CANARY}${{X\n", ["1 A: `${NAME` is followed neither by `}` nor by an operator such as `:-`"]),
    "default never closed": ("A=${NOPE:-x\n", ["1 A: `${` is not closed by `}` on the same line"]),
    "default closed on the next line": ('A="${NOPE:-x\n}"\nB C=1\n', ["1 A: `${` is not closed by `}` on the same line", "3 a variable name cannot contain a blank (column 2)"]),
    "comment cuts a default": ("A=${NOPE:-a #b}\n", ["1 A: `${` is not closed by `}` on the same line"]),
    "empty braces": ("A=${}\n", ["1 A: `${` is not followed by a variable name"]),
    "brace at the end": ("A=${\n", ["1 A: `${` is not followed by a variable name"]),
    "brace with digit": (f"A={CANARY}${{1}}\n", ["1 A: `${` is not followed by a variable name"]),
    "brace with blank": ("A=${ X }\n", ["1 A: `${` is not followed by a variable name"]),
    "brace with two words": ("A=${X Y}\n", ["1 A: `${NAME` is followed neither by `}` nor by an operator such as `:-`"]),
    "bash slice": ("A=${X:0:1}\n", ["1 A: `${NAME` is followed neither by `}` nor by an operator such as `:-`"]),
    "bash length": ("A=${#X}\n", ["1 A: `${` is not followed by a variable name"]),
    "bash assign": ("A=${X:=1}\n", ["1 A: `${NAME` is followed neither by `}` nor by an operator such as `:-`"]),
    "bash replace": ("A=${X/a/b}\n", ["1 A: `${NAME` is followed neither by `}` nor by an operator such as `:-`"]),
    "malformed default that is not needed": ("A=${X:-${}\n", ["1 A: `${` is not followed by a variable name"]),
    "nested 100 deep": ("A=" + "${NOPE:-" * 100 + "}" * 100 + "\n", ["1 A: defaults are nested more than 20 deep"]),
    "nested 50,000 deep": ("A=" + "${NOPE:-" * 50_000 + "}" * 50_000 + "\n", ["1 A: defaults are nested more than 20 deep"]),
    "billion laughs": ("A0=" + "a" * 1000 + "\n" + "".join(f"A{n + 1}=$A{n}$A{n}\n" for n in range(10)) + "B=$A10$A10\n", ["12 B: the value grows too large when its variables are filled in"]),
    "a template in a multi-line value": ('A="1\n2\n${}"\n', ["1 A: `${` is not followed by a variable name"]),
    # bytes
    "latin-1": (f"A=1\nB={CANARY}caf\xe9\n".encode("latin-1"), ["2 byte 0xe9 is not UTF-8 (column 18)"]),
    "latin-1 in two lines": (b"A=\xe9\nB=1\nC=\xfc\n", ["1 byte 0xe9 is not UTF-8 (column 3)", "3 byte 0xfc is not UTF-8 (column 3)"]),
    "latin-1 name": (b"\xe9=1\n", ["1 byte 0xe9 is not UTF-8 (column 1)"]),
    "half a character": (b"A=\xc3\n", ["1 byte 0xc3 is not UTF-8 (column 3)"]),
    "surrogate": (b"A=\xed\xa0\x80\n", ["1 byte 0xed is not UTF-8 (column 3)"]),
    "nul": (f"A={CANARY}\0\n", ["1 a NUL byte"]),
    "nul in name": ("A=1\nB\0C=1\n", ["2 a NUL byte"]),
    "nul escape": (f'A="{CANARY}\\0000"\n', ["1 A: a NUL character"]),
    "utf-16": ("A=1\n".encode("utf-16"), ["1 the file is UTF-16"]),
    "utf-16 big endian": ("\ufeffA=1\n".encode("utf-16-be"), ["1 the file is UTF-16"]),
    "binary": (bytes(range(256)), ["1 a NUL byte", "2 byte 0x80 is not UTF-8 (column 118)"]),
    # lines and combinations
    "crlf counts lines once": ("A=1\r\nB=2\r\nC D=3\r\n", ["3 a variable name cannot contain a blank (column 2)"]),
    "lines inside quotes count": ('A="1\n2\n3"\nB C=1\n', ["4 a variable name cannot contain a blank (column 2)"]),
    "comments and blank lines count": ("# c\n\n\nA B=1\n", ["4 a variable name cannot contain a blank (column 2)"]),
    "byte order mark does not count": ("\ufeffA B=1\n", ["1 a variable name cannot contain a blank (column 2)"]),
    "everything at once": (f'A B={CANARY}\nC=${{NOPE:?}}\nD=${{\n=1\nE="x" "y"\nF/G=1\nH=1\nI="\n', ["1 a variable name cannot contain a blank (column 2)", "2 C: `NOPE` is required and empty or not set", "3 D: `${` is not followed by a variable name", "4 there is no name before `=`", "5 E: its quote closes and more text follows", "6 unexpected `/` in a variable name (column 2)", '8 I: the quote `"` is never closed']),
    "what uses a mistake is none": ("A=${\nB=${A:?}\nC='x\nD=${C:?}\n", ["1 A: `${` is not followed by a variable name", "3 C: the quote `'` is never closed"]),
}  # fmt: skip


def complaints(file: Path, root: Path | None = None) -> list[str]:
    with pytest.raises(Mistakes) as raised:
        read(file, SHELL, root=root)
    assert raised.value.code == Code.WRONG
    for mistake in raised.value.mistakes:
        assert mistake.hint, mistake.message
        assert CANARY not in mistake.message + mistake.hint
        assert all(line.isprintable() for line in mistake.lines())
        assert len(mistake.lines()) == 2
    return [mistake.message for mistake in raised.value.mistakes]


def test_the_group_is_whole() -> None:
    assert len(BAD) >= 73


@pytest.mark.parametrize("name", BAD)
def test_every_mistake_with_its_line(name: str, tmp_path: Path) -> None:
    content, expected = BAD[name]
    file = tmp_path / "case.env"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert complaints(file, tmp_path) == [f"case.env:{line}" for line in expected]


def test_a_bracketed_line_is_a_name_without_value(tmp_path: Path) -> None:
    (tmp_path / "case.env").write_text("[section]\nA=1\n")
    assert [variable.name for variable in read(tmp_path / "case.env", {})] == ["A"]


def test_only_the_first_hundred_mistakes_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "case.env"
    file.write_text("/\n" * 10_000)
    found = complaints(file, tmp_path)
    assert len(found) == 101
    assert found[-1] == "case.env:101 and 9900 more like these"


def test_the_message_of_a_required_variable_is_the_cure(tmp_path: Path) -> None:
    file = tmp_path / "case.env"
    file.write_text("A=${NOPE:?ask Kim}\n")
    with pytest.raises(Mistakes) as raised:
        read(file, {}, root=tmp_path)
    assert raised.value.lines() == ["error: case.env:1 A: `NOPE` is required and empty or not set", " hint: ask Kim"]


# what is no file


def test_missing(tmp_path: Path) -> None:
    assert complaints(tmp_path / "no.env", tmp_path) == ["no.env: does not exist"]


def test_directory(tmp_path: Path) -> None:
    assert complaints(tmp_path) == [f"{tmp_path}: is a directory, not a file"]


def test_pipe_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.env")
    assert complaints(tmp_path / "pipe.env", tmp_path) == ["pipe.env: is a pipe, not a file"]


def test_link_to_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.env").symlink_to("pipe")
    assert complaints(tmp_path / "link.env", tmp_path) == ["link.env: is a pipe, not a file"]


def test_device() -> None:
    assert complaints(Path("/dev/zero")) == ["/dev/zero: is a device, not a file"]


def test_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.env")
        assert complaints(tmp_path / "s.env", tmp_path) == ["s.env: is a socket, not a file"]


def test_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "a.env").symlink_to("nowhere")
    assert complaints(tmp_path / "a.env", tmp_path) == ["a.env: does not exist"]


def test_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "a.env").symlink_to("a.env")
    (found,) = complaints(tmp_path / "a.env", tmp_path)
    assert found.startswith("a.env: cannot be read: ")


def test_link_out_of_the_project_is_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.env").write_text("A=1\n")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / ".env").symlink_to(tmp_path / "outside.env")
    assert [variable.value for variable in read(tmp_path / "project" / ".env", {})] == ["1"]


def test_file_as_a_directory(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    assert "cannot be read: not a directory" in complaints(tmp_path / "a" / ".env")[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text("A=1\n")
    (tmp_path / "a.env").chmod(0)
    assert complaints(tmp_path / "a.env", tmp_path) == ["a.env: may not be read"]


def test_permission_denied_is_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.env").write_text("A=1\n")
    monkeypatch.setattr(os, "open", refuse)
    assert complaints(tmp_path / "a.env", tmp_path) == ["a.env: may not be read"]


def test_name_with_nul() -> None:
    assert "no file name" in complaints(Path("a\0b"))[0]


def test_name_with_line_break(tmp_path: Path) -> None:
    (tmp_path / "a\nb.env").write_text("A B=1\n")
    assert complaints(tmp_path / "a\nb.env", tmp_path)[0].startswith("a\\nb.env:1 ")


def test_too_large(tmp_path: Path) -> None:
    (tmp_path / "a.env").write_bytes(b"#" * (LARGEST_FILE + 1))
    assert complaints(tmp_path / "a.env", tmp_path) == ["a.env: the file is larger than 1 MB"]


def test_largest(tmp_path: Path) -> None:
    (tmp_path / "a.env").write_bytes(b"A=" + b"x" * (LARGEST_FILE - 2))
    assert len(read(tmp_path / "a.env", {})[0].value) == LARGEST_FILE - 2


# large and slow


def test_value_of_200_kb(tmp_path: Path) -> None:
    for quote in ("", "'", '"'):
        (tmp_path / "a.env").write_text(f"A={quote}{'x' * 200_000}{quote}\nB=$A\n")
        assert [len(variable.value) for variable in read(tmp_path / "a.env", {})] == [200_000, 200_000]


SLOW = {
    "ten thousand lines": "".join(f"NAME_{n}=value $X {n}\n" for n in range(10_000)),
    "ten thousand quoted lines": "".join(f'NAME_{n}="value {n}" # c\n' for n in range(10_000)),
    "one name again and again": "A=1\n" * 100_000,
    "blanks in a value": "A=x" + " " * 900_000 + "y\n",
    "assignments on one line": 'A="x" ' * 100_000 + "\n",
    "quotes never closed": 'A="\n' * 9_999,
    "apostrophes": "'\n" * 9_999,
    "defaults": "A=" + "${NOPE:-a}" * 50_000 + "\n",
    "dollars": "A=" + "$" * 900_000 + "\n",
    "unset names": "A=" + "".join(f"$N{n}${{X:-b}}" for n in range(60_000)) + "\n",
}


@pytest.mark.timeout(60)  # a fraction of a second each; quadratic ones take minutes
@pytest.mark.parametrize("name", SLOW)
def test_takes_no_quadratic_time(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text(SLOW[name])
    bad = name in {"quotes never closed", "apostrophes"}
    with pytest.raises(Mistakes) if bad else nullcontext():
        read(tmp_path / "a.env", SHELL)
