"""Entries in the journal: many a request, and what cannot be written is told and hinders nothing."""

import pytest

from asset_sync.sandbox.netbox import Token
from asset_sync.systems.netbox import KINDS
from asset_sync.systems.netbox.journal import Entry, write_entries
from asset_sync_tests.systems.netbox.conftest import Lab

JOURNAL = "extras/journal-entries"
SITE, MACHINE = KINDS["site"], KINDS["virtual_machine"]


@pytest.fixture
def filled(lab: Lab) -> Lab:
    """A lab with a site and a machine, each number 1."""
    lab.state.create("dcim/sites", {"name": "Home", "slug": "home"})
    lab.state.create("virtualization/virtual-machines", {"name": "web", "site": 1})
    lab.state.requests.reset()
    return lab


def entries(count: int) -> list[Entry]:
    return [Entry((SITE, MACHINE)[n % 2], "1", f"entry {n}", ("info", "warning")[n % 2]) for n in range(count)]


def journal(lab: Lab) -> list[tuple[str, int, str, str]]:
    names = ("assigned_object_type", "assigned_object_id", "kind", "comments")
    return [tuple(row[name] for name in names) for row in lab.state.objects(JOURNAL)]


def test_entries_go_out_many_a_request_on_objects_of_any_kind(filled: Lab) -> None:
    assert write_entries(filled.client, entries(450), "plan x") == []
    assert filled.state.requests.by_method["POST"] == 3
    types = (("dcim.site", "info"), ("virtualization.virtualmachine", "warning"))
    assert journal(filled) == [(types[n % 2][0], 1, types[n % 2][1], f"entry {n}") for n in range(450)]
    assert {row["message"] for row in filled.state.objects("core/object-changes")[-450:]} == {"plan x"}


def test_what_is_refused_is_told_and_the_others_are_written(filled: Lab) -> None:
    told = entries(6)
    told[2] = Entry(SITE, "999", "of a site that is gone")
    told[4] = Entry(SITE, "1", "   ")
    unwritten = write_entries(filled.client, told, "")
    assert [(one.entry, one.why) for one in unwritten] == [
        (told[2], "Invalid assigned_object: DCIM > Site ID 999"),
        (told[4], "comments: This field may not be blank."),
    ]
    assert [words for *_, words in journal(filled)] == ["entry 0", "entry 1", "entry 3", "entry 5"]
    assert filled.state.requests.by_method["POST"] == 2


def test_a_client_that_may_only_read_writes_nothing_and_says_so(filled: Lab) -> None:
    unwritten = write_entries(filled.connect(writable=False), entries(3), "")
    assert [one.entry for one in unwritten] == entries(3)
    assert filled.state.requests.writes == 0
    assert journal(filled) == []


def test_a_token_without_the_right_is_told_of_each(filled: Lab) -> None:
    token = filled.state.add_token(Token("limited", may_write=frozenset({"dcim/sites"})))
    unwritten = write_entries(filled.connect(token.secret), entries(2), "")
    assert ["do not have permission" in one.why for one in unwritten] == [True, True]


def test_what_nobody_answered_is_not_sent_again(filled: Lab) -> None:
    client = filled.connect(read_timeout=0.5)
    _ = client.version
    filled.faults.set("timeout_after_write", method="POST", times=1)
    unwritten = write_entries(client, entries(2), "")
    assert [one.why.startswith("it is not known whether it was written: ") for one in unwritten] == [True, True]
    assert len(journal(filled)) == 2


def test_entries_that_are_too_long_together_go_apart(filled: Lab) -> None:
    long = [Entry(SITE, "1", f"{n}" + "x" * 1_000_000) for n in range(3)]
    assert write_entries(filled.client, long, "") == []
    assert sorted(words[0] for *_, words in journal(filled)) == ["0", "1", "2"]
    too_long = Entry(SITE, "1", "x" * 3_000_000)
    (unwritten,) = write_entries(filled.client, [too_long], "")
    assert unwritten.why.endswith("bytes are more than one request may carry")
