"""Every attempt is counted and takes from the request budget, whatever became of the attempt before."""

from collections.abc import Mapping

import pytest

from asset_sync.systems.http import Answered, Client, HttpError
from asset_sync_tests.systems.scripted import Reply, Script, scripted


class Budget:
    """A throttle that notes how many requests it was asked for, and what it was told."""

    def __init__(self) -> None:
        self.asked = 0
        self.told: list[int] = []

    def wait(self) -> None:
        self.asked += 1

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        self.told.append(status)


def client(script: Script, budget: Budget, patience: float = 5) -> Client:
    return Client(script.url, name="System", longest_wait=0.01, timeout=(2, patience), throttle=budget)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_read_that_is_repeated_takes_from_the_budget_each_time(status: int) -> None:
    budget = Budget()
    with scripted(Reply({}, status), Reply({}, status), Reply([1])) as script:
        system = client(script, budget)
        assert system.get_json("/things") == [1]
    assert len(script.seen) == budget.asked == system.tally.read == 3
    assert budget.told == [status, status, 200]


@pytest.mark.parametrize(("broken", "patience"), [(Reply([1], cut=True), 5), (Reply([1], hang=0.4), 0.1)], ids=["cut", "late"])
def test_attempts_without_an_answer_are_counted_too(broken: Reply, patience: float) -> None:
    budget = Budget()
    with scripted(broken) as script:
        system = client(script, budget, patience)
        with pytest.raises(HttpError):
            system.get_json("/things")
        assert budget.asked == system.tally.read == 5


def test_attempts_that_find_no_connection_are_counted_too() -> None:
    budget = Budget()
    system = Client("http://127.0.0.1:1", name="System", longest_wait=0.01, throttle=budget)
    with pytest.raises(HttpError, match="no connection"):
        system.get_json("/things")
    with pytest.raises(HttpError, match="no connection"):
        system.send_json("POST", "/things", {})
    assert (budget.asked, system.tally.read, system.tally.write) == (10, 5, 5)


def test_different_faults_share_the_attempts() -> None:
    budget = Budget()
    faults = [Reply({}, 503), Reply([1], cut=True), Reply({}, 429), Reply([1], cut=True), Reply({}, 503)]
    with scripted(*faults, Reply([1])) as script:
        system = client(script, budget)
        with pytest.raises(Answered, match="503"):
            system.get_json("/things")
    assert len(script.seen) == budget.asked == system.tally.read == 5


def test_redirects_take_from_the_budget() -> None:
    budget = Budget()
    with scripted(Reply(b"", 301, {"Location": "/things/"}), Reply({}, 503), Reply([1])) as script:
        system = client(script, budget)
        assert system.get_json("/things") == [1]
    assert budget.asked == system.tally.read == 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_write_that_is_repeated_takes_from_the_budget_each_time(status: int) -> None:
    budget = Budget()
    with scripted(Reply({}, status), Reply({}, status), Reply({"id": 1}, 201)) as script:
        system = client(script, budget)
        assert system.send_json("POST", "/things", {}) == {"id": 1}
    assert len(script.seen) == budget.asked == system.tally.write == 3


def test_a_form_that_is_repeated_takes_from_the_budget_as_a_read() -> None:
    budget = Budget()
    with scripted(Reply({}, 503), Reply({}, cut=True), Reply({"a": 1})) as script:
        system = client(script, budget)
        assert system.ask_form("/token", {"a": "b"}) == {"a": 1}
    assert (budget.asked, system.tally.read, system.tally.write) == (3, 3, 0)
