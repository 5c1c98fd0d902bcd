"""Every request is counted."""

from asset_sync.systems.http.pace import Tally


def test_tally_tells_reads_from_writes() -> None:
    tally = Tally()
    for method in ("GET", "OPTIONS", "POST", "PATCH", "DELETE"):
        tally.add(method)
    assert tally == Tally(2, 3)
