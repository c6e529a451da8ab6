"""A key with a value of the wrong kind, out of range, or not known at all."""

from __future__ import annotations

import pytest

SERVICE = '[services.api]\ndir = "services/api"\n'

VALUES = [
    # port and other numbers
    (
        "port text",
        'port = "8080"',
        'port: expected a whole number from 1 to 65535, got "8080"',
        "write `port = 8080`, without quotes",
    ),
    ("port zero", "port = 0", "from 1 to 65535, got 0", "port = 8080"),
    ("port negative", "port = -1", "from 1 to 65535, got -1", "port = 8080"),
    ("port large", "port = 70000", "from 1 to 65535, got 70000", "port = 8080"),
    ("port float", "port = 8080.0", "got 8080.0", "port = 8080"),
    ("port true", "port = true", "got true", "port = 8080"),
    ("port list", "port = [8080]", "got a list", "port = 8080"),
    ("port table", "port = {}", "got an empty table", "port = 8080"),
    ("port date", "port = 2020-01-01", "got 2020-01-01", "port = 8080"),
    ("port of 100 digits", "port = " + "9" * 100, "got a number that is far too long", "port = 8080"),
    ("ports text", 'ports = {grpc = "x"}', "ports.grpc: expected a whole number", "grpc = 8080"),
    ("ports list", "ports = [1, 2]", "ports: expected a table, got a list", "metrics = 9090"),
    ("ports key", "ports = {grpc = {prot = 1, port = 2}}", "ports.grpc.prot: unknown key", "`port`"),
    ("ports without number", 'ports = {grpc = {path = "/"}}', "ports.grpc.port: is missing", "port = 9090"),
    ("debounce negative", "debounce = -1", "seconds from 0 to 60, got -1", "debounce = 0.015"),
    ("debounce infinite", "debounce = inf", "got inf", "debounce = 0.015"),
    ("debounce nan", "debounce = nan", "got nan", "debounce = 0.015"),
    ("debounce text", 'debounce = "15ms"', 'got "15ms"', "debounce = 0.015"),
    (
        "interval zero",
        "health = {tcp = true, interval = 0}\nport = 1",
        "health.interval: expected a number of seconds from 0.05",
        "interval = 10",
    ),
    ("timeout negative", "health = {alive = true, timeout = -2}", "health.timeout: expected", "timeout = 30"),
    (
        "retries zero",
        "health = {alive = true, retries = 0}",
        "health.retries: expected a whole number from 1 to 1000",
        "retries = 3",
    ),
    (
        "start period text",
        'health = {alive = true, start_period = "30s"}',
        "start_period: expected a number of seconds",
        "start_period = 30",
    ),
    ("grace negative", "stop = {grace = -1}", "stop.grace: expected a number of seconds from 0 to 600", "grace = 2"),
    # words and lists
    ("dir number", "port = 1\n[services.b]\ndir = 5", "services.b.dir: expected a path, got 5", 'dir = "5"'),
    ("stack list", 'stack = ["go"]', "stack: expected a text, got a list", 'stack = "shop"'),
    ("stack empty", 'stack = ""', 'stack: expected a text, got ""', "stack ="),
    ("stack with an escape", 'stack = "g\\u001bo"', 'got "g\\u001bo"', "stack ="),
    ("args text", 'args = "--verbose"', "args: expected a list of arguments", 'args = ["--verbose"]'),
    ("args number", 'args = ["-p", 80]', "args[1]: expected a text, got 80", '"80"'),
    ("needs text", 'needs = "db"', "needs: expected a list of names", 'needs = ["db"]'),
    ("needs number", "needs = [1]", "needs[0]: expected a text, got 1", 'needs = "1"'),
    ("watch text", 'watch = "../shared"', "watch: expected a list of paths", 'watch = ["../shared"]'),
    ("env_file text", 'env_file = "config/hybrid.env"', "env_file: expected a list of paths", '["config/hybrid.env"]'),
    ("ignore table", "ignore = {}", "ignore: expected a list of gitignore lines", '["*.tmp"]'),
    ("ignore alone", 'ignore = ["!"]', 'ignore[0]: "!" is not a gitignore line', "pattern"),
    ("optional text", 'optional = "true"', "optional: expected true or false", "write `optional = true`"),
    ("optional number", "optional = 0", "optional: expected true or false, got 0", "write `optional = false`"),
    ("host name", 'host = "my-laptop"', "host: expected an IP address", "127.0.0.1"),
    ("host number", "host = 127", "host: expected an IP address, got 127", "127.0.0.1"),
    ("port_env dash", 'port = 1\nport_env = "HTTP-PORT"', "port_env: expected the name of a variable", "HTTP_PORT"),
    ("port_env digit", 'port = 1\nport_env = "8PORT"', "port_env: expected the name of a variable", "HTTP_PORT"),
    ("port_env dollar", 'port = 1\nport_env = "$PORT"', "port_env: expected the name of a variable", "HTTP_PORT"),
    ("listen", 'port = 1\nlisten = "inherited"', '"auto", "inherit", "front" or "own"', 'listen = "inherit"'),
    ("launch", 'launch = "besides"', '"auto", "beside" or "replace"', 'launch = "beside"'),
    ("restart", 'restart = "on-failure"', '"auto", "always" or "never"', 'restart = "auto"'),
    ("restart boolean", "restart = false", "restart: expected", 'restart = "auto"'),
    ("signal with SIG", 'stop = {signal = "SIGINT"}', "stop.signal: expected", 'signal = "INT"'),
    ("signal lower case", 'stop = {signal = "quit"}', "stop.signal: expected", 'signal = "QUIT"'),
    ("signal unknown", 'stop = {signal = "BYE"}', 'got "BYE"', 'signal = "TERM"'),
    ("signal number", "stop = {signal = 15}", "stop.signal: expected", 'signal = "TERM"'),
    ("stop text", 'stop = "TERM"', "stop: expected a table", 'signal = "TERM"'),
    # commands
    ("command number", "command = 5", "command: expected a command, got 5", '["npm", "run", "dev"]'),
    ("command empty list", "command = []", "expected a program and its arguments", '["npm", "run", "dev"]'),
    ("command empty", 'command = "  "', "expected a program and its arguments", "npm run dev"),
    ("command open quote", 'command = "echo \'a"', "cannot be split: no closing quotation", "close the quote"),
    ("command open escape", "command = 'echo a\\'", "cannot be split: no escaped character", "list"),
    ("command &&", 'command = "npm ci && npm start"', "`&&` needs a shell", '["sh", "-c", "npm ci && npm start"]'),
    ("command pipe", 'command = "a | b"', "`|` needs a shell", '["sh", "-c", "a | b"]'),
    ("command number in list", 'command = ["a", 1]', "command[1]: expected a text, got 1", '"1"'),
    ("command long", "command = [" + "'a', " * 1001 + "]", "command: a list of 1001 values", "more than 1000"),
    ("needs long", "needs = [" + "'a', " * 1001 + "]", "needs: a list of 1001 values", "more than 1000"),
    ("command nul", 'command = ["a\\u0000"]', "command[0]: expected a text", "write texts"),
    ("build redirect", 'build = "make > log"', "build: `>` needs a shell", '["sh", "-c"'),
    ("check true", "check = true", "check: expected a command", "check ="),
    # env
    ("env list", 'env = ["A=1"]', "env: expected a table, got a list", "LOG_LEVEL"),
    ("env name", 'env = {"A B" = "1"}', 'env."A B": expected the name of a variable', "HTTP_PORT"),
    ("env empty name", 'env = {"" = "1"}', 'env."": expected the name of a variable', "HTTP_PORT"),
    ("env table", "env = {A = {b = 1}}", "env.A: expected a text, a number, true or false, got a table", 'A = "value"'),
    ("env nul", 'env = {A = "a\\u0000"}', "env.A: expected a text", 'A = "value"'),
    ("env date", "env = {A = 2020-01-01}", "env.A: expected a text", 'A = "value"'),
    ("env ours", 'env = {HYBRID_RUN = "1"}', "`HYBRID_RUN` marks the processes", "another name"),
    # health
    ("health number", "health = 5", "health: expected a path or a table, got 5", 'health = "/healthz"'),
    ("health no slash", 'health = "healthz"\nport = 1', "health: expected a path that starts with `/`", '"/healthz"'),
    ("health url", 'health = "http://localhost:1/up"\nport = 1', "health: expected a path", '"/up"'),
    ("health space", 'health = {http = "/a b"}\nport = 1', "health.http: expected a path", '"/healthz"'),
    ("health key", 'health = {htpp = "/x"}\nport = 1', "health.htpp: unknown key", "`http`"),
    ("health false", "health = {alive = false}", "health.alive: expected true, got false", "alive = true"),
    ("health pattern", "health = {log = 'ready (pid'}", "is not a regular expression: missing )", "\\("),
    ("health repeat", "health = {log = 'a{99999999999}'}", "is not a regular expression", "single quotes"),
    ("health long pattern", f"health = {{log = '{'a' * 1001}'}}", "a regular expression of 1001 characters", "1000"),
    ("health empty pattern", "health = {log = ''}", "health.log: expected a regular expression", "listening on"),
    ("health exec", "health = {exec = true}", "health.exec: expected a command, got true", "exec ="),
    (
        "health two ways",
        'health = {http = "/x", alive = true}\nport = 1',
        'health.alive: "http" already says how to ask',
        "keep one of http, alive",
    ),
    ("health without port", 'health = "/healthz"', "health: needs a port", "port = 8080"),
    ("tcp without port", "health = {tcp = true}", "health.tcp: needs a port", "exec"),
    # keys that need each other
    ("port_env alone", 'port_env = "HTTP_PORT"', "port_env: needs a port", "port = 8080"),
    ("front alone", 'listen = "front"', "listen: needs a port", "port = 8080"),
    ("port in an argument", 'args = ["--port={port}"]', "args: needs a port", "port = 8080"),
    (
        "front of a further port",
        'port = 1\nports = {a = {port = 2, listen = "front"}}',
        "ports.a.listen: only the service's own `port` can be behind the front",
        "own",
    ),
    (
        "inheriting a further port",
        'port = 1\nports = {a = {port = 2, listen = "inherit"}}',
        "ports.a.listen: only the service's own `port` can be a socket that it inherits",
        "own",
    ),
    ("inherit alone", 'listen = "inherit"', "listen: needs a port", "port = 8080"),
    (
        "beside own",
        'port = 1\nlaunch = "beside"\nlisten = "own"',
        "launch: two instances cannot bind one port",
        'listen = "inherit"',
    ),
    (
        "artefact nowhere",
        'command = ["{artefact}"]\nbuild = "make"',
        "build: does not say where its result goes",
        "`{artefact}`",
    ),
]


