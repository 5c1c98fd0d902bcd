"""The resources that every sync shares."""

import dagster as dg

from asset_sync import database
from asset_sync.components.failures import told_in_one_line
from asset_sync.ledger import Asks, Leases, Ledger, Pauses, Reached, Records, Schedules, migrate
from asset_sync.ledger.alerts import Alerts
from asset_sync.ledger.browsing import Browsing
from asset_sync.ledger.signed_out import SignedOut


class LedgerResource(dg.ConfigurableResource[Ledger]):
    """The ledger: in the PostgreSQL that DATABASE_URL names, else in the embedded one (see `asset_sync.database`)."""

    def create_resource(self, context: dg.InitResourceContext) -> Ledger:  # noqa: ARG002 - the signature is Dagster's
        """Open the ledger, its tables made or brought up to date. Raises `Failure` where that is not possible."""
        with told_in_one_line():
            return open_ledger()


def open_ledger() -> Ledger:
    """Return the ledger, its tables made or brought up to date. Raises `ConfigurationError` where there is no database."""
    engine = database.engine()
    migrate(engine)
    return Ledger(engine)


def open_leases() -> Leases:
    """Return the leases of runs, their table made or brought up to date. Raises as `open_ledger` does."""
    engine = database.engine()
    migrate(engine)
    return Leases(engine)


def open_schedules() -> Schedules:
    """Return the schedules of connections, their table made or brought up to date. Raises as `open_ledger` does."""
    engine = database.engine()
    migrate(engine)
    return Schedules(engine)


def open_reached() -> Reached:
    """Return what connections reached, its table made or brought up to date. Raises as `open_ledger` does."""
    engine = database.engine()
    migrate(engine)
    return Reached(engine)


def open_asks() -> Asks:
    """Return the runs that were asked for, their table made or brought up to date. Raises as `open_ledger` does."""
    engine = database.engine()
    migrate(engine)
    return Asks(engine)


def open_pauses() -> Pauses:
    """Return the pauses, their table made or brought up to date. Raises as `open_ledger` does."""
    engine = database.engine()
    migrate(engine)
    return Pauses(engine)


def open_browsing() -> Browsing:
    """Return the plans' operations to be browsed, their tables made or brought up to date. Raises as `open_ledger` does."""
    engine = database.engine()
    migrate(engine)
    return Browsing(engine)


def open_alerts() -> Alerts:
    """Return what the channels of alerts were told, its tables made or brought up to date. Raises as `open_ledger` does."""
    engine = database.engine()
    migrate(engine)
    return Alerts(engine)


def open_records() -> Records:
    """Return what reads of the ledger what it tells of records and writes. Raises as `open_ledger` does."""
    engine = database.engine()
    migrate(engine)
    return Records(engine)


def open_signed_out() -> SignedOut:
    """Return the sessions that were ended, their table made or brought up to date. Raises as `open_ledger` does."""
    engine = database.engine()
    migrate(engine)
    return SignedOut(engine)
