"""What the register holds at the start: the machines and people of a company, and what hangs on them.

The same company and seed give the same rows. Assets arrive in imports of 40 that share a second, as they do in life.
"""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from asset_sync.sandbox.company import DEPARTMENTS, MAKERS, PRODUCTS, Company, Machine
from asset_sync.sandbox.snipeit.records import CategoryType
from asset_sync.sandbox.snipeit.store import Store, is_trashed

ADMINS = 2
"""The first users are administrators and never go."""

_IMPORT = 40
_EPOCH = datetime(2023, 1, 2, 8, tzinfo=UTC)
_KINDS = {"NB": "Laptops", "PC": "Desktops & Workstations", "SV": "Servers", "VM": 'Virtual "Machines"'}
_FIRMS = ("Example GmbH & Co. KG", 'Beispiel "Süd" AG', "O'Brien Ltd")
_SUPPLIERS = ("Händler & Söhne", "Direct IT", "Łódź Komputery", "<Online>", "Paket 📦")
_STATUSES = (
    ("Ready to Deploy", "deployable"),
    ("On Order & Pending", "pending"),
    ('Broken "for good"', "undeployable"),
    ("Archived", "archived"),
    ("Lost/Stolen", "archived"),
)
_STATUS_WEIGHTS = (88, 4, 3, 4, 1)
_NOTES = (
    None,
    None,
    None,
    "Bought with R&D money",
    "**Do not** lend to guests",
    'Sticker says "#1", screen < 15"',
    "Grüße aus Köln 🚚, it's *used* ~~new~~, see https://example.com/a?b=1&c=2",
)
_EULA = "Take **care** of it & <b>bring it back</b>.\n\nSee [the rules](https://example.com/rules?a=1&b=2)."
_OTHER_CATEGORIES: tuple[tuple[str, CategoryType], ...] = (
    ("Keyboards & Mice", "accessory"),
    ("Docks", "accessory"),
    ("Memory", "component"),
    ("Toner", "consumable"),
    ("Office Software", "license"),
)
_FIELDS: tuple[dict[str, Any], ...] = (
    {"name": "MAC Address", "format": "MAC"},
    {"name": "Memory (GiB)", "format": "NUMERIC"},
    {"name": 'Größe & "Farbe"', "type": "listbox", "field_values": 'Small\r\n15" & more\r\nÜbergröße'},
    {"name": "Handed over", "format": "DATE"},
    {"name": "Contract"},
    {"name": "BIOS password", "encrypted": True},
    {"name": "Contract"},
    {"name": "A label that is much too long for a column of MySQL <tables>"},
)
_FIELDSETS = (("Clients", (1, 2, 3, 4, 5, 6)), ("Servers & VMs", (1, 2, 7, 8)))


class Register:
    """Turns machines and people of a company into columns of assets and users."""

    def __init__(self, store: Store, company: Company) -> None:
        self._store = store
        self._company = company
        self._locations = {site.slug: number for number, site in enumerate(company.sites, start=2)}
        self._departments = {one.slug: number for number, one in enumerate(company.departments, start=1)}
        self._models = {product: number for number, product in enumerate(PRODUCTS, start=1)}

    def asset(self, number: int, rng: random.Random) -> dict[str, Any]:
        """The columns of a new asset for that machine of the company."""
        machine = self._company.machine(number)
        model_id = self._alive("models", self._models[machine.product]) or self._first("models")
        location = self._location(machine.site)
        bought = (machine.inserted_at - timedelta(days=rng.randrange(20))).date()
        return {
            "asset_tag": machine.asset_tag or f"A-{number:06d}",
            "model_id": model_id,
            "status_id": 1,
            "name": machine.name if rng.random() < 0.8 else None,
            "serial": machine.serial if rng.random() < 0.97 else None,
            "byod": rng.random() < 0.02,
            "requestable": rng.random() < 0.05,
            "asset_eol_date": bought + timedelta(days=1096) if rng.random() < 0.5 else None,
            "supplier_id": self._alive("suppliers", rng.randrange(6)),
            "notes": rng.choice(_NOTES),
            "order_number": f"PO-{bought.year}/{rng.randrange(500):03d}" if rng.random() < 0.6 else None,
            "company_id": self._firm(number),
            "location_id": location,
            "rtd_location_id": location,
            "warranty_months": rng.choice((None, 12, 24, 36)),
            "purchase_date": bought if rng.random() < 0.9 else None,
            "purchase_cost": _cost(rng) if rng.random() < 0.9 else None,
            "custom_fields": self._custom_values(self._store.models.rows[model_id].fieldset_id, machine, rng),
        }

    def user(self, number: int) -> dict[str, Any]:
        """The columns of a new user for that person of the company."""
        person = self._company.person(number)
        location = self._location(person.site)
        return {
            "username": person.login,
            "first_name": person.first,
            "last_name": person.last if number % 50 else None,
            "email": person.email if number % 20 else None,
            "employee_num": f"E{number:05d}" if number % 3 else None,
            "jobtitle": ("R&D Engineer", 'Head of "Things"', None, "Clerk")[number % 4],
            "phone": f"+49 30 {number:06d}" if number % 2 else None,
            "city": self._store.locations.rows[location].city,
            "country": "DE",
            "locale": "en-US",
            "notes": _NOTES[number % len(_NOTES)],
            "remote": number % 7 == 0,
            "vip": number % 97 == 0,
            "ldap_import": number % 4 == 0,
            "manager_id": ADMINS if number % 10 else None,
            "department_id": self._alive("departments", self._departments[person.department]),
            "location_id": location,
            "company_id": self._firm(number),
            "start_date": (_EPOCH + timedelta(days=number % 700)).date() if number % 5 else None,
            "last_login": _EPOCH + timedelta(minutes=number) if number % 6 == 0 else None,
        }

    def _custom_values(self, fieldset_id: int | None, machine: Machine, rng: random.Random) -> dict[int, str]:
        offered = {
            1: machine.mac,
            2: str(machine.memory >> 30),
            3: rng.choice(("Small", '15" & more', "Übergröße")),
            4: machine.inserted_at.date().isoformat(),
            5: f"C&A {rng.randrange(100)}",
            6: f"pw<{rng.randrange(10_000)}>",
            7: f"Server's {rng.randrange(100)}",
            8: "ja 👍",
        }
        wanted = self._store.fieldsets.rows[fieldset_id].field_ids if fieldset_id else ()
        return {one: offered[one] for one in wanted if one in offered and rng.random() < 0.8}

    def _location(self, site: str) -> int:
        return self._alive("locations", self._locations[site]) or 1

    def _firm(self, number: int) -> int | None:
        """One in four belongs to none, as no company has the id 0."""
        return self._alive("companies", number % (len(_FIRMS) + 1))

    def _alive(self, table: str, row_id: int) -> int | None:
        row = self._store.tables[table].rows.get(row_id)
        return None if row is None or is_trashed(row) else row_id

    def _first(self, table: str) -> int:
        return int(next(self._store.tables[table].living()).id)


