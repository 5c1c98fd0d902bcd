import json
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from asset_sync.reconcile.errors import ConfigurationError, SourceError
from asset_sync.sandbox import pdq as simulator
from asset_sync.sandbox.company import Company
from asset_sync.sandbox.faults import Faults
from asset_sync.sandbox.server import Server
from asset_sync.systems.http import Client
from asset_sync.systems.pdq import DEVICE_FIELDS, DEVICES, PdqConnect, connect, devices
from asset_sync.systems.pdq.reading import count
from asset_sync_tests.systems.scripted import Reply, Script, scripted

TOKEN = "pdq-secret-key"
COMPANY = Company(250, 5)


class Simulator:
    """A running simulator and its faults."""

    def __init__(self, url: str, faults: Faults) -> None:
        self.faults = faults
        self.client = Client(
            url, name="PDQ Connect", headers={"Authorization": f"Bearer {TOKEN}"}, longest_wait=0.01, timeout=(2, 0.2)
        )

    def read(self) -> pd.DataFrame:
        return devices(self.client)


@pytest.fixture(scope="module", params=[True, False], ids=["meta", "no meta"])
def running(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    faults = Faults(1)
    with Server(simulator.create_app(COMPANY, token=TOKEN, faults=faults, meta=request.param)) as server:
        yield Simulator(server.url, faults)


@pytest.fixture
def pdq(running: Simulator) -> Iterator[Simulator]:
    running.faults.clear()
    yield running
    running.faults.clear()


def refusal(pdq: Simulator) -> str:
    with pytest.raises(SourceError) as caught:
        pdq.read()
    words = str(caught.value)
    assert "\n" not in words
    assert TOKEN not in words
    return words


@pytest.mark.parametrize("body", [[], "x", {}, {"data": "x"}, {"data": [None]}, {"data": [{}]}, {"rows": []}])
def test_whatever_answers_with_json_is_not_pdq_by_that(body: object) -> None:
    with scripted(Reply(body=body)) as script, pytest.raises(SourceError, match=r"no list of devices|devices without an id"):
        count(Client(script.url, name="PDQ Connect"))


def test_reads_every_device_once(pdq: Simulator) -> None:
    table = pdq.read()
    assert set(table["id"]) == {machine.id for machine in COMPANY}
    assert table["id"].is_monotonic_increasing
    assert tuple(table.columns) == DEVICE_FIELDS
    DEVICES.validate(table)


def test_says_what_the_devices_say(pdq: Simulator) -> None:
    rows = pdq.read().set_index("id")
    for machine in list(COMPANY)[:40]:
        row = rows.loc[machine.id]
        assert row["serialNumber"] == machine.serial
        assert row["memory"] == machine.memory
        assert row["ipv4Gateway"] == machine.gateway
        assert row["ipv4Address"] == machine.ipv4
        adapters = json.loads(str(row["networking"]))
        assert machine.ipv4 in {adapter["ipv4Address"] for adapter in adapters}
        assert "Department" in {field["name"] for field in json.loads(str(row["customFields"]))}


def test_devices_that_are_put_into_columns_in_parts_are_the_same_table(pdq: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = pdq.read()
    monkeypatch.setattr("asset_sync.systems.pdq.reading._PART", 100)
    pd.testing.assert_frame_equal(pdq.read(), at_once)


def test_what_a_device_does_not_report_is_missing(pdq: Simulator) -> None:
    table = pdq.read()
    assert table["servicePack"].isna().all()
    assert not (table.select_dtypes("str") == "").any().any()


def test_busy_answers_are_waited_for(pdq: Simulator) -> None:
    pdq.faults.set("http_429", times=2, retry_after=367946340)
    assert len(pdq.read()) == len(COMPANY)


@pytest.mark.parametrize("fault", ["http_429", "http_500", "http_503", "html_login", "cut", "timeout_before"])
def test_a_source_that_does_not_answer_is_an_error(pdq: Simulator, fault: str) -> None:
    pdq.faults.set(fault, path="page=2")
    assert "PDQ Connect" in refusal(pdq)


def test_a_token_that_is_not_accepted_is_named_and_not_shown(pdq: Simulator) -> None:
    pdq.faults.set("expired_token")
    assert "PDQ_TOKEN is not accepted" in refusal(pdq)


def test_an_empty_source_is_an_error(pdq: Simulator) -> None:
    pdq.faults.set("empty_source")
    assert "no devices" in refusal(pdq)


@pytest.mark.parametrize("fault", ["missing_page", "short_page"])
def test_a_page_that_is_not_whole_is_an_error(pdq: Simulator, fault: str) -> None:
    pdq.faults.set(fault, path=r"page=2\b")
    words = refusal(pdq)
    assert "not whole, twice in a row: page " in words


def test_a_page_that_is_not_whole_once_is_read_again(pdq: Simulator) -> None:
    pdq.faults.set("short_page", path=r"page=2\b", times=1)
    assert len(pdq.read()) == len(COMPANY)


def test_shuffled_pages_are_an_error(pdq: Simulator) -> None:
    pdq.faults.set("shuffled_pages")
    assert "repeats devices" in refusal(pdq)


def test_pages_shuffled_once_are_read_again(pdq: Simulator) -> None:
    pdq.faults.set("shuffled_pages", times=2)
    assert len(pdq.read()) == len(COMPANY)


# What the simulator does not do.


def page(*ids: str, meta: Any = None) -> Reply:
    return Reply({"data": [{"id": one} for one in ids]} | ({"meta": meta} if meta else {}))


def sized(one: str, pages: int) -> Reply:
    return page(one, meta={"pageSize": 1, "totalPages": pages})


def read(script: Script) -> pd.DataFrame:
    return devices(Client(script.url, name="PDQ Connect", longest_wait=0.01))


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply([]), "no list of devices"),
        (Reply({"data": None}), "no list of devices"),
        (Reply({"data": {"id": "dvc_1"}}), "no list of devices"),
        (Reply({"data": "[]"}), "no list of devices"),
        (Reply({"error": "x"}), "no list of devices"),
        (Reply({"data": [{"name": "a"}]}), "without an id"),
        (Reply({"data": ["dvc_1"]}), "without an id"),
        (Reply({}, 403), "no right to read devices"),
        (Reply({"message": "gone"}, 404), "404"),
    ],
)
def test_answers_that_are_no_devices_are_errors(reply: Reply, words: str) -> None:
    with scripted(reply) as script, pytest.raises(SourceError, match=words):
        read(script)


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ((page("a", meta={"totalCount": 2, "totalPages": 1}),), "1 devices came instead of 2"),
        ((page(meta={"totalPages": 1}),), "1 pages of 100 gave 0 devices"),
        ((sized("a", 2), sized("b", 3), sized("c", 3)) * 2, "totalPages changed from 2 to 3"),
        ((sized("a", 3), page(meta={"totalPages": 3})) * 2, "page 2 of 3 has 0 devices"),
        ((page("a"), page("b")) * 2, "page 1 is short and page 2 is not empty"),
        ((page("a", "a"),), "page 1 repeats devices"),
    ],
)
def test_pages_that_do_not_fit_are_errors(replies: tuple[Reply, ...], words: str) -> None:
    with scripted(*replies) as script, pytest.raises(SourceError, match=words):
        read(script)


