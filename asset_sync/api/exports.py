"""Exports to WhatsUp Gold by REST: sending devices now, and what was sent."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import AwareDatetime, BaseModel, Field

from asset_sync.access.callers import needs
from asset_sync.api.models import Asking, Run
from asset_sync.api.problems import ABSENT
from asset_sync.api.started import Runs
from asset_sync.operations import connections, exporting
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.tracking import ChosenExports, Sent, Status

exports: Final = APIRouter(tags=["connections"])
_OPERATE: Final = [Depends(needs("operate"))]
_LARGEST: Final = 2**31 - 1


class DeviceFilters(Asking):
    """Which devices NetBox is asked for: those that have one value of every list that is not empty. Slugs, and ids as text."""

    sites: list[str] = Field(default_factory=list)
    roles: list[str] = Field(default_factory=list)
    types: list[str] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    ids: list[str] = Field(default_factory=list)


class Exporting(Asking):
    """What is to be sent: the devices that the filters choose, or all of the connection.

    `exclude_recent_exports` is this run's own choice; left out, it is as the connection's YAML has it.
    """

    device_filters: DeviceFilters = Field(default_factory=DeviceFilters)
    exclude_recent_exports: bool | None = None


class BulkExporting(Asking):
    """Devices, by their ids in NetBox, and the connections that they are sent over: all enabled ones, unless some are named."""

    device_ids: list[str] = Field(min_length=1, max_length=1_000)
    connections: list[str] = Field(default_factory=list, max_length=100)


class IpExportPage(BaseModel):
    """Exports, those that changed last first; `total` are all that were asked for."""

    total: int
    offset: int
    exports: Sequence[Sent]


class RunList(BaseModel):
    """Runs that were started."""

    runs: list[Run]


@exports.post("/connections/{name}/export", dependencies=_OPERATE, status_code=202, responses=ABSENT)
def export(name: str, exporting_: Exporting, runs: Runs) -> Run:
    """Start a run that sends the devices of a connection, or some of them."""
    try:
        connections.connection(name)
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
    filters, recent = exporting_.device_filters.model_dump(), exporting_.exclude_recent_exports
    try:
        return runs.started(exporting.export(name, filters, exclude_recent_exports=recent))
    except ConfigurationError as error:
        raise HTTPException(422, str(error)) from None


class ExportQuery(Asking):
    """Which exports are listed, and which page of them. `since` is when the status came, at the earliest."""

    connection: str | None = None
    status: Status | None = None
    device_id: str | None = None
    address: str | None = None
    since: AwareDatetime | None = None
    offset: int = Field(default=0, ge=0, le=_LARGEST)
    limit: int = Field(default=100, ge=1, le=1_000)


@exports.get("/ip-exports")
def list_exports(query: Annotated[ExportQuery, Query()]) -> IpExportPage:
    """List what was sent, and what became of it."""
    chosen = ChosenExports(query.connection, query.status, query.device_id, query.address, query.since)
    total, found = exporting.ip_exports(chosen, query.offset, query.limit)
    return IpExportPage(total=total, offset=query.offset, exports=found)


@exports.post("/ip-exports/bulk-export", dependencies=_OPERATE, status_code=202)
def bulk_export(exporting_: BulkExporting, runs: Runs) -> RunList:
    """Start runs that send devices, one a connection."""
    try:
        found = exporting.export_devices(exporting_.device_ids, exporting_.connections)
    except ConfigurationError as error:
        raise HTTPException(422, str(error)) from None
    return RunList(runs=[runs.started(each) for each in found])
