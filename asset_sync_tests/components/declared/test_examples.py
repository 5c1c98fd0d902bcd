"""Syncs by YAML alone: the examples, and a system of one's own; each run in passes against simulators."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import dagster as dg
import pytest

from asset_sync.components.resources import LedgerResource
from asset_sync.components.snapshots import Snapshots
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState, create_app
from asset_sync.sandbox.server import Server
from asset_sync.sandbox.snipeit.records import Asset
from asset_sync.sandbox.world import World
from asset_sync.systems.netbox import NetBox
from asset_sync.systems.snipeit import SnipeIt
from asset_sync_tests.components.probe import ROOT, load_of
from asset_sync_tests.pipeline import Run

ASSETS: Final = "plugins/inventory/assets"


class Declared:
    """A sync of a YAML, run as a whole."""

    def __init__(self, name: str, definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
        self.name = name
        self.job = definitions.resolve_job_def(name)
        self.instance = instance

    def run(self, connection: str | None = None) -> Run:
        """Run the job; it must succeed, and converge where it wrote."""
        run = Run(
            self.job.execute_in_process(instance=self.instance, partition_key=connection, raise_on_error=False), self.name
        )
        assert run.success, run.errors()
        return run

    def failure(self, only: list[dg.AssetKey] | None = None) -> str:
        """Run the job, or some assets of it, which must fail; return the first line that it says."""
        ran = self.job.execute_in_process(instance=self.instance, raise_on_error=False, asset_selection=only)
        run = Run(ran, self.name)
        assert not run.success
        return run.errors()[0]


@contextmanager
def declared(name: str, yaml: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Declared]:
    shared = dg.Definitions(
        resources={"ledger": LedgerResource(), "snapshots": Snapshots(), "netbox": NetBox(), "snipeit": SnipeIt()},
        executor=dg.in_process_executor,
    )
    folder.mkdir(exist_ok=True)
    definitions = dg.Definitions.merge(load_of(folder, name, yaml, monkeypatch), shared)
    with dg.DagsterInstance.ephemeral() as instance:
        yield Declared(name, definitions, instance)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ASSET_SYNC_HOME", str(tmp_path / "home"))
    return monkeypatch


def example(name: str) -> str:
    return (ROOT / "examples" / name / "defs.yaml").read_text(encoding="utf-8")


def set_all(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.slow
def test_snipeit_to_netbox(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with World(30, 7) as world:
        set_all(environment, world.environment())
        with declared("snipeit_to_netbox", example("snipeit_to_netbox"), tmp_path, environment) as sync:
            first = sync.run()
            assets = {row["asset_tag"]: row for row in world.netbox.objects(ASSETS)}
            living = list(world.snipeit.hardware.living())
            assert first.planned["create"] > len(living)
            assert set(assets) == {row.asset_tag for row in living}
            for row in living:
                made = assets[row.asset_tag]
                assert made["status"] == expected_status(world, row)
            assert sync.run().planned == {"create": 0, "update": 0, "retire": 0, "restore": 0}
            world.day()
            sync.run()
            assert sync.run().planned == {"create": 0, "update": 0, "retire": 0, "restore": 0}


def expected_status(world: World, row: Asset) -> str:
    """The status of the example's mapping, by hand."""
    if row.assigned_to is not None:
        return "used"
    label = world.snipeit.status_labels.rows[row.status_id].name.lower()
    return "retired" if any(word in label for word in ("archived", "lost", "broken")) else "stored"