def test_a_smaller_page_size_of_the_server_is_followed() -> None:
    meta = {"pageSize": 1, "totalPages": 2}
    with scripted(page("b", meta=meta), page("a", meta=meta)) as script:
        assert read(script)["id"].tolist() == ["a", "b"]


def test_asks_for_whole_pages_in_a_stable_order() -> None:
    with scripted(page("a", meta={"totalPages": 1})) as script:
        read(script)
    assert "page=1&pageSize=100&sort=insertedAt&includes=networking%2CcustomFields" in script.seen[0].url


def test_values_of_unexpected_types_do_no_harm() -> None:
    device = {
        "id": "a",
        "name": 7,
        "model": "  ",
        "memory": "16",
        "freePercent": 5.0,
        "isOnline": "yes",
        "dotNetVersions": ["4.8"],
        "networking": {"ipv4Address": "10.0.0.1"},
    }
    with scripted(Reply({"data": [device], "meta": {"totalPages": 1}})) as script:
        row = read(script).iloc[0]
    assert (row["name"], row["freePercent"], row["dotNetVersions"]) == ("7", 5, '["4.8"]')
    assert row[["model", "memory", "isOnline", "ipv4Address"]].isna().all()


def test_the_adapter_with_a_gateway_counts_and_the_first_of_those() -> None:
    adapters = [
        {"index": 9, "ipv4Address": "10.0.9.1", "ipv4Gateway": "10.0.9.254"},
        {"index": 1, "ipv4Address": "169.254.1.1", "ipv4Gateway": None},
        {"index": 3, "ipv4Address": "10.0.3.1", "ipv4Gateway": "10.0.3.254", "ipv6Address": "2001:db8::1"},
        {"ipv4Address": "10.0.0.1", "ipv4Gateway": "10.0.0.254"},
    ]
    with scripted(Reply({"data": [{"id": "a", "networking": adapters}], "meta": {"totalPages": 1}})) as script:
        row = read(script).iloc[0]
    assert (row["ipv4Address"], row["ipv4Gateway"], row["ipv6Address"]) == ("10.0.3.1", "10.0.3.254", "2001:db8::1")
    assert json.loads(row["networking"]) == adapters


# The resource.


def test_the_resource_opens_a_client_and_hides_the_token() -> None:
    resource = PdqConnect(token=TOKEN)
    assert resource.client().base_url == "https://app.pdq.com"
    assert TOKEN not in repr(resource) + str(resource) + repr(resource.client())


@pytest.mark.parametrize(("url", "token", "named"), [("https://x", " ", "PDQ_TOKEN"), ("", "t", "PDQ_URL")])
def test_missing_settings_are_named(url: str, token: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        connect(url, token)


# Identifiers: the gate that export files have, too.


@pytest.mark.parametrize("told", [True, 12.5, 12345678901234567, ["a", "b"], {"a": 1}, "1.00E+10", "#N/A", "2026-03-01"])
def test_no_identifier_of_the_api(told: Any) -> None:
    notes: list[str] = []
    device = {"id": "a", "name": told, "serialNumber": told, "biosAssetTag": told, "model": "X"}
    with scripted(Reply({"data": [device], "meta": {"totalPages": 1}})) as script:
        row = devices(Client(script.url, name="PDQ Connect", longest_wait=0.01), notes.append).iloc[0]
    assert row[["name", "serialNumber", "biosAssetTag"]].isna().all()
    assert len(notes) == 3


@pytest.mark.parametrize(("told", "expected"), [(["A77B"], "A77B"), (7, "7"), ("A77B\u200b", "A77B"), ("'0012X", "0012X")])
def test_json_lists_as_values_of_the_api(told: Any, expected: str) -> None:
    with scripted(Reply({"data": [{"id": "a", "serialNumber": told}], "meta": {"totalPages": 1}})) as script:
        assert read(script)["serialNumber"].tolist() == [expected]
