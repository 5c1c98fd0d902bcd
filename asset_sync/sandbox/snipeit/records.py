"""The rows of a Snipe-IT database, one class a table, and what the tables need of each other.

Moments are aware and in UTC, to the second; money is Decimal with two places; text is as people typed it; there is no
empty text, only None. `created_by` is the id of a user.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

StatusType = Literal["deployable", "pending", "undeployable", "archived"]
Holder = Literal["user", "location", "asset"]
CategoryType = Literal["asset", "accessory", "component", "consumable", "license"]
Format = Literal["ANY", "MAC", "NUMERIC", "DATE"]
Element = Literal["text", "listbox"]
LogMeta = dict[str, dict[str, str | None]]


@dataclass(slots=True, kw_only=True)
class Record:
    """What every row has. `updated_at` moves when this row is written, and only then."""

    id: int
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True, kw_only=True)
class Trashable(Record):
    """A row that is marked when it is deleted, and stays until it is purged."""

    deleted_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Firm(Record):
    """A row of `companies`."""

    name: str
    phone: str | None = None
    fax: str | None = None
    email: str | None = None
    notes: str | None = None
    created_by: int = 1


@dataclass(slots=True, kw_only=True)
class Location(Trashable):
    """A row of `locations`; they form a tree."""

    name: str
    address: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    zip: str | None = None
    phone: str | None = None
    fax: str | None = None
    currency: str | None = None
    ldap_ou: str | None = None
    notes: str | None = None
    parent_id: int | None = None
    company_id: int | None = None
    manager_id: int | None = None


@dataclass(slots=True, kw_only=True)
class Department(Record):
    """A row of `departments`."""

    name: str
    phone: str | None = None
    fax: str | None = None
    company_id: int | None = None
    manager_id: int | None = None
    location_id: int | None = None
    notes: str | None = None


@dataclass(slots=True, kw_only=True)
class Manufacturer(Trashable):
    """A row of `manufacturers`."""

    name: str
    url: str | None = None
    support_url: str | None = None
    support_phone: str | None = None
    support_email: str | None = None
    warranty_lookup_url: str | None = None
    notes: str | None = None
    created_by: int = 1


@dataclass(slots=True, kw_only=True)
class Supplier(Trashable):
    """A row of `suppliers`."""

    name: str
    url: str | None = None
    address: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    zip: str | None = None
    fax: str | None = None
    phone: str | None = None
    email: str | None = None
    contact: str | None = None
    notes: str | None = None


@dataclass(slots=True, kw_only=True)
class Category(Trashable):
    """A row of `categories`."""

    name: str
    category_type: CategoryType
    use_default_eula: bool = False
    checkin_email: bool = False
    require_acceptance: bool = False
    eula: str | None = None
    notes: str | None = None
    created_by: int = 1


@dataclass(slots=True, kw_only=True)
class StatusLabel(Trashable):
    """A row of `status_labels`, which the API calls statuslabels."""

    name: str
    type: StatusType
    color: str | None = None
    show_in_nav: bool = False
    default_label: bool = False
    notes: str | None = None
    created_by: int = 1


@dataclass(slots=True, kw_only=True)
class CustomField(Record):
    """A row of `fields`. The values are in the assets, by the field's id."""

    name: str
    db_column_name: str
    format: Format = "ANY"
    type: Element = "text"
    field_values: str | None = None
    required: bool = False
    encrypted: bool = False


@dataclass(slots=True, kw_only=True)
class Fieldset(Record):
    """A row of `fieldsets`: which custom fields the assets of a model have."""

    name: str
    field_ids: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Model(Trashable):
    """A row of `models`. `eol` is in months."""

    name: str
    category_id: int
    manufacturer_id: int | None = None
    fieldset_id: int | None = None
    model_number: str | None = None
    min_amt: int | None = None
    eol: int | None = None
    requestable: bool = False
    notes: str | None = None
    created_by: int = 1


@dataclass(slots=True, kw_only=True)
class User(Trashable):
    """A row of `users`."""

    username: str
    first_name: str
    last_name: str | None = None
    email: str | None = None
    employee_num: str | None = None
    jobtitle: str | None = None
    phone: str | None = None
    website: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    zip: str | None = None
    locale: str | None = None
    notes: str | None = None
    remote: bool = False
    vip: bool = False
    activated: bool = True
    autoassign_licenses: bool = True
    ldap_import: bool = False
    manager_id: int | None = None
    department_id: int | None = None
    location_id: int | None = None
    company_id: int | None = None
    start_date: date | None = None
    end_date: date | None = None
    last_login: datetime | None = None
    created_by: int = 1

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name or ''}".strip()


