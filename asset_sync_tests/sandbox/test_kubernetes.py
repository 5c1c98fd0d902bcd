import threading
from collections.abc import Iterator
from typing import Any

import pytest

from asset_sync.sandbox.kubernetes import READ, WRITE, Account, named
from asset_sync_tests.sandbox.kubernetes_desk import READER, SWITCHES, VPCS, Desk, names, vpc

MERGE = "application/merge-patch+json"
SWITCH: dict[str, Any] = {
    "metadata": {"name": "leaf-01"},
    "spec": {"role": "server-leaf", "profile": "vs", "asn": 65101, "ip": "172.30.0.9/21", "protocolIP": "172.30.8.2/32"},
}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk() as desk:
        yield desk


@pytest.fixture
def five(desk: Desk) -> Desk:
    for number in range(1, 6):
        desk.cluster.create(named("VPC"), vpc(f"vpc-{number}"))
    return desk


def test_an_empty_list_is_no_missing_definition(desk: Desk) -> None:
    listed = desk.do("GET", VPCS)
    assert (listed["kind"], listed["apiVersion"], listed["items"]) == ("VPCList", "vpc.githedgehog.com/v1beta1", [])
    desk.cluster.installed.remove("vpcs.vpc.githedgehog.com")
    answer = desk.ask("GET", VPCS)
    assert (answer.status_code, answer.text, answer.headers["content-type"].split(";")[0]) == (
        *(404, "404 page not found\n"),
        "text/plain",
    )
    assert desk.ask("GET", "/apis/gateway.githedgehog.com/v1alpha1/namespaces/default/gateways").text == "404 page not found\n"
    assert desk.refused(404, "GET", f"{SWITCHES}/none")["message"] == 'switches.wiring.githedgehog.com "none" not found'


def test_pages_are_of_one_snapshot(five: Desk) -> None:
    first = five.do("GET", VPCS, limit=2)
    assert (names(first), first["metadata"]["remainingItemCount"]) == (["vpc-1", "vpc-2"], 3)
    five.cluster.delete(named("VPC"), "vpc-3")
    five.cluster.create(named("VPC"), vpc("vpc-33"))
    second = five.do("GET", VPCS, limit=2, _continue=first["metadata"]["continue"])
    third = five.do("GET", VPCS, limit=2, _continue=second["metadata"]["continue"])
    assert [*names(second), *names(third)] == ["vpc-3", "vpc-4", "vpc-5"]
    assert {page["metadata"]["resourceVersion"] for page in (first, second, third)} == {first["metadata"]["resourceVersion"]}
    assert "continue" not in third["metadata"]


def test_an_old_token_goes_on_in_another_snapshot(five: Desk) -> None:
    first = five.do("GET", VPCS, limit=2)
    five.cluster.create(named("VPC"), vpc("vpc-6"))
    five.clock.now += 301
    told = five.refused(410, "GET", VPCS, limit=2, _continue=first["metadata"]["continue"])
    assert told["reason"] == "Expired"
    rest = five.do("GET", VPCS, _continue=told["metadata"]["continue"])
    assert names(rest) == ["vpc-3", "vpc-4", "vpc-5", "vpc-6"]
    assert rest["metadata"]["resourceVersion"] != first["metadata"]["resourceVersion"]


def test_a_resource_version_says_which_state_is_listed(five: Desk) -> None:
    before = five.do("GET", VPCS)["metadata"]["resourceVersion"]
    five.cluster.delete(named("VPC"), "vpc-1")
    now = ["vpc-2", "vpc-3", "vpc-4", "vpc-5"]
    assert names(five.do("GET", VPCS)) == names(five.do("GET", VPCS, resourceVersion="0")) == now
    assert names(five.do("GET", VPCS, resourceVersion=before)) == now
    assert names(five.do("GET", VPCS, resourceVersion=before, resourceVersionMatch="Exact")) == ["vpc-1", *now]
    assert names(five.do("GET", VPCS, resourceVersion=before, limit=9)) == ["vpc-1", *now]
    assert names(five.do("GET", VPCS, resourceVersion=before, limit=9, resourceVersionMatch="NotOlderThan")) == now
    token = five.do("GET", VPCS, limit=1)["metadata"]["continue"]
    assert five.refused(400, "GET", VPCS, _continue=token, resourceVersion=before)
    assert five.refused(400, "GET", VPCS, resourceVersion="v12")
    assert five.refused(422, "GET", VPCS, resourceVersionMatch="Exact")
    assert five.refused(504, "GET", VPCS, resourceVersion=str(five.cluster.revision + 1))
    five.clock.now += 301
    assert five.refused(410, "GET", VPCS, resourceVersion=before, resourceVersionMatch="Exact")["reason"] == "Expired"


