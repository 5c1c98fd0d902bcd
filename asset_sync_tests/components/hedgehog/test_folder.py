"""A folder of YAML files as the source of the shipped sync: what it plans is what it plans of a cluster of these objects."""

from pathlib import Path

import pytest
import yaml

from asset_sync.sandbox.kubernetes import Cluster, Shape, fabric
from asset_sync.sandbox.kubernetes.kinds import known
from asset_sync_tests.components.hedgehog.lab import NOTHING, lab_of

pytestmark = pytest.mark.slow


def test_files_of_a_clusters_objects_make_the_plan_that_it_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    cluster = Cluster(kept_seconds=3600)
    cluster.load(fabric.objects(Shape(spines=1, leaves=2, servers=2)))
    files = tmp_path / "files"
    files.mkdir()
    for resource, kind in known().items():
        if found := list(cluster.objects(kind).values()):
            (files / f"{resource}.yaml").write_text(yaml.safe_dump_all(found))
    with lab_of(tmp_path / "cluster", monkeypatch, database_url, {"main": cluster}) as lab:
        wanted = lab.run("main", "dry_run").plan_id
    monkeypatch.setenv("HEDGEHOG_FILES_MAIN_FOLDER", str(files))
    with lab_of(tmp_path / "folder", monkeypatch, database_url, {"main": Cluster()}, "hedgehog_files") as lab:
        assert lab.run("main", "dry_run").plan_id == wanted
        lab.run("main")
        assert len(lab.cables("main")) > 2
        assert lab.run("main").planned == NOTHING
        (files / "broken.yaml").write_text("a: [")
        (why,) = lab.tried("main").errors()
        assert "broken.yaml, line 1: it is no YAML" in why
