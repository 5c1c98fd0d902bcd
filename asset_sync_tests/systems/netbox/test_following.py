"""Following a NetBox gives what reading it whole does, whatever happened meanwhile, and asks for what changed alone."""

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from json import dumps, loads
from random import Random
from typing import Any

import pandas as pd
import pytest

from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.tables import Tables
from asset_sync.sandbox.netbox import NetBoxState, Token
from asset_sync.systems.netbox import declared, observe, since
from asset_sync.systems.netbox.client import NetBoxClient
from asset_sync.systems.netbox.extract import Asked
from asset_sync.systems.netbox.following import follow
from asset_sync.systems.system import Kept
from asset_sync_tests.systems.netbox.conftest import Lab

DAY = timedelta(days=1)
ASSETS = declared({"manufacturer": ["name"], "inventory_item_type": ["model"], "asset": ["name", "description"]})
DEVICES = declared(
    {
        "manufacturer": ["name"],
        "device_type": ["model"],
        "device_role": ["name"],
        "platform": ["name"],
        "site": ["name"],
        "device": ["name", "serial", "platform", "device_type", "role", "site"],
        "interface": ["name", "description"],
        "ip_address": ["address", "interface"],
        "device_primary_ip": ["primary_ip4"],
    }
)


@pytest.fixture(autouse=True)
def _in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here nothing comes late: so all that is not asked for is not read. And there is more than one sees at a glance."""
    monkeypatch.setattr(since, "_LATE", timedelta())
    monkeypatch.setattr(since, "_GLANCE", 2)


TYPES = declared({"manufacturer": ["name"], "inventory_item_type": ["model"]})
"""Some of the kinds, and of their fields, that are among the assets'."""


def asked(lab: Lab, kinds: Any = ASSETS, client: NetBoxClient | None = None) -> Asked:
    return Asked(client or lab.client, kinds, {name: [field.name for field in kind.fields] for name, kind in kinds.items()}, {})


def read(lab: Lab, *last: Tables, kinds: Any = ASSETS, every: timedelta = DAY) -> tuple[Tables, str]:
    """Follow a NetBox from the first of those tables that will do, having seen to it that what is read is what is there."""
    fields = {name: [field.name for field in kind.fields] for name, kind in kinds.items()}
    found = follow(asked(lab, kinds), map(Kept, last), every)
    whole = observe(lab.client, kinds, fields)
    assert ("custom_field" in found.tables) == ("custom_field" in whole)
    for name, table in whole.items():
        pd.testing.assert_frame_equal(found.tables[name], table, obj=name)
    return found


def test_what_did_not_change_costs_one_request_an_endpoint_and_one_more(lab: Lab) -> None:
    lab.assets(5)
    first, how = read(lab)
    assert how == "whole: nothing was read before"
    before = lab.client.tally.read
    again = follow(asked(lab), [Kept(first)], DAY)
    assert lab.client.tally.read - before == 1 + 3, "the log, and each endpoint with its count"
    assert again.how.startswith("what changed since ")
    assert again.tables.keys() == first.keys()


def test_what_was_made_changed_and_deleted_is_read_alone(lab: Lab) -> None:
    made = lab.assets(5)
    first, _ = read(lab)
    lab.state.patch("plugins/inventory/assets", int(made[1].target_id), {"name": "other"})
    lab.state.delete("plugins/inventory/assets", int(made[2].target_id))
    lab.state.create("plugins/inventory/assets", {"serial": "N1", "status": "stored", "inventoryitem_type": 1})
    _, how = read(lab, first)
    assert how.startswith("what changed since ")


def test_what_is_more_than_a_glance_shows_is_asked_for(lab: Lab) -> None:
    lab.assets(5)
    first, _ = read(lab)
    for number in range(3):
        lab.state.create("plugins/inventory/assets", {"serial": f"N{number}", "status": "stored", "inventoryitem_type": 1})
    before = lab.client.tally.read
    again = follow(asked(lab), [Kept(first)], DAY)
    assert lab.client.tally.read - before == 1 + 3 + 2, "besides, the assets that changed, and their count"
    assert len(again.tables["asset"]) == 8