@pytest.mark.parametrize(("lines", "words", "cure"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES])
def test_values(one, lines, words, cure):
    key = words.split(":")[0].split(".")[-1].split("[")[0]
    at = next((number for number, line in enumerate(lines.split("\n"), 3) if line.split(" ")[0] == key), None)
    if at is None:  # the words do not begin with a key of its own line
        at = next(number for number, line in enumerate(lines.split("\n"), 3) if not line.startswith("port = 1"))
    one(SERVICE + lines + "\n", str(at), words, cure)


TYPOS = [
    ("prot", "port"), ("Port", "port"), ("portss", "ports"), ("dirr", "dir"), ("directory", "dir"), ("cwd", "dir"),
    ("working_dir", "dir"), ("stak", "stack"), ("language", "stack"), ("run_time", "runtime"), ("comand", "command"),
    ("cmd", "command"), ("entrypoint", "command"), ("biuld", "build"), ("chek", "check"), ("arg", "args"),
    ("environment", "env"), ("env-file", "env_file"), ("envfile", "env_file"), ("hots", "host"), ("port-env", "port_env"),
    ("lisen", "listen"), ("lauch", "launch"), ("healthcheck", "health"), ("helth", "health"), ("depends_on", "needs"),
    ("need", "needs"), ("wacth", "watch"), ("exclude", "ignore"), ("debouce", "debounce"), ("restrat", "restart"),
    ("optinal", "optional"), ("stopp", "stop"), ("golang", "go"),
]  # fmt: skip


