import asyncio
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response

from asset_sync.sandbox.change import day
from asset_sync.sandbox.company import Company
from asset_sync.sandbox.faults import Faults
from asset_sync.sandbox.pdq import JUNK_SERIALS, ErrorShape, create_app

TOKEN = "key"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
WRONG = ({"Authorization": "none"}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Token {TOKEN}"})
ARRAYS = "activeDirectory,activeDirectoryGroups,customFields,disks,drivers,features,networking,processors,software,updates"


class Pdq:
    """A company of 250 machines, the simulator in front of it, and a caller who reads as a client does."""

    def __init__(self, **options: Any) -> None:
        self.company = Company(250, 11)
        self.faults = Faults(seed=2)
        self.app = create_app(self.company, token=TOKEN, faults=self.faults, **options)

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **params: Any) -> Response:
        async def send() -> Response:
            async with AsyncClient(transport=ASGITransport(self.app), base_url="http://pdq") as client:
                return await client.request(method, f"/v1/api{path}", params=params, headers=headers or RIGHT)

        return asyncio.run(send())

    def get(self, path: str, **params: Any) -> Response:
        return self.ask("GET", path, **params)

    def rows(self, path: str = "/devices", **params: Any) -> list[dict[str, Any]]:
        answer = self.get(path, **{"pageSize": 100, **params})
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["data"]
        return rows

    def all_rows(self, **params: Any) -> list[dict[str, Any]]:
        pages = [self.rows(page=page, **params) for page in (1, 2, 3)]
        return [row for page in pages for row in page]


@pytest.fixture
def pdq() -> Pdq:
    return Pdq()


def test_all_pages_together_are_the_company(pdq: Pdq) -> None:
    assert [row["id"] for row in pdq.all_rows()] == [machine.id for machine in pdq.company]


def test_a_device_is_the_machine_it_stands_for(pdq: Pdq) -> None:
    for machine, row in zip(pdq.company, pdq.all_rows(), strict=True):
        told = (row["id"], row["name"], row["hostname"], row["serialNumber"], row["macAddress"], row["memory"])
        assert told == (machine.id, machine.name, machine.hostname, machine.serial, machine.mac, machine.memory)
        assert (row.get("manufacturer"), row.get("model")) == (machine.manufacturer, machine.model)
        assert (row["osFullName"], row["osVersion"]) == (machine.os_name, machine.os_version)
        assert re.fullmatch(r"dvc_[0-9a-f]{19}", machine.id)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", str(row["insertedAt"]))


def test_what_is_not_reported_is_null_or_missing(pdq: Pdq) -> None:
    rows = [row for row in pdq.all_rows() if row.get("biosAssetTag") is None]
    assert any("biosAssetTag" in row for row in rows)
    assert any("biosAssetTag" not in row for row in rows)


def test_paging_has_its_defaults_limits_and_figures(pdq: Pdq) -> None:
    assert pdq.get("/devices").json()["meta"] == {"page": 1, "pageSize": 20, "totalPages": 13}
    assert pdq.get("/devices", pageSize=500).json()["meta"] == {"page": 1, "pageSize": 100, "totalPages": 3}
    assert len(pdq.rows(page=3)) == 50
    assert pdq.rows(page=4) == []


def test_the_figures_can_be_left_away_and_the_default_size_be_chosen() -> None:
    body = Pdq(meta=False, page_size_default=7).get("/devices").json()
    assert body.keys() == {"data"}
    assert len(body["data"]) == 7


@pytest.mark.parametrize(
    "params",
    [{"page": 0}, {"page": "x"}, {"pageSize": -1}, {"sort": "colour"}, {"filter[colour]": "x"}, {"includes": "colours"}],
)
def test_what_makes_no_sense_is_a_400(pdq: Pdq, params: dict[str, Any]) -> None:
    assert pdq.get("/devices", **params).status_code == 400


