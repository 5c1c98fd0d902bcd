"""Hedgehog fabrics, declared."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import dagster as dg
from pydantic import Field

from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.hedgehog.checkup import checkup, files_checkup
from asset_sync.systems.hedgehog.directory import read_marked
from asset_sync.systems.hedgehog.identity import marks
from asset_sync.systems.hedgehog.kept import KeptFabric, check_there
from asset_sync.systems.hedgehog.reading import read
from asset_sync.systems.hedgehog.renaming import known_ids
from asset_sync.systems.hedgehog.resource import VARIABLES, FabricFolder, HedgehogFabric
from asset_sync.systems.hedgehog.tables import TABLES, object_rows
from asset_sync.systems.system import Options, Read, System

_INTERVAL: Final = timedelta(seconds=60)


class FabricOptions(dg.Model):
    """Where a fabric's objects are: in a `namespace` of the cluster that the variables lead to, or a `kubeconfig`.

    Of that, the `context`, by default its current one.
    """

    namespace: str = Field(default="default", min_length=1, description="The namespace of the fabric's objects.")
    kubeconfig: str | None = Field(default=None, description="A kubeconfig in the place of address and token.")
    context: str | None = Field(default=None, description="Its context; the current one where none is named.")


@dataclass(frozen=True, slots=True)
class _Reached:
    """Makes the resource of a fabric that is reached so. Equal options make equal ones: of one key there is one resource."""

    namespace: str
    kubeconfig: str | None
    context: str | None

    def __call__(self, **told: Any) -> HedgehogFabric:
        return HedgehogFabric(namespace=self.namespace, kubeconfig=self.kubeconfig, context=self.context, **told)


def _told_by(options: FabricOptions) -> System:
    return System(
        "hedgehog",
        "Hedgehog",
        "hedgehog",
        _Reached(**options.model_dump()),
        TABLES,
        _read,
        named=True,
        variables=tuple(VARIABLES),
        interval=_INTERVAL,
        as_source=Options(FabricOptions, _told_by, frozenset(FabricOptions.model_fields)),
        checkup=checkup,
    )


def _read(fabric: HedgehogFabric, _table: str, _open_columns: tuple[str, ...]) -> Read:
    """Return the fabric's objects: of each kind what was written since the last time, or all of it.

    All of it, too, where it was not read the last time: a cluster that was away may have come back from a backup, and what it
    wrote since then has numbers that it had once before.
    """
    now = datetime.now(UTC)
    with fabric.client() as client:
        file = fabric.file(client.place)
        last = file.load()
        fresh = last.is_fresh(now)
        try:
            listings = read(client, last.listings if fresh else None)
        except SourceError:
            if fresh:
                file.save(replace(last, whole_at=None))
            raise
    check_there(last.listings, listings, file.path)
    ids = known_ids(last.listings, last.ids, listings)
    file.save(KeptFabric(listings, last.whole_at if fresh else now, ids))
    return Read(object_rows(fabric.fabric, listings, ids), client.requests, client.tally.waited, marks(listings))


HEDGEHOG: Final = _told_by(FabricOptions())


def _read_folder(folder: FabricFolder, _table: str, _open_columns: tuple[str, ...]) -> Read:
    listings, marks = read_marked(folder.folder(), folder.namespace)
    return Read(object_rows(folder.fabric, listings), 0, marks=marks)


HEDGEHOG_FILES: Final = System(
    "hedgehog_files",
    "Hedgehog's files",
    "hedgehog_files",
    FabricFolder,
    TABLES,
    _read_folder,
    named=True,
    variables=("folder",),
    checkup=files_checkup,
)
"""What fabrics are to be, as it is written down: the same tables as those of the fabrics themselves."""
