"""What is hidden and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_tasks.env.masking import MASK, is_secret, masked, masked_within, printable, secret_name

SECRET = [
    "PASSWORD",
    "DB_PASSWORD",
    "dbPassword",
    "db-password",
    "PGPASSWORD",
    "POSTGRES_PASSWORD",
    "ROOT_PASSWD",
    "SSH_PASSPHRASE",
    "DB_PASS",
    "MYSQL_PWD",
    "SECRET",
    "SECRET_KEY",
    "SECRET_KEY_BASE",
    "CLIENT_SECRET",
    "JWT_SECRET",
    "TOKEN",
    "API_TOKEN",
    "GITHUB_TOKEN",
    "githubToken",
    "KEY",
    "API_KEY",
    "APIKEY",
    "apiKey",
    "OPENAI_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "PRIVATE_KEY",
    "ENCRYPTION_KEYS",
    "CREDENTIALS",
    "GOOGLE_CREDENTIAL",
    "SENTRY_DSN",
    "DSN",
    "REDIS_AUTH",
    "BASIC_AUTH",
    "AUTHORIZATION",
    "JWT",
    "PASSWORD_HASH",
    "STRIPE_SECRET_V2",
    "SECRETKEY",
]
OPEN = [
    "PATH",
    "HOME",
    "PORT",
    "KEYBOARD",
    "KEYBOARD_LAYOUT",
    "PUBLIC_KEY",
    "publicKey",
    "SSH_PUBLIC_KEY",
    "MONKEY",
    "KEYCLOAK_HOST",
    "KEYSPACE",
    "AUTHOR",
    "AUTHORS",
    "TOKENIZERS_PARALLELISM",
    "LLM_MAX_TOKENS",
    "PWD",
    "OLDPWD",
    "SSH_AUTH_SOCK",
    "TOKEN_TTL",
    "TOKEN_URL",
    "AUTH_URL",
    "AUTH_ENABLED",
    "PASSWORD_MIN_LENGTH",
    "SECRET_NAME",
    "KEY_FILE",
    "PRIMARY_KEY",
    "COMPASS",
    "PASSENGER_COUNT",
    "DATABASE_URL",
    "LANG",
    "X",
    "_",
    "1",
]


@pytest.mark.parametrize("name", SECRET)
def test_secret_names(name: str) -> None:
    assert secret_name(name)
    assert masked(name, "canary") == MASK
    assert is_secret(name, "canary")


@pytest.mark.parametrize("name", OPEN)
def test_open_names(name: str) -> None:
    assert not secret_name(name)
    assert masked(name, "canary") == "canary"
    assert not is_secret(name, "canary")


def test_the_mask_does_not_tell_the_length_and_empty_stays_empty() -> None:
    assert masked("TOKEN", "a") == masked("TOKEN", "a" * 99) == MASK
    assert masked("TOKEN", "") == ""
    assert not is_secret("TOKEN", "")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgres://shop:canary@db:5432/shop", "postgres://shop:****@db:5432/shop"),
        ("redis://:canary@cache/0", "redis://:****@cache/0"),
        ("amqp://u:canary@a,amqp://u:canary@b", "amqp://u:****@a,amqp://u:****@b"),
        ("mongodb://u:canary@a:1,b:2/db?x=y", "mongodb://u:****@a:1,b:2/db?x=y"),
        ("postgres://u:can@ary@db/x", "postgres://u:****@db/x"),
        ("postgres://u:can/ary@db/x", "postgres://u:****@db/x"),
        ("postgres://u:can:ary@db/x", "postgres://u:****@db/x"),
        ("http://u:canary@[::1]:80/", "http://u:****@[::1]:80/"),
        ("at http://u:canary@h/ and http://u:canary@i/", "at http://u:****@h/ and http://u:****@i/"),
        ("shop:canary@tcp(mysql:3306)/db", "shop:****@tcp(mysql:3306)/db"),
        ("jdbc:postgresql://h/db?user=x&password=canary&ssl=1", "jdbc:postgresql://h/db?user=x&password=****&ssl=1"),
        ("host=h password=canary dbname=d", "host=h password=**** dbname=d"),
        ("host=h password='can ary' dbname=d", "host=h password=**** dbname=d"),
        ("Server=h;Password=canary;Db=x", "Server=h;Password=****;Db=x"),
        ("https://h/cb?access_token=canary&x=1", "https://h/cb?access_token=****&x=1"),
        ("-----BEGIN RSA PRIVATE KEY-----\ncanary", MASK),
    ],
)
def test_only_the_password_of_a_value_is_hidden(value: str, shown: str) -> None:
    assert masked("URL", value) == shown
    assert is_secret("URL", value)


@pytest.mark.parametrize(
    "value",
    [
        "http://localhost:8080/x",
        "http://user@h/",
        "https://h/?mail=a@b.c",
        "a:b@c",
        "postgres://db/x",
        "12:30",
        "-----BEGIN PUBLIC KEY-----",
    ],
)
def test_what_holds_no_password_is_shown(value: str) -> None:
    assert masked("URL", value) == value


def test_a_password_may_hold_a_slash_so_this_is_hidden_to_be_safe() -> None:
    assert masked("URL", "http://h:80/path@x") == "http://h:****@x"


@given(st.text(), st.text())
def test_any_name_and_value_can_be_masked(name: str, value: str) -> None:
    assert is_secret(name, value) == (masked(name, value) != value)


@given(
    st.text(
        alphabet=st.characters(
            blacklist_characters=" \t\r\n/?#@:\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0", blacklist_categories=["Zs", "Zl", "Zp"]
        ),
        min_size=1,
    )
)
def test_no_password_of_a_url_gets_through(password: str) -> None:
    assert masked("URL", f"x://u:{password}@h/") == "x://u:****@h/"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "value", ["://a:" * 40_000, "://a:b@" * 30_000, "a." * 100_000, "password=" * 30_000, "PasS" * 60_000]
)
def test_masking_takes_no_quadratic_time(value: str) -> None:
    assert isinstance(masked("X", value), str)
    assert isinstance(masked(value, "x"), str)


def test_printable_leaves_nothing_that_moves_a_cursor() -> None:
    assert printable("é\n\x1b[2J\u202e\ud800") == "é\\n\\x1b[2J\\u202e\\ud800"


def test_a_configuration_is_masked_where_names_and_values_tell() -> None:
    told = {
        "pass_env": ["API_TOKEN"],
        "services": {
            "token": {
                "name": "token",
                "env": {"API_TOKEN": "t0p", "PLAIN": "x", "DB_URL": "postgres://joe:hunter2@db/x"},
                "command": ["serve", "--api-token", "t0p", "--password=t0p", "--verbose", "on"],
                "go": {"secret_key": "t0p", "flags": ["a"], "nested": {"password": "t0p"}},
                "port": 8000,
            }
        },
    }
    assert masked_within(told, also={"go"}) == {
        "pass_env": ["API_TOKEN"],
        "services": {
            "token": {
                "name": "token",
                "env": {"API_TOKEN": "****", "PLAIN": "x", "DB_URL": "postgres://joe:****@db/x"},
                "command": ["serve", "--api-token", "****", "--password=****", "--verbose", "on"],
                "go": {"secret_key": "****", "flags": ["a"], "nested": {"password": "****"}},
                "port": 8000,
            }
        },
    }