@pytest.mark.parametrize(("typo", "meant"), TYPOS, ids=[typo for typo, _ in TYPOS])
def test_typos(one, typo, meant):
    one(f"{SERVICE}# here\n{typo} = 1\n", "4", f"services.api.{typo}: unknown key", f"did you mean `{meant}`?")


ELSEWHERE = [
    ("project key", '[project]\nnmae = "x"\n' + SERVICE, "2", "project.nmae: unknown key", "`name`"),
    ("project name", "[project]\nname = 3\n" + SERVICE, "2", "project.name: expected a text, got 3", '"3"'),
    ("project not a table", "project = 3\n" + SERVICE, "1", "project: expected a table, got 3", "[project]"),
    (
        "pass_env",
        '[project]\npass_env = ["A-B"]\n' + SERVICE,
        "2",
        "project.pass_env[0]: expected the name",
        "HTTP_PORT",
    ),
    ("mode key", "[modes.dev]\nhotreload = true\n" + SERVICE, "2", "modes.dev.hotreload: unknown key", "`hot_reload`"),
    ("mode flag", '[modes.dev]\nhot_reload = "no"\n' + SERVICE, "2", "expected true or false", "hot_reload = false"),
    ("mode profiles", '[modes.dev]\nprofiles = "infra"\n' + SERVICE, "2", "expected a list of names", '["infra"]'),
    ("gateway kind", '[gateway]\nkind = "nginx"\n' + SERVICE, "2", 'gateway.kind: expected "caddy" or "kong"', "caddy"),
    ("gateway text", 'gateway = "caddy"\n' + SERVICE, "1", "gateway: expected a table", "[gateway]"),
    (
        "cluster memory",
        '[cluster]\nmemory = "4g"\n' + SERVICE,
        "2",
        "cluster.memory: expected a whole number",
        "memory = 4096",
    ),
    (
        "cluster cpus",
        "[cluster]\ncpus = 0\n" + SERVICE,
        "2",
        "cluster.cpus: expected a whole number from 1",
        "cpus = 2",
    ),
    ("step run", "[steps.migrate]\n" + SERVICE, "1", "steps.migrate.run: is missing", "migrate.sh"),
    (
        "step shell",
        '[steps.m]\nrun = "a && b"\n' + SERVICE,
        "2",
        "steps.m.run: `&&` needs a shell",
        '["sh", "-c", "a && b"]',
    ),
    ("plugins", "[plugins]\nprefer = {go = 1}\n" + SERVICE, "2", "plugins.prefer.go: expected a text", '"1"'),
    ("top table", "[service.api]\n" + SERVICE, "1", "service: unknown table", "`services`"),
    (
        "top key close to one of project",
        'nmae = "shop"\n' + SERVICE,
        "1",
        "nmae: unknown key",
        "below `[project]`: `name = …`",
    ),
    ("top key of project", 'name = "shop"\n' + SERVICE, "1", "name: unknown key", "below `[project]`"),
    (
        "service at the top",
        '[frontpage]\ncommand = "x"\n' + SERVICE,
        "1",
        "frontpage: unknown table",
        "[services.frontpage]",
    ),
    (
        "services as rows",
        '[[services]]\nname = "api"\n',
        "1",
        "services: expected a table, got a list of tables",
        "[services.api]",
    ),
    ("services as text", 'services = "api"\n', "1", 'services: expected a table, got "api"', "[services.api]"),
    ("service as text", '[services]\napi = "go"\n', "2", 'services.api: expected a table, got "go"', "[services.api]"),
    ("steps as rows", "[[steps]]\n" + SERVICE, "1", "steps: expected a table", "[steps.api]"),
    ("empty file", "", "1", "has no services", "[services.NAME]"),
    ("comments only", "# nothing\n", "1", "has no services", "[services.NAME]"),
    ("project only", '[project]\nname = "x"\n', "1", "has no services", "inv dev-init"),
    ("services empty", "[services]\n", "1", "has no services", "[services.NAME]"),
]


@pytest.mark.parametrize(
    ("text", "line", "words", "cure"), [case[1:] for case in ELSEWHERE], ids=[case[0] for case in ELSEWHERE]
)
def test_elsewhere(one, text, line, words, cure):
    one(text, line, words, cure)


def test_the_line_is_that_of_the_element(one):
    text = SERVICE + 'needs = [\n  "a",\n  3,\n]\n[services.a]\ncommand = "x"\n'
    one(text, "5", "services.api.needs[1]: expected a text, got 3", '"3"')
