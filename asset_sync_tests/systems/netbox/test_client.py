import logging

import pytest

from asset_sync.reconcile.errors import ConfigurationError, TargetError
from asset_sync.reconcile.target import OutcomeUnknown, Refused, Stale
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, DEFAULT_TOKEN_V2, READ_ONLY_TOKEN, Token
from asset_sync.systems.netbox import NetBoxClient
from asset_sync.systems.netbox.refusing import words
from asset_sync_tests.systems.netbox.conftest import Lab
from asset_sync_tests.systems.scripted import Reply, scripted

SITES = "dcim/sites"
STATUS = Reply({"netbox-version": "4.6.8"})


def sites(lab: Lab, count: int) -> None:
    for number in range(count):
        lab.state.create(SITES, {"name": f"Site {number}", "slug": f"site-{number}", "status": "active"})


@pytest.mark.parametrize("token", [DEFAULT_TOKEN, DEFAULT_TOKEN_V2, f" {DEFAULT_TOKEN}\n"])
def test_both_kinds_of_token_are_accepted(lab: Lab, token: str) -> None:
    assert lab.connect(token).count("dcim/manufacturers") == 0


@pytest.mark.parametrize("token", ["0" * 40, "nbt_nobody.nothing"])
def test_a_token_that_is_not_accepted_is_named_and_not_shown(lab: Lab, token: str) -> None:
    with pytest.raises(TargetError, match="NETBOX_TOKEN") as caught:
        lab.connect(token).count("dcim/manufacturers")
    assert token not in str(caught.value)


