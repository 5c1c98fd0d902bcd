import pytest

from asset_sync.sandbox.change import KINDS, MAPPED, day
from asset_sync.sandbox.company import Company

MAPPED_FIELDS = {"name", "serial", "manufacturer", "model", "os_name", "os_version"}


@pytest.mark.parametrize(("size", "updated", "created", "removed"), [(1_000, 70, 20, 10), (10, 1, 0, 0), (260, 18, 5, 3)])
def test_counts_are_exact(size: int, updated: int, created: int, removed: int) -> None:
    company = Company(size, 1)
    changes = day(company, 1)
    assert (len(changes.updated), len(changes.created), len(changes.removed)) == (updated, created, removed)
    assert len(company) == size + created - removed


def test_the_company_differs_by_what_is_told_and_nothing_else() -> None:
    company = Company(2_000, 6)
    before = {machine.id: machine for machine in company}
    changes = day(company, 3)
    expected = dict(before)
    for machine in changes.removed:
        del expected[machine.id]
    expected.update({change.after.id: change.after for change in changes.updated})
    expected.update({machine.id: machine for machine in changes.created})
    assert {machine.id: machine for machine in company} == expected
    assert all(before[change.before.id] == change.before for change in changes.updated)
    assert not before.keys() & {machine.id for machine in changes.created}


def test_every_update_changes_something_and_half_change_what_is_mapped() -> None:
    changes = day(Company(5_000, 2), 1)
    assert all(change.fields for change in changes.updated)
    mapped = [change for change in changes.updated if change.fields.keys() & MAPPED_FIELDS]
    assert len(mapped) * 2 >= len(changes.updated)
    assert {change.kind for change in changes.updated} == set(KINDS)
    assert {change.kind for change in mapped} == set(MAPPED)


def test_no_machine_is_touched_twice() -> None:
    changes = day(Company(500, 2), 1, 1.0)
    touched = [c.after.id for c in changes.updated] + [m.id for m in changes.created] + [m.id for m in changes.removed]
    assert len(touched) == len(set(touched)) == len(changes)


def test_names_serials_and_addresses_stay_unique_over_many_days() -> None:
    company = Company(300, 8)
    for number in range(20):
        day(company, number, 0.5)
    machines = list(company)
    for field in ("id", "name", "serial", "ipv4", "mac"):
        assert len({getattr(machine, field) for machine in machines}) == len(machines), field


def test_the_same_seed_gives_the_same_day() -> None:
    assert day(Company(400, 5), 1) == day(Company(400, 5), 1)
    assert day(Company(400, 5), 1) != day(Company(400, 5), 2)


def test_shares_can_be_chosen() -> None:
    company = Company(100, 1)
    changes = day(company, 1, 1.0, update=0, create=0, remove=0.95)
    assert (len(changes.updated), len(changes.created), len(changes.removed)) == (0, 0, 95)
    assert len(company) == 5


def test_the_clock_moves_on_by_a_day() -> None:
    company = Company(100, 1)
    before = company.now
    day(company, 1)
    assert (company.now - before).days == 1


@pytest.mark.parametrize("shares", [{"update": 0.9, "create": 0.9}, {"remove": -0.1}, {"share": 1.1}])
def test_impossible_shares_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share|sum"):
        day(Company(10, 1), 1, **shares)
