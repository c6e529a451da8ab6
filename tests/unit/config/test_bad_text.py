"""Files that are not TOML, or not even text: one mistake with line and column, and what to write instead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SERVICE = '[services.api]\ndir = "services/api"\n'

SYNTAX = [
    ("no value", SERVICE + "port =\n", "3:7", "expected a value", "quotes"),
    ("bare word", SERVICE + "stack = go\n", "3:9", "expected a value", 'write `"go"`'),
    ("yes", SERVICE + "optional = yes\n", "3:12", "expected a value", "write `true`"),
    ("False", SERVICE + "optional = False\n", "3:12", "expected a value", "write `false`"),
    ("null", SERVICE + "port = null\n", "3:8", "expected a value", "leave the line out"),
    ("yaml", SERVICE + "port: 8080\n", "3:5", "expected `=` after the key", "write `port = …`"),
    ("key alone", SERVICE + "optional\n", "3:9", "expected `=` after the key", "key = value"),
    ("two words as key", SERVICE + "env file = []\n", "3:5", "expected `=`", "key = value"),
    ("two values", SERVICE + "port = 80 81\n", "3:11", "expected the end of the line", "one `key = value` a line"),
    ("leading zero", SERVICE + "port = 0080\n", "3:9", "expected the end of the line", "quotes"),
    ("no key", SERVICE + "= 3\n", "3:1", "expected a key", "one `key = value` a line"),
    ("open header", "[services.api\nport = 1\n", "1:14", "not closed", "`[services.api]`"),
    (
        "a bad character in a table's name was called an open bracket",
        "[services.Api!]\n",
        "1:14",
        "`!` cannot",
        "digits",
    ),
    ("blank in a table's name", "[services.my api]\n", "1:14", "a blank cannot stand", "lowercase letters"),
    ("empty header", "[]\n", "1:2", "expected a name", "letters"),
    ("two brackets", "[services.api]]\n", "1:15", "expected the end of the line", "a line"),
    ("open list", SERVICE + 'needs = ["a",\n', "3:9", "list that starts here", "end it with `]`"),
    ("missing comma", SERVICE + 'needs = [\n  "a"\n  "b"\n]\n', "5:3", "list that starts on line 3", "commas"),
    (
        "list runs into a table",
        SERVICE + 'needs = [\n  "a"\n[services.b]\n',
        "5:1",
        "list that starts on line 3",
        "`]`",
    ),
    ("open braces", SERVICE + 'health = {http = "/x"\n', "3:22", "not closed on its line", "`}`"),
    ("open text", SERVICE + 'stack = "go\nport = 1\n', "3:12", "not closed on its line", "close the quote"),
    ("open text at the end", SERVICE + 'stack = "go', "3:9", "not closed", "close"),
    ("open literal", SERVICE + "stack = 'go\n", "3:9", "not closed", "close"),
    ("open long text", SERVICE + 'stack = """go\nport = 1\n', "3:9", "not closed", "close"),
    ("windows path", SERVICE.replace("services/api", "services\\api"), "2:18", "backslash", "single quotes"),
    ("short escape", SERVICE + 'stack = "\\u12"\n', "3:12", "four hexadecimal", "single quotes"),
    ("half a character", SERVICE + 'stack = "\\ud800"\n', "3:16", "no character", "character itself"),
    ("control character", SERVICE + 'stack = "g\x01o"\n', "3:11", "control character", "escape"),
    ("date that is none", SERVICE + "port = 2020-13-01T00:00:00\n", "3:12", "expected the end of the line", "quotes"),
    ("huge number", SERVICE + "port = " + "9" * 5000 + "\n", "3", "thousands of digits", "few digits"),
    (
        "key twice",
        SERVICE + "port = 1\n\nport = 2\n",
        "5:1",
        "services.api.port: is already written on line 3",
        "keep one",
    ),
    ("key twice at the end", SERVICE + "port = 1\nport = 2", "4:1", "is already written on line 3", "keep one"),
    ("table twice", SERVICE + "[services.api]\n", "3:1", "services.api: is already written on line 1", "keep one"),
    (
        "inline key twice",
        SERVICE + "stop = {grace = 1, grace = 2}\n",
        "3:20",
        "services.api.stop.grace: is already",
        "keep one",
    ),
    (
        "value and table",
        SERVICE + "go = 1\n[services.api.go]\n",
        "4:1",
        "services.api.go: is already written on line 3",
        "keep one",
    ),
    ("braces and table", SERVICE + "go = {}\n[services.api.go]\n", "4:1", "is already written on line 3", "keep one"),
    ("dotted and table", "[services]\napi.port = 1\n[services.api]\n", "3:1", "services.api: is already", "keep one"),
    ("rows after table", SERVICE + "[[services.api]]\n", "3:1", "is already written on line 1", "keep one"),
    ("lists 5,000 deep", SERVICE + "needs = " + "[" * 5000 + "]" * 5000, "3:", "nested too deeply", "six levels"),
    ("braces 5,000 deep", SERVICE + "go = " + "{a=" * 5000 + "1" + "}" * 5000, "3:", "nested too deeply", "six levels"),
    ("names 5,000 deep", "[services" + ".a" * 5000 + "]\n", "1:", "nested too deeply", "six levels"),
    ("dotted 40 deep", SERVICE + "a" + ".a" * 40 + " = 1\n", "3:", "nested too deeply", "six levels"),
]