def test_the_token_is_in_no_repr_and_no_log(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lab.client.count("dcim/manufacturers")
    assert DEFAULT_TOKEN not in repr(lab.client) + caplog.text


@pytest.mark.parametrize(("url", "token", "named"), [("", "t", "NETBOX_URL"), ("https://x", "", "NETBOX_TOKEN")])
def test_missing_settings_are_named(url: str, token: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        NetBoxClient(url, token)


def test_finds_the_version(lab: Lab) -> None:
    assert f"{lab.client.version[0]}.{lab.client.version[1]}" == lab.state.version
    assert lab.client.has_etags


def test_something_else_than_a_netbox_is_told() -> None:
    with scripted(Reply({"hello": "world"})) as script, pytest.raises(TargetError, match="check NETBOX_URL"):
        _ = NetBoxClient(script.url, "t").version


def test_a_missing_plugin_is_told(lab: Lab) -> None:
    with pytest.raises(TargetError, match="plugin"):
        lab.client.rows("plugins/nothing/things", ())


@pytest.mark.parametrize("old", [False, True], ids=["cursor", "offset"])
@pytest.mark.parametrize("count", [0, 1, 6, 7])
def test_reads_every_page(lab: Lab, monkeypatch: pytest.MonkeyPatch, count: int, *, old: bool) -> None:
    monkeypatch.setattr("asset_sync.systems.netbox.client.PAGE_SIZE", 3)
    sites(lab, count)
    rows = lab.connect(old=old).rows(SITES, ["name"])
    assert [row["name"] for row in rows] == [f"Site {number}" for number in range(count)]
    assert all(row.keys() == {"id", "name", "last_updated", "created"} for row in rows)


def test_reads_a_long_listing_in_parts_whatever_ids_there_are(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asset_sync.systems.netbox.client.PAGE_SIZE", 3)
    sites(lab, 40)
    for number in (*range(3, 12), 20, 38, 39, 40):
        lab.state.delete(SITES, number)
    before = lab.client.tally.read
    assert [row["id"] for row in lab.client.rows(SITES, ["name"])] == [1, 2, *range(12, 20), *range(21, 38)]
    # Of 37 ids, 1 to 10 are a page and the two that it reached into the next part, and so on; the count, and the version.
    assert lab.client.tally.read - before <= 2 + 4 * 5


def test_reads_by_query(lab: Lab) -> None:
    sites(lab, 5)
    rows = lab.client.rows(SITES, ["name"], [("slug", "site-1"), ("slug", "site-3")])
    assert [row["name"] for row in rows] == ["Site 1", "Site 3"]


def test_a_listing_that_lacks_objects_is_read_again_and_refused() -> None:
    page = Reply({"count": None, "next": None, "results": [{"id": 1}]})
    count = Reply({"count": 2, "next": None, "results": [{"id": 1}]})
    with scripted(count, STATUS, page, count, page) as script, pytest.raises(TargetError, match="counts 2 objects but lists 1"):
        NetBoxClient(script.url, "t").rows(SITES, ())
    assert len(script.seen) == 5


@pytest.mark.parametrize(
    "page",
    [
        {"detail": "x"},
        [],
        {"results": None},
        {"results": [{"name": "no id"}]},
        {"results": [{"id": 2}, {"id": 1}], "next": None},
        {"results": [{"id": 1}, {"id": 1}], "next": None},
        {"results": [{"id": 0}], "next": None},
    ],
)
def test_pages_that_make_no_sense_are_refused(page: object) -> None:
    count = Reply({"count": 1, "next": None, "results": [{"id": 1}]})
    with scripted(count, STATUS, Reply(page)) as script, pytest.raises(TargetError, match="nothing was read"):
        NetBoxClient(script.url, "t").rows(SITES, ())


@pytest.mark.parametrize("fault", ["http_429", "http_500", "http_503", "html_login", "cut"])
def test_a_netbox_that_does_not_answer_is_an_error(lab: Lab, fault: str) -> None:
    lab.faults.set(fault)
    with pytest.raises(TargetError) as caught:
        lab.client.count("dcim/manufacturers")
    assert "\n" not in str(caught.value)


def test_busy_answers_are_waited_for(lab: Lab) -> None:
    lab.faults.set("http_429", times=3, retry_after=367946340)
    assert lab.client.count("dcim/manufacturers") == 0


def test_names_the_choices(lab: Lab) -> None:
    assert "retired" in lab.client.choices("plugins/inventory/assets")["status"]
    assert "decommissioning" in lab.client.choices("dcim/devices")["status"]


def test_names_the_custom_fields(lab: Lab) -> None:
    field = {"name": "pdq_id", "type": "text", "object_types": ["dcim.device", "netbox_inventory.asset"]}
    lab.state.create("extras/custom-fields", field)
    (row,) = lab.client.custom_fields()
    assert (row["name"], row["type"]["value"]) == ("pdq_id", "text")
    assert row["object_types"] == ["dcim.device", "netbox_inventory.asset"]


def test_a_token_that_may_not_see_custom_fields_sees_none(lab: Lab) -> None:
    lab.state.create("extras/custom-fields", {"name": "pdq_id", "type": "text", "object_types": ["dcim.device"]})
    token = lab.state.add_token(Token("limited", may_read=frozenset({"dcim/sites"}), may_write=frozenset()))
    assert lab.connect(token.secret).custom_fields() == []


# Writing.


def site(name: str, slug: str | None = None) -> dict[str, str]:
    return {"name": name, "slug": slug or name.lower(), "status": "active"}


def test_a_client_only_reads_unless_told_otherwise(lab: Lab) -> None:
    client = lab.connect(writable=False)
    for write in (client.create, client.patch):
        with pytest.raises(TargetError, match="read-only"):
            write(SITES, [site("a")], "")
    assert lab.state.requests.writes == 0
    assert not NetBoxClient("https://x", "t").writable


def test_creates_and_patches_with_a_word_in_the_change_log(lab: Lab) -> None:
    stored = lab.client.create(SITES, [site("a"), site("b")], "plan 7 " + "x" * 300)
    lab.client.patch(SITES, [{"id": row["id"], "description": "d"} for row in stored], "plan 8")
    assert [row["description"] for row in lab.state.objects(SITES)] == ["d", "d"]
    said = [row["message"] for row in lab.client.rows("core/object-changes", ["message"])]
    assert [text[:6] for text in said] == ["plan 7", "plan 7", "plan 8", "plan 8"]
    assert lab.client.tally.write == 2


def test_a_refused_batch_stores_nothing_and_tells_the_rows(lab: Lab) -> None:
    lab.client.create(SITES, [site("a")], "")
    with pytest.raises(Refused, match="already exists") as caught:
        lab.client.create(SITES, [site("b"), site("c", "a"), site("d")], "")
    assert caught.value.rows == {1: "slug: site with this slug already exists."}
    assert len(lab.state.objects(SITES)) == 1


def test_a_refused_patch_tells_the_row_where_the_server_does(lab: Lab) -> None:
    rows = lab.client.create(SITES, [site("a"), site("b"), site("c")], "")
    with pytest.raises(Refused, match="not a valid choice") as caught:
        lab.client.patch(SITES, [{"id": rows[0]["id"]}, {"id": rows[2]["id"], "status": "bogus"}], "")
    assert set(caught.value.rows) == ({1} if lab.state.version == "4.7" else set())


def test_a_refused_write_alone_is_told_of_its_row(lab: Lab) -> None:
    (row,) = lab.client.create(SITES, [site("a")], "")
    with pytest.raises(Refused) as caught:
        lab.client.patch(SITES, [{"id": row["id"], "status": "bogus"}], "")
    assert caught.value.rows == {0: "status: bogus is not a valid choice."}


def test_two_alike_in_one_batch_are_refused(lab: Lab) -> None:
    with pytest.raises(Refused):
        lab.client.create(SITES, [site("a"), site("b", "a")], "")


def test_stale_versions_are_refused(lab: Lab) -> None:
    rows = lab.client.create(SITES, [site("a"), site("b")], "")
    lab.state.patch(SITES, rows[1]["id"], {"description": "a person's"})
    changes = [{"id": row["id"], "description": "ours"} for row in rows]
    with pytest.raises(Stale):
        lab.client.patch(SITES, changes, "", [row["last_updated"] for row in rows])
    assert [row["description"] for row in lab.state.objects(SITES)] == ["", "a person's"]


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(lab: Lab) -> None:
    with pytest.raises(Refused, match="more than one request may carry"):
        lab.client.create(SITES, [{**site("a"), "comments": "x" * 2_500_000}], "")
    assert lab.state.requests.writes == 0


@pytest.mark.parametrize("token", [READ_ONLY_TOKEN, "0" * 40])
def test_a_token_without_the_right_is_told(lab: Lab, token: str) -> None:
    lab.client.count("dcim/manufacturers")
    client = lab.connect(token)
    with pytest.raises(TargetError, match="NETBOX_TOKEN") as caught:
        client.create(SITES, [site("a")], "")
    assert not isinstance(caught.value, Refused | OutcomeUnknown)


@pytest.mark.parametrize("fault", ["timeout_after_write", "cut", "http_500", "html_login"])
def test_writes_of_unknown_fate_are_told_apart_and_not_repeated(lab: Lab, fault: str) -> None:
    client = lab.connect(read_timeout=0.5)
    client.count("dcim/manufacturers")
    _ = client.version
    before = lab.state.requests.writes
    lab.faults.set(fault, method="POST")
    with pytest.raises(OutcomeUnknown):
        client.create(SITES, [site("a")], "")
    assert lab.faults.counts()[fault] == 1
    stored = fault in ("timeout_after_write", "cut")
    assert len(lab.state.objects(SITES)) == lab.state.requests.writes - before == int(stored)


def test_a_busy_write_is_repeated(lab: Lab) -> None:
    lab.faults.set("http_429", times=2, method="POST", retry_after=367946340)
    assert len(lab.client.create(SITES, [site("a")], "")) == 1


@pytest.mark.parametrize(
    ("reply", "kind", "text"),
    [
        (Reply({"error": "deadlock detected\nDETAIL: x", "exception": "OperationalError"}, 500), Refused, "deadlock"),
        (Reply({"error": "duplicate key", "exception": "IntegrityError"}, 500), Refused, "IntegrityError: duplicate key"),
        (Reply({}, 502), OutcomeUnknown, "502"),
        (Reply({}, 504), OutcomeUnknown, "504"),
        (Reply(b"<h1>Request too large</h1>", 413), Refused, "413"),
        (Reply(b"<h1>Bad</h1>", 400), TargetError, "400"),
        (Reply({"detail": "x"}, 404), TargetError, "404"),
        (Reply({"id": 1}, 201), OutcomeUnknown, "does not say"),
        (Reply([{"name": "a"}], 201), OutcomeUnknown, "does not say"),
        (Reply(b"", 204), OutcomeUnknown, "does not say"),
    ],
)
def test_every_answer_to_a_write_has_its_meaning(reply: Reply, kind: type[TargetError], text: str) -> None:
    with scripted(STATUS, reply) as script, pytest.raises(kind, match=text) as caught:
        NetBoxClient(script.url, "t", writable=True, longest_wait=0.01).create(SITES, [site("a"), site("b")], "")
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "body",
    [
        [{"serial": [f"{DEFAULT_TOKEN} is taken"]}, {}],
        {"detail": "bad", "errors": [{"index": 1, "errors": {"name": [f"Token {DEFAULT_TOKEN[:20]}"]}}]},
        {"exception": "ValueError", "error": f"b'Token {DEFAULT_TOKEN}'"},
        {DEFAULT_TOKEN: "?"},
    ],
)
def test_a_token_in_the_words_of_a_refusal_is_not_told(body: object) -> None:
    with scripted(STATUS, Reply(body, 400)) as script, pytest.raises(Refused) as caught:
        NetBoxClient(script.url, DEFAULT_TOKEN, writable=True).create(SITES, [site("a"), site("b")], "")
    told = f"{caught.value} {caught.value.rows}"
    assert "***" in told
    assert not any(DEFAULT_TOKEN[at : at + 8] in told for at in range(33))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"slug": ["a.", "b."]}, "slug: a. b."),
        ({"__all__": ["x"]}, "x"),
        ({"detail": "x\n y"}, "x y"),
        ({"custom_fields": {"nope": "does not exist"}}, "custom_fields: nope: does not exist"),
        (["x", {"name": ["y"]}], "x name: y"),
    ],
)
def test_words(said: object, told: str) -> None:
    assert words(said) == told
