"""Which host a document is of, whether it says anything new, and what stays known of what it left unread."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.hosts import DocumentRefused, parse
from asset_sync.systems.hosts.kept import Kept, KeptHosts, Older, Unreadable
from asset_sync_tests.systems.hosts.example import MACHINE_ID, address, container, document, interface, written

NOW = datetime(2026, 11, 27, 4, tzinfo=UTC)
IPV6 = address("2001:db8::10/64", "eth0.10")
NO_SERIAL = document()["hardware"] | {"serial": None}


@pytest.fixture
def hosts(tmp_path: Path) -> KeptHosts:
    return KeptHosts(tmp_path / "kept")


def put(hosts: KeptHosts, now: datetime = NOW, **changed: Any) -> Kept:
    content = written(document(**changed))
    return hosts.put(content, parse(content), now)[0]


def test_a_host_is_known_by_its_machine_id_and_shown_by_its_name(hosts: KeptHosts) -> None:
    kept = put(hosts)
    assert (kept.id, kept.partition, kept.changed) == (MACHINE_ID, f"web-1-{MACHINE_ID[:8]}", True)
    assert [each.id for each in hosts.all()] == [MACHINE_ID]


def test_without_a_machine_id_it_is_its_serial_and_without_that_its_name(hosts: KeptHosts) -> None:
    assert put(hosts, machine_id=None).id == "serial-7XYZ123"
    assert put(hosts, machine_id=None, hardware=NO_SERIAL).id == "name-web-1"
    junk = NO_SERIAL | {"serial": "To be filled by O.E.M."}
    assert put(hosts, machine_id=None, hardware=junk, hostname="Other").id == "name-other"


def test_a_serial_is_no_way_out_of_the_folder(hosts: KeptHosts) -> None:
    assert put(hosts, machine_id=None, hardware=NO_SERIAL | {"serial": "../../A1/B2"}).id == "serial-A1B2"
    assert [path.parent.parent for path in hosts.folder.glob("*/known.json")] == [hosts.folder]


@pytest.mark.parametrize(
    "changed",
    [
        {"collected_at": "2026-11-27T03:50:30Z"},
        {"addresses": [address("192.0.2.10/24", valid_lifetime=77), IPV6 | {"preferred_lifetime": 5}]},
        {"unread": []},
    ],
)
def test_what_is_another_in_each_document_is_nothing_new(hosts: KeptHosts, changed: dict[str, Any]) -> None:
    put(hosts)
    before = hosts.version()
    assert not put(hosts, **changed).changed
    assert hosts.version() == before


def test_a_change_is_one_and_changes_back(hosts: KeptHosts) -> None:
    versions = [hosts.version()]
    for memory in (1 << 30, 2 << 30, 1 << 30):
        assert put(hosts, memory=memory).changed
        versions.append(hosts.version())
    assert len(set(versions)) == 4


def test_what_is_left_unread_is_as_it_was_known_and_it_is_said_since_when(hosts: KeptHosts) -> None:
    put(hosts)
    kept = put(hosts, containers=None, interfaces=None, collected_at="2026-11-27T03:00:00Z")
    assert [each["name"] for each in kept.told["containers"]] == ["shop-web-1"]
    assert kept.as_of == dict.fromkeys(("interfaces", "containers"), "2026-11-27T02:50:30+00:00")
    later = put(hosts, containers=None, collected_at="2026-11-27T03:30:00Z")
    assert later.as_of == {"containers": "2026-11-27T02:50:30+00:00"}
    assert put(hosts, containers=[], collected_at="2026-11-27T03:40:00Z").told["containers"] == []


def test_what_a_container_left_unread_is_as_it_was_known(hosts: KeptHosts) -> None:
    put(hosts)
    (known,) = put(hosts, memory=1).told["containers"]
    unread = container() | {"ports": None, "volumes": None, "labels": None, "state": "paused"}
    (told,) = put(hosts, containers=[unread]).told["containers"]
    assert told == known | {"state": "paused"}
    (told,) = put(hosts, containers=[unread | {"id": "ef" * 32}]).told["containers"]
    assert told["ports"] is None, "another container is told by itself"
    (told,) = put(hosts, containers=[unread | {"ports": []}]).told["containers"]
    assert told["ports"] == []


def test_an_older_document_is_refused_and_one_from_the_future_silences_nobody(hosts: KeptHosts) -> None:
    put(hosts, collected_at="2099-01-01T00:00:00Z")
    assert put(hosts, NOW + timedelta(minutes=1), collected_at="2026-11-27T04:00:30Z", memory=1).changed
    with pytest.raises(Older, match="is known already"):
        put(hosts, NOW + timedelta(minutes=2), collected_at="2026-11-27T01:00:00Z")


def test_clones_that_share_a_machine_id_are_two(hosts: KeptHosts) -> None:
    first = put(hosts)
    clone = put(hosts, hostname="web-2", hardware=NO_SERIAL | {"serial": "OTHER99"})
    assert (first.id, clone.id) == (MACHINE_ID, f"{MACHINE_ID}~web-2")
    assert put(hosts, hostname="web-2", hardware=NO_SERIAL | {"serial": "OTHER99"}, memory=1).id == clone.id
    assert put(hosts, memory=2).id == first.id


def test_clones_without_serials_are_told_apart_by_their_cards(hosts: KeptHosts) -> None:
    put(hosts, hardware=NO_SERIAL)
    other: dict[str, Any] = {"interfaces": [interface("eth0", mac="52:54:00:bb:00:01")], "addresses": [], "default_routes": []}
    assert put(hosts, hardware=NO_SERIAL, hostname="web-2", **other).id == f"{MACHINE_ID}~web-2"
    assert put(hosts, hardware=NO_SERIAL, hostname="renamed").id == MACHINE_ID, "renamed, with the same card"


def test_a_host_of_another_name_has_another_partition(hosts: KeptHosts) -> None:
    put(hosts)
    content = written(document(hostname="shop-1"))
    kept, before = hosts.put(content, parse(content), NOW)
    assert before is not None
    assert (before.partition, kept.partition) == (f"web-1-{MACHINE_ID[:8]}", f"shop-1-{MACHINE_ID[:8]}")


def test_the_hosts_own_project_is_the_first_and_stays(hosts: KeptHosts) -> None:
    assert put(hosts, containers=[]).project is None
    assert put(hosts).project == "shop"
    earlier = container("a", compose={"project": "aaa", "service": "x", "number": 1, "working_dir": None})
    assert put(hosts, containers=[earlier, container()]).project == "shop"
    assert put(hosts, containers=[]).project == "shop"


def test_a_write_that_is_cut_off_leaves_what_was_there(hosts: KeptHosts, monkeypatch: pytest.MonkeyPatch) -> None:
    put(hosts)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("asset_sync.systems.hosts.kept.os.replace", fail)
        with pytest.raises(OSError, match="No space"):
            put(hosts, memory=1)
    assert hosts.all()[0].told["memory"] == document()["memory"]


def test_what_a_killed_process_left_does_not_stay(hosts: KeptHosts, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for _ in range(3):
        with monkeypatch.context() as patched:
            patched.setattr("asset_sync.systems.hosts.kept.os.replace", killed)
            with pytest.raises(KeyboardInterrupt):
                put(hosts, memory=1)
    assert put(hosts, memory=2).changed
    assert {path.name for path in (hosts.folder / MACHINE_ID).iterdir()} == {"document.json", "known.json", "seen.json"}


def test_clones_in_containers_are_told_apart_by_the_cards_that_they_have(hosts: KeptHosts) -> None:
    first, second = ([interface("eth0", kind="veth", mac=f"52:54:00:cc:00:0{n}")] for n in (1, 2))
    nowhere: dict[str, Any] = {"hardware": NO_SERIAL, "addresses": [], "default_routes": []}
    assert put(hosts, hostname="lxc-1", interfaces=first, **nowhere).id == MACHINE_ID
    assert put(hosts, hostname="lxc-2", interfaces=second, **nowhere).id == f"{MACHINE_ID}~lxc-2"


def test_a_system_that_was_installed_anew_is_on_the_same_machine(hosts: KeptHosts) -> None:
    put(hosts)
    assert put(hosts, machine_id="9" * 32, hostname="new-name").id == MACHINE_ID
    assert put(hosts, machine_id="9" * 32, memory=5).id == MACHINE_ID, "and stays it"
    assert len(hosts.all()) == 1


def test_machines_that_share_a_serial_are_two(hosts: KeptHosts) -> None:
    cards = [interface("eth0", mac="52:54:00:dd:00:01")]
    copied: dict[str, Any] = {"machine_id": "9" * 32, "interfaces": cards, "addresses": [], "default_routes": []}
    put(hosts)
    for memory in (1, 2):
        assert put(hosts, hostname="copy", fqdn=None, memory=memory, **copied).id == "9" * 32
        assert put(hosts, memory=memory).id == MACHINE_ID
    anew = {**copied, "machine_id": "8" * 32}
    assert put(hosts, hostname="copy", fqdn=None, **anew).id == "9" * 32, "installed anew, each by its cards"
    assert put(hosts, machine_id="7" * 32).id == MACHINE_ID


def test_a_new_host_is_taken_in_without_reading_all_others(hosts: KeptHosts, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        put(hosts, machine_id=f"{number}" * 32, hostname=f"a-{number}", hardware=NO_SERIAL | {"serial": f"SER-{number}"})
    monkeypatch.setattr(KeptHosts, "all", lambda _: pytest.fail("every host was read"))
    put(hosts, machine_id="d" * 32, hostname="d", hardware=NO_SERIAL | {"serial": "SER-D"})


def test_hosts_that_were_kept_before_serials_were_noted_are_known_by_them(hosts: KeptHosts) -> None:
    put(hosts)
    shutil.rmtree(hosts.folder / ".serials")
    assert put(hosts, machine_id="9" * 32).id == MACHINE_ID


def test_another_board_in_the_same_machine(hosts: KeptHosts) -> None:
    put(hosts)
    assert put(hosts, hardware=NO_SERIAL | {"serial": "OTHER99"}).id == MACHINE_ID


def test_a_late_document_is_older_than_one_that_said_nothing_new(hosts: KeptHosts) -> None:
    put(hosts, collected_at="2026-11-27T01:00:00Z")
    put(hosts, collected_at="2026-11-27T03:00:00Z")
    with pytest.raises(Older):
        put(hosts, collected_at="2026-11-27T02:00:00Z", memory=1)


def test_what_is_cut_off_is_made_again_from_the_document(hosts: KeptHosts) -> None:
    put(hosts)
    (hosts.folder / MACHINE_ID / "known.json").write_bytes(b"")
    assert hosts.all()[0].told["hostname"] == "web-1"
    assert put(hosts, memory=1).id == MACHINE_ID


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"schema": 1}'])
def test_what_is_damaged_is_told_and_healed_by_the_next_document(hosts: KeptHosts, content: bytes) -> None:
    put(hosts)
    put(hosts, machine_id="b" * 32, hostname="db-1", hardware=NO_SERIAL | {"serial": "SER-2"}, interfaces=[])
    for name in ("known.json", "document.json"):
        (hosts.folder / MACHINE_ID / name).write_bytes(content)
    with pytest.raises(Unreadable, match=f"what is kept of host {MACHINE_ID} cannot be read.*: collect it again"):
        hosts.all()
    assert put(hosts, machine_id="c" * 32, hostname="new", hardware=NO_SERIAL, interfaces=[]).id == "c" * 32, "others go on"
    assert put(hosts).id == MACHINE_ID
    assert len(hosts.all()) == 3


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff"])
@pytest.mark.parametrize("name", [f"{MACHINE_ID}/seen.json", ".serials/*"])
def test_notes_that_are_damaged_are_none(hosts: KeptHosts, name: str, content: bytes) -> None:
    put(hosts)
    (file,) = hosts.folder.glob(name)
    file.write_bytes(content)
    assert put(hosts, memory=1).id == MACHINE_ID
    assert put(hosts, machine_id="9" * 32, hostname="other", interfaces=[]).id


@pytest.mark.parametrize(
    "changed",
    [
        {"hostname": None, "fqdn": None, "machine_id": None, "hardware": NO_SERIAL | {"serial": "To be filled by O.E.M."}},
        {"collected_at": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_what_names_no_machine_or_no_time_is_refused(hosts: KeptHosts, changed: dict[str, Any]) -> None:
    with pytest.raises(DocumentRefused, match="is no host's document"):
        put(hosts, **changed)


def test_a_long_name_is_a_folder_all_the_same(hosts: KeptHosts) -> None:
    name = ".".join(["a" * 60] * 4)
    assert len(put(hosts, machine_id=None, hardware=NO_SERIAL, hostname=name).id) < 120


LATER: dict[str, Any] = {"collected_at": "2026-11-27T03:00:00Z"}


def test_a_forgotten_host_is_put_aside_and_a_later_document_makes_it_known_again(hosts: KeptHosts) -> None:
    kept, before = put(hosts), hosts.version()
    assert hosts.forget("web-1").id == MACHINE_ID
    assert (hosts.all(), hosts.version()) == ([], "")
    assert before != hosts.version()
    (aside,) = hosts.folder.glob(f".forgotten/{MACHINE_ID}/*/document.json")
    assert aside.read_bytes() == written(document())
    with pytest.raises(Older, match="was forgotten"):
        put(hosts)
    again = put(hosts, **LATER)
    assert (again.id, again.project, again.changed) == (MACHINE_ID, kept.project, True)
    hosts.forget(again.partition)
    with pytest.raises(Older, match="was forgotten"):
        put(hosts, **LATER)
    assert len([*hosts.folder.glob(f".forgotten/{MACHINE_ID}/*/document.json")]) == 2


def test_what_has_no_part_in_it_is_not_forgotten(hosts: KeptHosts) -> None:
    put(hosts)
    clone = put(hosts, hostname="web-2", fqdn=None, hardware=NO_SERIAL | {"serial": "SER-2"}, interfaces=[])
    for name in ("web-9", "", "..", ".forgotten"):
        with pytest.raises(ConfigurationError, match="no host is known by"):
            hosts.forget(name)
    hosts.forget("WEB-2.example.org")
    assert [each.id for each in hosts.all()] == [MACHINE_ID]
    other = put(hosts, hostname="web-3", fqdn=None, hardware=NO_SERIAL | {"serial": "SER-3"}, interfaces=[])
    assert other.id not in {clone.id, MACHINE_ID}
    hosts.forget("web-1")
    assert put(hosts, hostname="web-4", fqdn=None, hardware=NO_SERIAL | {"serial": "SER-4"}, interfaces=[]).id != MACHINE_ID


def test_of_several_hosts_of_a_name_one_must_be_told(hosts: KeptHosts) -> None:
    put(hosts, machine_id="a" * 32)
    put(hosts, machine_id="b" * 32, hardware=NO_SERIAL | {"serial": "SER-2"}, interfaces=[])
    with pytest.raises(ConfigurationError, match="web-1-aaaaaaaa, web-1-bbbbbbbb"):
        hosts.forget("web-1")
    hosts.forget("web-1-bbbbbbbb")
    assert [each.id for each in hosts.all()] == ["a" * 32]
