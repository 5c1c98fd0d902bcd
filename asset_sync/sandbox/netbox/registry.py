"""The object types of the simulated NetBox, as data: fields, constraints, order, filters and names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from asset_sync.sandbox.netbox import choices as ch

Kind = Literal[
    "str",
    "slug",
    "color",
    "int",
    "float",
    "bool",
    "date",
    "choice",
    "ref",
    "json",
    "ip",
    "prefix",
    "mac",
    "content_type",
    "content_types",
    "choice_pairs",
    "ports",
    "vid_ranges",
    "terminations",
    "refs",
    "tags",
    "custom_fields",
    "const",
    "count",
    "computed",
    "time",
]
OnDelete = Literal["protect", "cascade", "null"]

SCALARS: frozenset[str] = frozenset(
    {
        *("str", "slug", "color", "int", "float", "bool", "date", "choice", "ref", "json"),
        *("ip", "prefix", "mac", "content_type", "content_types", "choice_pairs", "ports", "refs"),
        *("vid_ranges", "terminations"),
    }
)
"""The kinds a client can write and the store keeps under the field's own name."""


@dataclass(frozen=True)
class Field:
    """One field of an object type."""

    name: str
    kind: Kind
    required: bool = False
    null: bool = False
    default: Any = None
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    places: int | None = None
    """How many decimal places a number of six digits may have."""
    choices: ch.Choices = ()
    plain: bool = False
    """A choice answered as its bare value (the plugin's way)."""
    to: str = ""
    """The endpoint a reference points to, or whose rows a count counts."""
    via: str = ""
    """The field a count follows back."""
    counter: bool = False
    """A count kept up to date in the row itself: right even inside a nested object."""
    on_delete: OnDelete = "protect"
    read_only: bool = False
    ignore_case: bool = False
    """The bare filter of this field ignores case."""
    nested: tuple[str, ...] = ()
    """The fields shown of a referenced object, where they are not its brief ones."""
    natural: bool = False
    """Sorted by its numbers and without case; other texts sort by code point."""
    strict_filter: bool = True
    """Filtering by an unknown slug or name of the referenced type is refused."""
    version: str = ""
    """Only in this version (empty: in all)."""


@dataclass(frozen=True)
class Unique:
    """A unique constraint. `name` is the database's name for it."""

    name: str
    fields: tuple[str, ...]
    message: str
    error_field: str = "__all__"
    ignore_case: str = ""
    """The field compared without case."""
    when_null: tuple[str, ...] = ()
    """The constraint applies only to rows where these fields are null."""
    nulls_equal: bool = False
    version: str = ""

    @property
    def columns(self) -> str:
        """The key as PostgreSQL names it (references end in _id)."""
        return ", ".join(self._column(name) for name in self.fields)

    def _column(self, name: str) -> str:
        if name == self.ignore_case:
            return f"lower({name}::text)"
        return f"{name}_id" if name in REFERENCE_NAMES else name


@dataclass(frozen=True)
class ObjectType:
    """One object type and everything the simulator must know of it."""

    endpoint: str
    content_type: str
    model: str
    """The class name, as in "No Device matches the given query."."""
    name: str
    """The words for it in messages."""
    fields: tuple[Field, ...]
    brief: tuple[str, ...]
    display: str = "{name}"
    ordering: tuple[str, ...] = ("name",)
    unique: tuple[Unique, ...] = ()
    search: tuple[str, ...] = ("name", "description")
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Filters that follow references: filter name -> the fields to walk."""
    web_path: str | None = None
    """The path of its page; None where answers carry no display_url."""
    sequential: bool = False
    """A bulk create validates and stores row by row."""
    read_only: bool = False
    change_logged: bool = True

    def field(self, name: str) -> Field | None:
        """The field called `name`, if there is one."""
        return self.by_name.get(name)

    @property
    def by_name(self) -> dict[str, Field]:
        """The fields by name."""
        cached: dict[str, Field] | None = self.__dict__.get("_by_name")
        if cached is None:
            cached = {one.name: one for one in self.fields}
            object.__setattr__(self, "_by_name", cached)
        return cached

    @property
    def app(self) -> str:
        """The application it belongs to, as the API's path names it."""
        return self.endpoint.rsplit("/", 1)[0]


APP_TITLES = {"dcim": "DCIM", "ipam": "IPAM", "netbox_inventory": "NetBox Inventory"}
VIRTUAL = "virtualization"
INVENTORY = "plugins/inventory"
REFERENCE_NAMES = {
    *("site", "tenant", "manufacturer", "device", "device_type", "module_type", "inventoryitem_type"),
    *("owning_tenant", "supplier", "purchase", "parent", "group", "location", "role", "cluster", "virtual_machine", "_site"),
}


def _str(name: str, max_length: int | None = None, *, null: bool = False, required: bool = False) -> Field:
    return Field(name, "str", max_length=max_length, null=null, required=required, default=None if null else "")


def _ref(name: str, to: str, *, required: bool = False, on_delete: OnDelete = "protect") -> Field:
    return Field(name, "ref", to=to, required=required, null=not required, on_delete=on_delete)


def _choice(name: str, values: ch.Choices, default: str | None = None) -> Field:
    return Field(name, "choice", choices=values, default=default, null=default is None)


def _number(name: str, minimum: float | None = None, maximum: float | None = None) -> Field:
    return Field(name, "int", null=True, minimum=minimum, maximum=maximum)


def _nulls(*names: str) -> tuple[Field, ...]:
    """Fields of the real thing that the simulator always answers with null."""
    return tuple(Field(name, "const") for name in names)


def _zeros(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "const", default=0) for name in names)


def _const(name: str, value: Any, version: str = "") -> Field:
    return Field(name, "const", default=value, version=version)


def _count(name: str, to: str, via: str, *, counter: bool = False) -> Field:
    return Field(name, "count", to=to, via=via, counter=counter)


def _computed(name: str) -> Field:
    return Field(name, "computed")


NAME = _str("name", 100, required=True)
NATURAL_NAME = replace(NAME, natural=True)
SLUG = Field("slug", "slug", required=True, max_length=100)
DESCRIPTION = _str("description", 200)
OWNER = _nulls("owner")
COMMENTS = _str("comments")
TAGS = Field("tags", "tags")
CUSTOM_FIELDS = Field("custom_fields", "custom_fields")
TIMES = (Field("created", "time"), Field("last_updated", "time"))
TAIL = (*OWNER, COMMENTS, TAGS, CUSTOM_FIELDS, *TIMES)
DEPTH = _computed("_depth")
LARGEST = 2**31 - 1
"""The largest whole number of a column of NetBox's."""
BRIEF = ("id", "url", "display", "name", "slug", "description")
VRF_IN_OTHERS = ("id", "url", "display", "name", "rd", "description")


def _taken(words: str, label: str) -> str:
    return f"{words} with this {label} already exists."


def _own_unique(table: str, words: str, *names: str) -> tuple[Unique, ...]:
    """Fields that are unique by themselves: refused under the field's name."""
    return tuple(Unique(f"{table}_{name}_key", (name,), _taken(words, name.replace("_", " ")), name) for name in names)


