"""Connections: where a system is there several times, each one is a partition of the syncs that read or write it."""

import re
from collections.abc import Sequence
from typing import Final

import dagster as dg

from asset_sync.components.config import Place
from asset_sync.reconcile.errors import ConfigurationError

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*")


def check_name(place: Place, name: str) -> None:
    """Raise `ConfigurationError`, with file and line, for what cannot be the name of a connection."""
    if not _NAME.fullmatch(name):
        raise place.error(f"{name!r} is no name of a connection: lower-case letters, digits, - and _, a letter first")


def check_names(place: Place, names: Sequence[str], title: str) -> None:
    """Raise `ConfigurationError`, with file and line, for no connection, a name that cannot be one, or a name given twice."""
    if not names:
        raise place.error(f"there is no connection: name at least one {title}")
    for name in names:
        check_name(place, name)
        if names.count(name) > 1:
            raise place.error(f"two connections are named {name!r}")
        alike = [other for other in names if other != name and other.replace("-", "_") == name.replace("-", "_")]
        if alike:
            raise place.error(f"{name!r} and {alike[0]!r} would be reached by the same variables: name one otherwise")


def name_of(context: dg.AssetExecutionContext) -> str:
    """Return the connection that a run is for; `ConfigurationError` where it was started for none."""
    return partition_of(context, "connection")


def partition_of(context: dg.AssetExecutionContext, each: str) -> str:
    """Return the partition that a run is for; `ConfigurationError` where it was started for none. `each` is what one is."""
    if not context.has_partition_key:
        raise ConfigurationError(
            f"{context.job_name} runs for one {each}: choose its partition in the UI, or on Dagster's command line: "
            """--tags '{"dagster/partition": "NAME"}'"""
        )
    return str(context.partition_key)


def partitions(names: Sequence[str]) -> dg.StaticPartitionsDefinition:
    """Return the connections as partitions."""
    return dg.StaticPartitionsDefinition(list(names))
