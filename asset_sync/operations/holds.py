"""What is held, and the decisions that let it go on: the functions that the command line, REST and the review page call."""

import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import pandas as pd

from asset_sync.components.resources import open_ledger, open_records
from asset_sync.components.sync import Sync
from asset_sync.ledger import Ledger
from asset_sync.ledger.holds import Held, HeldPage
from asset_sync.ledger.records import Touch
from asset_sync.ledger.resolutions import KeptResolution
from asset_sync.operations.definitions import declared, planning_syncs
from asset_sync.operations.objects import check_there, gone_of, lacking
from asset_sync.reconcile.errors import ConfigurationError, PlanError
from asset_sync.reconcile.identity.returning import left_key
from asset_sync.reconcile.plan import connection_of
from asset_sync.reconcile.planning.leaving import are_left
from asset_sync.reconcile.resolutions import Resolution, Verb, said, said_by
from asset_sync.reconcile.visible import ACTING

LARGEST_NUMBER: Final = 2**63 - 1
"""No decision has a larger number: the ledger counts them in 64 bits."""


def held(sync: str | None = None) -> list[Held]:
    """Return what is held now of one sync or of all, the longest held first; last what is ignored or only waits for a grace."""
    return open_ledger().held(*_names(sync))


def held_page(sync: str | None, offset: int, limit: int) -> HeldPage:
    """Return a page of what `held` returns: `limit` of it, from `offset` on, read so from the database."""
    return open_ledger().held_page(_names(sync), offset, limit)


@dataclass(frozen=True, slots=True)
class Suggested:
    """The commands that decide about held records: that each is the only object which it may be, or which of several.

    For those whose object is gone, that it is made again or left alone; for fields that both sides changed, whose value stays;
    for those that cannot be written, that they stay as the target has them; for new ones that cannot be made, that they are
    left alone until the source says otherwise.
    """

    links: Sequence[str]
    several: Sequence[str]
    again: Sequence[str]
    values: Sequence[str]
    kept: Sequence[str]
    unmade: Sequence[str]


def suggested(found: Sequence[Held]) -> Suggested:
    """Return the commands that decide about those of the records to decide about of which few things can be said."""
    single = [each for each in found if len(each.candidates) == 1 and not each.fields]
    gone = gone_of(single)
    there = [each for each in single if not is_gone(each, gone)]
    lost = [each for each in single if is_gone(each, gone)]
    unlike = [(each, field) for each in found if each.is_conflict for field in each.fields]
    others = [each for each in found if not each.is_conflict and not each.is_dependent]
    unmade = [each for each in found if each.is_new and not each.is_dependent]
    unwritten = [(each, field) for each in others if len(each.fields) == 1 for field in each.fields]
    return Suggested(
        [_command("link", each, each.candidates[0]) for each in there],
        [_command("link", each, candidate) for each in found if _may_be_several(each) for candidate in each.candidates],
        [_command(verb, each) for each in lost for verb in ("create", "ignore")],
        [_command(verb, each, field) for each, field in unlike for verb in ("keep-target", "take-source")],
        [_command("keep-target", each, field) for each, field in unwritten],
        [_command("ignore", each, options=["--until-changed"]) for each in unmade],
    )


def _may_be_several(held: Held) -> bool:
    return len(held.candidates) > 1 and not held.fields


def is_gone(held: Held, gone: Collection[tuple[str, str, str]]) -> bool:
    """Return whether all that a held record may be is gone, as `gone_of` tells it."""
    return bool(held.candidates) and all((held.link_set, held.kind, each) in gone for each in held.candidates)


def decided(each: Resolution) -> str:
    """Return in words what was decided about a held record since the plan that holds it."""
    return f"{said_by(each)}; the next plan goes by it"


def _command(verb: str, about: "Held | _Record", *more: str, options: Sequence[str] = ()) -> str:
    connection = connection_of(about.sync, about.link_set)
    options = [*options, *([] if connection is None else ["--partition", connection])]
    words = [about.sync, about.kind, about.source_key, *more]
    # What begins like an option is one, unless it stands behind two dashes.
    odd = any(word.startswith("-") for word in words)
    return " ".join(map(_quoted, ["asset-sync", "resolve", verb, *([*options, "--", *words] if odd else [*words, *options])]))


