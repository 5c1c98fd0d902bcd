"""What is told when: each cause once, again after a while, its end once, and in quiet hours nothing but what is urgent."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asset_sync.alerts import Cause, Known, Rules
from asset_sync.alerts.deciding import digest_due, due, is_left_alone, news, retry_after, seen, told
from asset_sync.alerts.hours import DigestTime, QuietHours

START = datetime(2026, 5, 4, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")
RULES = Rules(again=DAY, zone=UTC_ZONE)
NIGHTLY = Rules(again=DAY, zone=UTC_ZONE, quiet=QuietHours(time(22), time(7)), urgent=frozenset({"vital"}))
A, B = Cause("failure", "a", "PDQ is away"), Cause("waits", "b", "2 create")
VITAL = Cause("failure", "vital/main", "NetBox is away")


class Told:
    """A channel that takes everything, and what it was told: the news and the key of each cause, by when."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.rules = rules
        self.known: list[Known] = []
        self.heard: list[tuple[datetime, str, str]] = []

    def tick(self, now: datetime, *causes: Cause, takes: bool = True) -> list[str]:
        self.known = seen(self.known, causes, now)
        items = due(self.known, self.rules, now)
        if not takes:
            return []
        said = [(now, str(news(each, self.rules, now)), each.cause.key) for each in items]
        self.known = told(self.known, items, now)
        self.heard += said
        return [f"{what} {key}" for _, what, key in said]


def test_a_cause_is_told_once_however_often_it_is_seen_and_its_end_once() -> None:
    channel = Told()
    assert channel.tick(START, A) == ["new failure a"]
    assert [channel.tick(START + n * MINUTE, A) for n in range(1, 50)] == [[]] * 49
    assert channel.tick(START + HOUR) == ["over failure a"]
    assert channel.tick(START + 2 * HOUR) == []
    assert channel.tick(START + 3 * HOUR, A) == ["new failure a"]


def test_another_reason_or_plan_is_no_other_cause() -> None:
    channel = Told()
    channel.tick(START, B)
    assert channel.tick(START + MINUTE, Cause("waits", "b", "3 create", plan_id="other")) == []


def test_what_goes_on_is_told_again_after_a_day() -> None:
    channel = Told()
    channel.tick(START, A)
    assert channel.tick(START + DAY - MINUTE, A) == []
    assert channel.tick(START + DAY, A) == ["again failure a"]
    assert channel.tick(START + DAY + MINUTE, A) == []
    assert channel.tick(START + 2 * DAY, A) == ["again failure a"]


def test_what_came_in_quiet_hours_is_told_together_after_them() -> None:
    channel, night = Told(NIGHTLY), START.replace(hour=23)
    assert channel.tick(night, A) == []
    assert channel.tick(night + HOUR, A, B) == []
    assert channel.tick(night + 2 * HOUR, B) == []
    assert channel.tick(night + 8 * HOUR, B) == ["new waits b", "was failure a"]
    assert channel.tick(night + 9 * HOUR, B) == []


def test_what_is_urgent_breaks_them_and_so_does_its_end() -> None:
    channel, night = Told(NIGHTLY), START.replace(hour=23)
    assert channel.tick(night, A, VITAL) == ["new failure vital/main"]
    assert channel.tick(night + HOUR, A) == ["over failure vital/main"]
    waits = Cause("waits", "vital/main", "1 create")
    assert channel.tick(night + 2 * HOUR, A, waits) == []


def test_what_ended_in_quiet_hours_is_told_after_them() -> None:
    channel, night = Told(NIGHTLY), START.replace(hour=23)
    assert channel.tick(night - 2 * HOUR, A) == ["new failure a"]
    assert channel.tick(night) == []
    assert channel.tick(night + 9 * HOUR) == ["over failure a"]


def test_what_is_back_before_its_end_was_told_was_never_over() -> None:
    channel, night = Told(NIGHTLY), START.replace(hour=23)
    channel.tick(night - 2 * HOUR, A)
    channel.tick(night)
    assert channel.tick(night + 9 * HOUR, A) == []


