"""The roles of devices, and the library of roles."""

from collections.abc import Callable

from asset_sync.sandbox.wug.call import SUCCESS, Answer, Body, Call, each_device, wrapped
from asset_sync.sandbox.wug.errors import bad_request, not_found
from asset_sync.sandbox.wug.records import DEFAULT_ROLE, Device, Role, RoleKind
from asset_sync.sandbox.wug.roles import Roles
from asset_sync.sandbox.wug.show import ROLE_KINDS, assignments, role

_OTHER_KINDS = ("monitor", "interfaceFilter", "deviceFilter", "monitorCriteria")
_VIEWS = ("id", "simple", "basic", "summary")
_SOURCES = ("all", "system", "systemModified", "userDefined", "allSystem", "allModified")

Step = Callable[[Device], None]


def list_assignments(call: Call) -> Answer:
    """GET /devices/{id}/roles/-, a plain list that has no pages."""
    return wrapped(assignments(call.state, call.device(), _kinds(call)))


def put_role(call: Call) -> Answer:
    """PUT /devices/{id}/roles/-?roleId=, for a role of any kind."""
    wanted = call.need("roleId")
    entry = next((one for one in call.state.roles if one.id == wanted), None)
    if entry is None:
        raise _unknown(wanted)
    _assign(call.device(), entry)
    return Answer(SUCCESS)


def delete_roles(call: Call) -> Answer:
    """DELETE /devices/{id}/roles/-?kind=. The primary role falls back to "Device" (assumed)."""
    device, kinds = call.device(), _kinds(call)
    device.role = DEFAULT_ROLE if "role" in kinds else device.role
    device.brand = "" if "brand" in kinds else device.brand
    device.os = "" if "os" in kinds else device.os
    device.sub_roles = [] if "subRole" in kinds else device.sub_roles
    return Answer(SUCCESS)


def put_primary(call: Call) -> Answer:
    """PUT /devices/{id}/roles/primary?primary=."""
    return _put(call, "role", "primary")


def put_brand(call: Call) -> Answer:
    """PUT /devices/{id}/roles/brand?brand=."""
    return _put(call, "brand", "brand")


def put_os(call: Call) -> Answer:
    """PUT /devices/{id}/roles/os?osName=."""
    return _put(call, "os", "osName")


def put_sub_roles(call: Call) -> Answer:
    """PUT /devices/{id}/roles/sub-role."""
    device = call.device()
    _sub_role_step(call.state.roles, call.body("operation", "subroles"))(device)
    return Answer(SUCCESS)


def bulk_primary(call: Call) -> Answer:
    """PATCH /devices/-/roles/primary, whose answer has no envelope, as with all four."""
    return _bulk(call, "role")


def bulk_brand(call: Call) -> Answer:
    """PATCH /devices/-/roles/brand."""
    return _bulk(call, "brand")


def bulk_os(call: Call) -> Answer:
    """PATCH /devices/-/roles/os."""
    return _bulk(call, "os")


def bulk_sub_roles(call: Call) -> Answer:
    """PATCH /devices/-/roles/sub-role."""
    body = call.body("devices", "operation", "subroles")
    return Answer(each_device(call, body.texts("devices"), _sub_role_step(call.state.roles, body)))


def list_roles(call: Call) -> Answer:
    """GET /device-role/-."""
    kind = call.choice("kind", ("any", *ROLE_KINDS, *_OTHER_KINDS), "any")
    source = call.choice("source", _SOURCES, "all")
    view, name = call.choice("view", _VIEWS, "simple"), call.query.get("name", "").casefold()
    call.flag("enabledOnly", default=False)
    found = [
        one
        for one in call.state.roles
        if kind in ("any", one.kind)
        and _of_source(one, source)
        and name in ("", one.name.casefold())
        and call.sought(one.name, one.id)
    ]
    page = call.page(found)
    return Answer(page.envelope([role(one, view) for one in page.rows]))


def get_role(call: Call) -> Answer:
    """GET /device-role/{roleId}."""
    for one in call.state.roles:
        if one.id == call.ids[0]:
            return wrapped(role(one, call.choice("view", _VIEWS, "simple")))
    raise not_found("role", call.ids[0])


def _kinds(call: Call) -> tuple[str, ...]:
    kind = call.choice("kind", ("all", *ROLE_KINDS), "all")
    return ROLE_KINDS if kind == "all" else (kind,)


def _put(call: Call, kind: RoleKind, parameter: str) -> Answer:
    if call.struck("refused_role"):
        raise bad_request(f"the {kind} cannot be changed")
    _assign(call.device(), _role(call.state.roles, kind, call.need(parameter)))
    return Answer(SUCCESS)


def _bulk(call: Call, kind: RoleKind) -> Answer:
    body = call.body("devices", "name")
    entry = _role(call.state.roles, kind, body.text("name"))
    return Answer(each_device(call, body.texts("devices"), lambda device: _assign(device, entry)))


def _role(roles: Roles, kind: RoleKind, key: str) -> Role:
    entry = roles.find(kind, key)
    if entry is None:
        raise _unknown(key)
    return entry


def _unknown(key: str) -> Exception:
    return bad_request(f"there is no such role as {key!r}")


def _assign(device: Device, entry: Role) -> None:
    match entry.kind:
        case "role":
            device.role = entry.name
        case "brand":
            device.brand = entry.name
        case "os":
            device.os = entry.name
        case "subRole":
            device.sub_roles = list(dict.fromkeys([*device.sub_roles, entry.name]))


def _sub_role_step(roles: Roles, body: Body) -> Step:
    operation = body.text("operation")
    names = [] if operation == "clear" else [_role(roles, "subRole", key).name for key in body.texts("subroles")]
    if operation not in ("clear", "add", "delete", "replace"):
        raise bad_request("operation is one of clear, add, delete, replace")

    def step(device: Device) -> None:
        if operation == "delete":
            device.sub_roles = [one for one in device.sub_roles if one not in names]
        else:
            kept = device.sub_roles if operation == "add" else []
            device.sub_roles = list(dict.fromkeys([*kept, *names]))

    return step


def _of_source(one: Role, source: str) -> bool:
    if source == "all":
        return True
    return source == "userDefined" if one.user_defined else source in ("system", "allSystem")
