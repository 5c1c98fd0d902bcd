"""The last document of each host: which host a document is of, whether it says anything new, and what it left unread.

A folder a host: the bytes as they came, and what is known of the host: where a document could not read a part, that of the one
before stays. All is written to a new file that then takes the place of the old one. What is forgotten is put aside.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
from filelock import FileLock

from asset_sync.reconcile import forms
from asset_sync.reconcile.errors import ConfigurationError, SourceError
from asset_sync.systems.hosts.document import DocumentRefused, Parsed, parse
from asset_sync.systems.hosts.serials import Serials
from asset_sync.systems.hosts.shapes import HostDocument

PARTS: Final = ("disks", "interfaces", "addresses", "default_routes", "containers", "services")
"""What a document may leave unread as a whole."""
_OF_CONTAINER: Final = ("ports", "volumes", "labels", "networks")
"""What it may leave unread of a container."""
_KNOWN: Final = "known.json"
_DOCUMENT: Final = "document.json"
_SEEN: Final = "seen.json"
_FORGOTTEN: Final = ".forgotten"
_LONGEST: Final = 100
_VOLATILE: Final = frozenset({"collected_at", "unread"})
_LIFETIMES: Final = frozenset({"valid_lifetime", "preferred_lifetime"})
_ID_SHOWN: Final = 8
_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a host: `id`, by which it is known, `partition`, by which people know it, and `told`, its document.

    `told` has the document's own keys; `as_of` says when a part was read that the last document left out. `project` is the
    compose project that the host itself belongs to: the first that it told of, and that one for good, since NetBox lets a
    machine name its host only in the host's own cluster. `changed`: the last document said something new.
    """

    id: str
    partition: str
    told: Mapping[str, Any]
    as_of: Mapping[str, str]
    project: str | None = None
    changed: bool = False

    @property
    def known(self) -> bytes:
        """What is written down of the host."""
        return orjson.dumps({name: getattr(self, name) for name in ("id", "partition", "told", "as_of", "project")})


class Older(SourceError):
    """A document is older than what is known of its host; the reason in words."""


class Unreadable(SourceError):
    """What is kept of a host is damaged; which host, and what to do, in words."""