def _quoted(word: str) -> str:
    """Return a word as a shell takes it, in which no character acts on the terminal that shows it."""
    if not any(sign in ACTING for sign in word):
        return shlex.quote(word)
    told = word.replace("\\", r"\\").replace("'", r"\'")
    return "$'" + "".join(f"\\u{ord(sign):04x}" if sign in ACTING else sign for sign in told) + "'"


def _names(sync: str | None) -> list[str]:
    return [declared(sync).name] if sync else planning_syncs()


def resolutions(sync: str | None = None) -> Sequence[KeptResolution]:
    """Return the decisions about records of one sync or of all, the latest first; those taken back, too."""
    ledger = open_ledger()
    if sync is None:
        return ledger.every_resolution()
    declared_as = declared(sync)
    return [each for link_set in _link_sets(declared_as) for each in ledger.every_resolution(link_set)]


def resolve(
    sync: str,
    verb: Verb,
    kind: str,
    source_key: str,
    by: str,
    *,
    target_id: str | None = None,
    field: str | None = None,
    until_changed: bool = False,
    connection: str | None = None,
    seen: int | None = None,
) -> KeptResolution:
    """Decide about a record, for good and with a name; the next plan of the sync goes by it.

    `source_key` may be the record's name, where it alone is called so, and `target_id` may be written as it is shown: #17.
    `seen` is the last decision that the person knew (`last_seen`), by default that of now.
    Raises ConfigurationError for a kind, field or connection that the sync does not have and for a decision that is none, and
    PlanError for a record that it does not know, an object that is not there, and where somebody decided otherwise since.
    """
    declared_as = declared(sync)
    link_set = link_set_of(declared_as, connection)
    target_id = None if target_id is None else target_id.strip().removeprefix("#")
    _check_words(verb, target_id, field, until_changed=until_changed)
    _check(declared_as, verb, kind, field)
    ledger = open_ledger()
    seen = ledger.last_resolution() if seen is None else seen
    record = _record(ledger, declared_as, link_set, kind, source_key)
    of_connection = replace(declared_as, link_set=link_set)
    if verb in ("link", "never_link"):
        check_there(of_connection, kind, str(target_id))
    if verb == "create":
        _check_makable(record)
        if record.linked is None or lacking(of_connection, kind, record.linked) is None:
            _check_unlinked(ledger, record)
        # What the decision is about: an object that is made again since may be deleted, too.
        target_id = record.linked
    elif verb == "link":
        _check_nobodys(ledger, record, str(target_id))
    elif verb == "take_source":
        _check_writable(record, str(field))
    about = kind, record.source_key, verb, by, datetime.now(UTC), target_id, field
    resolution = Resolution(*about, until_changed=until_changed, key=_called(record))
    number = ledger.resolve(link_set, resolution, seen=seen)
    return KeptResolution(link_set, replace(resolution, number=number))


def last_seen() -> int:
    """Return the number of the last decision, which whoever looks now may know."""
    return open_ledger().last_resolution()


def replaced(kept: KeptResolution) -> Sequence[Resolution]:
    """Return the decisions in whose place one came, also such as somebody else made a moment ago."""
    return open_ledger().replaced(kept.resolution.number or 0)


def told(kept: KeptResolution) -> str:
    """Return in words what was decided just now, and in the place of what."""
    made = kept.resolution
    before = "; ".join(f"decision {each.number} ({said_by(each)})" for each in replaced(kept))
    place = f" It comes in the place of {before}." if before else ""
    return f"Decision {made.number} of {made.by}: {said(made)}.{place} The next plan of {kept.link_set} goes by it."


def take_back(number: int, by: str) -> KeptResolution:
    """Take a decision back: the next plan asks again. Raises PlanError where there is none of that number that counts."""
    return open_ledger().take_back(number, by, datetime.now(UTC))


