"""What NetBox should hold, made from a source's machines."""

import pandas as pd
import pytest

from asset_sync.reconcile.desired import SyncMapping, desired_tables
from asset_sync.reconcile.mapping import FieldMapping
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.sources import Column, Source, SourceTable
from asset_sync.systems.netbox import declared

OWNED = Ownership("initial")
NAMED = {"name": FieldMapping(OWNED, value="Any"), "slug": FieldMapping(OWNED)}
MACHINES = pd.DataFrame({"id": ["1", "2"], "name": ["sw1", "sw2"], "labels": ["wug, core,wug", None]}, dtype="str")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (FieldMapping(OWNED, value="wug"), ["wug", "wug"]),
        (FieldMapping(OWNED, value=" wug , core"), ["core, wug", "core, wug"]),
        (FieldMapping(OWNED, value=","), [None, None]),
        (FieldMapping(OWNED, source="labels"), ["core, wug", None]),
    ],
)
def test_tags_are_wanted_in_the_form_in_which_they_are_read_back(given: FieldMapping, wanted: list[str | None]) -> None:
    mapping = {
        "manufacturer": NAMED,
        "device_type": {"manufacturer": FieldMapping(OWNED), "model": FieldMapping(OWNED, value="Any"), "slug": NAMED["slug"]},
        "device_role": NAMED,
        "site": NAMED,
        "device": {"name": FieldMapping(OWNED, source="name"), "tags": given},
    }
    source = Source(
        {"machines": SourceTable("machines", "", tuple(Column(str(name)) for name in MACHINES))}, {"machines": MACHINES}
    )
    tables = desired_tables(source, declared(mapping), SyncMapping(dict.fromkeys(mapping, "machines"), mapping)).tables
    tags = tables["device"]["tags"].astype(object)
    assert tags.where(tags.notna(), None).tolist() == wanted
