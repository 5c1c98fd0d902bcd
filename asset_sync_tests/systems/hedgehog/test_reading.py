"""A fabric is read whole or not at all, and read again only where it moved."""

from dataclasses import replace
from typing import Any

import pytest

from asset_sync.reconcile.errors import SourceError, SourceUnavailable
from asset_sync.sandbox.kubernetes import READ, Account, Cluster, named
from asset_sync.systems.hedgehog import KINDS, client, connection, read
from asset_sync_tests.sandbox.kubernetes_desk import Desk, vpc
from asset_sync_tests.systems.hedgehog.conftest import Lab, real_agents

VPC = "vpcs.vpc.githedgehog.com"
SWITCH = "switches.wiring.githedgehog.com"
LISTS = {f"list {kind.resource}": 1 for kind in KINDS}
WATCHES = {f"watch {kind.resource}": 1 for kind in KINDS}


def held(cluster: Cluster, kind: str) -> dict[str, Any]:
    return {name: one for (_, name), one in sorted(cluster.objects(named(kind)).items())}


def test_all_kinds_are_read_whole(lab: Lab) -> None:
    with lab.connect() as fabric:
        found = read(fabric)
    assert found.keys() == {kind.name for kind in KINDS}
    for kind, listing in found.items():
        assert (listing.state, listing.changed) == ("read", True)
        assert listing.objects == held(lab.cluster, kind)
        assert listing.resource_version == str(lab.cluster.revision)
    assert len(found["Connection"].objects) == 25
    assert lab.asked() == LISTS


