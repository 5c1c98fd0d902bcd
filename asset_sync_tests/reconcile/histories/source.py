"""The source: small companies whose machines come, change, change places and go. What happens is told by a verb and numbers.

Each company draws its values from a small pool of its own, so that they repeat and move within it and never meet another's.
A number picks what is there to pick from, round and round, so that every event means something in every state.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from asset_sync_tests.reconcile.worlds import Row

T = TypeVar("T")

POOL: Final = 6
"""How many values of a sort a company has: more than it has machines, so that there is always a free one."""
MOST_MACHINES: Final = 4
IDENTIFYING: Final = ("serial", "tag", "name")


@dataclass
class Adapter:
    """A network adapter: what it is called, and its address, None where it has none."""

    name: str
    address: str | None = None


@dataclass
class Machine:
    """A machine as the source tells of it. A serial that is `junk` is told as refused."""

    key: str
    name: str
    serial: str | None = None
    tag: str | None = None
    room: str | None = None
    memory: int | None = None
    status: str | None = "in-use"
    model: int = 0
    junk: bool = False
    adapters: dict[str, Adapter] = field(default_factory=dict)
    primary: str | None = None


@dataclass
class Company:
    """The machines of one company, by key, and those that left it."""

    number: int
    machines: dict[str, Machine] = field(default_factory=dict)
    gone: list[Machine] = field(default_factory=list)
    made: int = 0

    def value(self, sort: str, at: int) -> str:
        """Return a value of the company's pool: a serial, a tag, a name, an address."""
        return {
            "serial": f"S{self.number}X{at}A",
            "tag": f"T{self.number}-{at}",
            "name": f"pc{self.number}-{at}",
            "address": f"10.0.{self.number}.{at + 1}/24",
        }[sort]

    def free(self, sort: str) -> list[str]:
        """Return the values of a sort that no machine has now; one that is gone may have had them."""
        if sort == "address":
            used = {adapter.address for machine in self.machines.values() for adapter in machine.adapters.values()}
        else:
            # A serial is of one machine for ever, also of one that is gone.
            known = [*self.machines.values(), *(self.gone if sort == "serial" else ())]
            used = {getattr(machine, sort) for machine in known}
        every = (self.value(sort, at) for at in range(POOL * (5 if sort == "serial" else 1)))
        return [value for value in every if value not in used][:POOL]

    def adapters(self) -> list[tuple[Machine, str]]:
        """Return every adapter, as its machine and its key there."""
        return [(machine, key) for machine in self.machines.values() for key in machine.adapters]


def pick(among: Sequence[T], number: int) -> T:
    """Return the one that a number stands for."""
    return among[number % len(among)]


Event = Callable[[Company, int, int, int], None]


# What comes and goes.


def come(company: Company, a: int, b: int, c: int) -> None:
    """A machine of its own comes, with a serial, and perhaps a tag and an adapter with an address."""
    machine = _another(company)
    machine.serial = pick(company.free("serial"), a)
    machine.tag = pick(company.free("tag"), b) if b % 3 else None
    machine.room, machine.memory, machine.model = f"r{c % 3}", 4 * (1 + a % 3), c % 2
    _join(company, machine)
    if c % 4:
        plug(company, len(company.machines) - 1, c, 0)


def come_bare(company: Company, a: int, b: int, _c: int) -> None:
    """A machine comes of which little more than the name is known."""
    machine = _another(company)
    machine.room, machine.memory = f"r{a % 3}", 4
    machine.tag = pick(company.free("tag"), b) if b % 2 else None
    _join(company, machine)


def go(company: Company, a: int, _b: int, _c: int) -> None:
    """A machine leaves the source."""
    if company.machines:
        company.gone.append(company.machines.pop(pick(list(company.machines), a)))


def come_back(company: Company, a: int, _b: int, _c: int) -> None:
    """A machine that left is back as it was; what another one took meanwhile it has no more."""
    if company.gone and len(company.machines) < MOST_MACHINES:
        machine = company.gone.pop(a % len(company.gone))
        company.gone = [each for each in company.gone if each.serial != machine.serial]
        for sort in IDENTIFYING:
            if getattr(machine, sort) not in (None, *company.free(sort)):
                setattr(machine, sort, pick(company.free(sort), a) if sort == "name" else None)
        for adapter in machine.adapters.values():
            adapter.address = adapter.address if adapter.address in company.free("address") else None
        machine.primary = next((key for key, each in machine.adapters.items() if each.address), None)
        company.machines[machine.key] = machine


def replace_hardware(company: Company, a: int, _b: int, _c: int) -> None:
    """Another machine, of another key and serial, takes the place of one: its name, tag, room and addresses."""
    if company.machines:
        old = company.machines.pop(pick(list(company.machines), a))
        company.gone.append(deepcopy(old))
        company.made += 1
        serial = pick(company.free("serial"), a + 1)
        new = Machine(**{**vars(deepcopy(old)), "key": f"c{company.number}m{company.made}", "serial": serial, "junk": False})
        company.machines[new.key] = new


