"""What Hedgehog's admission webhooks do to an object before it is stored: its defaults, its labels, and some refusals.

Source: facts/hedgehog.md §6. Of the rules that compare objects with each other (subnets within their namespaces, ports that
exist, overlaps) none are played: `fabric` makes objects that keep them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from asset_sync.sandbox.kubernetes import statuses
from asset_sync.sandbox.kubernetes.kinds import Json, Kind

PREFIX: Final = "fabric.githedgehog.com"
CONNECTION_TYPES: Final[Mapping[str, str]] = {
    "unbundled": "unbundled",
    "bundled": "bundled",
    "eslag": "eslag",
    "mclag": "mclag",
    "mclagDomain": "mclag-domain",
    "fabric": "fabric",
    "mesh": "mesh",
    "gateway": "gateway",
    "vpcLoopback": "vpc-loopback",
    "external": "external",
    "staticExternal": "static-external",
}
"""What a connection may be, with the word that its label has for it."""

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME: Final = 253
_LONGEST_VPC_NAME: Final = 11
_HOOK: Final = "admission.fabric.githedgehog.com"


def admitted(kind: Kind, given: Json) -> Json:
    """The object with a namespace, defaults and labels. Raises ApiError: 422 for a name, 403 for what a webhook refuses."""
    new = deepcopy(given)
    meta = new.setdefault("metadata", {})
    meta.setdefault("namespace", "default")
    _check_name(kind, meta.get("name"))
    if meta["namespace"] != "default":
        raise statuses.denied(_HOOK, f'only the namespace "default" is supported, not "{meta["namespace"]}"')
    if finish := _FINISHES.get(kind.name):
        labels = finish(new.setdefault("spec", {}), meta["name"])
        kept = {key: value for key, value in meta.get("labels", {}).items() if PREFIX not in key}
        if kept or labels:
            meta["labels"] = kept | labels
    return new


def _check_name(kind: Kind, name: object) -> None:
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        cause = {
            "reason": "FieldValueInvalid" if name else "FieldValueRequired",
            "message": "Invalid value: a lowercase RFC 1123 subdomain is needed"
            if name
            else "name or generateName is required",
            "field": "metadata.name",
        }
        raise statuses.invalid(kind, str(name or ""), [cause])


def _vpc(spec: Json, name: str) -> dict[str, str]:
    if len(name) > _LONGEST_VPC_NAME:
        raise statuses.denied(_HOOK, f"name {name} is too long, must be <= {_LONGEST_VPC_NAME} characters")
    if spec.get("mode", "") not in ("", "l3vni"):
        raise statuses.denied(_HOOK, f"mode {spec['mode']} is not supported")
    spaces = {label: spec.setdefault(field, "default") for field, label in _SPACES.items()}
    return {f"{PREFIX}/{label}": space for label, space in spaces.items()}


_SPACES: Final = {"ipv4Namespace": "ipv4ns", "vlanNamespace": "vlanns"}


def _attachment(spec: Json, _: str) -> dict[str, str]:
    if "/" not in spec.get("subnet", "/"):
        spec["subnet"] += "/default"
    vpc, _, subnet = spec.get("subnet", "").partition("/")
    labels = {"vpc": vpc, "subnet": subnet, "connection": spec.get("connection", "")}
    if spec.get("nativeVLAN"):
        labels["nativevlan"] = "true"
    return {f"{PREFIX}/{label}": value for label, value in labels.items()}


def _vpc_peering(spec: Json, _: str) -> dict[str, str]:
    names = sorted({name for permit in spec.get("permit", ()) for name in permit})
    if len(names) != 2:
        raise statuses.denied(_HOOK, f"exactly two VPCs must be specified in permit, not {len(names)}")
    if spec.get("remote"):
        raise statuses.denied(_HOOK, "remote peering is not supported")
    return {f"{PREFIX}/vpc1": names[0], f"{PREFIX}/vpc2": names[1]}


def _switch(spec: Json, _: str) -> dict[str, str]:
    for field in ("profile", "asn", "ip", "protocolIP"):
        if not spec.get(field):
            raise statuses.denied(_HOOK, f"{field} is required")
    if spec.get("role") == "spine" and spec.get("vtepIP"):
        raise statuses.denied(_HOOK, "spine cannot have a VTEP IP")
    group = spec.get("redundancy", {}).get("group")
    groups = sorted({*spec.get("groups", ()), *([group] if group else ())})
    if groups:
        spec["groups"] = groups
    spaces = spec["vlanNamespaces"] = sorted(spec.get("vlanNamespaces") or ["default"])
    labels = {f"{PREFIX}/profile": spec["profile"]}
    labels |= {f"switchgroup.{PREFIX}/{name}": "true" for name in groups}
    return labels | {f"vlanns.{PREFIX}/{name}": "true" for name in spaces}


def _connection(spec: Json, _: str) -> dict[str, str]:
    types = [name for name in CONNECTION_TYPES if name in spec]
    if len(types) != 1:
        raise statuses.denied(_HOOK, f"exactly one type of connection must be specified, not {len(types)}")
    labels = {f"{PREFIX}/connection-type": CONNECTION_TYPES[types[0]]}
    for end in _ends(spec[types[0]]):
        labels[f"{end[0]}.{PREFIX}/{end[1]}"] = "true"
    if vpc := spec[types[0]].get("withinVPC"):
        labels[f"{PREFIX}/vpc"] = vpc
    return labels


def _ends(value: Any, role: str = "") -> Iterator[tuple[str, str]]:
    """Yield what each port is of (switch, server or gateway) and the device's name."""
    if isinstance(value, list):
        for one in value:
            yield from _ends(one, role)
    elif isinstance(value, dict):
        if isinstance(value.get("port"), str):
            device = value["port"].partition("/")[0]
            yield (role if role in ("server", "gateway") else "switch"), device
        for name, one in value.items():
            yield from _ends(one, name)


_FINISHES: Final[Mapping[str, Callable[[Json, str], dict[str, str]]]] = {
    "VPC": _vpc,
    "VPCAttachment": _attachment,
    "VPCPeering": _vpc_peering,
    "Switch": _switch,
    "Connection": _connection,
}