def test_a_channel_that_was_down_is_told_what_came_and_went() -> None:
    channel = Told()
    channel.tick(START, A, takes=False)
    channel.tick(START + MINUTE, takes=False)
    assert channel.tick(START + HOUR, B) == ["new waits b", "was failure a"]


KEYS = [Cause("failure", name, "why") for name in "abc"]
LOOKS = st.lists(st.tuples(st.integers(1, 300), st.sets(st.sampled_from(KEYS)), st.booleans()), max_size=60)


@given(looks=LOOKS, rules=st.sampled_from([RULES, NIGHTLY]))
@example(looks=[(1, {A}, True), (1, set(), False), (178, {A}, False)], rules=RULES)
def test_whatever_happens_each_spell_is_told_once_and_each_end_once(
    looks: list[tuple[int, set[Cause], bool]], rules: Rules
) -> None:
    channel, now = Told(rules), START
    for minutes, causes, takes in looks:
        now += minutes * MINUTE
        channel.tick(now, *causes, takes=takes)
    for cause in KEYS:
        said = [(at, what) for at, what, key in channel.heard if key == cause.key]
        # A spell begins with new, goes on with again, ends with over; what was never told alone is told as was.
        opened: datetime | None = None
        for at, what in said:
            assert (what in {"again", "over"}) == (opened is not None)
            if what == "again":
                assert opened is not None
                assert at - opened >= DAY
            opened = at if what in {"new", "again"} else None
    assert not [at for at, _, _ in channel.heard if rules.is_quiet(at)]
    # Days after the last look, at noon, everything is told, also what is told again after a day, and stays so.
    calm = (now + 2 * DAY).replace(hour=12)
    _, last, _ = looks[-1] if looks else (0, set[Cause](), True)
    channel.tick(calm, *last)
    assert channel.tick(calm + MINUTE, *last) == []
    assert Counter(each.cause.key for each in channel.known) == Counter(cause.key for cause in last)


@given(looks=LOOKS)
def test_who_is_open_and_was_told_is_what_the_channel_knows(looks: list[tuple[int, set[Cause], bool]]) -> None:
    """Somebody who hears all of it, and takes all for true, knows at every time what is the case."""
    channel, now = Told(), START
    believed: set[str] = set()
    for minutes, causes, _ in looks:
        now += minutes * MINUTE
        for line in channel.tick(now, *causes):
            what, key = line.split(" ", 1)
            believed = believed - {key} if what == "over" else believed | {key}
        assert believed == {cause.key for cause in causes}


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (10_000, 60)])
def test_a_channel_that_fails_is_left_alone_longer_each_time(failures: int, minutes: int) -> None:
    assert retry_after(failures) == minutes * MINUTE


def test_a_digest_is_due_once_and_what_was_missed_comes_as_one() -> None:
    rules = Rules(again=DAY, zone=UTC_ZONE, digest=DigestTime("day", time(8)))
    assert digest_due(START, RULES, START + DAY) is None
    assert digest_due(None, rules, START) is None
    assert digest_due(START, rules, START + HOUR) is None
    moment = digest_due(START, rules, START + DAY)
    assert moment == START.replace(day=5, hour=8)
    assert digest_due(moment, rules, START + DAY + HOUR) is None
    assert digest_due(START, rules, START + 5 * DAY) == START.replace(day=9, hour=8)


AHEAD = timedelta(days=400)
"""By so much a clock was wrong for a time."""


def test_a_clock_that_was_ahead_keeps_nobody_from_being_told() -> None:
    channel = Told()
    channel.tick(START + AHEAD, A)
    assert channel.tick(START, A) == []
    assert channel.tick(START + DAY, A) == ["again failure a"]
    assert channel.known[0].seen_at == START
    assert is_left_alone(START + MINUTE, START)
    assert not is_left_alone(START + AHEAD, START)
    assert not is_left_alone(None, START)
