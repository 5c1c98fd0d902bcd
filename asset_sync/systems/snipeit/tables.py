"""The record tables of Snipe-IT: one declaration each, from which parsing, reading and PostgreSQL's tables are derived.

Names of columns are those of Snipe-IT's own database. Counts, URLs, ages and what depends on the token are left out: they
move by themselves. What follows from another row (a model's category, a label's type) is joined in PostgreSQL, because an
asset's `updated_at` does not move when such a row does. Source: facts/snipeit.md, "Paging, sort, order" and "Other objects".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from sqlalchemy import ARRAY, BigInteger, Boolean, Date, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import TypeEngine

from asset_sync.systems.snipeit import values

_MOMENT: Final = TIMESTAMP(timezone=True)
_VOLATILE: Final = frozenset(
    {
        *("available_actions", "user_can_checkout", "image", "avatar", "qr", "qr_code_url", "alt_barcode", "icon", "file"),
        *("age", "book_value", "tag_color", "permissions", "groups", "depreciation", "signature_file"),
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type in PostgreSQL, the key that it stands under in JSON, how it is read, and the table it points to."""

    name: str
    type: TypeEngine[Any]
    read: Callable[[object], object]
    key: str
    references: str | None = None
    indexed: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of an endpoint: its parameters, and whether it has living rows, trashed ones, or both."""

    params: Mapping[str, str]
    has: Literal["living", "trash", "both"] = "living"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the mirror.

    `changes` tells how later runs find what changed: `updated`, the lists sort by updated_at; `log`, the activity log names
    rows of the kind `word`; `whole`, nothing tells, and so it is read whole; `append`, rows are added at the end and seldom
    change or go elsewhere; `seats`, by licence. `sort` is a unique column to read pages by. Where `hides_trash`, a deleted
    row cannot be told from a purged one. Of a `versioned` table every version of a row is kept. `ignored` keys are known and
    not wanted. Columns that are filled when a row is asked for `alone` are empty in every list.
    """

    name: str
    path: str
    columns: tuple[Column, ...]
    lists: tuple[Listing, ...] = (Listing({}),)
    changes: Literal["updated", "log", "whole", "append", "seats"] = "whole"
    sort: Literal["id", "name"] = "id"
    word: str = ""
    hides_trash: bool = False
    versioned: bool = False
    ignored: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        """The columns' names in PostgreSQL, in order, without those that every table has."""
        return [column.name for column in self.columns]

    def parser(self) -> Callable[[values.Row], list[object]]:
        """Return what turns a row of JSON into values: the id, the columns in order, and the JSON of all unknown keys."""
        readers = [(column.key, column.read) for column in self.columns]
        known = {"id", *(column.key for column in self.columns), *self.ignored, *_VOLATILE}

        def parse(row: values.Row) -> list[object]:
            parsed: list[object] = [row["id"]]
            extra = {key: row[key] for key in row.keys() - known if _is_worth_keeping(key, row[key])}
            for key, read in readers:
                try:
                    parsed.append(read(row.get(key)))
                except values.Unreadable as odd:
                    parsed.append(odd.read)
                    extra[key] = row.get(key) if odd.rest is None else odd.rest
            parsed.append(values.unescaped(extra) if extra else None)
            return parsed

        return parse


def _is_worth_keeping(key: str, value: object) -> bool:
    return value not in (None, "", [], {}) and not key.endswith("_count")


def _text(name: str, *, indexed: bool = False, key: str | None = None) -> Column:
    return Column(name, Text(), values.text, key or name, indexed=indexed)


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(_text(name) for name in names)


def _integer(name: str) -> Column:
    return Column(name, Integer(), values.integer, name)


def _flags(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Boolean(), values.flag, name) for name in names)


def _day(name: str) -> Column:
    return Column(name, Date(), values.day, name)


def _moment(name: str) -> Column:
    return Column(name, _MOMENT, values.moment, name)


def _money(name: str) -> Column:
    return Column(name, Numeric(20, 2), values.money, name)


def _months(name: str, key: str | None = None) -> Column:
    return Column(name, Integer(), values.months, key or name)


def _ref(name: str, table: str | None, key: str | None = None, *, indexed: bool = False) -> Column:
    return Column(name, BigInteger(), values.identity, key or name.removesuffix("_id"), table, indexed)


_NOTES: Final = Column("notes", Text(), values.rendered, "notes")
_STAMPS: Final = (_moment("created_at"), _moment("updated_at"))
_CREATED_BY: Final = _ref("created_by", "users")
_ADDRESS: Final = _texts("address", "address2", "city", "state", "country", "zip")
_TRASH: Final = Listing({"deleted": "true"}, "trash")

