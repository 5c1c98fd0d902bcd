"""A whole pipeline between NetBox and WhatsUp Gold: real HTTP, a real PostgreSQL, a real Dagster instance."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from sqlalchemy import text

from asset_sync import database
from asset_sync.components.resources import LedgerResource, open_ledger, open_schedules
from asset_sync.components.snapshots import Snapshots
from asset_sync.components.turns import in_turn, turn_by_hand
from asset_sync.ledger import Ledger
from asset_sync.sandbox.faults import Faults
from asset_sync.sandbox.server import Server
from asset_sync.sandbox.world import WUG_PASSWORD, WUG_USERNAME, World
from asset_sync.sandbox.wug import FAULTS, WugState, create_app
from asset_sync.systems.netbox import NetBox
from asset_sync.systems.wug import WhatsUpGold
from asset_sync.tracking import Tracking, open_tracking
from asset_sync_tests.components.probe import load_of
from asset_sync_tests.pipeline import Run

EXPORT = "netbox_to_wug"
IMPORT = "wug_to_netbox"
SCANS = "netbox_to_wug_scans"
MAIN = "main"
_DEFS = Path(__file__).parents[3] / "asset_sync" / "defs"


class Lab:
    """Runs both syncs, and looks at both systems."""

    def __init__(self, world: World, instance: dg.DagsterInstance, definitions: Mapping[str, dg.Definitions]) -> None:
        self.world = world
        self.instance = instance
        self.definitions = definitions
        self.servers: dict[str, WugState] = {MAIN: world.wug}
        self.faults: dict[str, Faults] = {MAIN: world.wug_faults}

    def run(
        self,
        sync: str = EXPORT,
        connection: str = MAIN,
        mode: str = "normal",
        tags: dict[str, str] | None = None,
        only: dict[str, list[str]] | None = None,
    ) -> Run:
        """Run the whole job of a sync for a connection, `only` about some of the source's rows."""
        config = {"ops": {f"{sync}__plan": {"config": {"mode": mode}}, f"{sync}__devices": {"config": {"only": only or {}}}}}
        return self._execute(sync, connection, run_config=config, tags=tags)

    def follow_scans(self, connection: str = MAIN) -> Run:
        """Look at the scans of a connection, as the sensor has it done."""
        return self._execute(SCANS, connection)

    def apply(self, plan_id: str = "", approved_by: str = "", connection: str = MAIN, sync: str = EXPORT) -> Run:
        """Materialise `applied` alone, as a person does in the UI."""
        config = {"ops": {f"{sync}__applied": {"config": {"plan_id": plan_id, "approved_by": approved_by}}}}
        return self._execute(sync, connection, run_config=config, asset_selection=[dg.AssetKey([sync, "applied"])])

    def _execute(self, job: str, connection: str, **more: Any) -> Run:
        sync = job.removesuffix("_scans")
        chosen = self.definitions[sync].resolve_job_def(job)
        turn = turn_by_hand(job, chosen.tags, connection, more.get("run_config", {}), whole="asset_selection" not in more)
        if turn is not None:
            turn = replace(turn, request=self._request(sync, connection))
        run_id = str(uuid.uuid4())
        with in_turn(turn, run_id, tell=print, stopped=lambda _seconds: True) as ending:
            result = chosen.execute_in_process(
                instance=self.instance, partition_key=connection, raise_on_error=False, run_id=run_id, **more
            )
            run = Run(result, sync)
            ending.error = None if run.success else next(iter(run.errors()), "failed")
        return run

    def _request(self, sync: str, connection: str) -> str | None:
        """The run that the sensor asked for last, which is the next one."""
        found = open_schedules().of(sync).get(connection)
        return found.owner.name if found and found.owner else None

    @property
    def ledger(self) -> Ledger:
        """The ledger that the runs write to."""
        return open_ledger()

    @property
    def tracking(self) -> Tracking:
        """The table of exports."""
        return open_tracking()

    def tracked(self, connection: str = MAIN) -> dict[str, dict[str, Any]]:
        """The rows of the table of exports by address, read as a person would with SQL."""
        query = text("SELECT * FROM wug.wug_ip_exports WHERE connection = :c")
        with database.engine().connect() as db:
            return {row["address"]: dict(row) for row in db.execute(query, {"c": connection}).mappings()}

    def wug(self, connection: str = MAIN) -> WugState:
        """The server of a connection."""
        return self.servers[connection]

    def netbox(self, name: str) -> dict[str, Any]:
        """A device of NetBox by its name."""
        return next(row for row in self.world.netbox.objects("dcim/devices") if row["name"] == name)

    def monitored(self, connection: str = MAIN) -> dict[str, Any]:
        """The devices of WhatsUp Gold that carry an id of NetBox, by that id."""
        found = {}
        for device in self.wug(connection).devices.values():
            for attribute in device.attributes:
                if attribute.name == "netbox_id":
                    found[attribute.value] = device
        return found

    def pass_time(self, hours: float) -> None:
        """Let what is missing, exported or failed be so for longer."""
        moved = {
            "asset_sync.link": ["missing_since"],
            "wug.wug_ip_exports": ["pending_at", "exported_at", "scan_triggered_at", "scan_completed_at", "next_attempt_at"],
        }
        open_tracking()
        with database.engine().begin() as db:
            for table, columns in moved.items():
                set_ = ", ".join(f"{column} = {column} - make_interval(secs => :s)" for column in columns)
                db.execute(text(f"UPDATE {table} SET {set_}"), {"s": hours * 3600})


