"""What a YAML may say to NetBox as what is written to, and what that makes of the kinds."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final, Literal

import dagster as dg
from pydantic import Field

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.kinds import IdentityRule, Kind, Kinds, Retirement
from asset_sync.reconcile.planning.retiring import NOTE
from asset_sync.systems.netbox.kinds import DEVICE, DEVICE_SERVICE, INTERFACE, IP_ADDRESS, declared
from asset_sync.systems.netbox.virtual_kinds import VM_INTERFACE, VM_SERVICE

_Retired = Literal["interface", "vm_interface", "ip_address", "device_service", "vm_service"]
_SWITCHED_OFF: Final = Retirement("enabled", value=False, note="description")
_NOTED: Final = Retirement("description", value=NOTE)
"""NetBox's services have nothing that could be switched off, and stand on something for as long as they are."""
_RETIREMENTS: Final[Mapping[str, Retirement]] = {
    INTERFACE.name: _SWITCHED_OFF,
    VM_INTERFACE.name: _SWITCHED_OFF,
    IP_ADDRESS.name: Retirement("interface", value=None),
    DEVICE_SERVICE.name: _NOTED,
    VM_SERVICE.name: _NOTED,
}
_ANYWHERE: Final = IdentityRule("name in any site", ("name",), "host", decisive=False, sole=True)


WHOLE_EVERY: Final = timedelta(days=1)
"""How long what NetBox holds is followed by what changed before it is read whole."""


class WritingOptions(dg.Model):
    """How NetBox is written to.

    `retire` names kinds that are else left alone once they are gone: an interface is disabled, with a note in its description,
    an address is taken from its interface, and a service that nobody described says so in its description. With `unique_names`
    a device is known by its name in whatever site it is, where just one has that name. With `journal` each device's journal
    tells what was applied to it, and of what belongs to it. What NetBox holds is read whole every `read_whole_every_hours`;
    in between, what changed since it was read last (0: whole each time).
    """

    retire: list[Literal["interface", "vm_interface", "ip_address", "device_service", "vm_service"]] = Field(
        default_factory=list, description="Kinds that are retired where they would else be left alone."
    )
    unique_names: bool = Field(default=False, description="Whether a device is known by its name in whatever site it is.")
    journal: bool = Field(default=False, description="Whether each device's journal tells what was applied.")
    read_whole_every_hours: float = Field(
        default=WHOLE_EVERY / timedelta(hours=1),
        ge=0,
        description="Hours after which NetBox is read whole and not only what changed; 0: each time.",
    )

    def declared(self, mapped: Mapping[str, Iterable[str]]) -> Kinds:
        """Return the kinds that a sync maps, as these options have them; see `asset_sync.systems.netbox.kinds.declared`."""
        for name in self.retire:
            field = _RETIREMENTS[name].field
            # A note is taken away again; another field has what the source says once the object is back.
            if name in mapped and field not in mapped[name] and _RETIREMENTS[name] is not _NOTED:
                told = f"{name} is retired by its {field}, which is not mapped: map it, or leave the kind out"
                raise ConfigurationError(f"retire: {told}")
        return declared(mapped, partial(_adapted, self))


def _adapted(options: WritingOptions, kind: Kind) -> Kind:
    if kind.name in options.retire:
        kind = replace(kind, retirement=_RETIREMENTS[kind.name])
    if kind.name == DEVICE.name and options.unique_names:
        kind = replace(kind, identity=(*kind.identity, _ANYWHERE))
    return kind
