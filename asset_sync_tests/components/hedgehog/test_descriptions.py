"""The far end as the description of a port: it goes with the cable, and what people write to a port stays theirs."""

from pathlib import Path

import pytest

from asset_sync.sandbox.kubernetes import Cluster, FabricDays, Shape, named
from asset_sync_tests.components.hedgehog.lab import NOTHING, lab_of

pytestmark = pytest.mark.slow


def test_a_port_that_loses_its_cable_loses_the_far_end_and_keeps_what_people_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    days = FabricDays(Shape(spines=1, leaves=2, servers=2), Cluster(kept_seconds=3600), seed=3)
    cabled, free, written = "leaf-01/E1/40", "leaf-01/E1/41", "leaf-01/E1/42"
    links = [{"leaf1": {"port": f"leaf-01/E1/{port}"}, "leaf2": {"port": f"leaf-02/E1/{port}"}} for port in (40, 42)]
    for name, link in zip(("first", "second"), links, strict=True):
        days.cluster.create(named("Connection"), {"metadata": {"name": name}, "spec": {"mesh": {"links": [link]}}})
    with lab_of(tmp_path, monkeypatch, database_url, {"main": days.cluster}) as lab:
        lab.run("main")
        ports = lab.interfaces("main")
        assert {port: ports[port]["description"] for port in (cabled, free, written)} == {
            cabled: "leaf-02/E1/40",
            free: "",
            written: "leaf-02/E1/42",
        }
        for port in (free, written):
            lab.netbox.patch("dcim/interfaces", ports[port]["id"], {"description": "by hand"})
        assert lab.run("main").planned == NOTHING
        days.cluster.delete(named("Connection"), "first")
        lab.run("main")
        ports = lab.interfaces("main")
        assert [ports[port]["description"] for port in (cabled, free, written)] == ["", "by hand", "by hand"]
