"""Review rules in a sync's YAML: which operations go through by themselves, and which wait for a person."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Final, Literal

import dagster as dg
from pydantic import Field

from asset_sync.components.bounds import Bounds
from asset_sync.components.config import Place
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.review import Choice, Rule
from asset_sync.reconcile.review.choice import BY_NAMES

Operation = Literal["create", "update", "retire", "restore"]


class ReviewRuleConfig(dg.Model, dg.Resolvable):
    """Which operations a rule is about, all of which must hold, and what becomes of them. The first rule that fits decides.

    `fields` are of updates, each of which is decided by itself; `tag` and `site` are names or slugs, with * and ? for anything,
    of what the object has or comes to, or what it sits on. `above` and `up_to`: only where the rule is about more, or no more,
    than this share of the kind's objects.
    """

    then: Literal["apply", "wait"] = Field(description="What becomes of what fits: it goes through, or waits for a person.")
    kind: list[str] = Field(default_factory=list, description="Of these kinds.")
    op: list[Operation] = Field(default_factory=list, description="Of these operations.")
    fields: list[str] = Field(default_factory=list, description="Of updates, these fields.")
    tag: list[str] = Field(default_factory=list, description="Of objects that have one of these tags, or get it; * and ? fit.")
    site: list[str] = Field(default_factory=list, description="Of objects in one of these sites, or coming to it; * and ? fit.")
    above: Annotated[float | None, Bounds(ge=0, le=1)] = Field(
        default=None, description="Where it is about more than this share of the kind's objects."
    )
    up_to: Annotated[float | None, Bounds(ge=0, le=1)] = Field(
        default=None, description="Where it is about no more than this share of the kind's objects."
    )

    def rule(self) -> Rule:
        """Return the rule as the core takes it."""
        names = frozenset(self.kind), frozenset[str](self.op), frozenset(self.fields)
        choice = Choice(frozenset(), *names, tags=tuple(self.tag), sites=tuple(self.site))
        return Rule(choice, self.then, self.above, self.up_to)


_BY: Final = tuple(BY_NAMES.items())


def check_review(place: Place, rules: Sequence[ReviewRuleConfig], kinds: Kinds, mapped: Mapping[str, Collection[str]]) -> None:
    """Raise `ConfigurationError`, with file and line, for a rule that could never be what somebody meant by it.

    `kinds` are those that are written, `mapped` their fields.
    """
    for number, rule in enumerate(rules):
        at = place.at(str(number))
        for position, name in enumerate(rule.kind):
            if name not in kinds:
                raise at.at("kind").at(str(position)).error(f"no {name!r} is written; written are {', '.join(kinds)}")
        own = {name: kinds[name] for name in rule.kind or kinds}
        if rule.fields and set(rule.op) - {p.UPDATE}:
            raise at.at("op").error("fields are of updates: write `op: [update]`, or leave it out")
        known = {field: None for name in own for field in mapped.get(name, ())}
        for position, name in enumerate(rule.fields):
            if name not in known:
                there = f"no field {name!r} of {', '.join(own)} is written; written are {', '.join(known)}"
                raise at.at("fields").at(str(position)).error(there)
        for key, field in _BY:
            if getattr(rule, key) and not any(_has(kinds, kind, field, mapped) for kind in own.values()):
                raise at.at(key).error(f"nothing that is written has a mapped field {field!r} to tell its {key} by")


def _has(kinds: Kinds, kind: Kind, field: str, mapped: Mapping[str, Collection[str]]) -> bool:
    """Return whether objects of a kind, or what they sit on, have a field that is mapped."""
    if field in mapped.get(kind.name, ()):
        return True
    above = kind.facet_of or (kind.field(kind.parent).to if kind.parent else None)
    return above is not None and above in kinds and above != kind.name and _has(kinds, kinds[above], field, mapped)