@pytest.mark.parametrize("field", ["name", "serialNumber", "id", "insertedAt", "memory"])
def test_sort_goes_both_ways_across_pages(pdq: Pdq, field: str) -> None:
    values = [row[field] for row in pdq.all_rows(sort=field)]
    assert values == sorted(values)
    assert len({str(row["id"]) for row in pdq.all_rows(sort=field)}) == 250
    assert [row[field] for row in pdq.all_rows(sort=f"{field}Desc")] == values[::-1]


def test_filters_match_exactly_or_in_part(pdq: Pdq) -> None:
    machine = next(iter(pdq.company))
    found = pdq.rows(**{"filter[serialNumber]": machine.serial})
    assert [row["id"] for row in found] == [machine.id]
    assert pdq.rows(**{"filter[serialNumber]": machine.serial[:-1]}) == []
    expected = {m.id for m in pdq.company if "elitebook" in (m.model or "").lower()}
    assert expected
    assert {row["id"] for row in pdq.all_rows(**{"filter[model]": "~EliteBook"})} == expected


def test_several_filters_all_hold(pdq: Pdq) -> None:
    rows = pdq.all_rows(**{"filter[os]": "windows", "filter[chassis]": "Notebook"})
    assert rows
    assert {(row["os"], row["chassis"]) for row in rows} == {("windows", "Notebook")}


def test_a_group_holds_the_devices_that_it_counts(pdq: Pdq) -> None:
    groups = pdq.rows("/groups")
    assert len(groups) == 2 + len(pdq.company.sites)
    for group in groups:
        assert len(pdq.all_rows(group=group["id"])) == group["deviceCount"]
    site = pdq.company.sites[0]
    (group,) = pdq.rows("/groups", **{"filter[name]": f"Site {site.name}"})
    assert {row["id"] for row in pdq.all_rows(group=group["id"])} == {m.id for m in pdq.company if m.site == site.slug}
    assert pdq.rows(group="grp_unknown") == []


def test_arrays_come_only_when_asked_for(pdq: Pdq) -> None:
    plain, full = pdq.rows()[0], pdq.rows(includes=ARRAYS)[0]
    assert full.keys() - plain.keys() == set(ARRAYS.split(","))
    assert all(isinstance(full[name], list) for name in ARRAYS.split(","))
    assert pdq.rows(includes="disks")[0].keys() - plain.keys() == {"disks"}


def test_networking_is_the_machines_own(pdq: Pdq) -> None:
    for machine, row in zip(pdq.company, pdq.all_rows(includes="networking"), strict=True):
        used = [adapter for adapter in row["networking"] if adapter["ipv4Address"]]
        assert [(a["ipv4Address"], a["ipv4Gateway"], a["ipv6Address"]) for a in used] == [
            (machine.ipv4, machine.gateway, machine.ipv6)
        ]


def test_one_device_can_be_asked_for(pdq: Pdq) -> None:
    row = pdq.rows(includes="customFields")[3]
    assert pdq.get(f"/devices/{row['id']}", includes="customFields").json() == {"data": row}
    assert pdq.get("/devices/dvc_0123456789abcdef012").status_code == 404


def test_a_trailing_slash_does_no_harm(pdq: Pdq) -> None:
    for path in ("/devices", "/groups", "/packages", f"/devices/{next(iter(pdq.company)).id}"):
        slashed = pdq.get(f"{path}/")
        assert slashed.status_code == 200
        assert slashed.json() == pdq.get(path).json()


def test_packages_have_versions_one_by_one_only(pdq: Pdq) -> None:
    (row,) = pdq.rows("/packages", **{"filter[name]": "~firefox"})
    assert "packageVersions" not in row
    shown = pdq.get(f"/packages/{row['id']}").json()["data"]
    assert [version["id"] for version in shown["packageVersions"]] == [row["latestPackageVersionId"]]
    assert pdq.get("/packages/pkg_unknown").status_code == 404