@dataclass(slots=True, kw_only=True)
class Asset(Trashable):
    """A row of `hardware`. `custom_fields` has the filled values only, by the id of the field."""

    asset_tag: str
    model_id: int
    status_id: int
    name: str | None = None
    serial: str | None = None
    byod: bool = False
    requestable: bool = False
    asset_eol_date: date | None = None
    supplier_id: int | None = None
    notes: str | None = None
    order_number: str | None = None
    company_id: int | None = None
    location_id: int | None = None
    rtd_location_id: int | None = None
    assigned_to: int | None = None
    assigned_type: Holder | None = None
    warranty_months: int | None = None
    last_audit_date: datetime | None = None
    next_audit_date: date | None = None
    purchase_date: date | None = None
    purchase_cost: Decimal | None = None
    last_checkout: datetime | None = None
    last_checkin: datetime | None = None
    expected_checkin: date | None = None
    checkin_counter: int = 0
    checkout_counter: int = 0
    requests_counter: int = 0
    created_by: int = 1
    custom_fields: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class License(Trashable):
    """A row of `licenses`. `product_key` is hidden from tokens without the right to see it."""

    name: str
    seats: int
    category_id: int | None = None
    company_id: int | None = None
    manufacturer_id: int | None = None
    supplier_id: int | None = None
    product_key: str | None = None
    order_number: str | None = None
    purchase_order: str | None = None
    purchase_date: date | None = None
    termination_date: date | None = None
    expiration_date: date | None = None
    purchase_cost: Decimal | None = None
    min_amt: int | None = None
    license_name: str | None = None
    license_email: str | None = None
    reassignable: bool = True
    maintained: bool = False
    notes: str | None = None
    created_by: int = 1


@dataclass(slots=True, kw_only=True)
class Seat(Trashable):
    """A row of `license_seats`: free, or with a user or an asset."""

    license_id: int
    assigned_user_id: int | None = None
    assigned_asset_id: int | None = None
    notes: str | None = None

    @property
    def is_free(self) -> bool:
        """Whether nobody and nothing has it."""
        return self.assigned_user_id is None and self.assigned_asset_id is None


@dataclass(slots=True, kw_only=True)
class Stock(Trashable):
    """What accessories, components and consumables have in common."""

    name: str
    category_id: int
    qty: int
    remaining: int
    min_amt: int | None = None
    company_id: int | None = None
    manufacturer_id: int | None = None
    supplier_id: int | None = None
    location_id: int | None = None
    model_number: str | None = None
    order_number: str | None = None
    purchase_date: date | None = None
    purchase_cost: Decimal | None = None
    notes: str | None = None
    created_by: int = 1


@dataclass(slots=True, kw_only=True)
class Accessory(Stock):
    """A row of `accessories`."""


@dataclass(slots=True, kw_only=True)
class Component(Stock):
    """A row of `components`."""

    serial: str | None = None


@dataclass(slots=True, kw_only=True)
class Consumable(Stock):
    """A row of `consumables`."""

    item_no: str | None = None


@dataclass(slots=True, kw_only=True)
class Maintenance(Trashable):
    """A row of `maintenances`. `asset_maintenance_time` is in days, None until it is completed."""

    asset_id: int
    title: str
    asset_maintenance_type: str
    start_date: date
    completion_date: date | None = None
    asset_maintenance_time: int | None = None
    supplier_id: int | None = None
    cost: Decimal | None = None
    is_warranty: bool = False
    notes: str | None = None
    created_by: int = 1


@dataclass(slots=True, kw_only=True)
class Action(Record):
    """A row of `activity`: somebody did something with an item, perhaps for a target."""

    action_type: str
    item_type: str
    item_id: int
    target_type: Holder | None = None
    target_id: int | None = None
    note: str | None = None
    log_meta: LogMeta | None = None
    action_date: datetime
    action_source: str = "gui"
    remote_ip: str | None = "192.0.2.7"
    user_agent: str | None = "Mozilla/5.0"
    created_by: int = 1


LOGGED: Mapping[str, str] = {
    "hardware": "asset",
    "users": "user",
    "licenses": "license",
    "accessories": "accessory",
    "components": "component",
    "consumables": "consumable",
}
"""The tables whose changes are in the activity log, with the word that the log has for their rows."""

HOLDERS: Mapping[Holder, str] = {"user": "users", "location": "locations", "asset": "hardware"}
"""What an asset can be checked out to, and the table of it."""

_STOCK = {
    "category_id": "categories",
    "company_id": "companies",
    "manufacturer_id": "manufacturers",
    "supplier_id": "suppliers",
    "location_id": "locations",
}
REFERENCES: Mapping[str, Mapping[str, str]] = {
    "locations": {"parent_id": "locations", "company_id": "companies", "manager_id": "users"},
    "departments": {"company_id": "companies", "manager_id": "users", "location_id": "locations"},
    "models": {"category_id": "categories", "manufacturer_id": "manufacturers", "fieldset_id": "fieldsets"},
    "users": {
        "manager_id": "users",
        "department_id": "departments",
        "location_id": "locations",
        "company_id": "companies",
    },
    "hardware": {
        "model_id": "models",
        "status_id": "status_labels",
        "supplier_id": "suppliers",
        "company_id": "companies",
        "location_id": "locations",
        "rtd_location_id": "locations",
    },
    "licenses": {
        "category_id": "categories",
        "company_id": "companies",
        "manufacturer_id": "manufacturers",
        "supplier_id": "suppliers",
    },
    "license_seats": {"assigned_user_id": "users", "assigned_asset_id": "hardware"},
    "accessories": _STOCK,
    "components": _STOCK,
    "consumables": _STOCK,
    "maintenances": {"supplier_id": "suppliers"},
}
"""Columns that hold the id of another row, which cannot be deleted while they do. What goes with its owner (seats,
maintenances) and who created a row do not stand in the way."""
