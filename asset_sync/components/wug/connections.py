"""Connections to WhatsUp Gold: each server is a partition of the syncs that read or write it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import dagster as dg

from asset_sync import settings
from asset_sync.components.config import Place
from asset_sync.components.connections import check_names
from asset_sync.systems.wug import WhatsUpGold, WugClient

NAME: Final = "WhatsUp Gold"
WORDS: Final = {"url": "the address of WhatsUp Gold", "username": "a user of WhatsUp Gold", "password": "that user's password"}


class ConnectionConfig(dg.Model, dg.Resolvable):
    """One WhatsUp Gold server.

    `name` is its partition. The three variables of the environment hold its address (https://host:port, whose port is 9644
    unless it says otherwise), a user and the password; they are WUG_<NAME>_URL, …_USERNAME and …_PASSWORD unless given.
    """

    name: str
    url_variable: str = ""
    username_variable: str = ""
    password_variable: str = ""
    ca_file: str | None = None
    verify: bool = True

    def variable(self, what: str) -> str:
        """Return the name of the variable that holds the url, username or password."""
        given: str = getattr(self, f"{what}_variable")
        return given or f"WUG_{re.sub('[^A-Z0-9]', '_', self.name.upper())}_{what.upper()}"

    def open(self, wug: WhatsUpGold, *, writable: bool = False) -> WugClient:
        """Return a client of the server; `ConfigurationError` where a variable is not set."""
        given = {what: settings.require(self.variable(what), words) for what, words in WORDS.items()}
        return wug.client(**given, ca_file=self.ca_file, verify=self.verify, writable=writable)


def check_connections(file: Path, connections: Sequence[ConnectionConfig]) -> None:
    """Raise `ConfigurationError`, with file and line, for no connection, a name that cannot be one, or a name given twice."""
    check_names(Place(file, ("attributes", "connections")), [connection.name for connection in connections], NAME)
