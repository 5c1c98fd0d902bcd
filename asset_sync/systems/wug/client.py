"""One WhatsUp Gold, call by call: what is read comes whole or not at all, what is written is told apart by what is answered.

Sources: facts/wug.md §3 and §4; the vendor's description of the API, version 2026.0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

from asset_sync.reconcile.errors import ConfigurationError, TargetError
from asset_sync.reconcile.target import OutcomeUnknown
from asset_sync.systems.http import Budget, Client, SystemClient
from asset_sync.systems.wug.records import ROOT_ID, Device, Group, Interface, device_of, groups_of, interface_of
from asset_sync.systems.wug.scans import Scans
from asset_sync.systems.wug.tokens import Tokens
from asset_sync.systems.wug.wire import NAME, Gone, Row, Wire, address, checked, checked_steps, failures, unwrapped

_ALL_DEVICES: Final = f"/device-groups/{ROOT_ID}/devices/-"
_REASON_LENGTH: Final = 250
_ROLE_CALLS: Final[Mapping[str, tuple[str, str]]] = {
    "role": ("primary", "primary"),
    "brand": ("brand", "brand"),
    "os": ("os", "osName"),
}


@dataclass(frozen=True, slots=True)
class Created:
    """What became of templates, by `templateId`: the ids of the devices made, and the server's words, warnings included."""

    ids: Mapping[str, str]
    messages: Mapping[str, str]