def _check_words(verb: Verb, target_id: str | None, field: str | None, *, until_changed: bool) -> None:
    """Refuse a decision that does not say what it is about, or for how long it could not hold."""
    if (target_id is None) != (verb not in ("link", "never_link")) or target_id == "":
        needed = "no object" if target_id else "an object"
        raise ConfigurationError(f"{verb} takes {needed}")
    if (field is None) != (verb not in ("keep_target", "take_source")):
        needed = "a field" if field is None else "no field"
        raise ConfigurationError(f"{verb} takes {needed}")
    if until_changed and verb != "ignore":
        raise ConfigurationError(f"{verb} holds for good: only ignore may hold until the record changes")


def _check(sync: Sync, verb: Verb, kind: str, field: str | None) -> None:
    if kind not in sync.kinds:
        raise ConfigurationError(f"{sync.name} has no kind {kind!r}; it has {', '.join(sync.kinds)}")
    whole = sync.kinds[kind].facet_of
    if whole is not None and field is None:
        raise ConfigurationError(f"{kind} is a part of {whole}: {verb.replace('_', '-')} is decided about that")
    mapped = sync.policy.owners.get(kind, {})
    retirement = sync.kinds[kind].retirement
    known = [*mapped, *([retirement.field] if retirement and retirement.field not in mapped else [])]
    if field is not None and field not in known:
        raise ConfigurationError(f"{sync.name} writes no field {field!r} of {kind}; it writes {', '.join(known)}")


@dataclass(frozen=True, slots=True)
class _Record:
    """A record as the ledger knows it: the object that it is linked to, what is held of its kind, and its kind's links."""

    sync: str
    link_set: str
    kind: str
    source_key: str
    linked: str | None
    held: Sequence[Held]
    all_links: pd.DataFrame

    @property
    def links(self) -> pd.DataFrame:
        """The links of records: without those of objects that records left, which are nobody's."""
        return self.all_links[~are_left(self.all_links)]

    @property
    def own(self) -> Sequence[Held]:
        """What is held of the record itself."""
        return [each for each in self.held if each.source_key == self.source_key]


def _record(ledger: Ledger, sync: Sync, link_set: str, kind: str, source_key: str) -> _Record:
    """Return what is known of a record, by its key or a name that it alone has; PlanError where there is none such."""
    links = ledger.links(link_set, {kind: sync.kinds[kind]}, {})[kind]
    linked = links.loc[links["source_key"] == source_key, "target_id"].tolist()
    where = (link_set, kind, source_key)
    held = [each for each in ledger.held(sync.name) if (each.link_set, each.kind) == where[:2]]
    record = _Record(sync.name, *where, next(iter(linked), None), held, links)
    if linked or record.own or ledger.is_planned(*where) or ledger.was_decided(*where):
        return record
    named = _named(ledger, record)
    if not named:
        told = f"{sync.name} knows no {kind} {source_key!r}, neither linked nor held nor planned"
        raise PlanError(f"{told}: asset-sync held {sync.name}")
    if len(named) > 1:
        raise PlanError(f"{source_key!r} may be {kind} {', '.join(map(repr, named))}: name one by its key")
    return _record(ledger, sync, link_set, kind, named[0])


def _named(ledger: Ledger, record: _Record) -> Sequence[str]:
    """Return the keys of the records of a kind that go by the name that was given for a key: what is held now comes first.

    A plan names no two records of a kind alike; over time several may have been called so.
    """
    linked, links = {*record.links["source_key"]}, record.all_links
    left = {*links["source_key"], *map(left_key, links["source_key"], links["target_id"])} - linked
    held = {each.source_key for each in record.held if each.key == record.source_key} - left
    if held:
        return sorted(held)
    found = open_records().named(record.link_set, record.source_key, target_id="")
    own = [key for kind, key in found if kind == record.kind and key not in left]
    return [key for key in own if key in linked or ledger.is_planned(record.link_set, record.kind, key)]