class KeptHosts:
    """The folder of kept documents. Safe to use from several processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._serials = Serials(folder / ".serials", _write)

    def put(self, content: bytes, parsed: Parsed, now: datetime) -> tuple[Kept, Kept | None]:
        """Keep a document; return what is known of its host now, and what was before. Raises `Older` where a later one is kept.

        One from the future counts as of now: a wrong clock does not silence a host.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock"):
            return self._put(content, parsed.document, now)

    def forget(self, host: str) -> Kept:
        """Put aside what is kept of a host, named by its name, partition or id; return what was known of it.

        It is gone then, until a document comes that is later than its last one. Raises `ConfigurationError` for a host that is
        not known, and where several are called so.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock"):
            kept = _called(host, self.all())
            aside = self.folder / _FORGOTTEN / kept.id
            aside.mkdir(parents=True, exist_ok=True)
            os.rename(self.folder / kept.id, aside / f"{len([*aside.iterdir()]) + 1}")
        return kept

    def version(self) -> str:
        """Return a text that is another one as soon as anything is kept that says something new; empty where nothing is."""
        written = [(path.stat().st_mtime_ns, path.parent.name) for path in self._files()]
        return blake2b(repr(sorted(written)).encode(), digest_size=12).hexdigest() if written else ""

    def all(self) -> list[Kept]:
        """Return what is kept, by id. Raises `Unreadable` where that of any host is damaged: it is not gone."""
        return sorted((_read(path) for path in self._files()), key=lambda kept: kept.id)

    def _put(self, content: bytes, document: HostDocument, now: datetime) -> tuple[Kept, Kept | None]:
        told = document.model_dump(mode="json", by_alias=True)
        told["collected_at"] = _moment(document, now)
        base = _named_by(told)
        files = [path for name in (base, f"{base}~*") for path in sorted(self.folder.glob(f"{name}/{_KNOWN}"))]
        same_name = [*_readable(files)]
        before = next((kept for kept in same_name if _same_machine(kept.told, told)), None)
        self._serials.fill(lambda: ((_serial(kept.told), kept.id) for kept in self.all()))
        if before is None and not same_name:
            before = next((kept for kept in self._with_serial(told) if _made_anew(kept.told, told)), None)
        before = before and _as_seen(before, self.folder / before.id)
        forgotten = self._forgotten(base, told) if before is None else None
        _refuse_older(told, before, forgotten)
        known = before or forgotten
        id_ = known.id if known else _free(base, told, {kept.id for kept in same_name} | self._aside(base))
        told, as_of = _with_known_parts(told, before)
        changed = before is None or _said(told) != _said(before.told)
        project = known.project if known and known.project else _first_project(told)
        kept = Kept(id_, _partition(told, id_), told, as_of, project, changed)
        place = self.folder / id_
        place.mkdir(exist_ok=True)
        _write(place / _DOCUMENT, content)
        _write(place / _SEEN, orjson.dumps({"collected_at": told["collected_at"], "as_of": as_of}))
        if changed:
            self._serials.note(_serial(told), id_)
            _write(place / _KNOWN, kept.known)
        return kept, before

    def _with_serial(self, told: Mapping[str, Any]) -> Iterator[Kept]:
        """Yield what is known of the hosts that may have the serial of a document."""
        files = (self.folder / host / _KNOWN for host in self._serials.of(_serial(told)))
        yield from _readable(file for file in files if file.is_file())

    def _forgotten(self, base: str, told: Mapping[str, Any]) -> Kept | None:
        """Return the last that was known of a machine that was forgotten, of those that a document may be of by its name."""
        files = [path for name in self._aside(base) for path in (self.folder / _FORGOTTEN / name).glob(f"*/{_KNOWN}")]
        seen = [_as_seen(kept, path.parent) for path in files for kept in _readable([path])]
        same = [kept for kept in seen if _same_machine(kept.told, told)]
        return max(same, key=lambda kept: str(kept.told["collected_at"]), default=None)

    def _aside(self, base: str) -> set[str]:
        """Return the ids of forgotten hosts that a document may be of by its name."""
        return {path.name for name in (base, f"{base}~*") for path in (self.folder / _FORGOTTEN).glob(name)}

    def _files(self) -> Iterable[Path]:
        return sorted(self.folder.glob(f"*/{_KNOWN}"))


def _readable(files: Iterable[Path]) -> Iterator[Kept]:
    """Yield what is kept there; in the place of what is damaged, the document that is being taken is written."""
    for file in files:
        with suppress(Unreadable):
            yield _read(file)


def _read(file: Path) -> Kept:
    try:
        return Kept(**orjson.loads(file.read_bytes()))
    except (orjson.JSONDecodeError, TypeError):
        # Cut off, by a power failure: the document as it came is whole.
        return _made_again(file.parent)


def _made_again(place: Path) -> Kept:
    try:
        document = parse((place / _DOCUMENT).read_bytes()).document
        told = document.model_dump(mode="json", by_alias=True)
        told["collected_at"] = _moment(document, document.collected_at)
    except (SourceError, FileNotFoundError) as error:
        raise Unreadable(f"what is kept of host {place.name} cannot be read ({error}): collect it again") from error
    return Kept(place.name, _partition(told, place.name), told, {}, _first_project(told))


def _as_seen(kept: Kept, place: Path) -> Kept:
    """Return what is known of a host as its last document left it, which may have said nothing new."""
    try:
        seen = orjson.loads((place / _SEEN).read_bytes())
        return replace(kept, told={**kept.told, "collected_at": seen["collected_at"]}, as_of=seen["as_of"])
    except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError):
        # Not there before anything was seen again, or cut off.
        return kept


def _called(host: str, kept: Sequence[Kept]) -> Kept:
    """Return the one that is called so; raises `ConfigurationError` where none is, or several are."""
    short = host.partition(".")[0].casefold()
    found = [each for each in kept if host in (each.id, each.partition) or short == _short_name(each.told)]
    if len(found) == 1:
        return found[0]
    told = f"{len(found)} hosts are called {host!r}: name one of" if found else f"no host is known by {host!r}; there are"
    raise ConfigurationError(f"{told} {', '.join(each.partition for each in (found or kept)[:_SHOWN]) or 'none'}")


def _short_name(told: Mapping[str, Any]) -> str | None:
    return (told["hostname"] or "").partition(".")[0].casefold() or None


def _refuse_older(told: Mapping[str, Any], before: Kept | None, forgotten: Kept | None) -> None:
    """Raise `Older` for a document that is older than what is known of its host, or no later than what is forgotten of it."""
    at = told["collected_at"]
    if before is not None and at < before.told["collected_at"]:
        raise Older(f"it is of {at}, and one of {before.told['collected_at']} is known already")
    if forgotten is not None and at <= forgotten.told["collected_at"]:
        raise Older(f"its host was forgotten: one that is later than {forgotten.told['collected_at']} makes it known again")


def _partition(told: Mapping[str, Any], id_: str) -> str:
    return f"{told['hostname'] or 'host'}-{_short(id_)}"


def _moment(document: HostDocument, now: datetime) -> str:
    """Return of when a document is. Raises `DocumentRefused` for what no calendar has in UTC."""
    try:
        return min(document.collected_at.astimezone(UTC), now).astimezone(UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError):
        raise DocumentRefused("is no host's document: collected_at is no time") from None


def _write(path: Path, content: bytes) -> None:
    # Only one process writes here at a time: what a killed one left is written over.
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _named_by(told: Mapping[str, Any]) -> str:
    """Return what a host is known by, fit for a folder's name: its machine id, else its serial, else its name.

    Raises `DocumentRefused` where it has none of them.
    """
    serial, name = _serial(told), told["hostname"]
    if not (told["machine_id"] or serial or name):
        raise DocumentRefused("is no host's document: it has no hostname and no machine_id, and its serial is none")
    known = told["machine_id"] or (f"serial-{serial}" if serial else f"name-{name.casefold()}")
    return known if len(known) <= _LONGEST else f"{known[:_LONGEST]}-{blake2b(known.encode(), digest_size=4).hexdigest()}"


def _serial(told: Mapping[str, Any]) -> str | None:
    """Return a host's serial as serials are compared, without a sign in it; None for junk."""
    serial: str | None = forms.normal(pa.array([told["hardware"]["serial"]], pa.large_string()), "serial")[0].as_py()
    return serial


