"""Names: of services, modes and steps, and what refers to them."""

from __future__ import annotations

import pytest

API = '[services.api]\ndir = "services/api"\n'
WEB = '[services.web]\ncommand = "x"\n'

NAMES = [
    ("empty", '[services.""]\ncommand = "x"\n', "1", "a name cannot be empty", "lowercase letters"),
    ("parent", '[services."../../x"]\ncommand = "x"\n', "1", 'services."../../x": "../../x" is not a name', "`x`"),
    ("slash", '[services."a/b"]\ncommand = "x"\n', "1", "is not a name", "`a-b`"),
    ("absolute", '[services."/etc/x"]\ncommand = "x"\n', "1", "is not a name", "`etc-x`"),
    ("space", '[services."my api"]\ncommand = "x"\n', "1", "is not a name", "`my-api`"),
    ("emoji", '[services."🚀"]\ncommand = "x"\n', "1", 'services."🚀"', "lowercase letters"),
    ("dash first", "[services.-x]\ncommand = 'x'\n", "1", "is not a name", "`x`"),
    ("upper case", "[services.API]\ncommand = 'x'\n", "1", "is not a name", "`api`"),
    ("300 characters", f"[services.{'a' * 300}]\ncommand = 'x'\n", "1", "this has 300 characters", "63"),
    ("nul", '[services."a\\u0000"]\ncommand = "x"\n', "1", 'services."a\\u0000"', "`a`"),
    ("escape", '[services."a\\u001b[2J"]\ncommand = "x"\n', "1", "is not a name", "`a-2j`"),
    ("right to left", '[services."a\\u202eb"]\ncommand = "x"\n', "1", 'services."a\\u202eb"', "`a-b`"),
    ("dots", '[services.".."]\ncommand = "x"\n', "1", "is not a name", "a letter or digit first"),
    (
        "only case",
        WEB + "[services.Web]\ncommand = 'y'\n",
        "3",
        "services.Web: differs from `web` only in case",
        "`web`",
    ),
    ("mode", "[modes.Dev]\n" + API, "1", 'modes.Dev: "Dev" is not a name', "`dev`"),
    ("step with a dot", '[steps."a.b"]\nrun = "x"\n' + API, "1", 'steps."a.b": "a.b" is not a name', "`a-b`"),
    ("task", "[services.dev-start]\ncommand = 'x'\n", "1", "`dev-start` is the name of a task", "rename it"),
    ("bare task", "[services.setup]\ncommand = 'x'\n", "1", "`setup` is the name of a task", "inv dev-start setup"),
    (
        "task of a step",
        '[services.dev-migrate]\ncommand = "x"\n[steps.migrate]\nrun = "y"\n',
        "1",
        "`dev-migrate` is the name of a task",
        "rename",
    ),
    ("step over a task", '[steps.start]\nrun = "x"\n' + API, "1", "`dev-start` is already a task", "rename the step"),
]


@pytest.mark.parametrize(
    ("text", "line", "words", "cure"), [case[1:] for case in NAMES], ids=[case[0] for case in NAMES]
)
def test_names(one, text, line, words, cure):
    one(text, line, words, cure)


def test_longest_name(loaded):
    assert loaded(f"[services.{'a' * 63}]\ncommand = 'x'\n").services


