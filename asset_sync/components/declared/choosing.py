"""Runs about some of the source's rows alone, which a person asks for; what else there is counts for nothing in them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import dagster as dg

from asset_sync.components.sync import Sync
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.system import System

Only = Mapping[str, Sequence[str]]
"""What the source is asked for in one run, by the names of its options that are lists (`roles: [switch]`)."""

ONLY: Final = "only"


class ChoosingConfig(dg.Config):
    """What the source is asked for in this run, in the place of what the YAML says: lists by the names of its options."""

    only: dict[str, list[str]] = {}  # noqa: RUF012 - Dagster's way of a default


def check_only(source: System, only: Only) -> None:
    """Raise `ConfigurationError` where a source cannot be asked so."""
    known = sorted(source.as_source.each) if source.as_source else []
    for name in only:
        if name not in known:
            there = f"it can be asked for {', '.join(known)}" if known else "it is always read as its YAML says"
            raise ConfigurationError(f"{source.title} cannot be asked for some {name} alone; {there}")
        if not only[name] or not all(value.strip() for value in only[name]):
            raise ConfigurationError(f"only {name}: nothing is named; leave it out to ask for all that the YAML chooses")


def chosen_of(context: dg.AssetExecutionContext) -> Mapping[str, bool]:
    """Return what a run says to its target in the place of the YAML: each step goes by what its plan is told."""
    found: Any = context.run.run_config
    for key in ("ops", f"{context.asset_key.path[0]}__plan", "config", "target_options"):
        found = found.get(key) or {}
    return dict(found)


def told(only: Only) -> str:
    """Return what a run is about, in words."""
    return "; ".join(f"{name} {', '.join(values)}" for name, values in only.items())


def about(context: dg.AssetExecutionContext, sync: Sync) -> str:
    """Return what the rows that a run goes by are about, in words; nothing where they are all that the YAML asks for.

    The rows may be of an earlier run: what was read last of a partition says it.
    """
    partition = [context.partition_key] if sync.partitions else None
    for key in sync.sources:
        read = dg.AssetRecordsFilter(asset_key=key, asset_partitions=partition)
        last = next(iter(context.instance.fetch_materializations(read, limit=1).records), None)
        if last is not None and last.asset_materialization is not None and ONLY in last.asset_materialization.metadata:
            return str(last.asset_materialization.metadata[ONLY].value)
    return ""