def test_a_deployment_is_a_204_and_is_remembered(pdq: Pdq) -> None:
    package = pdq.rows("/packages")[0]["id"]
    device, group = pdq.rows()[0]["id"], pdq.rows("/groups")[1]["id"]
    answer = pdq.ask("POST", "/deployments", package=package, targets=f"{device},{group}")
    assert (answer.status_code, answer.content) == (204, b"")
    (made,) = pdq.app.state.deployments
    assert (made.package, made.targets) == (package, (device, group))


@pytest.mark.parametrize(
    ("params", "status"), [({}, 400), ({"package": "pkg_x", "targets": "dvc_x"}, 404), ({"package": "pkg_x"}, 400)]
)
def test_a_deployment_of_nothing_or_of_strangers_is_refused(pdq: Pdq, params: dict[str, Any], status: int) -> None:
    assert pdq.ask("POST", "/deployments", **params).status_code == status
    assert pdq.app.state.deployments == []


@pytest.mark.parametrize("header", WRONG)
def test_without_the_key_there_is_nothing(pdq: Pdq, header: dict[str, str]) -> None:
    for path in ("/devices", "/devices/dvc_x", "/groups", "/packages", "/nowhere"):
        answer = pdq.ask("GET", path, header)
        assert answer.status_code == 401
        assert answer.json() == {"errors": [{"status": 401, "detail": "Unauthorized"}]}


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("errors", {"errors": [{"status": 404, "detail": "Not Found"}]}),
        ("error", {"error": "not found"}),
        ("error.message", {"error": {"message": "Not Found"}}),
        ("message", {"message": "Not Found"}),
    ],
)
def test_errors_come_in_the_chosen_shape(shape: ErrorShape, body: object) -> None:
    pdq = Pdq(error_shape=shape)
    for path in ("/devices/dvc_x", "/nowhere"):
        assert pdq.get(path).json() == body


def test_a_day_shows_at_once(pdq: Pdq) -> None:
    before = {row["id"]: row for row in pdq.all_rows(sort="name")}
    changes = day(pdq.company, 4, 0.4)
    after = {row["id"]: row for row in pdq.all_rows(sort="name")}
    assert before.keys() - after.keys() == {machine.id for machine in changes.removed}
    assert after.keys() - before.keys() == {machine.id for machine in changes.created}
    watched = ("name", "serialNumber", "manufacturer", "model", "osFullName", "osVersion")
    moved = {i for i in before.keys() & after.keys() if any(before[i].get(f) != after[i].get(f) for f in watched)}
    mapped = {"name", "serial", "manufacturer", "model", "os_name", "os_version"}
    assert moved == {change.after.id for change in changes.updated if change.fields.keys() & mapped}
    assert pdq.get(f"/devices/{changes.removed[0].id}").status_code == 404


def test_a_short_page_lacks_rows_and_the_figures_do_not_say_so(pdq: Pdq) -> None:
    pdq.faults.set("short_page", rows=3, path=r"[?&]page=2(&|$)")
    assert [len(pdq.rows(page=page)) for page in (1, 2, 3)] == [100, 97, 50]
    assert pdq.get("/devices", pageSize=100, page=2).json()["meta"]["totalPages"] == 3


def test_a_missing_page_is_empty(pdq: Pdq) -> None:
    pdq.faults.set("missing_page", times=1, path=r"[?&]page=2(&|$)")
    assert [len(pdq.rows(page=page)) for page in (1, 2, 2, 3)] == [100, 0, 100, 50]


def test_shuffled_pages_repeat_some_and_omit_others(pdq: Pdq) -> None:
    pdq.faults.set("shuffled_pages")
    rows = pdq.all_rows(sort="id")
    assert len(rows) == 250
    assert len({str(row["id"]) for row in rows}) < 250
    one_page = [row["id"] for row in pdq.rows()]
    assert len(set(one_page)) == 100


