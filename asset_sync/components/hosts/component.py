"""Hosts → a target as a component: documents come into a folder, and one run syncs all that came."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import dagster as dg
from pydantic import Field

from asset_sync.components import config
from asset_sync.components.bounds import Bounds
from asset_sync.components.declared.component import SyncComponent
from asset_sync.components.dropped.folder import DropFolder, check_place, place
from asset_sync.components.hosts.documents import DOCUMENTS
from asset_sync.components.hosts.sensor import hosts_sensor
from asset_sync.components.hosts.taking import HostWatch, is_document
from asset_sync.systems.hosts.resource import KeptDocuments


class HostDocuments(SyncComponent):
    """Keeps a target in step with what hosts tell of themselves: a sync whose source is their last documents.

    `folder` is a folder below ASSET_SYNC_HOME or any fsspec URL, where documents are dropped; it is looked at `every_seconds`.
    """

    source: str = Field(default="hosts", description="The system that is read.")
    target: str = Field(default="netbox", description="The system that is written to.")
    folder: str = Field(default="hosts", description="Where documents are dropped: below ASSET_SYNC_HOME, or any fsspec URL.")
    every_seconds: Annotated[int, Bounds(ge=1)] = Field(default=5, description="How often the folder is looked at.")

    def watch(self) -> HostWatch:
        """Return what looks at the folder. Only here and in runs is the environment asked where it is."""
        return HostWatch(DropFolder(place(self.folder), is_document), KeptDocuments().kept())

    def check(self, file: Path) -> None:
        """Raise `ConfigurationError` for what is wrong in the YAML that this was read from, with file and line."""
        check_place(config.Place(file, ("attributes", "folder")), self.folder)
        super().check(file)

    def names(self, sync: str) -> Mapping[tuple[str, ...], str]:
        """Return what no other sync may have: the folder, too."""
        return {**super().names(sync), ("folder",): self.folder}

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return those of the sync, and the documents."""
        return dg.Definitions.merge(super().build_defs(context), dg.Definitions(assets=[DOCUMENTS]))

    def _sensors(self, name: str) -> Iterator[dg.SensorDefinition]:
        yield hosts_sensor(name, self.watch, self.every_seconds)
