"""The JSON schema describes every key that is accepted, plugins' tables included."""

from __future__ import annotations

import json

import pytest

from hybrid_tasks.config.reference import keys
from hybrid_tasks.config.schema import json_schema
from hybrid_tasks.plugin.claims import SERVICE_KEYS
from hybrid_tasks.plugin.host import Host


@pytest.fixture
def schema(plugins):
    return json_schema(plugins)


SERVICE = "stack dir runtime command build check args env env_file port ports host port_env listen launch health needs watch ignore debounce restart optional stop"


def test_the_keys_of_a_service(schema):
    assert set(schema["$defs"]["ServiceTable"]["properties"]) == {*SERVICE.split(), "go", "rust", "cloud"}
    assert set(SERVICE.split()) == SERVICE_KEYS, "no stack may be called like a key"


def test_the_tables(schema):
    assert set(schema["properties"]) == {"project", "modes", "services", "gateway", "cluster", "steps", "plugins"}
    assert schema["properties"]["services"]["propertyNames"] == {"pattern": "^[a-z0-9][a-z0-9_.-]{0,62}$"}


def test_every_key_has_a_description(schema):
    listed = keys(schema)
    assert len(listed) > 60
    assert [key.path for key in listed if not key.description] == []
    assert ("services", "*", "go", "driver") in {key.path for key in listed}


def test_every_key_of_the_installed_plugins_has_a_description():
    real = keys(json_schema(Host.load(None, environ={})))
    assert {"python", "go", "rust"} <= {key.path[2] for key in real if len(key.path) > 2 and key.path[0] == "services"}
    assert [key.path for key in real if not key.description] == []


def test_our_tables_have_no_other_keys(schema):
    ours = [name for name in schema["$defs"] if name.endswith("Table")]
    assert len(ours) >= 9
    assert all(schema["$defs"][name]["additionalProperties"] is False for name in ours)


def test_it_is_json_without_null_and_without_made_up_titles(schema):
    text = json.dumps(schema)
    assert "null" not in text
    assert [name for name, table in schema["$defs"].items() if "title" in table] == []


def test_what_is_written_short_or_long_is_in_it(schema):
    service = schema["$defs"]["ServiceTable"]["properties"]
    assert [one.get("type", one.get("$ref")) for one in service["health"]["anyOf"]] == ["string", "#/$defs/HealthTable"]
    assert [one["type"] for one in service["command"]["anyOf"]] == ["string", "array"]
    assert (service["port"]["minimum"], service["port"]["maximum"]) == (1, 65535)
    assert service["restart"]["enum"] == ["auto", "always", "never"]
    assert schema["$defs"]["StepTable"]["required"] == ["run"]


def test_defaults_are_those_that_hold(schema, loaded):
    defaults = {
        key.path[-1]: key.default for key in keys(schema) if key.path[:2] == ("services", "*") and len(key.path) == 3
    }
    service = loaded('[services.x]\ncommand = "x"\n').services["x"]
    assert (defaults["runtime"], defaults["host"], defaults["optional"]) == (
        service.runtime,
        service.host,
        service.optional,
    )
    assert (defaults["listen"], defaults["launch"], defaults["restart"]) == (
        service.listen.value,
        service.launch.value,
        service.restart.value,
    )
    assert defaults["stop"] == {"signal": service.stop.signal, "grace": service.stop.grace}
