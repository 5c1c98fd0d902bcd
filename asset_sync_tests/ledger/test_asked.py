"""What is asked for is taken once, waits for its like, and is not carried out when nobody expects it any more."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, update

from asset_sync.ledger import Asking, Asks
from asset_sync.ledger.schema import asked

SOON = timedelta(seconds=60)


@pytest.fixture
def asks(engine: Engine) -> Asks:
    return Asks(engine)


def about(number: str, *ids: str, topic: str | None = "hook", after: timedelta = timedelta(0)) -> Asking:
    config: dict[str, dict[str, Any]] = {"plan": {"mode": "normal"}, "netbox/devices": {"only": {"ids": list(ids)}}}
    return Asking(number, "netbox_to_wug", "main", config, topic=topic, after=after)


def test_of_many_who_take_at_once_each_gets_others(asks: Asks) -> None:
    for number in range(8):
        asks.ask(Asking(str(number), "s"))
    with ThreadPoolExecutor(8) as pool:
        taken = [each.id for found in pool.map(lambda _: asks.take("service", 2), range(8)) for each in found]
    assert sorted(taken) == [str(number) for number in range(8)]
    assert asks.take("daemon", 8) == asks.waiting() == []
    found = asks.find("3")
    assert found is not None
    assert found.taken_by == "service"


def test_of_one_topic_what_waits_is_one_run_about_all_of_it(asks: Asks) -> None:
    assert [asks.ask(about(each, each, after=SOON)) for each in ("1", "2", "1")] == ["1", "1", "1"]
    assert asks.ask(about("other", "9", topic="another")) == "other"
    (waiting, _) = asks.waiting()
    assert waiting.config["netbox/devices"]["only"] == {"ids": ["1", "2"]}
    assert waiting.config["plan"] == {"mode": "normal"}
    # It waits for more of its kind; the other one waits for nothing.
    assert [each.id for each in asks.take("daemon", 9)] == ["other"]


def test_what_was_taken_is_not_added_to(asks: Asks) -> None:
    asks.ask(about("1", "1"))
    assert [each.id for each in asks.take("daemon", 9)] == ["1"]
    assert asks.ask(about("2", "2")) == "2"


def test_a_hook_is_taken_once_and_forgotten_later(asks: Asks) -> None:
    assert asks.ask_once("digest", [about("1", "1")], SOON) == ["1"]
    assert asks.ask_once("digest", [about("2", "2")], SOON) is None
    assert [each.config["netbox/devices"]["only"] for each in asks.waiting()] == [{"ids": ["1"]}]
    assert asks.ask_once("digest", [], timedelta(0)) == []


def test_what_nobody_took_within_an_hour_lapses(asks: Asks, engine: Engine) -> None:
    asks.ask(about("1", "1"))
    with engine.begin() as connection:
        connection.execute(update(asked).values(asked_at=func.now() - timedelta(minutes=61)))
    assert asks.take("service", 9) == asks.waiting() == []
    found = asks.find("1")
    assert found is not None
    assert found.lapsed
    assert asks.ask(about("2", "2")) == "2"


def test_who_is_patient_leaves_what_is_new_to_others(asks: Asks) -> None:
    asks.ask(Asking("1", "s"))
    assert asks.take("service", 1, patience=SOON) == []
    assert [each.id for each in asks.take("daemon", 1)] == ["1"]
