"""A generated company: sites, departments, people and machines, of any size from 10 to 1,000,000 machines.

Nothing is kept that can be worked out again. Machine number n is a pure function of the seed, the size and n, so that a
company of a million machines costs one array of integers until somebody reads it. Only what was changed is stored.
"""

import random
import threading
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import gcd
from typing import TypeVar

T = TypeVar("T")

SMALLEST = 10
LARGEST = 1_000_000
DOMAIN = "example.com"

_START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
_HISTORY = timedelta(days=1000)
_ID_SPACE = 1 << 76
_MAC_SPACE = 1 << 24
_HOSTS_A_SITE = 64_000
_MOST_SITES = 120
_MACHINES_A_SITE = 500
_DIGITS = "0123456789"
_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HEX = "0123456789abcdef"
_SYMBOLS = {"#": _DIGITS, "?": _ALNUM, "%": _HEX}
_WEEK_S = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Maker:
    """A manufacturer: its one true name, the ways machines spell it, and how its serials and MACs look.

    In `serials`, `#` stands for a digit, `?` for a digit or capital letter, `%` for a hexadecimal digit.
    """

    name: str
    spellings: tuple[str, ...]
    serials: str
    oui: str
    bios: str


@dataclass(frozen=True, slots=True)
class Product:
    """A thing that one can buy: `models` are the strings that machines report for it, the usual one first."""

    maker: Maker
    models: tuple[str, ...]
    family: str
    sku: str
    chassis: str
    kind: str
    os: str
    memory_gib: tuple[int, ...]
    weight: int


