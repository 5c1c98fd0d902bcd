"""Makes tables of objects, without a cluster, and turns an Agent into the objects that its cluster has."""

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from asset_sync.reconcile.sources import Column, Source
from asset_sync.systems.hedgehog import Listing
from asset_sync.systems.hedgehog.tables import TABLES, object_rows

Object = dict[str, Any]
Records = dict[str, dict[str, Any]]

_OF_AGENT = {
    "switches": "Switch",
    "connections": "Connection",
    "ipv4Namespaces": "IPv4Namespace",
    "vlanNamespaces": "VLANNamespace",
    "vpcs": "VPC",
    "vpcAttachments": "VPCAttachment",
    "vpcPeers": "VPCPeering",
    "externals": "External",
    "externalAttachments": "ExternalAttachment",
    "externalPeerings": "ExternalPeering",
}


def made(kind: str, name: str, spec: Any = None, **other: Any) -> Object:
    return {"kind": kind, "metadata": {"name": name}, "spec": {} if spec is None else spec, **other}


def objects_of(agent: Object) -> Iterator[Object]:
    """The objects that the cluster of an Agent has, as far as the Agent tells; servers are those of its connections."""
    spec = agent["spec"]
    yield agent
    yield made("SwitchProfile", spec["switch"]["profile"], spec["switchProfile"])
    for field, kind in _OF_AGENT.items():
        yield from (made(kind, name, given) for name, given in spec.get(field, {}).items())
    for name in sorted(_servers(spec["connections"])):
        yield made("Server", name)


def _servers(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _servers(each)
    elif isinstance(value, dict):
        if "server" in value:
            yield value["server"]["port"].partition("/")[0]
        for each in value.values():
            yield from _servers(each)


def pointed(source: Source, table: str, column: Column) -> set[str]:
    """The keys that a column of foreign keys names."""
    values = source.frame(table)[column.name].dropna()
    return {key for value in values for key in (value.split(",") if column.many else [value])}


def listings(objects: Iterable[Object]) -> dict[str, Listing]:
    """The objects as they are read: those of one kind and name once."""
    found: dict[str, dict[str, Object]] = {}
    for each in objects:
        found.setdefault(each["kind"], {})[each["metadata"]["name"]] = each
    return {kind: Listing("read", "1", given) for kind, given in found.items()}


def told(objects: Iterable[Object], fabric: str = "lab") -> Source:
    return Source(TABLES, {"objects": object_rows(fabric, listings(objects))})


def records(table: pd.DataFrame) -> Records:
    """The rows of a table by their ids, without what is empty and without the fabric's own columns."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    kept = [{str(name): value for name, value in row.items() if value is not None} for row in rows]
    return {row["id"]: {name: value for name, value in row.items() if name not in ("fabric", "label")} for row in kept}