@pytest.mark.slow
def test_one_netbox_to_another(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    main, branch = NetBoxState(), NetBoxState()
    maker = main.create("dcim/manufacturers", {"name": "Juniper", "slug": "juniper", "description": "switches"})
    main.create("dcim/device-types", {"manufacturer": maker["id"], "model": "EX4300", "slug": "ex4300", "part_number": "EX"})
    main.create("dcim/sites", {"name": "Berlin", "slug": "ber", "status": "planned"})
    main.create("dcim/device-roles", {"name": "Access", "slug": "access", "color": "00ff00"})
    there = branch.create("dcim/manufacturers", {"name": "juniper", "slug": "juniper"})
    with Server(create_app(main)) as one, Server(create_app(branch)) as other:
        set_all(environment, {"NETBOX_MAIN_URL": one.url, "NETBOX_MAIN_TOKEN": DEFAULT_TOKEN})
        set_all(environment, {"NETBOX_BRANCH_URL": other.url, "NETBOX_BRANCH_TOKEN": DEFAULT_TOKEN})
        with declared("netbox_to_netbox", example("netbox_to_netbox"), tmp_path, environment) as sync:
            sync.run()
            (made,) = branch.objects("dcim/manufacturers")
            assert (made["id"], made["name"], made["description"]) == (there["id"], "Juniper", "switches")
            (device_type,) = branch.objects("dcim/device-types")
            assert (device_type["model"], device_type["part_number"]) == ("EX4300", "EX")
            assert device_type["manufacturer"] == there["id"]
            assert [(site["slug"], site["status"]) for site in branch.objects("dcim/sites")] == [("ber", "planned")]
            assert [(role["name"], role["color"]) for role in branch.objects("dcim/device-roles")] == [("Access", "00ff00")]
            assert sync.run().planned == {"create": 0, "update": 0, "retire": 0, "restore": 0}
            main.patch("dcim/sites", main.objects("dcim/sites")[0]["id"], {"name": "Berlin 1"})
            assert sync.run().planned == {"create": 0, "update": 1, "retire": 0, "restore": 0}
            assert [site["name"] for site in branch.objects("dcim/sites")] == ["Berlin 1"]


ROOMS_YAML: Final = """
type: asset_sync.components.SyncComponent
attributes:
  source: asset_sync_tests.components.declared.rooms.ROOMS
  target: netbox
  filters:
    rooms: [{column: use, is_not: [toilet*]}]
  mapping:
    site:
      name: {from: building}
      slug: {}
      status: {value: active}
    location:
      site: {}
      name: {template: "Room {room}"}
      slug: {}
      status: {value: active}
      facility: {from: use, values: {Labor: Laboratory}}
"""


def test_a_system_of_ones_own_is_one_file_and_one_yaml(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = ["id,building,room,use", "1,North,1.01,Labor", "2,North,1.02,Office", "3,South,1.01,", "4,South,1.02,Toilet (gents)"]
    (tmp_path / "rooms.csv").write_text("\n".join(rows), encoding="utf-8")
    environment.chdir(tmp_path)
    state = NetBoxState()
    with Server(create_app(state)) as netbox:
        set_all(environment, {"NETBOX_URL": netbox.url, "NETBOX_TOKEN": DEFAULT_TOKEN})
        with declared("rooms_to_netbox", ROOMS_YAML, tmp_path, environment) as sync:
            sync.run()
            sites = {site["id"]: site["name"] for site in state.objects("dcim/sites")}
            made = {(sites[row["site"]], row["name"], row["facility"]) for row in state.objects("dcim/locations")}
            assert made == {
                ("North", "Room 1.01", "Laboratory"),
                ("North", "Room 1.02", "Office"),
                ("South", "Room 1.01", ""),
            }
            assert sync.run().planned == {"create": 0, "update": 0, "retire": 0, "restore": 0}


LOOKING_FAR: Final = """
type: asset_sync.components.SyncComponent
attributes:
  source: snipeit
  target: netbox
  filters: {hardware: [{column: location_id.name, filled: true}]}
  mapping:
    site:
      name:
        rules: [{where: [{column: model_id.name, is: [x*]}], value: X}]
        value: Y
      slug: {}
"""


def test_tables_are_read_that_only_conditions_look_at(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = load_of(tmp_path, "looking", LOOKING_FAR, environment).assets or []
    keys = {key.to_user_string() for each in made if isinstance(each, dg.AssetsDefinition) for key in each.keys}
    assert {"looking/hardware", "looking/models", "looking/locations"} <= keys
    assert "looking/manufacturers" not in keys


SEVERAL_YAML: Final = """
type: asset_sync.components.SyncComponent
attributes:
  source: netbox
  target: netbox
  connections:
    - {name: berlin, interval_minutes: 30, filters: {sites: [{column: status, is: [active]}]}}
    - {name: paris, interval_minutes: 60}
  tables: {site: sites}
  mapping:
    site:
      name: {from: name, owner: source}
      slug: {from: slug, owner: source}
      status: {from: status, owner: source}
"""


def test_several_connections_are_partitions_with_links_of_their_own(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    berlin, paris, central = NetBoxState(), NetBoxState(), NetBoxState()
    for state, name in ((berlin, "Mitte"), (paris, "Marais")):
        state.create("dcim/sites", {"name": name, "slug": name.lower(), "status": "active"})
    berlin.create("dcim/sites", {"name": "Planned", "slug": "planned", "status": "planned"})
    with Server(create_app(berlin)) as one, Server(create_app(paris)) as two, Server(create_app(central)) as target:
        for prefix, server in (("NETBOX_BERLIN", one), ("NETBOX_PARIS", two), ("NETBOX", target)):
            set_all(environment, {f"{prefix}_URL": server.url, f"{prefix}_TOKEN": DEFAULT_TOKEN})
        with declared("sites_of_all", SEVERAL_YAML, tmp_path, environment) as sync:
            assert sync.run(connection="berlin").planned["create"] == 1
            assert sync.run(connection="paris").planned["create"] == 1
            assert sorted(site["name"] for site in central.objects("dcim/sites")) == ["Marais", "Mitte"]
            # What the one does not have, the other may go on having.
            assert sync.run(connection="berlin").planned == {"create": 0, "update": 0, "retire": 0, "restore": 0}
            told = sync.failure()
            assert "runs for one connection: choose its partition" in told


OF_REGIONS_YAML: Final = """
type: asset_sync.components.SyncComponent
attributes:
  source: netbox
  source_connection: {name: main}
  target: netbox
  target_connection: {name: branch}
  tables: {site: sites}
  mapping:
    site:
      name: {from: name, owner: source}
      slug: {from: slug, owner: source}
      status: {from: status, owner: source}
      description: {from: region.cf_code, owner: source, clears: true}
"""


def test_a_custom_field_of_what_a_row_points_to_empties_nothing(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    main, branch = NetBoxState(), NetBoxState()
    main.create("extras/custom-fields", {"name": "code", "type": "text", "object_types": ["dcim.region"]})
    region = main.create("dcim/regions", {"name": "North", "slug": "north", "custom_fields": {"code": "N1"}})
    main.create("dcim/sites", {"name": "Berlin", "slug": "ber", "status": "active", "region": region["id"]})
    branch.create("dcim/sites", {"name": "Berlin", "slug": "ber", "status": "active", "description": "N1"})
    with Server(create_app(main)) as one, Server(create_app(branch)) as other:
        set_all(environment, {"NETBOX_MAIN_URL": one.url, "NETBOX_MAIN_TOKEN": DEFAULT_TOKEN})
        set_all(environment, {"NETBOX_BRANCH_URL": other.url, "NETBOX_BRANCH_TOKEN": DEFAULT_TOKEN})
        with declared("netbox_to_netbox", OF_REGIONS_YAML, tmp_path, environment) as sync:
            sync.run()
            assert [site["description"] for site in branch.objects("dcim/sites")] == ["N1"]


def test_what_was_read_before_the_mapping_named_a_column_is_not_taken_for_empty(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    main, branch = NetBoxState(), NetBoxState()
    main.create("extras/custom-fields", {"name": "code", "type": "text", "object_types": ["dcim.site"]})
    main.create("dcim/sites", {"name": "Berlin", "slug": "ber", "status": "active", "custom_fields": {"code": "N1"}})
    branch.create("dcim/sites", {"name": "Berlin", "slug": "ber", "status": "active", "description": "N1"})
    named = OF_REGIONS_YAML.replace("region.cf_code", "cf_code")
    before = "".join(line for line in named.splitlines(keepends=True) if "cf_code" not in line)
    with Server(create_app(main)) as one, Server(create_app(branch)) as other:
        set_all(environment, {"NETBOX_MAIN_URL": one.url, "NETBOX_MAIN_TOKEN": DEFAULT_TOKEN})
        set_all(environment, {"NETBOX_BRANCH_URL": other.url, "NETBOX_BRANCH_TOKEN": DEFAULT_TOKEN})
        with declared("sites", before, tmp_path / "before", environment) as sync:
            sync.run()
        with declared("sites", named, tmp_path / "named", environment) as sync:
            later = [key for key in sync.job.asset_layer.executable_asset_keys if key != dg.AssetKey(["sites", "sites"])]
            assert sync.failure(later) == (
                "sites/sites has no column 'cf_code', which the mapping looks at: it was read without it, so read it again by "
                "a run of the whole sync"
            )
            sync.run()
    assert [site["description"] for site in branch.objects("dcim/sites")] == ["N1"]


def test_the_sensor_starts_each_connection_that_is_due(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for prefix in ("NETBOX_BERLIN", "NETBOX_PARIS", "NETBOX"):
        set_all(environment, {f"{prefix}_URL": "http://127.0.0.1:1", f"{prefix}_TOKEN": DEFAULT_TOKEN})
    definitions = load_of(tmp_path, "sites_of_all", SEVERAL_YAML, environment)
    (sensor,) = definitions.sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance=instance) as context:
        asked = sensor(context)
    assert isinstance(asked, dg.SensorResult)
    assert [request.partition_key for request in asked.run_requests or []] == ["berlin", "paris"]


def test_two_syncs_may_reach_one_connection(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = [load_of(tmp_path / name, name, example("netbox_to_netbox"), environment) for name in ("one", "two")]
    one, two = (dict(of.resources or {}) for of in made)
    assert one["netbox_main"] is two["netbox_main"], "Dagster takes but one resource of a key"
