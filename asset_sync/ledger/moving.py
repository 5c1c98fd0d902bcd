"""Moving: links and decisions of a connection that the YAML of its sync names no more, or of the time before it had any."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, delete, func, literal, or_, select, union_all, update

from asset_sync.ledger import schema as s
from asset_sync.ledger.elsewhere import is_nobodys
from asset_sync.ledger.headers import headers
from asset_sync.ledger.locks import being_applied, lock
from asset_sync.ledger.states import OPEN, make_stale
from asset_sync.reconcile.errors import PlanError


@dataclass(frozen=True, slots=True)
class LinkSet:
    """A set of links, by its name: how many links there are, and how many decisions that count."""

    name: str
    links: int
    decisions: int

    def __str__(self) -> str:
        """Return the numbers in words."""
        return f"{self.name} ({self.links} links, {self.decisions} decisions)"


def left(connection: Connection, sync: str, named: Collection[str]) -> list[LinkSet]:
    """Return the sets of a sync's own links that are none of the named ones."""
    links = select(s.link.c.sync.label("name"), func.count().label("links"), _none().label("decisions"))
    links = links.where(_is_of(sync, s.link.c.sync)).group_by(s.link.c.sync)
    c = s.resolution.c
    decisions = select(c.link_set, _none(), func.count()).where(_is_of(sync, c.link_set), c.taken_back_at.is_(None))
    both = union_all(links, decisions.group_by(c.link_set)).subquery()
    query = select(both.c.name, func.sum(both.c.links), func.sum(both.c.decisions)).group_by(both.c.name).order_by(both.c.name)
    return [LinkSet(name, int(n), int(m)) for name, n, m in connection.execute(query) if name not in named]


def is_new(connection: Connection, link_set: str) -> bool:
    """Return whether there is no link by that name, and no decision."""
    names = (s.link.c.sync, s.resolution.c.link_set)
    return not any(connection.scalar(select(name).where(name == link_set).limit(1)) for name in names)


def move(connection: Connection, old: str, new: str, told: str) -> None:
    """Give links and decisions another name; `told` is why plans that went by the old one are stale.

    Raises `PlanError` where the new one has some of its own, or where a plan that goes by the old one is being applied.
    """
    _alone(connection, old, new)
    if not is_new(connection, new):
        raise PlanError(f"{new} has links or decisions of its own: those of {old} cannot be among them")
    connection.execute(update(s.link).where(s.link.c.sync == old).values(sync=new))
    connection.execute(update(s.resolution).where(s.resolution.c.link_set == old).values(link_set=new))
    _end(connection, old, told)


def forget(connection: Connection, old: str, told: str) -> None:
    """Drop links and decisions. Raises `PlanError` where a plan that goes by them is being applied."""
    _alone(connection, old)
    tables: list[tuple[Table, ColumnElement[str]]] = [(s.link, s.link.c.sync), (s.resolution, s.resolution.c.link_set)]
    for table, name in tables:
        connection.execute(delete(table).where(name == old))
    _end(connection, old, told)


def _none() -> ColumnElement[int]:
    return literal(0, s.link.c.missing_runs.type)


def _is_of(sync: str, name: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(name == sync, name.startswith(f"{sync}/", autoescape=True))


def _alone(connection: Connection, *link_sets: str) -> None:
    for link_set in sorted(link_sets):
        lock(connection, link_set)
    if being_applied(connection, link_sets):
        raise PlanError(f"a plan of {link_sets[0]} is being applied: asset-sync plans says which; wait for its end")


def _end(connection: Connection, old: str, told: str) -> None:
    connection.execute(delete(s.destination).where(s.destination.c.link_set == old))
    c = s.plan.c
    for head in headers(connection, select(s.plan).where(c.link_set == old, c.state.in_([*OPEN, s.APPLYING]))):
        make_stale(connection, head, told)


def counts(connection: Connection, link_sets: Collection[str]) -> dict[str, dict[str, int]]:
    """Return how many objects in service each of the sets has, by kind."""
    c = s.link.c
    of_kind = select(c.sync, c.kind, func.count()).where(c.sync.in_(link_sets), c.retired_by.is_(None), ~is_nobodys(s.link))
    found: dict[str, dict[str, int]] = {}
    for link_set, kind, number in connection.execute(of_kind.group_by(c.sync, c.kind).order_by(c.sync, c.kind)):
        found.setdefault(link_set, {})[kind] = number
    return found
