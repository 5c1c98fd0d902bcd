"""The one object that Dagster loads: the syncs in `defs/`, and what they all share."""

import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path

import dagster as dg

from asset_sync.components import run_tags
from asset_sync.components.asking import asked_sensor
from asset_sync.components.forms import loaded
from asset_sync.components.leasing import abandoned_runs, leased_executor
from asset_sync.components.resources import LedgerResource
from asset_sync.components.snapshots import Snapshots
from asset_sync.memory import collect_as_usual, collect_seldom
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.netbox import NetBox
from asset_sync.systems.pdq import PdqConnect
from asset_sync.systems.snipeit import SnipeIt
from asset_sync.systems.wug import WhatsUpGold

collect_seldom()


@dg.definitions
def defs() -> dg.Definitions:
    """Return every sync with its resources. Nothing here reads the environment: the graph is made of committed files."""
    return _all()


@cache
def _all() -> dg.Definitions:
    # Dagster asks for them five times in a process that executes one run: to find them, to find the job, to execute it.
    syncs = _syncs(lambda: dg.load_from_defs_folder(path_within_project=Path(__file__).parent))
    jobs = [job for job in syncs.jobs or [] if run_tags.SYNC in (job.tags or {})]
    watching = dg.Definitions(sensors=[abandoned_runs, asked_sensor(jobs)])
    return dg.Definitions.merge(syncs, _shared(), watching)


def sync_defs(sync: str) -> dg.Definitions:
    """Return one sync, by the name of its folder, with its resources: a run by hand needs no other, and begins sooner.

    Its folder is the whole tree of components: Dagster reads every YAML file of a tree, however little of it is asked for.
    """
    every = dg.ComponentTree.for_project(Path(__file__).parent)
    tree = dg.ComponentTree.from_module(import_module(f"{every.defs_module_name}.{sync}"), every.project_root)

    def load() -> dg.Definitions:
        # By its path: asked for without one, a tree describes every type of component there is, for an editor of files.
        return dg.Definitions.merge(tree.build_defs(tree.defs_module_path), dg.Definitions(component_tree=tree))

    return dg.Definitions.merge(_syncs(load, root=tree.defs_module_path), _shared())


def _shared() -> dg.Definitions:
    return dg.Definitions(
        resources={
            "ledger": LedgerResource(),
            "snapshots": Snapshots(),
            "pdq_connect": PdqConnect(),
            "netbox": NetBox(),
            "snipeit": SnipeIt(),
            "wug": WhatsUpGold(),
        },
        executor=leased_executor,
    )


def _syncs(load: Callable[[], dg.Definitions], root: Path | None = None) -> dg.Definitions:
    try:
        made = loaded(Path(__file__).parent / "defs", load, root=root)
    except ConfigurationError as error:
        # Dagster tells, in a log and on a page, where in the code it was raised. The line says where in the YAML it is wrong.
        sys.tracebacklimit = 0
        raise ConfigurationError(str(error)) from None
    collect_as_usual()
    return made