def register_again(company: Company, a: int, _b: int, _c: int) -> None:
    """The same machine comes under another key, as when an agent is installed again."""
    if company.machines:
        old = company.machines.pop(pick(list(company.machines), a))
        company.made += 1
        new = Machine(**{**vars(deepcopy(old)), "key": f"c{company.number}m{company.made}"})
        company.machines[new.key] = new


# What changes.


def change(company: Company, a: int, b: int, c: int) -> None:
    """A machine has another value: free to be had, or none."""
    if not company.machines:
        return
    machine = pick(list(company.machines.values()), a)
    name = pick(("room", "memory", "status", "model", "name", "serial", "tag"), b)
    if name in IDENTIFYING:
        new = pick([*company.free(name), *([None] if name != "name" else [])], c)
        setattr(machine, name, new)
        machine.junk = machine.junk and machine.serial is None
    else:
        values: dict[str, tuple[Any, ...]] = {
            "room": ("r0", "r1", "r2", None),
            "memory": (4, 8, 16, None),
            "status": ("in-use", "stored", None),
            "model": (0, 1),
        }
        setattr(machine, name, pick(values[name], c))


def spoil(company: Company, a: int, _b: int, _c: int) -> None:
    """A machine's serial is told as what every board says that nobody filled in."""
    if company.machines:
        machine = pick(list(company.machines.values()), a)
        machine.serial, machine.junk = None, True


def exchange(company: Company, a: int, b: int, c: int) -> None:
    """Two machines, or all of them in a ring, change places in a value."""
    machines = list(company.machines.values())
    if len(machines) < 2:
        return
    first = pick(machines, a)
    ring = machines if c % 2 else [first, pick([m for m in machines if m is not first], b)]
    name = pick(("tag", "name", "room", "tag", "name", "serial"), b + c)
    values = [getattr(machine, name) for machine in ring]
    junk = [machine.junk for machine in ring]
    for machine, value, spoilt in zip(ring, values[1:] + values[:1], junk[1:] + junk[:1], strict=True):
        setattr(machine, name, value)
        machine.junk = spoilt if name == "serial" else machine.junk


def hand_on(company: Company, a: int, b: int, c: int) -> None:
    """A machine takes what another one gives up for a free value, that one perhaps what a third gives up."""
    machines = list(company.machines.values())
    if len(machines) < 2:
        return
    name = pick(IDENTIFYING, b)
    turn = a % len(machines)
    chain = (machines[turn:] + machines[:turn])[: 2 + c % 2]
    values = [getattr(machine, name) for machine in chain] + [pick(company.free(name), c)]
    for machine, value in zip(chain, values[1:], strict=True):
        setattr(machine, name, value)
        machine.junk = machine.junk and name != "serial"


# Adapters.


def plug(company: Company, a: int, b: int, _c: int) -> None:
    """A machine has one adapter more, with a free address; the first one with an address is its primary one."""
    if not company.machines:
        return
    machine = pick(list(company.machines.values()), a)
    key = next((key for key in ("e0", "e1") if key not in machine.adapters), None)
    if key is not None:
        taken = {adapter.name for adapter in machine.adapters.values()}
        name = next(each for each in ("eth0", "eth1", "lan2") if each not in taken)
        machine.adapters[key] = Adapter(name, pick(company.free("address"), b) if company.free("address") else None)
        _settle_primary(machine)


def unplug(company: Company, a: int, _b: int, _c: int) -> None:
    """A machine has an adapter less."""
    if company.adapters():
        machine, key = pick(company.adapters(), a)
        del machine.adapters[key]
        _settle_primary(machine)


def rename_adapter(company: Company, a: int, b: int, _c: int) -> None:
    """An adapter is called otherwise, or the two of a machine change names."""
    if not company.adapters():
        return
    machine, key = pick(company.adapters(), a)
    taken = {adapter.name for adapter in machine.adapters.values()}
    if len(machine.adapters) == 2 and b % 2:
        one, other = machine.adapters.values()
        one.name, other.name = other.name, one.name
    else:
        machine.adapters[key].name = next(each for each in (f"lan{b % 3}", "eth0", "wifi") if each not in taken)


def readdress(company: Company, a: int, b: int, _c: int) -> None:
    """An adapter gets a free address, as DHCP gives it, or has none for a while."""
    if company.adapters():
        machine, key = pick(company.adapters(), a)
        free = company.free("address")
        machine.adapters[key].address = pick([*free, None], b)
        _settle_primary(machine)