def _top_unique(table: str, words: str, parent: str, *names: str) -> tuple[Unique, ...]:
    """Unique within the parent, and by themselves among the rows without one."""
    title = words[:1].upper() + words[1:]
    return tuple(
        one
        for name in names
        for one in (
            Unique(
                f"{table}_{parent}_{name}",
                (parent, name),
                f"{title} with this {parent.title()} and {name.title()} already exists.",
            ),
            Unique(f"{table}_{name}", (name,), _taken(words, name), name, when_null=(parent,)),
        )
    )


def _together(table: str, words: str, first: str, second: str, constraint: str = "") -> Unique:
    labels = " and ".join(part.replace("_", " ").title() for part in (first, second))
    return Unique(
        constraint or f"{table}_unique_{first}_{second}", (first, second), f"{words} with this {labels} already exists."
    )


MANUFACTURER = ObjectType(
    "dcim/manufacturers",
    "dcim.manufacturer",
    "Manufacturer",
    "manufacturer",
    (
        *(NAME, SLUG, DESCRIPTION, *TAIL),
        _count("devicetype_count", "dcim/device-types", "manufacturer"),
        _count("moduletype_count", "dcim/module-types", "manufacturer"),
        *_zeros("inventoryitem_count"),
        _count("platform_count", "dcim/platforms", "manufacturer"),
    ),
    BRIEF,
    unique=_own_unique("dcim_manufacturer", "manufacturer", "name", "slug"),
    search=("name", "slug", "description", "comments"),
    web_path="dcim/manufacturers",
)

DEVICE_TYPE = ObjectType(
    "dcim/device-types",
    "dcim.devicetype",
    "DeviceType",
    "device type",
    (
        _ref("manufacturer", "dcim/manufacturers", required=True),
        _ref("default_platform", "dcim/platforms", on_delete="null"),
        _str("model", 100, required=True),
        SLUG,
        _str("part_number", 50),
        Field("u_height", "float", default=1.0, minimum=0),
        Field("exclude_from_utilization", "bool", default=False),
        Field("is_full_depth", "bool", default=True),
        _choice("subdevice_role", ch.SUBDEVICE_ROLE),
        _choice("airflow", ch.AIRFLOW),
        _const("cooling_method", None, "4.7"),
        Field("weight", "float", null=True),
        _choice("weight_unit", ch.WEIGHT_UNIT),
        *_nulls("front_image", "rear_image"),
        _const("end_of_life", None, "4.7"),
        DESCRIPTION,
        *TAIL,
        _count("device_count", "dcim/devices", "device_type", counter=True),
        *_zeros(
            *("console_port_template_count", "console_server_port_template_count", "power_port_template_count"),
            *("power_outlet_template_count", "interface_template_count", "front_port_template_count"),
            *("rear_port_template_count", "device_bay_template_count", "module_bay_template_count"),
            "inventory_item_template_count",
        ),
        _const("cooling_intake_template_count", 0, "4.7"),
        _const("cooling_outflow_template_count", 0, "4.7"),
    ),
    ("id", "url", "display", "manufacturer", "model", "slug", "description", "device_count"),
    display="{model}",
    ordering=("manufacturer", "model"),
    unique=(
        _together("dcim_devicetype", "Device type", "manufacturer", "model"),
        _together("dcim_devicetype", "Device type", "manufacturer", "slug"),
    ),
    search=("model", "part_number", "description", "comments"),
    web_path="dcim/device-types",
)

MODULE_TYPE = ObjectType(
    "dcim/module-types",
    "dcim.moduletype",
    "ModuleType",
    "module type",
    (
        *_nulls("profile"),
        _ref("manufacturer", "dcim/manufacturers", required=True),
        _str("model", 100, required=True),
        _str("part_number", 50),
        _choice("airflow", ch.AIRFLOW),
        _const("cooling_method", None, "4.7"),
        Field("weight", "float", null=True),
        _choice("weight_unit", ch.WEIGHT_UNIT),
        _const("end_of_life", None, "4.7"),
        DESCRIPTION,
        _const("module_bay_types", [], "4.7"),
        *_nulls("attributes"),
        *TAIL,
        *_zeros(
            *("module_count", "console_port_template_count", "console_server_port_template_count"),
            *("power_port_template_count", "power_outlet_template_count", "interface_template_count"),
            *("front_port_template_count", "rear_port_template_count", "module_bay_template_count"),
        ),
        _const("cooling_intake_template_count", 0, "4.7"),
        _const("cooling_outflow_template_count", 0, "4.7"),
    ),
    ("id", "url", "display", "profile", "manufacturer", "model", "description", "module_count"),
    display="{model}",
    ordering=("manufacturer", "model"),
    unique=(_together("dcim_moduletype", "Module type", "manufacturer", "model"),),
    search=("model", "part_number", "description", "comments"),
    web_path="dcim/module-types",
)

DEVICE_ROLE = ObjectType(
    "dcim/device-roles",
    "dcim.devicerole",
    "DeviceRole",
    "device role",
    (
        NAME,
        SLUG,
        Field("color", "color", default="9e9e9e", max_length=6),
        Field("vm_role", "bool", default=True),
        *_nulls("config_template"),
        _ref("parent", "dcim/device-roles", on_delete="cascade"),
        DESCRIPTION,
        TAGS,
        CUSTOM_FIELDS,
        *TIMES,
        _count("device_count", "dcim/devices", "role"),
        _count("virtualmachine_count", f"{VIRTUAL}/virtual-machines", "role"),
        *OWNER,
        COMMENTS,
        DEPTH,
    ),
    (*BRIEF, "device_count", "virtualmachine_count", "_depth"),
    unique=_top_unique("dcim_devicerole", "device role", "parent", "name", "slug"),
    search=("name", "slug", "description", "comments"),
    web_path="dcim/device-roles",
)

PLATFORM = ObjectType(
    "dcim/platforms",
    "dcim.platform",
    "Platform",
    "platform",
    (
        _ref("parent", "dcim/platforms", on_delete="cascade"),
        NAME,
        SLUG,
        _ref("manufacturer", "dcim/manufacturers"),
        *_nulls("config_template"),
        DESCRIPTION,
        *TAIL,
        _count("device_count", "dcim/devices", "platform"),
        _count("virtualmachine_count", f"{VIRTUAL}/virtual-machines", "platform"),
        DEPTH,
    ),
    (*BRIEF, "device_count", "virtualmachine_count", "_depth"),
    unique=_top_unique("dcim_platform", "platform", "manufacturer", "name", "slug"),
    search=("name", "slug", "description", "comments"),
    web_path="dcim/platforms",
)

REGION = ObjectType(
    "dcim/regions",
    "dcim.region",
    "Region",
    "region",
    (
        NAME,
        SLUG,
        _ref("parent", "dcim/regions", on_delete="cascade"),
        DESCRIPTION,
        TAGS,
        CUSTOM_FIELDS,
        *TIMES,
        _count("site_count", "dcim/sites", "region"),
        *_zeros("prefix_count"),
        *OWNER,
        COMMENTS,
        DEPTH,
    ),
    (*BRIEF, "site_count", "_depth"),
    unique=_top_unique("dcim_region", "region", "parent", "name", "slug"),
    web_path="dcim/regions",
)

