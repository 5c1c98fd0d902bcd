"""A scripted day in the company: some machines change, some arrive, some go, and the truth of it is told.

The same company, seed and shares give the same day.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from asset_sync.sandbox.company import RELEASES, Company, Machine, Release

Edit = Callable[[Company, Machine, random.Random], Machine]


@dataclass(frozen=True, slots=True)
class Update:
    """One machine before and after, and the name of what happened to it (a key of `KINDS`)."""

    kind: str
    before: Machine
    after: Machine

    @property
    def fields(self) -> dict[str, tuple[object, object]]:
        """What differs: the machine's field, with its old and its new value."""
        pairs = ((f.name, getattr(self.before, f.name), getattr(self.after, f.name)) for f in fields(Machine))
        return {name: (old, new) for name, old, new in pairs if old != new}


@dataclass(frozen=True, slots=True)
class Changes:
    """What a day did: the machines updated, created and removed, each machine in one of the three at most."""

    updated: tuple[Update, ...]
    created: tuple[Machine, ...]
    removed: tuple[Machine, ...]

    def __len__(self) -> int:
        """How many machines were touched."""
        return len(self.updated) + len(self.created) + len(self.removed)


def day(
    company: Company,
    seed: int,
    share: float = 0.10,
    *,
    update: float = 0.70,
    create: float = 0.20,
    remove: float = 0.10,
) -> Changes:
    """Change `share` of the company and move its clock on by a day.

    Of those changes, `update`, `create` and `remove` are the shares of each sort; each count is rounded. Half of the
    updates or more change what an inventory sync maps: name, serial, manufacturer, model or operating system. Raises
    ValueError where a share is outside 0 to 1 or the three sum to more than 1.
    """
    _check(share, update, create, remove)
    rng = random.Random(f"day {seed}")  # noqa: S311 - data that comes out the same again is the point
    with company.lock:
        total = round(len(company) * share)
        updates, creates, removes = (round(total * part) for part in (update, create, remove))
        touched = rng.sample(company.numbers, min(updates + removes, len(company)))
        updated = tuple(
            _update(company, company.machine(number), kind, rng)
            for number, kind in zip(touched[:updates], _kinds(updates, rng), strict=True)
        )
        created = tuple(company.new_machine() for _ in range(creates))
        removed = tuple(company.machine(number) for number in touched[updates:])
        company.apply([*(change.after for change in updated), *created], removed, days=1)
    return Changes(updated, created, removed)


def _check(share: float, *parts: float) -> None:
    if not all(0 <= value <= 1 for value in (share, *parts)):
        raise ValueError(f"shares are from 0 to 1, not {(share, *parts)}")
    if sum(parts) > 1 + 1e-9:
        raise ValueError(f"update, create and remove sum to more than 1: {parts}")


def _kinds(count: int, rng: random.Random) -> list[str]:
    mapped = (count + 1) // 2
    kinds = rng.choices(list(MAPPED), weights=list(MAPPED.values()), k=mapped)
    kinds += rng.choices(list(KINDS), weights=list(KINDS.values()), k=count - mapped)
    rng.shuffle(kinds)
    return kinds


def _update(company: Company, machine: Machine, kind: str, rng: random.Random) -> Update:
    return Update(kind, machine, _EDITS[kind](company, machine, rng))


def _rename(company: Company, machine: Machine, _rng: random.Random) -> Machine:
    name = company.name_at(company.take_number(), company.site_named(machine.site), machine.product.kind)
    return replace(machine, name=name, hostname=name)


def _correct_model(_company: Company, machine: Machine, rng: random.Random) -> Machine:
    return replace(machine, model=rng.choice([model for model in machine.product.models if model != machine.model]))


def _respell_manufacturer(_company: Company, machine: Machine, rng: random.Random) -> Machine:
    spellings = [name for name in machine.product.maker.spellings if name != machine.manufacturer]
    return replace(machine, manufacturer=rng.choice(spellings))


def _upgrade_os(_company: Company, machine: Machine, rng: random.Random) -> Machine:
    present = Release(machine.os_name, machine.os_version)
    releases = RELEASES[machine.product.os]
    newer = releases[releases.index(present) + 1 :] or tuple(r for r in releases if r != present)
    release = rng.choice(newer)
    return replace(machine, os_name=release.name, os_version=release.version)


def _swap_mainboard(company: Company, machine: Machine, _rng: random.Random) -> Machine:
    return replace(machine, serial=company.serial_at(company.take_number(), machine.product.maker))


def _hand_over(company: Company, machine: Machine, rng: random.Random) -> Machine:
    emails = [company.person(number).email for number in rng.sample(range(company.people), 2)]
    return replace(machine, user=next(email for email in emails if email != machine.user))


def _move(company: Company, machine: Machine, _rng: random.Random) -> Machine:
    place = company.place(company.take_number())
    return replace(machine, ipv4=place.ipv4, gateway=place.gateway, site=place.site.slug)


def _add_memory(_company: Company, machine: Machine, _rng: random.Random) -> Machine:
    return replace(machine, memory=machine.memory * 2)


MAPPED = {"renamed": 40, "os_upgraded": 28, "model_corrected": 17, "manufacturer_respelled": 12, "mainboard_swapped": 3}
KINDS = {**MAPPED, "handed_over": 50, "moved": 40, "memory_added": 10}

_EDITS: dict[str, Edit] = {
    "renamed": _rename,
    "os_upgraded": _upgrade_os,
    "model_corrected": _correct_model,
    "manufacturer_respelled": _respell_manufacturer,
    "mainboard_swapped": _swap_mainboard,
    "handed_over": _hand_over,
    "moved": _move,
    "memory_added": _add_memory,
}