class WugClient(SystemClient):
    """A context manager: inside it a WhatsUp Gold can be read, and written to if it was opened with `writable=True`.

    `url` is such as https://wug.example.com; the port 9644 is taken where it names none. `timeout` is seconds to connect and
    seconds between two bytes. The token is taken at the first request. Safe to share between threads. Raises
    `ConfigurationError` for an address, a user name or a password that cannot be right; all methods may raise `TargetError`.
    """

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        *,
        writable: bool = False,
        ca_file: str | None = None,
        verify: bool = True,
        timeout: tuple[float, float] = (5, 120),
        longest_wait: float = 60,
        address_variable: str = "",
        ca_told: str = "ca_file of the connection in the sync's YAML",
        budget: Budget = Budget(),  # noqa: B008 - it never changes
    ) -> None:
        if not username.strip() or not password:
            raise ConfigurationError(f"{NAME}: the username or the password is empty")
        http = Client(
            address(url),
            name=NAME,
            secrets=[password],
            timeout=timeout,
            ca_file=ca_file,
            verify=verify,
            max_bytes=256 << 20,
            longest_wait=longest_wait,
            writable=writable,
            address_variable=address_variable,
            ca_told=ca_told,
            budget=budget,
        )
        super().__init__(http)
        self._wire = Wire(http, Tokens(http, username.strip(), password))
        self.scans = Scans(self._wire)

    # Reading.

    def user(self) -> str:
        """Return the name of the user that it is signed in as."""
        return str(unwrapped(self._wire.get("/product/whoAmI")))

    def version(self) -> str:
        """Return the version that the server says it is of; "" where it names none."""
        told = unwrapped(self._wire.get("/product/version"))
        values = told.get("values") if isinstance(told, dict) else None
        rows = [row for row in values or [] if isinstance(row, dict)]
        return next((str(row.get("value")) for row in rows if "version" in str(row.get("name")).casefold()), "")

    def groups(self) -> list[Group]:
        """Return all static groups but My Network, parents before children."""
        return groups_of(self._wire.rows("/device-groups/-", "groups", [("view", "summary"), ("groupType", "static_group")]))

    def devices(self) -> list[Device]:
        """Return all devices, as their templates tell of them, counted against the server's own count."""
        query = [("includeHierarchy", "true"), ("options", "all")]
        return [device_of(row) for row in self._whole(f"{_ALL_DEVICES}/config/template", "templates", query, "templateId")]

    def device(self, device_id: str) -> Device | None:
        """Return one device; None where it is gone."""
        try:
            body = unwrapped(self._wire.get(f"{_device(device_id)}/config/template", [("options", "all")]))
        except Gone:
            return None
        rows = body.get("templates") if isinstance(body, dict) else None
        if not isinstance(rows, list) or len(rows) != 1 or str(rows[0].get("templateId")) != device_id:
            raise TargetError(f"{NAME}: the template of device {device_id!r} was not answered; nothing was read")
        return device_of(rows[0])

    def default_interface(self, device_id: str) -> Interface:
        """Return a device's default interface. Raises `Gone`."""
        row = unwrapped(self._wire.get(f"{_device(device_id)}/interfaces/default"))
        if not isinstance(row, dict) or not row.get("interfaceId"):
            raise TargetError(f"{NAME}: the default interface of device {device_id!r} was not answered")
        return interface_of(row)

    def states(self) -> dict[str, str]:
        """Return each device's best state (Up, Down, Maintenance, Unknown) by id, counted against the server's own count."""
        rows = self._whole(_ALL_DEVICES, "devices", [("returnHierarchy", "true"), ("view", "overview")], "id")
        return {str(row["id"]): str(row.get("bestState") or "Unknown") for row in rows}

    def in_maintenance(self) -> frozenset[str]:
        """Return the ids of the devices in maintenance; templates do not tell of it."""
        query = [("returnHierarchy", "true"), ("state", "Maintenance"), ("view", "id")]
        return frozenset(str(row["id"]) for row in self._wire.rows(_ALL_DEVICES, "devices", query))

    def roles(self) -> list[tuple[str, str]]:
        """Return the kind (role, brand, os, subRole) and the name of each role that is enabled.

        A brand is "brand" where it is asked for, and "brandModel" where it is listed.
        """
        rows = self._wire.rows("/device-role/-", None, [("kind", "any"), ("view", "simple"), ("enabledOnly", "true")])
        return [(str(row["kind"]).removesuffix("Model"), str(row["name"])) for row in rows]

    def device_count(self) -> int:
        """Return how many devices the server counts."""
        status = unwrapped(self._wire.get(f"/device-groups/{ROOT_ID}/status"))
        count = status.get("totalDevices") if isinstance(status, dict) else None
        if not isinstance(count, int):
            raise TargetError(f"{NAME}: the number of devices was not answered; nothing was read")
        return count

    # Writing.

    def create_devices(self, templates: Sequence[Row]) -> Created:
        """Create a device for each template, whatever is there already; see facts/wug.md §4 for what is in one.

        Raises `Refused` where none was created, `Failed` where the server broke off and `OutcomeUnknown` where no usable
        answer came: then some may have been created.
        """
        body = {"options": ["all"], "templates": list(templates)}
        answer = self._wire.write("PATCH", "/devices/-/config/template", body, repeatable=False)
        found = answer if isinstance(answer, dict) else {}
        try:
            ids = {str(row["templateId"]): str(row["resultId"]) for row in found.get("idMap") or ()}
            messages = {str(row["templateId"]): _joined(row.get("messages")) for row in found.get("errors") or ()}
        except (AttributeError, KeyError, TypeError):
            ids, messages = {}, {}
        if {str(template["templateId"]) for template in templates} - ids.keys() - messages.keys():
            raise OutcomeUnknown(f"{NAME}: templates were accepted, but the answer does not say what became of them")
        return Created(ids, messages)

    def create_group(self, parent_id: str, name: str, description: str) -> str:
        """Create a static group and return its id. Raises `Refused` where the parent has one of that name, `OutcomeUnknown`."""
        path = f"/device-groups/{quote(parent_id, safe='')}/child"
        answer = self._wire.write("POST", path, {"name": name, "description": description}, repeatable=False)
        if not isinstance(answer, dict) or not answer.get("id"):
            raise OutcomeUnknown(f"{NAME}: the group {name!r} was accepted, but the answer does not name it")
        return str(answer["id"])

    def change_attributes(self, device_id: str, values: Mapping[str, str | None]) -> None:
        """Give a device's attributes those values by name; None removes one.

        Deleting comes before adding, and several attributes may share a name: so that one of each name is left; none is left
        of one that cannot be added. Raises `Refused` and `Gone` where nothing was stored, `Failed` where some of it may be,
        `OutcomeUnknown`.
        """
        added = [{"name": name, "value": value} for name, value in values.items() if value is not None]
        body = {"attributeNamesToDelete": list(values), "attributesToAdd": added}
        checked_steps(self._wire.write("PATCH", f"{_device(device_id)}/attributes/-", body))

    def set_properties(self, device_id: str, values: Mapping[Literal["displayName", "note"], str]) -> None:
        """Set a device's display name and note; the other properties stay. Raises as `change_attributes` does."""
        checked(self._wire.write("PUT", f"{_device(device_id)}/properties", dict(values)))

    def set_default_interface(
        self, device_id: str, interface_id: str, *, ip: str | None = None, host_name: str | None = None
    ) -> None:
        """Set the address, the host name, or both of a device's default interface. Raises as `change_attributes` does."""
        told = {"address": ip, "hostName": host_name}
        body = {"defaultInterface": True, **{name: value for name, value in told.items() if value}}
        checked(self._wire.write("PUT", f"{_device(device_id)}/interfaces/{quote(interface_id, safe='')}", body))

    def change_groups(self, device_id: str, add: Sequence[str], remove: Sequence[str]) -> None:
        """Put a device into groups and take it out of others, by their ids. Raises as `change_attributes` does."""
        body = {"groupsToAdd": list(add), "groupsToDelete": list(remove)}
        checked_steps(self._wire.write("PATCH", f"{_device(device_id)}/group/-", body))

    def set_role(self, device_id: str, kind: Literal["role", "brand", "os"], value: str) -> None:
        """Set a device's primary role, brand or operating system by its name. Raises as `change_attributes` does."""
        call, parameter = _ROLE_CALLS[kind]
        checked(self._wire.write("PUT", f"{_device(device_id)}/roles/{call}", None, [(parameter, value)]))

    def clear_role(self, device_id: str, kind: Literal["brand", "os"]) -> None:
        """Take a device's brand or operating system away. Raises as `change_attributes` does."""
        checked(self._wire.write("DELETE", f"{_device(device_id)}/roles/-", None, [("kind", kind)]))

    def set_maintenance(self, device_ids: Sequence[str], *, on: bool, reason: str) -> dict[str, str]:
        """Switch maintenance for devices, with a reason of which 250 characters are kept; return why not, by id.

        Raises `Refused` where nothing was changed, `Failed` where some of it may be, `OutcomeUnknown`.
        """
        body = {"devices": list(device_ids), "enabled": on, "reason": reason[:_REASON_LENGTH]}
        return failures(self._wire.write("PATCH", "/devices/-/config/maintenance", body), device_ids)

    def _whole(self, path: str, name: str, query: Sequence[tuple[str, str]], identity: str) -> list[Row]:
        """Return a listing of all devices, read once more where it falls short of the server's own count.

        That is asked for first: what is made while the listing is read makes it longer, never short.
        """
        for _ in range(2):
            count = self.device_count()
            rows = self._wire.rows(path, name, query, identity)
            if len(rows) >= count:
                return rows
        raise TargetError(f"{NAME}: counts {count} devices but lists {len(rows)}, twice; run again later")


def _device(device_id: str) -> str:
    return f"/devices/{quote(device_id, safe='')}"


def _joined(messages: Any) -> str:
    found = [" ".join(str(one).split()) for one in messages] if isinstance(messages, list) else []
    return "; ".join(found) or f"{NAME} gives no reason"