def test_a_watch_tells_what_was_written_since_and_then_a_bookmark(five: Desk) -> None:
    since = five.do("GET", VPCS)["metadata"]["resourceVersion"]
    five.cluster.create(named("Switch"), SWITCH)
    five.cluster.apply("vpc-2", lambda one: one["spec"].update(defaultIsolated=True), "VPC")
    five.cluster.delete(named("VPC"), "vpc-3")
    events = five.watch(VPCS, resourceVersion=since, allowWatchBookmarks="true")
    assert [(kind, one["metadata"].get("name")) for kind, one in events] == [
        *(("MODIFIED", "vpc-2"), ("DELETED", "vpc-3")),
        ("BOOKMARK", None),
    ]
    assert events[0][1]["spec"]["defaultIsolated"] is True
    assert events[-1][1]["metadata"]["resourceVersion"] == str(five.cluster.revision)


def test_a_watch_tells_of_writes_as_they_come(five: Desk) -> None:
    since = five.do("GET", VPCS)["metadata"]["resourceVersion"]
    threading.Timer(0.2, five.cluster.delete, (named("VPC"), "vpc-1")).start()
    assert [kind for kind, _ in five.watch(VPCS, resourceVersion=since)] == ["DELETED"]


def test_a_watch_without_a_version_begins_with_what_is_there(five: Desk) -> None:
    assert [kind for kind, _ in five.watch(VPCS, resourceVersion="0")] == ["ADDED"] * 5


def test_a_watch_of_what_is_forgotten_is_told_so(five: Desk) -> None:
    five.clock.now += 301
    ((kind, status),) = five.watch(VPCS, resourceVersion="10001")
    assert (kind, status["code"], status["reason"]) == ("ERROR", 410, "Expired")
    assert status["message"].startswith("too old resource version: 10001")


def test_objects_are_made_with_defaults_and_labels_and_without_what_the_schema_does_not_know(desk: Desk) -> None:
    flaps = {"samplingInterval": 60}
    spec = {**SWITCH["spec"], "linkFlapErrDisable": flaps, "unknown": 1, "roce": None}
    made = desk.do("POST", SWITCHES, {**SWITCH, "spec": spec, "status": {"x": 1}})
    assert made["spec"]["linkFlapErrDisable"] == {"flapThreshold": 3, "samplingInterval": 60, "recoveryInterval": 300}
    assert not {"unknown", "roce"} & made["spec"].keys()
    assert made["spec"]["vlanNamespaces"] == ["default"]
    assert made["metadata"]["labels"] == {
        "fabric.githedgehog.com/profile": "vs",
        "vlanns.fabric.githedgehog.com/default": "true",
    }
    assert (made["metadata"]["generation"], made["metadata"]["namespace"]) == (1, "default")
    assert desk.do("GET", f"{SWITCHES}/leaf-01") == made


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"role": "core"}, 'spec.role: Unsupported value: "core": supported values: "spine", "server-leaf"'),
        ({"asn": "65101"}, 'spec.asn: Invalid value: "65101"'),
        ({"role": None}, "spec.role: Required value"),
        ({"linkFlapErrDisable": {"flapThreshold": 51}}, "spec.linkFlapErrDisable.flapThreshold: Invalid value: 51"),
        ({"portFECs": {"E1/1": "on"}}, "spec.portFECs.E1/1: Unsupported value"),
    ],
)
def test_what_the_schema_forbids_is_a_422(desk: Desk, change: dict[str, Any], words: str) -> None:
    told = desk.refused(422, "POST", SWITCHES, {**SWITCH, "spec": {**SWITCH["spec"], **change}})
    assert told["message"].startswith('Switch.wiring.githedgehog.com "leaf-01" is invalid: ')
    assert words in told["message"]
    assert told["details"]["causes"][0]["field"] == words.partition(":")[0]
    assert desk.do("GET", SWITCHES)["items"] == []


def test_what_a_webhook_refuses_is_a_403(desk: Desk) -> None:
    told = desk.refused(403, "POST", VPCS, vpc("longer-than-11"))
    assert told["message"].startswith('admission webhook "')
    other = VPCS.replace("/default/", "/other/")
    assert "only the namespace" in desk.refused(403, "POST", other, vpc("vpc-1"))["message"]


def test_an_update_is_of_the_version_that_it_saw(desk: Desk) -> None:
    made = desk.do("POST", VPCS, vpc("vpc-1"))
    isolated = {**made, "spec": {**made["spec"], "defaultIsolated": True}}
    updated = desk.do("PUT", f"{VPCS}/vpc-1", isolated)
    assert (updated["metadata"]["generation"], updated["spec"]["defaultIsolated"]) == (2, True)
    assert desk.refused(409, "PUT", f"{VPCS}/vpc-1", isolated)["reason"] == "Conflict"
    assert desk.refused(409, "POST", VPCS, vpc("vpc-1"))["reason"] == "AlreadyExists"
    same = desk.do("PUT", f"{VPCS}/vpc-1", updated)
    assert same["metadata"]["resourceVersion"] == updated["metadata"]["resourceVersion"]


