"""Runs that are asked for, to be carried out by somebody else: Dagster's daemon, or a service where no daemon runs.

What is asked for is kept in the ledger's database, so that however many services there are, all know the same.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from threading import Event, Thread
from typing import Final

from asset_sync import database, settings
from asset_sync.components.declared.choosing import Only
from asset_sync.components.resources import open_asks, open_ledger
from asset_sync.components.run_tags import ASKED
from asset_sync.ledger import Asked, Asking, PlanHeader
from asset_sync.operations import fabrics, plans
from asset_sync.operations.daemon import daemon_lives
from asset_sync.operations.definitions import events_of, instance, variables_of
from asset_sync.operations.runs import config_of, execute, new_run_id
from asset_sync.reconcile.errors import AssetSyncError, PlanError
from asset_sync.reconcile.plan import Mode

_PATIENCE: Final = timedelta(seconds=30)
"""What a daemon that lives did not take for so long is taken here: its sensor may be switched off."""
_LOOK_S: Final = 1.0
_log: Final = logging.getLogger(__name__)


def ask(
    sync: str,
    mode: Mode = "normal",
    *,
    partition: str | None = None,
    only: Only | None = None,
    target_options: Mapping[str, bool] | None = None,
) -> str:
    """Ask for a run of a sync, or of one partition of it, as `run_sync` does one; return its id.

    `target_options` come in this run in the place of what the YAML says to the target. Raises
    `ConfigurationError` where there is no such sync, mode or partition, and where it cannot be asked so.
    """
    key, config = config_of(sync, mode, partition, only)
    if target_options:
        config = {**config, "plan": {**config["plan"], "target_options": dict(target_options)}}
    return open_asks().ask(Asking(new_run_id(), sync, key, config))


def ask_fabric(name: str) -> str:
    """Ask for a run of the fabric of that name; return its id.

    Raises `ConfigurationError` where there is no such fabric, and `PlanError` for one that does not run now.
    """
    one = fabrics.chosen(fabrics.syncs_with(fabrics.SYSTEM), name)
    if why := fabrics.why_not(one):
        raise PlanError(why)
    return ask(one.sync, partition=one.name)


def ask_to_apply(plan_id: str) -> str:
    """Ask for a run that applies a plan; return its id. Raises `PlanError` where the plan waits for something."""
    return _ask_to_apply(open_ledger().header(plan_id), new_run_id())


def ask_to_undo(plan_id: str, by: str) -> str:
    """Keep the plan that takes a plan back, and ask for a run that applies it; return the run's id.

    To ask for it is to approve it. Raises `PlanError` where its guards fail: then it is kept, and waits for approval.
    """
    run_id = new_run_id()
    return _ask_to_apply(plans.save_undo(plans.make_undo(plan_id), run_id, by), run_id)


def _ask_to_apply(header: PlanHeader, run_id: str) -> str:
    why_not = plans.waits(header.id)
    if why_not:
        raise PlanError(why_not)
    config, steps, tags = plans.applying(header)
    return open_asks().ask(Asking(run_id, header.sync, plans.partition_of_plan(header), config, steps, tags))


class Worker:
    """Carries out what was asked for, one run at a time, in a thread of this process, as long as no daemon does."""

    def __init__(self) -> None:
        self._over = Event()
        self._woken = Event()
        self._thread = Thread(target=self._work, name="runs", daemon=True)

    def start(self) -> None:
        """Begin to look for what was asked for."""
        self._thread.start()

    def wake(self) -> None:
        """Look now: something was asked for."""
        self._woken.set()

    def close(self) -> None:
        """Wait for the run that is under way; what waits is left to the next one who comes."""
        self._over.set()
        self._woken.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._over.is_set():
            asked = _taken()
            if asked is not None:
                _carry_out(asked)
                continue
            self._woken.wait(_LOOK_S)
            self._woken.clear()


def _taken() -> Asked | None:
    """Take what is due; None where nothing is, where a daemon takes it, or where the database does not answer now."""
    try:
        asks = open_asks()
        if not asks.waiting():
            return None
        patience = _PATIENCE if daemon_lives() else timedelta(0)
        return next(iter(asks.take("service", 1, patience)), None)
    except AssetSyncError as error:
        _log.warning("what was asked for is not looked for: %s", error)
    except database.ERRORS as error:
        _log.warning("what was asked for is not looked for: %s", database.in_one_line(error))
    return None


def _carry_out(asked: Asked) -> None:
    try:
        settings.require_all(variables_of(asked.sync, asked.partition))
        with instance() as dagster:
            # Made now, in turn with what other threads make, the place of the run's events is there when it begins.
            events_of(dagster, asked.id)
        execute(asked.sync, asked.config, steps=asked.steps, partition=asked.partition, run_id=asked.id, tags=_tags(asked))
    except KeyboardInterrupt:
        # A person stopped the run in Dagster's UI, which tells that: this process goes on.
        _log.info("run %s was stopped", asked.id)
    except AssetSyncError as error:
        _failed(asked, str(error))
    except database.ERRORS as error:
        _failed(asked, database.in_one_line(error))
    except Exception:  # noqa: BLE001
        # The next one is to be carried out all the same.
        _log.exception("run %s broke off", asked.id)
        _failed(asked, "an error in asset_sync; the service's log says more")


def _tags(asked: Asked) -> Mapping[str, str]:
    return {**asked.tags, ASKED: asked.id}


def _failed(asked: Asked, why: str) -> None:
    try:
        open_asks().failed(asked.id, " ".join(why.split()))
    except (AssetSyncError, *database.ERRORS) as error:
        _log.warning("that run %s failed (%s) is not kept: %s", asked.id, why, type(error).__name__)
