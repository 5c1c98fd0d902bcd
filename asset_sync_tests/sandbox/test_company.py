import os
import subprocess
import sys
from itertools import islice

import pytest

from asset_sync.sandbox.company import LARGEST, SMALLEST, Company

PRINT_COMPANY = """
from asset_sync.sandbox.company import Company
company = Company(200, 7)
print(company.sites, [company.person(n) for n in range(company.people)], list(company))
"""


def company_in_another_process(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    run = subprocess.run([sys.executable, "-c", PRINT_COMPANY], env=environment, capture_output=True, text=True, check=True)
    return run.stdout


def test_the_same_seed_and_size_give_the_same_company_in_any_process() -> None:
    assert company_in_another_process("1") == company_in_another_process("2")


def test_another_seed_gives_another_company() -> None:
    assert not {m.serial for m in Company(500, 1)} & {m.serial for m in Company(500, 2)}


@pytest.mark.parametrize("size", [SMALLEST, 1_000, 30_000])
def test_what_identifies_a_machine_is_unique(size: int) -> None:
    machines = list(Company(size, 3))
    assert len(machines) == size
    for field in ("number", "id", "name", "serial", "mac", "ipv4"):
        assert len({getattr(machine, field) for machine in machines}) == size, field
    tags = [machine.asset_tag for machine in machines if machine.asset_tag]
    assert len(set(tags)) == len(tags)


def test_serials_and_addresses_stay_unique_in_the_largest_company() -> None:
    company = Company(LARGEST, 5)
    numbers = range(0, LARGEST, 37)
    assert len({company.place(number).ipv4 for number in numbers}) == len(numbers)
    makers = {machine.product.maker for machine in islice(company, 500)}
    for maker in makers:
        assert len({company.serial_at(number, maker) for number in range(0, LARGEST, 101)}) == len(range(0, LARGEST, 101))


def test_a_machine_lives_in_the_network_of_its_site() -> None:
    company = Company(5_000, 4)
    for machine in company:
        site = company.site_named(machine.site)
        prefix = site.subnet.removesuffix("0.0/16")
        assert machine.ipv4.startswith(prefix)
        assert machine.gateway.startswith(prefix)
        assert machine.ipv4 != machine.gateway
        assert company.site_of(machine.number) == machine.site


def test_raw_strings_vary_as_in_life() -> None:
    machines = list(Company(5_000, 4))
    assert {"HP", "HP Inc.", "Hewlett-Packard", "LENOVO", "Lenovo", "VMware, Inc.", None} <= {m.manufacturer for m in machines}
    assert {"HP EliteBook 650 15.6 inch G9 Notebook PC", "20XW004AGE", None} <= {m.model for m in machines}
    assert any("." in m.hostname for m in machines)
    assert any("." not in m.hostname for m in machines)
    assert all(len(m.name) <= 15 for m in machines)


def test_ids_lead_back_to_their_machines_and_to_no_others() -> None:
    company = Company(50, 9)
    for machine in company:
        assert company.get(machine.id) == machine
        assert company.id_of(machine.number) == machine.id
    for stranger in ("", "dvc_", "dvc_0123456789abcdef012", "grp_0123456789abcdef012", "dvc_ZZZZZZZZZZZZZZZZZZZ"):
        assert company.get(stranger) is None


def test_people_have_unique_ascii_logins() -> None:
    company = Company(5_000, 1)
    logins = [company.person(number).login for number in range(company.people)]
    assert len(set(logins)) == company.people
    assert all(login.isascii() and " " not in login for login in logins)


def test_sites_have_slugs_and_networks_of_their_own() -> None:
    sites = Company(200_000, 1).sites
    assert len(sites) == 120
    for field in ("name", "slug", "code", "subnet"):
        assert len({getattr(site, field) for site in sites}) == len(sites)
    assert all(site.slug.isascii() and " " not in site.slug for site in sites)


def test_what_is_removed_is_gone_and_what_is_put_is_there() -> None:
    company = Company(20, 1)
    first, second = islice(company, 2)
    new = company.new_machine()
    company.apply(put=[new], remove=[first], days=1)
    assert company.get(first.id) is None
    assert company.get(new.id) == new
    assert company.get(second.id) == second
    assert len(company) == 20
    assert new.inserted_at > second.inserted_at


def test_a_machine_was_last_seen_later_on_the_next_day() -> None:
    company = Company(20, 1)
    machine = next(iter(company))
    before = company.last_seen(machine)
    company.apply(days=1)
    assert (company.last_seen(machine) - before).days == 1


@pytest.mark.parametrize("size", [SMALLEST - 1, LARGEST + 1])
def test_a_size_out_of_bounds_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="machines"):
        Company(size, 1)
