import pandas as pd
import pytest

from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.tables import observed_schema
from asset_sync.sandbox.wug import Interface, Maintenance
from asset_sync.systems.wug import canonical, discovered, observe
from asset_sync.systems.wug.records import device_of
from asset_sync_tests.systems.wug.conftest import KINDS, ROOT, Lab


def values(table: pd.DataFrame, name: str) -> list[object]:
    column = table[name]
    return column.astype(object).where(column.notna(), None).tolist()


def test_observes_groups_and_locks_those_of_other_people(lab: Lab) -> None:
    lab.groups("Net", "Net/Box", "Net/Box/A", "Theirs")
    lab.state.add_group("B/C", lab.group_id("Net/Box"), description="slashed")
    table = observe(lab.client, KINDS, root="Net/Box")["group"]
    observed_schema(KINDS["group"]).validate(table)
    found = dict(zip(table["path"], values(table, "locked"), strict=True))
    locked = "is not below Net/Box"
    expected = {"Net": None, "Net/Box": None, "Net/Box/A": None, "Net/Box/B-C": None}
    assert found == {**expected, "Theirs": locked, "Discovered Devices": locked}
    assert values(table[table["path"] == "Net/Box/B-C"], "description") == ["slashed"]


def test_observes_devices_with_all_their_fields(lab: Lab) -> None:
    lab.groups(ROOT, f"{ROOT}/A", "Theirs")
    whole = lab.state.add_device(
        "sw1",
        "2001:DB8::0:1",
        host_name="sw1.example",
        groups=(lab.group_id("Theirs"), lab.group_id(f"{ROOT}/A")),
        role="Switch",
        brand="Cisco",
        os="IOS",
        note="n",
        attributes={"netbox_id": "42", "site": "A"},
    )
    whole.maintenance = Maintenance(enabled=True)
    whole.interfaces += [Interface("901", "10.0.0.9", "b"), Interface("902", "10.0.0.10", "c")]
    lab.state.add_device("bare", "10.0.0.1", host_name="10.0.0.1", groups=(lab.group_id("Theirs"),))
    lab.state.add_device("rooted", "10.0.0.2", groups=("0",))
    table = observe(lab.client, KINDS, root=ROOT)["device"]
    observed_schema(KINDS["device"]).validate(table)
    names = [field.name for field in KINDS["device"].fields]
    row = {name: values(table, name)[0] for name in ("id", "key", "version", "locked", *names)}
    assert row == {
        "id": whole.id,
        "key": "sw1",
        "version": None,
        "locked": None,
        "name": "sw1",
        "host_name": "sw1.example",
        "address": "2001:db8::1",
        "group": f"{ROOT}/A",
        "role": "Switch",
        "brand": "Cisco",
        "os": "IOS",
        "note": "n",
        "maintenance": "on",
        "other_addresses": "10.0.0.10 10.0.0.9",
        "attr_netbox_id": "42",
        "attr_site": "A",
    }
    assert values(table, "host_name") == ["sw1.example", None, "rooted"]
    assert values(table, "group") == [f"{ROOT}/A", None, None]
    assert values(table, "maintenance") == ["on", "off", "off"]


def test_the_root_itself_counts_and_the_first_of_several(lab: Lab) -> None:
    lab.groups(ROOT, f"{ROOT}/A", f"{ROOT}x")
    ids = [lab.group_id(path) for path in (f"{ROOT}x", ROOT, f"{ROOT}/A")]
    lab.state.add_device("one", "10.0.0.1", groups=ids)
    assert observe(lab.client, KINDS, root=ROOT)["device"]["group"].tolist() == [ROOT]


def test_reads_no_more_than_the_fields_need(lab: Lab) -> None:
    lab.fill(3)
    tables = observe(lab.client, {"device": KINDS["device"]}, root=ROOT, fields={"device": ["note"]})
    assert list(tables) == ["device"]
    own = ["id", "key", "version", "created", "locked"]
    assert list(tables["device"]) == [*own, "name", "address", "note", "other_addresses", "attr_netbox_id"]
    assert lab.client.tally.read == 3


def test_an_empty_server_gives_empty_tables(lab: Lab) -> None:
    tables = observe(lab.client, KINDS, root=ROOT)
    assert tables["device"].empty
    assert discovered(lab.client, root=ROOT).empty


def test_five_thousand_devices_cost_twenty_four_requests_at_most(lab: Lab) -> None:
    lab.fill(1000)
    table = observe(lab.client, KINDS, root=ROOT)["device"]
    assert len(table) == 1000
    # A token, a page of groups, the pages of templates, the count and a page of maintenance.
    assert lab.client.tally.read == 1 + 1 + 1000 // 250 + 1 + 1


def test_discovers_devices_as_a_source(lab: Lab) -> None:
    lab.groups(ROOT, f"{ROOT}/A", "Sites", "Sites/CH DC")
    ids = [lab.group_id(path) for path in (f"{ROOT}/A", "Sites/CH DC")]
    lab.state.add_device("one", "10.0.0.1", groups=ids, role="Switch", attributes={"netbox_id": "7"}, state="Up")
    lab.state.add_device("two", "10.0.0.2", groups=ids[:1], state="Down")
    table = discovered(lab.client, root=ROOT)
    assert {str(dtype) for dtype in table.dtypes} == {"str"}
    assert values(table, "state") == ["Up", "Down"]
    assert values(table, "group") == ["Sites/CH DC", None]
    assert values(table, "group_name") == ["CH DC", None]
    assert values(table, "netbox_id") == ["7", None]
    assert values(table, "role") == ["Switch", "Device"]


def test_addresses_are_canonical_and_other_text_stays() -> None:
    assert canonical("2001:DB8:0:0::1") == "2001:db8::1"
    assert canonical(" 10.0.0.1 ") == "10.0.0.1"
    assert canonical("printer.example") == "printer.example"


@pytest.mark.parametrize(
    "broken",
    [{"interfaces": None}, {"attributes": [{"value": "b"}]}, {"groups": [{"parents": ["A"]}]}, {"groups": "A"}],
)
def test_a_template_without_its_parts_is_refused(broken: dict[str, object]) -> None:
    whole = {"templateId": "7", "interfaces": [], "attributes": [], "groups": []}
    assert device_of(whole).id == "7"
    with pytest.raises(TargetError, match="template of device '7'"):
        device_of({**whole, **broken})


def test_the_default_interface_is_known_where_the_template_names_it() -> None:
    row = {"networkAddress": "10.0.0.1", "networkName": "10.0.0.1", "defaultInterface": True}
    found = [
        device_of({"templateId": 7, "interfaces": [one], "attributes": [], "groups": []}).interface
        for one in (row, {**row, "interfaceId": 5}, {**row, "interfaceId": 5, "defaultInterface": False})
    ]
    assert [one and (one.id, one.address, one.host_name) for one in found] == [None, ("5", "10.0.0.1", None), None]


def test_my_network_is_in_no_path() -> None:
    groups = [{"parents": ["My Network", "A"], "name": "B"}, {"parents": ["A"], "name": "B"}, {"name": "My Network"}]
    found = device_of({"templateId": 7, "interfaces": [{"networkAddress": "a.example"}], "attributes": [], "groups": groups})
    assert (found.id, found.address, found.groups) == ("7", "a.example", (("A", "B"), ("A", "B")))
