"""Reconnecting: a connection that is new to a sync may be one that it had by another name, and its links with it."""

from asset_sync.components.sync import Sync
from asset_sync.ledger import Ledger
from asset_sync.reconcile.errors import ConfigurationError


def check_links(ledger: Ledger, sync: Sync, own: Sync) -> None:
    """Raise `ConfigurationError` where a run has no links yet, and the sync has some that no connection goes by any more.

    Without a word they would be forgotten, and the decisions with them: edits of people, what was retired, what is ignored.
    `own` is the sync as the run sees it (`Sync.of`).
    """
    if own.link_set.partition("/")[0] != sync.name or not ledger.is_new(own.link_set):
        return
    left = ledger.left_links(sync.name, sync.destinations)
    if left:
        was = left[0].name.partition("/")[2]
        now = own.link_set.partition("/")[2]
        options = (f" --was {was}" if was else "") + (f" --now {now}" if now else "")
        names = ", ".join(map(str, left))
        told = f"{own.link_set} has no links yet, and the YAML of {sync.name} does not name {names} any more"
        way_on = f"say whose they are, asset-sync reconnect {sync.name}{options}, or drop them: --forget in the place of --now"
        raise ConfigurationError(f"{told}: {way_on}")