SITE = ObjectType(
    "dcim/sites",
    "dcim.site",
    "Site",
    "site",
    (
        NATURAL_NAME,
        SLUG,
        _choice("status", ch.SITE_STATUS, "active"),
        _ref("region", "dcim/regions", on_delete="null"),
        *_nulls("group"),
        _ref("tenant", "tenancy/tenants"),
        _str("facility", 50),
        _str("time_zone", null=True),
        DESCRIPTION,
        _str("physical_address", 200),
        _str("shipping_address", 200),
        Field("latitude", "float", null=True, minimum=-90, maximum=90),
        Field("longitude", "float", null=True, minimum=-180, maximum=180),
        *OWNER,
        COMMENTS,
        _const("asns", []),
        TAGS,
        CUSTOM_FIELDS,
        *TIMES,
        *_zeros("circuit_count"),
        _count("device_count", "dcim/devices", "site"),
        _count("prefix_count", "ipam/prefixes", "scope_site"),
        *_zeros("rack_count"),
        _count("virtualmachine_count", f"{VIRTUAL}/virtual-machines", "site"),
        _count("vlan_count", "ipam/vlans", "site"),
    ),
    BRIEF,
    unique=_own_unique("dcim_site", "site", "name", "slug"),
    search=("name", "facility", "description", "physical_address", "shipping_address", "comments"),
    web_path="dcim/sites",
)

LOCATION = ObjectType(
    "dcim/locations",
    "dcim.location",
    "Location",
    "location",
    (
        NAME,
        SLUG,
        _ref("site", "dcim/sites", required=True, on_delete="cascade"),
        _ref("parent", "dcim/locations", on_delete="cascade"),
        _choice("status", ch.LOCATION_STATUS, "active"),
        _ref("tenant", "tenancy/tenants"),
        _str("facility", 50),
        DESCRIPTION,
        TAGS,
        CUSTOM_FIELDS,
        *TIMES,
        *_zeros("rack_count"),
        _count("device_count", "dcim/devices", "location"),
        *_zeros("prefix_count"),
        *OWNER,
        COMMENTS,
        DEPTH,
    ),
    (*BRIEF, "rack_count", "_depth"),
    ordering=("site", "name"),
    unique=tuple(
        one
        for name in ("name", "slug")
        for one in (
            Unique(
                f"dcim_location_parent_{name}",
                ("site", "parent", name),
                f"Location with this Site, Parent and {name.title()} already exists.",
            ),
            Unique(
                f"dcim_location_{name}",
                ("site", name),
                f"A location with this {name} already exists within the specified site.",
                when_null=("parent",),
            ),
        )
    ),
    search=("name", "facility", "description", "comments"),
    web_path="dcim/locations",
)

IP_IN_DEVICE = (*("id", "url", "display", "family", "address", "nat_inside", "nat_outside", "dns_name", "description"),)

CLUSTER_IN_OTHERS = ("id", "url", "display", "name", "description")

DEVICE = ObjectType(
    "dcim/devices",
    "dcim.device",
    "Device",
    "device",
    (
        replace(_str("name", 64, null=True), ignore_case=True, natural=True),
        _ref("device_type", "dcim/device-types", required=True),
        _ref("role", "dcim/device-roles", required=True),
        _ref("tenant", "tenancy/tenants"),
        _ref("platform", "dcim/platforms", on_delete="null"),
        replace(_str("serial", 50), ignore_case=True),
        _str("asset_tag", 50, null=True),
        _ref("site", "dcim/sites", required=True),
        _ref("location", "dcim/locations"),
        *_nulls("rack"),
        Field("position", "float", null=True, minimum=0.5),
        _choice("face", ch.DEVICE_FACE),
        Field("latitude", "float", null=True, minimum=-90, maximum=90),
        Field("longitude", "float", null=True, minimum=-180, maximum=180),
        *_nulls("parent_device"),
        _choice("status", ch.DEVICE_STATUS, "active"),
        _choice("airflow", ch.AIRFLOW),
        _const("cooling_method", None, "4.7"),
        _computed("primary_ip"),
        replace(_ref("primary_ip4", "ipam/ip-addresses", on_delete="null"), nested=IP_IN_DEVICE),
        replace(_ref("primary_ip6", "ipam/ip-addresses", on_delete="null"), nested=IP_IN_DEVICE),
        replace(_ref("oob_ip", "ipam/ip-addresses", on_delete="null"), nested=IP_IN_DEVICE),
        replace(_ref("cluster", f"{VIRTUAL}/clusters", on_delete="null"), nested=CLUSTER_IN_OTHERS),
        *_nulls("virtual_chassis"),
        _number("vc_position", 0, 255),
        _number("vc_priority", 0, 255),
        DESCRIPTION,
        *OWNER,
        COMMENTS,
        *_nulls("config_template"),
        _const("config_context", {}),
        Field("local_context_data", "json", null=True),
        TAGS,
        CUSTOM_FIELDS,
        *TIMES,
        *_zeros("console_port_count", "console_server_port_count", "power_port_count", "power_outlet_count"),
        _count("interface_count", "dcim/interfaces", "device", counter=True),
        *_zeros("front_port_count", "rear_port_count", "device_bay_count", "module_bay_count", "inventory_item_count"),
        _const("cooling_intake_count", 0, "4.7"),
        _const("cooling_outflow_count", 0, "4.7"),
    ),
    ("id", "url", "display", "name", "description"),
    display="device",
    unique=(
        *_own_unique("dcim_device", "device", "asset_tag"),
        Unique(
            "dcim_device_unique_name_site_tenant",
            ("name", "site", "tenant"),
            "Constraint “dcim_device_unique_name_site_tenant” is violated.",
            ignore_case="name",
            version="4.6",
        ),
        Unique(
            "dcim_device_unique_name_site",
            ("name", "site"),
            "Device name must be unique per site.",
            ignore_case="name",
            when_null=("tenant",),
            version="4.6",
        ),
        Unique(
            "dcim_device_unique_name_site_tenant",
            ("name", "site", "tenant"),
            "Device name must be unique per site and tenant.",
            ignore_case="name",
            nulls_equal=True,
            version="4.7",
        ),
    ),
    search=("name", "serial", "asset_tag", "description", "comments"),
    paths={
        "manufacturer": ("device_type", "manufacturer"),
        "model": ("device_type",),
        "region": ("site", "region"),
    },
    web_path="dcim/devices",
    sequential=True,
)

INTERFACE_IN_OTHERS = ("id", "url", "display_url", "display", "device", "name", "cable", "_occupied")

