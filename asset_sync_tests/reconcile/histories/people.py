"""What people do in the target, by verb and numbers: they edit what the sync made, and keep objects of their own."""

from collections.abc import Callable
from typing import Any, Final

from asset_sync.reconcile.target import Refused
from asset_sync_tests.reconcile.histories.kinds import RETIRED
from asset_sync_tests.reconcile.histories.source import IDENTIFYING, POOL, Company, pick
from asset_sync_tests.reconcile.memory import MemoryTarget


class Desk:
    """A person of one company at work in the target. `ids` tells which objects of a kind are the company's."""

    def __init__(self, target: MemoryTarget, company: Company, ids: Callable[[str], list[str]]) -> None:
        self.target = target
        self.company = company
        self.ids = ids

    def do(self, verb: str, a: int, b: int, c: int) -> None:
        """Do that; what the target does not take is left undone."""
        try:
            EVENTS[verb](self, a, b, c)
        except Refused:
            return


Event = Callable[[Desk, int, int, int], None]


def edit(desk: Desk, a: int, b: int, c: int) -> None:
    """Change what people may change too: a name, a room, a status."""
    values: dict[str, tuple[str | None, ...]] = {
        "room": ("p1", "p2", "r0", None),
        "status": ("stored", RETIRED, "in-use", None),
        "name": (f"desk{desk.company.number}-{c}",),
    }
    ids = desk.ids("asset")
    if ids:
        name = pick(tuple(values), b)
        desk.target.edit("asset", pick(ids, a), **{name: pick(values[name], c)})


def edit_identity(desk: Desk, a: int, b: int, c: int) -> None:
    """Change what tells an object from others, to a value of the source's or of the person's own."""
    ids = desk.ids("asset")
    if ids:
        sort = pick(IDENTIFYING, b)
        own: list[str | None] = [f"P{desk.company.number}{sort}{a}", *([None] if sort != "name" else [])]
        values = [*own, *(desk.company.value(sort, at) for at in range(POOL))]
        desk.target.edit("asset", pick(ids, a), **{sort: pick(values, c)})


def edit_owned(desk: Desk, a: int, _b: int, c: int) -> None:
    """Change what the source alone decides."""
    ids = desk.ids("asset")
    if ids:
        desk.target.edit("asset", pick(ids, a), memory=pick((1, 2, None), c))


def keep_own(desk: Desk, a: int, b: int, _c: int) -> None:
    """Register something that no source knows."""
    values: dict[str, Any] = {"name": f"beamer{desk.company.number}-{a}", "room": "hall", "status": "in-use"}
    asset = desk.target.make("asset", **values, serial=f"B{desk.company.number}EAM{b}" if b % 2 else None)
    if b % 3 == 0:
        desk.target.make("port", asset=asset, name="eth0")


def register(desk: Desk, a: int, b: int, c: int) -> None:
    """Register a machine before the source tells of it, or once more, as people write: in other letters, with a room."""
    company = desk.company
    values: dict[str, Any] = {"name": company.value("name", a).upper(), "room": "p3", "status": "in-use"}
    values |= {"serial": company.value("serial", b).lower()} if c % 2 else {}
    values |= {"tag": company.value("tag", c)} if b % 2 else {}
    desk.target.make("asset", **values)


def reserve(desk: Desk, a: int, b: int, _c: int) -> None:
    """Register an address, on a port or on none."""
    ports = desk.ids("port")
    port = pick(ports, b) if ports and b % 2 else None
    desk.target.make("address", address=desk.company.value("address", a), port=port)


def move_address(desk: Desk, a: int, b: int, _c: int) -> None:
    """Put an address on another port, or on none."""
    addresses, ports = desk.ids("address"), desk.ids("port")
    if addresses:
        desk.target.edit("address", pick(addresses, a), port=pick([*ports, None], b))


def name_lookup(desk: Desk, _a: int, b: int, c: int) -> None:
    """Make a manufacturer or a model before the source needs it, in other letters perhaps."""
    name = f"HP{desk.company.number}"
    maker = desk.target.make("maker", name=name.lower() if b % 2 else name)
    if c % 2:
        desk.target.make("model", maker=maker, name="Pro 7")


def rename(desk: Desk, a: int, b: int, _c: int) -> None:
    """Call a port or a manufacturer otherwise."""
    kind = pick(("port", "maker"), b)
    ids = desk.ids(kind)
    if ids:
        desk.target.edit(kind, pick(ids, a), name=f"own{desk.company.number}-{a}")


def delete(desk: Desk, a: int, b: int, _c: int) -> None:
    """Delete an object, with what sits on it."""
    kind = pick(("asset", "port", "address"), b)
    ids = desk.ids(kind)
    if ids:
        desk.target.delete(kind, pick(ids, a))


EVENTS: Final[dict[str, Event]] = {
    event.__name__: event
    for event in (*(edit, edit_identity, edit_owned, keep_own, register, reserve, move_address, name_lookup, rename, delete),)
}
