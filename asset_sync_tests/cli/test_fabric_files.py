"""`asset-sync fabrics compare`: a folder of YAML files beside a simulated cluster."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from asset_sync.cli.main import main
from asset_sync.sandbox.kubernetes import Shape, fabric
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import home, world

__all__ = ["home", "world"]


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


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--folder", "none"], "the folder none does not exist"),
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
