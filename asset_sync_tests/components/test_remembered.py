"""What is kept of what a plan was made from, beside the tables of both sides."""

from pathlib import Path

import dagster as dg
import pandas as pd

from asset_sync.components.remembered import keep_remembered, kept_remembered
from asset_sync.components.snapshots import Snapshots
from asset_sync.reconcile.planning import Snapshot
from asset_sync.reconcile.resolutions import Resolution, Resolutions
from asset_sync.reconcile.tables import LINK_COLUMNS
from asset_sync_tests.reconcile.worlds import ASSET, NOW, link, links

KEY = dg.AssetKey(["s", "plan"])


def test_what_was_remembered_is_kept_with_the_decisions(tmp_path: Path) -> None:
    decided = Resolution("asset", "a", "ignore", "anna", NOW, number=7)
    known = {"asset": links(link("a", "1", made=True))}
    snapshot = Snapshot({}, {}, known, resolutions=Resolutions([decided]))
    keep_remembered(Snapshots(base=str(tmp_path)), KEY, "r1", snapshot)
    kept = kept_remembered(Snapshots(base=str(tmp_path)), KEY, "r1")
    pd.testing.assert_frame_equal(kept.links["asset"], known["asset"])
    assert list(kept.resolutions) == [decided]


def test_links_that_an_older_version_kept_say_nothing_of_what_it_did_not_know(tmp_path: Path) -> None:
    known = {"asset": links(link("a", "1"), kind=ASSET).drop(columns=["made", "left"])}
    keep_remembered(Snapshots(base=str(tmp_path)), KEY, "r1", Snapshot({}, {}, known))
    table = kept_remembered(Snapshots(base=str(tmp_path)), KEY, "r1").links["asset"]
    assert {name: str(table[name].dtype) for name in LINK_COLUMNS} == dict(LINK_COLUMNS)
    assert table[["made", "left"]].isna().all(axis=None)