def _same_machine(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two documents with one machine id are of one machine: clones of an image share theirs."""
    serials, macs = (_serial(one), _serial(other)), (_macs(one), _macs(other))
    named_alike = _named_alike(one, other)
    has_same_card = not macs[0].isdisjoint(macs[1])
    if all(serials) and serials[0] != serials[1]:
        # Another board in the same machine, if name and cards are those.
        return named_alike and has_same_card
    return all(serials) or named_alike or has_same_card


def _made_anew(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two documents with different machine ids are of one machine: its system was installed anew.

    Machines that share a serial, as copied virtual ones do, have other names and other cards.
    """
    if _serial(one) is None or _serial(one) != _serial(other):
        return False
    cards = _macs(one), _macs(other)
    return not all(cards) or not cards[0].isdisjoint(cards[1]) or _named_alike(one, other)


def _named_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (one["hostname"] or "").casefold() == (other["hostname"] or "").casefold()


def _macs(told: Mapping[str, Any]) -> set[str]:
    """Return the addresses of the machine's cards; of all its interfaces where none is a card, as in a container."""
    listed = [each for each in told["interfaces"] or () if each["permanent_mac"] or each["mac"]]
    cards = [each for each in listed if each["kind"] in ("physical", "wireless")]
    return {each["permanent_mac"] or each["mac"] for each in cards or listed}


def _free(base: str, told: Mapping[str, Any], taken: Collection[str]) -> str:
    """Return the id of a host that was not known: a clone has its own name behind the machine id."""
    own = (told["hostname"] or "host").casefold()
    names = [base, f"{base}~{own}", *(f"{base}~{own}-{number}" for number in range(2, len(taken) + 2))]
    return next(name for name in names if name not in taken)


def project_of(container: Mapping[str, Any]) -> str:
    """Return what groups a container with others: its compose project, else its engine."""
    return (container["compose"] or {}).get("project") or str(container["engine"])


def _first_project(told: Mapping[str, Any]) -> str | None:
    return min(map(project_of, told["containers"] or ()), default=None)


def _with_known_parts(told: dict[str, Any], before: Kept | None) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a document with the parts that it left unread as they were known before, and when that was."""
    if before is None:
        return told, {}
    left = [part for part in PARTS if told[part] is None and before.told[part] is not None]
    as_of = {part: before.as_of.get(part, before.told["collected_at"]) for part in left}
    containers = {"containers": [*_containers(told["containers"], before)]} if told["containers"] else {}
    return told | {part: before.told[part] for part in left} | containers, as_of


def _containers(told: Iterable[Mapping[str, Any]], before: Kept) -> Iterator[Mapping[str, Any]]:
    """Yield the containers with what was left unread of them as it was known before."""
    known = {(each["engine"], each["id"]): each for each in before.told["containers"] or ()}
    for each in told:
        was = known.get((each["engine"], each["id"]))
        yield {**each, **{part: was[part] for part in _OF_CONTAINER if was and each[part] is None}}


def _said(told: Mapping[str, Any]) -> bytes:
    """Return what a document says, without what is another in each: its time, and how long addresses are still valid."""
    lasting = {name: value for name, value in told.items() if name not in _VOLATILE}
    lasting["addresses"] = [
        {name: value for name, value in address.items() if name not in _LIFETIMES} for address in told["addresses"] or ()
    ]
    return orjson.dumps(lasting, option=orjson.OPT_SORT_KEYS)


def _short(id_: str) -> str:
    """Return enough of an id to tell hosts of one name apart, and what is behind a clone's."""
    base, _, clone = id_.partition("~")
    return blake2b(id_.encode(), digest_size=4).hexdigest() if clone or not base.isalnum() else base[:_ID_SHOWN]
