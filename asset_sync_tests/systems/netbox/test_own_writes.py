"""What the project itself wrote to an object, by the change log: not what people did, nor what a write left as it was."""

from asset_sync.sandbox.netbox import DEFAULT_TOKEN
from asset_sync.systems.netbox import KINDS, NetBox
from asset_sync.systems.netbox.own_writes import own_writes
from asset_sync_tests.systems.netbox.conftest import Lab

ASSETS = "plugins/inventory/assets"


def test_the_last_value_that_was_written_counts_field_by_field(lab: Lab) -> None:
    ids = [one.target_id for one in lab.assets(2)]
    netbox = NetBox(url=lab.url, token=DEFAULT_TOKEN)
    with netbox.client(writable=True) as client:
        for values, message in (
            ({"description": "ours, first"}, "asset_sync s, plan 1"),
            ({"comments": "a person's"}, "tidied up"),
            ({"description": "ours, last"}, "asset_sync s, plan 2"),
            ({"status": "retired"}, "asset_sync another, plan 3"),
            ({"status": "used"}, ""),
        ):
            client.patch(ASSETS, [{"id": int(ids[0]), **values}], message)
    found = own_writes(netbox, KINDS, {"asset": ids})["asset"]
    assert found["id"].tolist() == ids[:1]
    (row,) = found[["description", "status", "comments"]].astype(object).to_dict("records")
    assert (row["description"], row["status"]) == ("ours, last", "retired")
    assert row["comments"] is None or row["comments"] != row["comments"]
