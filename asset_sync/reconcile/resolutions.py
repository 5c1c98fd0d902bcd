"""Resolutions: what people decided about records that a plan held, for good and with their name."""

import hashlib
import json
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

import pandas as pd

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.plan import Plan

Verb = Literal["link", "never_link", "create", "keep_target", "take_source", "ignore"]
"""link: the record is that object. never_link: it is not. create: it is none that there is. keep_target, take_source: whose
value a field has. ignore: the record is left alone."""

UNDO: Final = "undo of plan "
"""What the name of who decided starts with, where an undo is the decision: it holds until the source has the record again."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """One decision about a record. `target_id` and `field` where the verb asks for them; `number` is the ledger's.

    One that holds `until_changed` lapses once the record's `fingerprint` is another one. `about` is what made the object that
    object when a plan first went by the decision, JSON as plans have it: under its id there may be another one later. `key` is
    what the record was called when it was decided; None where nothing called it anything.
    """

    kind: str
    source_key: str
    verb: Verb
    by: str
    at: datetime
    target_id: str | None = None
    field: str | None = None
    number: int | None = None
    until_changed: bool = False
    fingerprint: str | None = None
    about: str | None = None
    key: str | None = None

    @property
    def about_what(self) -> str | None:
        """The object or the field that it names. Of a new object, the id is what the record was before."""
        return f"#{self.target_id}" if self.target_id and self.verb != "create" else self.field


class Resolutions:
    """The decisions that hold for a sync."""

    def __init__(self, resolutions: Iterable[Resolution] = ()) -> None:
        self._by_kind: dict[str, list[Resolution]] = {}
        for resolution in resolutions:
            self._by_kind.setdefault(resolution.kind, []).append(resolution)

    def of(self, kind: str, *verbs: Verb) -> Sequence[Resolution]:
        """Return the decisions of those sorts (of all, where none is named) about records of a kind."""
        own = self._by_kind.get(kind, ())
        return [resolution for resolution in own if not verbs or resolution.verb in verbs]

    def by_record(self, kind: str, *verbs: Verb) -> dict[str, list[Resolution]]:
        """Return what `of` does by source key."""
        found: dict[str, list[Resolution]] = {}
        for resolution in self.of(kind, *verbs):
            found.setdefault(resolution.source_key, []).append(resolution)
        return found

    def __iter__(self) -> Iterator[Resolution]:
        return (resolution for resolutions in self._by_kind.values() for resolution in resolutions)


NONE: Final = Resolutions()


def first_seen(resolutions: Resolutions, plan: Plan) -> Iterator[Resolution]:
    """Yield the decisions that name an object and that this plan is the first to go by, with what that object is."""
    new = [each for each in resolutions if each.verb == "link" and each.about is None]
    if not new:
        return
    claims = p.records(plan.operations[(plan.operations["op"] == p.CLAIM) & plan.operations["identity"].notna()])
    told = {(row["kind"], row["source_key"], row["target_id"]): row["identity"] for row in claims}
    for each in new:
        about = told.get((each.kind, each.source_key, each.target_id))
        if about is not None:
            yield replace(each, about=about)


def describe(resolution: Resolution) -> str:
    """Return who decided, and when; and until when it holds, where that is not for good."""
    return _by_whom(resolution) + (", until it changes" if resolution.until_changed else "")


def _by_whom(resolution: Resolution) -> str:
    return f"decided by {resolution.by} on {resolution.at:%Y-%m-%d %H:%M} UTC"


def said(resolution: Resolution) -> str:
    """Return what was decided, in the words of the command line."""
    field = f" {resolution.field} of" if resolution.field else ""
    target = f" {resolution.about_what}" if resolution.about_what and not resolution.field else ""
    until = " until it changes" if resolution.until_changed else ""
    name = f" ({resolution.key})" if resolution.key not in (None, resolution.source_key) else ""
    return f"{resolution.verb.replace('_', '-')}{field} {resolution.kind} {resolution.source_key!r}{name}{target}{until}"


def said_by(resolution: Resolution) -> str:
    """Return what was decided, by whom, and when."""
    return f"{said(resolution)}, {_by_whom(resolution)}"


def ended(by: str | None, replaced_by: int | None) -> str | None:
    """Return how a decision came not to count any more, which `by` ended: by another one that has a number, or by itself."""
    if by is None:
        return None
    return f"taken back by {by}" if replaced_by is None else f"replaced by decision {replaced_by} of {by}"


def fingerprints(kind: Kind, desired: pd.DataFrame, rows: Sequence[int]) -> list[str]:
    """Return what tells whether records changed: a digest of what each says of itself, not of what it refers to."""
    if not rows:
        return []
    names = [field.name for field in kind.fields if field.to is None]
    plain = desired[names].iloc[list(rows)].astype(object)
    return [_digest(row) for row in plain.where(plain.notna(), None).to_dict("records")]


def _digest(row: Mapping[Hashable, object]) -> str:
    told_values = json.dumps({str(name): None if value is None else str(value) for name, value in row.items()}, sort_keys=True)
    return hashlib.sha256(told_values.encode()).hexdigest()[:16]
