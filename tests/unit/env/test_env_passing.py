"""Which variables of the client's shell reach a service."""

from __future__ import annotations

import pytest

from hybrid_tasks.env.passing import never_passed, passes


@pytest.mark.parametrize(
    "name",
    "PATH HOME USER LOGNAME SHELL LANG LC_ALL TZ TMPDIR XDG_RUNTIME_DIR SSH_AUTH_SOCK HTTP_PROXY no_proxy SSL_CERT_FILE "  # noqa: SIM905
    "GOPATH GOFLAGS CARGO_HOME RUSTUP_HOME CC CXX VIRTUAL_ENV PIP_INDEX_URL UV_CACHE_DIR NODE_OPTIONS JAVA_HOME "
    "DOCKER_HOST KUBECONFIG".split(),
)
def test_allow_listed_variables_of_the_client_pass(name: str) -> None:
    assert passes(name)


@pytest.mark.parametrize(
    "name", "PYTHONPATH PYTHONDONTWRITEBYTECODE HYBRID_RUN HYBRID_TASKS_TOKEN AWS_SECRET_ACCESS_KEY PS1 TERM path".split()  # noqa: SIM905
)  # fmt: skip
def test_sec_nothing_else_of_the_client_passes(name: str) -> None:
    assert not passes(name)
    assert passes(name, ["*"]) == (not name.startswith(("PYTHON", "HYBRID_")))


def test_a_pattern_for_what_is_never_passed_is_known() -> None:
    assert never_passed("PYTHONPATH")
    assert never_passed("PYTHON*")
    assert never_passed("HYBRID_RUN")
    assert not never_passed("*")
    assert not never_passed("PYENV_ROOT")