REFERENCES = [
    (
        "unknown service",
        API + 'needs = ["wbe"]\n' + WEB,
        "3",
        "services.api.needs[0]: there is no service `wbe`",
        "did you mean `web`?",
    ),
    ("unknown and alone", API + 'needs = ["db"]\n', "3", "there is no service `db`", "[services.db]"),
    ("itself", API + 'needs = ["api"]\n', "3", "`api` needs itself", "remove it"),
    (
        "unknown step",
        API + 'needs = ["step:migrat"]\n[steps.migrate]\nrun = "x"\n',
        "3",
        "there is no step `migrat`",
        "`step:migrate`",
    ),
    ("no steps", API + 'needs = ["step:migrate"]\n', "3", "there is no step `migrate`", "[steps.migrate]"),
    (
        "step without step:",
        API + 'needs = ["migrate"]\n[steps.migrate]\nrun = "x"\n',
        "3",
        "there is no service `migrate`",
        "`step:migrate`",
    ),
    ("service as step", API + 'needs = ["step:web"]\n' + WEB, "3", "there is no step `web`", "without `step:`"),
    ("empty need", API + 'needs = [""]\n', "3", 'needs[0]: expected a text, got ""', "needs"),
    (
        "step's need",
        API + '[steps.m]\nrun = "x"\nneeds = ["apu"]\n',
        "5",
        "steps.m.needs[0]: there is no service `apu`",
        "`api`",
    ),
    ("circle of two", API + 'needs = ["web"]\n' + WEB + 'needs = ["api"]\n', "3", "api -> web -> api", "remove one"),
    (
        "circle over a step",
        API + 'needs = ["step:m"]\n[steps.m]\nrun = "x"\nneeds = ["api"]\n',
        "3",
        "api -> step:m -> api",
        "remove one",
    ),
    (
        "default mode",
        '[project]\ndefault_mode = "hybird"\n[modes.hybrid]\n' + API,
        "2",
        "there is no mode `hybird`",
        "`hybrid`",
    ),
    (
        "default mode without modes",
        '[project]\ndefault_mode = "dev"\n' + API,
        "2",
        "there is no mode `dev`",
        "[modes.dev]",
    ),
    (
        "native",
        '[modes.dev]\nnative = ["api", "wbe"]\n' + API + WEB,
        "2",
        "modes.dev.native[1]: there is no service `wbe`",
        "`web`",
    ),
    (
        "same port",
        API + "port = 8080\n" + WEB + "port = 8080\n",
        "6",
        "services.web.port: port 8080 is also `services.api.port`",
        "another port",
    ),
    (
        "same port twice in one",
        API + "port = 8080\nports = {grpc = 8080}\n",
        "4",
        "services.api.ports.grpc: port 8080 is also",
        "another port",
    ),
    (
        "same further port",
        API + "ports = {a = 1}\n" + WEB + "ports = {b = 1}\n",
        "6",
        "port 1 is also `services.api.ports.a`",
        "another port",
    ),
    (
        "any address",
        API + 'port = 1\nhost = "0.0.0.0"\n' + WEB + 'port = 1\nhost = "127.0.0.2"\n',
        "7",
        "port 1 is also",
        "another port",
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "words", "cure"), [case[1:] for case in REFERENCES], ids=[case[0] for case in REFERENCES]
)
def test_references(one, text, line, words, cure):
    one(text, line, words, cure)


def test_circle_of_five(one):
    names = "abcde"
    text = "".join(f"[services.{a}]\ncommand = 'x'\nneeds = ['{b}']\n" for a, b in zip(names, "bcdea", strict=True))
    one(text, "3", "a -> b -> c -> d -> e -> a", "remove one")


def test_two_circles_are_two_mistakes(refused):
    pairs = ["ab", "ba", "cd", "dc"]
    mistakes = refused("".join(f"[services.{a}]\ncommand = 'x'\nneeds = ['{b}']\n" for a, b in pairs))
    assert [mistake.message for mistake in mistakes] == [
        "hybrid.toml:3 services.a.needs[0]: these wait for each other: a -> b -> a",
        "hybrid.toml:9 services.c.needs[0]: these wait for each other: c -> d -> c",
    ]


def test_a_diamond_is_no_circle(loaded):
    needs = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}
    project = loaded("".join(f"[services.{name}]\ncommand = 'x'\nneeds = {on}\n" for name, on in needs.items()))
    assert project.services["a"].needs == ("b", "c")


def test_a_chain_of_thousands_is_looked_at(loaded):
    text = "".join(f"[services.s{n}]\ncommand = 'x'\nneeds = ['s{n + 1}']\n" for n in range(3000))
    assert len(loaded(text + "[services.s3000]\ncommand = 'x'\n").services) == 3001


def test_different_addresses_may_share_a_port(loaded):
    text = API + 'port = 1\nhost = "127.0.0.2"\n' + WEB + 'port = 1\nhost = "127.0.0.3"\n'
    assert loaded(text).services["web"].port == 1


def test_a_need_of_a_service_that_is_itself_wrong_is_no_second_mistake(one):
    one(
        '[services]\ndb = 5\n[services.api]\ncommand = "x"\nneeds = ["db"]\n',
        "2",
        "services.db: expected a table, got 5",
        "[services.db]",
    )


def test_a_wrong_port_does_not_count_as_none(one):
    one(API + 'port = "80"\nhealth = "/x"\nport_env = "PORT"\nlisten = "inherit"\n', "3", "port: expected", "port = 80")


def test_the_mode_asked_for(refused):
    (mistake,) = refused("[modes.prod]\n" + API, mode="prdo")
    assert mistake.message == "hybrid.toml:1 has no mode `prdo`"
    assert mistake.hint == "did you mean `prod`?"


def test_bug_a_name_of_hundreds_of_characters_made_a_line_nobody_can_read(one):
    one(API + f'needs = ["{"9" * 400}api"]\n', "3", "there is no service `999", "[services.999")


def test_a_circle_of_hundreds_is_cut(one):
    text = "".join(f"[services.service-{n}]\ncommand = 'x'\nneeds = ['service-{(n + 1) % 300}']\n" for n in range(300))
    one(text, "3", "service-0 -> service-1 -> ", "remove one")