INTERFACE = ObjectType(
    "dcim/interfaces",
    "dcim.interface",
    "Interface",
    "interface",
    (
        _ref("device", "dcim/devices", required=True, on_delete="cascade"),
        _const("vdcs", []),
        *_nulls("module"),
        replace(_str("name", 64, required=True), natural=True),
        _str("label", 64),
        Field("type", "choice", choices=ch.INTERFACE_TYPE, required=True),
        Field("enabled", "bool", default=True),
        replace(_ref("parent", "dcim/interfaces"), nested=INTERFACE_IN_OTHERS),
        replace(_ref("bridge", "dcim/interfaces", on_delete="null"), nested=INTERFACE_IN_OTHERS),
        _const("bridge_interfaces", []),
        replace(_ref("lag", "dcim/interfaces", on_delete="null"), nested=INTERFACE_IN_OTHERS),
        _number("mtu", 1, 65536),
        _const("channels", None, "4.7"),
        _const("channel_id", None, "4.7"),
        _computed("mac_address"),
        _ref("primary_mac_address", "dcim/mac-addresses", on_delete="null"),
        _computed("mac_addresses"),
        _number("speed", 0),
        _choice("duplex", ch.INTERFACE_DUPLEX),
        *_nulls("wwn"),
        Field("mgmt_only", "bool", default=False),
        DESCRIPTION,
        _choice("mode", ch.INTERFACE_MODE),
        *_nulls("rf_role", "rf_channel", "poe_mode", "poe_type", "rf_channel_frequency", "rf_channel_width", "tx_power"),
        _ref("untagged_vlan", "ipam/vlans", on_delete="null"),
        Field("tagged_vlans", "refs", to="ipam/vlans", default=()),
        *_nulls("qinq_svlan", "vlan_translation_policy"),
        Field("mark_connected", "bool", default=False),
        *(_computed(name) for name in ("cable", "cable_end")),
        *_nulls("wireless_link"),
        *(_computed(name) for name in ("link_peers", "link_peers_type")),
        _const("wireless_lans", []),
        replace(_ref("vrf", "ipam/vrfs", on_delete="null"), nested=VRF_IN_OTHERS),
        *_nulls("l2vpn_termination"),
        *(_computed(name) for name in ("connected_endpoints", "connected_endpoints_type", "connected_endpoints_reachable")),
        *OWNER,
        TAGS,
        CUSTOM_FIELDS,
        *TIMES,
        _count("count_ipaddresses", "ipam/ip-addresses", "assigned_object"),
        *_zeros("count_fhrp_groups"),
        _computed("_occupied"),
    ),
    ("id", "url", "display", "device", "name", "description", "cable", "_occupied"),
    ordering=("device", "name"),
    unique=(_together("dcim_interface", "Interface", "device", "name"),),
    paths={"site": ("device", "site"), "device_role": ("device", "role"), "device_type": ("device", "device_type")},
    web_path="dcim/interfaces",
)

CABLE = ObjectType(
    "dcim/cables",
    "dcim.cable",
    "Cable",
    "cable",
    (
        Field("type", "choice", choices=ch.CABLE_TYPE, null=True, plain=True),
        Field("a_terminations", "terminations", default=()),
        Field("b_terminations", "terminations", default=()),
        _choice("status", ch.CABLE_STATUS, "connected"),
        _choice("profile", ch.CABLE_PROFILE),
        _ref("tenant", "tenancy/tenants"),
        *_nulls("bundle"),
        _str("label", 100),
        Field("color", "color", default="", max_length=6),
        Field("length", "float", null=True, minimum=0),
        _choice("length_unit", ch.CABLE_LENGTH_UNIT),
        DESCRIPTION,
        *TAIL,
    ),
    ("id", "url", "display", "label", "description"),
    display="cable",
    ordering=("id",),
    search=("label",),
    web_path="dcim/cables",
)

ASSIGNMENT = (
    Field("assigned_object_type", "content_type", null=True),
    Field("assigned_object_id", "int", null=True, minimum=0),
    _computed("assigned_object"),
)

MAC_ADDRESS = ObjectType(
    "dcim/mac-addresses",
    "dcim.macaddress",
    "MACAddress",
    "MAC address",
    (
        Field("mac_address", "mac", required=True, ignore_case=True),
        *ASSIGNMENT,
        replace(_computed("is_primary"), version="4.7"),
        DESCRIPTION,
        *TAIL,
    ),
    ("id", "url", "display", "mac_address", "description"),
    display="{mac_address}",
    ordering=("mac_address",),
    search=("mac_address", "description"),
    web_path="dcim/mac-addresses",
)

IP_ADDRESS = ObjectType(
    "ipam/ip-addresses",
    "ipam.ipaddress",
    "IPAddress",
    "IP address",
    (
        _computed("family"),
        Field("address", "ip", required=True),
        replace(_ref("vrf", "ipam/vrfs"), nested=VRF_IN_OTHERS),
        _ref("tenant", "tenancy/tenants"),
        _choice("status", ch.IP_STATUS, "active"),
        _choice("role", ch.IP_ROLE),
        *ASSIGNMENT,
        _ref("nat_inside", "ipam/ip-addresses", on_delete="null"),
        _computed("nat_outside"),
        _str("dns_name", 255),
        DESCRIPTION,
        *TAIL,
    ),
    ("id", "url", "display", "family", "address", "description"),
    display="{address}",
    ordering=("address",),
    search=("address", "dns_name", "description", "comments"),
    web_path="ipam/ip-addresses",
)

SCOPE = (
    Field("scope_type", "content_type", null=True),
    Field("scope_id", "int", null=True, minimum=0),
    _computed("scope"),
)

ROLE_OF_NETWORK = replace(_ref("role", "ipam/roles", on_delete="null"), nested=BRIEF)

ROLE = ObjectType(
    "ipam/roles",
    "ipam.role",
    "Role",
    "role",
    (
        *(NAME, SLUG, Field("weight", "int", default=1000, minimum=0, maximum=32767), DESCRIPTION, *TAIL),
        _count("prefix_count", "ipam/prefixes", "role"),
        _count("vlan_count", "ipam/vlans", "role"),
        *_zeros("asn_count"),
    ),
    (*BRIEF, "prefix_count", "vlan_count", "asn_count"),
    ordering=("weight", "name"),
    unique=_own_unique("ipam_role", "role", "name", "slug"),
    search=("name", "slug", "description"),
    web_path="ipam/roles",
)

PREFIX = ObjectType(
    "ipam/prefixes",
    "ipam.prefix",
    "Prefix",
    "prefix",
    (
        _computed("family"),
        Field("prefix", "prefix", required=True),
        replace(_ref("vrf", "ipam/vrfs"), nested=VRF_IN_OTHERS),
        *SCOPE,
        _ref("tenant", "tenancy/tenants"),
        _ref("vlan", "ipam/vlans"),
        _choice("status", ch.PREFIX_STATUS, "active"),
        ROLE_OF_NETWORK,
        Field("is_pool", "bool", default=False),
        Field("mark_utilized", "bool", default=False),
        DESCRIPTION,
        *TAIL,
        *_zeros("children", "_depth"),
    ),
    ("id", "url", "display", "family", "prefix", "description", "_depth"),
    display="{prefix}",
    ordering=("prefix",),
    search=("prefix", "description"),
    web_path="ipam/prefixes",
)

