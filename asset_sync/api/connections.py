"""The connections to WhatsUp Gold by REST: how they stand, and sending devices now."""

from typing import Final

from fastapi import APIRouter, HTTPException

from asset_sync.api.models import ConnectionList, ConnectionStanding
from asset_sync.api.problems import ABSENT
from asset_sync.operations import connections as operations
from asset_sync.reconcile.errors import ConfigurationError

connections: Final = APIRouter(tags=["connections"])


@connections.get("/connections")
def list_connections() -> ConnectionList:
    """Tell how the connections to WhatsUp Gold stand."""
    return ConnectionList(connections=[ConnectionStanding.of(standing) for standing in operations.connections()])


@connections.get("/connections/{name}", responses=ABSENT)
@connections.get("/connections/{name}/export-status", responses=ABSENT)
def show_connection(name: str) -> ConnectionStanding:
    """Tell how one connection to WhatsUp Gold stands."""
    try:
        return ConnectionStanding.of(operations.connection(name))
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
