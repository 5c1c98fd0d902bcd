"""The role library: primary roles, brands, operating systems and sub-roles by name or id.

That the library exists, its kinds and the fallbacks are from WhatsUp Gold API 2026.0; which entries are in it is assumed.
"""

from collections.abc import Iterator
from uuid import NAMESPACE_OID, uuid5

from asset_sync.sandbox.wug.records import DEFAULT_ROLE, Role, RoleKind

DISCOVERED_BRAND = "Discovery Brand Role"
"""The brand of a device whose own is not in the library; its name is then the alternate name."""

_NETWORK_ROLES = ("Firewall", "Router", "Switch", "Wireless Access Point")
_SYSTEM: dict[RoleKind, tuple[str, ...]] = {
    "role": (DEFAULT_ROLE, "Printer", "Server", "UPS", "Workstation", *_NETWORK_ROLES),
    "brand": (DISCOVERED_BRAND, "Cisco", "Dell", "Fortinet", "HP", "Juniper", "Lenovo", "VMware"),
    "os": ("IOS", "IOS-XE", "Linux", "Windows", "Windows Server"),
    "subRole": ("DNS Server", "Hyper-V Host", "VMware Host", "Web Server"),
}


class Roles:
    """Holds the roles, first the system's. Names are unique in their kind, whatever their case."""

    def __init__(self) -> None:
        self._roles: list[Role] = []
        for kind, names in _SYSTEM.items():
            for name in names:
                self._roles.append(_role(kind, name, user_defined=False))

    def __iter__(self) -> Iterator[Role]:
        return iter(self._roles)

    def find(self, kind: RoleKind, key: str) -> Role | None:
        """The role of that kind with that name or id, or None."""
        wanted = key.casefold()
        return next((one for one in self if one.kind == kind and wanted in (one.name.casefold(), one.id)), None)

    def learn(self, kind: RoleKind, name: str) -> str:
        """The name of that role as the library has it; a user-defined role is made where it has none."""
        known = self.find(kind, name)
        if known is None:
            known = _role(kind, name, user_defined=True)
            self._roles.append(known)
        return known.name


def _role(kind: RoleKind, name: str, *, user_defined: bool) -> Role:
    role_id = str(uuid5(NAMESPACE_OID, f"{kind} {name.casefold()}"))
    return Role(role_id, kind, name, name in _NETWORK_ROLES, user_defined)
