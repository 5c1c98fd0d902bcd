"""Whose hand set each value last: a person's, or the sync's. What nobody set is empty."""

from dataclasses import dataclass, field
from typing import Any

from asset_sync_tests.reconcile.constraints import Row
from asset_sync_tests.reconcile.histories.evidence import OWN, Moment, Thing, changed_fields

Place = tuple[Thing, str]
"""A field of an object, by the name under which it stands in its row."""


@dataclass
class Hands:
    """What is known of who set what; it goes back with the target when a backup of that comes back.

    `by_person` are the values that a person set and the source does not share, `ever` those that a person had a hand in at any
    time. `synced` is the value that the sync set last or that both sides agreed on. `undone` are the objects whose retirement
    was taken back.
    """

    by_person: set[Place] = field(default_factory=set)
    ever: set[Place] = field(default_factory=set)
    synced: dict[Place, Any] = field(default_factory=dict)
    undone: set[Thing] = field(default_factory=set)

    def copy(self) -> "Hands":
        """Return a copy."""
        return Hands(set(self.by_person), set(self.ever), dict(self.synced), set(self.undone))

    def people_did(self, before: Moment, after: Moment) -> None:
        """Note what people changed and made."""
        for thing, row in after.rows.items():
            if thing not in before.rows:
                for name in filled(row):
                    self.person((thing, name), row[name])
        for thing, old, new in after.changes(before):
            for name in changed_fields(old, new):
                self.person((thing, name), new.get(name))

    def came_back(self, lost: Moment, restored: Moment, now: Moment) -> None:
        """Note what a backup brought back on objects that people touched before anybody looked.

        These objects are newer than what the sync wrote last: nothing tells the old values from these people's.
        """
        for thing, *_ in now.changes(restored):
            if thing in lost.rows:
                self.ever |= {(thing, name) for name in changed_fields(lost.rows[thing], restored.rows[thing])}

    def person(self, place: Place, value: Any) -> None:
        """Note a value that a person set. One that stood there before by the sync's hand says nothing of a person."""
        self.ever.add(place)
        if place in self.synced and self.synced[place] == value:
            self.by_person.discard(place)
        else:
            self.by_person.add(place)

    def sync(self, place: Place, value: Any) -> None:
        """Note a value that the sync set, or that it and a person agree on."""
        self.by_person.discard(place)
        self.synced[place] = value

    def undo(self, place: Place) -> None:
        """Note a value that a person put back: it is their decision."""
        self.ever.add(place)
        self.by_person.add(place)
        self.synced.pop(place, None)

    def made(self, thing: Thing, row: Row) -> None:
        """Note an object that the sync made."""
        for name in filled(row):
            self.sync((thing, name), row[name])

    def doubt(self, now: Moment) -> None:
        """Nobody can tell any more which values a sync set or emptied, when its ledger is lost: they may stay like people's."""
        self.ever |= {(thing, name) for thing, row in now.rows.items() for name in filled(row)} | self.synced.keys()


def filled(row: Row) -> list[str]:
    """Return the fields that have a value."""
    return [name for name, value in row.items() if name not in OWN and value is not None]
