"""Templates that are applied: each makes a new device, whatever is there already."""

from dataclasses import dataclass, field
from typing import Any

from asset_sync.sandbox.wug.attribute_calls import check_attribute, refuse_attribute
from asset_sync.sandbox.wug.call import Answer, Body, Call, Json, wrapped
from asset_sync.sandbox.wug.errors import ApiError
from asset_sync.sandbox.wug.ips import ip_or_none
from asset_sync.sandbox.wug.records import DEFAULT_ROLE, Attribute, Device, Interface
from asset_sync.sandbox.wug.roles import Roles
from asset_sync.sandbox.wug.state import MONITORS
from asset_sync.sandbox.wug.template_read import PARTS, fields_of, read_options

_UPDATES = frozenset({"update", "update-interface-state", "update-interface-names", "update-active-monitors"})
_FIELDS = fields_of(set(PARTS))
_NAME_MAX = 150
_POLL_S = (10, 84600)


def patch_templates(call: Call) -> Answer:
    """PATCH /devices/-/config/template. It answers 200 whatever became of the templates; `errors` tells."""
    body, state = call.body("options", "templates"), call.state
    options = read_options(body.texts("options"), _UPDATES | {"l2"})
    templates = body.rows("templates")
    if state.bulk_template_500 and len(templates) > 1:
        raise ApiError(500, "an error has occurred")
    outcomes = [_Template(call, _restrict(row, options), number).apply() for number, row in enumerate(templates, 1)]
    made = [(one.key, one.device) for one in outcomes if one.device]
    results: Json = {
        "idMap": [{"templateId": key, "resultId": device.id} for key, device in made],
        "errors": [{"templateId": one.key, "messages": one.messages} for one in outcomes if one.messages],
        "operations": len(templates),
        "successful": len(made),
    }
    if made and options & _UPDATES:
        scan = state.start_scan([device.address for _, device in made], group=None, model="refresh")
        results["update"] = {"success": True, "id": scan.id, "name": scan.name, "description": ""}
    return wrapped(results)


def _restrict(row: Body, options: set[str]) -> Body:
    """The template without what the options leave out; its interfaces are needed in any case."""
    left_out = {name.casefold() for name in _FIELDS - fields_of(options) - {"interfaces"}}
    return Body({name: value for name, value in row.values.items() if name.casefold() not in left_out})


@dataclass(slots=True)
class _Outcome:
    key: str
    device: Device | None = None
    messages: list[str] = field(default_factory=list)