VRF = ObjectType(
    "ipam/vrfs",
    "ipam.vrf",
    "VRF",
    "VRF",
    (
        _str("name", 100, required=True),
        _str("rd", 21, null=True),
        _ref("tenant", "tenancy/tenants"),
        Field("enforce_unique", "bool", default=True),
        DESCRIPTION,
        *OWNER,
        COMMENTS,
        _const("import_targets", []),
        _const("export_targets", []),
        TAGS,
        CUSTOM_FIELDS,
        *TIMES,
        _count("ipaddress_count", "ipam/ip-addresses", "vrf"),
        _count("prefix_count", "ipam/prefixes", "vrf"),
    ),
    (*VRF_IN_OTHERS, "prefix_count"),
    display="vrf",
    ordering=("name", "rd"),
    unique=(Unique("ipam_vrf_rd_key", ("rd",), "VRF with this route distinguisher already exists.", "rd"),),
    search=("name", "rd", "description"),
    web_path="ipam/vrfs",
)

IP_RANGE = ObjectType(
    "ipam/ip-ranges",
    "ipam.iprange",
    "IPRange",
    "IP range",
    (
        _computed("family"),
        Field("start_address", "ip", required=True),
        Field("end_address", "ip", required=True),
        _computed("size"),
        replace(_ref("vrf", "ipam/vrfs"), nested=VRF_IN_OTHERS),
        _ref("tenant", "tenancy/tenants"),
        _choice("status", ch.IP_RANGE_STATUS, "active"),
        ROLE_OF_NETWORK,
        DESCRIPTION,
        *TAIL,
        Field("mark_populated", "bool", default=False),
        Field("mark_utilized", "bool", default=False),
    ),
    ("id", "url", "display", "family", "start_address", "end_address", "description"),
    display="ip-range",
    ordering=("vrf", "start_address"),
    search=("description", "comments"),
    web_path="ipam/ip-ranges",
)


def _group_unique(name: str) -> Unique:
    words = f"VLAN group with this Scope type, Scope id and {name.title()} already exists."
    return Unique(f"ipam_vlangroup_unique_scope_{name}", ("scope_type", "scope_id", name), words)


VLAN_GROUP = ObjectType(
    "ipam/vlan-groups",
    "ipam.vlangroup",
    "VLANGroup",
    "VLAN group",
    (
        *(NAME, SLUG, *SCOPE),
        Field("vid_ranges", "vid_ranges", default=((1, 4094),)),
        _computed("total_vlan_ids"),
        _ref("tenant", "tenancy/tenants"),
        DESCRIPTION,
        *TAIL,
        _count("vlan_count", "ipam/vlans", "group"),
        _computed("utilization"),
    ),
    (*BRIEF, "vlan_count"),
    unique=(_group_unique("name"), _group_unique("slug")),
    search=("name", "slug", "description"),
    web_path="ipam/vlan-groups",
)

VLAN = ObjectType(
    "ipam/vlans",
    "ipam.vlan",
    "VLAN",
    "VLAN",
    (
        _ref("site", "dcim/sites"),
        replace(_ref("group", "ipam/vlan-groups"), nested=BRIEF),
        Field("vid", "int", required=True, minimum=1, maximum=4094),
        _str("name", 64, required=True),
        _ref("tenant", "tenancy/tenants"),
        _choice("status", ch.VLAN_STATUS, "active"),
        ROLE_OF_NETWORK,
        DESCRIPTION,
        _choice("qinq_role", ch.VLAN_QINQ_ROLE),
        *_nulls("qinq_svlan"),
        *OWNER,
        COMMENTS,
        *_nulls("l2vpn_termination"),
        TAGS,
        CUSTOM_FIELDS,
        *TIMES,
        _count("prefix_count", "ipam/prefixes", "vlan"),
    ),
    ("id", "url", "display", "vid", "name", "description"),
    display="{name} ({vid})",
    ordering=("site", "group", "vid"),
    unique=(
        Unique("ipam_vlan_unique_group_vid", ("group", "vid"), "VLAN with this Group and VLAN ID already exists."),
        Unique("ipam_vlan_unique_group_name", ("group", "name"), "VLAN with this Group and Name already exists."),
    ),
    web_path="ipam/vlans",
)

CLUSTER_TYPE = ObjectType(
    f"{VIRTUAL}/cluster-types",
    "virtualization.clustertype",
    "ClusterType",
    "cluster type",
    (NAME, SLUG, DESCRIPTION, *TAIL, _count("cluster_count", f"{VIRTUAL}/clusters", "type")),
    (*BRIEF, "cluster_count"),
    unique=_own_unique("virtualization_clustertype", "cluster type", "name", "slug"),
    search=("name", "slug", "description", "comments"),
    web_path=f"{VIRTUAL}/cluster-types",
)

CLUSTER = ObjectType(
    f"{VIRTUAL}/clusters",
    "virtualization.cluster",
    "Cluster",
    "cluster",
    (
        NATURAL_NAME,
        replace(_ref("type", f"{VIRTUAL}/cluster-types", required=True), nested=BRIEF),
        *_nulls("group"),
        _choice("status", ch.CLUSTER_STATUS, "active"),
        _ref("tenant", "tenancy/tenants"),
        *SCOPE,
        DESCRIPTION,
        *TAIL,
        _count("device_count", "dcim/devices", "cluster"),
        _count("virtualmachine_count", f"{VIRTUAL}/virtual-machines", "cluster"),
        *(_computed(f"allocated_{name}") for name in ("vcpus", "memory", "disk")),
    ),
    (*CLUSTER_IN_OTHERS, "virtualmachine_count"),
    # The site is not a field of the API, so only the database refuses the second one.
    unique=(Unique("virtualization_cluster_unique__site_name", ("_site", "name"), ""),),
    search=("name", "comments"),
    web_path=f"{VIRTUAL}/clusters",
)

_PER_CLUSTER, _PER_DEVICE = "Virtual machine name must be unique per cluster", "Virtual machine name must be unique per device"


def _vm_unique(place: str, words: str, *null: str) -> tuple[Unique, ...]:
    """Unique names in one place: of each tenant, and of those of none; 4.7 says both in the same words."""
    name = f"virtualization_virtualmachine_unique_name_{place}"
    in_place, tenant = ("name", place), f"{words} and tenant."
    return (
        Unique(f"{name}_tenant", (*in_place, "tenant"), tenant, ignore_case="name", when_null=null, version="4.6"),
        Unique(name, in_place, f"{words}.", ignore_case="name", when_null=(*null, "tenant"), version="4.6"),
        Unique(
            f"{name}_tenant",
            (place, "name", "tenant"),
            tenant,
            ignore_case="name",
            when_null=null,
            nulls_equal=True,
            version="4.7",
        ),
    )