_STOCK: Final = (
    _text("name"),
    _ref("category_id", "categories"),
    _integer("qty"),
    _integer("remaining"),
    _integer("min_amt"),
    _ref("company_id", "companies"),
    _ref("manufacturer_id", "manufacturers"),
    _ref("supplier_id", "suppliers"),
    _ref("location_id", "locations"),
    *_texts("model_number", "order_number"),
    _day("purchase_date"),
    _money("purchase_cost"),
    _NOTES,
    _CREATED_BY,
    *_STAMPS,
)

_DECLARED: Final = (
    Table(
        "activity",
        "reports/activity",
        (
            _text("action_type"),
            Column("item_type", Text(), values.kind, "item"),
            Column("item_id", BigInteger(), values.identity, "item", indexed=True),
            Column("target_type", Text(), values.kind, "target"),
            Column("target_id", BigInteger(), values.identity, "target"),
            Column("note", Text(), values.rendered, "note"),
            Column("log_meta", JSONB(), values.log_meta, "log_meta"),
            _moment("action_date"),
            _text("action_source"),
            _CREATED_BY,
            *_STAMPS,
        ),
        changes="append",
        # The location and the audit's dates belong to the asset; `admin` is an older name of `created_by`. From where and
        # with what people work is not mirrored.
        ignored=frozenset({"admin", "location", "next_audit_date", "days_to_next_audit", "remote_ip", "user_agent"}),
    ),
    Table(
        "licenses",
        "licenses",
        (
            _text("name"),
            _integer("seats"),
            _ref("category_id", "categories"),
            _ref("company_id", "companies"),
            _ref("manufacturer_id", "manufacturers"),
            _ref("supplier_id", "suppliers"),
            *_texts("product_key", "order_number", "purchase_order"),
            _day("purchase_date"),
            _day("termination_date"),
            _day("expiration_date"),
            _money("purchase_cost"),
            _integer("min_amt"),
            *_texts("license_name", "license_email"),
            *_flags("reassignable", "maintained"),
            _NOTES,
            _CREATED_BY,
            *_STAMPS,
            _moment("deleted_at"),
        ),
        lists=(Listing({}), _TRASH),
        changes="log",
        word="license",
        ignored=frozenset({"purchase_cost_numeric", "remaining"}),
    ),
    Table(
        "license_seats",
        "licenses/{}/seats",
        (
            _ref("license_id", "licenses", "license_id", indexed=True),
            _ref("assigned_user_id", "users", "assigned_user"),
            _ref("assigned_asset_id", "hardware", "assigned_asset"),
            _NOTES,
            _moment("updated_at"),
        ),
        changes="seats",
        hides_trash=True,
        ignored=frozenset({"location", "reassignable", "name"}),
    ),
    Table(
        "accessories",
        "accessories",
        _STOCK,
        changes="log",
        word="accessory",
        hides_trash=True,
        ignored=frozenset({"min_qty", "remaining_qty"}),
    ),
    Table("components", "components", (*_STOCK, _text("serial")), changes="log", word="component", hides_trash=True),
    Table("consumables", "consumables", (*_STOCK, _text("item_no")), changes="log", word="consumable", hides_trash=True),
    Table(
        "maintenances",
        "maintenances",
        (
            _ref("asset_id", "hardware", indexed=True),
            *_texts("title", "asset_maintenance_type"),
            _day("start_date"),
            _day("completion_date"),
            _integer("asset_maintenance_time"),
            _ref("supplier_id", "suppliers"),
            _money("cost"),
            *_flags("is_warranty"),
            _NOTES,
            _CREATED_BY,
            *_STAMPS,
        ),
        hides_trash=True,
        # All but the last belong to the asset; `user_id` is an older name of `created_by`.
        ignored=frozenset({"model", "status_label", "company", "location", "rtd_location", "user_id"}),
    ),
    Table(
        "hardware",
        "hardware",
        (
            _text("name"),
            _text("asset_tag", indexed=True),
            _text("serial", indexed=True),
            _ref("model_id", "models", indexed=True),
            _ref("status_id", "status_labels", "status_label", indexed=True),
            _ref("company_id", "companies", indexed=True),
            _ref("location_id", "locations", indexed=True),
            _ref("rtd_location_id", "locations"),
            _ref("supplier_id", "suppliers"),
            Column("assigned_to", BigInteger(), values.identity, "assigned_to", indexed=True),
            Column("assigned_type", Text(), values.kind, "assigned_to"),
            *_flags("byod", "requestable"),
            _text("order_number"),
            _day("purchase_date"),
            _money("purchase_cost"),
            _months("warranty_months"),
            _day("warranty_expires"),
            _day("asset_eol_date"),
            _moment("last_audit_date"),
            _day("next_audit_date"),
            _moment("last_checkout"),
            _moment("last_checkin"),
            _day("expected_checkin"),
            *(_integer(f"{name}_counter") for name in ("checkin", "checkout", "requests")),
            _NOTES,
            Column("custom_fields", JSONB(), values.custom_fields, "custom_fields"),
            _CREATED_BY,
            *_STAMPS,
            _moment("deleted_at"),
        ),
        lists=(Listing({}), Listing({"status": "Archived"}), Listing({"status": "Deleted"}, "trash")),
        changes="updated",
        versioned=True,
        # These follow from the model and the status label; `status` is the newer name of `status_label`.
        ignored=frozenset({"model_number", "eol", "category", "manufacturer", "status"}),
    ),
    Table(
        "users",
        "users",
        (
            _text("username", indexed=True),
            *_texts("first_name", "last_name", "email", "employee_num", "jobtitle", "phone", "website"),
            *_texts("address", "city", "state", "country", "zip", "locale"),
            _NOTES,
            *_flags("remote", "vip", "activated", "autoassign_licenses", "ldap_import"),
            _ref("manager_id", "users"),
            _ref("department_id", "departments", indexed=True),
            _ref("location_id", "locations"),
            _ref("company_id", "companies"),
            _day("start_date"),
            _day("end_date"),
            _moment("last_login"),
            _CREATED_BY,
            *_STAMPS,
            _moment("deleted_at"),
        ),
        lists=(Listing({"all": "true"}, "both"),),
        changes="updated",
        versioned=True,
        ignored=frozenset({"name", "two_factor_enrolled", "two_factor_optin"}),
    ),
    Table(
        "models",
        "models",
        (
            _text("name"),
            _ref("category_id", "categories"),
            _ref("manufacturer_id", "manufacturers"),
            _ref("fieldset_id", "fieldsets"),
            _text("model_number"),
            _integer("min_amt"),
            _months("eol"),
            *_flags("requestable"),
            _NOTES,
            _CREATED_BY,
            *_STAMPS,
            _moment("deleted_at"),
        ),
        lists=(Listing({}), Listing({"status": "deleted"}, "trash")),
        changes="updated",
        ignored=frozenset({"remaining", "default_fieldset_values"}),
    ),
    Table(
        "departments",
        "departments",
        (
            *_texts("name", "phone", "fax"),
            _ref("company_id", "companies"),
            _ref("manager_id", "users"),
            _ref("location_id", "locations"),
            _NOTES,
            *_STAMPS,
        ),
    ),
    Table(
        "locations",
        "locations",
        (
            _text("name"),
            *_ADDRESS,
            *_texts("phone", "fax", "currency", "ldap_ou"),
            _NOTES,
            _ref("parent_id", "locations"),
            _ref("company_id", "companies"),
            _ref("manager_id", "users"),
            *_STAMPS,
        ),
        changes="updated",
        hides_trash=True,
        ignored=frozenset({"children"}),
    ),
    Table(
        "suppliers",
        "suppliers",
        (*_texts("name", "url"), *_ADDRESS, *_texts("fax", "phone", "email", "contact"), _NOTES, *_STAMPS),
        sort="name",
        alone=frozenset({"zip"}),
        hides_trash=True,
    ),
    Table(
        "manufacturers",
        "manufacturers",
        (
            *_texts("name", "url", "support_url", "support_phone", "support_email", "warranty_lookup_url"),
            _NOTES,
            _CREATED_BY,
            *_STAMPS,
            _moment("deleted_at"),
        ),
        lists=(Listing({}), _TRASH),
        changes="updated",
    ),
    Table(
        "categories",
        "categories",
        (
            _text("name"),
            Column("category_type", Text(), values.word, "category_type"),
            *_flags("use_default_eula", "checkin_email", "require_acceptance"),
            Column("eula", Text(), values.rendered, "eula"),
            _NOTES,
            _CREATED_BY,
            *_STAMPS,
        ),
        hides_trash=True,
        ignored=frozenset({"has_eula"}),
    ),
    Table(
        "status_labels",
        "statuslabels",
        (*_texts("name", "type", "color"), *_flags("show_in_nav", "default_label"), _NOTES, _CREATED_BY, *_STAMPS),
        hides_trash=True,
    ),
    Table(
        "companies", "companies", (*_texts("name", "phone", "fax", "email"), _NOTES, _CREATED_BY, *_STAMPS), changes="updated"
    ),
    Table(
        "fieldsets",
        "fieldsets",
        (_text("name"), Column("field_ids", ARRAY(BigInteger()), partial(values.identities, by_id=True), "fields"), *_STAMPS),
        ignored=frozenset({"models"}),
    ),
    Table(
        "fields",
        "fields",
        (*_texts("name", "db_column_name", "format", "type", "field_values"), *_flags("required"), *_STAMPS),
        ignored=frozenset(
            {
                *("field_values_array", "display_in_user_view", "auto_add_to_fieldsets", "show_in_listview"),
                *("display_checkin", "display_checkout", "display_audit"),
            }
        ),
    ),
)

TABLES: Final[Mapping[str, Table]] = {table.name: table for table in _DECLARED}
"""All tables, in the order in which they are read: what points to something before that, so that it is there by then."""