def test_a_merge_patch_changes_what_it_names(desk: Desk) -> None:
    desk.do("POST", VPCS, vpc("vpc-1"))
    patch = {"spec": {"subnets": {"default": {"vlan": 1002}, "more": {"subnet": "10.0.2.0/24", "vlan": 1003}}}}
    patched = desk.do("PATCH", f"{VPCS}/vpc-1", patch, kind=MERGE)
    assert patched["spec"]["subnets"] == {
        "default": {"subnet": "10.0.1.0/24", "vlan": 1002},
        "more": {"subnet": "10.0.2.0/24", "vlan": 1003},
    }
    gone = desk.do("PATCH", f"{VPCS}/vpc-1", {"spec": {"subnets": {"more": None}}}, kind=MERGE)
    assert list(gone["spec"]["subnets"]) == ["default"]
    assert desk.refused(415, "PATCH", f"{VPCS}/vpc-1", patch, kind="application/strategic-merge-patch+json")


def test_a_status_is_changed_apart(desk: Desk) -> None:
    path = "/apis/agent.githedgehog.com/v1beta1/namespaces/default/agents"
    made = desk.do("POST", path, {"metadata": {"name": "leaf-01"}, "spec": {"role": "spine"}, "status": {"version": "1"}})
    assert "status" not in made
    state = {"conditions": [], "version": "v0.100.0"}
    told = desk.do("PATCH", f"{path}/leaf-01/status", {"spec": {"role": "x"}, "status": state}, kind=MERGE)
    assert (told["spec"]["role"], told["status"], told["metadata"]["generation"]) == ("spine", state, 1)
    assert (
        "status.conditions: Required value"
        in (desk.refused(422, "PATCH", f"{path}/leaf-01/status", {"status": {"conditions": None}}, kind=MERGE)["message"])
    )


def test_who_is_unknown_is_told_apart_from_who_may_not(desk: Desk) -> None:
    assert desk.refused(401, "GET", VPCS, token="wrong")["reason"] == "Unauthorized"
    desk.accounts["some"] = Account("sa", {"*": READ, "vpcs.vpc.githedgehog.com": frozenset({"get"})})
    told = desk.refused(403, "GET", VPCS, token="some")
    assert told["message"] == (
        'vpcs.vpc.githedgehog.com is forbidden: User "sa" cannot list resource "vpcs" '
        'in API group "vpc.githedgehog.com" in the namespace "default"'
    )
    assert desk.do("GET", SWITCHES, token="some")["items"] == []
    assert 'cannot create resource "switches"' in desk.refused(403, "POST", SWITCHES, SWITCH, token=READER)["message"]


def test_a_cluster_tells_what_it_is(desk: Desk) -> None:
    assert desk.do("GET", "/version")["gitVersion"].startswith("v1.")
    assert names(desk.do("GET", "/api/v1/namespaces", limit=1)) == ["default"]
    listed = desk.do("GET", "/apis/wiring.githedgehog.com/v1beta1")["resources"]
    assert {one["name"] for one in listed if "/" not in one["name"]} == {
        *("connections", "serverprofiles", "servers", "switches", "switchgroups", "switchprofiles", "vlannamespaces"),
    }
    assert desk.ask("GET", "/apis/none.githedgehog.com/v1beta1").text == "404 page not found\n"


@pytest.mark.parametrize(("rights", "allowed"), [(WRITE, True), (frozenset({"get"}), False)])
def test_an_account_may_ask_for_its_own_rights(desk: Desk, rights: frozenset[str], allowed: bool) -> None:
    desk.accounts["some"] = Account("sa", {"*": rights})
    spec = {"resourceAttributes": {"verb": "list", "group": "vpc.githedgehog.com", "resource": "vpcs"}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert desk.do("POST", path, {"spec": spec}, token="some")["status"]["allowed"] is allowed


def test_faults_of_a_cluster_can_be_switched_on(five: Desk) -> None:
    five.faults.set("throttled", times=1, retry_after=7)
    answer = five.ask("GET", VPCS)
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["reason"]) == (429, "7", "TooManyRequests")
    first = five.do("GET", VPCS, limit=2)
    token, version = first["metadata"]["continue"], first["metadata"]["resourceVersion"]
    five.faults.set("expired_continue", times=1)
    assert five.refused(410, "GET", VPCS, limit=2, _continue=token)["metadata"]["continue"]
    five.faults.set("repeated_continue", times=1)
    assert five.do("GET", VPCS, limit=2, _continue=token)["metadata"]["continue"] == token
    five.faults.set("moved_list", times=1)
    assert five.do("GET", VPCS, limit=2, _continue=token)["metadata"]["resourceVersion"] != version
    five.faults.set("expired_watch", times=1)
    assert five.refused(410, "GET", VPCS, watch="1", resourceVersion=version)
    five.faults.set("silent_watch", times=1)
    assert five.watch(VPCS, resourceVersion=version, allowWatchBookmarks="true") == []


def test_what_was_asked_is_counted(five: Desk) -> None:
    five.do("GET", VPCS)
    five.do("GET", f"{VPCS}/vpc-1")
    five.watch(VPCS)
    counted = {"list vpcs.vpc.githedgehog.com": 1, "get vpcs.vpc.githedgehog.com": 1, "watch vpcs.vpc.githedgehog.com": 1}
    assert dict(five.cluster.requests) == counted
