"""The systems on either side, each a folder with its own client and its own declaration (`asset_sync.systems.system`)."""

from importlib import import_module
from typing import Final

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.system import System

SYSTEMS: Final = {
    "hedgehog": "asset_sync.systems.hedgehog.system.HEDGEHOG",
    "hedgehog_files": "asset_sync.systems.hedgehog.system.HEDGEHOG_FILES",
    "hosts": "asset_sync.systems.hosts.system.HOSTS",
    "netbox": "asset_sync.systems.netbox.system.NETBOX",
    "pdq": "asset_sync.systems.pdq.system.PDQ",
    "snipeit": "asset_sync.systems.snipeit.system.SNIPEIT",
    "wug": "asset_sync.systems.wug.system.WUG",
}
"""Where each system's declaration stands: only what a sync names is loaded."""


def system(name: str) -> System:
    """Return a system by its name, or by where its declaration stands (`package.module.NAME`).

    Raises `ConfigurationError` where there is none.
    """
    module, _, attribute = SYSTEMS.get(name, name).rpartition(".")
    try:
        found = getattr(import_module(module), attribute) if module else None
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"there is no system {name!r}: {error}") from None
    if not isinstance(found, System):
        named = ", ".join(SYSTEMS)
        raise ConfigurationError(f"there is no system {name!r}; there are {named}, and any other as package.module.NAME")
    return found