class Disordered:
    """A NetBox that passes over the order that it is asked for: so do some, without a word."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows_there = rows

    def newest_first(self, _endpoint: str, _fields: object, most: int) -> tuple[list[dict[str, Any]], int]:
        return self.rows_there[:most], len(self.rows_there)

    def rows(self, _endpoint: str, _fields: object, query: list[tuple[str, str]]) -> list[dict[str, Any]]:
        ((name, moment),) = query
        assert name == "last_updated__gte"
        return [
            row for row in self.rows_there if row["last_updated"] and since.moment(row["last_updated"]) >= since.moment(moment)
        ]


@pytest.mark.parametrize(
    ("told", "changed"),
    [
        ("31 30 29 28", [0, 1]),  # in order, and the glance ends before what changed: all of it is seen
        ("30 31 29 28", [0, 1]),
        ("28 29 31 30", [2, 3]),
        ("- 31 28", [1]),  # what has no moment comes first
        ("- - 31", [2]),
    ],
)
def test_an_order_that_was_not_kept_hides_nothing(told: str, changed: list[int]) -> None:
    moments = [None if day == "-" else f"2026-10-{day}T00:00:00Z" for day in told.split()]
    client: Any = Disordered([{"id": number, "last_updated": at} for number, at in enumerate(moments)])
    newest = datetime(2026, 10, 30, tzinfo=UTC)
    mark = since.Mark("somebody", newest + DAY, newest, newest, 7, "request", newest)
    assert [row["id"] for row in since.changes_since(client, "dcim/sites", (), mark).rows] == changed


def test_a_maker_that_is_called_otherwise_is_so_in_the_types_that_show_it(lab: Lab) -> None:
    lab.assets(1)
    first, _ = read(lab)
    lab.state.patch("dcim/manufacturers", 1, {"name": "Hewlett-Packard"})
    found, how = read(lab, first)
    assert found["inventory_item_type"]["key"].tolist() == ["Hewlett-Packard EliteBook"]
    assert how.startswith("what changed since ")


def test_what_a_deletion_empties_elsewhere_is_empty(lab: Lab) -> None:
    lab.an_interface()
    lab.state.create("dcim/platforms", {"name": "Debian", "slug": "debian"})
    lab.state.create(
        "ipam/ip-addresses", {"address": "10.0.0.5/24", "assigned_object_type": "dcim.interface", "assigned_object_id": 1}
    )
    lab.state.patch("dcim/devices", 1, {"platform": 1, "primary_ip4": 1})
    first, _ = read(lab, kinds=DEVICES)
    assert first["device"]["platform"].tolist() == ["1"]
    lab.state.delete("dcim/platforms", 1)
    lab.state.delete("ipam/ip-addresses", 1)
    found, how = read(lab, first, kinds=DEVICES)
    assert how.startswith("what changed since ")
    assert found["device"]["platform"].isna().all()
    assert found["device_primary_ip"]["primary_ip4"].isna().all()


@pytest.mark.parametrize(("quiet", "again"), [(timedelta(minutes=1), timedelta(minutes=5)), (timedelta(hours=1), timedelta())])
def test_what_was_seen_is_asked_for_again_as_long_as_something_may_come_late(
    quiet: timedelta, again: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for ever: the last thing that a quiet NetBox was told may have been a hundred thousand assets."""
    monkeypatch.setattr(since, "_LATE", timedelta(minutes=5))
    newest = datetime(2026, 11, 20, 12, tzinfo=UTC)
    mark = since.Mark("somebody", newest + quiet, newest, newest, 7, "request", newest)
    assert (mark.changed_since, mark.recorded_since) == (newest - again, newest - again)