VIRTUAL_MACHINE = ObjectType(
    f"{VIRTUAL}/virtual-machines",
    "virtualization.virtualmachine",
    "VirtualMachine",
    "virtual machine",
    (
        replace(_str("name", 64, required=True), ignore_case=True, natural=True),
        *_nulls("virtual_machine_type"),
        _ref("role", "dcim/device-roles"),
        _choice("status", ch.VM_STATUS, "active"),
        _choice("start_on_boot", ch.VM_START_ON_BOOT, "off"),
        _ref("site", "dcim/sites"),
        replace(_ref("cluster", f"{VIRTUAL}/clusters"), nested=CLUSTER_IN_OTHERS),
        _ref("device", "dcim/devices"),
        _ref("platform", "dcim/platforms", on_delete="null"),
        *_nulls("primary_ip", "primary_ip4", "primary_ip6"),
        Field("vcpus", "float", null=True, minimum=0.01, places=2),
        _number("memory", 0, LARGEST),
        _number("disk", 0, LARGEST),
        DESCRIPTION,
        replace(_str("serial", 50), ignore_case=True),
        _ref("tenant", "tenancy/tenants"),
        *OWNER,
        COMMENTS,
        TAGS,
        Field("local_context_data", "json", null=True),
        *_nulls("config_template"),
        CUSTOM_FIELDS,
        *TIMES,
        _count("interface_count", f"{VIRTUAL}/interfaces", "virtual_machine", counter=True),
        _count("virtual_disk_count", f"{VIRTUAL}/virtual-disks", "virtual_machine", counter=True),
        _const("config_context", {}),
    ),
    ("id", "url", "display", "name", "description"),
    unique=(*_vm_unique("cluster", _PER_CLUSTER), *_vm_unique("device", _PER_DEVICE, "cluster")),
    search=("name", "serial", "description", "comments"),
    web_path=f"{VIRTUAL}/virtual-machines",
)

_OF_MACHINE = (
    _ref("virtual_machine", f"{VIRTUAL}/virtual-machines", required=True, on_delete="cascade"),
    replace(_str("name", 64, required=True), natural=True),
)


def _machine_unique(table: str, words: str) -> tuple[Unique, ...]:
    name = f"virtualization_{table}_unique_virtual_machine_name"
    return (Unique(name, ("virtual_machine", "name"), f"{words} with this Virtual machine and Name already exists."),)


VM_INTERFACE = ObjectType(
    f"{VIRTUAL}/interfaces",
    "virtualization.vminterface",
    "VMInterface",
    "interface",
    (
        *_OF_MACHINE,
        Field("enabled", "bool", default=True),
        _ref("parent", f"{VIRTUAL}/interfaces"),
        _ref("bridge", f"{VIRTUAL}/interfaces", on_delete="null"),
        _number("mtu", 1, 65536),
        _computed("mac_address"),
        _ref("primary_mac_address", "dcim/mac-addresses", on_delete="null"),
        _computed("mac_addresses"),
        DESCRIPTION,
        _choice("mode", ch.INTERFACE_MODE),
        _ref("untagged_vlan", "ipam/vlans", on_delete="null"),
        _const("tagged_vlans", []),
        *_nulls("qinq_svlan", "vlan_translation_policy", "vrf", "l2vpn_termination"),
        *OWNER,
        TAGS,
        CUSTOM_FIELDS,
        *TIMES,
        _count("count_ipaddresses", "ipam/ip-addresses", "assigned_object"),
        *_zeros("count_fhrp_groups"),
    ),
    ("id", "url", "display", "virtual_machine", "name", "description"),
    ordering=("virtual_machine", "name"),
    unique=_machine_unique("vminterface", "Interface"),
    paths={"cluster": ("virtual_machine", "cluster")},
    web_path=f"{VIRTUAL}/interfaces",
)

VIRTUAL_DISK = ObjectType(
    f"{VIRTUAL}/virtual-disks",
    "virtualization.virtualdisk",
    "VirtualDisk",
    "virtual disk",
    (
        *_OF_MACHINE,
        DESCRIPTION,
        Field("size", "int", required=True, minimum=0, maximum=LARGEST),
        *OWNER,
        TAGS,
        CUSTOM_FIELDS,
        *TIMES,
    ),
    ("id", "url", "display", "virtual_machine", "name", "description", "size"),
    ordering=("virtual_machine", "name"),
    unique=_machine_unique("virtualdisk", "Virtual disk"),
    web_path=f"{VIRTUAL}/virtual-disks",
)

SERVICE = ObjectType(
    "ipam/services",
    "ipam.service",
    "Service",
    "application service",
    (
        Field("parent_object_type", "content_type", required=True),
        Field("parent_object_id", "int", required=True, minimum=0),
        _computed("parent"),
        _str("name", 100, required=True),
        Field("protocol", "choice", choices=ch.SERVICE_PROTOCOL, required=True),
        Field("ports", "ports", required=True, minimum=1, maximum=65535),
        Field("ipaddresses", "refs", to="ipam/ip-addresses", default=()),
        DESCRIPTION,
        *TAIL,
    ),
    ("id", "url", "display", "name", "protocol", "ports", "description"),
    display="service",
    ordering=("protocol", "_ports_lowest"),
    web_path="ipam/services",
)

TENANT = ObjectType(
    "tenancy/tenants",
    "tenancy.tenant",
    "Tenant",
    "tenant",
    (
        NATURAL_NAME,
        SLUG,
        *_nulls("group"),
        DESCRIPTION,
        *TAIL,
        *_zeros("circuit_count"),
        _count("device_count", "dcim/devices", "tenant"),
        _count("ipaddress_count", "ipam/ip-addresses", "tenant"),
        _count("prefix_count", "ipam/prefixes", "tenant"),
        *_zeros("rack_count"),
        _count("site_count", "dcim/sites", "tenant"),
        _count("virtualmachine_count", f"{VIRTUAL}/virtual-machines", "tenant"),
        _count("vlan_count", "ipam/vlans", "tenant"),
        _count("vrf_count", "ipam/vrfs", "tenant"),
        _count("cluster_count", f"{VIRTUAL}/clusters", "tenant"),
    ),
    BRIEF,
    unique=tuple(Unique(f"tenancy_tenant_unique_{name}", (name,), _taken("tenant", name), name) for name in ("name", "slug")),
    search=("name", "slug", "description", "comments"),
    web_path="tenancy/tenants",
)

CONTACT = ObjectType(
    "tenancy/contacts",
    "tenancy.contact",
    "Contact",
    "contact",
    (
        _const("groups", []),
        NATURAL_NAME,
        _str("title", 100),
        _str("phone", 50),
        _str("email", 254),
        _str("address", 200),
        _str("link", 200),
        DESCRIPTION,
        *TAIL,
    ),
    ("id", "url", "display", "name", "description"),
    search=("name", "title", "phone", "email", "description"),
    web_path="tenancy/contacts",
)

TAG = ObjectType(
    "extras/tags",
    "extras.tag",
    "Tag",
    "tag",
    (
        NAME,
        SLUG,
        Field("color", "color", default="9e9e9e", max_length=6),
        DESCRIPTION,
        Field("weight", "int", default=1000, minimum=0, maximum=32767),
        Field("object_types", "content_types", default=()),
        _computed("tagged_items"),
        *TIMES,
    ),
    ("id", "url", "display", "name", "slug", "color", "description"),
    ordering=("weight", "name"),
    unique=_own_unique("extras_tag", "tag", "name", "slug"),
    search=("name", "slug", "description"),
    web_path="extras/tags",
)