def fill(store: Store, company: Company, seed: int) -> None:
    """Put everything into an empty store and leave its clock at the company's."""
    rng = random.Random(f"snipeit {seed}")  # noqa: S311 - data that comes out the same again is the point
    register = Register(store, company)
    end = company.now.replace(microsecond=0)
    store.now = _EPOCH
    _put_basics(store, company)
    _put_users(store, register, company.people)
    _put_assets(store, register, company, rng)
    store.now = end - timedelta(days=30)
    _put_licenses(store, company.size, rng)
    _put_stock(store, company.size, rng)
    _put_maintenances(store, company.size, rng)
    store.now = end


def _put_basics(store: Store, company: Company) -> None:
    for number, name in enumerate(_FIRMS):
        store.companies.add(store.now, {"name": name, "phone": f"+49 30 {number}", "notes": _NOTES[number + 2]})
    _put_places(store, company)
    for maker in MAKERS:
        domain = maker.name.lower()
        support = {
            "support_email": f"help@{domain}.example",
            "warranty_lookup_url": f"https://{domain}.example/?a=1&b={{SERIAL}}",
        }
        store.manufacturers.add(store.now, {"name": maker.name, "url": f"https://{domain}.example", **support})
    for name in _SUPPLIERS:
        contact = {"city": "Köln", "zip": f"5{len(name):04d}", "country": "DE", "contact": "Zoë O'Hara"}
        store.suppliers.add(store.now, {"name": name, **contact})
    for name, kind in (*((name, "asset") for name in _KINDS.values()), *_OTHER_CATEGORIES):
        category = {
            "category_type": kind,
            "require_acceptance": kind == "accessory",
            "eula": _EULA if kind == "asset" else None,
        }
        store.categories.add(store.now, {"name": name, **category})
    for name, status in _STATUSES:
        row = {"name": name, "type": status, "color": "#00ff00", "default_label": name == "Ready to Deploy", "notes": "A & B"}
        store.status_labels.add(store.now, row)
    for values in _FIELDS:
        store.create("fields", **values)
    for name, fields in _FIELDSETS:
        store.fieldsets.add(store.now, {"name": name, "field_ids": fields})
    _put_models(store)


def _put_places(store: Store, company: Company) -> None:
    store.locations.add(store.now, {"name": "Example World HQ & Co.", "city": "Berlin", "country": "DE", "currency": "EUR"})
    for site in company.sites:
        row = {
            "name": site.name,
            "city": site.name,
            "zip": f"{site.octet:05d}",
            "country": "DE",
            "address": f'"Haus" {site.octet}',
        }
        place = store.locations.add(store.now, {**row, "parent_id": 1, "manager_id": 1})
        place.company_id = 1 + place.id % len(_FIRMS)
    for department in DEPARTMENTS:
        store.departments.add(store.now, {"name": department.name, "manager_id": 1, "location_id": 1, "company_id": 1})