def test_what_comes_late_is_seen_although_it_is_older_than_the_newest(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(since, "_LATE", timedelta(minutes=5))
    lab.assets(2)
    first, _ = read(lab)
    lab.state.create("plugins/inventory/assets", {"serial": "N1", "status": "stored", "inventoryitem_type": 1})
    table = lab.state.tables["plugins/inventory/assets"]
    last = table.rows[max(table.rows)]
    before = datetime.fromisoformat(last["last_updated"]) - timedelta(seconds=20)
    table.put({**last, "last_updated": before.strftime("%Y-%m-%dT%H:%M:%S.%fZ")})
    lab.state.revision += 1
    found, how = read(lab, first)
    assert how.startswith("what changed since ")
    assert found["asset"]["serial"].tolist() == ["S0", "S1", "N1"]


# What must not be gone on from.


def restored(state: NetBoxState) -> Callable[[], None]:
    """Make a backup; what is returned brings it back."""
    kept = {name: deepcopy(table) for name, table in state.tables.items()}

    def restore() -> None:
        state.tables.update({name: deepcopy(table) for name, table in kept.items()})
        state.revision += 1

    return restore


def test_a_netbox_that_came_back_from_a_backup_is_read_whole(lab: Lab) -> None:
    made = lab.assets(3)
    restore = restored(lab.state)
    lab.state.patch("plugins/inventory/assets", int(made[0].target_id), {"name": "lost"})
    first, _ = read(lab)
    restore()
    found, how = read(lab, first)
    assert how == "whole: its newest change record of the last time is gone: did it come back from a backup?"
    assert "lost" not in found["asset"]["name"].tolist()


def test_what_was_deleted_past_the_log_is_counted(lab: Lab) -> None:
    made = lab.assets(3)
    first, _ = read(lab)
    lab.state.tables["plugins/inventory/assets"].remove(int(made[0].target_id))
    lab.state.revision += 1
    _, how = read(lab, first)
    assert how == "whole: it counts other objects than are known by its changes"


def test_what_was_changed_past_the_log_is_found_when_it_is_read_whole(lab: Lab) -> None:
    made = lab.assets(2)
    first, _ = read(lab)
    table = lab.state.tables["plugins/inventory/assets"]
    table.put({**table.rows[int(made[0].target_id)], "description": "by SQL"})
    lab.state.revision += 1
    assert follow(asked(lab), [Kept(first)], DAY).tables["asset"]["description"].isna().all()
    found, how = read(lab, first, every=timedelta())
    assert found["asset"]["description"].tolist()[0] == "by SQL"
    assert how.startswith("whole: the last time was ")


@pytest.mark.parametrize(
    ("moments", "whole_every", "why"),
    [
        pytest.param(
            {"whole_at": 0.9}, timedelta(), "the last time was 2026-01-01 12:00 UTC", id="each-time-in-the-same-second"
        ),
        pytest.param({"read_at": 0.9, "newest": 0.9}, DAY, None, id="the-same-second"),
        pytest.param({"read_at": 240}, DAY, None, id="set-back-by-what-is-read-again"),
        pytest.param({"read_at": 3600, "whole_at": 3600}, DAY, "its clock was set back", id="set-back"),
        pytest.param({"newest": 3600}, DAY, "its clock was set back", id="objects-of-tomorrow"),
        pytest.param({"whole_at": -86400}, DAY, "the last time was 2025-12-31 12:00 UTC", id="a-day-later"),
    ],
)
def test_what_its_clock_makes_of_the_last_time(moments: dict[str, float], whole_every: timedelta, why: str | None) -> None:
    """Moments are seconds after now, by its own clock, which is known to a second."""
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    told: dict[str, Any] = dict.fromkeys(("read_at", "whole_at", "newest", "recorded"), now - timedelta(hours=1))
    told |= {name: now + timedelta(seconds=seconds) for name, seconds in moments.items()}
    mark = since.Mark(seen_by="", record=1, request="", version=(4, 6), **told)
    assert since.Last(mark, {}, "").why_no_more((4, 6), now, whole_every) == why


def test_another_version_is_read_whole(lab: Lab) -> None:
    lab.assets(1)
    first, _ = read(lab)
    mark = loads(first[since.READING]["reading"][0])
    earlier = pd.DataFrame({"reading": [dumps({**mark, "version": [4, 5]})]})
    version = ".".join(map(str, lab.client.version))
    assert (
        read(lab, {**first, since.READING: earlier})[1]
        == f"whole: it is NetBox {version}, and was another version the last time"
    )


OWNED = declared({"manufacturer": ["name"], "inventory_item_type": ["model"], "asset": ["name", "cf_owner"]})


def test_custom_fields_that_are_defined_otherwise_are_read_whole(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(since, "_TO_A_SECOND", timedelta())
    lab.assets(1)
    first, _ = read(lab)
    field = {"name": "owner", "type": "text", "object_types": ["netbox_inventory.asset"], "required": True}
    made = lab.state.create("extras/custom-fields", field)
    must, how = read(lab, first)
    assert must["custom_field"]["name"].tolist() == ["owner"]
    assert how == "whole: its custom fields were defined otherwise meanwhile"
    lab.state.patch("extras/custom-fields", int(made["id"]), {"required": False})
    free, how = read(lab, must)
    assert "custom_field" not in free
    assert how == "whole: its custom fields were defined otherwise meanwhile"


@pytest.mark.parametrize("again", ["text", "integer"])
def test_a_custom_field_that_was_deleted_and_made_again_has_the_values_that_it_has_now(lab: Lab, again: str) -> None:
    lab.assets(2)
    field = {"name": "owner", "type": "text", "object_types": ["netbox_inventory.asset"]}
    made = lab.state.create("extras/custom-fields", field)
    lab.state.patch("plugins/inventory/assets", 1, {"custom_fields": {"owner": "7"}})
    first, _ = read(lab, kinds=OWNED)
    assert first["asset"]["cf_owner"].tolist()[0] == "7"
    lab.state.delete("extras/custom-fields", int(made["id"]))
    lab.state.create("extras/custom-fields", {**field, "type": again})
    _, how = read(lab, first, kinds=OWNED)
    assert how == "whole: its custom fields were defined otherwise meanwhile"


def test_a_definition_that_comes_late_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(since, "_LATE", timedelta(minutes=5))
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    mark = since.Mark("somebody", now, now, now, 7, "request", now)
    late = {"id": 6, "time": "2026-11-20T11:59:50Z", "changed_object_type": "extras.customfield"}
    assert since.defined_otherwise([late], mark)
    assert since.defined_otherwise([{**late, "id": 8, "time": "2026-11-20T11:00:00Z"}], mark)
    assert not since.defined_otherwise([{**late, "time": "2026-11-20T11:00:00Z"}], mark)
    assert not since.defined_otherwise([{**late, "changed_object_type": "dcim.site"}], mark)


def test_the_change_log_is_asked_for_what_is_read_alone(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.assets(1)
    first, _ = read(lab)
    second, _ = read(lab, first)
    asked_for: list[set[str]] = []
    rows = lab.client.rows

    def listed(endpoint: str, fields: Any, query: Any = (), **more: Any) -> Any:
        if endpoint == "core/object-changes":
            asked_for.append({value for name, value in query if name == "changed_object_type"})
        return rows(endpoint, fields, query, **more)

    monkeypatch.setattr(lab.client, "rows", listed)
    for tables in (first, second):
        follow(asked(lab), [Kept(tables)], DAY)
    of_assets = {"dcim.manufacturer", "netbox_inventory.inventoryitemtype", "netbox_inventory.asset"}
    assert asked_for == [of_assets | {"extras.customfield", "extras.customfieldchoiceset"}] * 2


@pytest.mark.parametrize("count", [None, "many"])
def test_a_page_that_does_not_say_how_many_there_are_is_refused(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, count: object
) -> None:
    page = lab.client._page
    monkeypatch.setattr(lab.client, "_page", lambda endpoint, query: {**page(endpoint, query), "count": count})
    with pytest.raises(TargetError, match="dcim/sites did not say how many objects it has"):
        lab.client.newest_first("dcim/sites", ("name",), 2)


def test_more_fields_another_token_or_a_log_that_tells_nothing_are_read_whole(lab: Lab) -> None:
    lab.assets(1)
    first, _ = read(lab)
    lab.state.add_token(Token("0" * 40, only={"core/object-changes": {"user_name": "nobody"}}))
    other = lab.connect("0" * 40)
    kept, how = follow(asked(lab, client=other), [Kept(first)], DAY)
    why = "another token, another asset_sync or other custom fields than the last time"
    assert how == f"whole, as each time: its change log tells this token nothing ({why})"
    assert since.READING not in kept
    more = declared({"manufacturer": ["name", "description"], "inventory_item_type": ["model"], "asset": ["name", "comments"]})
    assert read(lab, first, kinds=more)[1] == "whole: more is mapped than the last time"
    assert read(lab, {"asset": first["asset"]})[1] == "whole: nothing was read before"


def test_what_nothing_tells_the_changes_of_is_listed_whole_beside_the_rest(lab: Lab) -> None:
    lab.an_interface()
    kinds = declared({**{name: [f.name for f in kind.fields] for name, kind in DEVICES.items()}, "cable": ["status"]})
    first, _ = read(lab, kinds=kinds)
    lab.state.patch("dcim/devices", 1, {"name": "pc2"})
    found, how = read(lab, first, kinds=kinds)
    assert how.startswith("what changed since ")
    assert found["interface"]["key"].tolist() == ["pc2 eth0"]


# What another sync read.


def test_who_reads_less_goes_on_from_what_another_read(lab: Lab) -> None:
    lab.assets(3)
    more, _ = read(lab)
    lab.state.patch("plugins/inventory/inventory-item-types", 1, {"model": "ProBook"})
    lab.state.patch("plugins/inventory/assets", 1, {"name": "the newest record is about none of what is read"})
    before = lab.client.tally.read
    found, how = follow(asked(lab, TYPES), [Kept(more, "others/inventory")], DAY)
    assert lab.client.tally.read - before == 1 + 1 + 2, (
        "custom fields, because something else is asked, the log, and each endpoint"
    )
    assert how.startswith("what changed since ")
    assert how.endswith(" UTC, when others/inventory was read: 1 objects looked at")
    lab.state.patch("plugins/inventory/assets", 1, {"name": "nor is this one"})
    assert read(lab, found, kinds=TYPES)[1].startswith("what changed since ")


def test_who_reads_more_takes_the_next_that_has_all_of_it(lab: Lab) -> None:
    lab.assets(3)
    (more, _), (less, _) = read(lab), read(lab, kinds=TYPES)
    assert read(lab, less, more)[1].startswith("what changed since ")
    assert read(lab, less)[1] == "whole: more is mapped than the last time"


def test_what_another_read_before_a_backup_came_back_is_not_gone_on_from(lab: Lab) -> None:
    made = lab.assets(3)
    restore = restored(lab.state)
    lab.state.patch("plugins/inventory/assets", int(made[0].target_id), {"name": "lost"})
    more, _ = read(lab)
    restore()
    assert read(lab, more, kinds=TYPES)[1].startswith("whole: its newest change record of the last time is gone")


def test_tables_of_an_earlier_version_are_not_gone_on_from(lab: Lab) -> None:
    lab.assets(1)
    first, _ = read(lab)
    told = {name: value for name, value in loads(first[since.READING]["reading"][0]).items() if name not in {"types", "logged"}}
    earlier = pd.DataFrame({"reading": [dumps({**told, "seen_by": "of an earlier version"})]})
    assert read(lab, {**first, since.READING: earlier})[1].startswith("whole: another token, another asset_sync")


def test_tables_of_a_later_version_are_read_as_far_as_they_are_known(lab: Lab) -> None:
    lab.assets(1)
    first, _ = read(lab)
    told = loads(first[since.READING]["reading"][0])
    later = pd.DataFrame({"reading": [dumps({**told, "seen_by": "of a later version", "imagined": 1})]})
    assert read(lab, {**first, since.READING: later})[1].startswith("whole: another token, another asset_sync")


class Hands:
    """Random things that people do in a NetBox."""

    def __init__(self, state: NetBoxState, random: Random) -> None:
        self.state = state
        self.random = random
        self.made = 0

    def do(self) -> None:
        """Do one of them; what NetBox refuses is not done."""
        sort = self.random.choice(("make", "make", "change", "change", "rename", "delete", "delete_type", "define"))
        with suppress(Exception):
            getattr(self, sort)()

    def any_of(self, endpoint: str) -> int:
        return int(self.random.choice(self.state.objects(endpoint))["id"])

    def make(self) -> None:
        self.made += 1
        word = f"x{self.made}"
        endpoint, body = self.random.choice(
            (
                ("dcim/manufacturers", {"name": word, "slug": word}),
                (
                    "plugins/inventory/inventory-item-types",
                    {"model": word, "slug": word, "manufacturer": self.any_of("dcim/manufacturers")},
                ),
                (
                    "plugins/inventory/assets",
                    {
                        "serial": word,
                        "status": "stored",
                        "inventoryitem_type": self.any_of("plugins/inventory/inventory-item-types"),
                    },
                ),
            )
        )
        self.state.create(endpoint, body)

    def change(self) -> None:
        word = f"d{self.random.randrange(9)}"
        self.state.patch("plugins/inventory/assets", self.any_of("plugins/inventory/assets"), {"description": word})

    def rename(self) -> None:
        self.state.patch("dcim/manufacturers", self.any_of("dcim/manufacturers"), {"name": f"m{self.random.randrange(9)}"})

    def delete(self) -> None:
        self.state.delete("plugins/inventory/assets", self.any_of("plugins/inventory/assets"))

    def define(self) -> None:
        """Have a custom field that is not mapped, and that must be filled, or need not be."""
        endpoint, required = "extras/custom-fields", self.random.random() < 0.5
        told = {"name": "room", "type": "text", "object_types": ["netbox_inventory.asset"], "required": required}
        if self.state.objects(endpoint):
            self.state.patch(endpoint, self.any_of(endpoint), {"required": required})
        else:
            self.state.create(endpoint, told)

    def delete_type(self) -> None:
        self.state.delete("plugins/inventory/inventory-item-types", self.any_of("plugins/inventory/inventory-item-types"))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_people_and_backups_do_it_is_as_if_it_were_read_whole(lab: Lab, seed: int) -> None:
    random = Random(seed)
    lab.assets(4)
    hands, backups, ways = Hands(lab.state, random), [restored(lab.state)], set()
    kept: list[Tables] = []
    for _ in range(12):
        if random.random() < 0.2:
            random.choice(backups)()
        for _ in range(random.randrange(4)):
            hands.do()
        # Two syncs that read one NetBox, of which one reads less than the other.
        found, how = read(lab, *kept, kinds=random.choice((ASSETS, ASSETS, TYPES)))
        kept = [found, *kept][:4]
        ways.add(how.partition(":")[0].partition(" since")[0])
        if random.random() < 0.3:
            backups.append(restored(lab.state))
    assert ways == {"whole", "what changed"}
