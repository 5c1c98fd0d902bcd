"""The environment, read in one place: where files live, which database is used, and the secrets of the systems."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from asset_sync.reconcile.errors import ConfigurationError

PURPOSES: Final[Mapping[str, str]] = {
    "DATABASE_URL": "the PostgreSQL database of the ledger",
    "PDQ_URL": "the address of PDQ Connect",
    "PDQ_TOKEN": "the API token of PDQ Connect",
    "NETBOX_URL": "the address of NetBox",
    "NETBOX_TOKEN": "the API token of NetBox",
    "SNIPEIT_API_URL": "the address of Snipe-IT",
    "SNIPEIT_TOKEN": "the API key of Snipe-IT",
}
"""What a variable is for, in the words of the message that asks for it."""

_HOME: Final = "ASSET_SYNC_HOME"
_PROJECT_FILES: Final = ("pyproject.toml", "dagster.yaml")


def home() -> Path:
    """Return the absolute folder for everything that asset_sync keeps on disk; it may not exist yet.

    `ASSET_SYNC_HOME` names it, a relative path counting from the project's root; by default it is `.asset_sync` there.
    """
    return project_root() / Path(optional(_HOME) or ".asset_sync").expanduser()


def project_root() -> Path:
    """Return the nearest folder, from the current one upward, that holds a project's file; the current one where none does."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if any((folder / name).is_file() for name in _PROJECT_FILES):
            return folder
    return here


def require(name: str, purpose: str | None = None) -> str:
    """Return the variable's value without surrounding blanks.

    Raises ConfigurationError where it is unset or empty, with what it is for: the `purpose` of a variable that a YAML names.
    """
    value = optional(name)
    if value is None:
        words = purpose or PURPOSES.get(name)
        told = f"{name} ({words})" if words else name
        raise ConfigurationError(f"{told} is not set: set it in the environment or in .env; see .env.example")
    return value


def of_connection(system: str, connection: str, what: str) -> str:
    """Return the variable that says something of a connection: NETBOX_URL, or NETBOX_BERLIN_URL of one named berlin."""
    named = f"_{re.sub('[^A-Z0-9]', '_', connection.upper())}" if connection else ""
    return f"{system}{named}_{what}"


def optional(name: str) -> str | None:
    """Return the variable's value without surrounding blanks, or None where it is unset or empty."""
    return os.environ.get(name, "").strip() or None
