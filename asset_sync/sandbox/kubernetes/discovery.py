"""What a cluster says of itself: its version, its groups, and the kinds in them."""

from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from asset_sync.sandbox.kubernetes.access import Account
from asset_sync.sandbox.kubernetes.kinds import VERSION, Json, Kind, known
from asset_sync.sandbox.kubernetes.statuses import NoSuchPath, bad_request
from asset_sync.sandbox.kubernetes.store import Cluster

SERVER: Final[Json] = {
    "major": "1",
    "minor": "33",
    "gitVersion": "v1.33.4+k3s1",
    "gitCommit": "148243c49519922720fe1b340008dbce8fb02516",
    "gitTreeState": "clean",
    "buildDate": "2025-08-25T06:46:13Z",
    "goVersion": "go1.24.5",
    "compiler": "gc",
    "platform": "linux/amd64",
}
"""The answer to GET /version."""
_NAMESPACE: Final[Json] = {
    "metadata": {"name": "default", "uid": "9c0dc1a2-6d0c-4a6b-8a1e-6f1a7c1f9b11", "resourceVersion": "41"},
    "spec": {"finalizers": ["kubernetes"]},
    "status": {"phase": "Active"},
}
_NAMESPACES: Final[Json] = {
    "name": "namespaces",
    "singularName": "namespace",
    "namespaced": False,
    "kind": "Namespace",
    "verbs": ["list"],
}
_FIXED: Final[Mapping[str, Json]] = {
    "version": SERVER,
    "api": {"kind": "APIVersions", "versions": ["v1"]},
    "api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [_NAMESPACES]},
    "api/v1/namespaces": {
        "kind": "NamespaceList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "9999"},
        "items": [_NAMESPACE],
    },
}
_VERBS: Final = ("create", "delete", "get", "list", "patch", "update", "watch")


def about(cluster: Cluster, parts: Sequence[str]) -> Json | None:
    """What is at a path that is not of a kind; None for another path. Raises NoSuchPath for a group that is not there."""
    match parts:
        case ["apis", group]:
            return _group_named(cluster, group)
        case ["apis", group, version] if version == VERSION:
            return _resources(cluster, group)
        case ["apis"]:
            names = sorted({kind.group for kind in _installed(cluster)})
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in names]}
    return _FIXED.get("/".join(parts))


def access_review(account: Account, raw_body: bytes) -> Json:
    """The answer to a SelfSubjectAccessReview. Raises ApiError (400)."""
    try:
        spec = orjson.loads(raw_body)["spec"]
        asked = spec["resourceAttributes"]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        raise bad_request("a SelfSubjectAccessReview is needed") from None
    if not isinstance(asked, dict) or not all(isinstance(asked.get(name), str) for name in ("verb", "resource")):
        raise bad_request("spec.resourceAttributes with verb and resource is needed")
    allowed = account.may(asked["verb"], f"{asked['resource']}.{asked.get('group', '')}".rstrip("."))
    return {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {"creationTimestamp": None},
        "spec": spec,
        "status": {"allowed": allowed},
    }


def _group_named(cluster: Cluster, name: str) -> Json:
    if not any(kind.group == name for kind in _installed(cluster)):
        raise NoSuchPath
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name)}


def _resources(cluster: Cluster, name: str) -> Json:
    kinds = [kind for kind in _installed(cluster) if kind.group == name]
    if not kinds:
        raise NoSuchPath
    listed = [one for kind in kinds for one in (_resource(kind), _status_of(kind))]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{name}/{VERSION}", "resources": listed}


def _installed(cluster: Cluster) -> list[Kind]:
    return [kind for resource, kind in known().items() if resource in cluster.installed]


def _group(name: str) -> Json:
    version = {"groupVersion": f"{name}/{VERSION}", "version": VERSION}
    return {"name": name, "versions": [version], "preferredVersion": version}


def _resource(kind: Kind) -> Json:
    return {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": True,
        "kind": kind.name,
        "verbs": list(_VERBS),
        "shortNames": list(kind.short_names),
    }


def _status_of(kind: Kind) -> Json:
    verbs = ["get", "patch", "update"]
    return {"name": f"{kind.plural}/status", "singularName": "", "namespaced": True, "kind": kind.name, "verbs": verbs}
