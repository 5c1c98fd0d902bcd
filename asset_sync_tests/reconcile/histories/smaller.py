"""Making a history that fails smaller: by whole companies and days first, then by events, then by numbers."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from asset_sync_tests.reconcile.histories.script import Day, Event, History

Fails = Callable[[History], bool]


def smaller(history: History, fails: Fails, seconds: float) -> History:
    """Return the smallest history found in that time that still fails."""
    end = time.monotonic() + seconds
    found = True
    while found:
        found = False
        for candidate in _candidates(history):
            if time.monotonic() > end:
                return history
            if fails(candidate):
                history, found = candidate, True
                break
    return history


def _candidates(history: History) -> Iterator[History]:
    yield from _of_companies(history)
    for at in range(len(history.days) - 1, -1, -1):
        if len(history.days) > 1:
            yield replace(history, days=history.days[:at] + history.days[at + 1 :])
    for at, day in enumerate(history.days):
        for other in _days(day):
            yield replace(history, days=(*history.days[:at], other, *history.days[at + 1 :]))
    if history.flavour != "assets":
        yield replace(history, flavour="assets")


def _of_companies(history: History) -> Iterator[History]:
    count = history.companies
    if count > 2:
        for half in (range(count // 2), range(count // 2, count)):
            yield _only(history, list(half))
    for left_out in range(count) if count > 1 else ():
        yield _only(history, [number for number in range(count) if number != left_out])


def _only(history: History, companies: list[int]) -> History:
    days = tuple(replace(day, events=tuple(day.events[number] for number in companies)) for day in history.days)
    return replace(history, days=days)


def _days(day: Day) -> Iterator[Day]:
    if day.disaster:
        yield replace(day, disaster=None)
    if day.faults:
        yield replace(day, faults=())
        yield replace(day, faults=day.faults[:-1])
        yield from (_with_fault(day, at) for at, fault in enumerate(day.faults) if fault != "fine")
    if day.abandoned:
        yield replace(day, abandoned=False)
    if day.rebased:
        yield replace(day, rebased=False)
    for at, events in enumerate(day.events):
        for others in _events(events):
            yield replace(day, events=(*day.events[:at], others, *day.events[at + 1 :]))


def _with_fault(day: Day, at: int) -> Day:
    return replace(day, faults=(*day.faults[:at], "fine", *day.faults[at + 1 :]))


def _events(events: tuple[Event, ...]) -> Iterator[tuple[Event, ...]]:
    for at, event in enumerate(events):
        yield events[:at] + events[at + 1 :]
        if event.meanwhile:
            yield (*events[:at], replace(event, meanwhile=False), *events[at + 1 :])
    for at, event in enumerate(events):
        a, b, c = event.numbers
        for number in {b * 6 + c * 36, a + c * 36, a + b * 6} - {event.number}:
            yield (*events[:at], replace(event, number=number), *events[at + 1 :])