@pytest.mark.parametrize(
    ("text", "place", "words", "cure"), [case[1:] for case in SYNTAX], ids=[case[0] for case in SYNTAX]
)
def test_syntax(refused, text, place, words, cure):
    (mistake,) = refused(text)
    start = f"hybrid.toml:{place}"
    assert mistake.message.startswith(start if place.endswith(":") else start + " "), mistake.message
    assert words in mistake.message
    assert cure in mistake.hint


BYTES = [
    ("utf-16", SERVICE.encode("utf-16"), "1", "is UTF-16", "UTF-8"),
    ("utf-16 big", b"\xfe\xff" + SERVICE.encode("utf-16-be"), "1", "is UTF-16", "UTF-8"),
    ("utf-32", SERVICE.encode("utf-32"), "1", "is UTF-32", "UTF-8"),
    ("utf-16 unmarked", SERVICE.encode("utf-16-le"), "1", "NUL byte", "save it as UTF-8"),
    ("nul", SERVICE.encode() + b'stack = "g\0o"\n', "3", "NUL byte", "plain text"),
    ("latin-1", SERVICE.encode() + b"# caf\xe9\n", "3", "byte 0xe9", "iconv -f LATIN1"),
    ("cut in a character", SERVICE.encode() + "# ü".encode()[:-1], "3", "byte 0xc3", "UTF-8"),
    ("lone carriage returns", SERVICE.replace("\n", "\r").encode(), "1", "carriage return", "tr "),
    ("one carriage return", SERVICE.encode() + b"port = 1\r \n", "3", "carriage return", "newline"),
    ("binary", os.urandom(0) + bytes(range(128, 256)) * 4, "1", "is not UTF-8", "UTF-8"),
    ("1 MB and a byte", SERVICE.encode() + b"#" * (1 << 20), "1", "larger than 1 MB", "by hand"),
    ("10 MB", b"a = 1\n" * 1_700_000, "1", "larger than 1 MB", "by hand"),
]


@pytest.mark.parametrize(
    ("content", "line", "words", "cure"), [case[1:] for case in BYTES], ids=[case[0] for case in BYTES]
)
def test_bytes(one, content, line, words, cure):
    one(content, line, words, cure)


def test_missing(one):
    one(None, "1", "does not exist", "inv dev-init")


def test_missing_beside_a_compose_file(one, root):
    (root / "docker-compose.yml").write_text("services: {}\n")
    one(None, "1", "native services, not those of docker-compose.yml", "inv dev-init")


def test_directory(one, root):
    (root / "hybrid.toml").mkdir()
    one(None, "1", "is a directory, not a file", "inv dev-init")


def test_dangling_link(one, root):
    (root / "hybrid.toml").symlink_to("gone.toml")
    one(None, "1", "is a link to `gone.toml`", "repair the link")


def test_odd_names_cannot_move_the_cursor(one, root, tmp_path, loaded, plugins):
    from hybrid_tasks.config.resolve import load
    from hybrid_tasks.errors import Mistakes

    (root / "hybrid.toml").symlink_to("gone\x1b[2J\n")
    one(None, "1", "is a link to `gone\\u001b[2J\\u000a`", "repair")
    odd = tmp_path / "a\nb"
    odd.mkdir()
    with pytest.raises(Mistakes, match=r"does not exist in .*a\\u000ab"):
        load(odd, plugins, environ={})


def test_an_odd_mode_cannot_move_the_cursor(refused):
    (mistake,) = refused(SERVICE, mode="\x1b[2J")
    assert mistake.message == "hybrid.toml:1 has no mode `\\u001b[2J`"


def test_link_to_itself(one, root):
    (root / "hybrid.toml").symlink_to("hybrid.toml")
    one(None, "1", "cannot be read", "readable")


def test_pipe(one, root):
    os.mkfifo(root / "hybrid.toml")
    one(None, "1", "is not a regular file", "plain text file")


def test_unreadable(one, root):
    if os.geteuid() == 0:
        (root / "hybrid.toml").symlink_to("/proc/self/mem")  # even root gets EIO at its first byte
    else:
        (root / "hybrid.toml").touch(mode=0)
    one(None, "1", "cannot be read", "chmod u+r")


def test_both_files(one, root):
    (root / "pyproject.toml").write_text("[tool.hybrid]\n")
    one(SERVICE, "1", "pyproject.toml has a `[tool.hybrid]` too", "keep one")


def test_places_in_pyproject(refused):
    text = '[project]\nname = "x"\n[tool.hybrid.services.api]\ndir = "services/api"\nport = "80"\n'
    (mistake,) = refused(text, name="pyproject.toml")
    assert (
        mistake.message
        == 'pyproject.toml:5 tool.hybrid.services.api.port: expected a whole number from 1 to 65535, got "80"'
    )


def test_pyproject_whose_table_is_none(refused):
    (mistake,) = refused("[tool]\nhybrid = 3\n", name="pyproject.toml")
    assert mistake.message == "pyproject.toml:2 tool.hybrid: expected a table"


GOOD = [
    ("byte order mark", b"\xef\xbb\xbf" + SERVICE.encode()),
    ("crlf", SERVICE.replace("\n", "\r\n").encode()),
    ("no newline at the end", SERVICE.rstrip().encode()),
    ("comments and blanks", b"\n\n# x [y]\n" + SERVICE.encode() + b'  # = "\n'),
]


@pytest.mark.parametrize("content", [case[1] for case in GOOD], ids=[case[0] for case in GOOD])
def test_accepted(loaded, root: Path, content):
    assert loaded(content).services["api"].directory == root / "services/api"


def test_lines_after_crlf_and_mark(one):
    text = b"\xef\xbb\xbf" + (SERVICE + 'port = "x"\n').replace("\n", "\r\n").encode()
    one(text, "3", "services.api.port", "port = 8080")
