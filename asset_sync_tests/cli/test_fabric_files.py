"""`asset-sync fabrics compare` and `test`: a folder of YAML files beside a simulated cluster, and what may be read of it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from asset_sync.cli.main import main
from asset_sync.operations import definitions
from asset_sync.sandbox.kubernetes import DEFAULT_ACCOUNTS, READ, Account, Shape, fabric
from asset_sync.sandbox.world import FABRIC_TOKEN, World
from asset_sync.systems.hedgehog import KINDS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files that the fabric of the sandbox was made from."""
    path = tmp_path / "fabric" / "all.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump_all(fabric.objects(Shape())))
    return path.parent


def compare(*options: str) -> Result:
    return CliRunner().invoke(main, ["fabrics", "compare", *options])


def test_a_cluster_is_what_its_files_say_until_somebody_changes_it(world: World, folder: Path) -> None:
    ran = compare("--folder", str(folder))
    assert (ran.exit_code, ran.stdout) == (0, "main is what the files say\n")
    world.fabric.cluster.apply("vpc-1", lambda one: one["spec"]["subnets"]["subnet-01"].update(vlan=1234), "VPC")
    told = compare("--folder", str(folder), "--fabric", "main", "--json")
    difference = {"sort": "differs", "kind": "VPC", "name": "vpc-1", "field": "spec.subnets.subnet-01.vlan"}
    found: dict[str, Any] = json.loads(told.stdout)
    assert found == {
        "success": True,
        "fabric_name": "main",
        "total": 1,
        "differences": [{**difference, "desired": 1000, "actual": 1234}],
    }
    assert all(word in compare("--folder", str(folder)).stdout for word in ("differs", "VPC", "vpc-1", "1000", "1234"))
    assert world.netbox.objects("dcim/devices") == []


def test_a_folder_counts_from_where_the_user_is(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    ran = compare("--folder", "fabric")
    assert (ran.exit_code, ran.stdout) == (0, "main is what the files say\n"), ran.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--folder", "none"], "/none does not exist"),
        (["--folder", ".", "--fabric", "nowhere"], "Fabric nowhere not found; there are main"),
    ],
)
def test_what_is_wrong_is_one_line_and_json_where_that_is_asked_for(world: World, options: list[str], told: str) -> None:
    ran = compare(*options, "--json")
    assert ran.exit_code == 1
    said = json.loads(ran.stdout)
    assert not said["success"]
    assert told in said["error"]
    assert ran.stderr.count("\n") == 1


def test_what_a_token_may_read_is_told_kind_by_kind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = CliRunner().invoke(main, ["fabrics", "test"])
    assert ran.exit_code == 0
    assert "main answers: Kubernetes v1." in ran.stdout
    assert ran.stdout.count("  yes  ") == len(KINDS)
    blind = Account("reader", {"*": READ, "vpcs.vpc.githedgehog.com": frozenset(), "agents.agent.githedgehog.com": frozenset()})
    monkeypatch.setitem(DEFAULT_ACCOUNTS, FABRIC_TOKEN, blind)
    told = CliRunner().invoke(main, ["fabrics", "test", "--json"])
    assert told.exit_code == 1
    said = json.loads(told.stdout)
    assert [name for name, allowed in said["kinds"].items() if not allowed] == [
        "vpcs.vpc.githedgehog.com",
        "agents.agent.githedgehog.com",
    ]
    assert said["error"] == "the token lacks the right to list vpcs.vpc.githedgehog.com: give it get, list and watch"
    monkeypatch.setenv("HEDGEHOG_MAIN_TOKEN", "wrong")
    refused = CliRunner().invoke(main, ["fabrics", "test"])
    assert refused.exit_code == 1
    assert "the token is not known or has expired" in refused.stderr


def test_a_second_name_of_a_fabric_is_told(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: Any = definitions.component_of("hedgehog_to_netbox")
    two = [made.connections[0], made.connections[0].model_copy(update={"name": "lab"})]
    monkeypatch.setattr(made, "connections", two)
    monkeypatch.setenv("HEDGEHOG_LAB_SERVER", os.environ["HEDGEHOG_MAIN_SERVER"])
    monkeypatch.setenv("HEDGEHOG_LAB_TOKEN", os.environ["HEDGEHOG_MAIN_TOKEN"])
    ran = CliRunner().invoke(main, ["fabrics", "test", "--fabric", "lab", "--json"])
    assert ran.exit_code == 1
    said = json.loads(ran.stdout)
    assert said["error"].startswith("lab leads to the same system as main: both would write the same objects in turn; remove")
    assert all(said["kinds"].values())
    monkeypatch.setenv("HEDGEHOG_LAB_SERVER", "")
    assert CliRunner().invoke(main, ["fabrics", "test", "--fabric", "main"]).exit_code == 0