def test_shuffling_does_not_mind_small_lists() -> None:
    pdq = Pdq()
    pdq.faults.set("shuffled_pages")
    assert len(pdq.rows(**{"filter[id]": next(iter(pdq.company)).id})) == 1
    assert pdq.rows(**{"filter[id]": "dvc_x"}) == []


def test_junk_serials_have_their_share_and_do_not_waver(pdq: Pdq) -> None:
    pdq.faults.set("junk_serials", rate=0.3)
    serials = [row["serialNumber"] for row in pdq.all_rows()]
    spoilt = [serial for serial in serials if serial in JUNK_SERIALS]
    assert 50 < len(spoilt) < 100
    assert serials == [row["serialNumber"] for row in pdq.all_rows()]
    found = pdq.all_rows(**{"filter[serialNumber]": "Default string"})
    assert len(found) == spoilt.count("Default string") > 0


def test_duplicate_serials_come_in_pairs(pdq: Pdq) -> None:
    pdq.faults.set("duplicate_serials", rate=0.2)
    counts = Counter(row["serialNumber"] for row in pdq.all_rows())
    pairs = [serial for serial, count in counts.items() if count == 2]
    assert 12 < len(pairs) < 40
    assert max(counts.values()) == 2
    pdq.faults.set("duplicate_serials", rate=1.0)
    assert set(Counter(row["serialNumber"] for row in pdq.all_rows()).values()) == {2}


def test_an_empty_source_is_a_200_with_nothing(pdq: Pdq) -> None:
    pdq.faults.set("empty_source")
    assert pdq.rows() == []


@pytest.mark.parametrize("name", ["shrunken_source", "lost_rights"])
def test_hidden_machines_are_hidden_everywhere_alike(pdq: Pdq, name: str) -> None:
    everything = {str(row["id"]) for row in pdq.all_rows()}
    pdq.faults.set(name, rate=0.5)
    shown = {str(row["id"]) for row in pdq.all_rows(sort="name")}
    assert shown == {str(row["id"]) for row in pdq.all_rows()}
    assert shown < everything
    assert all(pdq.get(f"/devices/{i}").status_code == (200 if i in shown else 404) for i in list(everything)[:40])
    assert pdq.rows("/groups")[0]["deviceCount"] == len(shown)
    pdq.faults.clear()
    assert {str(row["id"]) for row in pdq.all_rows()} == everything


def test_a_shrunken_source_keeps_the_share_that_is_told(pdq: Pdq) -> None:
    pdq.faults.set("shrunken_source", rate=0.6)
    assert 120 < len(pdq.all_rows()) < 180


def test_lost_rights_hide_whole_sites(pdq: Pdq) -> None:
    pdq.faults.set("lost_rights", rate=0.5)
    shown = {str(row["id"]) for row in pdq.all_rows()}
    for site in pdq.company.sites:
        assert len({machine.id in shown for machine in pdq.company if machine.site == site.slug}) == 1


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("http_500", lambda answer: answer.status_code == 500),
        ("expired_token", lambda answer: answer.status_code == 401 and "errors" in answer.json()),
        ("html_login", lambda answer: answer.status_code == 200 and answer.text.startswith("<!DOCTYPE html>")),
    ],
)
def test_faults_of_the_wire_are_in_it(pdq: Pdq, name: str, holds: Callable[[Response], bool]) -> None:
    pdq.faults.set(name)
    assert holds(pdq.get("/devices"))


def test_a_fault_can_be_for_a_list_and_not_for_one_device(pdq: Pdq) -> None:
    pdq.faults.set("junk_serials", path="/devices$")
    machine = next(iter(pdq.company))
    assert pdq.get("/devices").json()["data"][0]["serialNumber"] in JUNK_SERIALS
    assert pdq.get(f"/devices/{machine.id}").json()["data"]["serialNumber"] == machine.serial
