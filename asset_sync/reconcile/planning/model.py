"""What a plan is made from: what a sync may do, and what both sides say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.resolutions import NONE, Resolutions
from asset_sync.reconcile.tables import Tables


@dataclass(frozen=True, slots=True)
class Grace:
    """How long an object may be missing from a complete source before it is retired: both must have passed.

    Where it never is (`retires`), what is missing is counted and told all the same.
    """

    runs: int = 3
    time: timedelta = timedelta(hours=24)
    retires: bool = True


@dataclass(frozen=True)
class Policy:
    """What a sync may do: the owner of each mapped field, by kind and field, and the grace before retiring."""

    owners: Mapping[str, Mapping[str, Ownership]]
    grace: Grace = field(default_factory=Grace)


@dataclass(frozen=True)
class Snapshot:
    """What both sides say and what is remembered: the tables that a plan is made from (see `asset_sync.reconcile.tables`).

    `refused` has, by kind, the values of the source that cannot be written: source_key, field, value and reason, all text; the
    desired table has nothing in their place. `resolutions` are what people decided about held records. `elsewhere` has, by
    kind, the links of other syncs and connections to objects of the same target. `own_writes` has, by kind, what our own
    writes set objects' fields to last, where a rebase asked: `id`, and the fields as the target has them.
    """

    desired: Tables
    observed: Tables
    links: Tables
    refused: Tables = field(default_factory=dict)
    resolutions: Resolutions = NONE
    elsewhere: Tables = field(default_factory=dict)
    own_writes: Tables = field(default_factory=dict)
