"""What is synced: kinds of objects, their fields, and how one object is recognised as another.

A kind is a declaration. A target system declares its kinds once (see `asset_sync.systems`); the core reads them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

FieldType = Literal["text", "integer", "number", "boolean", "date", "reference", "references"]
"""A reference is to one object of another kind; references are a set of them (see `asset_sync.reconcile.sets`)."""
Form = Literal["exact", "folded", "label", "serial", "tag", "host", "maker", "model"]
"""How two values are compared for identity; see `asset_sync.reconcile.forms`."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind.

    `to` names the kind that a reference, or each of a set of them, points to; `max_length` counts characters, as the target
    does. What is only set when an object is created (`initial_only`) would take away what people added, if it were written
    later. What is `nullable` the target takes empty, in any number; without what is `required` there is no object, and without
    what it is `made_with` none is made, though of one that is there nobody may know it now. A reference of a facet that `pins`
    keeps the object it points to where it sits. `canonical` makes of a text the one that the target gives back for it.
    `choices` are the only values that the field takes, and `within` the least and the most that a number may be, where that is
    known without asking the target; all of a text must match its `pattern`. What is `judged` decides what may refer to the
    object (see `Suiting`), so that it is read whether or not a sync maps it.
    """

    name: str
    type: FieldType = "text"
    to: str | None = None
    max_length: int | None = None
    initial_only: bool = False
    nullable: bool = False
    required: bool = False
    made_with: bool = False
    pins: bool = False
    judged: bool = False
    canonical: Callable[[str], str | None] | None = None
    choices: tuple[str, ...] = ()
    within: tuple[float, float] | None = None
    pattern: str | None = None

    @property
    def limits_words(self) -> str:
        """Say of a value what it is not, where the field does not take it."""
        if self.within is not None:
            return f"is not between {self.within[0]:g} and {self.within[1]:g}"
        if self.pattern is not None:
            return f"does not match {self.pattern}"
        return f"is neither {' nor '.join(self.choices)}" if len(self.choices) == 2 else f"is none of {', '.join(self.choices)}"


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """Fields that, all of them known and equal, make two records the same object.

    A decisive rule also speaks against: two known and different values make two different objects, and a decisive value
    that points at another object than an earlier rule does is a contradiction, which is held for a person. A `sole` rule is a
    guess that only counts where it finds one: several candidates are no answer, and hold nothing.
    """

    name: str
    fields: tuple[str, ...]
    form: Form = "exact"
    decisive: bool = True
    sole: bool = False


@dataclass(frozen=True, slots=True)
class Unique:
    """Fields whose values together the target lets exist once.

    Where it does not enforce that, two objects must not have them in the end, but may while a plan is carried out.
    """

    fields: tuple[str, ...]
    form: Form = "exact"
    enforced: bool = True


@dataclass(frozen=True, slots=True)
class Retirement:
    """How an object of this kind leaves service: a field takes a value, None to be emptied; nothing is ever deleted.

    `note` is a text field that says so as long as the object is out of service, behind what stands there.
    """

    field: str
    value: str | bool | None
    note: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that retiring writes."""
        return (self.field, self.note) if self.note else (self.field,)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A reference that the target takes only to an object which has, of another field, what the referring one has of it.

    `facet` is the kind that has that field of the objects that are referred to.
    """

    reference: str
    field: str
    facet: str


@dataclass(frozen=True, slots=True)
class Suiting:
    """A reference, or each of a set, that the target takes only to an object which suits the one that refers to it.

    `there` is a field of the object that is referred to. `here` leads to what it is held against: a field of the referring
    object, or one of what a reference of its points to. `suits` is asked for both values (of references, what stands for
    their objects); where one is missing, they suit. `rule` says it in words, after "only where".
    """

    reference: str
    there: str
    here: tuple[str, ...]
    suits: Callable[[str, str], bool]
    rule: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object in a target.

    `parent` names the reference that says what an object sits on: one that already sits elsewhere is never taken from there
    unless this sync put it there. `facet_of` names the kind whose objects this kind only adds fields to (a device's primary
    address, known after its addresses are): a facet is never created, and `parent` is its reference to that object. What is
    `natural` is its key: renamed, it is another object, so that no link is gone by. What is `referred` is made only where
    something that the plan writes refers to it, as a manufacturer is, that would be of no use by itself.

    `parts` are the groups of fields that the target stores each by requests of its own, so that it may refuse one and store
    another: an update of an object is one operation for each. What is in none is stored together. What is unique together is
    in one part, and an object's parts have no version in common.
    `counted_by` names the reference whose objects the target counts by it: two requests that move the same counts, in another
    order, can make the target give one of them up (a deadlock), so such writes go in one order.
    `ends` names two references that are the ends of one thing, as those of a cable: which is which tells nothing, so that they
    stand in one order (see `asset_sync.reconcile.ends`), in what a target gives back as well; each is of one object alone.
    Without its `agreement`, or where it does not suit by one of its `suitings`, the target takes no write of an object at all,
    whatever the write is about.
    `versions` says what the versions of objects are, where they tell the earlier from the later: moments, or counts.
    """

    name: str
    fields: tuple[Field, ...]
    identity: tuple[IdentityRule, ...] = ()
    unique: tuple[Unique, ...] = ()
    retirement: Retirement | None = None
    parent: str | None = None
    facet_of: str | None = None
    natural: bool = False
    referred: bool = False
    parts: tuple[frozenset[str], ...] = ()
    counted_by: str | None = None
    ends: tuple[str, ...] = ()
    agreement: Agreement | None = None
    suitings: tuple[Suiting, ...] = ()
    versions: Literal["moment", "count"] | None = None

    def parted(self, names: Iterable[str]) -> list[list[str]]:
        """Return fields part by part, those that are in none first; parts that have none of them are left out."""
        given = list(names)
        in_parts = frozenset[str]().union(*self.parts)
        found = [[name for name in given if name in part] for part in self.parts]
        return [part for part in ([name for name in given if name not in in_parts], *found) if part]

    def field(self, name: str) -> Field:
        """Return the field of that name; `KeyError` where the kind has none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.name} has no field {name!r}; it has {', '.join(f.name for f in self.fields)}")

    def is_made_without(self, name: str) -> bool:
        """Return whether an object is made, and goes on, without that reference, where nothing is there to point to."""
        field = self.field(name)
        return field.nullable and not (field.required or field.made_with) and name != self.parent

    @property
    def references(self) -> tuple[Field, ...]:
        """The fields that point to an object of another kind."""
        return tuple(field for field in self.fields if field.type == "reference")

    @property
    def sets(self) -> tuple[Field, ...]:
        """The fields that point to several objects of another kind."""
        return tuple(field for field in self.fields if field.type == "references")

    @property
    def identifying(self) -> tuple[str, ...]:
        """The fields, other than references, that tell one object of this kind from another."""
        names = dict.fromkeys(name for rule in self.identity for name in rule.fields)
        return tuple(name for name in names if self.field(name).type != "reference")

    @property
    def telling_alone(self) -> Mapping[str, IdentityRule]:
        """The decisive rules of one field, by that field: a single value tells an object from all others, in whatever it is."""
        rules = [rule for rule in self.identity if rule.decisive and len(rule.fields) == 1]
        return {rule.fields[0]: rule for rule in rules if self.field(rule.fields[0]).type != "reference"}

    @property
    def labelled(self) -> frozenset[str]:
        """The fields that are compared by their labels: a name without a letter or digit is no name there."""
        names = {name for rule in self.identity if rule.form == "label" for name in rule.fields}
        return frozenset(name for name in names if self.field(name).type != "reference")


Kinds = Mapping[str, Kind]
"""Kinds by name, each after the kinds that it refers to."""


def in_order(kinds: Iterable[Kind]) -> Kinds:
    """Return the kinds by name, refusing (`ValueError`) one that refers to a kind that does not come before it."""
    ordered: dict[str, Kind] = {}
    for kind in kinds:
        missing = [f.to for f in (*kind.references, *kind.sets) if f.to not in ordered and f.to != kind.name]
        if missing:
            raise ValueError(f"{kind.name} refers to {missing[0]}, which does not come before it")
        ordered[kind.name] = kind
    return ordered
