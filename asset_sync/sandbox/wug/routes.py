"""Which endpoint a method and path are for. Parts in braces vary; a dash is "all"."""

import re
from collections.abc import Callable, Mapping

from asset_sync.sandbox.wug import (
    attribute_calls,
    device_calls,
    group_calls,
    interface_calls,
    membership_calls,
    product_calls,
    role_calls,
    scan_calls,
    template_apply,
    template_read,
)
from asset_sync.sandbox.wug.call import Answer, Call

Handler = Callable[[Call], Answer]

# The first pattern that fits counts, so that a dash comes before braces.
_TABLE: dict[str, dict[str, Handler]] = {
    "devices/-": {"PATCH": device_calls.bulk_delete},
    "devices/-/properties": {"PATCH": device_calls.bulk_properties},
    "devices/-/config/polling": {"PATCH": device_calls.bulk_polling},
    "devices/-/config/maintenance": {"PATCH": device_calls.bulk_maintenance},
    "devices/-/config/template": {"PATCH": template_apply.patch_templates},
    "devices/-/roles/primary": {"PATCH": role_calls.bulk_primary},
    "devices/-/roles/brand": {"PATCH": role_calls.bulk_brand},
    "devices/-/roles/os": {"PATCH": role_calls.bulk_os},
    "devices/-/roles/sub-role": {"PATCH": role_calls.bulk_sub_roles},
    "devices/{}": {"GET": device_calls.get_device, "DELETE": device_calls.delete_device},
    "devices/{}/status": {"GET": device_calls.get_status},
    "devices/{}/properties": {"GET": device_calls.get_properties, "PUT": device_calls.put_properties},
    "devices/{}/config/polling": {"GET": device_calls.get_polling, "PUT": device_calls.put_polling},
    "devices/{}/config/maintenance": {"PUT": device_calls.put_maintenance},
    "devices/{}/config/template": {"GET": template_read.get_template},
    "devices/{}/attributes/-": {
        "GET": attribute_calls.list_attributes,
        "POST": attribute_calls.add_attribute,
        "PATCH": attribute_calls.patch_attributes,
        "DELETE": attribute_calls.delete_attributes,
    },
    "devices/{}/attributes/{}": {
        "GET": attribute_calls.get_attribute,
        "PUT": attribute_calls.put_attribute,
        "DELETE": attribute_calls.delete_attribute,
    },
    "devices/{}/interfaces/-": {
        "GET": interface_calls.list_interfaces,
        "POST": interface_calls.add_interface,
        "PATCH": interface_calls.patch_interfaces,
        "DELETE": interface_calls.delete_interfaces,
    },
    "devices/{}/interfaces/default": {"GET": interface_calls.get_default},
    "devices/{}/interfaces/{}": {
        "GET": interface_calls.get_interface,
        "PUT": interface_calls.put_interface,
        "DELETE": interface_calls.delete_interface,
    },
    "devices/{}/group/-": {
        "GET": membership_calls.list_groups_of,
        "PUT": membership_calls.put_group,
        "PATCH": membership_calls.patch_groups,
    },
    "devices/{}/group/{}": {"DELETE": membership_calls.delete_group_of},
    "devices/{}/group/{}/is-member": {"GET": membership_calls.is_member},
    "devices/{}/roles/-": {
        "GET": role_calls.list_assignments,
        "PUT": role_calls.put_role,
        "DELETE": role_calls.delete_roles,
    },
    "devices/{}/roles/primary": {"PUT": role_calls.put_primary},
    "devices/{}/roles/brand": {"PUT": role_calls.put_brand},
    "devices/{}/roles/os": {"PUT": role_calls.put_os},
    "devices/{}/roles/sub-role": {"PUT": role_calls.put_sub_roles},
    "device-groups/-": {"GET": group_calls.list_groups},
    "device-groups/{}": {"GET": group_calls.get_group, "DELETE": group_calls.delete_group},
    "device-groups/{}/definition": {"GET": group_calls.get_definition},
    "device-groups/{}/children": {"GET": group_calls.list_children},
    "device-groups/{}/child": {"POST": group_calls.add_child},
    "device-groups/{}/status": {"GET": group_calls.get_group_status},
    "device-groups/{}/devices": {"GET": group_calls.list_devices},
    "device-groups/{}/devices/-": {
        "GET": group_calls.list_devices,
        "POST": membership_calls.add_members,
        "DELETE": membership_calls.remove_members,
    },
    "device-groups/{}/devices/-/config/template": {"GET": template_read.get_templates},
    "device-groups/{}/devices/{}": {"DELETE": membership_calls.remove_member},
    "device-groups/{}/newDevice": {"PUT": scan_calls.new_device, "PATCH": scan_calls.new_devices},
    "device-scan/-/status": {"GET": scan_calls.list_scans},
    "device-scan/{}/status": {"GET": scan_calls.get_scan},
    "device-scan/{}/devices": {"GET": scan_calls.list_scan_devices},
    "device-scan/{}/cancel": {"PUT": scan_calls.cancel_scan},
    "device-role/-": {"GET": role_calls.list_roles},
    "device-role/{}": {"GET": role_calls.get_role},
    "product/version": {"GET": product_calls.get_version},
    "product/api": {"GET": product_calls.get_api},
    "product/whoAmI": {"GET": product_calls.who_am_i},
    "product/installationId": {"GET": product_calls.get_installation_id},
    "product/timezone": {"GET": product_calls.get_timezone},
}
_PAGED = ("pageId", "limit")
_SEARCHED = ("search", *_PAGED)
_FILTERED = ("names", "nameContains", "valueContains")
_QUERIES: dict[Handler, tuple[str, ...]] = {
    device_calls.get_device: ("view",),
    device_calls.delete_device: ("deleteDiscoveredDevices",),
    template_read.get_template: ("options",),
    template_read.get_templates: ("options", "includeHierarchy", *_SEARCHED),
    attribute_calls.list_attributes: (*_FILTERED, *_PAGED),
    attribute_calls.add_attribute: ("name", "value"),
    attribute_calls.delete_attributes: _FILTERED,
    attribute_calls.put_attribute: ("name", "value"),
    interface_calls.list_interfaces: _SEARCHED,
    membership_calls.list_groups_of: ("type", "view", *_SEARCHED),
    role_calls.list_assignments: ("kind",),
    role_calls.put_role: ("roleId",),
    role_calls.delete_roles: ("kind",),
    role_calls.put_primary: ("primary",),
    role_calls.put_brand: ("brand",),
    role_calls.put_os: ("osName",),
    role_calls.list_roles: ("kind", "source", "view", "name", "enabledOnly", *_SEARCHED),
    role_calls.get_role: ("view",),
    group_calls.list_groups: ("view", "groupType", *_SEARCHED),
    group_calls.get_group: ("view",),
    group_calls.list_children: ("returnHierarchy", "view", "groupType", *_SEARCHED),
    group_calls.list_devices: ("view", "state", "returnHierarchy", *_SEARCHED),
    scan_calls.new_device: ("ipOrName",),
    scan_calls.list_scans: ("model", "activeOnly", *_SEARCHED),
    scan_calls.list_scan_devices: ("view", *_SEARCHED),
}
"""What each endpoint can be asked in a query."""
_ROUTES = [(re.compile(pattern.replace("{}", "([^/]+)")), methods) for pattern, methods in _TABLE.items()]


def queries(handler: Handler) -> tuple[str, ...]:
    """The names that a query of an endpoint can have."""
    return _QUERIES.get(handler, ())


def find(path: str) -> tuple[Mapping[str, Handler], tuple[str, ...]] | None:
    """The endpoints of a path below the base by method, and its variable parts; None for a path that there is not."""
    for pattern, methods in _ROUTES:
        match = pattern.fullmatch(path)
        if match:
            return methods, match.groups()
    return None
