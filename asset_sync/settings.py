"""The environment, read in one place: where files live, which database is used, and the secrets of the systems."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote

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
_ALERTS: Final = "ASSET_SYNC_ALERT"
_SECRET: Final = re.compile(r"_(TOKEN|PASSWORD|SECRET|API_KEY|SECRET_KEY|HEADERS)$")
_PASSWORD: Final = re.compile(r"[^:/]+://[^/@]*?:([^?]+|.+)@")
_PATH: Final = re.compile(r"\w+://[^/]+/(.+)")
_PROJECT_FILES: Final = ("pyproject.toml", "dagster.yaml")


def home() -> Path:
    """Return the absolute folder for everything that asset_sync keeps on disk; it may not exist yet.

    `ASSET_SYNC_HOME` names it, a relative path counting from the project's root; by default it is `.asset_sync` there.
    """
    return project_root() / Path(optional(_HOME) or ".asset_sync").expanduser()


def has_own_home() -> bool:
    """Tell whether `ASSET_SYNC_HOME` names the home."""
    return optional(_HOME) is not None


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
    return require_all({name: purpose})[name]


def require_all(purposes: Mapping[str, str | None]) -> dict[str, str]:
    """Return the values of variables without surrounding blanks; see `require`, which raises for one what this does for all."""
    values = {name: optional(name) for name in purposes}
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise ConfigurationError(_not_set({name: purposes[name] or PURPOSES.get(name) for name in missing}))
    return {name: value for name, value in values.items() if value is not None}


def are_not_set(missing: Sequence[str]) -> str:
    """Say in short that variables are not set."""
    return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set"


def _not_set(missing: Mapping[str, str | None]) -> str:
    told = [f"{name} ({words})" if words else name for name, words in missing.items()]
    if len(told) == 1:
        return f"{told[0]} is not set: set it in the environment or in .env; see .env.example"
    named = f"{', '.join(told[:-1])} and {told[-1]}"
    return f"{named} are not set: set them in the environment or in .env; see .env.example"


def secrets() -> frozenset[str]:
    """Return the secrets in the environment, which no log line shows: tokens, passwords and keys, and what is secret of a URL.

    A variable is one by the end of its name, as each system's is. Of a URL it is the password, whatever the variable is called:
    a proxy's has one, too; of an address that lets in whoever knows it, such as a webhook's, all behind the host.
    """
    named = {name: value.strip() for name, value in os.environ.items()}
    whole = {value for name, value in named.items() if _SECRET.search(name)}
    of_urls = {unquote(found.group(1)) for value in named.values() if (found := _PASSWORD.match(value))}
    alerts = {found.group(1) for name, value in named.items() if name.startswith(_ALERTS) and (found := _PATH.match(value))}
    return frozenset(filter(None, whole | of_urls | alerts))


def of_connection(system: str, connection: str, what: str) -> str:
    """Return the variable that says something of a connection: NETBOX_URL, or NETBOX_BERLIN_URL of one named berlin."""
    named = f"_{re.sub('[^A-Z0-9]', '_', connection.upper())}" if connection else ""
    return f"{system}{named}_{what}"


def ca_file(system: str, connection: str = "") -> str | None:
    """Return the file of a CA's certificates that the environment names for a system: NETBOX_CA_FILE."""
    return optional(of_connection(system, connection, "CA_FILE"))


def ca_told(system: str, connection: str = "") -> str:
    """Return where a CA's file is named for a system that a YAML says more of."""
    return f"ca_file in the sync's YAML, or {of_connection(system, connection, 'CA_FILE')}"


def optional(name: str) -> str | None:
    """Return the variable's value without surrounding blanks, or None where it is unset or empty."""
    return os.environ.get(name, "").strip() or None
