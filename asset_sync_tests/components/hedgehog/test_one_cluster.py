"""One cluster, or one folder, under two names of the shipped sync: it is written by the first alone."""

from pathlib import Path

import pytest
import yaml

from asset_sync.sandbox.kubernetes import Cluster, FabricDays, Shape, fabric
from asset_sync_tests.components.hedgehog.lab import NOTHING, lab_of

pytestmark = pytest.mark.slow


def test_the_second_name_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    days = FabricDays(Shape(spines=1, leaves=2, servers=2), Cluster(kept_seconds=3600))
    with lab_of(tmp_path, monkeypatch, database_url, {"main": days.cluster, "lab": days.cluster}) as lab:
        lab.run("main")
        before = lab.netbox.requests.writes
        (why,) = lab.tried("lab").errors()
        assert "lab leads to the same system as main" in why
        assert lab.netbox.requests.writes == before
        assert lab.run("main").planned == NOTHING


def test_the_second_name_of_a_folder_is_refused_whatever_leads_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    files, link = tmp_path / "files", tmp_path / "link"
    files.mkdir()
    (files / "all.yaml").write_text(yaml.safe_dump_all(fabric.objects(Shape(spines=1, leaves=2, servers=2))))
    link.symlink_to(files)
    monkeypatch.setenv("HEDGEHOG_FILES_MAIN_FOLDER", str(files))
    monkeypatch.setenv("HEDGEHOG_FILES_LAB_FOLDER", str(link))
    with lab_of(tmp_path, monkeypatch, database_url, {"main": Cluster(), "lab": Cluster()}, "hedgehog_files") as lab:
        lab.run("main")
        before = lab.netbox.requests.writes
        (why,) = lab.tried("lab").errors()
        assert "lab leads to the same system as main" in why
        assert lab.netbox.requests.writes == before
        assert lab.run("main").planned == NOTHING
