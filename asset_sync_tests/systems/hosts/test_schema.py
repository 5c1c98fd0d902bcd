"""The schema that the collector prints, the models that the project reads by, and documents: one and the same shape."""

import json
import subprocess
import sys
from typing import Any

import jsonschema
import pytest

from asset_sync.systems.hosts import HostDocument, collect, parse
from asset_sync.systems.hosts.document import DocumentRefused
from asset_sync_tests.systems.hosts.example import container, document, interface, written

VALIDATOR = jsonschema.Draft202012Validator(collect.schema())


def inlined(node: Any, definitions: dict[str, Any]) -> Any:
    """Pydantic's schema without its names and references, and what it says of a label's name in the usual place."""
    if isinstance(node, list):
        return [inlined(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return inlined(definitions[node["$ref"].rpartition("/")[2]], definitions)
    told = {key: value for key, value in node.items() if key not in {"title", "description", "$defs", "properties"}}
    found = {key: inlined(value, definitions) for key, value in told.items()}
    if "properties" in node:
        found["properties"] = {name: inlined(value, definitions) for name, value in node["properties"].items()}
    if "patternProperties" in found:
        ((pattern, value),) = found.pop("patternProperties").items()
        found["additionalProperties"] = value
        found["propertyNames"] = {**found["propertyNames"], "pattern": pattern, "type": "string"}
    return found


def test_the_collectors_schema_is_the_one_of_the_models() -> None:
    models = HostDocument.model_json_schema()
    told = {key: value for key, value in collect.schema().items() if key not in {"$schema", "title"}}
    assert told == inlined(models, models["$defs"])


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(collect.schema())
    assert collect.schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_file_prints_its_schema_without_anything_else_installed() -> None:
    done = subprocess.run([sys.executable, "-I", "-S", collect.__file__, "--schema"], capture_output=True, check=True)
    assert json.loads(done.stdout) == collect.schema()
    assert done.stderr == b""


def test_an_example_is_valid_and_read() -> None:
    VALIDATOR.validate(document())
    read = parse(written(document()))
    assert read.notes == ()
    assert json.loads(read.document.model_dump_json(by_alias=True)) == document()


HOSTILE: dict[str, dict[str, Any]] = {
    "a newline in the host's name": {"hostname": "web\n1"},
    "a path as the host's name": {"hostname": "../../etc/passwd"},
    "dots as the host's name": {"hostname": ".."},
    "an option as the host's name": {"hostname": "-oProxyCommand=x"},
    "markup as the host's name": {"hostname": "<script>"},
    "a host's name of 254 characters": {"hostname": ".".join(["a" * 63] * 4)[:254]},
    "a label of 64 characters": {"fqdn": "a" * 64 + ".example.org"},
    "a name written from right to left": {"hostname": "web\u202e1"},
    "a machine id that is none": {"machine_id": "4f1c"},
    "an id in another alphabet": {"machine_id": "\u0664" * 32},
    "a path with an escape sequence": {"containers": [container(volumes=[volume]) for volume in [
        {"type": "bind", "source": "/srv\x1b[2J", "destination": "/x", "read_only": True}]]},
    "a path that is too long": {"containers": [container(volumes=[
        {"type": "bind", "source": "/" + "a" * 4096, "destination": "/x", "read_only": True}])]},
    "a label with NUL": {"containers": [container(labels={"a": "b\x00c"})]},
    "a label's name with a new line": {"containers": [container(labels={"a\nb": "c"})]},
    "a label's name that turns the text round": {"containers": [container(labels={"a\u2066b": "c"})]},
    "a label that is too long": {"containers": [container(labels={"a": "b" * 4097})]},
    "too many labels": {"containers": [container(labels={str(at): "" for at in range(1025)})]},
    "too many networks": {"containers": [container(networks=[{"name": "n", "addresses": [], "mac": None}] * 257)]},
    "a port out of range": {"services": [{"protocol": "tcp", "address": "::", "port": 65536, "process": None}]},
    "a negative size": {"memory": -1},
    "a size beyond 64 bits": {"memory": 2**63},
    "a size of thousands of digits": {"memory": 10**4000},
    "no processors at all": {"containers": [container(cpus=0)]},
    "a text as a number": {"memory": "34359738368"},
    "a number as a truth": {"interfaces": [interface("eth0", enabled=1)]},
    "a state that there is not": {"containers": [container(state="gone")]},
    "a VLAN that there is not": {"interfaces": [interface("eth0", vlan_id=4096)]},
    "something that nobody asked for": {"environment": {"PASSWORD": "x"}},
}  # fmt: skip


@pytest.mark.parametrize("changed", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_documents_are_refused_in_a_line_and_by_the_schema(changed: dict[str, Any]) -> None:
    hostile = document(**changed)
    assert not VALIDATOR.is_valid(hostile)
    with pytest.raises(DocumentRefused) as refused:
        parse(json.dumps(hostile).encode())
    told = str(refused.value)
    assert told.isprintable()
    assert len(told) < 400


@pytest.mark.parametrize("key", document())
def test_nothing_may_be_missing(key: str) -> None:
    without = {name: value for name, value in document().items() if name != key}
    assert not VALIDATOR.is_valid(without)
    with pytest.raises(DocumentRefused, match="schema version" if key == "schema" else f"{key}: Field required"):
        parse(written(without))
