"""What a history is: days of events in several companies, with what goes wrong; and how one is drawn."""

from dataclasses import dataclass, replace
from random import Random
from typing import Final, Literal

from hypothesis import strategies as st

from asset_sync_tests.reconcile.histories import people, source
from asset_sync_tests.reconcile.histories.kinds import Flavour

Disaster = Literal["undo", "restore_target", "lose_ledger", "restore_ledger"]
DISASTERS: Final[tuple[Disaster, ...]] = ("undo", "restore_target", "lose_ledger", "restore_ledger")
FAULTS: Final = ("refused", "stale", "lost", "lost-stored", "lost-late", "broken", "killed", "killed-stored")
MEANWHILE: Final = "meanwhile"
"""People act between plan and apply too."""
ABANDON: Final = "abandon"
"""An apply that was killed is not started again: the next run goes on from there."""
_EVENTS_A_DAY: Final = (0, 0, 1, 1, 2, 3)
REBASE: Final = "rebase"
"""After a ledger was lost, somebody takes the target as it stands for what was applied last."""


@dataclass(frozen=True)
class Event:
    """Something that happens in a company; `number` stands for three small ones."""

    verb: str
    number: int
    meanwhile: bool = False

    @property
    def numbers(self) -> tuple[int, int, int]:
        return self.number % 6, self.number // 6 % 6, self.number // 36

    @property
    def is_of_source(self) -> bool:
        return self.verb in SOURCE_VERBS

    def __repr__(self) -> str:
        return f"Event({self.verb!r}, {self.number}{', meanwhile=True' if self.meanwhile else ''})"


@dataclass(frozen=True)
class Day:
    """What happens in each company before the run of a day, and what goes wrong in it.

    `faults` are those of the first write requests, in their order.
    """

    events: tuple[tuple[Event, ...], ...]
    disaster: Disaster | None = None
    faults: tuple[str, ...] = ()
    abandoned: bool = False
    rebased: bool = False


@dataclass(frozen=True)
class History:
    """Days in some companies that share a target, a ledger and each run, and nothing else.

    A run costs the same for one company as for ten, so that as many histories go by at once.
    """

    flavour: Flavour
    days: tuple[Day, ...]

    @property
    def companies(self) -> int:
        return len(self.days[0].events)

    def __repr__(self) -> str:
        days = ",\n    ".join(map(repr, self.days))
        return f"History(\n  {self.flavour!r},\n  (\n    {days},\n  ),\n)"


SOURCE_VERBS: Final = {**source.EVENTS, **source.ADAPTER_EVENTS, **source.ALIKE}
VERBS: Final = (*SOURCE_VERBS, *people.EVENTS)
EVERYTHING: Final = frozenset((*VERBS, *DISASTERS, *FAULTS, MEANWHILE, ABANDON, REBASE))


@dataclass(frozen=True)
class Switches:
    """Which sorts of things happen at all, and how large the worlds are."""

    on: frozenset[str] = EVERYTHING
    companies: int = 8
    days: int = 5
    flavours: tuple[Flavour, ...] = ("devices", "assets")

    def __post_init__(self) -> None:
        unknown = sorted(self.on - EVERYTHING)
        if unknown:
            raise ValueError(f"nothing is called {unknown[0]!r}; there are {', '.join(sorted(EVERYTHING))}")

    def among(self, names: tuple[str, ...]) -> list[str]:
        """Return those of the names that are switched on."""
        return [name for name in names if name in self.on]


PLAIN: Final = Switches(frozenset((*source.EVENTS, *source.ADAPTER_EVENTS)))
"""The source alone, where every record can be told from the others."""


def histories(switches: Switches) -> st.SearchStrategy[History]:
    """Histories of as many companies as the switches say.

    Hypothesis gives the random numbers alone: what it draws itself it draws alike, to be able to make it smaller. A history is
    made smaller by `asset_sync_tests.reconcile.histories.smaller`, which knows what its parts are.
    """
    return st.randoms(use_true_random=True).map(lambda random: drawn(switches, random))


def drawn(switches: Switches, random: Random) -> History:
    """Return a history that those random numbers make."""
    drawing = _Drawing(switches, random)
    first = replace(drawing.day(), disaster=None)
    comes = tuple(Event("come", number) for number in (7, 50, 100))
    start = tuple(comes[: random.randint(1, 3)] + events[:1] for events in first.events)
    days = (replace(first, events=start), *(drawing.day() for _ in range(switches.days - 1)))
    return History(random.choice(switches.flavours), days)


@dataclass
class _Drawing:
    """Draws the parts of a history."""

    switches: Switches
    random: Random

    def day(self) -> Day:
        on, random = self.switches, self.random
        faults = on.among(FAULTS)
        return Day(
            tuple(self._events() for _ in range(on.companies)),
            random.choice([None, *(each for each in DISASTERS if each in on.on)]),
            tuple(random.choice(["fine", *faults]) for _ in range(random.choice((0, 3, 8)))) if faults else (),
            ABANDON in on.on and random.random() < 0.3,
            REBASE in on.on and random.random() < 0.5,
        )

    def _events(self) -> tuple[Event, ...]:
        return tuple(self._event() for _ in range(self.random.choice(_EVENTS_A_DAY)))

    def _event(self) -> Event:
        verb = self.random.choice(self.switches.among(VERBS))
        meanwhile = MEANWHILE in self.switches.on and verb in people.EVENTS and self.random.random() < 0.3
        return Event(verb, self.random.randrange(216), meanwhile)