@dataclass(frozen=True, slots=True)
class Release:
    """A release of an operating system, as its full name and version."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Site:
    """A place of the company. `subnet` is its own /16, `10.<octet>.0.0/16`."""

    octet: int
    name: str
    slug: str
    code: str
    subnet: str
    public_ip: str


@dataclass(frozen=True, slots=True)
class Department:
    """A department, the same in every site."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who uses machines. `login` is unique; `site` and `department` are slugs."""

    number: int
    first: str
    last: str
    login: str
    email: str
    site: str
    department: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a machine is: its site, its private address and that network's gateway."""

    site: Site
    ipv4: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as it is. `product` is the truth; `manufacturer` and `model` are what the machine says of itself.

    `memory` is in bytes, `idle_s` tells how many seconds ago the machine was last seen, `None` is "not reported".
    """

    number: int
    id: str
    name: str
    hostname: str
    serial: str
    product: Product
    manufacturer: str | None
    model: str | None
    asset_tag: str | None
    os_name: str
    os_version: str
    memory: int
    mac: str
    ipv4: str
    gateway: str
    ipv6: str | None
    site: str
    department: str
    user: str | None
    idle_s: int
    inserted_at: datetime


_HP = Maker("HP", ("HP", "HP", "HP", "HP Inc.", "Hewlett-Packard"), "5CG####???", "3C:52:82", "HP")
_HPE = Maker("HPE", ("HPE", "HPE", "Hewlett Packard Enterprise", "HP"), "CZ2#####??", "94:18:82", "HPE")
_DELL = Maker("Dell", ("Dell Inc.", "Dell Inc.", "Dell Inc.", "Dell", "DELL"), "???????", "D0:8E:79", "Dell Inc.")
_LENOVO = Maker("Lenovo", ("LENOVO", "LENOVO", "LENOVO", "Lenovo"), "PF??????", "54:EE:75", "LENOVO")
_MICROSOFT = Maker(
    "Microsoft",
    ("Microsoft Corporation", "Microsoft Corporation", "Microsoft"),
    "0###########",
    "28:18:78",
    "Microsoft",
)
_APPLE = Maker("Apple", ("Apple Inc.", "Apple Inc.", "Apple"), "C02?????????", "F0:18:98", "Apple Inc.")
_VMWARE = Maker(
    "VMware",
    ("VMware, Inc.", "VMware, Inc.", "VMware"),
    "VMware-42 1c %% %% %% %% %% %%-%% %% %% %% %% %% %% %%",
    "00:50:56",
    "Phoenix Technologies LTD",
)
_FUJITSU = Maker(
    "Fujitsu",
    ("FUJITSU", "FUJITSU", "Fujitsu", "FUJITSU CLIENT COMPUTING LIMITED"),
    "YM??######",
    "90:1B:0E",
    "FUJITSU",
)

MAKERS = (_HP, _HPE, _DELL, _LENOVO, _MICROSOFT, _APPLE, _VMWARE, _FUJITSU)


def _notebook(maker: Maker, weight: int, family: str, sku: str, *models: str, os: str = "windows") -> Product:
    return Product(maker, models, family, sku, "Notebook", "NB", os, (8, 16, 16, 32), weight)


def _desktop(maker: Maker, weight: int, family: str, sku: str, *models: str) -> Product:
    return Product(maker, models, family, sku, "Desktop", "PC", "windows", (8, 16, 32), weight)


def _server(maker: Maker, weight: int, family: str, sku: str, *models: str, os: str = "server") -> Product:
    return Product(maker, models, family, sku, "Rack Mount Chassis", "SV", os, (64, 128, 256), weight)


PRODUCTS = (
    _notebook(
        _HP,
        12,
        "103C_5336AN HP EliteBook",
        "6F1N8EA#ABD",
        "HP EliteBook 650 15.6 inch G9 Notebook PC",
        "HP EliteBook 650 15 inch G9 Notebook PC",
    ),
    _notebook(
        _HP,
        9,
        "103C_5336AN HP EliteBook",
        "5P6V5EA#ABD",
        "HP EliteBook 840 14 inch G9 Notebook PC",
        "HP EliteBook 840 G9",
    ),
    _notebook(
        _HP,
        5,
        "103C_5336AN HP ProBook",
        "7L6Z9ET#ABD",
        "HP ProBook 450 15.6 inch G10 Notebook PC",
        "HP ProBook 450 G10",
    ),
    _desktop(
        _HP,
        6,
        "103C_53307F HP EliteDesk",
        "4H8C2EA#ABD",
        "HP EliteDesk 800 G6 Small Form Factor PC",
        "HP EliteDesk 800 G6 SFF",
    ),
    _desktop(_HP, 4, "103C_53307F HP ProDesk", "21S00EA#ABD", "HP ProDesk 600 G6 Desktop Mini PC", "HP ProDesk 600 G6 DM"),
    _notebook(_DELL, 11, "Latitude", "0C3B", "Latitude 5440", "Dell Latitude 5440"),
    _notebook(_DELL, 6, "Latitude", "0B21", "Latitude 7430", "Dell Latitude 7430"),
    _notebook(_DELL, 4, "Precision", "0C47", "Precision 3581", "Dell Precision 3581"),
    _desktop(_DELL, 7, "OptiPlex", "0A52", "OptiPlex 7090", "Dell OptiPlex 7090"),
    _server(_DELL, 1, "PowerEdge", "SKU=090E;ModelName=PowerEdge R750", "PowerEdge R750", "Dell PowerEdge R750"),
    _notebook(_LENOVO, 7, "ThinkPad X1 Carbon Gen 9", "LENOVO_MT_20XW_BU_Think", "20XW004AGE", "ThinkPad X1 Carbon Gen 9"),
    _notebook(_LENOVO, 7, "ThinkPad T14 Gen 3", "LENOVO_MT_21AH_BU_Think", "21AH00BSGE", "ThinkPad T14 Gen 3"),
    _desktop(_LENOVO, 3, "ThinkCentre M70q", "LENOVO_MT_11DT_BU_Think", "11DT003LGE", "ThinkCentre M70q"),
    _notebook(_MICROSOFT, 3, "Surface", "Surface_Laptop_5_1950", "Surface Laptop 5", "Microsoft Surface Laptop 5"),
    _notebook(_MICROSOFT, 2, "Surface", "Surface_Pro_9_2038", "Surface Pro 9", "Microsoft Surface Pro 9"),
    _notebook(_FUJITSU, 2, "LIFEBOOK-FJR", "S26391-K1234-V100", "LIFEBOOK U7512", "FUJITSU LIFEBOOK U7512"),
    _notebook(_APPLE, 3, "MacBook Pro", "Z15G", "MacBookPro18,3", "MacBook Pro (14-inch, 2021)", os="mac"),
    _server(_HPE, 1, "ProLiant", "P28948-B21", "ProLiant DL380 Gen10 Plus", "HPE ProLiant DL380 Gen10 Plus"),
    _server(_HPE, 1, "ProLiant", "P19766-B21", "ProLiant DL360 Gen10", "HPE ProLiant DL360 Gen10", os="linux"),
    Product(_VMWARE, ("VMware Virtual Platform", "VMware7,1"), "", "", "Other", "VM", "server", (4, 8, 16, 32), 4),
    Product(_VMWARE, ("VMware20,1", "VMware7,1"), "", "", "Other", "VM", "linux", (4, 8, 16), 2),
)

RELEASES = {
    "windows": (
        Release("Microsoft Windows 10 Pro", "10.0.19045"),
        Release("Microsoft Windows 10 Enterprise", "10.0.19045"),
        Release("Microsoft Windows 11 Pro", "10.0.22631"),
        Release("Microsoft Windows 11 Enterprise", "10.0.22631"),
        Release("Microsoft Windows 11 Pro", "10.0.26100"),
        Release("Microsoft Windows 11 Enterprise", "10.0.26100"),
    ),
    "server": (
        Release("Microsoft Windows Server 2016 Standard", "10.0.14393"),
        Release("Microsoft Windows Server 2019 Standard", "10.0.17763"),
        Release("Microsoft Windows Server 2022 Standard", "10.0.20348"),
        Release("Microsoft Windows Server 2025 Datacenter", "10.0.26100"),
    ),
    "mac": (
        Release("macOS Ventura", "13.6.9"),
        Release("macOS Sonoma", "14.7.1"),
        Release("macOS Sequoia", "15.1.0"),
    ),
    "linux": (
        Release("Debian GNU/Linux 12 (bookworm)", "12.8"),
        Release("Ubuntu 22.04.5 LTS", "22.04"),
        Release("Ubuntu 24.04.1 LTS", "24.04"),
    ),
}

DEPARTMENTS = tuple(
    Department(name, name.lower().replace(" ", "-"))
    for name in (
        "Sales",
        "Finance",
        "Human Resources",
        "IT",
        "Engineering",
        "Production",
        "Logistics",
        "Marketing",
        "Legal",
        "Customer Service",
    )
)

_CITIES = (
    ("Berlin", "BER"), ("Hamburg", "HAM"), ("München", "MUC"), ("Köln", "CGN"), ("Wien", "VIE"), ("Zürich", "ZRH"),
    ("Paris", "PAR"), ("Lyon", "LYS"), ("London", "LON"), ("Leeds", "LBA"), ("Dublin", "DUB"), ("Madrid", "MAD"),
    ("Lisboa", "LIS"), ("Milano", "MIL"), ("Praha", "PRG"), ("Kraków", "KRK"), ("Oslo", "OSL"), ("Malmö", "MMX"),
    ("Boston", "BOS"), ("Austin", "AUS"), ("Denver", "DEN"), ("Toronto", "YYZ"), ("São Paulo", "SAO"), ("Osaka", "OSA"),
)  # fmt: skip
_FIRST = (
    "Anna", "Jürgen", "Mehmet", "Sofía", "James", "Chloé", "Łukasz", "Aisha", "Peter", "Mary", "Björn", "Yuki", "Omar",
    "Elena", "Tom", "Ingrid", "Raj", "Zoë", "Paul", "Marta", "Liam", "Nora", "Ivan", "Grace", "Hugo", "Leila", "Max",
    "Eva", "Noah", "Ruth", "Felix",
)  # fmt: skip
_LAST = (
    "Müller", "Schmidt", "Nowak", "García", "O'Brien", "Dubois", "Rossi", "Johnson", "Kim", "Patel", "Novák", "Yılmaz",
    "Hansen", "Silva", "Weiß", "Lindström", "Brown", "Tanaka", "Keller", "Fischer", "Moreau", "Costa", "Walker", "Berg",
    "Horváth", "Young", "Meyer", "Santos", "Evans", "Roth", "Bianchi", "Clark", "Vogel", "Petrov", "Ali", "Wagner",
    "Jansen",
)  # fmt: skip
_UNDECOMPOSED = str.maketrans({"ß": "ss", "ł": "l", "ı": "i", "'": None, " ": "-"})


class Company:
    """A company that can be read by number, by id and in order, and changed while others read it.

    `Company(size, seed)` is the same for the same two numbers, on any machine and in any process. Raises ValueError
    for a size outside 10 to 1,000,000.
    """

    def __init__(self, size: int, seed: int) -> None:
        if not SMALLEST <= size <= LARGEST:
            raise ValueError(f"a company has {SMALLEST} to {LARGEST} machines, not {size}")
        self.size = size
        self.seed = seed
        self.now = _START
        self.revision = 0
        self.lock = threading.RLock()
        self.departments = DEPARTMENTS
        self.people = max(5, size * 9 // 10)
        rng = random.Random(seed)  # noqa: S311 - data that comes out the same again is the point
        self.sites = _make_sites(rng, size)
        self._sites_by_slug = {site.slug: site for site in self.sites}
        self._seats = _Seats(rng, self.sites)
        self._scatter = _Scatter(rng)
        self._step = _HISTORY / size
        self._next = size
        self._numbers: Sequence[int] = array("q", range(size))
        self._changed: dict[int, Machine] = {}

    def __len__(self) -> int:
        """How many machines there are now."""
        return len(self._numbers)

    def __iter__(self) -> Iterator[Machine]:
        """All machines, oldest first, as they were listed when the iteration began."""
        for number in self.numbers:
            yield self.machine(number)

    @property
    def numbers(self) -> Sequence[int]:
        """The numbers of the machines that are there now, ascending. Never edited in place, so it may be kept."""
        return self._numbers

    def machine(self, number: int) -> Machine:
        """The machine with that number, whether or not it is still in the company."""
        return self._changed.get(number) or self._build(number)

    def get(self, machine_id: str) -> Machine | None:
        """The machine with that id, or None if there is none now."""
        number = self._scatter.number_of(machine_id)
        return self.machine(number) if number is not None and self.has(number) else None

    def has(self, number: int) -> bool:
        """Whether the machine with that number is in the company now."""
        numbers = self._numbers
        position = bisect_left(numbers, number)
        return position < len(numbers) and numbers[position] == number

    def id_of(self, number: int) -> str:
        """The id of the machine with that number, without working out the machine."""
        return self._scatter.machine_id(number)

    def site_of(self, number: int) -> str:
        """The slug of the site of the machine with that number, without working out the machine."""
        changed = self._changed.get(number)
        return changed.site if changed else self._seats.site(number).slug

    def site_named(self, slug: str) -> Site:
        """The site with that slug; KeyError if there is none."""
        return self._sites_by_slug[slug]

    def place(self, number: int) -> Place:
        """The site and address that belong to that number; no two numbers share one."""
        return self._seats.place(number)

    def name_at(self, number: int, site: Site, kind: str) -> str:
        """The computer name that belongs to that number, for a machine of that kind in that site."""
        return f"{site.code}-{kind}{number:06d}"

    def serial_at(self, number: int, maker: Maker) -> str:
        """The serial that belongs to that number; no two numbers share one."""
        return self._scatter.serial(number, maker)

    def person(self, number: int) -> Person:
        """Person number `number`, from 0 to `people` - 1."""
        first, last = _person_names(number)
        login = _login(number)
        site = self._seats.site(number).slug
        department = DEPARTMENTS[number * 7 % len(DEPARTMENTS)].slug
        return Person(number, first, last, login, f"{login}@{DOMAIN}", site, department)

    def last_seen(self, machine: Machine) -> datetime:
        """When that machine was last seen, which moves on as the company's clock does."""
        return self.now - timedelta(seconds=machine.idle_s)

    def take_number(self) -> int:
        """A number that no machine has and none will get: for a new machine, name, serial or address."""
        with self.lock:
            number = self._next
            self._next += 1
            return number

    def new_machine(self) -> Machine:
        """A machine that is not in the company yet; hand it to `apply`."""
        return replace(self._build(self.take_number()), inserted_at=self.now)

    def apply(self, put: Iterable[Machine] = (), remove: Iterable[Machine] = (), days: int = 0) -> None:
        """Put machines (changed or new), remove others, and move the clock on, all in one step for any reader."""
        with self.lock:
            gone = {machine.number for machine in remove}
            for machine in put:
                self._changed[machine.number] = machine
            numbers = set(self._numbers) | self._changed.keys()
            self._changed = {number: machine for number, machine in self._changed.items() if number not in gone}
            self._numbers = array("q", sorted(numbers - gone))
            self.now += timedelta(days=days)
            self.revision += 1

    def _build(self, number: int) -> Machine:
        rng = random.Random((self.seed << 32) ^ number)  # noqa: S311 - see above
        draw = rng.random
        product = _pick(_BY_WEIGHT, draw())
        maker = product.maker
        place = self._seats.place(number)
        name = self.name_at(number, place.site, product.kind)
        release = _pick(RELEASES[product.os], draw())
        scattered = self._scatter
        return Machine(
            number=number,
            id=scattered.machine_id(number),
            name=name,
            hostname=name if draw() < 0.75 else f"{name.lower()}.corp.{DOMAIN}",
            serial=scattered.serial(number, maker),
            product=product,
            manufacturer=_pick(maker.spellings, draw()) if draw() < 0.97 else None,
            model=product.models[1 if draw() < 0.05 else 0] if draw() < 0.99 else None,
            asset_tag=f"IT{number:07d}" if draw() < 0.6 else None,
            os_name=release.name,
            os_version=release.version,
            memory=_pick(product.memory_gib, draw()) << 30,
            mac=scattered.mac(number, maker),
            ipv4=place.ipv4,
            gateway=place.gateway,
            ipv6=f"2001:db8:{place.site.octet:x}::{number + 16:x}" if draw() < 0.3 else None,
            site=place.site.slug,
            department=DEPARTMENTS[number * 7 % len(DEPARTMENTS)].slug,
            user=_spell_user(_login(number % self.people), draw()) if product.kind in ("NB", "PC") else None,
            idle_s=int(draw() ** 4 * _WEEK_S),
            inserted_at=_START - _HISTORY + self._step * number,
        )


