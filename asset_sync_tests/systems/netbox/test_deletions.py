"""Who deleted an object that is gone: by the change log, as far as it reaches and the token may view it."""

import pytest

from asset_sync.reconcile.identity import Gone
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, Token
from asset_sync.systems.netbox import KINDS, NetBox
from asset_sync.systems.netbox.deletions import deletions
from asset_sync_tests.systems.netbox.conftest import Lab
from asset_sync_tests.systems.scripted import Reply, scripted

ASSETS = "plugins/inventory/assets"
DECIDE = "decide whether it is made again (create) or left alone (ignore)"


def _told(url: str, *gone: Gone, token: str = DEFAULT_TOKEN) -> dict[str, str]:
    return dict(deletions(NetBox(url=url, token=token), KINDS, {"asset": gone})["asset"])


def test_who_deleted_an_object_and_when_is_told(lab: Lab) -> None:
    first, second, _ = lab.assets(3)
    for one in (first, second):
        lab.state.delete(ASSETS, int(one.target_id))
    deleted = [row for row in lab.state.objects("core/object-changes") if row["action"] == "delete"]
    record = next(row for row in deleted if row["object_repr"] == "EliteBook S0")
    told = _told(lab.url, *(Gone(f"k{n}", one.target_id) for n, one in enumerate((first, second))))
    at = record["time"][:16].replace("T", " ")
    assert (
        told[first.target_id] == f"asset #{first.target_id} (EliteBook S0) was deleted in NetBox by pat on {at} UTC: {DECIDE}"
    )
    assert "(EliteBook S1) was deleted in NetBox by pat" in told[second.target_id]


def test_many_objects_are_asked_of_in_a_few_requests(lab: Lab) -> None:
    there = [one for batch in range(0, 250, 50) for one in _more(lab, batch)]
    for one in there:
        lab.state.delete(ASSETS, int(one))
    lab.state.requests.reset()
    told = _told(lab.url, *(Gone(f"k{one}", one) for one in there))
    assert len(told) == 250
    assert all("was deleted in NetBox by pat" in words for words in told.values())
    assert lab.state.requests.reads == 3


def _more(lab: Lab, first: int) -> list[str]:
    item_type = lab.an_item_type() if first == 0 else "1"
    rows = [{"serial": f"S{n}", "status": "used", "inventoryitem_type": int(item_type)} for n in range(first, first + 50)]
    return [str(lab.state.create(ASSETS, row)["id"]) for row in rows]


def test_an_object_of_the_same_id_and_another_type_is_not_meant(lab: Lab) -> None:
    (asset,) = lab.assets(1)
    lab.state.delete(ASSETS, int(asset.target_id))
    lab.state.create("dcim/sites", {"name": "Home", "slug": "home"})
    lab.state.delete("dcim/sites", 1)
    assert "(EliteBook S0)" in _told(lab.url, Gone("k", asset.target_id))[asset.target_id]


def test_where_the_log_is_silent_the_object_is_held_and_it_says_so(lab: Lab) -> None:
    """The log may not reach back, the token may see but a part of it, or NetBox came back from a backup."""
    lab.assets(1)
    told = _told(lab.url, Gone("k", "4711"), Gone("l", "4712"))
    assert told["4711"] == f"asset #4711 is gone from NetBox, and its change log does not say by whom (any more): {DECIDE}"
    assert told["4712"].startswith("asset #4712 is gone from NetBox")


def test_a_token_that_may_not_view_the_log_is_told_so(lab: Lab) -> None:
    (asset,) = lab.assets(1)
    lab.state.delete(ASSETS, int(asset.target_id))
    token = lab.state.add_token(Token("limited", may_read=frozenset({ASSETS})))
    told = _told(lab.url, Gone("k", asset.target_id), token=token.secret)
    assert (
        told[asset.target_id]
        == f"asset #{asset.target_id} is gone from NetBox, and the token may not view its change log: {DECIDE}"
    )


def test_the_log_is_never_asked_for_what_its_records_are_about() -> None:
    """A single record of a kind that NetBox cannot show makes a whole page 500, unless fields are named."""
    with scripted(Reply({"count": 0, "next": None, "previous": None, "results": []})) as script:
        _told(script.url, Gone("k", "1"))
    assert script.seen
    assert all("fields=" in seen.url and "changed_object%2C" not in seen.url for seen in script.seen)


@pytest.mark.parametrize("who", ["", None])
def test_a_user_that_is_gone_too_is_somebody(who: str | None) -> None:
    record = {"id": 1, "time": "2026-03-01T10:00:00.000001Z", "user_name": who, "changed_object_id": 1, "object_repr": "PC 0"}
    with scripted(Reply({"count": 1, "next": None, "previous": None, "results": [record]})) as script:
        told = _told(script.url, Gone("k", "1"))
    assert "by somebody on 2026-03-01 10:00 UTC" in told["1"]