def _put_models(store: Store) -> None:
    categories = {category.name: category.id for category in store.categories.rows.values()}
    for product in PRODUCTS:
        server = product.kind in ("SV", "VM")
        row = {
            "name": product.models[0],
            "category_id": categories[_KINDS[product.kind]],
            "manufacturer_id": 1 + MAKERS.index(product.maker),
            "fieldset_id": (2 if server else 1) if product.kind != "VM" else None,
            "model_number": product.sku or None,
            "eol": None if server else 36,
            "requestable": product.weight > 5,
            "notes": _NOTES[product.weight % len(_NOTES)],
        }
        store.models.add(store.now, row)


def _put_users(store: Store, register: Register, people: int) -> None:
    store.users.add(store.now, {"username": "admin", "first_name": "Admin", "last_name": "User", "email": "admin@example.com"})
    store.users.add(store.now, {"username": "it", "first_name": "Zoë", "last_name": 'O\'Neil "IT"', "jobtitle": "Boss & Co"})
    for number in range(people):
        store.users.add(store.now + timedelta(minutes=number // _IMPORT), register.user(number))


def _put_assets(store: Store, register: Register, company: Company, rng: random.Random) -> None:
    statuses = rng.choices(range(1, len(_STATUSES) + 1), _STATUS_WEIGHTS, k=company.size)
    first_user, people = ADMINS + 1, company.people
    for number, status_id in enumerate(statuses):
        # An import is stamped with the arrival of its first machine.
        store.now = company.machine(number - number % _IMPORT).inserted_at.replace(microsecond=0)
        asset_id = store.create("hardware", **register.asset(number, rng))
        asset = store.hardware.rows[asset_id]
        asset.status_id = status_id
        if status_id == 1 and rng.random() < 0.75:
            # Whoever held it since the beginning: these checkouts are older than the log.
            user = store.users.rows[first_user + number % people]
            asset.assigned_to, asset.assigned_type, asset.location_id = user.id, "user", user.location_id
            asset.last_checkout, asset.checkout_counter = store.now, 1


def _put_licenses(store: Store, size: int, rng: random.Random) -> None:
    for number in range(max(3, min(size // 50, 200))):
        seats = max(25, size // 40) if number == 0 else rng.randrange(1, 40)
        license_id = store.create("licenses", **_license(number, seats, rng))
        taken = store.seats_of(license_id)[: seats * 2 // 3]
        for seat in taken:
            seat.assigned_user_id = ADMINS + 1 + (seat.id * 7) % (len(store.users.rows) - ADMINS)


def _license(number: int, seats: int, rng: random.Random) -> dict[str, Any]:
    start = (_EPOCH + timedelta(days=rng.randrange(1000))).date()
    return {
        "name": f'Office "Pro" & Co. {number}',
        "seats": seats,
        "category_id": len(_KINDS) + len(_OTHER_CATEGORIES),
        "company_id": 1 + number % len(_FIRMS),
        "manufacturer_id": 4,
        "supplier_id": 2,
        "product_key": f"KEY<{rng.randrange(10**6)}>&",
        "order_number": f"L-{number}",
        "purchase_date": start,
        "expiration_date": start + timedelta(days=1000) if number % 2 else None,
        "purchase_cost": _cost(rng) if number % 3 else None,
        "license_name": "Zoë O'Neil",
        "license_email": "it@example.com",
        "maintained": number % 2 == 0,
        "notes": _NOTES[number % len(_NOTES)],
    }


def _put_stock(store: Store, size: int, rng: random.Random) -> None:
    for number in range(max(6, size // 200)):
        qty = rng.randrange(5, 60)
        row: dict[str, Any] = {
            "qty": qty,
            "remaining": qty,
            "min_amt": 2 if number % 2 else None,
            "company_id": 1 + number % len(_FIRMS),
            "manufacturer_id": 1 + number % len(MAKERS),
            "supplier_id": 1 + number % len(_SUPPLIERS),
            "location_id": 1,
            "model_number": f"M&{number}",
            "purchase_date": _EPOCH.date(),
            "purchase_cost": _cost(rng),
            "notes": _NOTES[number % len(_NOTES)],
        }
        first = len(_KINDS) + 1
        store.create("accessories", name=f"Dock <{number}>", category_id=first + number % 2, **row)
        store.create("components", name=f"16 GB & more {number}", category_id=first + 2, serial=f"C{number}", **row)
        store.create("consumables", name=f"Toner „{number}“", category_id=first + 3, item_no=f"T'{number}", **row)


def _put_maintenances(store: Store, size: int, rng: random.Random) -> None:
    for number in range(max(5, size // 20)):
        store.create("maintenances", **maintenance(1 + rng.randrange(size), number, store.now))


def maintenance(asset_id: int, number: int, start: datetime) -> dict[str, Any]:
    """The columns of a new maintenance of that asset."""
    return {
        "asset_id": asset_id,
        "title": f'Screen & "hinge" {number}',
        "asset_maintenance_type": ("Repair", "Upgrade", "Software Support")[number % 3],
        "start_date": start.date(),
        "cost": Decimal(number % 100_000) / 4 if number % 5 else None,
        "is_warranty": number % 2 == 0,
        "notes": _NOTES[number % len(_NOTES)],
    }


def _cost(rng: random.Random) -> Decimal:
    return Decimal(rng.randrange(30_000, 250_000)) / 100