def test_a_list_of_many_pages_is_of_one_snapshot(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    with lab.connect() as fabric:
        found = read(fabric)
    assert found["Connection"].objects == held(lab.cluster, "Connection")
    assert lab.asked()["list connections.wiring.githedgehog.com"] == 13


def test_what_did_not_move_costs_one_request_a_kind(lab: Lab) -> None:
    with lab.connect() as fabric:
        first = read(fabric)
        lab.asked()
        second = read(fabric, first)
        assert lab.asked() == WATCHES
        third = read(fabric, second)
    for kind, listing in third.items():
        assert (listing.state, listing.changed) == ("read", False)
        assert listing.objects is first[kind].objects


def test_what_moved_comes_with_the_question(lab: Lab) -> None:
    with lab.connect() as fabric:
        before = read(fabric)
        lab.days.next()
        lab.asked()
        after = read(fabric, before)
        assert lab.asked() == WATCHES
        assert {kind for kind, listing in after.items() if listing.changed} == {
            *("Agent", "Connection", "Server", "Switch", "VPC", "VPCAttachment")
        }
        for kind, listing in after.items():
            assert listing.objects == held(lab.cluster, kind)
        assert not any(listing.changed for listing in read(fabric, after).values())
    assert len(before["VPC"].objects) == len(after["VPC"].objects) - 1


def test_all_is_read_anew_where_one_kind_shows_that_the_cluster_came_back_from_a_backup(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_ATTEMPTS", 0)
    with lab.connect() as fabric:
        before = read(fabric)
        later = replace(before["VPC"], resource_version=str(lab.cluster.revision + 1000), objects={})
        # Of this one the number has come again already, so that nothing seems to have been written.
        server = replace(before["Server"], objects={"gone-with-the-backup": {"metadata": {"name": "gone-with-the-backup"}}})
        lab.asked()
        after = read(fabric, {**before, "VPC": later, "Server": server})
    assert lab.asked() == WATCHES | LISTS
    for kind in ("VPC", "Server"):
        assert after[kind].objects == held(lab.cluster, kind)


def test_a_fabric_is_read_anew_where_its_past_is_forgotten(lab: Lab) -> None:
    with lab.connect() as fabric:
        before = read(fabric)
        lab.cluster.create(named("VPC"), vpc("vpc-99"))
        lab.cluster.compact()
        lab.asked()
        after = read(fabric, before)
    assert lab.asked() == WATCHES | LISTS
    assert after["VPC"].objects == held(lab.cluster, "VPC")


@pytest.mark.parametrize("fault", ["silent_watch", "expired_watch", "cut"])
def test_silence_that_nothing_proves_is_not_believed(lab: Lab, fault: str) -> None:
    with lab.connect() as fabric:
        before = read(fabric)
        lab.cluster.create(named("VPC"), vpc("vpc-99"))
        lab.faults.set(fault, path=r"/vpcs\?.*watch=")
        after = read(fabric, before)
    assert after["VPC"].objects == held(lab.cluster, "VPC")


def test_a_list_that_expires_on_the_way_is_begun_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE_SIZE", 4)
    lab.faults.set("expired_continue", times=1, path="/switches")
    lab.faults.set("moved_list", times=1, path="/connections.*continue")
    with lab.connect() as fabric:
        found = read(fabric)
    for kind in ("Switch", "Connection"):
        assert found[kind].objects == held(lab.cluster, kind)
    asked = lab.asked()
    assert (asked[f"list {SWITCH}"], asked["list connections.wiring.githedgehog.com"]) == (2 + 2, 2 + 7)


def test_a_list_that_always_expires_is_given_up(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE_SIZE", 4)
    lab.faults.set("expired_continue", path="/switches")
    with lab.connect() as fabric, pytest.raises(SourceUnavailable, match=f"{SWITCH} expired 5 times"):
        read(fabric)


def test_a_list_that_goes_in_circles_is_refused(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    lab.faults.set("repeated_continue", path="/switches")
    with lab.connect() as fabric, pytest.raises(SourceError, match=f"{SWITCH} comes back"):
        read(fabric)


def test_a_missing_definition_is_no_empty_list(lab: Lab) -> None:
    lab.cluster.installed -= {"externals.vpc.githedgehog.com", "agents.agent.githedgehog.com"}
    with lab.connect() as fabric:
        found = read(fabric)
        states = {kind: listing.state for kind, listing in found.items() if listing.state != "read"}
        assert states == {"External": "not_installed", "Agent": "not_installed"}
        lab.asked()
        again = read(fabric, found)
        assert lab.asked()["list externals.vpc.githedgehog.com"] == 0
        assert again["External"].changed is False
        lab.cluster.installed.add("externals.vpc.githedgehog.com")
        assert read(fabric, again)["External"].objects == held(lab.cluster, "External")


def test_a_cluster_without_a_fabric_is_told(lab: Lab) -> None:
    lab.cluster.installed.clear()
    with lab.connect() as fabric, pytest.raises(SourceError, match="none of a fabric's kinds"):
        read(fabric)


def test_each_kind_that_may_not_be_read_is_named(lab: Lab) -> None:
    lab.accounts["some"] = Account("sa", {"*": READ, VPC: frozenset(), SWITCH: frozenset({"get"})})
    with lab.connect("some") as fabric, pytest.raises(SourceError, match="answered 403") as told:
        read(fabric)
    assert f"right to get, list and watch {VPC}" in str(told.value)
    assert f"right to get, list and watch {SWITCH}" in str(told.value)
    assert "Hedgehog lab" in str(told.value)


def test_agents_can_be_done_without(lab: Lab) -> None:
    lab.accounts["some"] = Account("sa", {"*": READ, "agents.agent.githedgehog.com": frozenset()})
    with lab.connect("some") as fabric:
        found = read(fabric)
    assert (found["Agent"].state, found["Agent"].objects) == ("not_allowed", {})
    assert found["Switch"].state == "read"


def test_a_token_that_may_not_watch_lists_each_time(lab: Lab) -> None:
    lab.accounts["some"] = Account("sa", {"*": frozenset({"list"})})
    with lab.connect("some") as fabric:
        before = read(fabric)
        lab.cluster.create(named("VPC"), vpc("vpc-99"))
        assert read(fabric, before)["VPC"].objects == held(lab.cluster, "VPC")


def test_a_token_that_is_unknown_is_told(lab: Lab) -> None:
    with lab.connect("no-such-token") as fabric, pytest.raises(SourceError, match="401 Unauthorized; the token") as told:
        read(fabric)
    assert "no-such-token" not in str(told.value)
    assert str(told.value).count("401") == 1, "once, and not a kind"


@pytest.mark.parametrize("name", ["http_503", "http_500", "html_login", "cut"])
def test_one_kind_that_fails_fails_the_fabric(lab: Lab, name: str) -> None:
    lab.faults.set(name, path="/servers")
    with lab.connect() as fabric, pytest.raises(SourceError, match=r"servers\.wiring\.githedgehog\.com"):
        read(fabric)


def test_what_passes_by_itself_is_waited_for(lab: Lab) -> None:
    lab.faults.set("throttled", times=2, retry_after=0)
    lab.faults.set("http_503", times=1, path="/servers")
    with lab.connect() as fabric:
        assert read(fabric)["Server"].objects == held(lab.cluster, "Server")


@pytest.mark.parametrize(("name", "agent"), real_agents(), ids=[name for name, _ in real_agents()])
def test_real_objects_are_read_back_whole(name: str, agent: dict[str, Any]) -> None:
    cluster = Cluster()
    cluster.load([agent])
    with Desk(cluster) as desk, Lab.connect(desk) as fabric:  # type: ignore[arg-type]
        found = read(fabric)["Agent"].objects[agent["metadata"]["name"]]
    assert found.pop("metadata") | {"resourceVersion": agent["metadata"]["resourceVersion"]} == agent["metadata"]
    assert {**found, "metadata": agent["metadata"]} == agent
    assert len(found["spec"]["switchProfile"]["ports"]) > 40, name