def _called(record: _Record) -> str | None:
    """Return what a record is called where it is held, or else by the plan that had it last."""
    about = (record.link_set, record.kind, record.source_key, record.linked)
    found: Iterable[Held | Touch] = record.own or open_records().touches(*about, limit=1)[1]
    return next((each.key for each in found if each.key is not None), None)


def _check_nobodys(ledger: Ledger, record: _Record, target_id: str) -> None:
    """Refuse an object that another record is by a decision, or by its link unless just that is doubted: one would be both."""
    links = record.links
    others = links[
        (links["target_id"] == target_id) & (links["source_key"] != record.source_key) & links["missing_since"].isna()
    ]
    counting = ledger.resolutions(record.link_set)
    parted = {each.source_key for each in counting.of(record.kind, "never_link") if each.target_id == target_id}
    doubted = {each.source_key for each in record.held if target_id in each.candidates}
    gone = {*links.loc[links["missing_since"].notna(), "source_key"]}
    decided = {each.source_key for each in counting.of(record.kind, "link") if each.target_id == target_id} - gone
    by = dict.fromkeys({*others["source_key"]} - parted - doubted, "its link") | dict.fromkeys(decided, "a decision")
    for other in sorted(by.keys() - {record.source_key}):
        way_on = _command("never-link", replace(record, source_key=other), target_id)
        raise PlanError(f"{record.kind} #{target_id} is {other!r} by {by[other]}: say first that it is not: {way_on}")


def _check_makable(record: _Record) -> None:
    """Refuse to have an object made that would be made but for what holds it: the next plan would hold it again."""
    named = f"{record.kind} {record.source_key!r}"
    for each in record.own:
        if each.is_dependent:
            raise PlanError(f"{named} {each.why}; what it waits for is what there is to decide about")
        if each.is_new and not each.waits and not each.ignored:
            raise PlanError(
                f"{named} is to be made as it is, but for this: {each.why}; to leave it alone: {_command('ignore', record)}"
            )


def _check_unlinked(ledger: Ledger, record: _Record) -> None:
    """Refuse a new object for a record that has one, unless just that one is doubted: it would be made in every run."""
    never = ledger.resolutions(record.link_set).of(record.kind, "never_link")
    parted = {resolution.target_id for resolution in never if resolution.source_key == record.source_key}
    doubted = {each.candidates[0] for each in record.own if len(each.candidates) == 1}
    if record.linked is not None and record.linked not in parted | doubted:
        raise PlanError(
            f"{record.kind} {record.source_key!r} is {record.kind} #{record.linked} by its link: say first that it is not: "
            f"{_command('never-link', record, record.linked)}"
        )


def _check_writable(record: _Record, field: str) -> None:
    """Refuse the source's value for a field that is held since it cannot be written: the next plan would hold it again."""
    held = [each for each in record.own if field in each.fields and not each.waits]
    if held and not any(each.is_conflict for each in held):
        told = f"{field} of {record.kind} {record.source_key!r} cannot be what the source says: {held[0].why}"
        raise PlanError(f"{told}; to leave it as the target has it: {_command('keep-target', record, field)}")


def _link_sets(sync: Sync) -> list[str]:
    if not sync.apart or sync.partitions is None:
        return [sync.link_set]
    return [sync.of_connection(key).link_set for key in sync.partitions.get_partition_keys()]


def link_set_of(sync: Sync, connection: str | None) -> str:
    """Return the set of links of a connection: the only one that there is, where none is named.

    Raises ConfigurationError for one that there is not, and where one must be named.
    """
    link_sets = _link_sets(sync)
    if not sync.apart:
        if connection is not None:
            raise ConfigurationError(f"{sync.name} has no connections: leave {connection!r} out")
        return link_sets[0]
    names = {each.removeprefix(f"{sync.name}/"): each for each in link_sets}
    if connection is None and len(names) == 1:
        return link_sets[0]
    if connection not in names:
        asked = "name one with --partition" if connection is None else f"there is none {connection!r}"
        raise ConfigurationError(f"{sync.name} has connections: {asked}; there are {', '.join(names)}")
    return names[connection]