CUSTOM_FIELD = ObjectType(
    "extras/custom-fields",
    "extras.customfield",
    "CustomField",
    "custom field",
    (
        Field("object_types", "content_types", required=True),
        Field("type", "choice", choices=ch.CUSTOM_FIELD_TYPE, default="text", required=True),
        Field("related_object_type", "content_type", null=True),
        _computed("data_type"),
        _str("name", 50, required=True),
        _str("label", 50),
        _str("group_name", 50),
        DESCRIPTION,
        Field("required", "bool", default=False),
        Field("unique", "bool", default=False),
        Field("search_weight", "int", default=1000, minimum=0, maximum=32767),
        _choice("filter_logic", ch.FILTER_LOGIC, "loose"),
        _choice("ui_visible", ch.UI_VISIBLE, "always"),
        _choice("ui_editable", ch.UI_EDITABLE, "yes"),
        Field("is_cloneable", "bool", default=False),
        Field("default", "json", null=True),
        Field("related_object_filter", "json", null=True),
        Field("weight", "int", default=100, minimum=0, maximum=32767),
        _const("nulls_first", value=True, version="4.7"),
        Field("validation_minimum", "float", null=True),
        Field("validation_maximum", "float", null=True),
        _str("validation_regex", 500),
        Field("validation_schema", "json", null=True),
        _ref("choice_set", "extras/custom-field-choice-sets"),
        *OWNER,
        COMMENTS,
        *TIMES,
    ),
    ("id", "url", "display", "name", "description"),
    display="custom-field",
    ordering=("group_name", "weight", "name"),
    unique=_own_unique("extras_customfield", "custom field", "name"),
    search=("name", "label", "description"),
    web_path="extras/custom-fields",
)

CHOICE_SET = ObjectType(
    "extras/custom-field-choice-sets",
    "extras.customfieldchoiceset",
    "CustomFieldChoiceSet",
    "custom field choice set",
    (
        NAME,
        DESCRIPTION,
        *_nulls("base_choices"),
        Field("extra_choices", "choice_pairs", required=True),
        _const("choice_colors", {}),
        Field("order_alphabetically", "bool", default=False),
        _computed("choices_count"),
        *OWNER,
        *TIMES,
    ),
    ("id", "url", "display", "name", "description", "choices_count"),
    unique=_own_unique("extras_customfieldchoiceset", "custom field choice set", "name"),
    web_path="extras/custom-field-choices",
)

JOURNAL_ENTRY = ObjectType(
    "extras/journal-entries",
    "extras.journalentry",
    "JournalEntry",
    "journal entry",
    (
        Field("assigned_object_type", "content_type", required=True),
        Field("assigned_object_id", "int", required=True, minimum=0),
        _computed("assigned_object"),
        Field("created", "time"),
        _computed("created_by"),
        _choice("kind", ch.JOURNAL_KIND, "info"),
        _str("comments", required=True),
        TAGS,
        CUSTOM_FIELDS,
        Field("last_updated", "time"),
    ),
    ("id", "url", "display", "created"),
    display="journal-entry",
    ordering=("-created",),
    search=("comments",),
    web_path="extras/journal-entries",
)

_ASSET_KINDS = ("device_type", "module_type", "inventoryitem_type")

ASSET = ObjectType(
    f"{INVENTORY}/assets",
    "netbox_inventory.asset",
    "Asset",
    "asset",
    (
        _str("name", 128),
        DESCRIPTION,
        _str("asset_tag", 50, null=True),
        _str("serial", 60, null=True),
        Field("status", "choice", choices=ch.ASSET_STATUS, required=True, plain=True),
        _computed("kind"),
        _ref("role", f"{INVENTORY}/asset-roles", on_delete="null"),
        replace(_ref("device_type", "dcim/device-types"), strict_filter=False),
        replace(_ref("device", "dcim/devices", on_delete="null"), strict_filter=False),
        replace(_ref("module_type", "dcim/module-types"), strict_filter=False),
        *_nulls("module"),
        replace(_ref("inventoryitem_type", f"{INVENTORY}/inventory-item-types"), strict_filter=False),
        *_nulls("inventoryitem", "rack_type", "rack"),
        _ref("tenant", "tenancy/tenants"),
        replace(_ref("contact", "tenancy/contacts"), version="4.6"),
        _ref("storage_location", "dcim/locations"),
        _ref("owning_tenant", "tenancy/tenants"),
        replace(_ref("delivery", f"{INVENTORY}/deliveries"), strict_filter=False),
        replace(_ref("purchase", f"{INVENTORY}/purchases"), strict_filter=False),
        Field("warranty_start", "date", null=True),
        Field("warranty_end", "date", null=True),
        *TAIL,
    ),
    ("id", "url", "display", "name", "description", "serial"),
    display="asset",
    ordering=("device_type", "module_type", "inventoryitem_type", "serial"),
    unique=(
        Unique("netbox_inventory_asset_device_id_key", ("device",), ""),
        *(
            Unique(
                f"unique_{kind}_serial",
                (kind, "serial"),
                f"Asset with this {kind.replace('_', ' ').title()} and Serial Number already exists.",
            )
            for kind in _ASSET_KINDS
        ),
        _together("", "Asset", "owning_tenant", "asset_tag", "unique_owning_tenant_asset_tag"),
        Unique(
            "unique_asset_tag",
            ("asset_tag",),
            "Asset with this Asset Tag and no Owning Tenant already exists.",
            when_null=("owning_tenant",),
        ),
    ),
    search=("name", "serial", "asset_tag", "description", "comments"),
    paths={
        "device_role": ("device", "role"),
        "supplier": ("purchase", "supplier"),
        "storage_site": ("storage_location", "site"),
        "inventoryitem_group": ("inventoryitem_type", "inventoryitem_group"),
    },
)

ITEM_TYPE = ObjectType(
    f"{INVENTORY}/inventory-item-types",
    "netbox_inventory.inventoryitemtype",
    "InventoryItemType",
    "inventory item type",
    (
        _str("model", 100, required=True),
        SLUG,
        _ref("manufacturer", "dcim/manufacturers", required=True),
        _str("part_number", 50),
        _ref("inventoryitem_group", f"{INVENTORY}/inventory-item-groups", on_delete="null"),
        DESCRIPTION,
        *TAIL,
        _count("asset_count", f"{INVENTORY}/assets", "inventoryitem_type"),
    ),
    ("id", "url", "display", "model", "slug", "manufacturer", "description"),
    display="{model}",
    ordering=("manufacturer", "model"),
    unique=tuple(
        Unique(
            f"netbox_inventory_inventoryitemtype_manufacturer_id_{name}_uniq",
            ("manufacturer", name),
            f"Inventory item type with this Manufacturer and {name.title()} already exists.",
        )
        for name in ("model", "slug")
    ),
    search=("model", "part_number", "description"),
)

ITEM_GROUP = ObjectType(
    f"{INVENTORY}/inventory-item-groups",
    "netbox_inventory.inventoryitemgroup",
    "InventoryItemGroup",
    "inventory item group",
    (
        NAME,
        _ref("parent", f"{INVENTORY}/inventory-item-groups", on_delete="cascade"),
        DESCRIPTION,
        *TAIL,
        _computed("asset_count"),
        DEPTH,
    ),
    ("id", "url", "display", "name", "description", "_depth"),
    unique=_top_unique("netbox_inventory_inventoryitemgroup", "inventory item group", "parent", "name"),
)

