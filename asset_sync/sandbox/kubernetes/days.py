"""Scripted days of a fabric: what its people change between two syncs, a little of each sort."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from asset_sync.sandbox.kubernetes import fabric, observed
from asset_sync.sandbox.kubernetes.fabric import Shape
from asset_sync.sandbox.kubernetes.kinds import Json, named
from asset_sync.sandbox.kubernetes.store import Cluster

_BEGIN: Final = datetime(2026, 7, 1, 10, tzinfo=UTC)
_ADDED_VLAN: Final = 2800


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to an object: `created`, `changed`, `removed`, and in words why."""

    what: str
    kind: str
    name: str
    why: str


class FabricDays:
    """A fabric in a cluster that moves by a day at a time. The same shape and seed make the same days."""

    def __init__(self, shape: Shape, cluster: Cluster | None = None, seed: int = 0) -> None:
        self.shape = shape
        self.cluster = cluster or Cluster()
        self.number = 0
        self._draws = random.Random(seed)  # noqa: S311 - luck that comes out the same again is the point
        objects = fabric.objects(shape)
        self.cluster.load(objects)
        self.cluster.load(observed.agents(objects, _BEGIN))

    def next(self) -> list[Change]:
        """Play a day: people change things, and the agents tell what they see. Returns what people changed."""
        self.number += 1
        deeds: list[Callable[[], list[Change]]] = [
            self._describe_a_switch,
            self._recable_a_server,
            self._rename_a_server,
            self._add_a_vpc,
            self._detach_a_server,
        ]
        changes = [change for deed in deeds for change in deed()]
        self.heartbeat()
        return changes

    def heartbeat(self) -> None:
        """Have each agent tell anew what it sees."""
        kinds = ("Switch", "SwitchProfile", "Connection")
        present = [one for kind in kinds for one in self.cluster.objects(named(kind)).values()]
        for agent in observed.agents(present, _BEGIN + timedelta(days=self.number)):
            meta = {**agent["metadata"], "namespace": "default"}
            self.cluster.update(named("Agent"), {**agent, "metadata": meta}, "status")

    def _pick(self, kind: str, suits: Callable[[Json], bool] = lambda _: True) -> Json | None:
        found = [one for _, one in sorted(self.cluster.objects(named(kind)).items()) if suits(one)]
        return self._draws.choice(found) if found else None

    def _describe_a_switch(self) -> list[Change]:
        switch = self._pick("Switch")
        if switch is None:
            return []
        name, words = switch["metadata"]["name"], f"moved on day {self.number}"
        self.cluster.apply(name, lambda one: one["spec"].update(description=words), "Switch")
        return [Change("changed", "Switch", name, "another description")]

    def _recable_a_server(self) -> list[Change]:
        """Move an unbundled server's link to a free port of the same leaf."""
        connection = self._pick("Connection", lambda one: "unbundled" in one["spec"])
        if connection is None:
            return []
        name = connection["metadata"]["name"]
        leaf = connection["spec"]["unbundled"]["link"]["switch"]["port"].partition("/")[0]
        used = observed.cables(self.cluster.objects(named("Connection")).values())
        free = next((n for n in range(44, 0, -1) if f"{leaf}/E1/{n}" not in used), None)
        if free is None:
            return []
        port = {"port": f"{leaf}/E1/{free}"}
        self.cluster.apply(name, lambda one: one["spec"]["unbundled"]["link"].update(switch=port), "Connection")
        return [Change("changed", "Connection", name, f"cabled to {port['port']}")]

    def _rename_a_server(self) -> list[Change]:
        """Rename a server that has no connection of two links: names are fixed, so that all of it is made anew."""
        connection = self._pick("Connection", lambda one: "unbundled" in one["spec"])
        if connection is None:
            return []
        link = connection["spec"]["unbundled"]["link"]
        old, port = link["server"]["port"].split("/", 1)
        new = f"{self.shape.prefix}renamed-{self.number:02}"
        changes = self._remove("Connection", connection["metadata"]["name"], f"of {old}, which is renamed")
        server = self.cluster.delete(named("Server"), old)
        changes.append(Change("removed", "Server", old, f"renamed to {new}"))
        changes.append(self._create("Server", new, server["spec"], f"renamed from {old}"))
        leaf = link["switch"]["port"].partition("/")[0]
        spec = {"unbundled": {"link": {**link, "server": {"port": f"{new}/{port}"}}}}
        changes.append(self._create("Connection", f"{new}--unbundled--{leaf}", spec, f"of {new}"))
        return changes

    def _add_a_vpc(self) -> list[Change]:
        name, vlan = f"new-{self.number}", _ADDED_VLAN + self.number
        subnet = {"subnet": f"10.15.{self.number}.0/24", "gateway": f"10.15.{self.number}.1", "vlan": vlan}
        changes = [self._create("VPC", name, {"subnets": {"default": subnet}}, "a new VPC")]
        connection = self._pick("Connection", lambda one: "eslag" in one["spec"])
        if connection is not None:
            told = connection["metadata"]["name"]
            spec = {"connection": told, "subnet": f"{name}/default"}
            changes.append(self._create("VPCAttachment", f"{told}--{name}", spec, "to the new VPC"))
        return changes

    def _detach_a_server(self) -> list[Change]:
        attachment = self._pick("VPCAttachment", lambda one: not one["spec"]["subnet"].startswith("new-"))
        if attachment is None:
            return []
        name = attachment["metadata"]["name"]
        self.cluster.delete(named("VPCAttachment"), name)
        return [Change("removed", "VPCAttachment", name, "detached")]

    def _create(self, kind: str, name: str, spec: Json, why: str) -> Change:
        self.cluster.create(named(kind), {"metadata": {"name": name}, "spec": spec})
        return Change("created", kind, name, why)

    def _remove(self, kind: str, name: str, why: str) -> list[Change]:
        """Remove a connection, and before it what is attached to it."""
        attached = [
            one["metadata"]["name"]
            for one in self.cluster.objects(named("VPCAttachment")).values()
            if one["spec"]["connection"] == name
        ]
        for one in attached:
            self.cluster.delete(named("VPCAttachment"), one)
        self.cluster.delete(named(kind), name)
        return [*(Change("removed", "VPCAttachment", one, why) for one in attached), Change("removed", kind, name, why)]