def exchange_addresses(company: Company, a: int, b: int, _c: int) -> None:
    """Two adapters change addresses, or one takes the address that the other gives up."""
    adapters = company.adapters()
    if len(adapters) < 2:
        return
    (one, key), (other, other_key) = pick(adapters, a), pick(adapters, a + 1 + b % (len(adapters) - 1))
    first, second = one.adapters[key], other.adapters[other_key]
    free = company.free("address")
    first.address, second.address = second.address, pick(free, b) if b % 3 == 2 and free else first.address
    for machine in (one, other):
        _settle_primary(machine)


# Those that nothing tells apart.


def clone(company: Company, a: int, b: int, _c: int) -> None:
    """A machine comes that has the name of another one and nothing else that identifies it."""
    if company.machines and len(company.machines) < MOST_MACHINES:
        like = pick(list(company.machines.values()), a)
        company.made += 1
        room = like.room if b % 2 else "r9"
        key = f"c{company.number}m{company.made}"
        company.machines[key] = Machine(key, like.name, room=room, memory=like.memory)


def copy_value(company: Company, a: int, b: int, c: int) -> None:
    """A machine is given the serial, tag or name of another one, as when a disk or a board is copied."""
    machines = list(company.machines.values())
    if len(machines) > 1:
        one, other = pick(machines, a), pick(machines, a + 1 + b % (len(machines) - 1))
        name = pick(IDENTIFYING, c)
        setattr(one, name, getattr(other, name))
        one.junk = one.junk and one.serial is None


def reuse_serial(company: Company, a: int, b: int, _c: int) -> None:
    """A machine is told with the serial of one that is gone."""
    if company.machines and company.gone:
        machine, old = pick(list(company.machines.values()), a), pick(company.gone, b)
        if old.serial is not None and all(each.serial != old.serial for each in company.machines.values()):
            machine.serial, machine.junk = old.serial, False


EVENTS: Final[dict[str, Event]] = {
    event.__name__: event
    for event in (come, come_bare, go, come_back, replace_hardware, register_again, change, spoil, exchange, hand_on)
}
ADAPTER_EVENTS: Final[dict[str, Event]] = {
    event.__name__: event for event in (plug, unplug, rename_adapter, readdress, exchange_addresses)
}
ALIKE: Final[dict[str, Event]] = {event.__name__: event for event in (clone, copy_value, reuse_serial)}
"""After these, two records may be truly alike, so that only a person can tell."""


def _another(company: Company) -> Machine:
    company.made += 1
    return Machine(f"c{company.number}m{company.made}", company.free("name")[0])


def _join(company: Company, machine: Machine) -> None:
    if len(company.machines) < MOST_MACHINES:
        company.machines[machine.key] = machine


def _settle_primary(machine: Machine) -> None:
    machine.primary = next((key for key, adapter in machine.adapters.items() if adapter.address), None)


# What the source says.

MODELS: Final = ("Pro 7", "Pro 7+")


def rows(companies: Sequence[Company]) -> dict[str, list[Row]]:
    """Return the source's rows of all companies by kind, each with the keys that a system's mapping would give it."""
    found: dict[str, list[Row]] = {kind: [] for kind in ("maker", "model", "asset", "port", "address", "primary")}
    for company in companies:
        for kind, own in _rows(company).items():
            found[kind] += own
    return found


def _rows(company: Company) -> dict[str, list[Row]]:
    maker = f"HP{company.number}"
    machines = company.machines.values()
    names = [machine.name for machine in machines]
    keys = {m.key: m.name if names.count(m.name) == 1 else f"{m.name} ({m.key})" for m in machines}
    models = sorted({f"{maker} {MODELS[machine.model]}" for machine in machines})
    found: dict[str, list[Row]] = {
        "maker": [{"source_key": maker, "key": maker, "name": maker}] if models else [],
        "model": [{"source_key": own, "key": own, "maker": maker, "name": own.removeprefix(f"{maker} ")} for own in models],
        "asset": [_asset(machine, keys[machine.key], maker) for machine in machines],
        "port": [],
        "address": [],
        "primary": [],
    }
    for machine in machines:
        _network(machine, keys[machine.key], found)
    return found


def _asset(machine: Machine, key: str, maker: str) -> Row:
    told = {name: getattr(machine, name) for name in ("name", "serial", "tag", "room", "memory", "status")}
    refused = "serial 'To be filled by O.E.M.' is junk" if machine.junk else None
    return {"source_key": machine.key, "key": key, "refused": refused, "model": f"{maker} {MODELS[machine.model]}", **told}


def _network(machine: Machine, key: str, found: dict[str, list[Row]]) -> None:
    for own, adapter in machine.adapters.items():
        port = f"{key} {adapter.name}"
        found["port"].append({"source_key": f"{machine.key}/{own}", "key": port, "asset": key, "name": adapter.name})
        if adapter.address is not None:
            address = f"{machine.key}/{own}/ip"
            found["address"].append({"source_key": address, "key": adapter.address, "address": adapter.address, "port": port})
            if own == machine.primary:
                row = {"source_key": machine.key, "key": key, "asset": key, "address": adapter.address}
                found["primary"].append(row)
