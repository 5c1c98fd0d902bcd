"""What a fabric is to be, in files: read whole or not at all, and compared with what it is."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from asset_sync.reconcile.errors import ConfigurationError, SourceError
from asset_sync.sandbox.kubernetes import Cluster, FabricDays, Shape, fabric, named
from asset_sync.systems.hedgehog import KINDS
from asset_sync.systems.hedgehog.comparing import Difference, differences
from asset_sync.systems.hedgehog.directory import read_directory, read_marked
from asset_sync.systems.hedgehog.reading import Listing
from asset_sync.systems.hedgehog.system import HEDGEHOG_FILES

SHAPE = Shape(spines=1, leaves=2, servers=3, vpcs=2)
TWO_KINDS = (
    "{kind: Connection, apiVersion: wiring.githedgehog.com/v1beta1, metadata: {name: c}, "
    "spec: {eslag: {links: [{}]}, unbundled: {link: {switch: {port: s/E1/1}}}}}"
)
# Each line is twice the one before: 30 lines would be a thousand million values.
BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 31))


def vpc(name: str = "vpc-1", vlan: int = 1001, **meta: Any) -> dict[str, Any]:
    spec = {"subnets": {"default": {"subnet": "10.0.1.0/24", "vlan": vlan}}}
    return {"apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "metadata": {"name": name, **meta}, "spec": spec}


def write(path: Path, *objects: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\n".join(yaml.safe_dump(each) for each in objects))


def cluster(days: FabricDays) -> dict[str, Listing]:
    found = {kind.name: days.cluster.objects(named(kind.name)) for kind in KINDS}
    return {kind: Listing("read", "1", {name: one for (_, name), one in objects.items()}) for kind, objects in found.items()}


def switch(name: str) -> dict[str, Any]:
    return {"apiVersion": "wiring.githedgehog.com/v1beta1", "kind": "Switch", "metadata": {"name": name}, "spec": {}}


def marks(folder: Path) -> frozenset[str]:
    return read_marked(folder)[1]


def test_a_folder_is_known_whatever_leads_to_it(tmp_path: Path) -> None:
    write(tmp_path / "fabrics/berlin/a.yaml", switch("s"))
    write(tmp_path / "fabrics/oslo/a.yaml", switch("s2"))
    (tmp_path / "link").symlink_to(tmp_path / "fabrics/berlin")
    berlin = marks(tmp_path / "fabrics/berlin")
    assert marks(tmp_path / "link") == berlin
    assert marks(tmp_path / "fabrics/oslo/../berlin") == berlin
    assert marks(tmp_path / "fabrics") & berlin
    assert not marks(tmp_path / "fabrics/oslo") & berlin


def test_a_file_of_switches_is_of_one_fabric_and_other_files_may_be_shared(tmp_path: Path) -> None:
    write(tmp_path / "vpcs.yaml", vpc())
    write(tmp_path / "switches.yaml", switch("s"))
    for name in ("berlin", "oslo"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vpcs.yaml").symlink_to(tmp_path / "vpcs.yaml")
    assert not marks(tmp_path / "berlin") & marks(tmp_path / "oslo")
    for name in ("berlin", "oslo"):
        (tmp_path / name / "switches.yaml").symlink_to(tmp_path / "switches.yaml")
    assert marks(tmp_path / "berlin") & marks(tmp_path / "oslo")


def test_every_object_of_every_file_is_read_at_any_depth(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", vpc("vpc-1"), None, vpc("vpc-2"))
    write(tmp_path / "deep/er/b.yml", {"kind": "List", "apiVersion": "v1", "items": [vpc("vpc-3")]})
    write(tmp_path / "c.json", vpc("vpc-4"))
    write(tmp_path / ".git/d.yaml", vpc("vpc-5"))
    write(
        tmp_path / "e.yaml",
        {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "x"}},
        vpc("vpc-6", namespace="other"),
    )
    (tmp_path / "README.md").write_text("# no: yaml: at: all")
    found = read_directory(tmp_path)
    assert list(found["VPC"].objects) == ["vpc-1", "vpc-2", "vpc-3", "vpc-4"]
    assert found["Switch"] == Listing("read", "", {})
    assert list(read_directory(tmp_path, "other")["VPC"].objects) == ["vpc-6"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a: 1\nb: [1", "bad.yaml, line 2: it is no YAML"),
        ("- 1\n", "there is something in it that is no object"),
        (yaml.safe_dump(vpc(name="")), "a VPC in it has no name"),
        (yaml.safe_dump(vpc("vpc-1")), "VPC 'vpc-1' is also in"),
        (b"\xff\xfe\xfa", "it cannot be read"),
        ("a: " + "[" * 5000 + "]" * 5000, "it is no YAML: it is nested too deeply"),
        ("spec:\n  subnets:\n    a: {vlan: 1}\n    a: {vlan: 2}\n", "bad.yaml, line 4: it is no YAML: 'a' is there twice"),
        ("spec: &whole {all: *whole}\n", "bad.yaml, line 1: it is no YAML: an object in it contains itself"),
        ("{kind: VPCList, apiVersion: vpc.githedgehog.com/v1beta1, items: {a: 1}}", "the items of a VPCList are no list"),
        (TWO_KINDS, "Connection 'c' is of several kinds: eslag, unbundled; nothing was taken"),
        ("{kind: List, apiVersion: v1, items: [odd]}", "there is something in it that is no object"),
        (BOMB, "bad.yaml, line 19: it is no YAML: its aliases stand for more than 1,000,000 values"),
        ("spec: {asn: 99999999999999999999}", "it has a value that Kubernetes does not take: Integer exceeds 64-bit range"),
        ('spec: {description: "\\ud800"}', "it has a value that Kubernetes does not take: str is not valid UTF-8"),
        ("{kind: VPC, apiVersion: vpc.githedgehog.com/v1alpha2}", "a VPC in it is of vpc.githedgehog.com/v1alpha2, and not of"),
    ],
)
def test_what_is_wrong_is_told_with_its_file_and_nothing_is_taken(tmp_path: Path, content: str | bytes, told: str) -> None:
    write(tmp_path / "a.yaml", vpc("vpc-1"))
    (tmp_path / "bad.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SourceError) as error:
        read_directory(tmp_path)
    assert "bad.yaml" in str(error.value)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_a_link_says_is_there_and_is_not_is_no_file_less(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", vpc("vpc-1"))
    (tmp_path / "b.yaml").symlink_to(tmp_path / "gone" / "b.yaml")
    with pytest.raises(SourceError, match=r"b\.yaml: it cannot be read"):
        read_directory(tmp_path)


def test_what_a_few_aliases_stand_for_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{BOMB.partition('a16:')[0]}---\n{yaml.safe_dump(vpc())}")
    assert list(read_directory(tmp_path)["VPC"].objects) == ["vpc-1"]


def test_a_folder_that_cannot_be_entered_is_no_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.yaml", vpc("vpc-1"))
    write(tmp_path / "shut" / "b.yaml", vpc("vpc-2"))
    scandir = os.scandir

    def refusing(path: str) -> Any:
        # Root, as whom tests may run, enters every folder.
        if str(path).endswith("shut"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(SourceError, match="shut: it cannot be read: Permission denied; nothing was taken"):
        read_directory(tmp_path)


def test_the_items_of_a_list_of_one_kind_need_not_say_theirs(tmp_path: Path) -> None:
    bare = {name: value for name, value in vpc("vpc-2").items() if name not in ("kind", "apiVersion")}
    write(tmp_path / "a.yaml", {"kind": "VPCList", "apiVersion": "vpc.githedgehog.com/v1beta1", "items": [vpc("vpc-1"), bare]})
    assert list(read_directory(tmp_path)["VPC"].objects) == ["vpc-1", "vpc-2"]


def test_what_looks_like_a_date_is_a_text_as_it_is_in_a_cluster(tmp_path: Path) -> None:
    head = "kind: Server\napiVersion: wiring.githedgehog.com/v1beta1\nmetadata: {name: s}\n"
    (tmp_path / "a.yaml").write_text(f"{head}spec: {{description: 2026-07-01, profile: 2026-99-99}}\n")
    spec = read_directory(tmp_path)["Server"].objects["s"]["spec"]
    assert spec == {"description": "2026-07-01", "profile": "2026-99-99"}


def test_what_is_merged_into_a_mapping_may_be_said_anew(tmp_path: Path) -> None:
    of_all = "- &all {dhcp: {enable: true}, vlan: 1}"
    own = (
        "{kind: VPC, apiVersion: vpc.githedgehog.com/v1beta1, metadata: {name: v}, spec: {subnets: {a: &a {<<: *all, vlan: 2}, "
    )
    own += "b: {<<: *a}}}}"
    (tmp_path / "a.yaml").write_text(f"kind: List\nshared:\n{of_all}\nitems:\n- {own}\n")
    subnets = read_directory(tmp_path)["VPC"].objects["v"]["spec"]["subnets"]
    assert subnets == {name: {"dhcp": {"enable": True}, "vlan": 2} for name in "ab"}


def test_an_empty_folder_and_none_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no object of a fabric"):
        read_directory(tmp_path)
    with pytest.raises(ConfigurationError, match="does not exist"):
        read_directory(tmp_path / "none")


def test_a_folder_has_the_tables_of_a_fabric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "fabric.yaml", *fabric.objects(SHAPE))
    monkeypatch.setenv("HEDGEHOG_FILES_MAIN_FOLDER", str(tmp_path))
    read = HEDGEHOG_FILES.reader(HEDGEHOG_FILES.make(connection="main"), "objects", ())
    assert set(read.table["fabric"]) == {"main"}
    assert (read.table["kind"] == "Switch").sum() == 3


def test_a_cluster_is_what_was_applied_to_it_whatever_it_fills_in(tmp_path: Path) -> None:
    write(tmp_path / "fabric.yaml", *fabric.objects(SHAPE))
    days = FabricDays(SHAPE, Cluster())
    assert differences(read_directory(tmp_path), cluster(days)) == []


def test_what_was_changed_removed_and_added_in_the_cluster_is_told(tmp_path: Path) -> None:
    desired = [*fabric.objects(SHAPE)]
    write(tmp_path / "fabric.yaml", *desired)
    days = FabricDays(SHAPE, Cluster())
    days.cluster.apply("vpc-1", lambda one: one["spec"]["subnets"]["subnet-01"].update(vlan=1234), "VPC")
    days.cluster.create(named("VPC"), vpc("vpc-9", vlan=1900))
    days.cluster.delete(named("Server"), "server-03")
    assert differences(read_directory(tmp_path), cluster(days)) == [
        Difference("missing", "Server", "server-03"),
        Difference("unplanned", "VPC", "vpc-9"),
        Difference("differs", "VPC", "vpc-1", "spec.subnets.subnet-01.vlan", 1000, 1234),
    ]


def test_what_the_folder_says_nothing_of_and_what_a_webhook_writes_is_no_difference() -> None:
    redundancy = {"group": "eslag-1", "type": "eslag"}
    written = {
        "Switch": {
            "s": {"spec": {"groups": ["z"], "redundancy": redundancy, "portSpeeds": {"E1/1": "SPEED_25G"}, "roce": False}}
        }
    }
    there = {"groups": ["eslag-1", "z"], "redundancy": redundancy, "portSpeeds": {"E1/1": "25G"}, "vlanNamespaces": ["default"]}
    actual = {"Switch": {"s": {"spec": there, "status": {}}}}
    one, other = ({kind: Listing("read", "", objects) for kind, objects in each.items()} for each in (written, actual))
    assert differences(one, other) == []
    assert differences({"Server": Listing("read", "", {})}, {"Server": Listing("read", "", {"x": {}})}) == []