class _Seats:
    """Which site and address a number gets: sites differ in size, addresses never repeat within 64,000 a site."""

    def __init__(self, rng: random.Random, sites: Sequence[Site]) -> None:
        table = [site for rank, site in enumerate(sites) for _ in range(2 + 12 // (rank + 1))]
        rng.shuffle(table)
        self._table = table
        self._share = [table.count(site) for site in table]
        self._rank = [table[:seat].count(site) for seat, site in enumerate(table)]

    def site(self, number: int) -> Site:
        return self._table[number % len(self._table)]

    def place(self, number: int) -> Place:
        lap, seat = divmod(number, len(self._table))
        site = self._table[seat]
        network, host = divmod((lap * self._share[seat] + self._rank[seat]) % _HOSTS_A_SITE, 250)
        prefix = f"10.{site.octet}.{network}."
        return Place(site, f"{prefix}{host + 2}", f"{prefix}1")


class _Scatter:
    """Turns a number into things that look random and never repeat.

    Multiplication by a factor that shares no divisor with the modulus is one to one.
    """

    def __init__(self, rng: random.Random) -> None:
        self._times = _coprime(rng)
        self._plus = rng.getrandbits(76)
        self._back = pow(self._times, -1, _ID_SPACE)

    def machine_id(self, number: int) -> str:
        return f"dvc_{(number * self._times + self._plus) % _ID_SPACE:019x}"

    def number_of(self, machine_id: str) -> int | None:
        digits = machine_id.removeprefix("dvc_")
        if len(digits) != 19 or len(machine_id) != 23 or not set(digits) <= set(_HEX):
            return None
        return (int(digits, 16) - self._plus) * self._back % _ID_SPACE

    def mac(self, number: int, maker: Maker) -> str:
        tail = (number * self._times + self._plus) % _MAC_SPACE
        return f"{maker.oui}:{tail >> 16:02X}:{tail >> 8 & 255:02X}:{tail & 255:02X}"

    def serial(self, number: int, maker: Maker) -> str:
        rest = (number * self._times + self._plus) % _SERIAL_SPACE[maker.name]
        out = []
        for symbol in maker.serials:
            letters = _SYMBOLS.get(symbol)
            if letters is None:
                out.append(symbol)
            else:
                rest, at = divmod(rest, len(letters))
                out.append(letters[at])
        return "".join(out)


def _space(pattern: str) -> int:
    size = 1
    for symbol in pattern:
        size *= len(_SYMBOLS.get(symbol, "-"))
    return size


_SERIAL_SPACE = {maker.name: _space(maker.serials) for maker in MAKERS}
_BY_WEIGHT = tuple(product for product in PRODUCTS for _ in range(product.weight))


def _coprime(rng: random.Random) -> int:
    """A large factor that shares none with 2, 3 and 5, of which all the spaces above are made."""
    while True:
        factor = rng.getrandbits(75)
        if gcd(factor, 30) == 1:
            return factor


def _pick(items: Sequence[T], draw: float) -> T:
    return items[int(draw * len(items))]


def _make_sites(rng: random.Random, size: int) -> tuple[Site, ...]:
    count = min(max(2, size // _MACHINES_A_SITE), _MOST_SITES)
    cities = rng.sample(_CITIES, len(_CITIES))
    return tuple(_make_site(number, *cities[number % len(cities)], number // len(cities)) for number in range(count))


def _make_site(number: int, city: str, code: str, lap: int) -> Site:
    octet = number + 10
    name = f"{city} {lap + 1}" if lap else city
    slug = _plain(city) + (f"-{lap + 1}" if lap else "")
    return Site(octet, name, slug, f"{code}{lap + 1}" if lap else code, f"10.{octet}.0.0/16", f"203.0.113.{octet}")


def _plain(name: str) -> str:
    """Lower-case ASCII without apostrophes, spaces as dashes."""
    decomposed = unicodedata.normalize("NFKD", name.lower().translate(_UNDECOMPOSED))
    return decomposed.encode("ascii", "ignore").decode()


def _person_names(number: int) -> tuple[str, str]:
    return _FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)]


def _login(number: int) -> str:
    """Unique: 31 first and 37 last names are coprime counts, so a pair comes again only after 1147 people."""
    lap = number // (len(_FIRST) * len(_LAST))
    login = f"{_PLAIN_FIRST[number % len(_FIRST)]}.{_PLAIN_LAST[number % len(_LAST)]}"
    return f"{login}{lap + 1}" if lap else login


_PLAIN_FIRST = tuple(_plain(name) for name in _FIRST)
_PLAIN_LAST = tuple(_plain(name) for name in _LAST)


def _spell_user(login: str, draw: float) -> str | None:
    if draw < 0.05:
        return None
    if draw < 0.45:
        return f"{login}@{DOMAIN}"
    return f"EXAMPLE\\{login}" if draw < 0.9 else login
