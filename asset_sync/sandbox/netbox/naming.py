"""How objects are called: the `display` of an answer and the `object_repr` of a change record."""

from collections.abc import Callable
from typing import Protocol

from asset_sync.sandbox.netbox.registry import APP_TITLES, ObjectType
from asset_sync.sandbox.netbox.table import Row, Table


class Tables(Protocol):
    """What naming needs of the store."""

    tables: dict[str, Table]


def display(store: Tables, kind: ObjectType, row: Row) -> str:
    """The name of an object."""
    special = _SPECIAL.get(kind.display)
    return special(store, row) if special else kind.display.format_map(row)


def display_of(store: Tables, endpoint: str, row_id: int) -> str:
    """The name of the object `row_id` of `endpoint`."""
    table = store.tables[endpoint]
    return display(store, table.kind, table.rows[row_id])


def app_title(kind: ObjectType) -> str:
    """The words for the application that an object type belongs to."""
    app = kind.content_type.split(".", 1)[0]
    return APP_TITLES.get(app, app.title())


def _device(store: Tables, row: Row) -> str:
    if row["name"]:
        return f"{row['name']} ({row['asset_tag']})" if row["asset_tag"] else str(row["name"])
    kind = store.tables["dcim/device-types"].rows[row["device_type"]]
    maker = display_of(store, "dcim/manufacturers", kind["manufacturer"])
    return f"{maker} {kind['model']} ({row['asset_tag'] or row['id']})"


def _asset(store: Tables, row: Row) -> str:
    hardware = next(
        (
            display_of(store, endpoint, row[name])
            for name, endpoint in (
                ("device_type", "dcim/device-types"),
                ("module_type", "dcim/module-types"),
                ("inventoryitem_type", "plugins/inventory/inventory-item-types"),
            )
            if row[name] is not None
        ),
        "None",
    )
    return f"{hardware} {row['serial']}" if row["serial"] else f"{hardware} (id:{row['id']})"


def _purchase(store: Tables, row: Row) -> str:
    return f"{display_of(store, 'plugins/inventory/suppliers', row['supplier'])} {row['name']}"


def _delivery(store: Tables, row: Row) -> str:
    return f"{display_of(store, 'plugins/inventory/purchases', row['purchase'])} {row['name']}"


def _custom_field(_store: Tables, row: Row) -> str:
    return str(row["label"]) or str(row["name"]).replace("_", " ").capitalize()


def _journal_entry(_store: Tables, row: Row) -> str:
    return f"{row['created'][:16].replace('T', ' ')} ({str(row['kind']).title()})"


def _service(_store: Tables, row: Row) -> str:
    return f"{row['name']} ({row['protocol'].upper()}/{', '.join(_ranges(row['ports']))})"


def _vrf(_store: Tables, row: Row) -> str:
    return f"{row['name']} ({row['rd']})" if row["rd"] else str(row["name"])


def _cable(_store: Tables, row: Row) -> str:
    return str(row["label"]) or f"#{row['id']}"


def _ip_range(_store: Tables, row: Row) -> str:
    """The parts that both ends have alike, then the others of each."""
    start, _, mask = str(row["start_address"]).partition("/")
    separator = ":" if ":" in start else "."
    first, last = start.split(separator), str(row["end_address"]).partition("/")[0].split(separator)
    alike = [one for one, other in zip(first, last, strict=False) if one == other]
    ends = [separator.join(parts[len(alike) :]) for parts in (first, last)]
    return f"{separator.join(alike)}{separator}{'-'.join(ends)}/{mask}"


def _ranges(ports: list[int]) -> list[str]:
    """Ports that follow each other as a range."""
    runs: list[list[int]] = []
    for port in sorted(ports):
        if runs and port == runs[-1][-1] + 1:
            runs[-1].append(port)
        else:
            runs.append([port])
    return [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]


def _object_change(store: Tables, row: Row) -> str:
    app = str(row["changed_object_type"]).split(".", 1)[0]
    kind = next(
        (table.kind.name for table in store.tables.values() if table.kind.content_type == row["changed_object_type"]),
        "object",
    )
    done = {"create": "created", "update": "updated", "delete": "deleted"}[row["action"]]
    return f"{APP_TITLES.get(app, app.title())} | {kind} {row['object_repr']} {done} by {row['user_name']}"


_SPECIAL: dict[str, Callable[[Tables, Row], str]] = {
    "device": _device,
    "asset": _asset,
    "purchase": _purchase,
    "delivery": _delivery,
    "custom-field": _custom_field,
    "journal-entry": _journal_entry,
    "service": _service,
    "vrf": _vrf,
    "cable": _cable,
    "ip-range": _ip_range,
    "object-change": _object_change,
}
