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


HOST = {
    "manufacturer": NAMED,
    "device_type": {"manufacturer": FieldMapping(OWNED), "model": FieldMapping(OWNED, value="Any"), "slug": NAMED["slug"]},
    "device_role": NAMED,
    "site": NAMED,
    "device": {"name": FieldMapping(OWNED, source="name")},
}
PORTS = pd.DataFrame(
    {
        "id": ["p1", "p2", "p3"],
        "host": ["1", "1", "2"],
        "name": ["eth0", "bond0", "bond0"],
        "bond": ["p2", None, None],
    },
    dtype="str",
)
CONTAINERS = pd.DataFrame(
    {"id": ["c1", "c2"], "host": ["1", "2"], "name": ["web", "db"], "cpus": ["0.3333", "many"], "ports": ["443,80", "x"]},
    dtype="str",
)
ROWS = {"machines": MACHINES, "ports": PORTS, "containers": CONTAINERS}
POINTING = {"host": "machines", "bond": "ports"}


def _told() -> Source:
    tables = {
        name: SourceTable(name, "", tuple(Column(str(column), to=POINTING.get(str(column))) for column in rows))
        for name, rows in ROWS.items()
    }
    return Source(tables, ROWS)


def test_links_between_interfaces_and_what_runs_on_machines_are_wanted_as_netbox_has_them() -> None:
    mapping = HOST | {
        "interface": {"device": FieldMapping(OWNED, source="host"), "name": FieldMapping(OWNED, source="name")},
        "interface_links": {"lag": FieldMapping(OWNED, source="bond")},
        "virtual_machine": {
            "name": FieldMapping(OWNED, source="name"),
            "device": FieldMapping(OWNED, source="host"),
            "vcpus": FieldMapping(OWNED, source="cpus"),
        },
        "vm_service": {
            "virtual_machine": FieldMapping(OWNED),
            "name": FieldMapping(OWNED, source="name"),
            "protocol": FieldMapping(OWNED, value="tcp"),
            "ports": FieldMapping(OWNED, source="ports"),
        },
    }
    made_from = dict.fromkeys(HOST, "machines") | {
        **dict.fromkeys(("interface", "interface_links"), "ports"),
        **dict.fromkeys(("virtual_machine", "vm_service"), "containers"),
    }
    made = desired_tables(_told(), declared(mapping), SyncMapping(made_from, mapping))
    links = made.tables["interface_links"]
    assert links[["source_key", "interface", "lag"]].to_numpy().tolist() == [["p1", "sw1 eth0", "sw1 bond0"]]
    machines = made.tables["virtual_machine"]
    assert machines["vcpus"].fillna(-1).tolist() == [0.33, -1]
    assert machines["device"].tolist() == ["sw1", "sw2"]
    services = made.tables["vm_service"]
    assert services[["virtual_machine", "ports"]].to_numpy().tolist() == [["sw1 web", "80, 443"], ["sw2 db", "x"]]