class _Template:
    """One template on its way to a device. What cannot be applied is told, and left out."""

    def __init__(self, call: Call, row: Body, number: int) -> None:
        self._call = call
        self._state = call.state
        self._row = row
        self._messages: list[str] = []
        self._key = row.text("templateId") or f"template-{number}"
        self._messages += [f"there is no {name!r} in a template" for name in row.unknown(_FIELDS)]

    def apply(self) -> _Outcome:
        name, interfaces = self._row.text("displayName"), self._interfaces()
        if not name.strip() or len(name) > _NAME_MAX:
            return self._failed(f"displayName is required, with at most {_NAME_MAX} characters")
        if not interfaces:
            return self._failed("at least one interface with a valid IP address is required")
        if any(one.address in self._state.refuse for one in interfaces):
            return self._failed("the device could not be added")
        return _Outcome(self._key, self._make(name, interfaces), self._messages)

    def _failed(self, message: str) -> _Outcome:
        return _Outcome(self._key, None, [*self._messages, message])

    def _make(self, name: str, interfaces: list[Interface]) -> Device:
        row, roles = self._row, self._state.roles
        primary = next(one for one in interfaces if one.default)
        groups = self._groups()
        device = self._state.add_device(name, primary.address, groups=groups, monitors=(), note=row.text("note"))
        device.interfaces = interfaces
        device.type = row.text("deviceType") or device.type
        device.snmp_oid = row.text("snmpOid")
        device.action_policy = row.text("actionPolicy")
        device.keep_current = row.text("autoRefresh", "true").casefold() != "false"
        device.poll_seconds = self._poll_seconds(device.poll_seconds)
        device.role = _known(roles, "role", row.text("primaryRole")) or DEFAULT_ROLE
        device.os = _known(roles, "os", row.text("os"))
        # A brand that the library lacks is kept as the alternate name of the discovered one.
        device.brand = _known(roles, "brand", row.text("brand")) or row.text("brand")
        device.sub_roles = [name for key in row.texts("subRoles") if (name := _known(roles, "subRole", key))]
        device.attributes = self._attributes()
        device.credentials = self._credentials()
        for monitor in row.rows("activeMonitors"):
            self._assign(device, monitor.text("name"))
        return device

    def _interfaces(self) -> list[Interface]:
        """The valid interfaces: no address twice, and one of them the default, by default the first."""
        found: list[Interface] = []
        for row in self._row.rows("interfaces"):
            address = ip_or_none(row.text("networkAddress"))
            if address is None:
                self._messages.append(f"{row.text('networkAddress')!r} is no IP address")
            elif any(one.address == address for one in found):
                self._messages.append(f"the address {address} is there twice")
            else:
                found.append(self._interface(row, address))
        defaults = [one for one in found if one.default] or found[:1]
        if len(defaults) > 1:
            self._messages.append("only one interface can be the default")
        for one in found:
            one.default = one is defaults[0]
        return found

    def _interface(self, row: Body, address: str) -> Interface:
        name = row.text("networkName") or address
        by_name = row.flag("pollUsingNetworkName")
        return Interface(self._state.new_id("interface"), address, name, row.flag("defaultInterface"), by_name)

    def _groups(self) -> list[str]:
        """The ids of the groups that were found, each once."""
        found: dict[str, None] = {}
        refused = self._call.struck("refused_groups")
        for row in self._row.rows("groups"):
            group = None if refused else self._state.groups.find(row.text("name"), row.texts("parents"))
            if group is None or group.type != "static_group":
                self._messages.append(f"there is no static group {'/'.join([*row.texts('parents'), row.text('name')])!r}")
            else:
                found[group.id] = None
        return list(found)

    def _attributes(self) -> list[Attribute]:
        found: dict[str, Attribute] = {}
        refused = self._call.struck("refused_attributes")
        for row in self._row.rows("attributes"):
            name, value = row.text("name"), row.text("value")
            try:
                refuse_attribute(name, refused)
                check_attribute(name, value)
            except ApiError as error:
                self._messages.append(error.message)
                continue
            if name.casefold() in found:
                self._messages.append(f"the attribute {name!r} is there twice")
            else:
                found[name.casefold()] = Attribute(self._state.new_id("attribute"), name, value)
        return list(found.values())

    def _credentials(self) -> list[tuple[str, str]]:
        """Of each type the first that the library has; others are ignored, and nothing is said of it."""
        found: dict[str, tuple[str, str]] = {}
        for row in self._row.rows("credentials"):
            kind, name = row.text("credentialType"), row.text("credential")
            for known in self._state.credentials:
                if known[1] == name and kind in ("", known[0]):
                    found.setdefault(known[0], known)
                    break
        return list(found.values())

    def _assign(self, device: Device, monitor: str) -> None:
        if monitor in MONITORS:
            self._state.add_monitor(device, monitor)
        else:
            self._messages.append(f"there is no active monitor {monitor!r}")

    def _poll_seconds(self, default: int) -> int:
        text, (low, high) = self._row.text("pollInterval"), _POLL_S
        if not text:
            return default
        if text.isdecimal() and low <= int(text) <= high:
            return int(text)
        self._messages.append(f"pollInterval is from {low} to {high} seconds")
        return default


def _known(roles: Roles, kind: Any, name: str) -> str:
    role = roles.find(kind, name) if name else None
    return role.name if role else ""