def wug_writes(state: WugState) -> int:
    """How many writes a server got, but for tokens."""
    return sum(n for asked, n in state.requests.items() if not asked.startswith("GET") and not asked.endswith("/token"))


@contextmanager
def running(
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
    home: Path,
    *,
    network: int = 24,
    company: int = 20,
    connections: Mapping[str, Mapping[str, Any]] | None = None,
    **attributes: Any,
) -> Iterator[Lab]:
    """Give a lab whose environment points to a sandbox of its own.

    `company` is how many machines the company has, by which it has sites. `connections` are the settings of the connections by
    name (by default one, as in the project); each has a server of its own.
    `attributes` replace those of the YAML of the export.
    """
    chosen = {MAIN: {}} if connections is None else connections
    with World(company, 7, network=network) as world, dg.DagsterInstance.ephemeral() as instance, ExitStack() as servers:
        definitions = {sync: definitions_of(home, sync, chosen, attributes, monkeypatch) for sync in (EXPORT, IMPORT)}
        lab = Lab(world, instance, definitions)
        environment = {**world.environment(), "DATABASE_URL": database_url, "ASSET_SYNC_HOME": str(home)}
        for name in chosen.keys() - {MAIN}:
            lab.servers[name], lab.faults[name] = WugState(dict(world.wug.hosts), scan_seconds=0.05), Faults(0, FAULTS)
            environment |= servers.enter_context(serving(name, lab.servers[name], lab.faults[name]))
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        yield lab


@contextmanager
def serving(name: str, state: WugState, faults: Faults | None = None) -> Iterator[dict[str, str]]:
    """Serve a WhatsUp Gold, and tell the environment variables of the connection of that name that leads to it."""
    app = create_app(state, users={WUG_USERNAME: WUG_PASSWORD}, faults=faults or Faults(0, FAULTS))
    with Server(app) as server:
        values = {"URL": server.url, "USERNAME": WUG_USERNAME, "PASSWORD": WUG_PASSWORD}
        yield {f"WUG_{name.upper()}_{variable}": value for variable, value in values.items()}


def definitions_of(
    home: Path,
    sync: str,
    connections: Mapping[str, Mapping[str, Any]],
    attributes: Mapping[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> dg.Definitions:
    """A project in that folder that has one sync alone, with those connections (see `running`) and all that a run needs."""
    declared = yaml.safe_load((_DEFS / sync / "defs.yaml").read_text(encoding="utf-8"))
    own = declared["attributes"]
    (usual,) = own["connections"]
    if sync == EXPORT:
        own["connections"] = [{**usual, "name": name, **settings} for name, settings in connections.items()]
        own |= attributes
    else:
        own["connections"] = [{**usual, "name": name} for name in connections]
    loaded = load_of(home / f"probe_{sync}", sync, yaml.safe_dump(declared, sort_keys=False), monkeypatch)
    resources = {"ledger": LedgerResource(), "snapshots": Snapshots(), "netbox": NetBox(), "wug": WhatsUpGold()}
    return dg.Definitions.merge(loaded, dg.Definitions(resources=resources, executor=dg.in_process_executor))