ASSET_ROLE = ObjectType(
    f"{INVENTORY}/asset-roles",
    "netbox_inventory.assetrole",
    "AssetRole",
    "asset role",
    (
        NAME,
        SLUG,
        _ref("parent", f"{INVENTORY}/asset-roles", on_delete="cascade"),
        Field("color", "color", default="9e9e9e", max_length=6),
        DESCRIPTION,
        COMMENTS,
        TAGS,
        CUSTOM_FIELDS,
        *TIMES,
        _count("asset_count", f"{INVENTORY}/assets", "role"),
        DEPTH,
    ),
    ("id", "url", "display", "name", "description", "_depth"),
    unique=_top_unique("netbox_inventory_assetrole", "asset role", "parent", "name", "slug"),
)

SUPPLIER = ObjectType(
    f"{INVENTORY}/suppliers",
    "netbox_inventory.supplier",
    "Supplier",
    "supplier",
    (
        NAME,
        SLUG,
        DESCRIPTION,
        *TAIL,
        _computed("asset_count"),
        _count("purchase_count", f"{INVENTORY}/purchases", "supplier"),
        _computed("delivery_count"),
    ),
    BRIEF,
    unique=_own_unique("netbox_inventory_supplier", "supplier", "slug"),
)

PURCHASE = ObjectType(
    f"{INVENTORY}/purchases",
    "netbox_inventory.purchase",
    "Purchase",
    "purchase",
    (
        _ref("supplier", f"{INVENTORY}/suppliers", required=True),
        NAME,
        Field("status", "choice", choices=ch.PURCHASE_STATUS, required=True, plain=True),
        Field("date", "date", null=True),
        DESCRIPTION,
        *TAIL,
        _count("asset_count", f"{INVENTORY}/assets", "purchase"),
        _count("delivery_count", f"{INVENTORY}/deliveries", "purchase"),
    ),
    ("id", "url", "display", "supplier", "name", "status", "date", "description"),
    display="purchase",
    ordering=("supplier", "name"),
    unique=(
        Unique(
            "netbox_inventory_purchase_supplier_id_name_uniq",
            ("supplier", "name"),
            "Purchase with this Supplier and Name already exists.",
        ),
    ),
)

DELIVERY = ObjectType(
    f"{INVENTORY}/deliveries",
    "netbox_inventory.delivery",
    "Delivery",
    "delivery",
    (
        _ref("purchase", f"{INVENTORY}/purchases", required=True),
        NAME,
        Field("date", "date", null=True),
        DESCRIPTION,
        *OWNER,
        COMMENTS,
        _ref("receiving_contact", "tenancy/contacts"),
        TAGS,
        CUSTOM_FIELDS,
        *TIMES,
        _count("asset_count", f"{INVENTORY}/assets", "delivery"),
    ),
    ("id", "url", "display", "name", "date", "description"),
    display="delivery",
    ordering=("purchase", "name"),
    unique=(
        Unique(
            "netbox_inventory_delivery_purchase_id_name_uniq",
            ("purchase", "name"),
            "Delivery with this Purchase and Name already exists.",
        ),
    ),
)

OBJECT_CHANGE = ObjectType(
    "core/object-changes",
    "core.objectchange",
    "ObjectChange",
    "object change",
    (
        Field("time", "time"),
        _computed("user"),
        Field("user_name", "str", read_only=True),
        Field("request_id", "str", read_only=True),
        Field(
            "action",
            "choice",
            choices=(("create", "Created"), ("update", "Updated"), ("delete", "Deleted")),
            read_only=True,
        ),
        Field("changed_object_type", "content_type", read_only=True),
        Field("changed_object_id", "int", read_only=True),
        _computed("changed_object"),
        Field("object_repr", "str", read_only=True),
        Field("message", "str", read_only=True),
        Field("prechange_data", "json", read_only=True),
        Field("postchange_data", "json", read_only=True),
    ),
    ("id", "url", "display", "time"),
    display="object-change",
    ordering=("-time",),
    search=("user_name", "object_repr", "message"),
    web_path="core/changelog",
    read_only=True,
    change_logged=False,
)

_OBJECT_TYPE_FIELDS: tuple[tuple[str, Kind], ...] = (
    *(("app_label", "str"), ("app_name", "str"), ("model", "str"), ("model_name", "str")),
    *(("model_name_plural", "str"), ("public", "bool"), ("features", "json"), ("is_plugin_model", "bool")),
    *(("rest_api_endpoint", "str"), ("description", "str")),
)

OBJECT_TYPE = ObjectType(
    "core/object-types",
    "core.objecttype",
    "ObjectType",
    "object type",
    tuple(Field(name, kind, read_only=True) for name, kind in _OBJECT_TYPE_FIELDS),
    ("id", "url", "display", "app_label", "model"),
    display="{app_name} > {model_name}",
    ordering=("app_label", "model"),
    search=("app_label", "model"),
    read_only=True,
    change_logged=False,
)

JOB = ObjectType(
    "core/jobs",
    "core.job",
    "Job",
    "job",
    (
        *_nulls("object_type", "object_id", "object"),
        Field("name", "str", read_only=True),
        Field(
            "status",
            "choice",
            choices=(("pending", "Pending"), ("completed", "Completed"), ("failed", "Failed")),
            read_only=True,
        ),
        Field("created", "time"),
        *_nulls("scheduled", "interval"),
        Field("started", "time"),
        Field("completed", "time"),
        Field("execution_time", "str", read_only=True),
        _computed("user"),
        Field("data", "json", read_only=True),
        Field("error", "str", read_only=True),
        Field("job_id", "str", read_only=True),
        Field("queue_name", "str", read_only=True),
        _const("notifications", {"value": "always", "label": "Always"}),
        _const("log_entries", []),
    ),
    ("id", "url", "display", "status"),
    display="{name}",
    ordering=("-created",),
    web_path="core/jobs",
    read_only=True,
    change_logged=False,
)

ALL = (
    *(MANUFACTURER, DEVICE_TYPE, MODULE_TYPE, DEVICE_ROLE, PLATFORM, REGION, SITE, LOCATION, DEVICE, INTERFACE),
    *(
        CABLE,
        MAC_ADDRESS,
        IP_ADDRESS,
        ROLE,
        PREFIX,
        IP_RANGE,
        VRF,
        VLAN_GROUP,
        VLAN,
        TENANT,
        CONTACT,
        TAG,
        CUSTOM_FIELD,
        CHOICE_SET,
        JOURNAL_ENTRY,
    ),
    *(CLUSTER_TYPE, CLUSTER, VIRTUAL_MACHINE, VM_INTERFACE, VIRTUAL_DISK, SERVICE),
    *(ASSET, ITEM_TYPE, ITEM_GROUP, ASSET_ROLE, SUPPLIER, PURCHASE, DELIVERY, OBJECT_CHANGE, OBJECT_TYPE, JOB),
)


def object_types(version: str) -> dict[str, ObjectType]:
    """The object types of a version, by endpoint."""
    return {one.endpoint: _for_version(one, version) for one in ALL}


def _for_version(kind: ObjectType, version: str) -> ObjectType:
    fields = tuple(one for one in kind.fields if one.version in ("", version))
    unique = tuple(one for one in kind.unique if one.version in ("", version))
    return replace(kind, fields=fields, unique=unique)
