"""The part of a failed program's output that matters."""

from __future__ import annotations

import pytest

from hybrid_tasks.logs.excerpt import matters

GO = """\
go: downloading example.com/x v1.0.0
# shop/api
./handlers.go:31:2: undefined: Orders
./handlers.go:40:9: not enough arguments in call to f
	have (int)
	want (int, string)"""
RUST = """\
   Compiling api v0.1.0 (/shop/api)
warning: unused variable: `y`
 --> src/main.rs:2:9
  |
2 |     let y = 1;
  |         ^

error[E0425]: cannot find value `x` in this scope
 --> src/main.rs:3:5
  |
3 |     x
  |     ^ not found in this scope

error: could not compile `api` (bin "api") due to 1 previous error"""
PYTHON = """\
INFO:     Started server process [17]
ERROR:    Traceback (most recent call last):
  File "/venv/uvicorn/x.py", line 1, in f
    g()
  File "/shop/app.py", line 7, in <module>
    import nothing
ModuleNotFoundError: No module named 'nothing'
INFO:     Stopping"""
CHAINED = """\
Traceback (most recent call last):
  File "old.py", line 1, in f
OSError: handled long ago
Traceback (most recent call last):
  File "a.py", line 1, in f
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 2, in g
mine.Broken
bye"""
SYNTAX = """\
checking 3 files
  File "/shop/app.py", line 3
    def f(:
          ^
SyntaxError: invalid syntax
done"""
NODE = """\
> shop@1.0.0 start
/shop/index.js:3
  const x = ;
            ^

SyntaxError: Unexpected token ';'
    at wrapSafe (node:internal/modules/cjs/loader:1378:20)

Node.js v20.11.0"""
PANIC = """\
listening
panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.main()"""


@pytest.mark.parametrize(
    ("output", "first", "last"),
    [
        (GO, "./handlers.go:31:2: undefined: Orders", "\twant (int, string)"),
        (RUST, "error[E0425]: cannot find value `x` in this scope", "  |     ^ not found in this scope"),
        (PYTHON, "ERROR:    Traceback (most recent call last):", "ModuleNotFoundError: No module named 'nothing'"),
        (CHAINED, '  File "a.py", line 1, in f', "mine.Broken"),
        (SYNTAX, '  File "/shop/app.py", line 3', "SyntaxError: invalid syntax"),
        (NODE, "/shop/index.js:3", "Node.js v20.11.0"),
        (PANIC, "panic: runtime error: index out of range [3] with length 3", "main.main()"),
        (
            "x\nsrc/a.ts(3,5): error TS2304: Cannot find name 'y'.",
            "src/a.ts(3,5): error TS2304: Cannot find name 'y'.",
            None,
        ),
        ("x\nsrc/a.ts:3:5 - error TS2304: no y", "src/a.ts:3:5 - error TS2304: no y", None),
        ("x\nmain.c:3:5: error: expected ';'\n    3 | x", "main.c:3:5: error: expected ';'", "    3 | x"),
        ("x\nApi.java:3: error: cannot find symbol", "Api.java:3: error: cannot find symbol", None),
        ("a\nerror: could not find `Cargo.toml` in `/x`", "error: could not find `Cargo.toml` in `/x`", None),
        ("vet: ./x.go:3:5: undefined: y", "vet: ./x.go:3:5: undefined: y", None),
    ],
)
def test_what_matters(output: str, first: str, last: str | None) -> None:
    found = matters(output.splitlines())
    if output is CHAINED:
        assert found[0] == "Traceback (most recent call last):"
        assert found[1] == first  # not the traceback that was handled long ago
    else:
        assert found[0] == first
    assert found[-1] == (last or first)


def test_a_long_traceback_keeps_its_head_and_its_end() -> None:
    frames = [f'  File "x.py", line {n}' for n in range(50)]
    found = matters(["Traceback (most recent call last):", *frames, "ValueError: no", "bye"], 10)
    assert found == ["Traceback (most recent call last):", "  …", *frames[-7:], "ValueError: no"]


def test_without_a_known_mistake_the_last_lines() -> None:
    assert matters([str(n) for n in range(50)], 3) == ["47", "48", "49"]
    assert matters([], 3) == []


def test_never_more_lines_than_asked_for() -> None:
    for output in (GO, RUST, PYTHON, CHAINED, SYNTAX, NODE, PANIC):
        for n in (1, 2, 3):
            assert 0 < len(matters(output.splitlines(), n)) <= n


def test_the_package_header_of_a_go_build_was_shown_instead_of_the_error() -> None:
    said = ["# example.com/shop/api", "./main.go:19:13: syntax error: unexpected newline, expected expression"]
    assert matters(said) == said[1:]


def test_the_frame_of_the_users_file_was_buried_below_those_of_the_server() -> None:
    server = "/shop/.venv/lib/python3.11/site-packages/uvicorn"
    foreign = [
        f'  File "{server}/server.py", line 61, in run',
        "    return asyncio.run(self.serve(sockets=sockets))",
        "           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        '  File "/usr/lib/python3.11/importlib/__init__.py", line 126, in import_module',
        "    return _bootstrap._gcd_import(name[level:], package, level)",
        '  File "<frozen importlib._bootstrap>", line 1204, in _gcd_import',
        '  File "<frozen importlib._bootstrap_external>", line 940, in exec_module',
    ]
    own = ['  File "/shop/web/app.py", line 7, in <module>', "    import nothing", "    ^^^^^^^^^^^^^^"]
    head, last = "Traceback (most recent call last):", "ModuleNotFoundError: No module named 'nothing'"
    assert matters([head, *foreign, *own, *foreign[:2], last, "bye"]) == [head, *own, last]
    # without a frame of the project the last ones stay
    assert matters([head, *foreign, last]) == [head, "  …", *foreign[-2:], last]


def test_bug_thirty_frames_of_others_stood_around_two_lines_that_say_something() -> None:
    """An application that is none: no frame of the project has anything to do with it."""
    frame = '  File "/venv/lib/python3.11/site-packages/uvicorn/x.py", line {}, in f\n    g{}()\n    ^^^^\n'
    ours = '  File "/opt/plugins/hybrid_stack_python/launch.py", line 126, in <module>\n    _prepared()()\n'
    head = "Traceback (most recent call last):\n"
    frames = "".join(frame.format(number, number) for number in range(30))
    last = "".join(frame.format(number, number) for number in (28, 29))
    chained = "During handling of the above exception, another exception occurred:\n\n"
    text = f"up\n{head}{ours}{frames}KeyError: 'app'\n\n{chained}{head}{frames}TypeError: 'int' object is not callable\ndown"
    assert matters(text.splitlines(), 30) == [
        *(head + "  …\n" + last + "KeyError: 'app'\n\n" + chained).splitlines(),
        *(head + "  …\n" + last + "TypeError: 'int' object is not callable").splitlines(),
    ]
