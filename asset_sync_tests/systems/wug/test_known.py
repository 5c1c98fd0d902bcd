from asset_sync.systems.wug.known import Known
from asset_sync_tests.systems.wug.conftest import Lab


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        self.seconds += 0.001
        return self.seconds


def test_a_listing_is_read_again_after_thirty_seconds(lab: Lab) -> None:
    there = lab.fill(30)
    clock = Clock()
    known = Known(lab.client, clock)
    ids = [one.id for one in there]
    for waited, reads in ((0, 4), (25, 4), (6, 7)):
        clock.seconds += waited
        known.devices(ids)
        assert lab.client.tally.read == reads
    known.listing()
    assert lab.client.tally.read == 7


def test_groups_are_read_again_after_thirty_seconds(lab: Lab) -> None:
    clock = Clock()
    known = Known(lab.client, clock)
    known.groups()
    lab.groups("New")
    assert "New" not in known.groups()
    clock.seconds += 31
    assert "New" in known.groups()


def test_a_device_that_was_written_after_an_old_listing_was_read_is_read_anew(lab: Lab) -> None:
    there = lab.fill(30)
    clock = Clock()
    known = Known(lab.client, clock)
    ids = [one.id for one in there]
    known.devices(ids)
    there[0].note = "new"
    known.wrote(ids)
    assert known.devices(ids).devices[ids[0]].note == "new"
